"""Undo one run: what it wrote is put back where it is still ours, its tasks are taken back, and its leads are held until they are released.

A value somebody changed since stays as it is. The episode goes up, so that what the lead does next has keys of its own; effects are never
taken back silently: a task that was made is closed and says so, a record that was created stays and is named in the notes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, groupby, islice

from connectors.protocol import Crm, CrmError
from engine.apply import apply_open
from engine.compare import same
from engine.context import Engine, NotApplicable
from engine.discreet import without_people
from engine.frame import build_frame
from engine.numbers import row_number
from engine.records import LEAD, TASK
from engine.report import NAMES, RunSummary
from engine.runs import Run, running, summary
from engine.sync import finish, prepare
from handoff.decide import first_stage
from handoff.decision import Frame, Prior
from handoff.facts import Ref
from handoff.plan import Line
from handoff.tasks import COMPLETED, OPEN
from ledger.values import CreationRow, LineRow, LineState, NewPlan, Unknown

UNTIL_RELEASED = datetime(2999, 1, 1, tzinfo=UTC)
OWNER_STAYS = "owner stays"
AGAIN = "the next run decides about them afresh, and moves them again where the rules still say so"
"""What follows a release: what made the leads move is true until somebody changes it, but nobody is adopted twice."""
HALFWAY, HELD = "left halfway", "held"
ACTIVE_OWNERS_ONLY = frozenset({"salesforce"})
"""CRMs that refuse to give a record to somebody who left (Salesforce: INACTIVE_OWNER_OR_USER)."""


@dataclass(frozen=True, slots=True)
class _Job:
    """What is taken back: the plans a run wrote, the latest first."""

    plans: tuple[int, ...]
    frame: Frame
    by: str


def undo(engine: Engine, run_id: int | str, by: str = "undo") -> RunSummary:
    """Takes one run back. Raises NotApplicable for a run that is not known, and as `sync`."""
    plans = _plans(engine, run_id)
    if engine.settings.writes != "on":
        raise NotApplicable("writes are off in the settings: switch them on before a run is undone")
    with running(engine, "undo", "apply", by=by) as run:
        prepare(run)
        with run.phase("frame"):
            job = _Job(plans, build_frame(engine), by)
        for plan_id in plans:
            _undo_plan(run, job, plan_id)
        with run.phase("hold"):
            _hold(run, job)
        if held := run.counts["held"]:
            run.notes.append(f"{held:,} leads are held, and nothing moves them until: handoff release {run_id}; then {AGAIN}")
        for plan_id in plans:
            _take_back_tasks(run, job, plan_id)
        _tell_what_stays(run, plans)
        finish(run)
        return summary(run)


def release(engine: Engine, run_id: int | str) -> int:
    """Lets the leads of an undone run move again: they are decided afresh by the next run. Returns how many were held."""
    number = 0
    for plan_id in _plans(engine, run_id):
        for keys in _leads(engine, (row.line.lead for row in _lines(engine, plan_id))):
            held = {key: prior for key, prior in engine.ledger.leads.prior(keys).items() if prior.held_until is not None}
            engine.ledger.leads.set_prior({key: prior._replace(held_until=None) for key, prior in held.items()})
            number += len(held)
    return number


def _leads(engine: Engine, keys: Iterable[str]) -> Iterator[list[str]]:
    """Lead keys in shards; those of one lead that follow each other count once."""
    distinct = (key for key, _ in groupby(keys))
    while part := list(islice(distinct, engine.settings.shard_size)):
        yield part


def _plans(engine: Engine, run_id: int | str) -> tuple[int, ...]:
    """The plans a run wrote: those it made and the one it applied, latest first: of two writes the later is taken back first."""
    try:
        found = engine.ledger.runs.get(row_number(run_id))
    except (Unknown, ValueError) as error:
        raise NotApplicable(f"there is no run {run_id}; use the number that the run printed at its end") from error
    applied = found.summary.get("plan")
    return tuple(sorted({*engine.ledger.outbox.plans_of(found.id), *([applied] if isinstance(applied, int) else [])}, reverse=True))


def _lines(engine: Engine, plan_id: int) -> Iterator[LineRow]:
    """What was written of a plan."""
    return (row for row in engine.ledger.outbox.each_line(plan_id) if row.state is LineState.DONE and row.line.ref is not None)


def _created(engine: Engine, plan_id: int) -> Iterator[CreationRow]:
    return (row for row in engine.ledger.outbox.each_created(plan_id) if row.state is LineState.DONE and row.ref is not None)


def _undo_plan(run: Run, job: _Job, plan_id: int) -> None:
    """Everything at once first; leads with a record that somebody edited since come again, with the fields that are still ours."""
    undo_id = _save(run, _put_back(run, job, plan_id))
    if undo_id is None:
        return
    _write(run, undo_id, job.by)
    run.scratch.forget(HALFWAY)
    undone = run.engine.ledger.outbox.each_line(undo_id, undone=True)
    for keys in _leads(run.engine, (row.line.lead for row in undone if row.line.object != TASK)):
        run.scratch.add(HALFWAY, keys)
    second = None if run.stopped else _save(run, _halfway(run, job, plan_id))
    if second is not None:
        _write(run, second, job.by)


def _put_back(run: Run, job: _Job, plan_id: int) -> Iterator[Line]:
    """The lines that put back what a plan wrote, where the CRM takes it."""
    for row in _lines(run.engine, plan_id):
        if _owner_stays(job, row.line):
            run.add(run.counts, OWNER_STAYS)
        elif (line := _back(row.line)) is not None:
            yield line


def _halfway(run: Run, job: _Job, plan_id: int) -> Iterator[Line]:
    """The same for the leads that were left halfway, as far as a fresh read says that the values are still ours."""
    written = (row.line for row in _lines(run.engine, plan_id))
    for part in _whole_leads(written, run.engine.settings.shard_size):
        halfway = run.scratch.among(HALFWAY, [line.lead for line in part])
        again = (_back(line) for line in part if line.lead in halfway and not _owner_stays(job, line))
        yield from sorted(_still_ours(run, [line for line in again if line is not None]), key=lambda line: line.lead)


def _owner_stays(job: _Job, line: Line) -> bool:
    """Whether the owner before has left, and the CRM refuses who left."""
    if line.field != "owner" or line.ref is None or line.ref.system not in ACTIVE_OWNERS_ONLY or same(line.before, line.after):
        return False
    rep = job.frame.reps.get(job.frame.owners.get(f"{line.ref.system}:{line.before}", ""))
    return rep is not None and not rep.active


def _back(line: Line) -> Line | None:
    """The line that puts a field back; None where nothing would change."""
    if line.ref is None or same(line.before, line.after):
        return None
    backward = line.field == "lifecycle" and bool(line.before)
    return Line(line.lead, line.ref, line.object, line.field, line.after, line.before, "undo", "field", "put back by undo", None, backward)


def _save(run: Run, lines: Iterator[Line]) -> int | None:
    """One plan for all of it, filled part by part."""
    engine = run.engine
    plan_id: int | None = None
    for part in _whole_leads(lines, engine.settings.shard_size):
        now = engine.clock()
        plan = NewPlan(lines=part, decided=tuple(sorted({line.lead for line in part})), summary={"kind": "undo", "flow": run.flow})
        expires = now + timedelta(hours=engine.settings.plan_hours)
        run.renew()
        plan_id = engine.ledger.outbox.save_plan(run.id, plan, now, expires, approved=False, token=run.token, plan_id=plan_id)
        run.counts["lines"] += len(part)
    return plan_id


def _whole_leads(lines: Iterator[Line], size: int) -> Iterator[tuple[Line, ...]]:
    """Parts of about `size` lines. The lines of one lead follow each other and stay together: a later part of a plan replaces what an
    earlier one says of the same lead.
    """
    part: list[Line] = []
    for _, of_lead in groupby(lines, key=lambda line: line.lead):
        part += of_lead
        if len(part) >= size:
            yield tuple(part)
            part = []
    if part:
        yield tuple(part)


def _write(run: Run, plan_id: int, by: str) -> None:
    outbox = run.engine.ledger.outbox
    outbox.approve(plan_id, by, outbox.plan(plan_id).digest, run.engine.clock())
    with run.phase("apply"):
        apply_open(run, plan_id)


def _still_ours(run: Run, lines: Sequence[Line]) -> list[Line]:
    """Lines whose field still holds what we wrote, by a fresh read."""
    kept: list[Line] = []
    for crm in run.engine.crms.values():
        mine = [line for line in lines if line.ref is not None and line.ref.system == crm.system]
        for name in sorted({line.object for line in mine}):
            kept += _ours(run, crm, [line for line in mine if line.object == name])
    return kept


def _ours(run: Run, crm: Crm, lines: Sequence[Line]) -> Iterator[Line]:
    refs = sorted({line.ref for line in lines if line.ref is not None})
    try:
        fresh = crm.read(refs, sorted({line.field for line in lines}))
    except CrmError as error:
        run.stop(crm.system, without_people(run.engine, refs, str(error)))
        return
    edited: set[Ref] = set()
    for line in lines:
        record = fresh.get(line.ref) if line.ref is not None else None
        if record is None or same(record.fields.get(line.field), line.after):
            continue
        if same(record.fields.get(line.field), line.before):
            yield line
        else:
            edited.add(record.ref)
    run.add(run.counts, "left_edited", len(edited))


def _hold(run: Run, job: _Job) -> None:
    """The leads stand where the CRMs say again, under a new episode, and stay there until they are released. Each is held once, though
    several plans may have moved it.
    """
    engine, scratch = run.engine, run.scratch
    for plan_id in job.plans:
        written = (row.line.lead for row in _lines(engine, plan_id) if _back(row.line) is not None and not _owner_stays(job, row.line))
        for keys in _leads(engine, chain(written, (row.creation.lead for row in _created(engine, plan_id)))):
            held = scratch.among(HELD, keys)
            run.renew()
            _hold_part(run, [key for key in dict.fromkeys(keys) if key not in held], job.frame)
            scratch.add(HELD, keys)


def _hold_part(run: Run, keys: Sequence[str], frame: Frame) -> None:
    engine = run.engine
    current = engine.ledger.leads.prior(keys)
    held: dict[str, Prior] = {}
    for one in engine.ledger.leads.load(keys, engine.clock(), engine.policy.systems, engine.policy.sources):
        now = current.get(one.facts.key)
        if now is not None:
            stood = first_stage(one.facts, engine.compiled, frame, engine.clock())
            adopted = now.adopted_at or stood.adopted_at
            held[one.facts.key] = stood._replace(episode=now.episode + 1, rev=now.rev, adopted_at=adopted, held_until=UNTIL_RELEASED)
    engine.ledger.leads.set_prior(held)
    run.counts["held"] += len(held)


def _take_back_tasks(run: Run, job: _Job, plan_id: int) -> None:
    """The tasks a plan made are closed, in words on the task; one that a person has put off stays with him. After a CRM has stopped they
    wait for the next undo: a new plan would replace what is still to be put back.
    """
    tasks = (row for row in _created(run.engine, plan_id) if row.creation.object == TASK)
    undo_id = None if run.stopped else _save(run, map(_taken_back, tasks))
    if undo_id is not None:
        _write(run, undo_id, job.by)


def _taken_back(row: CreationRow) -> Line:
    return Line(row.creation.lead, row.ref, TASK, "status", OPEN, COMPLETED, "undo", "field", "taken back by undo", None)


def _tell_what_stays(run: Run, plans: Iterable[int]) -> None:
    """What undo leaves as it is: records that were created, and owners the CRM does not take back."""
    records = sum(row.creation.object == LEAD for plan_id in plans for row in _created(run.engine, plan_id))
    if records:
        run.notes.append(f"{records} records that the run created stay where they are")
    if kept := run.counts[OWNER_STAYS]:
        name = " and ".join(NAMES[system] for system in sorted(ACTIVE_OWNERS_ONLY))
        run.notes.append(f"{kept} {name} records keep their owner: the one before has left, and the CRM gives nothing to inactive people")
