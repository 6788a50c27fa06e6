"""A fresh sandbox for each test module, served by uvicorn on a free loopback port: real HTTP, no network."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn

from sandbox.app import build_app
from sandbox.core import Sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox of this module's own; its model may be called directly between two HTTP calls."""
    made = Sandbox(seed=7)
    yield made
    made.close()


@pytest.fixture(scope="module")
def sandbox_url(sandbox: Sandbox) -> Iterator[str]:
    """The base URL the sandbox answers on while the module's tests run."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as in sandbox/__main__.py
    sandbox.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    config = uvicorn.Config(build_app(sandbox), log_level="error", access_log=False, lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
    thread.start()
    yield sandbox.base_url
    server.should_exit = True
    thread.join(timeout=5)
    listener.close()
