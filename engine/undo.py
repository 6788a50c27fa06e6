"""Undo one run: what it wrote is put back where it is still ours, its tasks are closed, and its leads are held until they are released.

A value somebody changed since stays as it is. The episode goes up, so that what the lead does next has keys of its own; effects are never
taken back silently: a task that was made is closed, a record that was created stays and is named in the notes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice

from connectors.protocol import Change, Crm, CrmError, Fate, Op
from engine.apply import apply_open
from engine.compare import same
from engine.context import Engine, NotApplicable
from engine.frame import build_frame
from engine.records import LEAD, TASK
from engine.report import NAMES, RunSummary
from engine.runs import Run, running, summary
from engine.sync import finish, prepare
from handoff.decide import first_stage
from handoff.decision import Frame, Prior
from handoff.facts import Ref
from handoff.plan import Line
from ledger.values import CreationRow, LineRow, LineState, NewPlan, Unknown

UNTIL_RELEASED = datetime(2999, 1, 1, tzinfo=UTC)
PAGE = 2000
LEADS_AT_ONCE = 500
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
        leads: set[str] = set()
        for plan_id in plans:
            leads |= _undo_plan(run, job, plan_id)
        with run.phase("hold"):
            _hold(run, sorted(leads), job.frame)
        with run.phase("tasks"):
            _close_tasks(run, plans)
        finish(run)
        return summary(run)


def release(engine: Engine, run_id: int | str) -> int:
    """Lets the leads of an undone run move again. Returns how many were held."""
    keys = {row.line.lead for plan_id in _plans(engine, run_id) for row in _lines(engine, plan_id)}
    held = {key: prior for key, prior in engine.ledger.leads.prior(sorted(keys)).items() if prior.held_until is not None}
    engine.ledger.leads.set_prior({key: replace(prior, held_until=None) for key, prior in held.items()})
    return len(held)


def _plans(engine: Engine, run_id: int | str) -> tuple[int, ...]:
    """The plans a run wrote: those it made and the one it applied, latest first: of two writes the later is taken back first."""
    try:
        found = engine.ledger.runs.get(int(run_id))
    except (Unknown, ValueError) as error:
        raise NotApplicable(f"there is no run {run_id}; use the number that the run printed at its end") from error
    mine = {plan.id for plan in engine.ledger.outbox.plans(limit=500) if plan.run == found.id}
    applied = found.summary.get("plan")
    return tuple(sorted(mine | ({applied} if isinstance(applied, int) else set()), reverse=True))


def _lines(engine: Engine, plan_id: int) -> Iterator[LineRow]:
    """What was written of a plan."""
    after = 0
    while rows := engine.ledger.outbox.lines(plan_id=plan_id, after=after, limit=PAGE):
        yield from (row for row in rows if row.state is LineState.DONE and row.line.ref is not None)
        after = rows[-1].id


def _created(engine: Engine, plan_id: int) -> Iterator[CreationRow]:
    after = 0
    while rows := engine.ledger.outbox.created(plan_id=plan_id, after=after, limit=PAGE):
        yield from (row for row in rows if row.state is LineState.DONE and row.ref is not None)
        after = rows[-1].id


def _undo_plan(run: Run, job: _Job, plan_id: int) -> set[str]:
    """Everything at once first; leads with a record that somebody edited since come again, with the fields that are still ours."""
    engine = run.engine
    back = (line for row in _lines(engine, plan_id) if (line := _back(run, job, row)) is not None)
    leads = {row.creation.lead for row in _created(engine, plan_id)}
    undo_id, moved = _save(run, back)
    if undo_id is None:
        return leads
    _write(run, undo_id, job.by)
    halfway = {row.line.lead for row in _undone(engine, undo_id)}
    if halfway and not run.stopped:
        written = [row for row in _lines(engine, plan_id) if row.line.lead in halfway]
        again = _still_ours(run, [line for row in written if (line := _back(run, job, row)) is not None])
        second, _ = _save(run, iter(again))
        if second is not None:
            _write(run, second, job.by)
    return leads | moved


def _back(run: Run, job: _Job, row: LineRow) -> Line | None:
    """The line that puts a field back; None where nothing would change or the CRM refuses the earlier owner."""
    line = row.line
    if line.ref is None or same(line.before, line.after):
        return None
    if line.field == "owner" and line.ref.system in ACTIVE_OWNERS_ONLY:
        rep = job.frame.reps.get(job.frame.owners.get(f"{line.ref.system}:{line.before}", ""))
        if rep is not None and not rep.active:
            run.add(run.counts, f"owner stays {line.ref.system}")
            return None
    backward = line.field == "lifecycle" and bool(line.before)
    return Line(line.lead, line.ref, line.object, line.field, line.after, line.before, "undo", "field", "put back by undo", None, backward)


def _save(run: Run, lines: Iterator[Line]) -> tuple[int | None, set[str]]:
    """One plan for all of it, filled part by part."""
    engine = run.engine
    plan_id: int | None = None
    leads: set[str] = set()
    while part := tuple(islice(lines, PAGE)):
        now = engine.clock()
        fresh = {line.lead for line in part} - leads
        leads |= fresh
        plan = NewPlan(lines=part, decided=tuple(sorted(fresh)), summary={"kind": "undo", "flow": run.flow})
        expires = now + timedelta(hours=engine.settings.plan_hours)
        run.renew()
        plan_id = engine.ledger.outbox.save_plan(run.id, plan, now, expires, approved=False, token=run.token, plan_id=plan_id)
        run.counts["lines"] += len(part)
    return plan_id, leads


def _write(run: Run, plan_id: int, by: str) -> None:
    outbox = run.engine.ledger.outbox
    outbox.approve(plan_id, by, outbox.plan(plan_id).digest, run.engine.clock())
    with run.phase("apply"):
        apply_open(run, plan_id)


def _undone(engine: Engine, plan_id: int) -> Iterator[LineRow]:
    after = 0
    while rows := engine.ledger.outbox.lines(plan_id=plan_id, after=after, limit=PAGE, undone=True):
        yield from rows
        after = rows[-1].id


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
    fresh = crm.read(refs, sorted({line.field for line in lines}))
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


def _hold(run: Run, leads: Sequence[str], frame: Frame) -> None:
    """The leads stand where the CRMs say again, under a new episode, and stay there until they are released."""
    engine = run.engine
    for start in range(0, len(leads), LEADS_AT_ONCE):
        part = leads[start : start + LEADS_AT_ONCE]
        current = engine.ledger.leads.prior(part)
        loaded = engine.ledger.leads.load(part, engine.clock(), engine.policy.systems, engine.policy.sources)
        held: dict[str, Prior] = {}
        for one in loaded:
            now = current.get(one.facts.key)
            if now is not None:
                stood = first_stage(one.facts, engine.compiled, frame, engine.clock())
                adopted = now.adopted_at or stood.adopted_at
                held[one.facts.key] = replace(stood, episode=now.episode + 1, rev=now.rev, adopted_at=adopted, held_until=UNTIL_RELEASED)
        engine.ledger.leads.set_prior(held)
        run.counts["held"] += len(held)


def _close_tasks(run: Run, plans: Iterable[int]) -> None:
    made: dict[str, list[Ref]] = {}
    records = 0
    for row in (row for plan_id in plans for row in _created(run.engine, plan_id)):
        if row.creation.object == TASK and row.ref is not None:
            made.setdefault(row.creation.system, []).append(row.ref)
        records += row.creation.object == LEAD
    for system, refs in made.items():
        _close(run, run.engine.crms[system], refs)
    if records:
        run.notes.append(f"{records} records that the run created stay where they are")
    for system in sorted(ACTIVE_OWNERS_ONLY):
        if kept := run.counts[f"owner stays {system}"]:
            run.notes.append(
                f"{kept} {NAMES[system]} records keep their owner: the one before has left, and the CRM gives nothing to inactive people"
            )


def _close(run: Run, crm: Crm, refs: Sequence[Ref]) -> None:
    size = crm.batch_size(refs[0].object, Op.UPDATE)
    for start in range(0, len(refs), size):
        run.renew()
        try:
            outcomes = crm.write([Change(ref, {"status": "completed"}) for ref in refs[start : start + size]])
        except CrmError as error:
            run.stop(crm.system, str(error))
            return
        run.add(run.counts, "tasks_closed", sum(1 for outcome in outcomes if outcome.fate is Fate.DONE))
