"""Rows of the outbox to their values."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from handoff.facts import Ref
from handoff.plan import Creation, Line
from ledger.codec import loads, maybe_moment, moment
from ledger.schema import creations, leads, lines, people, plans, records
from ledger.values import Batch, CreationRow, LineRow, LineState, PlanRow

_LIFE = ("id", "plan_id", "run_id", "state", "detail", "finished_at")
_LINE = ("object", "field", "before", "after", "transition", "move", "because", "due_at", "clear_first")
_STATES = {state.value: state for state in LineState}
_ref = lru_cache(maxsize=1024)(Ref.parse)  # the lines of one record follow each other
_moment = lru_cache(maxsize=1024)(maybe_moment)


def line_rows() -> Select[Any]:
    """Rows that `line_row` reads."""
    life, words = ([lines.c[name] for name in names] for names in (_LIFE, _LINE))
    return (
        select(*life, leads.c.key.label("lead"), records.c.ref, *words)
        .join(leads, leads.c.id == lines.c.lead_id)
        .join(records, records.c.id == lines.c.record_id)
        .order_by(lines.c.id)
    )


def creation_rows() -> Select[Any]:
    """Rows that `creation_row` reads."""
    return (
        select(creations, leads.c.key.label("lead"), people.c.body.label("own"))
        .join(leads, leads.c.id == creations.c.lead_id)
        .outerjoin(people, people.c.id == creations.c.person_id)
        .order_by(creations.c.id)
    )


def line_row(row: Row[Any]) -> LineRow:
    """One line with its life."""
    # Unpacked in one step: this runs for every line that is written.
    number, plan, run, state, detail, end, lead, ref, kind, field, before, after, transition, move, because, due, clear = row
    line = Line(lead, _ref(ref), kind, field, before, after, transition, move, because, _moment(due), clear)
    return LineRow(number, plan, run, _STATES[state], line, detail, _moment(end))


def creation_row(row: Row[Any]) -> CreationRow:
    """One creation with its life; personal values are joined in while they are kept."""
    creation = Creation(
        row.lead,
        row.system,
        row.object,
        row.unique_key,
        {**loads(row.body), **loads(row.own or "{}")},
        tuple(Ref.parse(ref) for ref in loads(row.about)),
        row.after_key,
        row.transition,
        row.move,
        row.because,
        maybe_moment(row.due_at),
    )
    ref = None if row.ref is None else Ref.parse(row.ref)
    return CreationRow(row.id, row.plan_id, row.run_id, LineState(row.state), creation, ref, row.detail, maybe_moment(row.finished_at))


def batch(found: Iterable[LineRow], created: Iterable[CreationRow] = ()) -> Batch:
    """Lines grouped by record, in their order."""
    groups: dict[Ref, list[LineRow]] = {}
    for row in found:
        if row.line.ref is not None:
            groups.setdefault(row.line.ref, []).append(row)
    return Batch({ref: tuple(group) for ref, group in groups.items()}, tuple(created))


def plan_row(row: Row[Any], counts: tuple[int, int, int]) -> PlanRow:
    """One plan; `counts` are its lines, creations and effects."""
    return PlanRow(
        row.id,
        row.run_id,
        row.state,
        moment(row.created_at),
        moment(row.expires_at),
        row.digest,
        loads(row.summary),
        *counts,
        row.left_out,
        row.approved_by,
        maybe_moment(row.approved_at),
    )


def count_rows(connection: Connection, query: Select[tuple[int]]) -> int:
    """The one number a counting query gives."""
    return int(connection.execute(query).scalar_one())


def plan_by_id(connection: Connection, plan_id: int) -> Row[Any] | None:
    """The plan's own row, None when there is none."""
    return connection.execute(select(plans).where(plans.c.id == plan_id)).one_or_none()
