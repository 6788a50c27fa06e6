"""What all shapes of policy files share."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict, WithJsonSchema
from pydantic_core import PydanticCustomError

CONDITION_MARK = {"title": "condition"}
"""Stands in a schema where a condition goes; `mappings.schema` puts the condition language there."""

When = Annotated[Any, WithJsonSchema(CONDITION_MARK)]
"""A condition, still marked with its lines; `mappings.conditions` compiles it."""

MOST = 1_000_000
"""No number of days, minutes or leads in a policy is larger; what is was mistyped, and would lead past the last date there is."""
_DATE = re.compile(r"(19[7-9]|20[0-9]|21[0-9])[0-9]-[0-9]{2}-[0-9]{2}")


def _written(value: Any) -> Any:
    """A date as text: a bare number would be read as seconds since 1970."""
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise PydanticCustomError("date_type", "not a date")
    return value


Date = Annotated[date, BeforeValidator(_written)]
Whole = Annotated[int, Strict(), Field(le=MOST)]
"""A whole number as written: `true` and quoted digits are none."""
Year = Annotated[Whole, Field(ge=1970, le=2199)]
Count = Annotated[Whole, Field(ge=0)]
Days = Annotated[Whole, Field(ge=1)]
RoleName = Literal["sdr", "ae", "manager", "marketing", "other"]


NAME = r"^[a-z][a-z0-9_]*$"
NAME_HELP = "Small letters, digits and _; a letter first."


class Shape(BaseModel):
    """Base: an unknown key is a mistake; a whole number may stand where text is asked for."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True, frozen=True)


class GroupShape(Shape):
    """A named condition: the first of its list that holds."""

    name: str
    when: When
    persona_first: bool = Field(default=False, description="A persona with a group of its own takes its leads from here.")
