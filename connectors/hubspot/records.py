"""HubSpot rows <-> our records and values. All values are strings or null on both sides; null and blank mean absent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.protocol import Gone
from connectors.values import instant, instant_text, whole_number, without_scheme
from handoff.facts import Record, Ref, State
from mappings.fields import FieldSpec, FieldType

SYSTEM = "hubspot"
LEADS_SYSTEM = "hubspot_leads"  # Lead objects are an adapter of their own, in the same portal
LEADS = "leads"
PRIMARY_CONTACT = 578  # association type of a Lead object and its contact (developers.hubspot.com, "Associations")
LINK = "associations."  # a field of this name is no property: it is read from the associations
MERGED_IDS = "hs_merged_object_ids"


def system_of(object_name: str) -> str:
    """Whose an object is: Lead objects are `hubspot_leads`, everything else of the portal is `hubspot`."""
    return LEADS_SYSTEM if object_name == LEADS else SYSTEM


def ref(object_name: str, record_id: object) -> Ref:
    """The reference of a HubSpot record."""
    return Ref(system_of(object_name), object_name, str(record_id))


Columns = Mapping[str, tuple[str, Callable[[str], str] | None]]
"""Vendor property -> our field, and how its text is read (None: as it is). Made once per batch, because rows are many."""


def columns(specs: Mapping[str, FieldSpec]) -> Columns:
    """How rows with these fields are read."""
    return {spec.name: (canonical, _reader(spec)) for canonical, spec in specs.items()}


def record(object_name: str, row: Mapping[str, Any], known: Columns, now: datetime) -> Record:
    """One row of a list, search or batch read as a record; `now` is when we learned it."""
    return Record(
        ref=ref(object_name, row["id"]),
        fields=values(row.get("properties") or {}, known),
        created_at=instant(row["createdAt"]),
        modified_at=instant(row["updatedAt"]),
        known_at=now,
        state=State.ARCHIVED if row.get("archived") else State.LIVE,
    )


def values(properties: Mapping[str, str | None], known: Columns) -> dict[str, str]:
    """Canonical field -> our string, blank ones left out."""
    found: dict[str, str] = {}
    for name, text in properties.items():
        if text and (column := known.get(name)) is not None:
            canonical, read = column
            found[canonical] = text if read is None else read(text)
    return found


def from_vendor(spec: FieldSpec, text: str) -> str:
    """HubSpot's string as ours: dates normalised, numbers plain, mapped words translated."""
    read = _reader(spec)
    return text if read is None else read(text)


def _reader(spec: FieldSpec) -> Callable[[str], str] | None:
    return spec.from_vendor if spec.presence or spec.values else _READERS.get(spec.type)


def to_vendor(spec: FieldSpec, value: str | None) -> str:
    """Our string as HubSpot takes it. A blank clears; null is never sent, it would not clear (developers.hubspot.com, "Properties")."""
    if value is None:
        return ""
    if spec.type is FieldType.DATE:
        return value[:10]
    return spec.to_vendor(value)


def merged(row: Mapping[str, Any]) -> Iterator[Gone]:
    """The contacts that were merged into this one: their ids leave lists and search without a tombstone."""
    ids = str((row.get("properties") or {}).get(MERGED_IDS) or "")
    if not ids:
        return
    survivor = ref("contacts", row["id"])
    for record_id in ids.split(";"):
        if record_id.strip() and record_id.strip() != survivor.id:
            yield Gone(ref("contacts", record_id.strip()), State.MERGED, instant(row["updatedAt"]), survivor)


def archived(object_name: str, row: Mapping[str, Any]) -> Gone:
    """A row of the archived listing."""
    return Gone(ref(object_name, row["id"]), State.ARCHIVED, instant(row.get("archivedAt") or row["updatedAt"]))


def _date_text(text: str) -> str:
    return _datetime_text(text)[:10] if text.isdecimal() else text[:10]


def _datetime_text(text: str) -> str:
    """ISO-8601 UTC with milliseconds, also from the epoch milliseconds that some properties carry."""
    if text.isdecimal():
        return instant_text(datetime.fromtimestamp(int(text) / 1000, UTC))
    if len(text) == 24 and text.endswith("Z"):
        return text
    return instant_text(instant(text))


_READERS: Mapping[FieldType, Callable[[str], str]] = {
    FieldType.DATETIME: _datetime_text,
    FieldType.DATE: _date_text,
    FieldType.NUMBER: whole_number,
    FieldType.BOOL: str.lower,
    FieldType.DOMAIN: without_scheme,
}
