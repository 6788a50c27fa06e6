"""The shape of one condition: field or signal, operator, value. `handoff.match` evaluates it; YAML is compiled into it."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from handoff.vocabulary import PERSONAL_FIELDS


class Frozen(BaseModel):
    """Base of every policy value: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Operator(StrEnum):
    """The whole condition language. Text compares case-insensitively; numbers compare as whole numbers; unknown is a third value."""

    IS = "is"
    ANY_OF = "any_of"
    NONE_OF = "none_of"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    BETWEEN = "between"
    CONTAINS_ANY = "contains_any"  # whole words, any of a list
    KNOWN = "known"
    UNKNOWN = "unknown"


class Test(Frozen):
    """One leaf: a lead's field or a computed signal, one operator, one value."""

    __test__ = False  # pytest must not collect this as a test class

    field: str = ""  # canonical field name
    signal: str = ""  # one of SIGNALS
    op: Operator
    value: bool | int | str | tuple[str, ...] | tuple[int, int] = True
    personal: bool = False  # the company's field map marks the field as personal; PERSONAL_FIELDS need no mark
    where: str = ""  # "stages.yaml:41", for messages

    @property
    def discreet(self) -> bool:
        """Whether what the test finds is a personal value: no trace tells it, and nothing keeps it."""
        return self.personal or self.field in PERSONAL_FIELDS


class Condition(Frozen):
    """All of `all`, at least one of `any` (when there are any), none of `none`. Only `always: true` may be empty."""

    all: tuple[Condition | Test, ...] = ()
    any: tuple[Condition | Test, ...] = ()
    none: tuple[Condition | Test, ...] = ()
    always: bool = False
    where: str = ""
