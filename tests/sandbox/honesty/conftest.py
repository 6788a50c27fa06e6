"""One sandbox process for all of these tests; every test starts from the freshly seeded world."""

from collections.abc import Iterator

import pytest
from honesty_driver import Org, Portal, World, running_world


@pytest.fixture(scope="session")
def running() -> Iterator[World]:
    with running_world() as world:
        yield world


@pytest.fixture
def world(running: World) -> World:
    running.fresh()
    return running


@pytest.fixture
def portal(world: World) -> Portal:
    return Portal(world)


@pytest.fixture
def org(world: World) -> Org:
    return Org(world)


@pytest.fixture
def lead(org: Org) -> str:
    """A Lead that any write may touch."""
    return org.open_leads(1)[0]
