"""A plan as a person reads it before approving: lead by lead, what moves, who gets it, and why. Leads are named by record ids only."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TextIO

from connectors.protocol import TryLater
from engine.context import Engine, NotApplicable
from engine.frame import people_now, queues_of, reps_now
from engine.numbers import row_number
from engine.records import TASK
from engine.report_table import harmless
from ledger.values import LineRow, PlanRow, Unknown

STAYS = "stays"
COLUMNS = ("lead", "record", "field", "before", "after", "rule", "because", "state")


@dataclass(frozen=True, slots=True)
class PlannedLead:
    """What a plan does with one lead: stage and owner before and after ("" where they stay), fields, old tasks taken back, the reason."""

    lead: str
    rule: str
    stage: tuple[str, str]
    owner: tuple[str, str]
    fields: int
    because: str
    state: str
    tasks: int = 0

    def row(self) -> dict[str, str]:
        """The columns of a table for a person."""
        return {
            "lead": self.lead,
            "stage": f"{self.stage[0] or 'never seen'} -> {self.stage[1]}" if self.stage[1] else STAYS,
            "owner": f"{self.owner[0] or 'nobody'} -> {self.owner[1] or 'nobody'}" if any(self.owner) else STAYS,
            "tasks": f"{self.tasks} task{'s' if self.tasks > 1 else ''} taken back" if self.tasks else "",
            "rule": self.rule,
            "because": self.because,
        }

    def line(self) -> str:
        """The same in one line."""
        told = self.row()
        owner = "" if told["owner"] == STAYS else f"owner {told['owner']}"
        return f"{self.lead}  {'; '.join(filter(None, (told['stage'], owner, told['tasks'])))}  [{self.rule}] {self.because}"


def planned_leads(engine: Engine, plan_id: int | str) -> Iterator[PlannedLead]:
    """The leads of a plan, in its order. Raises NotApplicable for a plan that is not known."""
    plan, names = plan_of(engine, plan_id), _names(engine)
    for lead, rows in groupby(engine.ledger.outbox.each_line(plan.id), key=lambda row: row.line.lead):
        yield _lead(lead, list(rows), names, engine.policy.systems)


def _names(engine: Engine) -> dict[str, str]:
    """ "system:vendor id" -> the name of a person or a queue; nothing while a CRM does not answer: owners then stand by their ids."""
    try:
        return _people_and_queues(engine)
    except TryLater:
        return {}


def _people_and_queues(engine: Engine) -> dict[str, str]:
    people = {f"{system}:{vendor_id}": rep.name for rep in reps_now(engine).values() for system, vendor_id in rep.ids.items()}
    queues = queues_of(people_now(engine))
    return people | {f"{system}:{vendor_id}": name for name, ids in queues.items() for system, vendor_id in ids.items()}


def created(engine: Engine, plan_id: int | str) -> dict[str, int]:
    """How many records of each kind a plan creates."""
    made: dict[str, int] = {}
    for row in engine.ledger.outbox.each_created(plan_of(engine, plan_id).id):
        made[row.creation.object] = made.get(row.creation.object, 0) + 1
    return made


def write_csv(engine: Engine, plan_id: int | str, file: TextIO) -> int:
    """Every field of a plan as CSV; returns how many lines were written."""
    plan, table, written = plan_of(engine, plan_id), csv.writer(file, lineterminator="\n"), 0
    table.writerow(COLUMNS)
    for row in engine.ledger.outbox.each_line(plan.id):
        line = row.line
        values = (line.lead, str(line.ref), line.field, line.before or "", line.after or "", line.transition, line.because, row.state.value)
        table.writerow(map(harmless, values))
        written += 1
    return written


def _lead(lead: str, rows: list[LineRow], names: dict[str, str], systems: Sequence[str]) -> PlannedLead:
    """`systems`: the owner shown is the one of the record of record, as far as the plan changes it."""
    first = rows[0]
    stage = next((row.line for row in rows if row.line.field == "handoff_stage"), None)
    owners = {row.line.ref.system: row.line for row in rows if row.line.field == "owner" and row.line.ref is not None}
    owner = next((owners[system] for system in systems if system in owners), None)
    system = "" if owner is None or owner.ref is None else owner.ref.system
    named = ("", "") if owner is None else tuple(names.get(f"{system}:{value}", value or "") for value in (owner.before, owner.after))
    moved = ("", "") if stage is None else (stage.before or "", stage.after or "")
    tasks = sum(row.line.object == TASK for row in rows)
    fields, rule, because = len(rows) - tasks, first.line.transition, first.line.because
    return PlannedLead(lead, rule, moved, (named[0], named[1]), fields, because, first.state.value, tasks)


def plan_of(engine: Engine, plan_id: int | str) -> PlanRow:
    """One plan. Raises NotApplicable for a plan that is not known."""
    try:
        return engine.ledger.outbox.plan(row_number(plan_id))
    except (Unknown, ValueError) as error:
        raise NotApplicable(f"there is no plan {plan_id}; handoff runs lists the plans that wait") from error
