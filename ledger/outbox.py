"""The outbox: what is to be written, who claimed it, what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain, islice
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, update

from handoff.decision import EffectKind
from handoff.facts import Record, Ref
from handoff.vocabulary import MOVES
from ledger.claiming import claim_creations, claim_lines
from ledger.codec import digest, dumps, micros
from ledger.connection import Database, tick
from ledger.edits import count_flips, last_writes
from ledger.facts import store_missing, store_verified
from ledger.finishing import expire_lines, finish_creations, finish_lines, settle_finished
from ledger.identity import lead_ids
from ledger.lease import require
from ledger.packing import ROOM, unpack
from ledger.people import Keeping
from ledger.rows import batch, count_rows, creation_row, creation_rows, line_rows, plan_by_id, plan_row
from ledger.saving import Target, resolve_part, save_part
from ledger.schema import creations, effects, lines, live, plans, waiting
from ledger.settling import consume_plan
from ledger.values import (
    Batch,
    CreationResult,
    CreationRow,
    LineResult,
    LineRow,
    LineState,
    NewPlan,
    OwnWrite,
    PlanRefused,
    PlanRow,
    Unknown,
)

UPDATE, CREATE = "update", "create"
_LEAD = attrgetter("lead")
_PAGE = 2000


class Outbox:
    """Plans, lines and creations. Each method is one transaction."""

    def __init__(self, database: Database, keeping: Keeping) -> None:
        self._database, self._keeping = database, keeping

    def save_plan(
        self,
        run_id: int,
        plan: NewPlan,
        now: datetime,
        expires_at: datetime,
        *,
        approved: bool,
        token: int | None = None,
        plan_id: int | None = None,
    ) -> int:
        """Save a plan, or append a part to the plan `plan_id`; returns its id. Whatever was open for the decided leads is superseded.

        `approved` releases the lines at once; otherwise they are proposed and wait for `approve`. Raises LeaseLost for a stale `token`.
        """
        with self._database.write() as connection:
            if token is not None:
                require(connection, token)
            keys = chain(plan.decided, *(map(_LEAD, made) for made in (plan.lines, plan.creations, plan.effects)))
            part = resolve_part(connection, plan, lead_ids(connection, keys, strict=True))
            number = _plan_id(connection, run_id, now, expires_at, approved=approved) if plan_id is None else plan_id
            state = LineState.OPEN if approved else LineState.PROPOSED
            printed = save_part(connection, self._keeping, Target(number, run_id, expires_at, state), part)
            _extend(connection, number, plan, printed, len(part.left_out))
        return number

    def plan(self, plan_id: int) -> PlanRow:
        """One plan with its counts. Raises Unknown."""
        with self._database.read() as connection:
            row = plan_by_id(connection, plan_id)
            if row is None:
                raise Unknown(f"there is no plan {plan_id}; `handoff plan` makes one")
            return plan_row(row, _counts(connection, plan_id))

    def waits(self, plan_id: int, now: datetime) -> bool:
        """Whether approving this plan would still set something off: it is proposed, in time, and was not replaced whole meanwhile."""
        with self._database.read() as connection:
            row = plan_by_id(connection, plan_id)
            return row is not None and row.state == "proposed" and row.expires_at > micros(now) and not _replaced(connection, plan_id)

    def waiting(self, now: datetime) -> tuple[PlanRow, ...]:
        """Every plan that `waits`, newest first."""
        proposed = select(plans).where(plans.c.state == "proposed", plans.c.expires_at > micros(now)).order_by(plans.c.id.desc())
        with self._database.read() as connection:
            rows = [row for row in connection.execute(proposed).all() if not _replaced(connection, row.id)]
            return tuple(plan_row(row, _counts(connection, row.id)) for row in rows)

    def plans_of(self, run_id: int) -> tuple[int, ...]:
        """The plans that a run made, the latest first."""
        with self._database.read() as connection:
            return tuple(connection.execute(select(plans.c.id).where(plans.c.run_id == run_id).order_by(plans.c.id.desc())).scalars())

    def approve(self, plan_id: int, by: str, plan_digest: str, now: datetime) -> None:
        """Release a proposed plan as it was shown. Raises PlanRefused when it expired, was approved before, or is not what was shown."""
        with self._database.write() as connection:
            row = plan_by_id(connection, plan_id)
            _check_approval(row, plan_id, plan_digest, now)
            if by and _replaced(connection, plan_id):
                msg = (
                    f"plan {plan_id} holds nothing any more: its leads were decided afresh since. `handoff runs` lists the plans that wait"
                )
                raise PlanRefused(msg)
            values = {"state": "approved", "approved_by": by, "approved_at": micros(now)}
            connection.execute(update(plans).where(plans.c.id == plan_id).values(values))
            for table in (lines, creations):
                query = update(table).where(table.c.plan_id == plan_id, table.c.state == LineState.PROPOSED)
                connection.execute(query.values(state=LineState.OPEN))
            consume_plan(connection, plan_id)

    def claim(self, system: str, object_name: str, op: str, limit: int, token: int, now: datetime, plan_id: int | None = None) -> Batch:
        """Take up to `limit` records (or creations) to write; nobody else gets them. Raises LeaseLost when `token` is not the holder's.

        Tasks are given out when their lead has nothing else left to write.
        """
        with self._database.write() as connection:
            require(connection, token)
            if op == CREATE:
                return batch((), claim_creations(connection, system, object_name, limit, now, plan_id))
            return batch(claim_lines(connection, system, object_name, limit, now, plan_id))

    def in_flight(self) -> Batch:
        """Everything claimed and not finished: after a crash, to be looked at in the CRM first."""
        with self._database.read() as connection:
            # Numbers are above zero, always: it names the columns of the indexes that hold the live rows and no others.
            flying = [live(lines), lines.c.record_id > 0, lines.c.state == LineState.IN_FLIGHT]
            found = connection.execute(line_rows().where(*flying)).all()
            made = [live(creations), creations.c.lead_id > 0, creations.c.state == LineState.IN_FLIGHT]
            return batch(found, [creation_row(row) for row in connection.execute(creation_rows().where(*made))])

    def finish(
        self,
        token: int,
        results: Sequence[LineResult | CreationResult],
        now: datetime,
        verified: Sequence[Record] = (),
        fields: Sequence[str] = (),
        missing: Sequence[Ref] = (),
    ) -> int:
        """Record what became of claimed rows, with the read-back of `fields` and the records that a read by id did not find; returns how
        many rows were still in flight.

        A conflict or a vanished record withdraws the lead's other open rows and makes it due; a refusal withdraws them only. A lead whose
        last line is done is what its decision said. Raises LeaseLost when `token` is not the holder's.
        """
        with self._database.write() as connection:
            require(connection, token)
            seq = tick(connection, now)
            ended = finish_lines(connection, [result for result in results if isinstance(result, LineResult)], seq, now)
            ended += finish_creations(connection, [result for result in results if isinstance(result, CreationResult)], seq, now)
            if verified:
                store_verified(connection, self._keeping, verified, fields, seq, now)
            store_missing(connection, self._keeping, missing, seq, now)
            settle_finished(connection, ended)
        return sum(one.size for one in ended)

    def expire(self, now: datetime) -> int:
        """Void what is past its time and make its leads due; returns how many records and creations had something to write."""
        with self._database.write() as connection:
            old = update(plans).where(plans.c.state == "proposed", plans.c.expires_at <= micros(now))
            connection.execute(old.values(state="expired"))
            return expire_lines(connection, now)

    def lines(
        self, plan_id: int | None = None, lead_key: str | None = None, after: int = 0, limit: int = 1000, *, undone: bool = False
    ) -> tuple[LineRow, ...]:
        """Lines by id after `after`, at most `limit`, of a plan or a lead; with `undone`, only those that were not written."""
        with self._database.read() as connection:
            query = line_rows().where(lines.c.id >= after // ROOM, *_of(connection, lines, plan_id, lead_key))
            if undone:
                query = query.where(lines.c.state != LineState.DONE)
            # A row is many lines, how many is known when it is read: the rows come in small parts until there are enough.
            with connection.execute(query.execution_options(yield_per=limit // 8 + 1)) as rows:
                found = (line for row in rows for line in unpack(row) if line.id > after and not (undone and line.state is LineState.DONE))
                return tuple(islice(found, limit))

    def created(
        self, plan_id: int | None = None, lead_key: str | None = None, after: int = 0, limit: int = 1000
    ) -> tuple[CreationRow, ...]:
        """Creations by id after `after`, at most `limit`, of a plan or a lead."""
        with self._database.read() as connection:
            query = creation_rows().where(creations.c.id > after, *_of(connection, creations, plan_id, lead_key)).limit(limit)
            return tuple(creation_row(row) for row in connection.execute(query))

    def each_line(
        self, plan_id: int | None = None, lead_key: str | None = None, *, undone: bool = False, size: int = _PAGE
    ) -> Iterator[LineRow]:
        """Every line of a plan or a lead, as `lines` gives them: `size` of them in memory, one transaction for each such page."""
        after = 0
        while page := self.lines(plan_id, lead_key, after, size, undone=undone):
            yield from page
            after = page[-1].id

    def each_created(self, plan_id: int | None = None, lead_key: str | None = None, *, size: int = _PAGE) -> Iterator[CreationRow]:
        """Every creation of a plan or a lead, likewise."""
        after = 0
        while page := self.created(plan_id, lead_key, after, size):
            yield from page
            after = page[-1].id

    def own_writes(self, refs: Sequence[Ref]) -> dict[Ref, dict[str, OwnWrite]]:
        """Per record and field, the last value of ours that was read back."""
        with self._database.read() as connection:
            return last_writes(connection, refs)

    def flips(self, refs: Sequence[Ref], since: datetime) -> dict[tuple[Ref, str], int]:
        """How often others replaced our value per (record, field) since `since` (CRM time); absent means never."""
        with self._database.read() as connection:
            return count_flips(connection, refs, since)

    def written(self, plan_id: int) -> tuple[dict[str, int], dict[str, int], int]:
        """(rule -> leads, kind of move -> leads) that a plan has written whole, and how many of its records were not written."""
        of_plan, leads_of = lines.c.plan_id == plan_id, func.count(lines.c.lead_id.distinct())
        lost = lines.alias("lost")
        whole = lines.c.lead_id.not_in(select(lost.c.lead_id).where(lost.c.plan_id == plan_id, lost.c.state != LineState.DONE))
        by_rule = select(lines.c.transition, leads_of).where(of_plan, whole).group_by(lines.c.transition)
        of_kind = {kind: (" " + lines.c.moves + " ").like(f"% {kind} %") for kind in MOVES}
        with self._database.read() as connection:
            rules = dict(connection.execute(by_rule).tuples().all())
            counted = {kind: select(leads_of).where(of_plan, whole, moved) for kind, moved in of_kind.items()}
            kinds = {kind: number for kind, query in counted.items() if (number := count_rows(connection, query))}
            missing = count_rows(connection, select(func.count()).where(of_plan, lines.c.state != LineState.DONE))
        return rules, kinds, missing

    def open_groups(self, plan_id: int | None = None) -> tuple[tuple[str, str, str, int], ...]:
        """(system, object, operation, lines or creations) of what is released and not claimed."""
        found = []
        with self._database.read() as connection:
            for table, op, number_of in ((creations, CREATE, func.count()), (lines, UPDATE, func.sum(lines.c.size))):
                query = select(table.c.system, table.c.object, number_of).where(waiting(table)).group_by(table.c.system, table.c.object)
                if plan_id is not None:
                    query = query.where(table.c.plan_id == plan_id)
                found += [(system, name, op, int(number)) for system, name, number in connection.execute(query)]
        return tuple(sorted(found))


def _plan_id(connection: Connection, run_id: int, now: datetime, expires_at: datetime, *, approved: bool) -> int:
    values = {
        "run_id": run_id,
        "created_at": micros(now),
        "expires_at": micros(expires_at),
        "state": "approved" if approved else "proposed",
    }
    return int(connection.execute(insert(plans).values(values).returning(plans.c.id)).scalar_one())


def _extend(connection: Connection, plan_id: int, part: NewPlan, printed: str, left_out: int) -> None:
    row = plan_by_id(connection, plan_id)
    if row is None:
        raise Unknown(f"there is no plan {plan_id} to add to")
    content = dumps({"creations": part.creations, "effects": part.effects})
    values: dict[str, Any] = {"digest": digest(row.digest, printed, content), "left_out": row.left_out + left_out}
    if part.summary:
        values["summary"] = dumps(dict(part.summary))
    connection.execute(update(plans).where(plans.c.id == plan_id).values(values))


def _replaced(connection: Connection, plan_id: int) -> bool:
    """Whether a plan had something to write and has nothing of it left."""
    had = left = 0
    for table in (lines, creations):
        of_plan = select(func.count()).select_from(table).where(table.c.plan_id == plan_id)
        had += count_rows(connection, of_plan)
        left += count_rows(connection, of_plan.where(live(table)))
    return bool(had) and not left


def _check_approval(row: Any, plan_id: int, plan_digest: str, now: datetime) -> None:
    if row is None:
        raise PlanRefused(f"there is no plan {plan_id}; `handoff plan` makes one")
    if row.state == "approved":
        raise PlanRefused(f"plan {plan_id} was approved before; `handoff plan` shows what is left to do")
    if row.state == "expired" or row.expires_at <= micros(now):
        raise PlanRefused(f"plan {plan_id} has expired: what it was made of has changed since. Make a new one with `handoff plan`")
    if row.digest != plan_digest:
        raise PlanRefused(
            f"plan {plan_id} is not the plan that was shown (digest {row.digest[:8]}, not {plan_digest[:8]}); look at it again"
        )


def _of(connection: Connection, table: Table, plan_id: int | None, lead_key: str | None) -> list[Any]:
    wanted: list[Any] = []
    if plan_id is not None:
        wanted.append(table.c.plan_id == plan_id)
    if lead_key is not None:
        wanted.append(table.c.lead_id == lead_ids(connection, [lead_key], strict=True)[lead_key])
    return wanted


def _counts(connection: Connection, plan_id: int) -> tuple[int, int, int]:
    """Lines, creations and notices of a plan."""
    of_records = select(func.coalesce(func.sum(lines.c.size), 0)).where(lines.c.plan_id == plan_id)
    made = select(func.count()).select_from(creations).where(creations.c.plan_id == plan_id)
    told = select(func.count()).select_from(effects).where(effects.c.plan_id == plan_id, effects.c.kind == EffectKind.NOTIFY.value)
    return count_rows(connection, of_records), count_rows(connection, made), count_rows(connection, told)
