"""Who wrote a field: rows of the object's history, told apart into ours (our own integration user) and other people's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.protocol import Person
from connectors.salesforce import records, soql
from connectors.values import instant
from handoff.facts import Edit
from mappings.fields import FieldSpec

RELATION = "Histories"
Author = tuple[str, str]  # person, integration or automation; the tool's name, blank for people
_NOBODY: Author = ("automation", "")


def child_query(since: datetime) -> str:
    """The child subquery that reads a record's history since a moment, oldest first. History has whole seconds."""
    fields = ("Id", "Field", "NewValue", "CreatedById", "CreatedDate")
    return f"({soql.select(fields, RELATION, f'CreatedDate >= {soql.moment(since)}', 'CreatedDate ASC')})"


def edits(
    row: Mapping[str, Any], specs: Mapping[str, FieldSpec], since: datetime, our_user: str, authors: Mapping[str, Author]
) -> tuple[Edit, ...]:
    """Other people's entries at or after `since`, oldest first. Who is in no list of users is automation."""
    canonical_of = {_history_field(spec.name): (canonical, spec) for canonical, spec in specs.items()}
    found: list[Edit] = []
    entries = (row.get(RELATION) or {}).get("records") or ()
    # CreatedDate has whole seconds: of two entries in one second the later one has the larger id.
    for entry in sorted(entries, key=lambda entry: (str(entry["CreatedDate"]), str(entry.get("Id") or ""))):
        known = canonical_of.get(str(entry.get("Field", "")))
        by, at = str(entry.get("CreatedById") or ""), instant(str(entry["CreatedDate"]))
        if known is None or by == our_user or at < since.replace(microsecond=0) or _is_owner_name(entry):
            continue
        value = entry.get("NewValue")
        text = records.from_vendor(known[1], value) if value not in (None, "") else None
        found.append(Edit(known[0], text, at, *authors.get(by, _NOBODY)))
    return tuple(found)


def foreign_authors(rows: list[Mapping[str, Any]], our_user: str) -> bool:
    """Whether anybody but us stands in the histories: only then people need to be asked for."""
    return any(entry.get("CreatedById") != our_user for row in rows for entry in (row.get(RELATION) or {}).get("records") or ())


def author_kinds(people: tuple[Person, ...], automated_authors: tuple[str, ...]) -> dict[str, Author]:
    """User id -> its kind: integration for a named tool or an integration user, else person."""
    kinds: dict[str, Author] = {}
    for person in people:
        if person.type == "person":
            tool = person.key in automated_authors or person.teams == ("integration",)
            kinds[person.id] = ("integration", person.name) if tool else ("person", "")
    return kinds


def _history_field(name: str) -> str:
    """History calls OwnerId `Owner`; custom fields keep their API name."""
    return "Owner" if name == "OwnerId" else name


def _is_owner_name(entry: Mapping[str, Any]) -> bool:
    """Owner changes give two rows, by id and by name; the one with the id counts."""
    return entry.get("Field") == "Owner" and str(entry.get("NewValue") or "")[:3] not in ("005", "00G", "")
