"""A world of a million contacts has to fit into a few GiB: what is held in memory while it is built does not grow with its leads."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from sandbox import store
from sandbox.core import Sandbox

FEW, MANY = 2_000, 4_000  # the leads of one chunk are in memory together, so both sizes have a whole one
MOST_BYTES_PER_LEAD = 2_500
"""The planted facts of the manifest take some hundred bytes per lead; the rows of one lead take about nine thousand."""


def test_a_world_is_not_held_in_memory_while_it_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are written as the world goes on, and not at the end of its one transaction."""
    monkeypatch.setattr(store, "_MOST_WAITING", 500)
    _peak(tmp_path / "warm.db", 400)  # what is read once per process: definitions, words
    few, many = _peak(tmp_path / "few.db", FEW), _peak(tmp_path / "many.db", MANY)
    assert (many - few) / (MANY - FEW) < MOST_BYTES_PER_LEAD


def _peak(path: Path, leads: int) -> int:
    """The most Python memory in use while a world of so many leads was built into a file."""
    tracemalloc.start()
    try:
        sandbox = Sandbox(seed=7, db_path=str(path))
        sandbox.control.seed(seed=7, leads=leads)
        sandbox.close()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
