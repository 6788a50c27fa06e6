"""Fit and intent as the process document tells them."""

from __future__ import annotations

from collections.abc import Iterator

from handoff.policy import FitAttribute, IntentKind, Policy
from mappings.reference import table, words

HOURS_PER_DAY = 24


def fit_part(policy: Policy) -> Iterator[str]:
    """Attributes, answers, bands and disqualifiers."""
    fit = policy.fit
    bands = ", ".join(f"{name} from {least}" for name, least in fit.bands)
    yield "\n## Fit: is it the right person at the right company?\n"
    yield (
        f"100 x points / weight of what is known; the bar is **{fit.bar}**. Known must be {fit.known_per_mille / 10:g} % of the weight,"
        f" else fit is *unknown*: that blocks nobody, and nobody is called qualified by it. Bands: {bands}. [R12, R17-R27, R34, R42]\n"
    )
    yield table(("question", "weight", "answers"), ((one.name.replace("_", " "), str(one.weight), _answers(one)) for one in fit.attributes))
    if fit.disqualifiers:
        yield "\nWhatever the score, not sold to (only what is known counts) [R20, R23]:\n"
        yield table(("who", "when"), ((name, words(condition)) for name, condition in fit.disqualifiers.items()))


def _answers(attribute: FitAttribute) -> str:
    return "; ".join([*(f"{band.label} {band.points}" for band in attribute.bands), f"any other known answer {attribute.otherwise}"])


def intent_part(policy: Policy) -> Iterator[str]:
    """Kinds of engagement with points, caps and half-lives."""
    intent = policy.intent
    bands = ", ".join(f"{name} from {least}" for name, least in intent.bands)
    yield "\n## Intent: is the lead looking now?\n"
    yield (
        f"Points for what the lead did, halved with every half-life, at most 100; the bar is **{intent.bar}**. Bands: {bands}."
        f" Who was qualified once must cool below {intent.rearm_below} first. Opens count for nothing."
        " [R4, R5, R28-R32, R34, R36, R37, R46]\n"
    )
    yield table(("engagement", "seen as", "points", "at most", "half-life", "besides"), (_kind(kind) for kind in intent.kinds))


def _kind(kind: IntentKind) -> tuple[str, ...]:
    seen = " ".join([kind.activity, *(f"“{subject}”" for subject in kind.subjects), *(f"({outcome})" for outcome in kind.outcomes)])
    notes = [
        note for note, holds in (("a hand-raise: answered at once", kind.hand_raise), ("a sign of life", kind.breaks_silence)) if holds
    ]
    cap = "" if kind.cap is None else str(kind.cap)
    return kind.name, seen, str(kind.points), cap, f"{kind.half_life_hours // HOURS_PER_DAY} days", "; ".join(notes)
