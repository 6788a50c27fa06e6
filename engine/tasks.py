"""Tasks of ours are taken back, and opened again by undo, through the outbox like any other write.

A line says the status alone: a subject may name a person, so the words that go with it are made from the fresh read, when it is written
(law 12). That read also says whether a person has taken the task in hand meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from connectors.protocol import Change
from engine.compare import Seen, before_write
from engine.context import Engine
from engine.records import TASK
from handoff.decision import Decision, Effect
from handoff.facts import LeadFacts, Record, Ref
from handoff.plan import PlanLines
from handoff.records import instant
from handoff.tasks import leaves_its_tasks, open_tasks, put_off, subject_after, taken_back
from ledger.values import LineRow

BESIDES = ("subject", "due_at")
Parts = Sequence[tuple[Decision, PlanLines]]
Rows = Mapping[Ref, tuple[LineRow, ...]]


def with_tasks_taken_back(engine: Engine, parts: Parts, facts: Mapping[str, LeadFacts]) -> list[tuple[Decision, PlanLines]]:
    """What is written for each decision, and with it the tasks that its lead leaves behind."""
    found = {d.lead: tasks for d, _ in parts if leaves_its_tasks(d) and (tasks := open_tasks(facts[d.lead]))}
    made = engine.ledger.effects.tasks(sorted(found)) if found else {}
    return [
        (decision, PlanLines((*planned.lines, *taken_back(decision, found.get(decision.lead, {}), made)), planned.creations))
        if decision.lead in found
        else (decision, planned)
        for decision, planned in parts
    ]


def to_read(name: str, fields: Sequence[str]) -> Sequence[str]:
    """What is read before records of this kind are written: their fields, and of tasks what a person may have changed."""
    return (*fields, *BESIDES) if name == TASK else fields


def judge(engine: Engine, name: str, rows: Rows, fresh: Mapping[Ref, Record]) -> dict[Ref, Seen]:
    """How each record stands against its lines. A task that a person has put off stands as somebody's edit."""
    seen = {ref: before_write(group, fresh.get(ref)) for ref, group in rows.items()}
    if name != TASK:
        return seen
    made = engine.ledger.effects.tasks(sorted({group[0].line.lead for group in rows.values()}))
    return {ref: Seen.MOVED if state is Seen.WRITE and _in_hand(fresh[ref], made.get(ref)) else state for ref, state in seen.items()}


def _in_hand(record: Record, made: Effect | None) -> bool:
    return made is None or put_off(made.due_at, instant(record.fields.get("due_at")))


def in_words(name: str, changes: Collection[Change], fresh: Mapping[Ref, Record]) -> list[Change]:
    """The changes as they are sent: a task says in its subject that it was taken back, so that nobody takes it for work done."""
    return [_said(change, fresh[change.ref]) if name == TASK else change for change in changes]


def _said(change: Change, record: Record) -> Change:
    status = change.values.get("status")
    if status is None:
        return change
    return replace(change, values={**change.values, "subject": subject_after(record.fields.get("subject", ""), status)})
