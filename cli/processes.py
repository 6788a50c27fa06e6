"""Child processes that never outlive us: one session each, ended as a group, in reverse order of their start."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from types import FrameType
from typing import IO

_PR_SET_PDEATHSIG = 1


class ProcessEnded(RuntimeError):
    """A child ended although it was still needed. The message names it, its exit code and its log."""


class Stopped(BaseException):
    """SIGTERM or SIGINT reached the supervisor. Not an Exception, so that nothing on the way swallows it."""


def free_port() -> int:
    """A TCP port on loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with_parent() -> None:
    """On Linux a child gets SIGTERM when its parent dies, even by SIGKILL; elsewhere the process group is ended by the supervisor alone."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """One started process with its log file. One that is `passing` ends by itself."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    _sink: IO[bytes]
    passing: bool = False

    def check(self) -> None:
        """Raises ProcessEnded when it is no longer running."""
        code = self.process.poll()
        if code is not None:
            msg = f"{self.name} ended with exit code {code}; its log is {self.log}\n{self.tail()}"
            raise ProcessEnded(msg)

    def tail(self, lines: int = 8) -> str:
        """The last lines of its log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join("    " + line for line in text.splitlines()[-lines:])

    def stop(self, grace_seconds: float = 10.0) -> None:
        """End the whole group: SIGTERM, then SIGKILL for what is still there after the grace."""
        self._signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(grace_seconds)
        self._signal(signal.SIGKILL)
        self.process.wait()
        self._sink.close()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)


def _without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """A demo must not write to the ledger or the CRMs that the caller's own settings name."""
    return {name: value for name, value in environment.items() if not name.startswith("HANDOFF_")}


@dataclass
class Children:
    """All children of one supervisor, in the order of their start."""

    logs: Path
    running: list[Child] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)
    _over: bool = False

    def start(self, name: str, command: Sequence[str], env: Mapping[str, str], *, passing: bool = False) -> Child:
        """Start `command` in a session of its own and in the folder of the logs, output to `<logs>/<name>.log`.

        Our settings come from `env` alone: what the caller's environment says of us is left out, and in that folder lies no .env file.
        """
        self.logs.mkdir(parents=True, exist_ok=True)
        log = self.logs / f"{name}.log"
        with self._lock:
            if self._over:
                msg = f"{name} was not started: everything is being ended"
                raise ProcessEnded(msg)
            sink = log.open("wb")
            process = subprocess.Popen(
                list(command),
                cwd=self.logs,
                env={**_without_settings(os.environ), **env},
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
            child = Child(name, process, log, sink, passing)
            self.running.append(child)
        return child

    def wait_until(self, ready: Callable[[], bool], child: Child, seconds: float) -> None:
        """Poll `ready` until it is true. Raises ProcessEnded when the child dies first or the time is over."""
        deadline = time.monotonic() + seconds
        while not ready():
            child.check()
            if time.monotonic() > deadline:
                msg = f"{child.name} was not ready after {seconds:.0f} s; its log is {child.log}\n{child.tail()}"
                raise ProcessEnded(msg)
            time.sleep(0.1)

    def finished(self, child: Child) -> str:
        """What a passing child has said, once it has ended. Raises ProcessEnded when a signal ended it."""
        code = child.process.wait()
        child.stop()
        with self._lock:
            if child in self.running:
                self.running.remove(child)
        if code < 0:
            msg = f"{child.name} was ended by {signal.Signals(-code).name}; its log is {child.log}\n{child.tail()}"
            raise ProcessEnded(msg)
        return child.log.read_text(errors="replace")

    def check(self) -> None:
        """Raises ProcessEnded for the first child that is gone and should not be."""
        for child in list(self.running):
            if not child.passing:
                child.check()

    def stop_all(self) -> None:
        """End every child, last started first. A thread that comes late starts none."""
        with self._lock:
            self._over = True
        while self.running:
            self.running.pop().stop()


@contextlib.contextmanager
def supervised(logs: Path) -> Iterator[Children]:
    """Children that end with this block, whether by its end, an error, SIGINT or SIGTERM."""
    children = Children(logs)

    def on_signal(number: int, _frame: FrameType | None) -> None:
        raise Stopped(signal.Signals(number).name)

    previous = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield children
    finally:
        for number in previous:
            signal.signal(number, signal.SIG_IGN)
        children.stop_all()
        for number, handler in previous.items():
            signal.signal(number, handler)
