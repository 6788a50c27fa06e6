"""Compares a record with its plan lines before and after a write. Pure; blank and absent are the same value.

Before: does the record still stand as the plan saw it? After: did our values arrive, and did a person write in between?
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter

from connectors.protocol import Change, Verified
from handoff.facts import Edit, Record
from handoff.plan import Line
from ledger.values import LineResult, LineRow, LineState

_LINE, _AT = attrgetter("line"), attrgetter("at")


class Seen(StrEnum):
    """How a record stands against its lines."""

    WRITE = "write"  # as planned: at least one field is to be written
    ALREADY = "already"  # every field holds the planned value
    MOVED = "moved"  # a field holds neither the value before nor the value after
    GONE = "gone"  # the record is not there any more


@dataclass(frozen=True, slots=True)
class Landed:
    """What a verified record showed. `restore` are values a person typed inside the write and that we have to put back."""

    results: tuple[LineResult, ...]
    restore: tuple[Edit, ...] = ()


def same(one: str | None, other: str | None) -> bool:
    """Blank and absent are one value."""
    return (one or None) == (other or None)


def before_write(rows: Sequence[LineRow], record: Record | None) -> Seen:
    """Judges one record by a fresh read."""
    if record is None:
        return Seen.GONE
    pending = _pending(rows, record)
    if not pending:
        return Seen.ALREADY
    moved = any(not same(record.fields.get(line.field), line.before) for line in pending)
    return Seen.MOVED if moved else Seen.WRITE


def _pending(rows: Sequence[LineRow], record: Record) -> list[Line]:
    """The lines whose value does not stand on the record."""
    now = record.fields.get
    return [line for line in map(_LINE, rows) if not same(now(line.field), line.after)]


def blanked(row: LineRow, verified: Verified) -> bool:
    """Whether a field stands blank because of our own first request: blank, and nobody else blanked it."""
    line = row.line
    if not (line.clear_first and line.before and line.after) or verified.record is None or verified.record.fields.get(line.field):
        return False
    return not any(edit.field == line.field and not edit.value for edit in verified.edits)


def change_of(rows: Sequence[LineRow], record: Record) -> Change:
    """The fields that are still to be written; what already holds the planned value is not sent."""
    lines = _pending(rows, record)
    clear = tuple(line.field for line in lines if line.clear_first and line.after and record.fields.get(line.field))
    return Change(record.ref, {line.field: line.after or None for line in lines}, clear)


def settled(rows: Sequence[LineRow], state: LineState, detail: str = "", record: Record | None = None) -> tuple[LineResult, ...]:
    """One result for every row of a record."""
    at = record.modified_at if record is not None else None
    return tuple(LineResult(row.id, state, at, detail) for row in rows)


def after_write(rows: Sequence[LineRow], seen: Record, verified: Verified) -> Landed:
    """Judges one written record by its read-back and its field history."""
    record = verified.record
    if record is None:
        return Landed(settled(rows, LineState.GONE, "gone after the write"))
    latest: dict[str, Edit] = {}
    for edit in sorted(verified.edits, key=_AT):
        latest[edit.field] = edit
    now = record.fields.get
    results, restore = [], []
    for row in rows:
        line = row.line
        last = latest.get(line.field) if latest else None
        if same(now(line.field), line.after):
            results.append(LineResult(row.id, LineState.DONE, record.modified_at))
        else:
            results.append(_result(row, seen, record, last))
        if last is not None and _overwritten(row, seen, record, last):
            restore.append(last)
    return Landed(tuple(results), tuple(restore))


def _result(row: LineRow, seen: Record, record: Record, edit: Edit | None) -> LineResult:
    """The end of a line whose value does not stand on the record."""
    name = row.line.field
    got = record.fields.get(name)
    if edit is not None and same(got, edit.value):
        return LineResult(row.id, LineState.DONE, record.modified_at)
    if same(got, seen.fields.get(name)):
        return LineResult(row.id, LineState.REFUSED, None, f"{name}: the CRM took the value and kept the old one")
    return LineResult(row.id, LineState.CONFLICT, None, f"{name}: another value was found after the write")


def _overwritten(row: LineRow, seen: Record, record: Record, edit: Edit) -> bool:
    """A person's value that came after our read and that our write covered: neither what we saw nor what stands now."""
    name = row.line.field
    return (
        same(record.fields.get(name), row.line.after)
        and not same(edit.value, row.line.after)
        and not same(edit.value, seen.fields.get(name))
    )
