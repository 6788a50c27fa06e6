"""Who wrote a property: HubSpot's history entries, told apart into ours and other people's.

Source types are those of HubSpot's published enum of property value sources; a value that is not listed here counts as automation, never
as ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.hubspot import records
from connectors.values import instant
from handoff.facts import Edit
from mappings.fields import FieldSpec

_PEOPLE = frozenset(
    {
        "CRM_UI", "CRM_UI_BULK_ACTION", "MOBILE_IOS", "MOBILE_ANDROID", "SALES", "SALES_MESSAGES", "SEQUENCES", "MEETINGS", "TASK",
        "PLAYBOOKS", "WORK_UI", "CONTACTS", "IMPORT",
    }
)  # fmt: skip
APP_SOURCES = frozenset({"INTEGRATION", "API", "BATCH_UPDATE", "INTEGRATIONS_PLATFORM"})
_INTEGRATIONS = APP_SOURCES | {"SALESFORCE", "INTEGRATIONS_SYNC"}


def author_of(entry: Mapping[str, Any]) -> str:
    """person, integration or automation."""
    source = str(entry.get("sourceType") or "")
    if source in _PEOPLE:
        return "person"
    return "integration" if source in _INTEGRATIONS else "automation"


def _via(entry: Mapping[str, Any]) -> str:
    """Source type, and for apps the app's id; blank for people."""
    source = str(entry.get("sourceType") or "")
    if source in _PEOPLE:
        return ""
    return f"{source} {entry.get('sourceId') or ''}".strip() if source in APP_SOURCES else source


def is_ours(entry: Mapping[str, Any], app_id: str) -> bool:
    """Whether our own app wrote it. Where HubSpot names no app, or we do not know our own id, an app's write counts as ours:
    a false alarm about ourselves would undo our own work."""
    if str(entry.get("sourceType") or "") not in APP_SOURCES:
        return False
    source_id = str(entry.get("sourceId") or "")
    return not app_id or not source_id or source_id == app_id


def edits(row: Mapping[str, Any], specs: Mapping[str, FieldSpec], since: datetime, app_id: str) -> tuple[Edit, ...]:
    """Other people's entries at or after `since`, oldest first."""
    found: list[Edit] = []
    history: Mapping[str, Sequence[Mapping[str, Any]]] = row.get("propertiesWithHistory") or {}
    for canonical, spec in specs.items():
        # HubSpot lists the newest first; of two entries with one time stamp the later one must come last here, or it would seem undone.
        for entry in reversed(history.get(spec.name) or ()):
            at = instant(str(entry["timestamp"]))
            if at >= since and not is_ours(entry, app_id):
                text = str(entry.get("value") or "")
                found.append(Edit(canonical, records.from_vendor(spec, text) if text else None, at, author_of(entry), _via(entry)))
    return tuple(sorted(found, key=lambda edit: (edit.at, edit.field)))
