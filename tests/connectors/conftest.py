"""A seeded sandbox per module, served over HTTP on loopback, put back to its first state before every test."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from crm_bench import FAST, Bench, benches

from sandbox.app import build_app
from sandbox.core import Sandbox

LEADS = 240


@pytest.fixture(scope="module")
def world() -> Iterator[Sandbox]:
    """Company A, small, without limits."""
    made = Sandbox(seed=11)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio sets it only on sockets made with an explicit protocol
    made.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    made.control.seed(world="company_a", seed=11, leads=LEADS, crms=["hubspot", "salesforce"])
    made.snapshot("first")
    server = uvicorn.Server(
        uvicorn.Config(build_app(made), log_level="error", access_log=False, lifespan="off", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    yield made
    server.should_exit = True
    thread.join(timeout=5)
    listener.close()
    made.close()


@pytest.fixture
def sandbox(world: Sandbox) -> Iterator[Sandbox]:
    """The world as it was seeded: records, clock, switches, limits, faults and counters."""
    world.restore("first")
    world.faults.clear()
    world.counters.reset()
    world.switches.reset()
    world.limits.reset()
    world.limits.set("hubspot.ten_secondly", FAST)
    world.limits.set("hubspot.searches_per_second", FAST)
    yield world
    world.faults.clear()


@pytest.fixture(params=["hubspot", "salesforce"])
def bench(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[Bench]:
    """Each CRM in turn."""
    made = benches(sandbox)[request.param]
    yield made
    for crm in made.opened:
        crm.close()


@pytest.fixture
def hubspot(sandbox: Sandbox) -> Iterator[Bench]:
    """HubSpot alone, for what only HubSpot does."""
    made = benches(sandbox)["hubspot"]
    yield made
    for crm in made.opened:
        crm.close()


@pytest.fixture
def salesforce(sandbox: Sandbox) -> Iterator[Bench]:
    """Salesforce alone, for what only Salesforce does."""
    made = benches(sandbox)["salesforce"]
    yield made
    for crm in made.opened:
        crm.close()
