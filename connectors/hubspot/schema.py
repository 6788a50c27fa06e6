"""What the portal says of the properties we map and own. Asked once per object and run."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.hubspot.client import HubSpotClient
from connectors.hubspot.records import LEADS, LINK
from connectors.protocol import FieldInfo, Refused
from mappings.fields import FieldMap, FieldSpec

# Every HubSpot property keeps a history, but calculated ones may not (developers.hubspot.com, "Properties").
_TRACKED_TYPES = frozenset({"string", "number", "bool", "date", "datetime", "enumeration", "phone_number"})


class Schema:
    """Property definitions, fetched when first asked for."""

    def __init__(self, client: HubSpotClient, field_map: FieldMap) -> None:
        self._client = client
        self._map = field_map
        self._known: dict[str, Mapping[str, FieldInfo]] = {}
        self._lock = threading.Lock()

    def fields(self, object_name: str) -> Mapping[str, FieldInfo]:
        """Canonical -> what the portal says, for every mapped property of `object_name`. Raises Refused for an unmapped object."""
        with self._lock:
            if object_name not in self._known:
                self._known[object_name] = self._fetch(object_name)
            return self._known[object_name]

    def forget(self) -> None:
        """Ask again next time: setup has made properties."""
        with self._lock:
            self._known.clear()

    def specs(self, object_name: str) -> Mapping[str, FieldSpec]:
        """The mapped fields of `object_name` that are properties and exist in this portal."""
        there = self.fields(object_name)
        mapped = self._map.fields(object_name).items()
        return {canonical: spec for canonical, spec in mapped if there[canonical].exists and not spec.name.startswith(LINK)}

    def pick(self, object_name: str, canonical: Sequence[str]) -> Mapping[str, FieldSpec]:
        """The named fields that exist. Raises Refused when the map does not know one of them."""
        mapped, file = self._map.fields(object_name), f"mappings/{self._map.system}.yaml"
        unknown = [name for name in canonical if name not in mapped]
        if unknown:
            raise Refused(f"HubSpot {object_name}: {', '.join(unknown)} is not in {file}; add a line for it", "field")
        specs = self.specs(object_name)
        return {name: specs[name] for name in canonical if name in specs}

    def pick_writable(self, object_name: str, canonical: Sequence[str]) -> Mapping[str, FieldSpec]:
        """The named fields, for a write. Raises Refused for one that is read only to us, or that is not there yet."""
        specs = self.pick(object_name, canonical)
        locked, file = sorted(name for name, spec in specs.items() if spec.read_only), f"mappings/{self._map.system}.yaml"
        if locked:
            raise Refused(f"HubSpot {object_name}: handoff never writes {', '.join(locked)} (read_only in {file})", "field")
        missing = sorted(set(canonical) - set(specs))
        if missing:
            raise Refused(f"HubSpot {object_name}: there is no field yet for {', '.join(missing)}; run `handoff setup` first", "field")
        return specs

    def _fetch(self, object_name: str) -> Mapping[str, FieldInfo]:
        mapped = self._map.fields(object_name)
        if not mapped:
            raise Refused(f"HubSpot {object_name} is not in mappings/{self._map.system}.yaml; add it with its fields", "object")
        reply = self._client.get(f"properties.{object_name}", self._client.paths.properties(object_name))
        known = {row["name"]: row for row in reply.get("results", ())}
        found = {canonical: _field_info(canonical, spec, known.get(spec.name)) for canonical, spec in mapped.items()}
        if object_name == LEADS and "status" in found:
            found["status"] = replace(found["status"], options=self._stages(object_name))
        return found

    def _stages(self, object_name: str) -> tuple[str, ...]:
        """The stages of all pipelines, which are what a Lead object's status may say. Raises Refused where there is none."""
        reply = self._client.get(f"pipelines.{object_name}", self._client.paths.pipelines(object_name))
        stages = tuple(str(stage["id"]) for line in reply.get("results") or () for stage in line.get("stages") or ())
        if not stages:
            raise Refused(f"HubSpot {object_name}: there is no pipeline; the Leads workspace comes with Sales Hub Professional", "object")
        return stages


def _field_info(canonical: str, spec: FieldSpec, row: Mapping[str, Any] | None) -> FieldInfo:
    if spec.name.startswith(LINK):
        return FieldInfo(canonical, spec.name, exists=True)
    if row is None or row.get("archived"):
        return FieldInfo(canonical, spec.name, exists=False, readable=False)
    locked = bool((row.get("modificationMetadata") or {}).get("readOnlyValue")) or bool(row.get("calculated"))
    return FieldInfo(
        name=canonical,
        vendor_name=spec.name,
        exists=True,
        writable=not locked,
        type=str(row.get("type", "")),
        options=tuple(str(option.get("value", "")) for option in row.get("options") or () if not option.get("archived")),
        tracked=row.get("type") in _TRACKED_TYPES and not row.get("calculated"),
        unique=bool(row.get("hasUniqueValue")),
    )
