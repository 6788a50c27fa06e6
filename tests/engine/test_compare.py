"""Re-read and read-back: what counts as moved, as arrived, and as a person's edit that our write covered (law 3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fake_crm import utc

from connectors.protocol import Verified
from engine.compare import Seen, after_write, before_write, change_of
from handoff.facts import Edit, Record, Ref
from handoff.plan import Line
from ledger.values import LineRow, LineState

NOW = utc("2026-11-03T15:00")
REF = Ref("hubspot", "contacts", "1")


def row(field: str, before: str | None, after: str | None, number: int = 1, *, clear_first: bool = False) -> LineRow:
    line = Line("lead", REF, "contacts", field, before, after, "silent", "field", "why", None, clear_first)
    return LineRow(number, 1, 1, LineState.IN_FLIGHT, line, "", None)


def record(**fields: str) -> Record:
    return Record(REF, fields, NOW, NOW, NOW)


@pytest.mark.parametrize(
    ("found", "seen"),
    [
        (record(owner="a"), Seen.WRITE),
        (record(owner="b"), Seen.ALREADY),
        (record(owner="c"), Seen.MOVED),
        (record(), Seen.MOVED),
        (None, Seen.GONE),
    ],
)
def test_a_record_is_judged_by_a_fresh_read(found: Record | None, seen: Seen) -> None:
    assert before_write([row("owner", "a", "b")], found) is seen


def test_blank_and_absent_are_one_value() -> None:
    assert before_write([row("owner", None, "b")], record(owner="")) is Seen.WRITE
    assert before_write([row("owner", "a", None)], record()) is Seen.ALREADY


def test_one_moved_field_makes_the_whole_record_a_conflict() -> None:
    assert before_write([row("owner", "a", "b"), row("status", "x", "y", 2)], record(owner="a", status="z")) is Seen.MOVED


def test_only_what_differs_is_sent() -> None:
    change = change_of([row("owner", "a", "b"), row("status", "x", "y", 2)], record(owner="b", status="x"))
    assert change.values == {"status": "y"}


def test_a_value_is_cleared_first_only_where_another_follows() -> None:
    assert change_of([row("lifecycle", "sql", "mql", clear_first=True)], record(lifecycle="sql")).clear_first == ("lifecycle",)
    assert change_of([row("lifecycle", "sql", None, clear_first=True)], record(lifecycle="sql")).clear_first == ()


def edit(value: str, seconds: int = 1) -> Edit:
    return Edit("owner", value, NOW + timedelta(seconds=seconds), "person")


def test_an_edit_that_our_write_covered_is_to_be_put_back() -> None:
    landed = after_write([row("owner", "a", "b")], record(owner="a"), Verified(record(owner="b"), (edit("c"),)))
    assert [one.value for one in landed.restore] == ["c"]


def test_an_edit_before_our_read_is_none_that_we_covered() -> None:
    landed = after_write([row("owner", "a", "b")], record(owner="a"), Verified(record(owner="b"), (edit("a"),)))
    assert landed.restore == ()


def test_an_edit_after_our_write_stands_and_our_write_was_done() -> None:
    landed = after_write([row("owner", "a", "b")], record(owner="a"), Verified(record(owner="c"), (edit("c"),)))
    assert [result.state for result in landed.results] == [LineState.DONE]
    assert landed.restore == ()


def test_a_value_the_crm_silently_kept_is_a_refusal_and_no_success() -> None:
    landed = after_write([row("lifecycle", "sql", "mql")], record(lifecycle="sql"), Verified(record(lifecycle="sql")))
    assert [result.state for result in landed.results] == [LineState.REFUSED]


def test_a_third_value_without_history_is_a_conflict() -> None:
    landed = after_write([row("owner", "a", "b")], record(owner="a"), Verified(record(owner="z")))
    assert [result.state for result in landed.results] == [LineState.CONFLICT]
