"""`python -m sandbox`: serve a sandbox until SIGTERM or SIGINT; prints one JSON line when it listens."""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from sandbox.app import build_app
from sandbox.core import Sandbox

_PARENT_POLL_SECONDS = 0.5
# A reply of a hundred records is made of some ten thousand objects that die with it: looking for cycles among them finds none.
_OBJECTS_BETWEEN_COLLECTIONS = 50_000


def parse(argv: list[str]) -> argparse.Namespace:
    """The command line as a namespace."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="HubSpot and Salesforce on one loopback port.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--ready-file", type=Path, help="write the JSON line there, too")
    parser.add_argument("--db", help="keep the records in this SQLite file instead of in memory")
    parser.add_argument("--world", default="company_a", help="the world to seed")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--leads", type=int, default=0, help="seed the world with so many leads; 0 starts empty")
    parser.add_argument("--crms", default="hubspot,salesforce")
    parser.add_argument("--follow-wall", action="store_true", help="let the business clock tick with the wall clock, from now")
    parser.add_argument("--die-with-parent", action="store_true", help="stop when the process that started this one is gone")
    return parser.parse_args(argv)


class _Server(uvicorn.Server):
    """uvicorn that says where it listens once it does."""

    def __init__(self, config: uvicorn.Config, ready: dict[str, object], ready_file: Path | None) -> None:
        super().__init__(config)
        self._ready, self._ready_file = ready, ready_file

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """A signal ends the serving and nothing else, so that the process leaves with 0 (uvicorn's own way raises it again)."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop)
        yield

    def _stop(self) -> None:
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        line = json.dumps(self._ready)
        if self._ready_file is not None:
            partial = self._ready_file.with_suffix(self._ready_file.suffix + ".part")
            partial.write_text(line + "\n")
            partial.replace(self._ready_file)
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def _stop_with_parent(server: uvicorn.Server, parent: int) -> None:
    if os.getppid() == parent:
        asyncio.get_running_loop().call_later(_PARENT_POLL_SECONDS, _stop_with_parent, server, parent)
    else:
        server.should_exit = True


async def _serve(arguments: argparse.Namespace, sandbox: Sandbox, listener: socket.socket, parent: int) -> None:
    config = uvicorn.Config(build_app(sandbox), log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=2)
    server = _Server(config, {"url": sandbox.base_url, "pid": os.getpid()}, arguments.ready_file)
    if arguments.die_with_parent:
        _stop_with_parent(server, parent)
    await server.serve(sockets=[listener])


def main(argv: list[str]) -> int:
    """Serve; 0 after a clean stop."""
    parent = os.getppid()
    arguments = parse(argv)
    sandbox = Sandbox(seed=arguments.seed, db_path=arguments.db)
    listener = socket.create_server((arguments.host, arguments.port), backlog=256)
    # asyncio turns Nagle off only for sockets whose protocol says TCP; accepted sockets inherit the flag from the listener.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sandbox.base_url = f"http://{arguments.host}:{listener.getsockname()[1]}"
    if arguments.leads:
        sandbox.control.seed(world=arguments.world, seed=arguments.seed, leads=arguments.leads, crms=arguments.crms.split(","))
    if arguments.follow_wall:
        sandbox.clock.follow_wall()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
    try:
        asyncio.run(_serve(arguments, sandbox, listener, parent))
    finally:
        listener.close()
        sandbox.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
