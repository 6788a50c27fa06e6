"""The values a decision is made of. Frozen; every one can be digested, stored and replayed byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple


class Side(StrEnum):
    """Who owes the next step."""

    MARKETING = "marketing"
    SALES = "sales"
    NOBODY = "nobody"  # customer, disqualified: nothing is owed


class EffectKind(StrEnum):
    """Things that happen once per (lead, transition, episode)."""

    TASK = "task"
    CREATE_LEAD = "create_lead"
    NOTIFY = "notify"
    CREATE_DEAL = "create_deal"


class Prior(NamedTuple):
    """What the ledger (or, after a restore, the record's own fields) says this lead was before this decision."""

    stage: str
    since: datetime
    episode: int
    rev: int
    owner: str = ""  # rep key (e-mail, lower case), `queue:<name>` or "" for nobody
    previous_owner: str = ""
    pool: str = ""
    lead_type: str = ""  # hand_raise, aged_hand_raise, reconfirm, mql, content, ""
    next_step: str = ""
    nurture_group: str = ""
    due_at: datetime | None = None
    review_at: datetime | None = None  # wake date or review date of a hold
    offered_at: datetime | None = None
    hand_raise_at: datetime | None = None  # the hand-raise the current episode answers
    reroutes: int = 0
    adopted_at: datetime | None = None  # cut-over; clocks of deadlines start here
    held_until: datetime | None = None  # undo holds a lead until it is released
    fit_band: str = ""
    intent_band: str = ""
    reason: str = ""
    cycle: int = 0  # how often marketing has handed this lead to sales
    cycle_starts: tuple[str, ...] = ()  # dates (YYYY-MM-DD) on which the cycles of the last 365 days began
    mql_at: datetime | None = None  # milestones of the present cycle; the first one counts, they are paid on
    sal_at: datetime | None = None
    sql_at: datetime | None = None
    recycled_at: datetime | None = None
    first_touch_at: datetime | None = None
    campaign: str = ""  # the campaign answered last before the hand-over
    reason_code: str = ""  # why a person gave the lead back
    keeps: int = 0  # how often the owner has kept the lead after a last call
    last_call_at: datetime | None = None  # when the owner was told that the lead is about to leave
    told: tuple[str, ...] = ()  # notices given in this episode
    tried: tuple[str, ...] = ()  # reps who declined the lead or let it lapse in this cycle; none of them gets it again
    waived_seconds: int = 0  # of a hand-raise's clock: time that is nobody's (an owner's absence, an offer that came late by our fault)


@dataclass(frozen=True, slots=True)
class Rep:
    """One person who can own leads. `key` is the e-mail in lower case, the same in both CRMs."""

    key: str
    name: str
    role: str  # sdr, ae, manager, marketing, other
    active: bool
    ids: Mapping[str, str]  # system -> owner or user id
    time_zone: str = "UTC"
    manager: str = ""
    weight: int = 1
    away: tuple[tuple[int, int], ...] = ()  # absences, [from, until) in seconds since 1970
    open_cap: int | None = None  # instead of the pool's bound on open leads
    new_per_day: int | None = None  # instead of the pool's bound on new leads
    pair: str = ""  # the account executive this development rep works with, or the other way round


@dataclass(frozen=True, slots=True)
class Frame:
    """Everything about the others, frozen and digested before a run.

    `owners` resolves "system:vendor id" to a rep key or `queue:<name>`; `turns` counts turns taken per pool and rep;
    `open_leads` and `new_today` count per rep; `coverage` is covered_until per "system:stream" (aware UTC), absent when never pulled;
    `health` per "system:kind" is present, absent or stale.
    """

    reps: Mapping[str, Rep]
    owners: Mapping[str, str]
    queues: Mapping[str, Mapping[str, str]]  # queue name -> system -> vendor id
    turns: Mapping[str, Mapping[str, int]]
    open_leads: Mapping[str, int]
    new_today: Mapping[str, int]
    coverage: Mapping[str, datetime]
    health: Mapping[str, str]
    target_accounts: Mapping[str, str]  # registrable domain -> account owner's rep key
    adopting: bool = False
    cut_over: datetime | None = None  # when this company was adopted
    digest: str = ""
    new_this_week: Mapping[str, int] = field(default_factory=dict)  # offers per rep since Monday
    asked_more: Mapping[str, int] = field(default_factory=dict)  # leads a rep has asked for on top, today
    account_owners: Mapping[str, str] = field(default_factory=dict)  # account key -> rep who works somebody there now
    stopped_sources: tuple[str, ...] = ()  # sources far above their usual volume, case-folded
    imported_today: int = 0  # imported leads offered to sales since midnight
    exclusions: Mapping[str, str] = field(default_factory=dict)  # digested address or domain -> named list


class Effect(NamedTuple):
    """One thing to do once. `key` = `<lead key>|<transition>|<episode>`; `kind` tells what; `due_at` aware UTC."""

    kind: EffectKind
    lead: str
    transition: str
    episode: int
    due_at: datetime | None = None
    text: str = ""  # task brief, at most 12 lines
    subject: str = ""
    to: str = ""  # of a notice: rep key, or the audience (managers, marketing, revops, on_call)
    how: str = "now"  # of a notice: now or digest

    @property
    def key(self) -> str:
        return f"{self.kind}|{self.lead}|{self.transition}|{self.episode}"


Reason = tuple[str | int | None, ...]
"""One step of the evaluation trace: (step, name, *details), for example ("intent", "pricing_page", 2, 30, 1). Rendered only when read."""


class Decision(NamedTuple):
    """What should hold for one lead from `decided_at` until `next_look_at`.

    `transition` is the rule that moved the lead, "" when it stays. `ready` asks `assign` for an owner from `pool`
    (stage is then still the stage before the offer; assign turns it into the offered stage). `release_owner` is the named rule
    that takes an active owner away, "" when the owner is kept. `exceptions` are (reason code, detail) for the exceptions list.
    `override` names the fields a fired rule may take from a person.
    """

    lead: str
    stage: str
    since: datetime
    episode: int
    rev: int
    side: Side
    owner: str
    previous_owner: str
    pool: str
    lead_type: str
    next_step: str
    nurture_group: str
    due_at: datetime | None
    review_at: datetime | None
    offered_at: datetime | None
    hand_raise_at: datetime | None
    reroutes: int
    transition: str
    ready: bool
    release_owner: str
    heat: tuple[int, int, int]  # (hand-raise, intent, fit), larger is hotter
    first_seen: tuple[str, str]  # (ISO create date, lead key): the tie-break after heat
    fit_band: str
    intent_band: str
    reason: str  # one line a rep can read
    effects: tuple[Effect, ...]
    next_look_at: datetime | None
    in_scope: bool
    out_of_scope: str = ""  # name of the scope rule, "" when in scope
    unchanged: bool = False  # nothing to write: no own field, no owner, no effect
    override: tuple[str, ...] = ()
    exceptions: tuple[tuple[str, str], ...] = ()
    because: tuple[Reason, ...] = ()
    adopted_at: datetime | None = None
    held_until: datetime | None = None
    from_stage: str = ""  # the stage before this decision; equal to `stage` when nothing moved
    from_owner: str = ""  # the owner found on the record of record when this was decided
    fact_at: datetime | None = None  # when the fact behind the fired rule happened; an edit by a person that is newer stands
    preferred_owner: str = ""  # rep key: the named account's owner or the owner to return to, before taking turns
    cycle: int = 0  # from here on as in `Prior`
    cycle_starts: tuple[str, ...] = ()
    mql_at: datetime | None = None
    sal_at: datetime | None = None
    sql_at: datetime | None = None
    recycled_at: datetime | None = None
    first_touch_at: datetime | None = None
    campaign: str = ""
    reason_code: str = ""
    keeps: int = 0
    last_call_at: datetime | None = None
    told: tuple[str, ...] = ()
    tried: tuple[str, ...] = ()
    waived_seconds: int = 0
    held_back: bool = False  # outside the rollout: nothing of this decision is written, and the lead stays what it was


PRIOR_FIELDS = Prior._fields
_VALUES = attrgetter(*PRIOR_FIELDS)


def prior_of(decision: Decision) -> Prior:
    """What the ledger keeps of a decision once it is written: the next decision's `prior`."""
    return Prior._make(_VALUES(decision))


def decision_of(prior: Prior, **values: Any) -> Decision:
    """A decision that takes the values of `prior` over, but for `values`. Raises KeyError without a value that has no default, TypeError
    for a name that a decision does not have. (Python compares each keyword of a call with each parameter: with sixty that is most of the
    time a decision takes.)
    """
    return Decision._make(_picked(tuple(values))((*values.values(), *prior, *Decision._field_defaults.values())))


@lru_cache(maxsize=64)
def _picked(names: tuple[str, ...]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """Picks the fields of a decision, in their order, out of the values of these names, a prior's and the defaults, the first one wins."""
    known = (*names, *PRIOR_FIELDS, *Decision._field_defaults)
    if unknown := set(names) - set(Decision._fields):
        raise TypeError(f"a decision has no {', '.join(sorted(unknown))}")
    places = {name: place for place, name in reversed(list(enumerate(known)))}
    return itemgetter(*(places[name] for name in Decision._fields))
