"""A fresh company per test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from engine_worlds import Place, place


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Place]:
    """HubSpot and Salesforce, nothing in them yet."""
    made = place(tmp_path)
    yield made
    made.ledger.close()
