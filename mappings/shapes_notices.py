"""What notices.yaml may hold."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mappings.shapes_base import NAME, NAME_HELP, Shape, When

CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$"
Audience = Literal["rep", "owner_before", "manager", "account_owner", "marketing", "revops", "on_call"]


class NoticeShape(Shape):
    """One notice: with a move (on), or by the clock (stages and when)."""

    name: str = Field(pattern=NAME, description=NAME_HELP)
    to: Audience = Field(
        description="rep: the lead's owner. owner_before: the one it leaves. manager: the owner's. account_owner: the named account's."
        " The others are channels."
    )
    how: Literal["now", "digest"] = Field(default="now", description="digest: put together, one message per person and day.")
    quiet: bool = Field(default=True, description="Waits for the end of the person's quiet hours; false: comes at any hour.")
    on: list[str] = Field(default=[], description="Rules of stages.yaml that set it off.")
    stages: list[str] = Field(default=[], description="Where a clock sets it off, once per step; sales, marketing and any are understood.")
    when: When = None
    subject: str
    lines: list[str] = Field(default=[], max_length=12)


class QuietShape(Shape):
    """Times of day in the person's own zone."""

    from_: str = Field(alias="from", pattern=CLOCK, description="HH:MM.")
    until: str = Field(pattern=CLOCK, description="HH:MM.")


class NoticesFile(Shape):
    """notices.yaml: who is told what."""

    quiet_hours: QuietShape
    digest_at: str = Field(pattern=CLOCK, description="HH:MM in the person's own zone.")
    reps_by_name: Literal["managers", "everyone"] = Field(
        default="managers", description="Who sees in `handoff report sla` which rep was late. Everyone else sees the sums of all reps."
    )
    notices: list[NoticeShape]
