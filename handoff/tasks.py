"""Tasks of ours whose lead has moved on: whoever still sees one would make a call that is not to be made.

A task is taken back when its lead has left the person it was made for: given to somebody else, back with marketing, held or closed. Only
what this product made for an earlier step is, and only while nobody has finished it or put it off.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time

from handoff.decision import Decision, Effect, Side
from handoff.facts import TAKEN_BACK, Kind, LeadFacts, Ref
from handoff.plan import Line

TASK = "task"
OPEN, COMPLETED = "open", "completed"
MARK = "Taken back: "
"""Before the subject of a task that was taken back. CRMs have no status for it that takes the task off a person's list."""
LONGEST_SUBJECT = 255  # in Salesforce; HubSpot takes more


def outcome_of(subject: str, *, closed: bool, ours: bool) -> str:
    """What became of a task by what stands in the CRM: one of ours that was taken back is no work done."""
    if not closed:
        return OPEN
    return TAKEN_BACK if ours and subject.startswith(MARK) else COMPLETED


def subject_after(subject: str, status: str) -> str:
    """The subject that goes with a new status: marked when the task is taken back, without the mark when it is open again."""
    bare = subject.removeprefix(MARK)
    return bare if status == OPEN else (MARK + bare)[:LONGEST_SUBJECT]


def leaves_its_tasks(decision: Decision) -> bool:
    """Whether who had the lead has nothing to do about it any more."""
    if decision.unchanged or not decision.in_scope:
        return False
    return decision.side != Side.SALES or decision.owner != decision.from_owner


def open_tasks(facts: LeadFacts) -> Mapping[Ref, datetime | None]:
    """Tasks of ours that are open as far as we know, with the due times that stand in the CRM."""
    mine = (activity for activity in facts.activities if activity.ours and activity.kind == Kind.TASK and activity.outcome == OPEN)
    return {Ref(*activity.key.split(":")[:3]): activity.due_at for activity in mine}


def put_off(planned: datetime | None, found: datetime | None) -> bool:
    """Whether a person has given a task of ours another due time. Some CRMs keep the day alone, which reads as its midnight in UTC."""
    if planned is None or found is None:
        return planned is not found
    day_alone = found.time() == time() and found.date() == planned.date()
    return not day_alone and found.replace(microsecond=0) != planned.replace(microsecond=0)


def taken_back(decision: Decision, found: Mapping[Ref, datetime | None], made: Mapping[Ref, Effect]) -> tuple[Line, ...]:
    """The lines that take back what was made for an earlier step of this lead. `found` as from `open_tasks`, `made` by the ledger."""
    rule, because, due = decision.transition, decision.reason, decision.next_look_at
    return tuple(
        Line(decision.lead, ref, TASK, "status", OPEN, COMPLETED, rule, "field", because, due)
        for ref, due_at in sorted(found.items())
        if ref in made and made[ref].episode < decision.episode and not put_off(made[ref].due_at, due_at)
    )
