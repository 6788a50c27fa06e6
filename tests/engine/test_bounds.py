"""The bound is the fewest calls of the stated steps, and the formula says how it came about."""

from __future__ import annotations

import pytest

from engine.bounds import batches, creations_needed, once_needed, updates_needed


@pytest.mark.parametrize(("rows", "size", "needed"), [(0, 100, 0), (1, 100, 1), (100, 100, 1), (101, 100, 2), (9_000, 100, 90)])
def test_rows_go_in_full_batches(rows: int, size: int, needed: int) -> None:
    assert batches(rows, size) == needed


def test_a_batch_of_updates_is_read_written_and_verified() -> None:
    step = updates_needed("hubspot", "contacts", 250, 0, 100)
    assert (step.needed, step.formula) == (9, "3 x ceil(250 / 100)")


def test_clearing_first_takes_one_more_write_per_batch() -> None:
    assert updates_needed("hubspot", "contacts", 250, 120, 100).needed == 11


def test_creations_take_one_call_per_full_batch() -> None:
    assert creations_needed("salesforce", "task", 401, 200).needed == 3


def test_what_is_asked_once_is_summed_by_name() -> None:
    assert once_needed("salesforce", {"token": 1, "people": 2}).formula == "2 people + 1 token"
