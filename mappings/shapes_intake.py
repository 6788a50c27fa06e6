"""What the files may say of spam, imports, rollout, freezes, and whose leads a policy takes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mappings.shapes_base import Count, Date, Days, Shape, When, Whole


class ConditionShape(Shape):
    """A condition of its own."""

    when: When


class DomainsShape(Shape):
    """A list shipped with the product, and what a company adds to it or takes out of it."""

    common: bool = Field(default=True, description="The list shipped with the product.")
    also: list[str] = []
    except_: list[str] = Field(default=[], alias="except")


class SpamShape(Shape):
    """Who is no lead at all."""

    disposable: DomainsShape = Field(default=DomainsShape(), description="Domains that hand out addresses for minutes.")
    gibberish: bool = Field(default=True, description="Names typed at random: repeated letters, keyboard rows, digits. Latin letters only.")


class ImportsShape(Shape):
    """Uploaded lists."""

    when: When
    per_day: Count = Field(default=200, description="Imported leads that may be offered to sales in a day.")


class SurgeShape(Shape):
    """A source that suddenly brings far too many leads is stopped."""

    times: Whole = Field(default=5, ge=2, description="Times the median day of the last 28.")
    at_least: Days = Field(default=50, description="Never stopped below so many leads in a day.")


class RolloutShape(Shape):
    """In which steps the policy is switched on."""

    mode: Literal["shadow", "team", "share", "all"] = Field(
        default="all", description="shadow: our own fields show what would happen. team: leads of these people. share: a stable share."
    )
    team: list[str] = Field(default=[], description="E-mail addresses, for mode: team.")
    percent: Whole = Field(default=100, ge=1, le=100, description="For mode: share.")


class FreezeShape(Shape):
    """Days on which no lead changes hands; hand-raises go on."""

    name: str
    from_: Date = Field(alias="from")
    until: Date = Field(description="The last day of it.")
