"""The requests the product sends, written down while it sends them, and sent again by a bare `requests` + `json` loop.

Both SDKs end in urllib3's connection pool, so that one place sees every call of both CRMs with its exact body and headers.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import requests
from urllib3.connectionpool import HTTPConnectionPool

_BY_REQUESTS = frozenset({"content-length", "host", "connection", "accept-encoding", "transfer-encoding", "user-agent"})


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP call to a CRM. `reply_bytes` is what the reply's Content-Length says, 0 when it says nothing."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any
    status: int
    reply_bytes: int


@contextlib.contextmanager
def listening(heard: Callable[[Call], None]) -> Iterator[None]:
    """`heard` is told of every call of this process to a CRM (the sandbox's own control plane is left out), from any thread."""
    original = HTTPConnectionPool.urlopen

    def urlopen(pool: HTTPConnectionPool, method: str, url: str, body: Any = None, headers: Any = None, *args: Any, **options: Any) -> Any:
        reply = original(pool, method, url, body, headers, *args, **options)
        if not url.startswith("/_sandbox"):
            length = reply.headers.get("Content-Length", "")
            size = int(length) if length.isdigit() else 0
            heard(Call(method, url, dict(headers or {}), body, reply.status, size))
        return reply

    HTTPConnectionPool.urlopen = urlopen  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        HTTPConnectionPool.urlopen = original  # type: ignore[method-assign]


class Tape:
    """Calls on disk, in the order in which their replies came: memory stays flat however many there are."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def recording(self) -> Iterator[None]:
        """Writes down the calls of the block, in place of what the tape held."""
        with self._path.open("wb") as sink:

            def note(call: Call) -> None:
                row = [call.method, call.path, _kept(call.headers), _text(call.body), call.status, call.reply_bytes]
                line = orjson.dumps(row) + b"\n"
                with self._lock:
                    sink.write(line)

            with listening(note):
                yield

    def calls(self) -> Iterator[Call]:
        """What was recorded; bodies are text."""
        with self._path.open("rb") as source:
            for line in source:
                yield Call(*orjson.loads(line))


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    return {str(name): _text(value) for name, value in headers.items() if str(name).lower() not in _BY_REQUESTS}


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value.decode() if isinstance(value, bytes) else str(value)


@dataclass(frozen=True, slots=True)
class Replay:
    """What the bare loop took: wall seconds, this process's processor seconds, calls, and calls answered otherwise than when recorded."""

    seconds: float
    cpu_seconds: float
    calls: int
    different: int


def replay(tape: Tape, base_url: str) -> Replay:
    """One call after the other through one session: serialise, send, parse. Nothing else is done, and only that is timed."""
    seconds = cpu = 0.0
    calls = different = 0
    with requests.Session() as session:
        for call in tape.calls():
            body = json.loads(call.body) if call.body.startswith(("{", "[")) else call.body
            started, cpu_started = time.perf_counter(), time.process_time()
            data = json.dumps(body) if isinstance(body, (dict, list)) else body or None
            reply = session.request(call.method, base_url + call.path, headers=dict(call.headers), data=data, timeout=120)
            if reply.content:
                reply.json()
            seconds += time.perf_counter() - started
            cpu += time.process_time() - cpu_started
            calls += 1
            different += reply.status_code != call.status
    return Replay(seconds, cpu, calls, different)


def limit_seconds(tape: Tape, per_10_seconds: int, searches_per_second: int) -> float:
    """The least time HubSpot's limits allow for these calls: windows of ten seconds, and searches apart; associations have no such limit.

    Salesforce limits requests by the day only (developer guides: HubSpot "API usage guidelines", Salesforce "API Request Limits").
    """
    hubspot = [call.path.partition("?")[0] for call in tape.calls() if not call.path.startswith("/services/")]
    searches = sum(1 for path in hubspot if path.endswith("/search"))
    free = sum(1 for path in hubspot if "/associations/" in path)
    burst = len(hubspot) - searches - free
    return float(max(max(0, burst - 1) // per_10_seconds * 10, max(0, searches - 1) // searches_per_second))
