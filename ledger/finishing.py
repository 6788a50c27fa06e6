"""What became of claimed lines and creations: states, own writes, effects, and the lead's stage when nothing is left to write."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, Table, select, update

from ledger.bulk import update_rows
from ledger.codec import loads, micros, plain
from ledger.columns import among
from ledger.connection import in_chunks
from ledger.edits import store_own_writes
from ledger.packing import Fate, Results, by_row, in_flight, mixed_fate, shared_fate, written
from ledger.saving import void
from ledger.schema import creations, effects, leads, lines, live, waiting
from ledger.settling import drop_pending, settle
from ledger.values import PLANNED, ROOT, TASK, CreationResult, LineResult, LineState
from ledger.versions import ensure_ids, raise_marks

_STEERED = frozenset({"status", "owner", "lifecycle"})  # besides our own fields, what a line may write later
_WITHDRAWN = (LineState.CONFLICT, LineState.GONE, LineState.REFUSED)
_EFFECT_STATES = {LineState.DONE: "done", LineState.OPEN: PLANNED}


class Finished(NamedTuple):
    """What one row came to: how many lines (or creations) of a lead's plan have their fate now."""

    plan_id: int
    lead_id: int
    size: int


def finish_lines(connection: Connection, results: Sequence[LineResult], seq: int, now: datetime) -> list[Finished]:
    """Record the results of lines in flight; others are ignored: telling twice changes nothing."""
    if not results:
        return []
    told, at = by_row(results), micros(now)
    rows = _flying(connection, lines, told, ("record_id", "object", "size", "body", "fates")).values()
    ends = [(row, mine, shared_fate(row, mine)) for row in rows if (mine := in_flight(row, told[row.id]))]
    _set_states(connection, lines, [(row.id, *shared) for row, _, shared in ends if shared is not None], at)
    mixed = [(*mixed_fate(row, mine, at), row.id) for row, mine, shared in ends if shared is None]
    update_rows(connection, lines, Fate._fields, ("id",), mixed)
    store_own_writes(connection, {row.record_id: written(row, mine, at) for row, mine, _ in ends}, seq)
    # A task that a person has taken in hand is left to him; the lead moves all the same.
    parts = [end for end in ends if end[0].object != TASK]
    _withdraw(connection, {(row.lead_id, state) for row, mine, shared in parts for state in _states(mine, shared)})
    _recall(connection, [row.id for row, _, shared in ends if shared is None or shared[0] == LineState.OPEN])
    return [Finished(row.plan_id, row.lead_id, len(mine)) for row, mine, _ in ends]


def _states(told: Results, shared: tuple[LineState, str] | None) -> Iterable[LineState]:
    return [shared[0]] if shared is not None else [result.state for result in told.values()]


def finish_creations(connection: Connection, results: Sequence[CreationResult], seq: int, now: datetime) -> list[Finished]:
    """As `finish_lines`. A new lead's own fields, status and owner count as our writes; the effect a creation carries shares its fate."""
    if not results:
        return []
    rows = _flying(connection, creations, [result.id for result in results], ("object", "unique_key", "body"))
    told = [result for result in results if result.id in rows]
    _set_states(connection, creations, [(result.id, result.state, result.detail) for result in told], micros(now))
    refs = [(None if result.ref is None else str(result.ref), result.id) for result in told]
    update_rows(connection, creations, ("ref",), ("id",), refs)
    _carry(connection, rows, told, now)
    done = [result for result in told if result.state == LineState.DONE and result.ref is not None]
    made = [result for result in done if rows[result.id].object == ROOT]
    ids = ensure_ids(connection, (str(result.ref) for result in made))
    at = micros(now)
    values = {
        ids[str(result.ref)]: {name: (value or None, at) for name, value in _steered(rows[result.id].body).items()} for result in made
    }
    store_own_writes(connection, values, seq)
    _withdraw(connection, {(rows[result.id].lead_id, result.state) for result in told if rows[result.id].object == ROOT})
    return [Finished(row.plan_id, row.lead_id, 1) for row in rows.values()]


def settle_finished(connection: Connection, finished: Sequence[Finished]) -> None:
    """Leads whose last line of a plan is done are what that plan's decision said."""
    by_plan: dict[int, set[int]] = {}
    for plan_id, lead_id, _ in finished:
        by_plan.setdefault(plan_id, set()).add(lead_id)
    for plan_id, lead_ids in by_plan.items():
        settle(connection, lead_ids, plan_id)


def expire_lines(connection: Connection, now: datetime) -> int:
    """What is past its time is void, with everything else of its leads; they are due. Returns how many records and creations."""
    at, count, found = micros(now), 0, set()
    for table in (lines, creations):
        stale = select(table.c.lead_id).where(live(table), table.c.state != LineState.IN_FLIGHT, table.c.expires_at <= at)
        if table is lines:
            # Always true: it names the column of the index that holds the live lines and no others.
            stale = stale.where(lines.c.record_id > 0)
        else:
            # A task whose lead stands as planned is owed whatever the hour; it goes stale only while nobody has approved it.
            stale = stale.where((table.c.object == ROOT) | (table.c.state == LineState.PROPOSED))
        leads_found = list(connection.execute(stale).scalars())
        count += len(leads_found)
        found |= set(leads_found)
    void(connection, found, LineState.EXPIRED)
    drop_pending(connection, found)
    raise_marks(connection, found)
    return count


def _flying(connection: Connection, table: Table, ids: Collection[int], names: tuple[str, ...]) -> dict[int, Row[Any]]:
    query = _flying_query(table, names)
    return {row[0]: row for part in in_chunks(ids) for row in connection.execute(query, {"ids": part}).all()}


@cache
def _flying_query(table: Table, names: tuple[str, ...]) -> Select[Any]:
    columns = [table.c[name] for name in ("id", "plan_id", "lead_id", *names)]
    return select(*columns).where(among(table.c.id, "ids"), table.c.state == LineState.IN_FLIGHT)


def _recall(connection: Connection, row_ids: Sequence[int]) -> None:
    """Lines come back for later only while their decision still stands: another line of the lead may have failed meanwhile."""
    standing = select(leads.c.id).where(leads.c.id == lines.c.lead_id, leads.c.pending_plan == lines.c.plan_id)
    query = update(lines).where(among(lines.c.id, "ids"), waiting(lines), ~standing.exists()).values(state=LineState.SUPERSEDED)
    for part in in_chunks(row_ids):
        connection.execute(query, {"ids": part})


def _set_states(connection: Connection, table: Table, told: Sequence[tuple[int, LineState, str]], at: int) -> None:
    """Nearly every row of a batch ends alike, so rows (id, state, detail) are written by what became of them."""
    alike: dict[tuple[LineState, str], list[int]] = {}
    for row_id, state, detail in told:
        alike.setdefault((state, detail), []).append(row_id)
    for (state, detail), ids in alike.items():
        values: dict[str, Any] = {"state": state, "detail": plain(detail), "finished_at": None if state == LineState.OPEN else at}
        query = update(table).where(among(table.c.id, "ids")).values(values)
        for part in in_chunks(ids):
            connection.execute(query, {"ids": part})


def _withdraw(connection: Connection, states: Collection[tuple[int, LineState]]) -> None:
    """One decision holds together: where a part of it did not come about, the rest is not written and it does not come into force."""
    lost = {lead_id for lead_id, state in states if state in _WITHDRAWN}
    if not lost:
        return
    void(connection, lost, LineState.SUPERSEDED)
    drop_pending(connection, lost)
    # What the CRM refuses it would refuse again at once: such a lead waits for its next look or for somebody to mend it.
    raise_marks(connection, {lead_id for lead_id, state in states if state in (LineState.CONFLICT, LineState.GONE)})


def _carry(connection: Connection, rows: dict[int, Row[Any]], told: Sequence[CreationResult], now: datetime) -> None:
    marks = []
    for result in told:
        state = _EFFECT_STATES.get(result.state, "refused")
        ref, end = "" if result.ref is None else str(result.ref), None if state == PLANNED else micros(now)
        row = rows[result.id]
        marks.append((row.lead_id, row.unique_key, (state, ref, plain(result.detail), end)))
    mark_carried(connection, ("state", "ref", "detail", "finished_at"), marks)


def mark_carried(connection: Connection, names: tuple[str, ...], marks: Sequence[tuple[int, str, tuple[str | int | None, ...]]]) -> None:
    """The effect that a creation carries out shares its fate; its key is the creation's unique key. Marks: lead id, key, values."""
    rows = []
    for lead_id, unique_key, values in marks:
        kind, _, rest = unique_key.partition("|")
        transition, _, episode = rest.partition("|")[2].rpartition("|")
        if episode.isdigit():
            rows.append((*values, kind, lead_id, transition, int(episode), True))
    update_rows(connection, effects, names, ("kind", "lead_id", "transition", "episode", "carried"), rows)


def _steered(body: str) -> dict[str, str]:
    return {name: value for name, value in loads(body).items() if name in _STEERED or name.startswith("handoff_")}
