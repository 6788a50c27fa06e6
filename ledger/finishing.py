"""What became of claimed lines and creations: states, own writes, effects, and the lead's stage when nothing is left to write."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Table, select, update

from ledger.bulk import update_rows
from ledger.codec import loads, micros, plain
from ledger.columns import among
from ledger.connection import in_chunks
from ledger.edits import Ours, store_own_writes
from ledger.saving import void
from ledger.schema import creations, effects, leads, lines, live
from ledger.settling import drop_pending, settle
from ledger.values import PLANNED, ROOT, CreationResult, LineResult, LineState
from ledger.versions import ensure_ids, raise_marks

_STEERED = frozenset({"status", "owner", "lifecycle"})  # besides our own fields, what a line may write later
_WITHDRAWN = (LineState.CONFLICT, LineState.GONE, LineState.REFUSED)
_EFFECT_STATES = {LineState.DONE: "done", LineState.OPEN: PLANNED}


def finish_lines(connection: Connection, results: Sequence[LineResult], seq: int, now: datetime) -> list[Row[Any]]:
    """Record the results of lines in flight (others are ignored: telling twice changes nothing); returns the rows as they were."""
    rows = _flying(connection, lines, [result.id for result in results], ("record_id", "field", "after"))
    told = _not_put_back(connection, rows, [result for result in results if result.id in rows])
    _set_states(connection, lines, told, now)
    times = {at: micros(at or now) for at in {result.at for result in told}}
    written: dict[int, dict[str, Ours]] = {}
    for result in told:
        if result.state is LineState.DONE:
            _, _, _, record_id, field, after = rows[result.id]
            written.setdefault(record_id, {})[field] = (after or None, times[result.at])
    store_own_writes(connection, written, seq)
    _withdraw(connection, [(rows[result.id].lead_id, result.state) for result in told if result.state in _WITHDRAWN])
    return list(rows.values())


def finish_creations(connection: Connection, results: Sequence[CreationResult], seq: int, now: datetime) -> list[Row[Any]]:
    """As `finish_lines`. A new lead's own fields, status and owner count as our writes; the effect a creation carries shares its fate."""
    rows = _flying(connection, creations, [result.id for result in results], ("object", "unique_key", "body"))
    told = [result for result in results if result.id in rows]
    _set_states(connection, creations, told, now)
    refs = [(None if result.ref is None else str(result.ref), result.id) for result in told]
    update_rows(connection, creations, ("ref",), ("id",), refs)
    _carry(connection, rows, told, now)
    done = [result for result in told if result.state == LineState.DONE and result.ref is not None]
    made = [result for result in done if rows[result.id].object == ROOT]
    ids = ensure_ids(connection, (str(result.ref) for result in made))
    at = micros(now)
    written = {
        ids[str(result.ref)]: {name: (value or None, at) for name, value in _steered(rows[result.id].body).items()} for result in made
    }
    store_own_writes(connection, written, seq)
    _withdraw(connection, [(rows[result.id].lead_id, result.state) for result in told if rows[result.id].object == ROOT])
    return list(rows.values())


def settle_finished(connection: Connection, rows: Sequence[Row[Any]]) -> None:
    """Leads whose last line of a plan is done are what that plan's decision said."""
    by_plan: dict[int, set[int]] = {}
    for plan_id, lead_id in {(row[1], row[2]) for row in rows}:
        by_plan.setdefault(plan_id, set()).add(lead_id)
    for plan_id, lead_ids in by_plan.items():
        settle(connection, lead_ids, plan_id)


def expire_lines(connection: Connection, now: datetime) -> int:
    """What is past its time is void, with everything else of its leads; they are due. Returns how many lines and creations."""
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


def _flying(connection: Connection, table: Table, ids: Collection[int], names: Sequence[str]) -> dict[int, Row[Any]]:
    columns = [table.c[name] for name in ("id", "plan_id", "lead_id", *names)]
    query = select(*columns).where(among(table.c.id, "ids"), table.c.state == LineState.IN_FLIGHT)
    return {row[0]: row for part in in_chunks(ids) for row in connection.execute(query, {"ids": part}).all()}


def _not_put_back(connection: Connection, rows: dict[int, Row[Any]], told: Sequence[LineResult]) -> list[LineResult]:
    """A line comes back for later only while its decision still stands: another line of the lead may have failed meanwhile."""
    back = {rows[result.id].lead_id for result in told if result.state is LineState.OPEN}
    if not back:
        return list(told)
    query = select(leads.c.id, leads.c.pending_plan).where(among(leads.c.id, "ids"))
    standing = {row.id: row.pending_plan for part in in_chunks(sorted(back)) for row in connection.execute(query, {"ids": part})}
    return [
        replace(result, state=LineState.SUPERSEDED)
        if result.state == LineState.OPEN and standing[rows[result.id].lead_id] != rows[result.id].plan_id
        else result
        for result in told
    ]


def _set_states(connection: Connection, table: Table, told: Sequence[LineResult] | Sequence[CreationResult], now: datetime) -> None:
    """Nearly every row of a batch ends alike, so rows are written by what became of them."""
    alike: dict[tuple[LineState, str], list[int]] = {}
    for result in told:
        alike.setdefault((result.state, result.detail), []).append(result.id)
    for (state, detail), ids in alike.items():
        values: dict[str, Any] = {"state": state, "detail": plain(detail), "finished_at": None if state == LineState.OPEN else micros(now)}
        query = update(table).where(among(table.c.id, "ids")).values(values)
        for part in in_chunks(ids):
            connection.execute(query, {"ids": part})


def _withdraw(connection: Connection, states: Sequence[tuple[int, LineState]]) -> None:
    """One decision holds together: where a part of it did not come about, the rest is not written and it does not come into force."""
    lost = {lead_id for lead_id, state in states if state in _WITHDRAWN}
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
