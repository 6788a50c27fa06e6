"""What routing.yaml and the cadences of sweep.yaml may hold: pools, routes, capacity, clocks."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mappings.shapes_base import Count, Days, RoleName, Shape, When, Whole
from mappings.shapes_intake import ConditionShape


class PoolShape(Shape):
    """Who takes turns."""

    roles: list[RoleName] = []
    people: list[str] = Field(default=[], description="E-mail addresses, besides the roles.")
    open_cap: Count | None = Field(default=None, description="Leads one person holds at a time; people.csv may say another number.")
    new_per_day: Count | None = Field(default=None, description="Offers to one person in a day; people.csv may say another number.")
    new_per_week: Count | None = Field(default=None, description="Offers to one person since Monday.")
    field: bool = Field(default=False, description="Field reps: never given a lead that has asked for nothing.")


class ExpectsShape(Shape):
    """How many people and new leads both teams reckon with. Decides nothing: it is written out as a sum in the process document."""

    reps: Whole = Field(ge=1, description="People in the pool of the last route.")
    new_leads_a_month: Count


class CapacityShape(Shape):
    """What follows from how busy people are: how far hand-raises pass the bounds, and how far the weekly proposal may go."""

    hand_raises_percent: Whole = Field(default=125, ge=100, description="Hand-raises may fill a person up to this share of the bounds.")
    moves: str = Field(default="intent.bar", description="What the weekly proposal may change. Never fit.")
    lowest: Whole = Field(default=40, description="The proposal never goes below.")
    highest: Whole = Field(default=65, description="The proposal never goes above.")
    step: Whole = Field(default=5, ge=1, description="How far one week's proposal moves the bar.")
    expects: ExpectsShape | None = Field(default=None, description="For the sum in the process document; moves no lead.")


class RouteShape(Shape):
    """The first that holds names the pool."""

    name: str
    when: When
    pool: str = ""
    to_account_owner: bool = False
    to_pair: bool = Field(default=False, description="To the rep paired with the account's owner (people.csv), else to the pool.")
    to_account_worker: bool = Field(default=False, description="To the rep who works somebody of the same account, else on to the next.")


class RoleShape(Shape):
    """Words in a CRM's role, team or profile name that tell the role."""

    role: RoleName
    words: list[str] = Field(min_length=1)


class HandRaiseShape(Shape):
    """Clock of people who asked for a demo, a call or a price."""

    respond_minutes: Count
    respond_after_opening_minutes: Count
    remind_minutes: Count = 10
    reroute_after_minutes: list[Count]
    manager_after_minutes: Count
    manager_queue_after_minutes: Count
    aged_after_days: Days
    reconfirm_after_days: Days
    per_rep_per_day: Days


class RoutingFile(Shape):
    """routing.yaml."""

    pools: dict[str, PoolShape] = Field(min_length=1)
    capacity: CapacityShape = CapacityShape()
    routes: list[RouteShape] = Field(min_length=1)
    roles: list[RoleShape] = Field(min_length=1)
    keep_owner_roles: list[RoleName]
    senior_people: ConditionShape | None = Field(default=None, description="Who must not go unnoticed at a named account.")
    hand_raises: HandRaiseShape


class CadenceShape(Shape):
    """What a lead type is owed. Minutes are business minutes."""

    lead_type: str
    touches: Count
    calls: Count = Field(default=0, description="How many of the touches must be calls.")
    over_business_days: Count = Field(default=0, description="Business days from the first touch before silence may count.")
    idle_business_days: Whole = Field(ge=1, description="In a stage that idle_by_stage does not name, where no offer lapses.")
    idle_by_stage: dict[str, Days] = Field(default={}, description="Instead of the file's own idle_by_stage, stage by stage.")
    clock: Literal["offer", "hand_raise"] = Field(
        default="offer",
        description="offer: anew with each offer. hand_raise: one clock from the hand-raise; its minutes stand in routing.yaml.",
    )
    respond_minutes: Days | None = Field(default=None, description="The first human response is late after.")
    remind_minutes: Days | None = Field(default=None, description="The owner is reminded after.")
    accept_minutes: Days | None = Field(default=None, description="The offer lapses after, and goes to another rep.")
