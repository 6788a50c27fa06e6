"""What an sObject and its fields are, and the short notation in which the standard ones are written down (sobjects_*.yaml)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

SOURCES = ("sobjects_crm.yaml", "sobjects_setup.yaml")
TEXT_TYPES = frozenset({"string", "textarea", "phone", "email", "url", "picklist", "combobox"})
NUMBER_TYPES = frozenset({"int", "double", "currency", "percent"})
_SPEC = re.compile(r"(?P<type>\w+)(?:\((?P<length>\d+)\))?$")
LONGEST_FILTERABLE_TEXT = 255
_PLAIN_FLAGS = frozenset(
    {"required", "defaulted", "ro", "create", "update", "hard", "idlookup", "unique", "external", "restricted", "name", "nofilter"}
)


@dataclass(frozen=True)
class Choice:
    """One picklist value."""

    value: str
    label: str
    is_default: bool = False
    is_active: bool = True


@dataclass(frozen=True)
class Field:
    """One field. `granted` means visible to every user; else a permission set has to grant it.

    `required` counts on create (not nillable, no default); `tracked` means that the history object keeps its changes.
    """

    name: str
    type: str
    label: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    permissionable: bool = True
    defaulted: bool = False
    id_lookup: bool = False
    unique: bool = False
    case_sensitive: bool = False
    external_id: bool = False
    restricted: bool = False
    is_name: bool = False
    filterable: bool = True
    custom: bool = False
    granted: bool = True
    tracked: bool = False
    description: str = ""
    default: str | None = None
    choices: tuple[Choice, ...] = ()
    reference_to: tuple[str, ...] = ()
    relationship: str | None = None
    child_relationship: str | None = None

    @property
    def required(self) -> bool:
        """Whether a create must give a value."""
        return not self.nillable and self.createable and not self.defaulted and self.default is None and self.type != "boolean"

    @property
    def is_text(self) -> bool:
        """Whether values are text without a form of their own."""
        return self.type in TEXT_TYPES


@dataclass(frozen=True)
class SObject:
    """One object; `fields` by lower-case name in describe order. `virtual` rows are computed for each query."""

    name: str
    label: str
    plural: str
    prefix: str
    fields: Mapping[str, Field] = field(default_factory=dict)
    history: str | None = None
    query_only: bool = False
    virtual: bool = False
    tooling: bool = False

    def field(self, name: str) -> Field | None:
        """The field of that name in any case."""
        return self.fields.get(name.lower())

    @property
    def has_deletes(self) -> bool:
        """Whether deleted rows stay, marked IsDeleted."""
        return "isdeleted" in self.fields

    @property
    def stamp(self) -> str:
        """The field increments are read by."""
        return "SystemModstamp" if "systemmodstamp" in self.fields else "CreatedDate"

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Field names in describe order."""
        return tuple(one.name for one in self.fields.values())

    @cached_property
    def booleans(self) -> tuple[str, ...]:
        """Names of the boolean fields."""
        return tuple(one.name for one in self.fields.values() if one.type == "boolean")

    @cached_property
    def uniques(self) -> tuple[Field, ...]:
        """Fields whose values are unique."""
        return tuple(one for one in self.fields.values() if one.unique)

    @cached_property
    def mandatory(self) -> tuple[Field, ...]:
        """Fields that may not be empty and that clients give."""
        return tuple(one for one in self.fields.values() if not one.nillable and one.createable and one.type != "boolean")

    @cached_property
    def tracked(self) -> tuple[Field, ...]:
        """Fields whose changes the history object keeps."""
        return tuple(one for one in self.fields.values() if one.tracked)

    @cached_property
    def select_list(self) -> str:
        """All columns, for SQL."""
        return ", ".join(f'"{name}"' for name in self.names)

    @cached_property
    def absent(self) -> Mapping[str, Any]:
        """What a row holds where a create says nothing."""
        return {**dict.fromkeys(self.names), **dict.fromkeys(self.booleans, 0)}

    @cached_property
    def get_sql(self) -> str:
        """The SELECT of one row by its id."""
        return f'SELECT {self.select_list} FROM "sf_{self.name}" WHERE "Id" = ?'

    @cached_property
    def insert_sql(self) -> str:
        """The INSERT of a whole row."""
        return f'INSERT INTO "sf_{self.name}" ({self.select_list}) VALUES ({",".join("?" * len(self.names))})'

    def with_field(self, added: Field) -> SObject:
        """A copy with this field added or replaced."""
        return replace(self, fields={**self.fields, added.name.lower(): added})

    def without_field(self, name: str) -> SObject:
        """A copy without this field."""
        return replace(self, fields={key: value for key, value in self.fields.items() if key != name.lower()})


_CREATED = {"CreatedDate": "datetime ro hard", "CreatedById": "reference ro hard ref=User rel=CreatedBy"}
_MODIFIED = {
    "LastModifiedDate": "datetime ro hard",
    "LastModifiedById": "reference ro hard ref=User rel=LastModifiedBy",
    "SystemModstamp": "datetime ro hard",
}
_DELETED = {"IsDeleted": "boolean ro hard"}
_AUDIT: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "full": (_DELETED, {**_CREATED, **_MODIFIED}),
    "setup": ({}, {**_CREATED, **_MODIFIED}),
    "history": (_DELETED, _CREATED),
    "stamped_history": (_DELETED, {**_CREATED, "SystemModstamp": "datetime ro hard"}),
    "stamp": ({}, {"SystemModstamp": "datetime ro hard"}),
    "created_by": ({}, {"CreatedById": "reference ro hard ref=User rel=CreatedBy"}),
    "none": ({}, {}),
}


@cache
def standard_objects() -> Mapping[str, SObject]:
    """The standard objects by lower-case name."""
    found: dict[str, SObject] = {}
    for source in SOURCES:
        text = (Path(__file__).parent / source).read_text(encoding="utf-8")
        for name, definition in yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)).items():
            found[name.lower()] = _sobject(name, definition)
    return found


def _sobject(name: str, definition: Mapping[str, Any]) -> SObject:
    head, tail = _AUDIT[definition.get("audit", "full")]
    key = {"Id": "id ro hard idlookup"} if "Id" not in definition["fields"] else {}
    specs = {**key, **head, **definition["fields"], **tail}
    fields = {field_name.lower(): standard_field(field_name, spec) for field_name, spec in specs.items()}
    return SObject(
        name=name,
        label=split_words(name),
        plural=definition["plural"],
        prefix=definition["prefix"],
        fields=fields,
        history=definition.get("history"),
        query_only=definition.get("calls") == "query",
        virtual=bool(definition.get("virtual")),
        tooling=bool(definition.get("tooling")),
    )


def standard_field(name: str, spec: str | Mapping[str, Any]) -> Field:
    """A field from its notation; ValueError names an unknown flag."""
    options: Mapping[str, Any] = {"spec": spec} if isinstance(spec, str) else spec
    head, *flags = options["spec"].split()
    match = _SPEC.match(head)
    if match is None:
        message = f"field {name}: {head!r} is not type or type(length)"
        raise ValueError(message)
    plain = {flag for flag in flags if "=" not in flag}
    if plain - _PLAIN_FLAGS:
        message = f"field {name}: unknown flags {sorted(plain - _PLAIN_FLAGS)}; there are: {sorted(_PLAIN_FLAGS)}"
        raise ValueError(message)
    pairs = dict(flag.split("=", 1) for flag in flags if "=" in flag)
    return _build(name, match["type"], int(match["length"] or 0), plain, pairs, options)


def _build(name: str, kind: str, length: int, flags: set[str], pairs: Mapping[str, str], options: Mapping[str, Any]) -> Field:
    default = options.get("default")
    labels = options.get("labels", options.get("values", ()))
    choices = tuple(Choice(value, label, value == default) for value, label in zip(options.get("values", ()), labels, strict=True))
    required = "required" in flags or kind in ("boolean", "id")
    return Field(
        name=name,
        type=kind,
        label=split_words(name),
        length=length or {"id": 18, "reference": 18, "picklist": 255, "anyType": 255}.get(kind, 0),
        precision=18 if kind in ("currency", "double", "percent") else 0,
        scale=2 if kind in ("currency", "percent") else 0,
        nillable=not required,
        createable=not flags & {"ro", "update"},
        updateable=not flags & {"ro", "create"},
        permissionable=not flags & {"hard", "required"},
        defaulted="defaulted" in flags or kind == "boolean",
        id_lookup="idlookup" in flags or "external" in flags,
        unique="unique" in flags,
        external_id="external" in flags,
        restricted="restricted" in flags,
        is_name="name" in flags,
        filterable="nofilter" not in flags
        and kind not in ("anyType", "time")
        and not (kind == "textarea" and length > LONGEST_FILTERABLE_TEXT),
        default=default,
        choices=choices,
        reference_to=tuple(pairs["ref"].split("|")) if "ref" in pairs else (),
        relationship=pairs.get("rel"),
        child_relationship=pairs.get("child"),
    )


def split_words(name: str) -> str:
    """`LeadSource` as `Lead Source`, `OwnerId` as `Owner ID`."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name.removesuffix("__c").replace("_", " "))
    return re.sub(r"\bId$", "ID", words)
