"""What the org says of the objects and fields we map.

One describe per object and run; a field without permission looks absent, as it does to us.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.protocol import FieldInfo, Refused
from connectors.salesforce import soql
from connectors.salesforce.client import SalesforceClient
from mappings.fields import FieldMap, FieldSpec


@dataclass(frozen=True, slots=True)
class Description:
    """One object as the integration user sees it. `absent` says why it is not there, "" when it is."""

    fields: Mapping[str, FieldInfo]
    vendor_fields: frozenset[str]
    children: frozenset[str]
    absent: str = ""


class Schema:
    """Descriptions, fetched when first asked for."""

    def __init__(self, client: SalesforceClient, field_map: FieldMap) -> None:
        self._client = client
        self._map = field_map
        self._known: dict[str, Description] = {}
        self._tracked: dict[str, frozenset[str]] = {}
        self._lock = threading.Lock()

    def describe(self, object_name: str) -> Description:
        """The object. Raises Refused for one that is not mapped."""
        with self._lock:
            if object_name not in self._known:
                self._known[object_name] = self._fetch(object_name)
            return self._known[object_name]

    def fields(self, object_name: str) -> Mapping[str, FieldInfo]:
        """Canonical -> what the org says, with history tracking for what carries leads. Raises Refused when the object is not there."""
        found = self.describe(object_name)
        if found.absent:
            raise Refused(found.absent, "object")
        tracked = self.tracked(object_name) if object_name == self._map.lead_object else frozenset()
        return {
            name: FieldInfo(
                info.name,
                info.vendor_name,
                info.exists,
                info.readable,
                info.writable,
                info.type,
                info.options,
                info.vendor_name in tracked,
                info.unique,
            )
            for name, info in found.fields.items()
        }

    def forget(self) -> None:
        """Ask again next time: setup has made fields."""
        with self._lock:
            self._known.clear()
            self._tracked.clear()

    def specs(self, object_name: str) -> Mapping[str, FieldSpec]:
        """The mapped fields of `object_name` that exist and that we may read."""
        there = self.describe(object_name).fields
        return {canonical: spec for canonical, spec in self._map.fields(object_name).items() if there[canonical].exists}

    def pick(self, object_name: str, canonical: Sequence[str]) -> Mapping[str, FieldSpec]:
        """The named fields that exist. Raises Refused when the map does not know one of them."""
        mapped = self._map.fields(object_name)
        unknown = [name for name in canonical if name not in mapped]
        if unknown:
            raise Refused(f"Salesforce {object_name}: {', '.join(unknown)} is not in mappings/salesforce.yaml; add a line for it", "field")
        specs = self.specs(object_name)
        return {name: specs[name] for name in canonical if name in specs}

    def tracked(self, object_name: str) -> frozenset[str]:
        """Vendor fields whose history the org keeps; empty when it does not say."""
        with self._lock:
            if object_name not in self._tracked:
                self._tracked[object_name] = self._fetch_tracked(object_name)
            return self._tracked[object_name]

    def _fetch_tracked(self, object_name: str) -> frozenset[str]:
        query = soql.select(
            ["QualifiedApiName", "IsFieldHistoryTracked"], "FieldDefinition", f"EntityDefinition.QualifiedApiName = '{object_name}'"
        )
        try:
            reply = self._client.get("tooling.query", "tooling/query/", {"q": query})
        except Refused:
            return frozenset()
        rows = (reply or {}).get("records") or ()
        return frozenset(_history_name(row) for row in rows if row.get("IsFieldHistoryTracked"))

    def pick_writable(self, object_name: str, canonical: Sequence[str]) -> Mapping[str, FieldSpec]:
        """The named fields, for a write. Raises Refused for one that is read only to us, or that is not there yet."""
        specs = self.pick(object_name, canonical)
        locked = sorted(name for name, spec in specs.items() if spec.read_only)
        if locked:
            raise Refused(
                f"Salesforce {object_name}: handoff never writes {', '.join(locked)} (read_only in mappings/salesforce.yaml)", "field"
            )
        missing = sorted(set(canonical) - set(specs))
        if missing:
            raise Refused(f"Salesforce {object_name}: there is no field yet for {', '.join(missing)}; run `handoff setup` first", "field")
        return specs

    def _fetch(self, object_name: str) -> Description:
        mapped = self._map.fields(object_name)
        if not mapped:
            raise Refused(f"Salesforce {object_name} is not in mappings/salesforce.yaml; add it with its fields", "object")
        try:
            reply = self._client.get("describe", f"sobjects/{object_name}/describe")
        except Refused as error:
            if error.reason != "object":
                raise
            absent = f"Salesforce has no {object_name}, or the integration user may not read it"
            return Description({name: _field_info(name, spec, None) for name, spec in mapped.items()}, frozenset(), frozenset(), absent)
        known = {row["name"]: row for row in reply["fields"]}
        fields = {name: _field_info(name, spec, known.get(spec.name)) for name, spec in mapped.items()}
        children = frozenset(str(child.get("relationshipName")) for child in reply.get("childRelationships") or ())
        return Description(fields, frozenset(known), children)


def _history_name(row: Mapping[str, Any]) -> str:
    """FieldDefinition calls the owner OwnerId or Owner; describe calls it OwnerId."""
    name = str(row.get("QualifiedApiName", ""))
    return "OwnerId" if name == "Owner" else name


def _field_info(canonical: str, spec: FieldSpec, row: Mapping[str, Any] | None) -> FieldInfo:
    if row is None:
        return FieldInfo(canonical, spec.name, exists=False, readable=False)
    return FieldInfo(
        name=canonical,
        vendor_name=spec.name,
        exists=True,
        writable=bool(row.get("updateable")),
        type=str(row.get("type", "")),
        options=tuple(str(option.get("value", "")) for option in row.get("picklistValues") or () if option.get("active", True)),
        unique=bool(row.get("unique")),
    )
