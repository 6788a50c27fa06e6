"""Rows of the outbox to their values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from handoff.facts import Ref
from handoff.plan import Creation
from ledger.codec import loads, maybe_moment, moment
from ledger.packing import unpack
from ledger.schema import creations, leads, lines, people, plans, records
from ledger.values import Batch, CreationRow, LineState, PlanRow

_LIFE = ("id", "plan_id", "run_id", "state", "detail", "finished_at")
_LINES = ("object", "transition", "because", "due_at", "body", "fates")


def line_rows() -> Select[Any]:
    """Rows that `packing.unpack` reads: one per record."""
    life, words = ([lines.c[name] for name in names] for names in (_LIFE, _LINES))
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


def batch(rows: Iterable[Row[Any]], created: Iterable[CreationRow] = ()) -> Batch:
    """What waits in live rows, at most one per record."""
    groups = (unpack(row, waiting=True) for row in rows)
    return Batch({ref: tuple(group) for group in groups if (ref := group[0].line.ref) is not None}, tuple(created))


def plan_row(row: Row[Any], counts: tuple[int, int, int]) -> PlanRow:
    """One plan; `counts` are its lines, creations and notices."""
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
