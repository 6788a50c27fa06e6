"""What scoring.yaml may hold."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mappings.shapes_base import NAME, NAME_HELP, Count, Shape, When, Whole

Percent = Annotated[Whole, Field(ge=0, le=100)]
ActivityName = Literal["form", "click", "reply", "visit", "campaign", "call", "email", "meeting"]


class AnswerShape(Shape):
    """Points for one answer; the first that holds counts."""

    label: str
    points: Count
    when: When


class AttributeShape(Shape):
    """One question about the lead, `weight` points at most."""

    name: str
    weight: Whole = Field(ge=1, le=100)
    answers: list[AnswerShape] = Field(min_length=1)
    otherwise: Count = Field(default=0, description="Points for a known answer that stands in no line above.")


class DisqualifierShape(Shape):
    """Who cannot be sold to, whatever the score."""

    name: str
    when: When


class FitShape(Shape):
    """Is it the right person at the right company?"""

    bar: Percent
    known_percent: Percent = Field(description="Share of the weight that must be known; below it, fit is 'unknown' and blocks nobody.")
    settle_hours: Count = Field(default=0, description="How long an unknown fit waits for data before the lead is enrolled or judged.")
    bands: dict[str, Percent]
    attributes: list[AttributeShape] = Field(min_length=1)
    disqualifiers: list[DisqualifierShape] = []


class EngagementShape(Shape):
    """Points for one kind of engagement."""

    name: str
    activity: ActivityName
    subjects: list[str] = Field(default=[], description="Kinds of form, campaign or page; blank: any.")
    outcomes: list[str] = Field(default=[], description="Outcomes or member statuses; blank: any.")
    points: Percent
    cap: Whole | None = Field(default=None, ge=1, description="Most points that all of this kind can add up to.")
    half_life_days: Whole = Field(ge=1)
    breaks_silence: bool = False
    hand_raise: bool = False


class SubjectShape(Shape):
    """Which forms, campaigns or pages are of one kind."""

    name: str
    ids: list[str] = Field(default=[], description="The vendor's ids; they survive a renaming.")
    words: list[str] = Field(default=[], description="Words in the name, any case.")


class IntentShape(Shape):
    """Has the lead done something lately that says 'I am looking'?"""

    bar: Percent
    rearm_below: Percent
    full_points_hours: Count = Field(default=0, description="Younger than this, an engagement counts in full; then it has decayed.")
    bands: dict[str, Percent]
    kinds: list[EngagementShape] = Field(min_length=1)
    forms: list[SubjectShape] = []
    campaigns: list[SubjectShape] = []
    pages: list[SubjectShape] = []


class PersonaShape(Shape):
    """A kind of buyer; the first that holds."""

    name: str = Field(pattern=NAME, description=NAME_HELP)
    label: str
    when: When
    attributes: list[AttributeShape] = Field(default=[], description="Instead of the attributes of the same name under fit.")
    group: str = Field(default="", description="Its own nurture group, where a group in sweep.yaml says persona_first.")
    links: list[str] = Field(default=[], description="What the rep should have at hand: a title and an address.")


class CountShape(Shape):
    """How often something was done lately: the signal count.<name>."""

    kinds: list[str] = Field(min_length=1, description="Names of engagements under intent.kinds.")
    distinct: Literal["mails", "days", "events"] = "events"
    within_days: Annotated[Whole, Field(ge=1)]


class ScoringFile(Shape):
    """scoring.yaml: fit, personas, intent and counts."""

    fit: FitShape
    personas: list[PersonaShape] = []
    intent: IntentShape
    counts: dict[str, CountShape] = {}
