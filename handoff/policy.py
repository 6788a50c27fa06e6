"""The compiled policy: frozen values that the core reads. `mappings/` loads YAML into these and refuses what does not hold together.

Names of things (stages, pools, groups, rules) are the company's own words; the core knows only what is declared here.
Integer arithmetic everywhere: weights and points are whole numbers, shares are per mille, spans are whole days, hours or minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from typing import Literal

from pydantic import Field

from handoff.condition import Condition as Condition
from handoff.condition import Frozen as Frozen
from handoff.condition import Operator as Operator
from handoff.condition import Test as Test
from handoff.decision import Side
from handoff.policy_intake import Freeze as Freeze
from handoff.policy_intake import Intake as Intake
from handoff.policy_intake import Rollout as Rollout
from handoff.policy_intake import ScopeKind as ScopeKind
from handoff.policy_intake import Suffixes as Suffixes
from handoff.policy_notices import Notice as Notice
from handoff.policy_notices import Telling as Telling
from handoff.policy_recycle import Alert as Alert
from handoff.policy_recycle import LastCall as LastCall
from handoff.policy_recycle import Opportunity as Opportunity
from handoff.policy_recycle import ReasonCode as ReasonCode
from handoff.policy_recycle import Recycle as Recycle
from handoff.policy_routing import Cadence as Cadence
from handoff.policy_routing import Capacity as Capacity
from handoff.policy_routing import HandRaise as HandRaise
from handoff.policy_routing import Pool as Pool
from handoff.policy_routing import RouteRule as RouteRule
from handoff.policy_scoring import Band as Band
from handoff.policy_scoring import Cell as Cell
from handoff.policy_scoring import Count as Count
from handoff.policy_scoring import Fit as Fit
from handoff.policy_scoring import FitAttribute as FitAttribute
from handoff.policy_scoring import Intent as Intent
from handoff.policy_scoring import IntentKind as IntentKind
from handoff.policy_scoring import Persona as Persona
from handoff.policy_scoring import SubjectKind as SubjectKind
from handoff.policy_scoring import kind_of_subject as kind_of_subject
from handoff.vocabulary import CARRIERS
from handoff.vocabulary import SIGNALS as SIGNALS


class Meaning(Frozen):
    """What one CRM status option means when a person picks it, and which stage a lead found in it at adoption has.

    `stage` is for a record that is there when the company is adopted; `later` for one first seen afterwards ("" = the same).
    """

    event: Literal["none", "accepted", "qualified", "opportunity", "customer", "nurture", "disqualified", "reopened"] = "none"
    stage: str  # stage at adoption
    later: str = ""  # stage at first sight after the adoption
    reason: str = ""  # reason code when the event is disqualified or nurture
    where: str = ""


class Company(Frozen):
    """Calendar and addresses of the company. `holidays` are resolved to dates when the policy compiles and belong to its digest."""

    name: str
    time_zone: str
    work_days: tuple[int, ...] = (0, 1, 2, 3, 4)  # Monday is 0
    opens: time
    closes: time
    holidays: tuple[date, ...] = ()
    own_domains: tuple[str, ...] = ()
    free_mail_domains: tuple[str, ...] = ()
    suffixes: Suffixes = Field(default_factory=Suffixes)
    freezes: tuple[Freeze, ...] = ()
    placeholders: tuple[str, ...] = ()  # "n/a", "-": typed instead of leaving blank; read as unknown, compared trimmed and case-folded


class Stage(Frozen):
    """One lifecycle stage. `project` says what the CRM's own fields show: system -> canonical field -> value ("" clears)."""

    name: str
    label: str
    side: Side
    meaning: str
    owner: Literal["rep", "queue", "keep", "none"] = "keep"
    project: Mapping[str, Mapping[str, str]] = {}
    final: bool = False  # nobody leaves it by a rule; the reason stands in `meaning`
    where: str = ""


class TaskBrief(Frozen):
    """The one task a transition creates. `subject` and `lines` are templates over the lead's canonical fields and the decision's values."""

    subject: str
    lines: tuple[str, ...]
    due: Literal["clock", "business_minutes", "business_days", "staggered"] = "business_minutes"
    amount: int = 0


class Transition(Frozen):
    """One row of the transition table; the first row whose `from_stages` holds the lead's stage and whose `when` is true fires."""

    name: str
    from_stages: tuple[str, ...]
    to: str  # target stage, or "same" for a new episode of the same stage
    when: Condition
    ready: bool = False  # asks assign for an owner; the lead enters `to` only when one is found
    lead_type: str = ""
    next_step: str
    reason: str  # template of the line a rep reads
    review_days: int | None = None  # sets review_at
    nurture: bool = False  # picks a nurture group (or a hold)
    may_override_person: tuple[str, ...] = ()  # fields: stage, owner, status
    release_owner: bool = False
    adoption_only: bool = False
    task: TaskBrief | None = None
    pool: str = ""  # overrides routing
    to_previous_owner: bool = False  # offers to the previous owner while active, else to `pool` or routing
    continues: bool = False  # of a row to "same": the stage goes on, its date and clocks stay; only what is written here is new
    creates: Literal["", "opportunity"] = ""  # a Stage 0 opportunity, where `Opportunity.create` says so
    counts_as_reroute: bool = False  # raises `reroutes` by one; the owner before is skipped
    wait_next_step: str = ""  # next step and reason while a ready lead waits in `waiting_stage` for a rep with room
    wait_reason: str = ""
    where: str = ""


class ScopeRule(Frozen):
    """Who is left out and never moved."""

    name: str
    kind: ScopeKind
    when: Condition
    hand_raise_to: Literal["", "rep", "manager", "account_owner", "revops"] = ""  # who is told when such a person asks for something
    label: str = ""


class HoldRule(Frozen):
    """Who may not be mailed: nurture becomes a hold with a review date."""

    name: str
    when: Condition
    review_days: int


class NurtureGroup(Frozen):
    """Which group a nurtured lead joins; the first whose `when` holds. The name is what marketing's workflow enrols on."""

    name: str
    when: Condition
    persona_first: bool = False  # a persona that has a group of its own takes its leads here


class Silence(Frozen):
    """Days without a sign of life per stage; a stage without an entry is never silent. Activity sources that must be covered."""

    days: Mapping[str, int]
    sources: Mapping[str, tuple[str, ...]]  # system -> streams
    max_lag_hours: int = 24
    target_account_days: int | None = None  # instead of `days` where the lead's account is named
    last_call: LastCall | None = None  # None: leads leave without one
    rep_sourced: tuple[str, ...] = ()  # sources of leads that sales found itself: never moved by silence, only reported
    rep_sourced_days: int | None = None


class Guard(Frozen):
    """Limits per run and rolling 24 hours by kind of move; the larger of share and floor. Shares are per mille of leads in scope."""

    per_mille: Mapping[str, int]
    floor: Mapping[str, int]
    tasks_per_rep_per_day: int = 15


class RoleWords(Frozen):
    """Which of our roles a CRM role, team or profile name says: the first entry with a word in the name."""

    role: Literal["sdr", "ae", "manager", "marketing", "other"]
    words: tuple[str, ...]


class Approval(Frozen):
    """A team's sign-off of this policy."""

    team: Literal["sales", "marketing"]
    by: str
    on: date
    rules: str = ""  # digest of the rules that were signed


class Policy(Frozen):
    """Everything a decision reads besides facts, frame and time. `digest` covers all of it."""

    name: str
    version: str
    approvals: tuple[Approval, ...]
    company: Company
    systems: tuple[str, ...]  # system of record first; a lead's record of stage and owner is in the first system where it has a live record
    carriers: Mapping[str, str] = CARRIERS  # system -> the object that carries stage, status and owner there
    sources: Mapping[str, tuple[str, ...]] = {}  # canonical field -> systems in order; default is `systems`
    first_stage: str = "lead"
    offered_stage: str = "offered"
    waiting_stage: str = "mql"
    handover_at: str = "offered"  # the stage with which sales begins to owe: before it no SLA clock runs against an owner
    accepted_stage: str = "sal"  # where the date of acceptance is taken, counted once per cycle
    qualified_stage: str = "sql"
    stages: Mapping[str, Stage]
    transitions: tuple[Transition, ...]
    statuses: Mapping[str, Mapping[str, Meaning]]  # system -> option -> meaning
    lifecycle: Mapping[str, str] = {}  # HubSpot lifecycle stage -> stage at first sight when no status decides
    takes: Condition | None = None  # whose leads these are; None: everybody's
    rollout: Rollout = Field(default_factory=Rollout)
    intake: Intake = Field(default_factory=Intake)
    senior: Condition | None = None  # who must not go unnoticed at a named account
    scope: tuple[ScopeRule, ...]
    holds: tuple[HoldRule, ...]
    groups: tuple[NurtureGroup, ...]
    nurture_queue: str
    fit: Fit
    intent: Intent
    personas: tuple[Persona, ...] = ()
    counts: Mapping[str, Count] = {}
    matrix: tuple[Cell, ...] = ()
    pools: Mapping[str, Pool]
    routes: tuple[RouteRule, ...]
    cadences: tuple[Cadence, ...]
    silence: Silence
    hand_raise: HandRaise = Field(default_factory=HandRaise)
    capacity: Capacity = Field(default_factory=Capacity)
    guard: Guard
    wake_days: Mapping[str, int] = {}  # reason code -> days until the wake date
    reasons: Mapping[str, ReasonCode] = {}
    recycle: Recycle = Field(default_factory=Recycle)
    alerts: tuple[Alert, ...] = ()
    opportunity: Opportunity = Field(default_factory=Opportunity)
    roles: tuple[RoleWords, ...] = ()
    telling: Telling = Telling()
    keep_owner_roles: tuple[str, ...] = ("sdr", "ae", "manager")  # an active owner of another role is not kept when a lead is offered
    horizon_days: int = 400
    horizon_activities: int = 200
    digest: str = ""
    rules: str = ""  # digest of what the files say: what a signature is given for
    unsigned: tuple[str, ...] = ()  # teams whose signature is for other rules than these

    def shows(self, system: str, status: str, stage: str) -> bool:
        """Whether a CRM status option already says `stage` and need not be rewritten (a person's "Bad timing" stays in nurture)."""
        meaning = self.statuses.get(system, {}).get(status)
        return meaning is not None and meaning.stage == stage
