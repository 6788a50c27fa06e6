"""How fast and how many leads are followed up, who waits too long now, and which statuses are in use (R72, R73, R74).

Which rep was late is for managers, unless the policy shows it to everyone (`reps_by_name` in notices.yaml).
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from engine.report_handovers import Clocks, HandOver, Result, hand_overs
from engine.report_table import Cell, Span, Table, median, percent, period
from handoff.calendar import seconds_of
from handoff.decision import Prior
from handoff.facts import LeadFacts
from handoff.policy import Policy
from handoff.records import routed_records
from ledger.values import Past

MOST_BREACHES = 50
NOBODY = "(no rep)"
COUNTED = (
    *("handed over", "followed up", "in time", "late", "none", "waiting", "taken back"),
    *("in time %", "median minutes"),
)


@dataclass(slots=True)
class Tally:
    """Results of some hand-overs, and the business minutes until the answers."""

    results: Counter[Result] = field(default_factory=Counter)
    minutes: Counter[int] = field(default_factory=Counter)

    def add(self, result: Result, minutes: int | None) -> None:
        """One hand-over more."""
        self.results[result] += 1
        if minutes is not None:
            self.minutes[minutes] += 1

    def cells(self) -> tuple[Cell, ...]:
        """The columns of COUNTED. The share leaves out who still waits in time and what was taken back."""
        done = self.results
        followed = done[Result.IN_TIME] + done[Result.LATE]
        judged = followed + done[Result.NONE]
        return (
            *(done.total(), followed, done[Result.IN_TIME], done[Result.LATE], done[Result.NONE]),
            *(done[Result.WAITING], done[Result.TAKEN_BACK], percent(done[Result.IN_TIME], judged), median(self.minutes)),
        )


@dataclass(slots=True)
class SlaCount:
    """Counts lead by lead; grows with reps and periods, not with leads."""

    clocks: Clocks
    span: Span
    named: bool
    tallies: dict[tuple[str, str, str], Tally] = field(default_factory=dict)  # (period, kind of row, who)
    breaches: list[tuple[int, str, str]] = field(default_factory=list)  # (minutes late, lead, rep), the worst ones
    open_breaches: int = 0
    statuses: Counter[tuple[str, str]] = field(default_factory=Counter)
    stages: Counter[str] = field(default_factory=Counter)

    def add(self, facts: LeadFacts, prior: Prior | None, past: Sequence[Past]) -> None:
        """One lead more."""
        for made in hand_overs(facts, prior, past, self.clocks):
            self._count(made)
        for record in routed_records(facts, self.clocks.compiled.carriers):
            self.statuses[record.ref.system, record.fields.get("status", "")] += 1
        if prior is not None:
            self.stages[prior.stage] += 1

    def _count(self, made: HandOver) -> None:
        now = seconds_of(self.clocks.now)
        result = made.result(now)
        when = period(self.clocks.compiled.calendar.local_date(made.offered), self.span)
        rep = self.clocks.frame.reps.get(made.rep)
        manager = self.clocks.frame.reps.get(rep.manager) if rep is not None else None
        people = [("rep", rep.name if rep else NOBODY), ("manager", manager.name if manager else NOBODY)] if self.named else []
        for kind, who in [("all", ""), *people]:
            self.tallies.setdefault((when, kind, who), Tally()).add(result, made.minutes)
        if result is Result.NONE and made.ended is None:
            self.open_breaches += 1
            row = (made.late_minutes, made.lead, rep.name if rep else NOBODY)
            (heapq.heappush if len(self.breaches) < MOST_BREACHES else heapq.heappushpop)(self.breaches, row)

    def tables(self) -> tuple[Table, ...]:
        """Everything counted; who is late by name only where that is shown."""
        return (self._followed_up(), *(self._by(kind) for kind in ("rep", "manager") if self.named), self._open(), *self._in_use())

    def _rows(self, kind: str) -> list[tuple[str, str, Tally]]:
        return [(when, who, tally) for (when, of, who), tally in sorted(self.tallies.items(), reverse=True) if of == kind]

    def _followed_up(self) -> Table:
        shown = "" if self.named else " Reps by name: --managers."
        heading = (
            f"Leads handed to reps per {self.span}, and their first answer by a person, in business minutes."
            f" Absences and outages are nobody's delay.{shown}"
        )
        return Table("followed_up", heading, (self.span, *COUNTED), tuple((when, *tally.cells()) for when, _, tally in self._rows("all")))

    def _by(self, kind: str) -> Table:
        latest = sorted(self._rows(kind), key=lambda row: (row[2].cells()[7] is None, row[2].cells()[7] or 0, row[1]))
        rows = sorted(latest, key=lambda row: row[0], reverse=True)
        heading = f"The same per {kind}, fewest answers in time first."
        return Table(f"by_{kind}", heading, (self.span, kind, *COUNTED), tuple((when, who, *tally.cells()) for when, who, tally in rows))

    def _open(self) -> Table:
        more = f" The {MOST_BREACHES} latest of them:" if self.open_breaches > MOST_BREACHES else ""
        heading = f"{self.open_breaches:,} leads wait longer than agreed for their first answer now.{more}"
        worst = sorted(self.breaches, reverse=True)
        if self.named:
            return Table("open_breaches", heading, ("lead", "rep", "minutes late"), tuple((lead, rep, late) for late, lead, rep in worst))
        return Table("open_breaches", heading, ("lead", "minutes late"), tuple((lead, late) for late, lead, _ in worst))

    def _in_use(self) -> tuple[Table, Table]:
        policy = self.clocks.compiled.policy
        rows = sorted(self.statuses.items(), key=lambda item: (item[0][0], -item[1], item[0][1]))
        told = tuple((system, status or "(blank)", number, _means(policy, system, status)) for (system, status), number in rows)
        unknown = sum(number for (system, status), number in rows if status and status not in policy.statuses.get(system, {}))
        heading = f"Statuses in use; {unknown:,} records have one that the policy does not know."
        staged = tuple(
            (policy.stages[name].label, str(policy.stages[name].side), self.stages[name]) for name in _in_order(policy, self.stages)
        )
        return (
            Table("statuses", heading, ("crm", "status", "records", "means"), told),
            Table("stages", "Where the leads stand now, and who owes the next step.", ("stage", "side", "leads"), staged),
        )


def _in_order(policy: Policy, counted: Mapping[str, int]) -> Iterable[str]:
    return (name for name in policy.stages if counted.get(name))


def _means(policy: Policy, system: str, status: str) -> str:
    meaning = policy.statuses.get(system, {}).get(status)
    if meaning is None:
        return "unmapped" if status else ""
    return policy.stages[meaning.stage].label if meaning.stage in policy.stages else meaning.stage
