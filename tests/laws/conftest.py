"""Laws that concern the whole engine share its worlds with tests/engine, and one week of Company A with each other."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "engine"))

from life import Life, company_a, lived
from replaying import Replays


@pytest.fixture(scope="session")
def replays() -> Replays:
    """What a replay of every decision said right after the run that made it."""
    return Replays()


@pytest.fixture(scope="session")
def week(tmp_path_factory: pytest.TempPathFactory, replays: Replays) -> Iterator[Life]:
    """A week of Company A, lived once for all tests of a session. Nobody may change its ledger."""
    with company_a(tmp_path_factory.mktemp("company_a")) as life:
        life.after_run.append(replays.remember)
        lived(life)
        yield life
