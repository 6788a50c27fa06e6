"""The history of decisions, and small look-ups that leads are found by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, delete, func, or_, select

from handoff.decision import Decision
from ledger.bulk import insert_rows
from ledger.codec import digest, dump_decision, load_decision, maybe_moment, micros, moment
from ledger.columns import among
from ledger.connection import in_chunks
from ledger.schema import creations, decisions, leads, lines, people, records, ticks, versions
from ledger.values import ROOT, LineState, Moved, Past


class Made(NamedTuple):
    """What the decisions of one call have in common."""

    run_id: int
    decided_at: int
    policy_digest: str
    frame_digest: str


_ROW = (*("lead_id", "seq", "unchanged", "prior", "body", "digest"), *Made._fields)


def add_decisions(connection: Connection, made: Made, rows: Iterable[tuple[Decision, int, str | None, int]]) -> None:
    """Add (decision, lead id, the prior before it, the tick its facts were read at) to the history."""
    values = []
    for decision, lead_id, prior, seq in rows:
        body = dump_decision(decision)
        values.append((lead_id, seq, decision.unchanged, prior, body, digest(body), *made))
    insert_rows(connection, decisions, _ROW, values)


def forget_looks(connection: Connection, run_id: int, seen: Sequence[tuple[int, bool]]) -> None:
    """Make room: this run's earlier rows of the same leads, and earlier looks that changed nothing (only the latest is kept)."""
    mine = among(decisions.c.lead_id, "ids")
    for part in in_chunks(lead_id for lead_id, _ in seen):
        connection.execute(delete(decisions).where(decisions.c.run_id == run_id, mine), {"ids": part})
    for part in in_chunks(lead_id for lead_id, unchanged in seen if unchanged):
        connection.execute(delete(decisions).where(decisions.c.unchanged, mine), {"ids": part})


def prior_texts(connection: Connection, ids: Collection[int]) -> dict[int, str | None]:
    """Lead id -> its stored prior."""
    query = select(leads.c.id, leads.c.prior).where(among(leads.c.id, "ids"))
    return {row.id: row.prior for part in in_chunks(ids) for row in connection.execute(query, {"ids": part})}


def decision_row(connection: Connection, lead_id: int, as_of: datetime | None) -> Row[Any] | None:
    """The latest decision of a lead, or the latest at `as_of`."""
    query = select(decisions).where(decisions.c.lead_id == lead_id)
    if as_of is not None:
        query = query.where(decisions.c.decided_at <= micros(as_of))
    return connection.execute(query.order_by(decisions.c.decided_at.desc(), decisions.c.id.desc()).limit(1)).one_or_none()


def past_of(connection: Connection, ids: Collection[int]) -> dict[int, tuple[Past, ...]]:
    """Lead id -> its decisions that took force and changed something, oldest first.

    A decision that was only planned has a revision beyond the lead's own; of several with one revision the last is the one that stands.
    """
    made: dict[int, dict[int, tuple[int, datetime, Decision]]] = defaultdict(dict)
    written: dict[tuple[int, int], datetime | None] = {}
    for part in in_chunks(sorted(ids)):
        for row in connection.execute(_PAST, {"ids": part}):
            decision = load_decision(row.body)
            if decision.rev <= row.rev and not decision.held_back:
                made[row.lead_id][decision.rev] = (row.run_id, moment(row.decided_at), decision)
        for row in connection.execute(_WRITTEN, {"ids": part}):
            written[row.lead_id, row.run_id] = maybe_moment(row.at)
    return {
        lead: tuple(Past(at, decision, written.get((lead, run_id))) for _, (run_id, at, decision) in sorted(found.items()))
        for lead, found in made.items()
    }


_PAST = (
    select(decisions.c.lead_id, decisions.c.run_id, decisions.c.decided_at, decisions.c.body, leads.c.rev)
    .join(leads, leads.c.id == decisions.c.lead_id)
    .where(among(decisions.c.lead_id, "ids"), ~decisions.c.unchanged)
    .order_by(decisions.c.id)
)
_WRITTEN = (
    select(lines.c.lead_id, lines.c.run_id, func.max(lines.c.finished_at).label("at"))
    .where(among(lines.c.lead_id, "ids"), lines.c.state == LineState.DONE.value)
    .group_by(lines.c.lead_id, lines.c.run_id)
)


def moves_of(connection: Connection, lead_id: int, limit: int) -> tuple[Moved, ...]:
    """The latest decisions of a lead that changed something, newest first, with what became of each.

    As in `past_of`, of several decisions with one revision the last is the one that stands.
    """
    query = select(decisions.c.run_id, decisions.c.decided_at, decisions.c.body).where(decisions.c.lead_id == lead_id)
    rows = connection.execute(query.where(~decisions.c.unchanged).order_by(decisions.c.id.desc()).limit(limit)).all()
    lead = connection.execute(select(leads.c.rev, leads.c.pending).where(leads.c.id == lead_id)).one()
    states, found = _states_by_run(connection, lead_id), list[Moved]()
    seen: set[int] = set()
    for row in rows:
        decision = load_decision(row.body)
        stands = decision.rev <= (lead.rev or 0) and decision.rev not in seen
        pending = lead.pending is not None and not found
        found.append(Moved(moment(row.decided_at), decision, "written" if stands else _unwritten(states[row.run_id], pending)))
        seen.add(decision.rev)
    return tuple(found)


def _unwritten(states: Collection[str], pending: bool) -> str:
    """What became of a decision that is not in force, from the states of what its run wanted to write."""
    if _TO_COME.intersection(states) or (pending and not states):
        return "planned"
    return "refused" if LineState.REFUSED in states else "unwritten"


def _states_by_run(connection: Connection, lead_id: int) -> dict[int, set[str]]:
    """Run -> the states of the fields it wanted to write of a lead, and of the lead it wanted to create."""
    found: dict[int, set[str]] = defaultdict(set)
    root = (creations.c.lead_id == lead_id) & (creations.c.object == ROOT)
    for table, mine in ((lines, lines.c.lead_id == lead_id), (creations, root)):
        for run_id, state in connection.execute(select(table.c.run_id, table.c.state).where(mine).distinct()):
            found[run_id].add(state)
    return found


_TO_COME = frozenset({LineState.PROPOSED, LineState.OPEN, LineState.IN_FLIGHT})


def seq_at(connection: Connection, as_of: datetime) -> int:
    """The last tick at or before a time, 0 when the ledger is younger."""
    return int(connection.execute(select(func.coalesce(func.max(ticks.c.seq), 0)).where(ticks.c.at <= micros(as_of))).scalar_one())


def found_ids(connection: Connection, words: str) -> set[int]:
    """Ids of leads whose records carry this e-mail address now, or are this record."""
    if "@" in words:
        query = (
            select(records.c.lead_id)
            .join(people, people.c.record_id == records.c.id)
            .join(versions, (versions.c.id == records.c.version_id) & (versions.c.person_id == people.c.id))
            .where(people.c.email == words.lower())
        )
    else:
        query = select(records.c.lead_id).where(or_(records.c.ref == words, records.c.ref.endswith(f":{words}", autoescape=True)))
    return {lead_id for lead_id in connection.execute(query).scalars() if lead_id is not None}
