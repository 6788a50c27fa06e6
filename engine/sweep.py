"""Sweep: looks at what is due by the clock. It pulls first only where the sources are covered less freshly than the policy allows."""

from __future__ import annotations

from engine.context import Engine
from engine.pull import coverage_is_fresh
from engine.report import RunSummary
from engine.runs import Mode, running, summary
from engine.sync import finish, plan_and_apply, prepare, take_in


def sweep(engine: Engine, mode: Mode) -> RunSummary:
    """One sweep. Silence is only ever called over covered time, whether or not this run pulled. Raises as `sync`."""
    with running(engine, "sweep-silent", mode) as run:
        prepare(run)
        if not coverage_is_fresh(engine):
            take_in(run)
        plan_and_apply(run)
        finish(run)
        return summary(run)
