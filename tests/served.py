"""A sandbox of this process, served over HTTP on loopback."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from sandbox.app import build_app
from sandbox.core import Sandbox


@contextmanager
def served(made: Sandbox) -> Iterator[Sandbox]:
    """The sandbox at its address while the block runs; closed afterwards."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio sets it only on sockets made with an explicit protocol
    made.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    config = uvicorn.Config(build_app(made), log_level="error", access_log=False, lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    try:
        yield made
    finally:
        server.should_exit = True
        thread.join(timeout=5)
        listener.close()
        made.close()
