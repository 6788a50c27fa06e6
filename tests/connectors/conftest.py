"""A seeded sandbox per module, served over HTTP on loopback, put back to its first state before every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from crm_bench import FAST, Bench, LeadsBench, benches

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


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`bench` is each CRM in turn; a test of records alone (marker `carriers`) also runs on HubSpot's Lead objects."""
    if "bench" in metafunc.fixturenames:
        more = ["hubspot_leads"] if metafunc.definition.get_closest_marker("carriers") else []
        metafunc.parametrize("bench", ["hubspot", "salesforce", *more], indirect=True)


@pytest.fixture
def bench(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[Bench]:
    """One CRM."""
    made = benches(sandbox)[request.param]
    yield made.stocked() if isinstance(made, LeadsBench) else made
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
