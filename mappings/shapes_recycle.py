"""Shapes of last calls, recycling, alerts, reasons and the Stage 0 opportunity."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mappings.shapes_base import NAME, NAME_HELP, Shape, When, Whole


class LastCallShape(Shape):
    """What the owner hears before a lead leaves for silence. Left out: leads leave without a last call."""

    business_days: Whole = Field(ge=1, description="How long before it leaves; the same as the task of the rule that reads last_call.due.")
    keep_days: Whole = Field(ge=1, description="How long a kept lead stays.")
    keeps: Whole = Field(ge=0, description="How often a lead can be kept per hand-over.")


class RepSourcedShape(Shape):
    """Leads that sales found itself: silence never moves them, it is only reported."""

    sources: list[str] = Field(min_length=1)
    days: Whole = Field(ge=1)


class RecycleShape(Shape):
    """When a lead that came back may be handed over again. Left out: at once, and as often as it qualifies."""

    cool_off_days: Whole = Field(ge=0, description="After sales gave it back, before marketing may qualify it again.")
    closed_lost_days: Whole = Field(ge=0, description="After a lost opportunity.")
    cycles_per_year: Whole = Field(ge=1, description="Hand-overs in 365 days; hand-raises and agreed dates are never held.")
    sunset_days: Whole = Field(ge=30, description="Days without any engagement after which nurture ends; read by the signal sunset.due.")


class AlertShape(Shape):
    """What stands on the exceptions list while it holds. It moves nobody."""

    name: str = Field(pattern=NAME, description=NAME_HELP)
    stages: list[str] = Field(alias="in", min_length=1)
    when: When
    says: str = Field(min_length=10)


class OpportunityShape(Shape):
    """The Stage 0 opportunity on acceptance, as a HubSpot deal; Salesforce makes its own on conversion."""

    create: bool
    pipeline: str = ""
    stage: str = ""
    name: str = Field(default="", description="A text with {company} and the like.")


class ReasonShape(Shape):
    """One reason code; every reason leads somewhere."""

    label: str
    action: Literal["nurture", "suppress", "reroute", "merge", "correct"]
    wake_days: Whole | None = Field(default=None, ge=1)
    before_days: Whole | None = Field(default=None, ge=0, description="Where a date was agreed (follow_up_on): that date less these days.")
    words: list[str] = Field(default=[], description="What people type for it, besides its name and label.")


class ReasonsFile(Shape):
    """reasons.yaml."""

    reasons: dict[str, ReasonShape]
