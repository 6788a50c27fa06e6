"""Which answers the won leads have in common, and which the lost ones: fit weights as a suggestion, never a live score (R25, R26).

An answer's lift is its share among the won (or the poor) divided by its share among all leads whose answer is known. An attribute that
tells the won from all gets weight: the sum over its answers of (share of won - share of all) x ln(share of won / share of all), the
information value that credit scoring weighs attributes by, times how often the answer is known.
Unknown answers count for nothing, as in the score.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import log

from engine.report_table import Cell, Table, percent
from handoff.case import Case, open_case
from handoff.compiled import CompiledPolicy
from handoff.decision import Frame, Prior
from handoff.facts import LeadFacts
from handoff.match import Check, compile_condition
from handoff.policy import Fit, ScopeKind
from handoff.scope import left_out
from ledger.values import Past

ENOUGH = 200
"""Wins (and losses) below which a share moves by several points with a handful of leads."""
DRAWN = 10
"""Leads of the usual answers that the won (or the poor) are counted with."""
WARNED = 150
"""Per cent of the usual share from which an answer counts as a warning."""
OURS: frozenset[ScopeKind] = frozenset({"customer", "open_opportunity", "rep_sourced"})
"""Scope rules whose people did come as leads; partners, tests, spam and the like would blur the comparison."""
LEFT_US = frozenset({"former customer", "former_customer", "churned", "lost customer"})
"""What `relationship` says of a customer who left."""
OTHER = "anything else"


@dataclass(frozen=True, slots=True)
class Answers:
    """One attribute of the fit profile: its answers in order, with the points they have now."""

    name: str
    weight: int
    reads: tuple[str, ...]
    answers: tuple[tuple[str, int, Check], ...]
    otherwise: int

    def of(self, case: Case) -> str:
        """The label of the first answer that holds; "" when nothing it reads is known."""
        if not any(map(case.fields.get, self.reads)):
            return ""
        return next((label for label, _, check in self.answers if check(case) is None), OTHER)

    def points(self) -> list[tuple[str, int]]:
        """Every label with its present points."""
        return [*((label, points) for label, points, _ in self.answers), (OTHER, self.otherwise)]


def answers_of(fit: Fit) -> tuple[Answers, ...]:
    """The profile's attributes with their answers compiled."""
    return tuple(
        Answers(
            attribute.name,
            attribute.weight,
            attribute.reads,
            tuple((band.label or f"answer {n}", band.points, compile_condition(band.when)) for n, band in enumerate(attribute.bands, 1)),
            attribute.otherwise,
        )
        for attribute in fit.attributes
    )


@dataclass(frozen=True, slots=True)
class Share:
    """How often one answer came among all leads and, drawn towards that, among some of them."""

    all: float
    some: float

    @property
    def lift(self) -> float:
        """Share among some divided by the share among all."""
        return self.some / self.all if self.all else 1.0

    @property
    def tells(self) -> float:
        """This answer's part of the information value; never below 0."""
        return (self.some - self.all) * log(self.lift)


def shares(every: Counter[str], some: Counter[str], labels: list[str]) -> dict[str, Share]:
    """Shares per label among those whose answer is known. Some are counted with DRAWN leads more that answered as all did: a rare answer
    says little.
    """
    whole, part = every.total(), some.total()
    usual = {label: every[label] / whole if whole else 0.0 for label in labels}
    return {label: Share(usual[label], (some[label] + DRAWN * usual[label]) / (part + DRAWN)) for label in labels}


@dataclass(slots=True)
class LookalikeCount:
    """Counts lead by lead; grows with answers, not with leads."""

    compiled: CompiledPolicy
    frame: Frame
    now: datetime
    profile: tuple[Answers, ...]
    customer_stages: frozenset[str]
    counted: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)  # (all, won or poor; attribute) -> answers
    people: Counter[str] = field(default_factory=Counter)

    def add(self, facts: LeadFacts, prior: Prior | None, past: Sequence[Past]) -> None:  # noqa: ARG002 - for other reports
        """One lead more, as it is known today; how it came there does not matter here."""
        case = open_case(prior, facts, self.compiled, self.frame, self.now)
        outside = left_out(case)
        kinds = {rule.name: rule.kind for rule in self.compiled.policy.scope}
        if outside and kinds.get(outside) not in OURS:
            return
        groups = ["all"]
        if self._poor(case):
            groups.append("poor")
        elif kinds.get(outside) == "customer" or case.history.deal_won or case.prior.stage in self.customer_stages:
            groups.append("won")
        self.people.update(groups)
        for attribute in self.profile:
            if answer := attribute.of(case):
                for group in groups:
                    self.counted.setdefault((group, attribute.name), Counter())[answer] += 1

    def _poor(self, case: Case) -> bool:
        """A customer who left, a deal that was lost, or a lead that sales closed as nobody to sell to."""
        if case.fields.get("relationship", "").strip().casefold() in LEFT_US:
            return True
        reason = self.compiled.policy.reasons.get(case.prior.reason_code)
        suppressed = reason is not None and reason.action == "suppress"
        return not case.history.deal_won and (suppressed or case.history.deal_lost is not None)

    def tables(self) -> tuple[Table, ...]:
        """Weights per attribute, points per answer, and answers that stand out among the poor."""
        return (self._weights(), self._points(), self._warnings())

    def _shares(self, group: str, attribute: Answers) -> dict[str, Share]:
        labels = [label for label, _ in attribute.points()]
        return shares(self._count("all", attribute), self._count(group, attribute), labels)

    def _count(self, group: str, attribute: Answers) -> Counter[str]:
        return self.counted.get((group, attribute.name), Counter())

    def _known(self, attribute: Answers) -> float:
        """The share of all leads whose answer is known: what is hardly ever known cannot carry the score."""
        return self._count("all", attribute).total() / self.people["all"] if self.people["all"] else 0.0

    def suggested(self) -> dict[str, int]:
        """Attribute -> weight; they add up to what the present ones add up to, but for rounding. Empty without a win."""
        tells = {a.name: sum(share.tells for share in self._shares("won", a).values()) * self._known(a) for a in self.profile}
        whole = sum(tells.values())
        if not self.people["won"] or not whole:
            return {}
        total = sum(attribute.weight for attribute in self.profile)
        return {name: round(total * told / whole) for name, told in tells.items()}

    def _weights(self) -> Table:
        suggested = self.suggested()
        rows = tuple(
            (a.name, percent(self._count("all", a).total(), self.people["all"]), a.weight, suggested.get(a.name)) for a in self.profile
        )
        won, every = self.people["won"], self.people["all"]
        heading = (
            f"Fit weights that {won:,} won leads suggest, compared with all {every:,}{_steady(won)}."
            " A suggestion for the next review of scoring.yaml; nothing is changed."
        )
        return Table("weights", heading, ("attribute", "known %", "weight now", "suggested"), rows)

    def _points(self) -> Table:
        suggested = self.suggested()
        rows: list[tuple[Cell, ...]] = []
        for attribute in self.profile if suggested else ():
            found = self._shares("won", attribute)
            most = max(share.lift for share in found.values())
            for label, points in attribute.points():
                share, weight = found[label], suggested[attribute.name]
                counts = (self._count("all", attribute)[label], self._count("won", attribute)[label])
                rows.append((attribute.name, label, *counts, round(100 * share.lift), points, round(weight * share.lift / most)))
        heading = "Points per answer: 100 is the usual share; more means that this answer is commoner among the won than among all."
        return Table("points", heading, ("attribute", "answer", "all", "won", "won vs all", "points now", "suggested"), tuple(rows))

    def _warnings(self) -> Table:
        poor = self.people["poor"]
        found: list[tuple[int, tuple[Cell, ...]]] = []
        for attribute in self.profile if poor else ():
            for label, share in self._shares("poor", attribute).items():
                lift, number = round(100 * share.lift), self._count("poor", attribute)[label]
                if lift >= WARNED and number:
                    found.append((lift, (attribute.name, label, self._count("all", attribute)[label], number, lift)))
        heading = (
            f"Answers at least {WARNED / 100:g} times as common among {poor:,} poor leads (lost, closed as no fit, customers who left)"
            f" as among all{_steady(poor)}: likely to be lost or to leave."
        )
        rows = tuple(row for _, row in sorted(found, key=lambda pair: (-pair[0], str(pair[1]))))
        return Table("poor_fit", heading, ("attribute", "answer", "all", "poor", "poor vs all"), rows)


def _steady(number: int) -> str:
    return "" if number >= ENOUGH else f" (unstable: {number:,} are fewer than {ENOUGH}, so chance weighs as much as fit)"
