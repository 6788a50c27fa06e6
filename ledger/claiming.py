"""Taking what is to be written next: rows that were released become the caller's and nobody else's (law 5)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, select, update

from ledger.codec import micros
from ledger.columns import among
from ledger.finishing import mark_carried
from ledger.rows import creation_row, creation_rows, line_rows
from ledger.schema import creations, lines, live, waiting
from ledger.values import ROOT, CreationRow, LineState


def claim_lines(connection: Connection, system: str, name: str, limit: int, now: datetime, plan_id: int | None) -> Sequence[Row[Any]]:
    """Released lines of up to `limit` records (rows that `packing.unpack` reads), in flight from now on."""
    values = {"of_system": system, "of_object": name, "now": micros(now), "most": limit}
    rows = connection.execute(_claimable(plan_id is not None), values | ({} if plan_id is None else {"of_plan": plan_id})).all()
    if rows:
        connection.execute(_FLY, {"ids": [row.id for row in rows]})
    return rows


_FLY = update(lines).where(among(lines.c.id, "ids")).values(state=LineState.IN_FLIGHT)


@cache
def _claimable(one_plan: bool) -> Select[Any]:
    mine = [waiting(lines), lines.c.system == bindparam("of_system"), lines.c.object == bindparam("of_object")]
    mine.append(lines.c.expires_at > bindparam("now"))
    if one_plan:
        mine.append(lines.c.plan_id == bindparam("of_plan"))
    return line_rows().order_by(None).where(*mine).order_by(lines.c.record_id).limit(bindparam("most"))


def claim_creations(connection: Connection, system: str, name: str, limit: int, now: datetime, plan_id: int | None) -> list[CreationRow]:
    """Up to `limit` released creations, in flight from now on; what hangs on a lead waits until the lead stands as planned."""
    query = creation_rows().where(waiting(creations), creations.c.system == system, creations.c.object == name).limit(limit)
    if plan_id is not None:
        query = query.where(creations.c.plan_id == plan_id)
    if name == ROOT:
        query = query.where(creations.c.expires_at > micros(now))
    else:
        roots = creations.alias("roots")
        first = select(roots.c.id).where(roots.c.lead_id == creations.c.lead_id, live(roots), roots.c.object == ROOT)
        unwritten = select(lines.c.id).where(lines.c.lead_id == creations.c.lead_id, live(lines))
        query = query.where(~first.exists(), ~unwritten.exists())
    rows = connection.execute(query).all()
    flying = update(creations).where(among(creations.c.id, "ids")).values(state=LineState.IN_FLIGHT)
    connection.execute(flying, {"ids": [row.id for row in rows]})
    mark_carried(connection, ("state",), [(row.lead_id, row.unique_key, (LineState.IN_FLIGHT.value,)) for row in rows])
    return [creation_row(row) for row in rows]
