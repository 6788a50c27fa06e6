"""A seeded sandbox per module, served over HTTP on loopback, put back to its first state before every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from crm_bench import FAST, Bench, benches

from sandbox.core import Sandbox
from tests.served import served

LEADS = 240


@pytest.fixture(scope="module")
def world() -> Iterator[Sandbox]:
    """Company A, small, without limits."""
    with served(Sandbox(seed=11)) as made:
        made.control.seed(world="company_a", seed=11, leads=LEADS, crms=["hubspot", "salesforce"])
        made.snapshot("first")
        yield made


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
