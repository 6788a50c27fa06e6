"""Loads `hubspot.yaml`, `hubspot_leads.yaml` and `salesforce.yaml`: which vendor field each of our field names is, what it holds, and the
fields that are our own.

One line per field. A mistake is refused with file, line and mend, all mistakes of a file at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from handoff.vocabulary import CARRIERS
from mappings.problems import PolicyErrors, did_you_mean
from mappings.yaml_marks import Marked, read_marked

HERE = Path(__file__).parent
MAY_CARRY: Mapping[str, tuple[str, ...]] = {"hubspot": ("contacts",), "hubspot_leads": ("leads",), "salesforce": ("Lead", "Contact")}
"""Which objects can carry a lead's stage, status and owner in each CRM; CARRIERS do where a field map names none."""
CARRIED = ("status", "owner", "handoff_stage", "handoff_stage_since", "handoff_episode", "handoff_rev", "handoff_reason")
"""Without these no lead can be carried."""


class FieldMapError(ValueError):
    """The file does not hold together. `mistakes` are lines such as `mappings/hubspot.yaml:12  contacts.email: unknown key 'tpye'`."""

    def __init__(self, mistakes: tuple[str, ...]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


class FieldType(StrEnum):
    """What a field holds; decides how a value is written and read back."""

    TEXT = "text"
    NUMBER = "number"
    BOOL = "bool"
    DATE = "date"
    DATETIME = "datetime"
    PICKLIST = "picklist"
    ID = "id"
    DOMAIN = "domain"  # a web address, reduced to its host name without www


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FieldSpec(_Frozen):
    """One field of one object. `name` is the vendor's; the key it stands under is ours (canonical)."""

    name: str = Field(min_length=1)
    type: FieldType
    personal: bool = False  # kept in the ledger's one table of people, never logged, explained or quoted
    read_only: bool = False  # the vendor, or a person, sets it; handoff never writes it
    own: bool = False  # ours: `handoff setup` creates it; look and plan work before it exists
    shared: bool = False  # an own field that people edit too
    label: str = ""
    description: str = ""
    length: int = Field(255, ge=1, le=255)  # of an own text field
    options: Mapping[str, str] = {}  # of an own picklist: value -> label
    unique: bool = False  # an own field by which a record is found again after a lost reply
    values: Mapping[str, str] = {}  # our word -> the vendor's, where they differ
    presence: bool = False  # any value at all means "true"; blank stays unknown

    @model_validator(mode="after")
    def _own_fields_are_described(self) -> FieldSpec:
        if self.own and not self.label:
            raise ValueError("an own field needs a label: it is what a rep reads on the record")
        if self.own and self.type is FieldType.PICKLIST and not self.options:
            raise ValueError("an own picklist needs options (value: label)")
        if not self.own and (self.options or self.unique):
            raise ValueError("options and unique are for own fields; the vendor's own fields keep theirs")
        return self

    def to_vendor(self, value: str) -> str:
        """The vendor's word for our value."""
        return self.values.get(value, value)

    def from_vendor(self, value: str) -> str:
        """Our word for the vendor's value."""
        if self.presence:
            return "true"
        return next((ours for ours, theirs in self.values.items() if theirs == value), value)


class CallWords(_Frozen):
    """When a logged call counts as a conversation, in this company."""

    connected: tuple[str, ...] = ()  # vendor dispositions (HubSpot GUIDs, Salesforce free text), compared without case
    connected_seconds: int = Field(60, ge=1)  # a call without a disposition that lasted this long was a conversation


class FieldMap(_Frozen):
    """The field map of one CRM: vendor object -> canonical field -> vendor field."""

    system: Literal["hubspot", "hubspot_leads", "salesforce"]
    carrier: str = ""  # the object that carries stage, status and owner; "" is that of CARRIERS
    calls: CallWords = CallWords()
    automated_authors: tuple[str, ...] = ()  # e-mails of tools whose logged mails and calls are steps of a sequence
    objects: Mapping[str, Mapping[str, FieldSpec]] = Field(min_length=1)

    @model_validator(mode="after")
    def _no_vendor_field_twice(self) -> FieldMap:
        for name, fields in self.objects.items():
            seen: dict[str, str] = {}
            for canonical, spec in fields.items():
                if spec.name in seen:
                    raise ValueError(f"{name}: {spec.name} stands for both {seen[spec.name]} and {canonical}; keep one")
                seen[spec.name] = canonical
        return self

    @model_validator(mode="after")
    def _carrier_can_carry(self) -> FieldMap:
        known = MAY_CARRY[self.system]
        if self.carrier and self.carrier not in known:
            raise ValueError(f"carrier: {self.carrier} carries no lead in {self.system}; write {' or '.join(known)}")
        missing = [name for name in CARRIED if name not in self.fields(self.lead_object)] if self.carrier else []
        if missing:
            raise ValueError(f"carrier: {self.carrier} has no line for {', '.join(missing)}; add it under objects.{self.carrier}")
        return self

    @property
    def lead_object(self) -> str:
        """The vendor's object that carries a lead: its stage, status, owner and everything else we write."""
        return self.carrier or CARRIERS[self.system]

    def fields(self, object_name: str) -> Mapping[str, FieldSpec]:
        """Canonical -> spec of one vendor object; empty when the object is not mapped."""
        return self.objects.get(object_name, {})

    def own(self, object_name: str) -> Mapping[str, FieldSpec]:
        """The fields of that object which setup creates."""
        return {canonical: spec for canonical, spec in self.fields(object_name).items() if spec.own}

    def personal(self) -> frozenset[str]:
        """Canonical names that hold personal values, on any object."""
        return frozenset(name for fields in self.objects.values() for name, spec in fields.items() if spec.personal)


def load_field_map(system: str, directory: Path = HERE) -> FieldMap:
    """The field map of `<directory>/<system>.yaml`. Raises FieldMapError with every mistake, OSError when there is no such file."""
    path = directory / f"{system}.yaml"
    try:
        tree = read_marked(path, f"{directory.name}/{path.name}")
    except PolicyErrors as error:
        raise FieldMapError(tuple(str(problem) for problem in error.problems)) from None
    try:
        found = FieldMap.model_validate(tree.plain())
    except ValidationError as error:
        raise FieldMapError(tuple(_mistake(tree, entry) for entry in error.errors())) from None
    if found.system != system:
        raise FieldMapError((f"{tree.nearest('system').where}  system: the file is named {path.name} and says {found.system}",))
    return found


def _mistake(tree: Marked, entry: Any) -> str:
    location = tuple(str(part) for part in entry["loc"])
    name = ".".join(location[1:] if location[:1] == ("objects",) else location) or "file"
    if entry["type"] == "extra_forbidden":
        model = FieldSpec if location[:1] == ("objects",) else CallWords if location[:1] == ("calls",) else FieldMap
        words = f"unknown key '{location[-1]}'; {did_you_mean(location[-1], tuple(model.model_fields))}"
        name = name.rpartition(".")[0] or "file"
    else:
        words = entry["msg"].removeprefix("Value error, ")
    return f"{tree.nearest(*entry['loc']).where}  {name}: {words}"
