"""Append-only versions of activities, and what each CRM's kinds of activity have brought so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from handoff.facts import Activity
from ledger.codec import maybe_micros, micros, plain
from ledger.columns import among
from ledger.schema import activities, sources

_Key = tuple[int, str]


def store_activities(connection: Connection, rows: Mapping[str, Row[Any]], pulled: Sequence[Activity], seq: int, now: datetime) -> set[int]:
    """Store what is new or changed; returns the ids of the records it is about."""
    wanted = {(rows[str(activity.about)].id, activity.key): activity for activity in pulled}
    known = _current(connection, [key for _, key in wanted])
    fresh, outdated = [], []
    for key, activity in wanted.items():
        content, row = _content(activity), known.get(key)
        if row is not None and content == tuple(row)[3:]:
            continue
        if row is not None:
            outdated.append(row.id)
        fresh.append((key, activity, content, row is None))
    _retire(connection, outdated, seq)
    if fresh:
        connection.execute(insert(activities), [_row(key, content, seq, now) for key, _, content, _ in fresh])
        _count(connection, [(activity, new) for _, activity, _, new in fresh], now)
    return {record_id for (record_id, _), _, _, _ in fresh}


def remove_activities(connection: Connection, keys: Iterable[str], seq: int) -> tuple[set[str], set[int]]:
    """Activities deleted in the CRM are over; returns (keys that were known, ids of the records they were about)."""
    found = _current(connection, list(keys))
    _retire(connection, [row.id for row in found.values()], seq)
    return {key for _, key in found}, {record_id for record_id, _ in found}


_CONTENT = ("kind", "actor", "occurred_at", "subject", "outcome", "due_at", "by", "ours", "automated")


def _content(activity: Activity) -> tuple[object, ...]:
    return (
        activity.kind.value,
        activity.actor.value,
        micros(activity.occurred_at),
        plain(activity.subject),
        plain(activity.outcome),
        maybe_micros(activity.due_at),
        plain(activity.by),
        activity.ours,
        activity.automated,
    )


def _current(connection: Connection, keys: Sequence[str]) -> dict[_Key, Row[Any]]:
    if not keys:
        return {}
    columns = [activities.c[name] for name in ("id", "record_id", "key", *_CONTENT)]
    query = select(*columns).where(among(activities.c.key, "keys"), activities.c.gone_seq.is_(None))
    return {(row.record_id, row.key): row for row in connection.execute(query, {"keys": keys})}


def _retire(connection: Connection, ids: Sequence[int], seq: int) -> None:
    if ids:
        query = update(activities).where(among(activities.c.id, "ids")).values(gone_seq=seq)
        connection.execute(query, {"ids": ids})


def _row(key: _Key, content: tuple[object, ...], seq: int, now: datetime) -> dict[str, object]:
    return {"record_id": key[0], "key": key[1], "known_seq": seq, "known_at": micros(now), **dict(zip(_CONTENT, content, strict=True))}


def _count(connection: Connection, fresh: Sequence[tuple[Activity, bool]], now: datetime) -> None:
    totals: dict[tuple[str, str], tuple[int, int]] = {}
    for activity, new in fresh:
        name = (activity.about.system, activity.kind.value)
        count, last = totals.get(name, (0, 0))
        totals[name] = (count + new, max(last, micros(activity.occurred_at)))
    query = select(sources).where(sources.c.system.in_({system for system, _ in totals}))
    known = {(row.system, row.kind): row for row in connection.execute(query)}
    for (system, kind), (count, last) in totals.items():
        row = known.get((system, kind))
        if row is None:
            values = {"system": system, "kind": kind, "seen": count, "last_at": last, "last_known_at": micros(now)}
            connection.execute(insert(sources).values(values))
        else:
            same = (sources.c.system == system) & (sources.c.kind == kind)
            later = {"seen": row.seen + count, "last_at": max(row.last_at, last), "last_known_at": micros(now)}
            connection.execute(update(sources).where(same).values(later))
