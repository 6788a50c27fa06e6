"""Which leads are due, found by index only: a run costs what is due, not what is stored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Column, ColumnElement, literal, or_, select, tuple_

from ledger.connection import Database
from ledger.schema import leads


def due_shards(database: Database, now: int, policy_digest: str, roster_digest: str, size: int) -> Iterator[tuple[str, ...]]:
    """Shards of keys: changed facts, then next looks that have come, then another policy, then another roster (sales side only).

    Each reason is walked along its own index and leaves out the leads of the reasons before it. A shard is read when it is asked for,
    so leads that are settled meanwhile are not repeated, and leads that stay due (plan only) are not met twice.
    """
    dirty = leads.c.facts_rev != leads.c.decided_rev
    clean = leads.c.facts_rev == leads.c.decided_rev
    later = or_(leads.c.next_look_at.is_(None), leads.c.next_look_at > now)
    other_roster = (clean, later, leads.c.policy_digest == policy_digest, leads.c.sales)
    yield from _shards(database, size, [leads.c.id], dirty)
    yield from _shards(database, size, [leads.c.next_look_at, leads.c.id], leads.c.next_look_at <= now, clean)
    yield from _shards(database, size, [leads.c.policy_digest, leads.c.id], leads.c.policy_digest < policy_digest, clean, later)
    yield from _shards(database, size, [leads.c.policy_digest, leads.c.id], leads.c.policy_digest > policy_digest, clean, later)
    yield from _shards(database, size, [leads.c.roster_digest, leads.c.id], leads.c.roster_digest < roster_digest, *other_roster)
    yield from _shards(database, size, [leads.c.roster_digest, leads.c.id], leads.c.roster_digest > roster_digest, *other_roster)


def ready_shards(database: Database, size: int) -> Iterator[tuple[str, ...]]:
    """Shards of keys of leads that are settled as ready for sales and have no owner yet."""
    return _shards(database, size, [leads.c.id], leads.c.ready)


def _shards(
    database: Database, size: int, order: Sequence[Column[int] | Column[str]], *conditions: ColumnElement[bool]
) -> Iterator[tuple[str, ...]]:
    query = select(leads.c.key, *order).where(*conditions).order_by(*order).limit(size)
    last: tuple[object, ...] | None = None
    while True:
        page = query if last is None else query.where(tuple_(*order) > tuple_(*map(literal, last)))
        with database.read() as connection:
            rows = connection.execute(page).all()
        if rows:
            yield tuple(row.key for row in rows)
        if len(rows) < size:
            return
        last = tuple(rows[-1])[1:]
