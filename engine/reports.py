"""Reports over the whole ledger, shard by shard. They ask no CRM and write nothing; who is who stands in the frame of the latest run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from engine.context import Engine, NotApplicable
from engine.report_handovers import Clocks, absences, outages
from engine.report_lookalike import LookalikeCount, answers_of
from engine.report_outcomes import OutcomeCount, ends_of
from engine.report_sla import SlaCount
from engine.report_table import Span, Table
from handoff.decision import Frame, Prior
from handoff.facts import LeadFacts
from ledger.values import Past

Kind = Literal["sla", "outcomes", "lookalike"]
FLOWS = ("sync-leads", "sweep-silent")
"""Runs that come by schedule: while these break off, something is out of order that no rep can answer for."""


class Count(Protocol):
    """One report: told every lead once, then asked for its tables."""

    def add(self, facts: LeadFacts, prior: Prior | None, past: Sequence[Past]) -> None:
        """One lead: what is known of it, what it is now, and the decisions that took force."""
        ...

    def tables(self) -> tuple[Table, ...]:
        """What was counted."""
        ...


def report(engine: Engine, kind: Kind, span: Span = "month", *, managers: bool = False) -> tuple[Table, ...]:
    """The tables of one report. Names of leads stand in none, names of reps where the policy shows them or `managers` asks for them.

    Raises NotApplicable before the first run.
    """
    count = _count(engine, kind, span, named=managers or engine.policy.telling.reps_by_name == "everyone")
    leads, policy, now = engine.ledger.leads, engine.policy, engine.clock()
    for keys in leads.shards(engine.settings.shard_size):
        past = leads.past(keys)
        for one in leads.load(keys, now, policy.systems, policy.sources):
            count.add(one.facts, one.prior, past.get(one.facts.key, ()))
    return count.tables()


def _count(engine: Engine, kind: Kind, span: Span, *, named: bool) -> Count:
    frame, compiled = _frame(engine), engine.compiled
    if kind == "outcomes":
        return OutcomeCount(compiled, span, ends_of(compiled))
    if kind == "lookalike":
        customers = ends_of(compiled).customer
        return LookalikeCount(compiled, frame, engine.clock(), answers_of(engine.policy.fit), customers)
    now, ledger = engine.clock(), engine.ledger
    frames = ((at, ledger.switches.frame(digest)) for at, digest in ledger.runs.daily_frames())
    away = absences(frames, frame, compiled.calendar)
    return SlaCount(Clocks(compiled, frame, away, outages(ledger.runs.endings(FLOWS), now), now), span, named)


def _frame(engine: Engine) -> Frame:
    digest = engine.ledger.runs.latest_frame()
    if not digest:
        raise NotApplicable("nothing was decided here yet, so there is nothing to report: run handoff adopt or handoff plan first")
    return engine.ledger.switches.frame(digest)
