"""Where the demo plays: one home folder nobody else uses, a sandbox with Company A, a Prefect server, its worker and our deployments."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cli import bytecode, prefect_api
from cli.processes import Child, Children, free_port, supervised
from cli.sandbox_control import Sandbox, environment, sandbox_at, start_sandbox
from engine.context import Engine
from runtime.open import open_engine
from runtime.settings import GivenSettings, Settings

ROOT = Path(__file__).resolve().parent.parent


class DemoFailed(RuntimeError):
    """The demo cannot play here, or did not end as it promises. The message says why, or which promise."""


@contextlib.contextmanager
def own_home(wanted: Path) -> Iterator[Path]:
    """`wanted` as an absolute path, or a sibling with a number where another demo plays there now. Locked until the block ends.

    Raises DemoFailed for a folder with anything in it that no demo made: a new demo clears its home.
    """
    for number in range(1, 100):
        home = wanted if number == 1 else wanted.with_name(f"{wanted.name}-{number}")
        home.mkdir(parents=True, exist_ok=True)
        if not (home / "lock").exists() and any(home.iterdir()):
            raise DemoFailed(f"{home} holds files that no demo made, and a demo clears its folder: name another one with --home")
        lock = (home / "lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        with lock:
            yield home.resolve()
        return
    msg = f"{wanted} and 98 folders beside it are in use by other demos; end one of them"
    raise DemoFailed(msg)


def cleared(home: Path) -> Path:
    """`home` without what an earlier demo left, the lock and compiled modules apart."""
    for entry in home.iterdir():
        if entry.name not in ("lock", bytecode.FOLDER):
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    return home


@dataclass
class Theatre:
    """Everything that runs during a demo. `seconds` collects wall seconds per phase."""

    home: Path
    children: Children
    sandbox: Sandbox
    manifest: Mapping[str, Any]
    prefect: prefect_api.Prefect
    server: Child
    seconds: dict[str, float] = field(default_factory=dict)

    @contextlib.contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        """Book the wall seconds of a block to `phase`."""
        started = time.monotonic()
        yield
        self.seconds[phase] = round(self.seconds.get(phase, 0.0) + time.monotonic() - started, 1)

    def settings(self, role: str, *, home: Path | None = None, writes: str = "off") -> Settings:
        """Settings of one role's credentials; another home means another ledger."""
        found = environment(self.manifest, self.sandbox, home or self.home, role=role, writes=writes)
        return settings_from(found)

    @contextlib.contextmanager
    def engine(self, role: str, *, home: Path | None = None, writes: str = "off", **options: Any) -> Iterator[Engine]:
        """An engine of this process with one role's credentials."""
        with open_engine(self.settings(role, home=home, writes=writes), **options) as engine:
            yield engine

    def product_env(self, *, writes: str = "on") -> dict[str, str]:
        """The settings of the product's own processes: its worker, and commands beside it."""
        found = environment(self.manifest, self.sandbox, self.home, writes=writes)
        return {**found, "HANDOFF_MAPPINGS": str(ROOT / "mappings")}

    def copied(self, name: str) -> Theatre:
        """A theatre of its own with both CRMs and the ledger as they are now, behind a second sandbox. Nothing may write meanwhile."""
        home = self.home / name
        home.mkdir(exist_ok=True)
        for database in ("world.db", "ledger.db"):
            _copy_database(self.home / database, home / database)
        child, ready = start_sandbox(self.children, home, name=f"sandbox-{name}", env=self.prefect.env)
        sandbox = sandbox_at(self.children, child, ready)
        sandbox.post("/clock", {"set": self.sandbox.get("/clock")["now"], "quiet": True})
        return replace(self, home=home, sandbox=sandbox)

    def command(self, *words: str, writes: str = "off") -> list[str]:
        """What `handoff <words>` says with the product's credentials, line by line, in a process that ends with the demo."""
        env = {**self.prefect.env, **self.product_env(writes=writes)}
        child = self.children.start(f"handoff-{words[0]}", [str(Path(sys.executable).with_name("handoff")), *words], env, passing=True)
        return self.children.finished(child).splitlines()

    def calls_made(self) -> dict[str, int]:
        """The sandbox's own counter of the product's requests, per CRM."""
        counters = self.sandbox.get("/counters")
        return {system: int(found["by_app"].get("product", {}).get("made", 0)) for system, found in counters.items()}


def _copy_database(source: Path, target: Path) -> None:
    """A copy of an SQLite file that another process holds open, whole transactions only."""
    with contextlib.closing(sqlite3.connect(source)) as read, contextlib.closing(sqlite3.connect(target)) as written:
        read.backup(written)


def settings_from(environment_values: Mapping[str, str]) -> Settings:
    """Settings from these values alone: neither the caller's environment nor a .env file takes part."""
    values = {name.removeprefix("HANDOFF_").lower(): value for name, value in environment_values.items()}
    return GivenSettings.model_validate({"mappings": ROOT / "mappings", **values})


@contextlib.contextmanager
def theatre(home: Path, world: Mapping[str, object], say: Callable[[str], None]) -> Iterator[Theatre]:
    """A playing theatre; everything it started has ended when the block is left."""
    with supervised(home / "logs") as children:
        started = time.monotonic()
        prefect, server = prefect_api.start_server(children, home, free_port())
        child, ready = start_sandbox(children, home)
        sandbox = sandbox_at(children, child, ready)
        say(f"  building {world['leads']} leads of Company A in a sandbox, and starting Prefect beside it")
        manifest = sandbox.post("/seed", world)
        stage = Theatre(home, children, sandbox, manifest, prefect, server)
        stage.seconds["world"] = round(time.monotonic() - started, 1)
        yield stage


def open_prefect(stage: Theatre, *, schedules: bool) -> None:
    """Wait for the server, deploy, start the worker with the product's credentials. A story told in steps wants no schedule in between."""
    prefect_api.wait_ready(stage.children, stage.prefect, stage.server)
    stage.prefect.deploy(ROOT)
    stage.prefect.schedules(running=schedules)
    found = stage.product_env()
    prefect_api.start_worker(stage.children, stage.prefect, found)
    keep_environment(stage.home, found)


def keep_environment(home: Path, found: Mapping[str, str]) -> Path:
    """What a person sources to use the command line beside the demo: these settings, and none that the shell has. Its owner's alone."""
    others = sorted({f"HANDOFF_{name.upper()}" for name in Settings.model_fields} - set(found))
    path = home / "env"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as kept:
        kept.writelines([f"unset {' '.join(others)}\n", *(f"{name}={value}\n" for name, value in sorted(found.items()))])
    return path
