"""A fresh sandbox for each test module, served by uvicorn on a free loopback port: real HTTP, no network."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.core import Sandbox
from tests.served import served


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A sandbox of this module's own; its model may be called directly between two HTTP calls."""
    with served(Sandbox(seed=7)) as made:
        yield made


@pytest.fixture(scope="module")
def sandbox_url(sandbox: Sandbox) -> str:
    """The base URL the sandbox answers on while the module's tests run."""
    return sandbox.base_url
