"""What the ledger knows of runs, plans and exceptions, as short tables. No names or addresses: records are named by their ids."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cli.verbs import say
from engine.context import Engine
from engine.report import to_do
from engine.sources import resume_source, stopped_sources
from handoff.identity import UNCLEAR
from ledger.values import ExceptionRow
from runtime.open import open_engine
from runtime.settings import Settings

_RUNS = 20
_EXCEPTIONS = 200


def runs() -> int:
    """The latest runs, newest first, then the plans that wait."""
    with open_engine(Settings()) as engine:
        found = engine.ledger.runs.list(_RUNS)
        for run in found:
            say(f"run {run.id:<5} {run.started_at:%Y-%m-%d %H:%M} {run.kind:<14} {run.mode:<6} {run.state}")
        for plan in engine.ledger.outbox.waiting(engine.clock()):
            if plan.lines or plan.creations:
                until = f"{plan.expires_at:%Y-%m-%d %H:%M}"
                does = to_do(plan.lines, plan.creations, plan.notices)
                say(f"plan {plan.id:<4} waits until {until}: {does} ({_approval(engine, plan.id)})")
    if not found:
        say("no run was made with this ledger yet: handoff look reads only, handoff plan makes a plan")
    return 0


def show(plan_id: str, most: int, path: Path | None) -> int:
    """One plan, lead by lead, or every field of it as CSV."""
    from engine.show import created, plan_of, planned_leads, write_csv

    with open_engine(Settings()) as engine:
        plan = plan_of(engine, plan_id)
        if path is not None:
            with path.open("w", encoding="utf-8", newline="") as file:
                say(f"{write_csv(engine, plan_id, file):,} fields of plan {plan_id} written to {path}")
            return 0
        number = 0
        for lead in planned_leads(engine, plan_id):
            number += 1
            if number <= most:
                say(lead.line())
        made = ", ".join(f"{count:,} {name}s" for name, count in sorted(created(engine, plan_id).items()))
        left = f"; {number - most:,} more not shown (--most, --csv FILE)" if number > most else ""
        say(f"plan {plan_id}: {number:,} leads" + (f", to create: {made}" if made else "") + left)
        if plan.state == "proposed":
            say(f"approve it with: {_approval(engine, plan.id)}")
    return 0


def _approval(engine: Engine, plan_id: int) -> str:
    """How a plan is approved. One that was made before the adoption cannot be: the adoption makes another."""
    return f"handoff apply {plan_id}" if engine.ledger.switches.cut_over() else "handoff adopt, and approve the plan it makes"


def exceptions() -> int:
    """Open exceptions, by reason, a contradiction once with all its records; 1 when there are any."""
    with open_engine(Settings()) as engine:
        found = engine.ledger.exceptions.open_exceptions(limit=_EXCEPTIONS)
        total = engine.ledger.exceptions.counts()
    for rows in _together(found):
        first, subjects = rows[0], ", ".join(row.subject for row in rows)
        say(f"{first.reason:<20} {subjects:<40} since {first.first_at:%Y-%m-%d %H:%M}  {first.detail}")
    say(", ".join(f"{number:,} {reason}" for reason, number in sorted(total.items())) or "nothing needs a person")
    return int(bool(total))


def _together(found: Iterable[ExceptionRow]) -> list[list[ExceptionRow]]:
    """The rows a person mends at once: all records of a contradiction, which have the same words; every other row by itself."""
    matters: dict[tuple[str, str], list[ExceptionRow]] = {}
    for row in sorted(found, key=lambda row: (row.reason, row.subject)):
        matters.setdefault((row.reason, row.detail if row.reason == UNCLEAR and row.detail else row.subject), []).append(row)
    return list(matters.values())


def sources(resume: str | None) -> int:
    """The sources that are stopped; with `resume`, one of them goes on."""
    with open_engine(Settings()) as engine:
        if resume is not None:
            resume_source(engine, resume)
            say(f"{resume} goes on; its leads are looked at within a day")
        stopped = stopped_sources(engine)
    say(f"stopped: {', '.join(stopped)}" if stopped else "no source is stopped")
    return 0
