"""Whose value is it: our last verified writes, and the values somebody else put in their place since (law 3).

What stood on a record when it was taken over counts like a write of ours: it is what everything later is compared with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from handoff.facts import Record, Ref
from ledger.bulk import insert_rows, update_rows
from ledger.codec import dumps, loads, micros, moment
from ledger.columns import among
from ledger.connection import in_chunks
from ledger.schema import edits, own_writes, records
from ledger.values import OwnWrite

FOUND = ("status", "owner")  # what people decide by their edits
FOUND_AT_SIGHT = frozenset({"leads"})
"""Objects that reps make themselves: what they pick there is told from what was first seen, though we have written nothing on them."""
Ours = tuple[str | None, int]
"""A value of ours that was read back (None: blank), and the record's modified time then (microseconds)."""

_OURS = select(own_writes.c.record_id, own_writes.c.body).where(among(own_writes.c.record_id, "ids"))
_STANDING = select(edits).where(among(edits.c.record_id, "ids"), edits.c.gone_seq.is_(None))


def store_own_writes(connection: Connection, latest: Mapping[int, Mapping[str, Ours]], seq: int) -> None:
    """Remember the last verified value per record id and field; what somebody else had there before is over."""
    latest = {record_id: fields for record_id, fields in latest.items() if fields}
    known = _ours(connection, latest)
    bodies = [(dumps({**known.get(record_id, {}), **fields}), record_id) for record_id, fields in latest.items()]
    insert_rows(connection, own_writes, ("body", "record_id"), [row for row in bodies if row[1] not in known])
    update_rows(connection, own_writes, ("body",), ("record_id",), [row for row in bodies if row[1] in known])
    over = [row.id for key, row in _standing(connection, latest).items() if key[1] in latest[key[0]]]
    _close(connection, over, seq)


def note_found(connection: Connection, found: Mapping[int, Mapping[str, Ours]]) -> None:
    """Remember what stood on records when they were taken over, where we have written nothing: what differs later is somebody's edit."""
    known = _ours(connection, found)
    bodies = [(dumps({**fields, **known.get(record_id, {})}), record_id) for record_id, fields in found.items()]
    insert_rows(connection, own_writes, ("body", "record_id"), [row for row in bodies if row[1] not in known])
    update_rows(connection, own_writes, ("body",), ("record_id",), [row for row in bodies if row[1] in known])


def found_on(record: Record) -> dict[str, Ours]:
    """What people decide by their edits, as it stands on a record."""
    at = micros(record.modified_at)
    return {name: (record.fields.get(name) or None, at) for name in FOUND}


def note_edits(connection: Connection, seen: Mapping[int, tuple[Mapping[str, str], int]], seq: int) -> None:
    """Compare what records say now (fields, modified time in microseconds) with our last writes; open and close edits accordingly."""
    ours = _ours(connection, seen)
    standing = _standing(connection, ours) if ours else {}
    closed, opened = [], []
    for record_id, fields in ours.items():
        now, modified = seen[record_id]
        for name, (wrote, _) in fields.items():
            value, edit = now.get(name) or None, standing.get((record_id, name)) if standing else None
            if edit is not None and value in (wrote, edit.value) and value != wrote:
                continue
            if edit is not None:
                closed.append(edit.id)
            if value != wrote:
                opened.append({"record_id": record_id, "field": name, "value": value, "at": modified, "known_seq": seq})
    _close(connection, closed, seq)
    if opened:
        connection.execute(insert(edits), opened)


def _ours(connection: Connection, record_ids: Iterable[int]) -> dict[int, dict[str, Ours]]:
    rows = (row for part in in_chunks(record_ids) for row in connection.execute(_OURS, {"ids": part}).all())
    return {record_id: loads(body) for record_id, body in rows}


def _standing(connection: Connection, record_ids: Iterable[int]) -> dict[tuple[int, str], Row[Any]]:
    rows = (row for part in in_chunks(record_ids) for row in connection.execute(_STANDING, {"ids": part}))
    return {(row.record_id, row.field): row for row in rows}


def _close(connection: Connection, ids: Sequence[int], seq: int) -> None:
    query = update(edits).where(among(edits.c.id, "ids")).values(gone_seq=seq)
    for part in in_chunks(ids):
        connection.execute(query, {"ids": part})


def foreign(connection: Connection, before: Mapping[int, Mapping[str, str]], after: Mapping[int, Mapping[str, str]]) -> set[int]:
    """Ids of records where a value changed into something that is not our last write."""
    ours = _ours(connection, after)
    found = set()
    for record_id, fields in after.items():
        old, wrote = before[record_id], ours.get(record_id, {})
        changed = (name for name in old.keys() | fields.keys() if old.get(name) != fields.get(name))
        if any(name not in wrote or wrote[name][0] != fields.get(name) for name in changed):
            found.add(record_id)
    return found


def last_writes(connection: Connection, refs: Iterable[Ref]) -> dict[Ref, dict[str, OwnWrite]]:
    """Per record and field, the last value of ours that was read back."""
    query = (
        select(records.c.ref, own_writes.c.body)
        .join(own_writes, own_writes.c.record_id == records.c.id)
        .where(among(records.c.ref, "refs"))
    )
    rows = (row for part in in_chunks(map(str, refs)) for row in connection.execute(query, {"refs": part}))
    return {Ref.parse(row.ref): {name: OwnWrite(value, moment(at)) for name, (value, at) in loads(row.body).items()} for row in rows}


def count_flips(connection: Connection, refs: Iterable[Ref], since: datetime) -> dict[tuple[Ref, str], int]:
    """How often others replaced our value per (record, field) since `since` (CRM time)."""
    query = (
        select(records.c.ref, edits.c.field, func.count().label("n"))
        .join(edits, edits.c.record_id == records.c.id)
        .where(among(records.c.ref, "refs"), edits.c.at >= micros(since))
        .group_by(records.c.ref, edits.c.field)
    )
    rows = (row for part in in_chunks(map(str, refs)) for row in connection.execute(query, {"refs": part}))
    return {(Ref.parse(row.ref), row.field): row.n for row in rows}
