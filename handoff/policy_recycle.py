"""What a policy says of last calls, recycling, reasons, alerts and opportunities: frozen values, re-exported by `handoff.policy`."""

from __future__ import annotations

from typing import Literal

from handoff.condition import Condition, Frozen


class LastCall(Frozen):
    """How long before a lead leaves for silence its owner is told, and how often and for how long the owner may keep it."""

    business_days: int = 3
    keep_days: int = 14
    keeps: int = 2


class Recycle(Frozen):
    """When a lead that came back may be handed over again, and when nurture ends. None: without that bound."""

    cool_off_days: int | None = None
    closed_lost_days: int | None = None
    cycles_per_year: int | None = None
    sunset_days: int | None = None


class Alert(Frozen):
    """What stands on the exceptions list while it holds; it moves nobody."""

    name: str
    stages: tuple[str, ...]
    when: Condition
    says: str
    where: str = ""


class Opportunity(Frozen):
    """The Stage 0 opportunity made on acceptance, as a HubSpot deal. Salesforce makes its own on conversion, which is only observed."""

    create: bool = False
    pipeline: str = ""
    stage: str = ""
    name: str = ""  # template
    where: str = ""


class ReasonCode(Frozen):
    """Why a person gave a lead back or closed it, and what follows. `wake_days` sets the wake date of a nurture."""

    name: str
    label: str
    action: Literal["nurture", "suppress", "reroute", "merge", "correct"]
    wake_days: int | None = None
    before_days: int | None = None  # where a date was agreed: the wake date is that date less these days
    words: tuple[str, ...] = ()  # what people type for it
    where: str = ""
