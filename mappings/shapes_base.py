"""What all shapes of policy files share."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

CONDITION_MARK = {"title": "condition"}
"""Stands in a schema where a condition goes; `mappings.schema` puts the condition language there."""

When = Annotated[Any, WithJsonSchema(CONDITION_MARK)]
"""A condition, still marked with its lines; `mappings.conditions` compiles it."""

Count = Annotated[int, Field(ge=0)]
Days = Annotated[int, Field(ge=1)]
RoleName = Literal["sdr", "ae", "manager", "marketing", "other"]


class Shape(BaseModel):
    """Base: an unknown key is a mistake; a whole number may stand where text is asked for."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True, frozen=True)


class GroupShape(Shape):
    """A named condition: the first of its list that holds."""

    name: str
    when: When
    persona_first: bool = Field(default=False, description="A persona with a group of its own takes its leads from here.")
