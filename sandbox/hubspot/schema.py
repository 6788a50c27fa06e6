"""Property definitions and groups: the standard set, what a portal adds, and the documented rules for changing them."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import orjson

from sandbox.hubspot import exceptions, object_types
from sandbox.hubspot.values import iso

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.hubspot.object_types import ObjectType
    from sandbox.store import Store

_DDL = """
CREATE TABLE IF NOT EXISTS hs_property (type INTEGER, name TEXT, archived INTEGER, doc BLOB, PRIMARY KEY (type, name));
CREATE TABLE IF NOT EXISTS hs_group (type INTEGER, name TEXT, label TEXT, display_order INTEGER, PRIMARY KEY (type, name));
"""
FIELD_TYPES = {
    "bool": {"booleancheckbox", "calculation_equation"},
    "date": {"date"},
    "datetime": {"date"},
    "enumeration": {"booleancheckbox", "checkbox", "radio", "select", "calculation_equation"},
    "number": {"number", "calculation_equation"},
    "phone_number": {"phonenumber"},
    "string": {"text", "textarea", "html", "phonenumber", "file", "calculation_equation"},
}


@dataclass(frozen=True)
class Option:
    """One allowed value of an enumeration."""

    value: str
    label: str
    display_order: int = -1
    hidden: bool = False


@dataclass(frozen=True)
class Property:
    """One property definition. Times are epoch milliseconds."""

    name: str
    label: str
    type: str
    field_type: str
    group: str
    options: tuple[Option, ...] = ()
    description: str = ""
    read_only: bool = False
    calculated: bool = False
    hubspot_defined: bool = False
    unique: bool = False
    hidden: bool = False
    form_field: bool = False
    display_order: int = -1
    created: int = 0
    updated: int = 0
    archived_at: int | None = None

    @property
    def is_multiple(self) -> bool:
        """Whether several options may be set, divided by semicolons."""
        return self.type == "enumeration" and self.field_type == "checkbox"

    @property
    def takes_owner(self) -> bool:
        """Whether the value is an owner id."""
        return self.name == "hubspot_owner_id"

    def as_json(self) -> dict[str, Any]:
        """The definition as the properties API answers it."""
        body: dict[str, Any] = {
            "updatedAt": iso(self.updated),
            "createdAt": iso(self.created),
            "name": self.name,
            "label": self.label,
            "type": self.type,
            "fieldType": self.field_type,
            "description": self.description,
            "groupName": self.group,
            "options": [_option_json(o) for o in self.options],
            "displayOrder": self.display_order,
            "calculated": self.calculated,
            "externalOptions": self.takes_owner,
            "hasUniqueValue": self.unique,
            "hidden": self.hidden,
            "hubspotDefined": self.hubspot_defined,
            "formField": self.form_field,
            "dataSensitivity": "non_sensitive",
            "modificationMetadata": {
                "archivable": not self.hubspot_defined,
                "readOnlyDefinition": self.hubspot_defined,
                "readOnlyValue": self.read_only,
                **({"readOnlyOptions": self.read_only} if self.type == "enumeration" else {}),
            },
        }
        if self.takes_owner:
            body["referencedObjectType"] = "OWNER"
        if not self.hubspot_defined:
            body["archived"] = self.archived_at is not None
        if self.archived_at is not None:
            body["archivedAt"] = iso(self.archived_at)
        return body


class Schema:
    """The live definitions of one portal, cached by type and name; `refresh` after the tables were put back."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.script(_DDL)
        self._live: dict[int, dict[str, Property]] = {}
        self._unique: dict[int, tuple[str, ...]] = {}
        if store.scalar("SELECT COUNT(*) FROM hs_property") == 0:
            self._install_standard()
        self.refresh()
        store.on_restore(self.refresh)

    def refresh(self) -> None:
        """Read the definitions anew."""
        self._live = {number: {} for number in object_types.BY_NUMBER}
        for number, doc in self._store.rows("SELECT type, doc FROM hs_property WHERE archived IS NULL ORDER BY type, rowid"):
            definition = _from_doc(doc)
            self._live[number][definition.name] = definition
        for number in self._live:
            self._note_unique(number)

    def of(self, object_type: ObjectType) -> dict[str, Property]:
        """Live definitions by name."""
        return self._live[object_type.number]

    def unique_names(self, object_type: ObjectType) -> tuple[str, ...]:
        """The properties whose values are unique, a contact's e-mail among them."""
        return self._unique[object_type.number]

    def archived(self, object_type: ObjectType) -> dict[str, Property]:
        """Archived definitions by name."""
        rows = self._store.rows("SELECT doc FROM hs_property WHERE type = ? AND archived IS NOT NULL", (object_type.number,))
        return {found.name: found for found in (_from_doc(doc) for (doc,) in rows)}

    def save(self, object_type: ObjectType, definition: Property) -> Property:
        """Store a definition, replacing one of that name."""
        self._store.execute(
            "INSERT INTO hs_property VALUES (?,?,?,?) "
            "ON CONFLICT (type, name) DO UPDATE SET archived = excluded.archived, doc = excluded.doc",
            (object_type.number, definition.name, definition.archived_at, _to_doc(definition)),
        )
        if definition.archived_at is None:
            self._live[object_type.number][definition.name] = definition
        else:
            self._live[object_type.number].pop(definition.name, None)
        self._note_unique(object_type.number)
        return definition

    def groups(self, object_type: ObjectType) -> list[dict[str, Any]]:
        """The property groups as the API answers them."""
        rows = self._store.rows("SELECT name, label, display_order FROM hs_group WHERE type = ? ORDER BY rowid", (object_type.number,))
        return [{"name": name, "label": label, "displayOrder": order, "archived": False} for name, label, order in rows]

    def save_group(self, object_type: ObjectType, name: str, label: str, display_order: int = -1) -> None:
        """Store a group, replacing one of that name."""
        self._store.execute(
            "INSERT INTO hs_group VALUES (?,?,?,?) "
            "ON CONFLICT (type, name) DO UPDATE SET label = excluded.label, display_order = excluded.display_order",
            (object_type.number, name, label, display_order),
        )

    def drop_group(self, object_type: ObjectType, name: str) -> None:
        """Remove a group."""
        self._store.execute("DELETE FROM hs_group WHERE type = ? AND name = ?", (object_type.number, name))

    def _note_unique(self, number: int) -> None:
        first = ("email",) if number == object_types.CONTACTS.number else ()
        self._unique[number] = (*first, *(d.name for d in self._live.get(number, {}).values() if d.unique))

    def _install_standard(self) -> None:
        for kind in object_types.ALL:
            for definition in standard(kind):
                self._store.execute("INSERT INTO hs_property VALUES (?,?,?,?)", (kind.number, definition.name, None, _to_doc(definition)))
            for group in dict.fromkeys(definition.group for definition in standard(kind)):
                self.save_group(kind, group, _label(group))


@cache
def standard(object_type: ObjectType) -> tuple[Property, ...]:
    """HubSpot's own properties of a type."""
    sheets = ["engagements", object_type.plural] if object_type.is_engagement else [object_type.plural]
    rows = [
        row
        for sheet in sheets
        for row in csv.DictReader(files("sandbox.hubspot").joinpath(f"definitions/{sheet}.csv").read_text("utf-8").splitlines())
    ]
    return tuple(_from_sheet(row) for row in rows)


def from_request(body: Mapping[str, Any], at: int, pattern: str, reserved: str) -> Property:
    """A checked new definition out of a create request; 400 says what is wrong."""
    missing = [key for key in ("name", "label", "type", "fieldType", "groupName") if not body.get(key)]
    if missing:
        raise exceptions.invalid_json(f"Some required fields were not set: [{', '.join(missing)}]")
    name, kind, field_type = str(body["name"]), str(body["type"]), str(body["fieldType"])
    if not re.match(pattern, name) or (reserved and name.startswith(reserved)):
        raise exceptions.invalid(
            f"Property name '{name}' is not valid: use lowercase letters, digits and underscores, and no reserved prefix."
        )
    if kind not in FIELD_TYPES:
        raise exceptions.invalid_json(f"Enum type must be one of: [{', '.join(sorted(FIELD_TYPES))}]")
    if field_type not in FIELD_TYPES[kind]:
        raise exceptions.invalid(
            f"fieldType '{field_type}' does not go with type '{kind}'", subCategory="PropertyValidationError.INVALID_FIELD_TYPE"
        )
    options = parse_options(body.get("options") or [])
    if kind == "bool" and {o.value for o in options} != {"true", "false"}:
        raise exceptions.invalid(
            "Boolean properties must have exactly two options", subCategory="PropertyValidationError.INVALID_BOOLEAN_OPTION"
        )
    return Property(
        name,
        str(body["label"]),
        kind,
        field_type,
        str(body["groupName"]),
        options,
        str(body.get("description") or ""),
        unique=bool(body.get("hasUniqueValue")),
        hidden=bool(body.get("hidden")),
        form_field=bool(body.get("formField")),
        display_order=int(body.get("displayOrder", -1)),
        created=at,
        updated=at,
    )


def patched(old: Property, body: Mapping[str, Any], at: int) -> Property:
    """A definition after PATCH: `options` replaces the list, and hasUniqueValue is silently kept as it was."""
    names = {
        "label": "label",
        "type": "type",
        "fieldType": "field_type",
        "groupName": "group",
        "description": "description",
        "hidden": "hidden",
        "formField": "form_field",
        "displayOrder": "display_order",
    }
    changes: dict[str, Any] = {ours: body[theirs] for theirs, ours in names.items() if theirs in body}
    if "options" in body:
        changes["options"] = parse_options(body["options"])
    return replace(old, **changes, updated=at)


def parse_options(raw: Sequence[Mapping[str, Any]]) -> tuple[Option, ...]:
    """Options out of a request; each needs label, value and hidden, and stands where it came unless it says otherwise."""
    options: list[Option] = []
    for position, item in enumerate(raw):
        missing = [key for key in ("label", "value", "hidden") if key not in item]
        if missing:
            raise exceptions.invalid_json(f"Some required fields were not set: [{', '.join(missing)}]")
        options.append(Option(str(item["value"]), str(item["label"]), int(item.get("displayOrder", position)), bool(item["hidden"])))
    values = [option.value for option in options]
    if len(set(values)) != len(values):
        raise exceptions.invalid("Property options must have unique values", subCategory="PropertyValidationError.DUPLICATE_OPTION_VALUE")
    return tuple(options)


def _option_json(option: Option) -> dict[str, Any]:
    return {"label": option.label, "value": option.value, "displayOrder": option.display_order, "hidden": option.hidden}


def _from_sheet(row: Mapping[str, str]) -> Property:
    flags = row["flags"]
    pairs = [pair.split("=", 1) for pair in row["options"].split("|")] if row["options"] else []
    options = tuple(Option(value, label, order) for order, (value, label) in enumerate(pairs))
    return Property(
        row["name"],
        row["label"] or _label(row["name"]),
        row["type"],
        row["field_type"],
        row["group"],
        options,
        read_only="r" in flags or "c" in flags,
        calculated="c" in flags,
        hubspot_defined=True,
    )


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _to_doc(definition: Property) -> bytes:
    return orjson.dumps(definition)


def _from_doc(doc: bytes) -> Property:
    raw = orjson.loads(doc)
    raw["options"] = tuple(Option(**option) for option in raw["options"])
    return Property(**raw)
