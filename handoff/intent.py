"""Intent: recent engagement, 0 to 100 in whole numbers.

Each event loses half its points per half-life, counted in whole hours and rounded down to thousandths of a point; then each kind's cap is
filled with the newest events first; then the sum, at most 100. Only whole-number arithmetic, so every machine agrees. Younger than
`full_points_hours`, an event counts in full: a trial that is worth the bar reaches it, whenever in its first day it is looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import lru_cache
from typing import NamedTuple

from handoff.decision import Reason
from handoff.facts import Kind
from handoff.policy import Intent, IntentKind, SubjectKind, kind_of_subject

HOUR_SECONDS = 3600
FRACTION_BITS = 128
DIGITS = 60  # 2^128 has 39
MOST = 100
MOST_SUBJECTS = 10_000


@lru_cache(maxsize=64)
def decay_factors(half_life_hours: int) -> tuple[int, ...]:
    """2^(-h / half_life) for h = 0 .. half_life - 1 as fractions of 2^128, rounded down."""
    if half_life_hours < 1:
        raise ValueError(f"half-life must be at least one hour, not {half_life_hours}")
    ratio = _root_of_half(half_life_hours)
    factors = [1 << FRACTION_BITS]
    for _ in range(half_life_hours - 1):
        factors.append(factors[-1] * ratio >> FRACTION_BITS)
    return tuple(factors)


def _root_of_half(half_life_hours: int) -> int:
    """floor(2^128 x 2^(-1 / half_life)): guessed by decimals, settled by whole numbers, so that the guess cannot matter."""
    goal = 1 << (FRACTION_BITS * half_life_hours - 1)
    with localcontext(prec=DIGITS):
        root = int(Decimal(2) ** (FRACTION_BITS - Decimal(1) / half_life_hours))
    while root**half_life_hours > goal:
        root -= 1
    while (root + 1) ** half_life_hours <= goal:
        root += 1
    return root


def decayed(points: int, half_life_hours: int, hours: int) -> int:
    """What is left of `points` after whole `hours`, in thousandths of a point, rounded down."""
    lives, rest = divmod(hours, half_life_hours)
    return (points * 1000 * decay_factors(half_life_hours)[rest]) >> (FRACTION_BITS + lives)


@dataclass(frozen=True, slots=True)
class CountedKind:
    """One compiled kind of engagement; `factors` is its decay table."""

    name: str
    subjects: frozenset[str]
    outcomes: frozenset[str]
    points: int
    cap: int | None  # thousandths
    half_life_hours: int
    factors: tuple[int, ...]
    breaks_silence: bool
    hand_raise: bool
    is_click: bool
    topic: str  # what one fact seen in two systems has in common

    def takes(self, subject: str, outcome: str) -> bool:
        """Whether an activity with this subject's kind and this outcome counts here."""
        return (not self.subjects or subject in self.subjects) and (not self.outcomes or outcome in self.outcomes)


@dataclass(frozen=True, slots=True)
class IntentRules:
    """Kinds by activity kind, in the policy's order, and the bar."""

    bar: int
    full_points_hours: int
    bands: tuple[tuple[str, int], ...]
    by_activity: dict[str, tuple[CountedKind, ...]]
    vocabulary: dict[str, tuple[SubjectKind, ...]]  # activity kind -> which subjects mean what
    answers: dict[tuple[str, str, str], CountedKind | None]  # what was worked out before, bounded
    counted_names: frozenset[str]  # kinds that a count asks for

    def counted(self, activity_kind: str, subject: str, outcome: str) -> CountedKind | None:
        """The first kind of engagement an activity is; None when it counts for nothing."""
        asked = (activity_kind, subject, outcome)
        if asked in self.answers:
            return self.answers[asked]
        meant = kind_of_subject(subject, self.vocabulary[activity_kind]) if activity_kind in self.vocabulary else subject
        found = next((kind for kind in self.by_activity.get(activity_kind, ()) if kind.takes(meant, outcome)), None)
        if len(self.answers) < MOST_SUBJECTS:
            self.answers[asked] = found
        return found


class IntentScore(NamedTuple):
    """`because` has one step per counted event: ("intent", kind, age in hours, points, left and counted in thousandths)."""

    score: int
    band: str
    because: tuple[Reason, ...]


Engagement = tuple[int, str, CountedKind]
"""(seconds since 1970, activity key, kind)."""


def compile_intent(intent: Intent, counted_names: Iterable[str] = ()) -> IntentRules:
    """Decay tables per half-life, and the kinds to try for each activity kind. `counted_names` are kinds that counts ask for."""
    by_activity: dict[str, tuple[CountedKind, ...]] = {}
    for kind in intent.kinds:
        counted = CountedKind(
            kind.name,
            frozenset(kind.subjects),
            frozenset(kind.outcomes),
            kind.points,
            None if kind.cap is None else kind.cap * 1000,
            kind.half_life_hours,
            decay_factors(kind.half_life_hours),
            kind.breaks_silence,
            kind.hand_raise,
            kind.activity == Kind.CLICK,
            _topic(kind),
        )
        by_activity[kind.activity] = (*by_activity.get(kind.activity, ()), counted)
    vocabulary = {str(Kind.FORM): intent.forms, str(Kind.CAMPAIGN): intent.campaigns, str(Kind.VISIT): intent.pages}
    bands = tuple(sorted(intent.bands, key=lambda band: -band[1]))
    known = {kind: subjects for kind, subjects in vocabulary.items() if subjects}
    return IntentRules(intent.bar, intent.full_points_hours, bands, by_activity, known, {}, frozenset(counted_names))


def _topic(kind: IntentKind) -> str:
    """A form and its mirror, a campaign membership, are one fact; everything else is told apart by its kind."""
    mirrored = kind.activity in (Kind.FORM, Kind.CAMPAIGN) and kind.subjects
    return "form of " + ", ".join(sorted(kind.subjects)) if mirrored else kind.name


def score_intent(rules: IntentRules, engagements: Sequence[Engagement], now: int) -> IntentScore:
    """The intent at `now` (seconds) of engagements ordered newest first."""
    spent: dict[str, int] = {}
    total = 0
    because: list[Reason] = []
    for at, _, kind in engagements:
        hours = (now - at) // HOUR_SECONDS
        lives, rest = divmod(hours if hours >= rules.full_points_hours else 0, kind.half_life_hours)
        left = (kind.points * 1000 * kind.factors[rest]) >> (FRACTION_BITS + lives)
        if left == 0:
            continue
        counted = left
        if kind.cap is not None:
            used = spent.get(kind.name, 0)
            counted = min(left, kind.cap - used)
            spent[kind.name] = used + counted
        total += counted
        because.append(("intent", kind.name, hours, kind.points, left, counted))
    score = min(MOST, total // 1000)
    because.append(("intent.score", score))
    return IntentScore(score, _band(rules.bands, score), tuple(because))


def _band(bands: Iterable[tuple[str, int]], score: int) -> str:
    return next((name for name, least in bands if score >= least), "")


def falls_below(rules: IntentRules, engagements: Sequence[Engagement], now: int, bar: int) -> int | None:
    """The first second after `now` at which the score is below `bar` if nothing else happens; None when it is below already."""
    if bar <= 0 or score_intent(rules, engagements, now).score < bar:
        return None
    low, high = now, now + HOUR_SECONDS
    while score_intent(rules, engagements, high).score >= bar:
        low, high = high, high + 2 * (high - now)
    while high - low > 1:
        middle = (low + high) // 2
        if score_intent(rules, engagements, middle).score >= bar:
            low = middle
        else:
            high = middle
    return high
