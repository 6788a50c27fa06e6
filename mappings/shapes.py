"""What each policy file may hold. The loader checks the files against these shapes, and the JSON Schemas for editors are made from them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from handoff.policy import ScopeKind
from mappings.shapes_base import NAME, NAME_HELP, Count, Date, Days, GroupShape, Shape, When, Whole, Year
from mappings.shapes_intake import ConditionShape, FreezeShape, ImportsShape, RolloutShape, SpamShape, SurgeShape
from mappings.shapes_matrix import MatrixFile
from mappings.shapes_notices import NoticesFile
from mappings.shapes_recycle import AlertShape, LastCallShape, OpportunityShape, ReasonsFile, RecycleShape, RepSourcedShape
from mappings.shapes_routing import CadenceShape, RoutingFile
from mappings.shapes_scoring import ScoringFile

SideName = Literal["marketing", "sales", "nobody"]
MoveName = Literal["to_sales", "to_nurture", "owner_taken", "suppressed", "created", "task", "field"]
Event = Literal["none", "accepted", "qualified", "opportunity", "customer", "nurture", "disqualified", "reopened"]
DayName = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$"


class ApprovalShape(Shape):
    """One team's signature."""

    team: Literal["sales", "marketing"]
    by: str = Field(min_length=2)
    on: Date
    rules: str = Field(default="", description="What was signed; handoff policy sign writes it.")


class PolicyFile(Shape):
    """policy.yaml: name, version, who signed, and which CRM decides what."""

    name: str
    version: str
    approvals: list[ApprovalShape] = Field(description="One entry per team; both must have signed.")
    systems: list[str] = Field(
        min_length=1,
        description="System of record first: where a lead has a live record there, stage and owner are read and written there.",
    )
    sources: dict[str, list[str]] = Field(default={}, description="For single fields: which CRM is asked first.")
    extends: str = Field(default="", description="Folder of the policy that this one changes; only what differs stands here.")
    handover_at: str = Field(default="offered", description="The stage with which sales begins to owe: SLA clocks hang on it.")
    first_stage: str
    waiting_stage: str = Field(description="Where a lead that is ready waits while no rep has room.")
    offered_stage: str
    accepted_stage: str = Field(default="sal", description="Where the date of acceptance is taken, once per cycle.")
    qualified_stage: str = Field(default="sql", description="Where the date of sales qualification is taken, once per cycle.")
    rollout: RolloutShape = RolloutShape()
    takes: ConditionShape | None = Field(default=None, description="Whose leads these are, by fields; left out: everybody's.")
    history_days: Whole = Field(default=400, ge=100)
    history_activities: Whole = Field(default=200, ge=50)


class HolidayShape(Shape):
    """Public holidays of a country, resolved when the policy loads."""

    country: str
    subdivision: str = ""
    years: list[Year] = Field(min_length=1)
    also: list[Date] = Field(default=[], description="Further days off, such as a company's own.")
    except_: list[Date] = Field(default=[], alias="except", description="Public holidays on which people work.")


class FreeMailShape(Shape):
    """Which e-mail domains say nothing about an employer."""

    common: bool = Field(default=True, description="The list shipped with the product.")
    also: list[str] = []
    except_: list[str] = Field(default=[], alias="except")


class CompanyFile(Shape):
    """company.yaml: calendar, own domains, words that mean 'left blank'."""

    name: str
    time_zone: str
    work_days: list[DayName] = Field(min_length=1)
    opens: str = Field(pattern=CLOCK, description="HH:MM in the company's time zone.")
    closes: str = Field(pattern=CLOCK, description="HH:MM, later than opens.")
    holidays: HolidayShape
    own_domains: list[str] = Field(min_length=1)
    free_mail: FreeMailShape = FreeMailShape()
    freezes: list[FreezeShape] = Field(default=[], description="Days on which no lead changes hands.")
    left_blank: list[str] = Field(default=[], description="What people type instead of leaving a field blank; read as unknown.")


class ScopeShape(Shape):
    """Who is never moved."""

    name: str
    kind: ScopeKind
    when: When
    label: str = Field(default="", description="What a colleague reads, for example: customer.")
    hand_raise_to: Literal["", "rep", "manager", "account_owner", "revops"] = Field(
        default="", description="Who is told when such a person asks for a demo, a call or a price."
    )


class ScopeFile(Shape):
    """scope.yaml: who is left alone, and what is held at the door."""

    leave_alone: list[ScopeShape]
    spam: SpamShape = SpamShape()
    competitor_domains: list[str] = []
    imports: ImportsShape | None = Field(default=None, description="What an uploaded list is; left out: nobody counts as imported.")
    surge: SurgeShape = SurgeShape()


class StageShape(Shape):
    """One stage."""

    label: str
    side: SideName = Field(description="Who owes the next step.")
    owner: Literal["rep", "queue", "keep", "none"] = Field(
        description="rep: a person of sales. queue: the nurture queue (blank in HubSpot). keep: as it is."
    )
    meaning: str = Field(min_length=10)
    final: bool = Field(default=False, description="No rule leads out of it.")
    show: dict[str, dict[str, str]] = Field(default={}, description="What the CRM's own fields show: system, field, value.")


class DueShape(Shape):
    """When a task is due, counted from the move. One key."""

    minutes: Count | None = None
    business_minutes: Count | None = None
    business_days: Count | None = None
    staggered: bool | None = Field(default=None, description="Spread over the owner's next working days, hottest first.")


class TaskShape(Shape):
    """The one task that a rule creates for the owner."""

    subject: str
    lines: list[str] = Field(max_length=12)
    due: DueShape


class WaitShape(Shape):
    """What a lead says while it waits for a rep with room."""

    next_step: str
    reason: str


class RuleShape(Shape):
    """One row of the transition table."""

    name: str = Field(pattern=NAME, description=NAME_HELP)
    from_: list[str] = Field(
        alias="from", min_length=1, description="Stages, or sales, marketing (all stages of that side), or any (all but final ones)."
    )
    to: str = Field(description="A stage, or same: a new episode of the same stage.")
    when: When
    needs_owner: bool = Field(default=False, description="The lead enters the stage when a rep is found for it.")
    lead_type: str = ""
    next_step: str
    reason: str = Field(description="The line a rep reads on the record.")
    review_days: Whole | None = Field(default=None, ge=1)
    nurture: bool = Field(default=False, description="Picks a nurture group, or a hold where the lead may not be mailed.")
    overrides_person: list[Literal["stage", "owner", "status"]] = []
    releases_owner: bool = False
    adoption_only: bool = False
    reroute: bool = Field(default=False, description="Counts as a re-route; the owner before is skipped.")
    to_previous_owner: bool = False
    continues: bool = Field(default=False, description="With to: same. The stage goes on; its date and clocks stay.")
    creates: Literal["", "opportunity"] = Field(default="", description="opportunity: a Stage 0 opportunity, where that is switched on.")
    pool: str = ""
    may_wait: bool = Field(default=False, description="Without a rep who has room, the lead waits in the waiting stage.")
    task: str = Field(default="", description="Name of a brief under tasks.")


class StagesFile(Shape):
    """stages.yaml: the stages and the transition table."""

    stages: dict[str, StageShape] = Field(min_length=2)
    rules: list[RuleShape] = Field(min_length=1)
    waiting: WaitShape
    tasks: dict[str, TaskShape] = {}
    opportunity: OpportunityShape = OpportunityShape(create=False)


class MeaningShape(Shape):
    """What one status option means."""

    means: Event = Field(description="What happened when a person picks it.")
    stage: str = Field(description="Stage of a lead found in it at adoption.")
    later: str = Field(default="", description="Stage of a lead first seen in it after the adoption; blank: the same.")
    reason: str = ""


class StatusesFile(Shape):
    """statuses.yaml: every option of both CRMs, and HubSpot's lifecycle stages for contacts without a status."""

    statuses: dict[str, dict[str, MeaningShape]]
    lifecycle: dict[str, str] = Field(default={}, description="HubSpot lifecycle stage -> stage, where no status decides.")


class OptionsFile(Shape):
    """options.yaml: the options each CRM had when the policy was signed."""

    taken_on: Date
    options: dict[str, dict[str, list[str]]] = Field(description="system, field, options")


class SilenceShape(Shape):
    """When a lead is silent."""

    days: dict[str, Whole] = Field(description="stage -> days without a sign of life; a stage that is not named is never silent")
    target_account_days: Days | None = None
    sources: dict[str, list[str]] = Field(
        description="system -> activity streams that must be read up to the deadline before anybody is called silent"
    )
    max_lag_hours: Days = 24
    last_call: LastCallShape | None = None
    rep_sourced: RepSourcedShape | None = None


class HoldShape(Shape):
    """Who may not be mailed."""

    name: str
    when: When
    review_days: Whole = Field(ge=1)


class SweepFile(Shape):
    """sweep.yaml: silence, neglect, holds and nurture groups."""

    silence: SilenceShape
    idle_by_stage: dict[str, int] = Field(
        default={}, description="Business days without a touch by stage, for every cadence that does not say its own."
    )
    cadences: list[CadenceShape] = Field(min_length=1)
    holds: list[HoldShape]
    groups: list[GroupShape] = Field(min_length=1)
    nurture_queue: str = Field(min_length=1)
    recycle: RecycleShape | None = None
    alerts: list[AlertShape] = []


class LimitShape(Shape):
    """The larger of a share of the leads in scope and a number."""

    percent: str = Field(pattern=r"^\d{1,3}(\.\d)?$", description="A number from 0 to 100, with one decimal at most.")
    at_least: Count


class GuardFile(Shape):
    """guard.yaml."""

    limits: dict[MoveName, LimitShape]
    tasks_per_rep_per_day: Count


FILES: dict[str, type[BaseModel]] = {
    "policy": PolicyFile,
    "company": CompanyFile,
    "scope": ScopeFile,
    "stages": StagesFile,
    "statuses": StatusesFile,
    "options": OptionsFile,
    "reasons": ReasonsFile,
    "scoring": ScoringFile,
    "matrix": MatrixFile,
    "routing": RoutingFile,
    "sweep": SweepFile,
    "guard": GuardFile,
    "notices": NoticesFile,
}
"""File name without `.yaml` -> its shape."""
