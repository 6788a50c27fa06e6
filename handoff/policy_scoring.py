"""What makes a lead qualified, as the core reads it: fit and personas, intent and counts, and the matrix of both.

`handoff.policy` gives these names on; import them from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from handoff.condition import Condition, Frozen


class Band(Frozen):
    """Points for one answer of a fit attribute."""

    when: Condition
    points: int
    label: str = ""  # for explain: "VP or C-level"


class FitAttribute(Frozen):
    """One attribute: `weight` is its maximum; the first band that holds gives the points; unknown when every field it reads is unknown."""

    name: str
    weight: int
    reads: tuple[str, ...]
    bands: tuple[Band, ...]
    otherwise: int = 0


class Fit(Frozen):
    """Fit = floor(100 x points / weight known); unknown when less than `known_per_mille` of the weight is known."""

    bar: int
    known_per_mille: int
    attributes: tuple[FitAttribute, ...]
    disqualifiers: Mapping[str, Condition] = {}
    settle_hours: int = 0  # how long after first sight data may still arrive before an unknown fit is acted on
    bands: tuple[tuple[str, int], ...] = (("A", 80), ("B", 60), ("C", 40), ("D", 0))


class IntentKind(Frozen):
    """Points of one kind of engagement. `cap` bounds the kind's sum (None: no cap); `half_life_hours` whole hours."""

    name: str
    activity: str  # Kind value
    subjects: tuple[str, ...] = ()  # form kinds, page kinds, campaign kinds; empty = any
    outcomes: tuple[str, ...] = ()
    points: int
    cap: int | None = None
    half_life_hours: int
    breaks_silence: bool = False
    hand_raise: bool = False


class SubjectKind(Frozen):
    """Which forms, campaigns or pages are of one kind: by the vendor's id, or by words in the name (whole words, any case)."""

    name: str
    ids: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    where: str = ""

    def holds(self, subject: str) -> bool:
        """Whether `subject` (an id, a name, or an id followed by a blank and the name) is of this kind."""
        folded = subject.strip().casefold()
        if any(folded == one or folded.startswith(f"{one} ") for one in (vendor_id.casefold() for vendor_id in self.ids)):
            return True
        return any(has_words(folded, words.casefold()) for words in self.words)


def has_words(text: str, words: str) -> bool:
    """Whether `words` stand in `text` with no letter or digit touching them."""
    at = text.find(words)
    while at >= 0:
        end = at + len(words)
        if not (at and text[at - 1].isalnum()) and not (end < len(text) and text[end].isalnum()):
            return True
        at = text.find(words, at + 1)
    return False


class Intent(Frozen):
    """Each event decays in thousandths of a point per whole hour, rounded down; then caps, newest first; then the sum, at most 100."""

    bar: int
    rearm_below: int
    kinds: tuple[IntentKind, ...]
    full_points_hours: int = 0  # an event younger than this counts in full; afterwards it has decayed since it happened
    forms: tuple[SubjectKind, ...] = ()
    campaigns: tuple[SubjectKind, ...] = ()
    pages: tuple[SubjectKind, ...] = ()
    bands: tuple[tuple[str, int], ...] = (("hot", 50), ("warm", 20), ("cold", 0))


def kind_of_subject(subject: str, kinds: tuple[SubjectKind, ...]) -> str:
    """The name of the first kind that `subject` is of; the subject itself when it already is a kind's name; "" when none knows it."""
    if any(kind.name == subject for kind in kinds):
        return subject
    return next((kind.name for kind in kinds if kind.holds(subject)), "")


class Persona(Frozen):
    """A kind of buyer; the first whose `when` holds is the lead's. `attributes` stand in place of the profile's of the same name."""

    name: str
    label: str
    when: Condition
    attributes: tuple[FitAttribute, ...] = ()
    group: str = ""  # nurture group of its own
    links: tuple[str, ...] = ()  # what a rep should have at hand, for the brief
    where: str = ""


class Count(Frozen):
    """How often something was done lately: the signal `count.<name>`.

    `kinds` are names of engagements; `distinct` says what counts as one: each mail (its own days where the source cannot tell mails
    apart), each day (UTC), or each event. An event counts for `within_days` times 24 hours.
    """

    name: str
    kinds: tuple[str, ...]
    distinct: Literal["mails", "days", "events"] = "events"
    within_days: int
    where: str = ""


class Cell(Frozen):
    """What follows for some levels of fit and of interest. Every pair of levels lies in exactly one cell."""

    name: str
    label: str
    fit: tuple[str, ...]  # bands of fit, "unknown", "disqualified"
    intent: tuple[str, ...]  # "hand_raise" and bands of intent
    means: str
    next_step: str
    owner: Literal["sales", "manager", "marketing"]
    within: Literal["business_minutes", "business_days"]
    amount: int
    where: str = ""
