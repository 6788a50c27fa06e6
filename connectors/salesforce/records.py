"""Salesforce rows <-> our records and values.

Salesforce sends typed JSON (numbers, booleans, null); ours are strings, blank ones absent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from connectors.protocol import Gone
from connectors.values import instant, instant_text, whole_number, without_scheme
from handoff.facts import Record, Ref, State
from mappings.fields import FieldSpec, FieldType

SYSTEM = "salesforce"
_TEXTS = frozenset({FieldType.TEXT, FieldType.PICKLIST, FieldType.ID})
_LENGTH = len("2026-11-16T09:00:00.000+0000")
STANDING = ("IsDeleted", "MasterRecordId", "IsConverted", "ConvertedContactId")  # asked for where the object has them
_OBJECT_OF_PREFIX = {"00Q": "Lead", "003": "Contact", "001": "Account", "006": "Opportunity", "00T": "Task", "00U": "Event"}


def ref(object_name: str, record_id: object) -> Ref:
    """The reference of a Salesforce record."""
    return Ref(SYSTEM, object_name, str(record_id))


def ref_of_id(record_id: object) -> Ref | None:
    """The reference behind an id alone, by its key prefix; None for other objects and for no id."""
    object_name = _OBJECT_OF_PREFIX.get(str(record_id or "")[:3])
    return Ref(SYSTEM, object_name, str(record_id)) if object_name else None


def people_behind(*ids: object) -> Iterator[Ref]:
    """Leads and Contacts among the ids, each once."""
    found = (ref_of_id(record_id) for record_id in dict.fromkeys(ids))
    return (one for one in found if one is not None and one.object in ("Lead", "Contact"))


Columns = Mapping[str, tuple[str, FieldSpec, bool]]
"""Vendor field -> our field, what the map says of it, and whether its text is ours as it is. Made once per batch: rows are many."""


def columns(specs: Mapping[str, FieldSpec]) -> Columns:
    """How rows with these fields are read."""
    return {spec.name: (canonical, spec, _as_it_is(spec)) for canonical, spec in specs.items()}


def record(object_name: str, row: Mapping[str, Any], known: Columns, now: datetime) -> Record:
    """One query row as a record; `now` is when we learned it. A converted Lead follows its Contact."""
    state, follows = standing(row)
    return Record(
        ref=ref(object_name, row["Id"]),
        fields=values(row, known),
        created_at=instant(row["CreatedDate"]),
        modified_at=instant(row["SystemModstamp"]),
        known_at=now,
        state=state,
        follows=follows,
    )


def standing(row: Mapping[str, Any]) -> tuple[State, Ref | None]:
    """Live, converted (follows the Contact), merged (follows the survivor) or deleted."""
    if row.get("IsDeleted"):
        survivor = ref_of_id(row.get("MasterRecordId"))
        return (State.MERGED, survivor) if survivor is not None else (State.DELETED, None)
    if row.get("IsConverted"):
        return State.CONVERTED, ref_of_id(row.get("ConvertedContactId"))
    return State.LIVE, None


def gone(object_name: str, row: Mapping[str, Any]) -> Gone:
    """A deleted or merged-away row."""
    state, follows = standing(row)
    return Gone(ref(object_name, row["Id"]), state, instant(row["SystemModstamp"]), follows)


def values(row: Mapping[str, Any], known: Columns) -> dict[str, str]:
    """Canonical field -> our string, blank ones left out."""
    found: dict[str, str] = {}
    for name, value in row.items():
        if value is None or value == "" or (column := known.get(name)) is None:
            continue
        canonical, spec, as_it_is = column
        text = value if as_it_is and type(value) is str else from_vendor(spec, value)
        if text:
            found[canonical] = text
    return found


def _as_it_is(spec: FieldSpec) -> bool:
    return spec.type in _TEXTS and not spec.presence and not spec.values


def from_vendor(spec: FieldSpec, value: object) -> str:
    """Salesforce's JSON value (or a history row's text) as ours."""
    if isinstance(value, bool):
        return "true" if value else "" if spec.presence else "false"
    if spec.presence or spec.values:
        return spec.from_vendor(str(value))
    if isinstance(value, (int, float)) or spec.type is FieldType.NUMBER:
        return whole_number(str(value))
    text = str(value)
    if spec.type is FieldType.DATETIME:
        return _datetime_text(text)
    if spec.type is FieldType.DATE:
        return text[:10]
    if spec.type is FieldType.BOOL:
        return text.lower()
    return without_scheme(text) if spec.type is FieldType.DOMAIN else text


def _datetime_text(text: str) -> str:
    """`2026-11-16T09:00:00.000Z`; Salesforce's own form differs in its last characters only."""
    if len(text) == _LENGTH and text.endswith(".000+0000"):
        return f"{text[:-5]}Z"
    return instant_text(instant(text))


def to_vendor(spec: FieldSpec, value: str | None) -> object:
    """Our string as Salesforce's JSON value; null clears."""
    if value is None or value == "":
        return False if spec.type is FieldType.BOOL else None
    if spec.type is FieldType.BOOL:
        return value.lower() == "true"
    if spec.type is FieldType.NUMBER:
        number = float(value)
        return int(number) if number == int(number) else number
    if spec.type is FieldType.DATE:
        return value[:10]
    if spec.type is FieldType.DATETIME:
        return instant_text(instant(value))
    return spec.to_vendor(value)
