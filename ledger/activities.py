"""Append-only versions of activities, and what each CRM's kinds of activity have brought so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from handoff.facts import Activity, Ref
from ledger.bulk import insert_rows, update_rows
from ledger.codec import maybe_micros, micros, plain
from ledger.columns import among
from ledger.schema import activities, sources

_Key = tuple[int, str]
_Content = tuple[str | int | None, ...]
_CONTENT = ("kind", "actor", "occurred_at", "subject", "outcome", "due_at", "by", "ours", "automated")
_CURRENT = select(*(activities.c[name] for name in ("id", "record_id", "key", *_CONTENT))).where(
    among(activities.c.key, "keys"), activities.c.gone_seq.is_(None)
)
_RETIRE = update(activities).where(among(activities.c.id, "ids")).values(gone_seq=bindparam("the_seq"))
_SOURCES = select(sources.c.system, sources.c.kind, sources.c.seen, sources.c.last_at)


def store_activities(connection: Connection, ids: Mapping[Ref, int], pulled: Sequence[Activity], seq: int, now: datetime) -> set[int]:
    """Store what is new or changed; returns the ids of the records it is about, which `ids` names."""
    wanted = {(ids[activity.about], activity.key): activity for activity in pulled}
    known = _current(connection, [key for _, key in wanted])
    fresh: list[tuple[_Key, _Content]] = []
    outdated = []
    totals: dict[tuple[str, str], tuple[int, int]] = {}
    for key, activity in wanted.items():
        content, row = _content(activity), known.get(key)
        if row is None or content != tuple(row)[3:]:
            outdated += [] if row is None else [row.id]
            fresh.append((key, content))
            _count(totals, activity.about.system, content, row is None)
    known_at = micros(now)
    _retire(connection, outdated, seq)
    insert_rows(connection, activities, _ROW, [(*key, seq, known_at, *content) for key, content in fresh])
    _store_counts(connection, totals, known_at)
    return {record_id for (record_id, _), _ in fresh}


def remove_activities(connection: Connection, keys: Iterable[str], seq: int) -> tuple[set[str], set[int]]:
    """Activities deleted in the CRM are over; returns (keys that were known, ids of the records they were about)."""
    found = _current(connection, list(keys))
    _retire(connection, [row.id for row in found.values()], seq)
    return {key for _, key in found}, {record_id for record_id, _ in found}


_ROW = ("record_id", "key", "known_seq", "known_at", *_CONTENT)


def _content(activity: Activity) -> _Content:
    return (
        str(activity.kind),
        str(activity.actor),
        micros(activity.occurred_at),
        plain(activity.subject),
        plain(activity.outcome),
        maybe_micros(activity.due_at),
        plain(activity.by),
        activity.ours,
        activity.automated,
    )


def _current(connection: Connection, keys: Sequence[str]) -> dict[_Key, Row[Any]]:
    return {(row.record_id, row.key): row for row in connection.execute(_CURRENT, {"keys": keys}).all()} if keys else {}


def _retire(connection: Connection, ids: Sequence[int], seq: int) -> None:
    if ids:
        connection.execute(_RETIRE, {"ids": ids, "the_seq": seq})


def _count(totals: dict[tuple[str, str], tuple[int, int]], system: str, content: _Content, new: bool) -> None:
    """Adds one activity to (how many are new, when the latest was) of its kind."""
    kind, _, at = content[:3]
    count, last = totals.get((system, str(kind)), (0, 0))
    totals[system, str(kind)] = (count + new, max(last, int(at or 0)))


def _store_counts(connection: Connection, totals: Mapping[tuple[str, str], tuple[int, int]], known_at: int) -> None:
    if not totals:
        return
    known = {(system, kind): (seen, last) for system, kind, seen, last in connection.execute(_SOURCES).all()}
    rows = []
    for name, (count, last) in totals.items():
        seen, before = known.get(name, (0, 0))
        rows.append((seen + count, max(before, last), known_at, *name))
    keys, values = ("system", "kind"), ("seen", "last_at", "last_known_at")
    insert_rows(connection, sources, (*values, *keys), [row for row in rows if row[3:] not in known])
    update_rows(connection, sources, values, keys, [row for row in rows if row[3:] in known])
