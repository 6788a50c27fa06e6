"""What a case file may hold: given facts, and the decision that is expected of the policy."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from mappings.shapes_base import Shape, Whole

DidName = Literal[
    "form", "click", "reply", "visit", "campaign", "send", "call", "email", "meeting", "task", "status", "owner", "won", "lost", "open_deal"
]
TIME_HELP = "An ISO date-time, or counted from the case's now: -2h, -3d, +30m."


class DidShape(Shape):
    """One thing that happened, dated."""

    what: DidName
    at: str = Field(description=TIME_HELP)
    subject: str = Field(default="", description="Kind of form, campaign or page; the status or owner a person picked.")
    outcome: str = ""
    by: str = Field(default="", description="E-mail of the colleague who did it.")
    due: str = Field(default="", description=f"Of a task: when it is due. {TIME_HELP}")
    automated: bool = Field(default=False, description="A step of a sequence: a touch, no first response.")
    ours: bool = Field(default=False, description="Written by handoff itself.")


class MemberShape(Shape):
    """A colleague besides the ones every case has."""

    role: Literal["sdr", "ae", "manager", "marketing", "other"]
    active: bool = True
    manager: str = ""
    weight: Whole = 1
    time_zone: str = ""
    away: list[str] = Field(default=[], description=f"From and until. {TIME_HELP}")
    open_leads: Whole = Field(default=0, description="How many leads this person works now.")
    new_today: Whole = 0
    new_this_week: Whole = 0
    pair: str = ""


class ExpectShape(Shape):
    """What the decision must say; only what is written is compared."""

    stage: str | None = None
    side: str | None = None
    rule: str | None = Field(default=None, description="The rule that moved the lead; blank: none did.")
    owner: str | None = Field(default=None, description="E-mail, queue:NAME, or blank for nobody.")
    next_step: str | None = None
    reason: str | None = Field(default=None, description="The line on the record; a part of it is enough.")
    lead_type: str | None = None
    group: str | None = None
    due: str | None = Field(default=None, description=TIME_HELP)
    review: str | None = Field(default=None, description="YYYY-MM-DD, or days from today: +30d.")
    out_of_scope: str | None = Field(default=None, description="Name of the scope rule that leaves the lead alone.")
    exception: str | None = Field(default=None, description="What stands on the exceptions list.")
    fit: int | str | None = Field(default=None, description="The fit score, or a band.")
    intent: int | str | None = None
    task: str | None = Field(default=None, description="A part of the task's subject; blank: no task.")
    told: dict[str, str] | None = Field(default=None, description="Who gets a notice -> a part of its subject; empty: nobody.")
    signals: dict[str, bool | int | str | None] = Field(default={}, description="Signals and their values.")
    skipped: dict[str, str] = Field(default={}, description="Who is passed over -> why (a part of it).")


class CaseShape(Shape):
    """One case."""

    case: str = Field(min_length=5, description="What happens, in a sentence.")
    requirements: list[str] = []
    without: str = Field(
        default="", description="The part of the policy the case is about, for example transitions.NAME: without it the case must fail."
    )
    now: str = "2026-11-23T15:00:00Z"
    stage: str = Field(default="", description="Where the lead stands; blank: seen for the first time.")
    since: str = Field(default="-30d", description=f"When that stage began. {TIME_HELP}")
    created: str = Field(default="-40d", description=f"First seen. {TIME_HELP}")
    owner: str = ""
    before: dict[str, Any] = Field(default={}, description="More of what is remembered of the lead: lead_type, offered_at, reroutes ...")
    in_: list[str] = Field(default=[], alias="in", description="CRMs that hold a record; the policy's first when left out.")
    fields: dict[str, str] = Field(default={}, description="Our field names; what every case has can be blanked.")
    did: list[DidShape] = []
    typed: dict[str, str] = Field(default={}, description="Fields that a person has changed an hour ago, with their new values.")
    team: dict[str, MemberShape] = {}
    accounts: dict[str, str] = Field(default={}, description="Named accounts: domain -> owner's e-mail.")
    frame: dict[str, Any] = Field(default={}, description="More of what is known about the others.")
    adopting: bool = False
    uncovered: list[str] = Field(default=[], description="Activity sources that were not read up to now, as system:stream.")
    expect: ExpectShape


class CasesFile(Shape):
    """A case file."""

    about: str = Field(min_length=5)
    cases: list[CaseShape] = Field(min_length=1)
