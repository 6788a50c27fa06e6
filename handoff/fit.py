"""Fit: how well a person and their company match the profile, 0 to 100 in whole numbers.

Score = floor(100 x points / weight known); unknown when less than the policy's share of the whole weight is known. An attribute is unknown
when every field it reads is absent: that lowers confidence, never the score.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from handoff.decision import Reason
from handoff.match import MOST_ANSWERS, Check, compile_condition, leaves_of
from handoff.policy import Fit, FitAttribute

UNKNOWN_BAND = "unknown"


@dataclass(frozen=True, slots=True)
class _Attribute:
    name: str
    weight: int
    reads: tuple[str, ...]
    bands: tuple[tuple[Check, int], ...]
    otherwise: int
    closed: bool  # whether no band reads anything else
    answers: dict[tuple[str | None, ...], Reason]  # the step of the trace by the values read, where closed


class FitScore(NamedTuple):
    """`score` is None when unknown; `points` of `known_weight`; `because` holds one step per attribute."""

    score: int | None
    band: str
    points: int
    known_weight: int
    because: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class FitRules:
    """The compiled fit profile."""

    bar: int
    needed_weight: int  # in thousandths of a weight unit, so that the share stays a whole number
    bands: tuple[tuple[str, int], ...]
    attributes: tuple[_Attribute, ...]
    disqualifiers: tuple[tuple[str, Check], ...]


def compile_fit(fit: Fit) -> FitRules:
    """Closures for every band and disqualifier."""
    attributes = tuple(_attribute(attribute) for attribute in fit.attributes)
    total = sum(a.weight for a in attributes)
    bands = tuple(sorted(fit.bands, key=lambda band: -band[1]))
    disqualifiers = tuple((name, compile_condition(when)) for name, when in fit.disqualifiers.items())
    return FitRules(fit.bar, total * fit.known_per_mille, bands, attributes, disqualifiers)


def _attribute(attribute: FitAttribute) -> _Attribute:
    bands = tuple((compile_condition(band.when), band.points) for band in attribute.bands)
    leaves = [leaf for band in attribute.bands for leaf, _ in leaves_of(band.when)]
    closed = all(leaf.field in attribute.reads for leaf in leaves)
    return _Attribute(attribute.name, attribute.weight, attribute.reads, bands, attribute.otherwise, closed, {})


def score_fit(rules: FitRules, case: Any, persona: str = "") -> FitScore:
    """The fit of one case, with its trace: ("fit", attribute, points, weight) or ("fit", attribute, None, weight) when unknown.

    `persona` is whose profile `rules` are; it stands in the trace.
    """
    points = known = 0
    because: list[Reason] = [("persona", persona)] if persona else []
    value_of = case.fields.get
    for attribute in rules.attributes:
        read = tuple(map(value_of, attribute.reads))
        step = attribute.answers.get(read) or _step(attribute, case, read)
        because.append(step)
        if step[2] is not None:
            points += int(step[2])
            known += attribute.weight
    score = None if known == 0 or known * 1000 < rules.needed_weight else min(100, max(0, 100 * points // known))
    because.append(("fit.score", score, points, known))
    return FitScore(score, band_of(rules.bands, score), points, known, tuple(because))


def _step(attribute: _Attribute, case: Any, read: tuple[str | None, ...]) -> Reason:
    """What one attribute gives, None when nothing it reads is known. Few values come again and again, so answers are kept."""
    step = ("fit", attribute.name, _worked_out(attribute, case) if any(read) else None, attribute.weight)
    if attribute.closed and len(attribute.answers) < MOST_ANSWERS:
        attribute.answers[read] = step
    return step


def _worked_out(attribute: _Attribute, case: Any) -> int:
    for check, points in attribute.bands:
        if check(case) is None:
            return points
    return attribute.otherwise


def band_of(bands: tuple[tuple[str, int], ...], score: int | None) -> str:
    """The name of the band a score falls in; bands are ordered from the highest."""
    if score is None:
        return UNKNOWN_BAND
    return next((name for name, least in bands if score >= least), UNKNOWN_BAND)


def disqualifier(rules: FitRules, case: Any) -> str:
    """The name of the first hard disqualifier known to hold, or ""."""
    return next((name for name, check in rules.disqualifiers if check(case) is None), "")
