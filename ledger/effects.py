"""Effects: things that happen at most once per (kind, lead, transition, episode), across crashes, retries and restored ledgers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select, update

from handoff.decision import Effect, EffectKind
from handoff.facts import Ref
from ledger.codec import loads, maybe_moment, micros, plain
from ledger.columns import among
from ledger.connection import Database, in_chunks
from ledger.identity import lead_ids
from ledger.lease import require
from ledger.schema import creations, effects, leads, lines, live, people, plans
from ledger.values import PLANNED, EffectRow, LineState, Unknown

_Key = tuple[str, int, str, int]


class Effects:
    """Effects by key `kind|lead|transition|episode`. An alias of a lead is that lead. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ready(self, kind: str, after: int = 0, limit: int = 500) -> tuple[EffectRow, ...]:
        """Planned effects by id after `after`, of approved plans, whose leads have nothing left to write; not what a creation carries."""
        unwritten = select(lines.c.id).where(lines.c.lead_id == effects.c.lead_id, live(lines))
        unmade = select(creations.c.id).where(creations.c.lead_id == effects.c.lead_id, live(creations))
        mine = [effects.c.state == PLANNED, effects.c.kind == kind, effects.c.id > after, ~effects.c.carried]
        query = _rows().join(plans, plans.c.id == effects.c.plan_id).where(*mine, plans.c.state == "approved").limit(limit)
        return self._find(query.where(~unwritten.exists(), ~unmade.exists()))

    def take(self, ids: Sequence[int], token: int) -> frozenset[int]:
        """Of these planned effects, the ones that are the caller's from now on. Raises LeaseLost when `token` is not the holder's."""
        with self._database.write() as connection:
            require(connection, token)
            planned = select(effects.c.id).where(among(effects.c.id, "ids"), effects.c.state == PLANNED)
            free = list(connection.execute(planned, {"ids": list(ids)}).scalars())
            connection.execute(update(effects).where(among(effects.c.id, "ids")).values(state=LineState.IN_FLIGHT), {"ids": free})
        return frozenset(free)

    def mark(self, key: str, state: str, now: datetime, ref: str = "", detail: str = "") -> None:
        """What became of a taken effect: done, refused (did not happen) or planned (later). Raises Unknown for a key that is not taken."""
        if state not in ("done", "refused", PLANNED):
            raise ValueError(f"an effect becomes done, refused or planned, not '{state}'")
        with self._database.write() as connection:
            kind, lead_id, transition, episode = _parsed(connection, key)
            mine = (effects.c.kind == kind) & (effects.c.lead_id == lead_id) & (effects.c.transition == transition)
            values = {"state": state, "ref": ref, "detail": plain(detail), "finished_at": None if state == PLANNED else micros(now)}
            query = update(effects).where(mine, effects.c.episode == episode, effects.c.state == LineState.IN_FLIGHT).values(values)
            if connection.execute(query).rowcount == 0:
                raise Unknown(f"the effect {key} is not in flight")

    def in_flight(self) -> tuple[EffectRow, ...]:
        """Taken and not finished: after a crash, to be looked at in the CRM first. (What a creation carries is found with the creation.)"""
        return self._find(_rows().where(effects.c.state == LineState.IN_FLIGHT, ~effects.c.carried))

    def of(self, lead_key: str | None = None, plan_id: int | None = None) -> tuple[EffectRow, ...]:
        """The effects of a lead or of a plan."""
        query = _rows()
        if plan_id is not None:
            query = query.where(effects.c.plan_id == plan_id)
        if lead_key is not None:
            with self._database.read() as connection:
                query = query.where(effects.c.lead_id == lead_ids(connection, [lead_key], strict=True)[lead_key])
        return self._find(query)

    def tasks(self, lead_keys: Sequence[str]) -> dict[Ref, Effect]:
        """The tasks that were made for these leads: the task's record -> what it was made for."""
        made = _rows().where(among(effects.c.lead_id, "ids"), effects.c.kind == EffectKind.TASK.value, effects.c.state == LineState.DONE)
        with self._database.read() as connection:
            ids = sorted(set(lead_ids(connection, lead_keys).values()))
            rows = [_effect_row(row) for part in in_chunks(ids) for row in connection.execute(made, {"ids": part})]
        return {Ref.parse(row.ref): row.effect for row in rows if row.ref}

    def _find(self, query: Select[Any]) -> tuple[EffectRow, ...]:
        with self._database.read() as connection:
            return tuple(_effect_row(row) for row in connection.execute(query))


def _rows() -> Select[Any]:
    return (
        select(effects, leads.c.key.label("lead"), people.c.body.label("own"))
        .join(leads, leads.c.id == effects.c.lead_id)
        .outerjoin(people, people.c.id == effects.c.person_id)
        .order_by(effects.c.id)
    )


def _effect_row(row: Row[Any]) -> EffectRow:
    own = loads(row.own or "{}")
    kind, due = EffectKind(row.kind), maybe_moment(row.due_at)
    effect = Effect(kind, row.lead, row.transition, row.episode, due, own.get("text", ""), own.get("subject", ""), own.get("to", ""))
    effect = effect._replace(how=own.get("how", "now"))
    return EffectRow(row.id, effect, row.state, row.plan_id, row.ref, row.detail, maybe_moment(row.finished_at))


def _parsed(connection: Connection, key: str) -> _Key:
    """Key text -> (kind, lead id, transition, episode)."""
    kind, _, rest = key.partition("|")
    lead_key, _, tail = rest.partition("|")
    transition, _, episode = tail.rpartition("|")
    if not episode.isdigit():
        raise ValueError(f"an effect key is kind|lead|transition|episode, this is not one: {key}")
    return EffectKind(kind).value, lead_ids(connection, [lead_key], strict=True)[lead_key], transition, int(episode)
