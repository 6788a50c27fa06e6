"""What each everyday command does: open the engine, run one verb, print what a person reads."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime

from rich.console import Console

from cli.progress import engine_in_sight
from engine.report import RunSummary, Status
from runtime.open import admin_settings, open_engine
from runtime.settings import Settings

_console = Console(highlight=False, soft_wrap=True, markup=False)


def say(text: str) -> None:
    """Print one line for a person."""
    _console.print(text)


def finished(summary: RunSummary) -> int:
    """Print a run; 0 when nothing needs a person."""
    for line in summary.lines():
        say(line)
    well = summary.status in (Status.DONE, Status.NOTHING_TO_DO) and not summary.needs_you
    return 0 if well or summary.mode == "plan" else 1


def look() -> int:
    """The read-only first screen; a draft policy is written where no policy is yet."""
    from engine.look import look as run

    settings = Settings()
    with engine_in_sight(settings) as engine:
        report = run(engine)
    say("handoff look")
    for line in report.lines():
        say(f"  {line}")
    if report.baseline:
        from mappings.draft import write_draft

        folder = write_draft(report.statuses, settings.mappings / "draft")
        say(f"  a draft policy is in {folder}/, to be read and signed before anything is written")
    return 0


def doctor() -> int:
    """The checklist; 1 when a check failed."""
    from engine.doctor import doctor as run
    from engine.doctor import failed

    with open_engine(Settings()) as engine:
        checks = run(engine)
    for check in checks:
        say(check.line())
    return int(failed(checks))


def setup(*, apply: bool) -> int:
    """What is missing of our own fields; creates it with the administrator's credentials when asked."""
    from engine.setup import setup as run

    settings = Settings()
    with open_engine(settings) as engine, open_engine(admin_settings(settings)) as admin:
        lines = run(engine, admin.crms, apply=apply)
    for line in lines:
        say(line)
    return 0


def adopt() -> int:
    """Take the backlog over and print the plan to approve."""
    from engine.adopt import adopt as run

    with engine_in_sight() as engine:
        summary = run(engine)
    for line in summary.lines():
        say(line)
    say(f"read it, then approve it: handoff apply {summary.plan_id}")
    return 0


def plan(*, sweep: bool) -> int:
    """What would be written, and why."""
    from engine.sweep import sweep as run_sweep
    from engine.sync import sync as run_sync

    with engine_in_sight() as engine:
        return finished(run_sweep(engine, mode="plan") if sweep else run_sync(engine, mode="plan"))


def apply(plan_id: str | None, by: str) -> int:
    """Approve one plan, or run a sync that writes."""
    from engine.apply_plan import apply_plan
    from engine.sync import sync

    with engine_in_sight() as engine:
        if plan_id is None:
            return finished(sync(engine, mode="apply"))
        return finished(apply_plan(engine, plan_id=plan_id, approved_by=by or getpass.getuser()))


def undo(run_id: str) -> int:
    """Take a run back."""
    from engine.undo import undo as run

    with engine_in_sight() as engine:
        return finished(run(engine, run_id=run_id))


def release(run_id: str) -> int:
    """Let the leads of an undone run move again, and say that they will."""
    from engine.undo import AGAIN
    from engine.undo import release as run

    with open_engine(Settings()) as engine:
        held = run(engine, run_id)
    say(f"{held:,} leads were held and may move again")
    if held:
        say(f"{AGAIN}; to read first what it would do: handoff plan")
    return 0


def reconcile() -> int:
    """Bring a restored ledger up to what the records say."""
    from engine.reconcile import reconcile as run

    with open_engine(Settings()) as engine:
        taken = run(engine)
    say(f"{taken:,} leads were behind their records and are level now; the next sync goes on from there")
    return 0


def explain(lead: str, at: str) -> int:
    """Why a lead is where it is; a date-time without a zone is UTC."""
    from engine.explain import explain_found

    try:
        moment = datetime.fromisoformat(at) if at else None
    except ValueError:
        say(f"--at {at}: write it as 2026-11-03 or 2026-11-03T15:00")
        return 2
    if moment is not None and moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    with open_engine(Settings()) as engine:
        found = engine.ledger.leads.find(lead)
        say(explain_found(engine, found, as_of=moment))
    return int(len(found) != 1)


def erase(lead: str) -> int:
    """Forget one person; 1 when nobody or more than one person is meant."""
    with open_engine(Settings()) as engine:
        found = engine.ledger.leads.find(lead)
        if len(found) == 1:
            engine.ledger.facts.erase(found[0], engine.clock())
    forgotten = "forgotten here; the record in the CRM is theirs to erase"
    say(forgotten if len(found) == 1 else f"{len(found)} people are meant by that; name one record")
    return int(len(found) != 1)


def pause(*, on: bool) -> int:
    """The one switch that stops all writes."""
    from engine.pause import pause as run

    with open_engine(Settings()) as engine:
        run(engine, on=on, by=getpass.getuser())
    say("paused: nothing is written until `handoff resume`" if on else "resumed: the next run writes again")
    return 0
