"""From a pending decision to what the lead is.

A decision is pending when it is saved. Its lead stops being due when the plan is approved (`consume`); the decision comes into force
when nothing of it is left to write (`settle`). A crash in between leaves the lead due or its lines open, never neither.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select, update

from handoff.decision import Decision, Prior, Side, prior_of
from ledger.bulk import update_rows
from ledger.codec import dump_prior, dumps, loads, maybe_micros
from ledger.columns import among
from ledger.connection import in_chunks
from ledger.schema import creations, leads, lines, live
from ledger.values import ROOT, Mark

_AT_ONCE = 200
"""Pending decisions in memory at once; one takes about 1,600 bytes."""
_OF_PLAN = (
    select(leads.c.id).where(leads.c.pending_plan == bindparam("plan"), leads.c.id > bindparam("last")).order_by(leads.c.id).limit(_AT_ONCE)
)


def pending_text(decision: Decision, mark: Mark, policy_digest: str, roster_digest: str) -> str:
    """What the lead's row will say once the decision is consumed and settled, as JSON."""
    columns = {
        "decided_rev": mark.rev,
        "next_look_at": maybe_micros(decision.next_look_at),
        "policy_digest": policy_digest,
        "roster_digest": roster_digest,
        "sales": decision.side == Side.SALES,
        "ready": decision.ready,
        "in_scope": decision.in_scope,
    }
    return dumps({"columns": columns, "prior": None if decision.held_back else dump_prior(prior_of(decision))})


def await_settling(connection: Connection, pending: Mapping[int, str]) -> None:
    """Keep pending decisions by lead id, in place of earlier ones."""
    if pending:
        values = [(text, None, lead_id) for lead_id, text in pending.items()]
        update_rows(connection, leads, ("pending", "pending_plan"), ("id",), values)


def consume(connection: Connection, lead_ids: Collection[int], plan_id: int) -> None:
    """The pending decisions have become approved lines of this plan: their leads are no longer due."""
    rows = [{"id": row.id, **loads(row.pending)["columns"]} for row in _pending(connection, lead_ids)]
    _update(connection, rows, {"pending_plan": plan_id})


def consume_plan(connection: Connection, plan_id: int) -> None:
    """As `consume`, for every lead that waits for this plan; in parts, because a plan may hold as many leads as there are."""
    last = 0
    while mine := connection.execute(_OF_PLAN, {"plan": plan_id, "last": last}).scalars().all():
        consume(connection, mine, plan_id)
        last = mine[-1]


def adopt_plan(connection: Connection, lead_ids: Collection[int], plan_id: int) -> None:
    """The pending decisions have become proposed lines of this plan: their leads stay due."""
    for part in in_chunks(sorted(lead_ids)):
        query = update(leads).where(among(leads.c.id, "ids"), leads.c.pending.is_not(None))
        connection.execute(query.values(pending_plan=plan_id), {"ids": part})


def settle(connection: Connection, lead_ids: Collection[int], plan_id: int | None = None) -> int:
    """Put pending decisions in force where no line or creation is left to write; with `plan_id`, only decisions of that plan.

    A plan's decisions were consumed when it was approved, so their leads' rows say everything but the prior already.
    """
    moved, kept = [], []
    for row in _pending(connection, lead_ids, idle=True, plan_id=plan_id):
        pending = loads(row.pending)
        columns = {"id": row.id, **(pending["columns"] if plan_id is None else {})}
        if pending["prior"] is None:  # outside the rollout: looked at, and what it was
            kept.append(columns)
        else:
            prior = loads(pending["prior"])  # without its blank values
            told = {"prior": pending["prior"], "rev": prior["rev"], "stage": prior.get("stage", ""), "owner": prior.get("owner", "")}
            moved.append(columns | told)
    for rows in (moved, kept):
        _update(connection, rows, {"pending": None, "pending_plan": None})
    return len(moved) + len(kept)


def prior_columns(prior: Prior) -> dict[str, str | int]:
    """The columns of a lead's row that say what it is."""
    return {"prior": dump_prior(prior), "rev": prior.rev, "stage": prior.stage, "owner": prior.owner}


def drop_pending(connection: Connection, lead_ids: Collection[int]) -> None:
    """These decisions will not come into force; the leads are what they were."""
    for part in in_chunks(sorted(lead_ids)):
        query = update(leads).where(among(leads.c.id, "ids")).values(pending=None, pending_plan=None)
        connection.execute(query, {"ids": part})


def _pending(connection: Connection, lead_ids: Collection[int], *, idle: bool = False, plan_id: int | None = None) -> list[Any]:
    query, values = _pending_query(idle, plan_id is not None), {"plan": plan_id} if plan_id is not None else {}
    return [row for part in in_chunks(sorted(lead_ids)) for row in connection.execute(query, {"ids": part, **values})]


@cache
def _pending_query(idle: bool, of_plan: bool) -> Select[Any]:
    query: Select[Any] = select(leads.c.id, leads.c.pending).where(among(leads.c.id, "ids"), leads.c.pending.is_not(None))
    if of_plan:
        query = query.where(leads.c.pending_plan == bindparam("plan"))
    if idle:
        query = query.where(~select(lines.c.id).where(lines.c.lead_id == leads.c.id, live(lines)).exists())
        # A task may come later; a lead that is still to be created may not.
        roots = select(creations.c.id).where(creations.c.lead_id == leads.c.id, creations.c.object == ROOT, live(creations))
        query = query.where(~roots.exists())
    return query


def _update(connection: Connection, rows: list[dict[str, Any]], fixed: Mapping[str, int | None]) -> None:
    if rows:
        names = tuple(name for name in rows[0] if name != "id")
        values = [(*(row[name] for name in names), *fixed.values(), row["id"]) for row in rows]
        update_rows(connection, leads, (*names, *fixed), ("id",), values)
