"""What matrix.yaml may hold."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mappings.shapes_base import NAME, NAME_HELP, Shape, Whole


class WithinShape(Shape):
    """By when the next step is due. One key."""

    business_minutes: Whole | None = Field(default=None, ge=1)
    business_days: Whole | None = Field(default=None, ge=1)


class CellShape(Shape):
    """What follows for some levels of fit and of interest."""

    name: str = Field(pattern=NAME, description=NAME_HELP)
    label: str
    fit: list[str] = Field(min_length=1, description="Bands of fit, unknown, disqualified.")
    intent: list[str] = Field(min_length=1, description="hand_raise and bands of intent.")
    means: str = Field(min_length=10)
    next_step: str = Field(min_length=3)
    owner: Literal["sales", "manager", "marketing"] = Field(description="Who takes the next step.")
    within: WithinShape


class MatrixFile(Shape):
    """matrix.yaml: every pair of levels lies in exactly one cell."""

    cells: list[CellShape] = Field(min_length=1)
