"""Makes handoff's own properties in a portal, with a token that may (crm.schemas.*.write). Nothing is ever changed or removed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.hubspot.client import HubSpotClient
from connectors.hubspot.records import LEADS
from connectors.hubspot.schema import Schema
from connectors.protocol import Refused
from connectors.retry import Sending
from mappings.fields import FieldMap, FieldSpec, FieldType

GROUP = "handoff"
GROUP_LABEL = "Handoff"
# type and fieldType of a property (developers.hubspot.com, "Properties").
_TYPES: Mapping[FieldType, tuple[str, str]] = {
    FieldType.TEXT: ("string", "text"),
    FieldType.NUMBER: ("number", "number"),
    FieldType.BOOL: ("bool", "booleancheckbox"),
    FieldType.DATE: ("date", "date"),
    FieldType.DATETIME: ("datetime", "date"),
    FieldType.PICKLIST: ("enumeration", "select"),
    FieldType.ID: ("string", "text"),
    FieldType.DOMAIN: ("string", "text"),
}


class Setup:
    """Looks for own properties and makes the missing ones."""

    def __init__(self, client: HubSpotClient, schema: Schema, field_map: FieldMap) -> None:
        self._client = client
        self._schema = schema
        self._map = field_map

    def missing(self) -> tuple[tuple[str, str], ...]:
        """(object, canonical field) of every own property the portal does not have."""
        return tuple(
            (object_name, canonical)
            for object_name in self._map.objects
            for canonical in self._map.own(object_name)
            if not self._schema.fields(object_name)[canonical].exists
        )

    def create(self) -> tuple[str, ...]:
        """Make what is missing; what was made or could not be made, one line each.

        Raises Refused where an archived property has the name (making it would bring old values back to life) and where contacts or
        Lead objects may not be changed.
        """
        lines: list[str] = []
        for object_name in dict.fromkeys(name for name, _ in self.missing()):
            wanted = [canonical for name, canonical in self.missing() if name == object_name]
            try:
                lines += self._create(object_name, {canonical: self._map.own(object_name)[canonical] for canonical in wanted})
            except Refused as error:
                if object_name in ("contacts", LEADS) or error.reason != "scope":
                    raise
                lines.append(f"{object_name}: not made, {error}; handoff marks its {object_name} in their text instead")
        self._schema.forget()
        return tuple(lines)

    def _create(self, object_name: str, specs: Mapping[str, FieldSpec]) -> list[str]:
        self._refuse_archived(object_name, specs)
        self._make_group(object_name)
        inputs = [_definition(spec) for spec in specs.values()]
        path = self._client.paths.properties(object_name, "/batch/create")
        self._client.post(f"properties.{object_name}.create", path, {"inputs": inputs}, Sending.CREATE)
        self._read_back(object_name, specs)
        return [f"{object_name}.{spec.name}: made" for spec in specs.values()]

    def _refuse_archived(self, object_name: str, specs: Mapping[str, FieldSpec]) -> None:
        reply = self._client.get(f"properties.{object_name}", self._client.paths.properties(object_name), [("archived", "true")])
        archived = {str(row["name"]) for row in reply.get("results") or ()} & {spec.name for spec in specs.values()}
        if archived:
            names = ", ".join(sorted(archived))
            raise Refused(
                f"HubSpot {object_name}: {names} is archived; restore or delete it in HubSpot's settings, then run setup again", "field"
            )

    def _make_group(self, object_name: str) -> None:
        path = self._client.paths.properties(object_name, "/groups")
        groups = self._client.get(f"properties.{object_name}.groups", path)
        if GROUP not in {str(row.get("name")) for row in groups.get("results") or ()}:
            body = {"name": GROUP, "label": GROUP_LABEL, "displayOrder": -1}
            self._client.post(f"properties.{object_name}.groups", path, body, Sending.CREATE)

    def _read_back(self, object_name: str, specs: Mapping[str, FieldSpec]) -> None:
        """A property can be made without what was asked for (a later change of hasUniqueValue is silently ignored).

        Look, and fail loudly.
        """
        self._schema.forget()
        there = self._schema.fields(object_name)
        wrong = [
            spec.name for canonical, spec in specs.items() if not there[canonical].exists or (spec.unique and not there[canonical].unique)
        ]
        if wrong:
            raise Refused(f"HubSpot {object_name}: {', '.join(wrong)} was not made as asked; look at it in HubSpot's settings", "field")


def _definition(spec: FieldSpec) -> dict[str, Any]:
    kind, field_type = _TYPES[spec.type]
    body: dict[str, Any] = {
        "name": spec.name,
        "label": spec.label,
        "description": spec.description,
        "groupName": GROUP,
        "type": kind,
        "fieldType": field_type,
        "hasUniqueValue": spec.unique,
        "formField": False,
    }
    options = {"true": "Yes", "false": "No"} if spec.type is FieldType.BOOL else spec.options
    listed = [
        {"value": value, "label": label, "displayOrder": order, "hidden": False} for order, (value, label) in enumerate(options.items())
    ]
    return body | ({"options": listed} if listed else {})
