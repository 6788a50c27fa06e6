"""What became of the leads that marketing handed over: per source, campaign and score at the hand-over (R94, R97, R110). Pure.

One cycle of a lead is one hand-over: a lead that was re-routed three times counts once, a lead that came back and was handed over again
counts twice. The period is that of the hand-over, so a period's figures go on growing until its leads have come to an end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from engine.report_table import Cell, Span, Table, percent, period
from handoff.calendar import seconds_of
from handoff.compiled import CompiledPolicy
from handoff.decision import Prior, Side
from handoff.facts import Kind, LeadFacts
from ledger.values import Past

UNKNOWN = "(unknown)"
STEPS = ("handed over", "accepted", "qualified", "opportunity", "won", "lost", "returned", "closed")


class Cycle(NamedTuple):
    """One hand-over and how far it came. `by_marketing`: offered by marketing, not taken up by sales on its own."""

    begun: datetime
    source: str
    campaign: str
    fit: str
    intent: str
    by_marketing: bool
    reached: frozenset[str]  # of STEPS
    reason: str


@dataclass(frozen=True, slots=True)
class Ends:
    """Stages that mean an opportunity and a customer; `made_at` is the stage of a deal we made ourselves: not yet sales' opportunity."""

    opportunity: frozenset[str]
    customer: frozenset[str]
    made_at: str


def ends_of(compiled: CompiledPolicy) -> Ends:
    """By what the statuses mean, and by the rules that a deal fires."""
    meanings = [meaning for options in compiled.policy.statuses.values() for meaning in options.values()]
    found = {
        event: {meaning.stage for meaning in meanings if meaning.event == event}
        | {row.rule.to for row in compiled.by_name.values() if signal in row.reads}
        for event, signal in (("opportunity", "deal.open"), ("customer", "deal.won"))
    }
    return Ends(frozenset(found["opportunity"]), frozenset(found["customer"]), compiled.policy.opportunity.stage)


def cycles(facts: LeadFacts, prior: Prior | None, past: Sequence[Past], ends: Ends) -> Iterator[Cycle]:
    """The hand-overs of one lead, oldest first. A cycle that an undone run began is none: the lead's own count never came to it."""
    last = 0 if prior is None else prior.cycle
    numbered = [one for one in past if 0 < one.decision.cycle <= last]
    numbered.sort(key=lambda one: one.decision.cycle)
    parts = [list(members) for _, members in groupby(numbered, key=lambda one: one.decision.cycle)]
    for place, part in enumerate(parts):
        until = parts[place + 1][0].at if place + 1 < len(parts) else None
        yield _cycle(facts, part, until, ends)


def _cycle(facts: LeadFacts, part: Sequence[Past], until: datetime | None, ends: Ends) -> Cycle:
    first, decisions = part[0].decision, [one.decision for one in part]
    begun = part[0].at
    deals = {
        activity.outcome
        for activity in facts.activities
        if activity.kind is Kind.DEAL
        and activity.occurred_at >= begun
        and (until is None or activity.occurred_at < until)
        and not (activity.ours and activity.outcome == "open" and activity.subject == ends.made_at)
    }
    stages = {decision.stage for decision in decisions}
    won = bool(stages & ends.customer) or "won" in deals
    closed = any(decision.side is Side.NOBODY and decision.stage not in ends.customer for decision in decisions)
    happened = {
        "handed over": True,
        "accepted": any(decision.sal_at for decision in decisions),
        "qualified": any(decision.sql_at for decision in decisions),
        "opportunity": bool(stages & ends.opportunity) or bool(deals) or won,
        "won": won,
        "lost": "lost" in deals and not won,
        "returned": any(decision.recycled_at for decision in decisions),
        "closed": closed,
    }
    given = [decision.reason_code for decision in decisions if decision.reason_code != first.reason_code]
    return Cycle(
        begun,
        facts.fields.get("source", "").strip() or UNKNOWN,
        first.campaign or UNKNOWN,
        first.fit_band or UNKNOWN,
        first.intent_band or UNKNOWN,
        first.mql_at is not None,
        frozenset(step for step, holds in happened.items() if holds),
        next((code for code in reversed(given) if code), ""),
    )


@dataclass(slots=True)
class OutcomeCount:
    """Counts lead by lead; grows with sources, campaigns and periods, not with leads."""

    compiled: CompiledPolicy
    span: Span
    ends: Ends
    steps: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)  # (by what, period, value, step)
    reasons: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)  # (period, source, campaign, reason)
    by_sales: int = 0

    def add(self, facts: LeadFacts, prior: Prior | None, past: Sequence[Past]) -> None:
        """One lead more. What sales took up without marketing's offer is counted apart: marketing did not hand it over."""
        for made in cycles(facts, prior, past, self.ends):
            if not made.by_marketing:
                self.by_sales += 1
                continue
            when = period(self.compiled.calendar.local_date(seconds_of(made.begun)), self.span)
            values = (("source", when, made.source), ("campaign", when, made.campaign), ("pipeline", "", made.campaign))
            for dimension in (*values, ("fit", "", made.fit), ("interest", "", made.intent)):
                self.steps.update((*dimension, step) for step in made.reached)
                if dimension[0] == "pipeline" and "opportunity" in made.reached and not made.reached & {"won", "lost"}:
                    self.steps[(*dimension, "open")] += 1
            if made.reason:
                self.reasons[when, made.source, made.campaign, made.reason] += 1

    def tables(self) -> tuple[Table, ...]:
        """Per source and per campaign, pipeline, reasons, and what the scores at the hand-over came to."""
        taken = f" {self.by_sales:,} more were taken up by sales without an offer." if self.by_sales else ""
        return (
            self._per_period("source", f"What became of the leads handed over per {self.span}, by source.{taken}"),
            self._per_period("campaign", "The same by the campaign answered last before the hand-over."),
            self._pipeline(),
            self._reasons(),
            self._scored(
                "fit", "How far leads came by their fit at the hand-over: weights and bar of scoring.yaml are reviewed against this."
            ),
            self._scored("interest", "How far leads came by their interest at the hand-over."),
        )

    def _found(self, dimension: str) -> list[tuple[str, str]]:
        """(period, value), newest period first, most hand-overs first in it."""
        found = {(when, value) for by, when, value, step in self.steps if by == dimension and step == "handed over"}
        ranked = sorted(found, key=lambda key: (-self.steps[(dimension, *key, "handed over")], key[1]))
        return sorted(ranked, key=lambda key: key[0], reverse=True)

    def _cells(self, dimension: str, key: tuple[str, str]) -> list[int]:
        return [self.steps[(dimension, *key, step)] for step in STEPS]

    def _per_period(self, dimension: str, heading: str) -> Table:
        rows: list[tuple[Cell, ...]] = [(*key, *self._cells(dimension, key)) for key in self._found(dimension)]
        return Table(f"by_{dimension}", heading, (self.span, dimension, *STEPS), tuple(rows))

    def _pipeline(self) -> Table:
        steps = ("handed over", "opportunity", "open", "won", "lost")
        rows: list[tuple[Cell, ...]] = [
            (key[1], *(self.steps[("pipeline", *key, step)] for step in steps)) for key in self._found("pipeline")
        ]
        heading = "Pipeline that marketing sourced per campaign, in opportunities (amounts are not read from the CRMs)."
        return Table("pipeline", heading, ("campaign", "handed over", "opportunities", "open", "won", "lost"), tuple(rows))

    def _reasons(self) -> Table:
        known = self.compiled.policy.reasons
        ranked = sorted(self.reasons.items(), key=lambda item: (-item[1], item[0]))
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (*key[:3], known[key[3]].label if key[3] in known else key[3], number)
            for key, number in sorted(ranked, key=lambda item: item[0][0], reverse=True)
        )
        heading = "Why sales gave leads back or closed them, by the hand-over they came from."
        return Table("reasons", heading, (self.span, "source", "campaign", "reason", "leads"), rows)

    def _scored(self, dimension: str, heading: str) -> Table:
        rows: list[tuple[Cell, ...]] = []
        for key in self._found(dimension):
            counts = dict(zip(STEPS, self._cells(dimension, key), strict=True))
            given = counts["handed over"]
            shares = (percent(counts[step], given) for step in ("accepted", "qualified", "won", "returned", "closed"))
            rows.append((key[1], given, *shares))
        columns = (dimension, "handed over", "accepted %", "qualified %", "won %", "returned %", "closed %")
        return Table(f"by_{dimension}", heading, columns, tuple(rows))
