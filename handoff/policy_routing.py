"""What a policy says of people and clocks: who takes turns, how much one can carry, how fast each type of lead is answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from handoff.condition import Condition, Frozen


class Pool(Frozen):
    """Who takes turns: active people with one of `roles` or `keys` (e-mails).

    `open_cap` bounds the leads one holds, `new_per_day` and `new_per_week` the offers one gets; None: no bound. A rep's own numbers in
    people.csv go before `open_cap` and `new_per_day`.
    """

    name: str
    roles: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    open_cap: int | None = None
    new_per_day: int | None = None
    new_per_week: int | None = None
    field: bool = False  # field reps: never given a lead that has asked for nothing


class Capacity(Frozen):
    """How far hand-raises may pass the bounds, and within which limits the weekly proposal moves the intent bar. Fit is out of reach."""

    hand_raises_percent: int = 125
    moves: str = "intent.bar"
    lowest: int = 40
    highest: int = 65
    step: int = 5


class RouteRule(Frozen):
    """The first rule that holds names the pool.

    `to_account_owner` goes to the named account's owner, `to_pair` to the rep paired with that owner; the pool follows where they cannot.
    """

    name: str
    when: Condition
    pool: str = ""
    to_account_owner: bool = False
    to_pair: bool = False
    to_account_worker: bool = False  # to the rep who works somebody of the same account, else on to the next rule


class Cadence(Frozen):
    """What a lead type is owed: an answer within minutes, touches before silence may return it, an owner who is not idle.

    Minutes are business minutes. `clock` says from when they count: `offer` (anew with each offer; from the task's due time where that is
    later than the offer would lapse, as in a backlog spread over days) or `hand_raise` (one clock from the hand-raise, across re-routes).
    None: that mark is never reached.
    """

    lead_type: str
    touches: int
    idle_business_days: int  # in the offered stage and where `idle_by_stage` names none
    idle_by_stage: Mapping[str, int] = {}
    calls: int = 0  # how many of the touches must be calls
    over_business_days: int = 0  # and over how many days they are spread, from the first one
    clock: Literal["offer", "hand_raise"] = "offer"
    respond_minutes: int | None = None  # the first response is late after
    remind_minutes: int | None = None  # the owner is reminded after
    accept_minutes: int | None = None  # the offer lapses after


class HandRaise(Frozen):
    """Ages of hand-raises found at adoption and how their due times are spread; the one clock of a hand-raise, in business minutes."""

    aged_after_days: int = 14
    reconfirm_after_days: int = 90
    per_rep_per_day: int = 5
    respond_minutes: int = 5
    respond_after_opening_minutes: int = 30
    remind_minutes: int = 10
    reroute_after_minutes: tuple[int, ...] = (30, 60)
    manager_after_minutes: int = 60
    manager_queue_after_minutes: int = 90
