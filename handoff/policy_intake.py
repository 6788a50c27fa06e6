"""What a policy says of whom it takes in, in which steps it is switched on, and when nothing changes hands."""

from __future__ import annotations

from datetime import date
from typing import Literal

from handoff.condition import Condition, Frozen

ScopeKind = Literal[
    "customer",
    "open_opportunity",
    "hands_off",
    "spam",
    "test",
    "partner",
    "competitor",
    "vendor",
    "employee",
    "applicant",
    "legal_hold",
    "rep_sourced",
    "excluded",
]
"""Why somebody is left alone, as far as it matters to others: who is spam, who belongs to somebody else."""
OTHER_UNIT = "other_unit"
"""Why a lead that the policy does not take is left alone."""


class Suffixes(Frozen):
    """The public-suffix list as it stood when the policy was compiled: rules in IDNA form, parted by blanks, and where they are from."""

    source: str = ""
    rules: str = ""


class Intake(Frozen):
    """Spam, competitors and imports. Domains are lower case. Without `imported` nobody counts as imported."""

    disposable_domains: tuple[str, ...] = ()
    competitor_domains: tuple[str, ...] = ()
    gibberish: bool = True
    imported: Condition | None = None
    imports_per_day: int = 200  # imported leads that may be offered to sales in a day
    surge_times: int = 5  # a source above so many times its usual day is stopped ...
    surge_least: int = 50  # ... but never below so many leads in a day


class Rollout(Frozen):
    """Who is written to. `shadow` shows on our own fields what would happen; outside `team` or `percent` nothing is written at all."""

    mode: Literal["shadow", "team", "share", "all"] = "all"
    team: tuple[str, ...] = ()  # e-mails, lower case
    percent: int = 100  # stable share of leads


class Freeze(Frozen):
    """No lead changes hands from the first to the last day, both included, by the company's calendar; hand-raises go on."""

    name: str
    first: date
    last: date
