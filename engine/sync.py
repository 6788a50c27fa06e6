"""Sync: pull, resolve, decide what is due, assign, plan, guard, apply; conflicts are decided afresh in the same run."""

from __future__ import annotations

from engine.alarms import raise_alarms
from engine.apply import apply_open
from engine.aside import aside_notes
from engine.context import Engine
from engine.deliver import deliver
from engine.planning import plan_round, release, why_not
from engine.pull import pull
from engine.recover import recover
from engine.report import RunSummary, Status
from engine.resolve import resolve
from engine.runs import Mode, Run, running, summary


def sync(engine: Engine, mode: Mode) -> RunSummary:
    """One full run. `plan` stores the plan and writes nothing. Raises Busy, WrongAccount, EngineError, CrmError."""
    with running(engine, "sync-leads", mode) as run:
        prepare(run)
        take_in(run)
        plan_and_apply(run)
        finish(run)
        return summary(run)


def prepare(run: Run) -> None:
    """What earlier runs left: stale lines expire, lines in flight are verified, and what was released and not written yet is written."""
    engine = run.engine
    with run.phase("recover"):
        engine.ledger.outbox.expire(engine.clock())
        writing = why_not(run) is None
        recover(run, writing=writing)
        if writing:
            apply_open(run)


def take_in(run: Run) -> None:
    """Pull and resolve."""
    with run.phase("pull"):
        run.counts["changed"] += sum(one.touched for one in pull(run.engine, run.rows, run.renew))
    with run.phase("resolve"):
        resolve(run.engine, run.renew)


def plan_and_apply(run: Run) -> None:
    """Plans and applies until no record conflicts any more, at most `settings.rounds` times; what is left then is due in the next run."""
    for _ in range(run.engine.settings.rounds):
        book = plan_round(run)
        if not release(run, book):
            return
        with run.phase("apply"):
            conflicts = apply_open(run)
        if not conflicts or run.stopped:
            return


def finish(run: Run) -> None:
    """Who is to be told is told; then the exceptions that stand, and how the run ended."""
    with run.phase("tell"):
        deliver(run)
    run.exceptions.clear()
    run.exceptions.update(run.engine.ledger.exceptions.counts())
    if (run.stopped or run.left) and run.status is Status.DONE:
        run.status = Status.PARTIAL
    wrote = sum(run.writes.values()) + sum(run.effects.values())
    if run.status is Status.DONE and not wrote and not run.counts["lines"] and not run.counts["effects"]:
        run.status = Status.NOTHING_TO_DO
    if run.counts["waiting"]:
        run.notes.append(f"{run.counts['waiting']:,} leads were left to a plan that waits for approval (handoff apply PLAN)")
    run.notes += aside_notes(run)
    run.notes[:] = [note for note in run.notes if note]
    raise_alarms(run)
    for one in run.engine.ledger.exceptions.open_exceptions(limit=1, reason="refused"):
        run.needs_you.append(f"{run.exceptions['refused']} refused by a CRM, for example: handoff explain {one.subject}")
