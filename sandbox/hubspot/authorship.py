"""How an author shows in HubSpot: the source of a property's history and of a record's creation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.author import Author
    from sandbox.switches import Switches

_SOURCE_OF_KIND = {
    "person": "CRM_UI",
    "automation": "AUTOMATION_PLATFORM",
    "integration": "SALESFORCE",
    "marketing": "CALCULATED",
    "import": "IMPORT",
    "system": "CALCULATED",
}
_LABEL_OF_SOURCE = {"INTEGRATION": "Integration", "CRM_UI": "CRM UI", "IMPORT": "Import", "FORM": "Form", "AUTOMATION_PLATFORM": "Workflow"}


@dataclass(frozen=True)
class Source:
    """sourceType, sourceId, sourceLabel and updatedByUserId of one write."""

    type: str
    id: str | None
    label: str | None
    user_id: int | None


def source_of(author: Author, switches: Switches) -> Source:
    """The source of what this author writes."""
    if author.kind == "app":
        source_id = author.app_id if switches.get("hubspot.app_source_id") == "app_id" else None
        return Source(author.hubspot_source or switches.get("hubspot.app_source_type"), source_id, author.name, author.hubspot_user_id)
    source_id = author.hubspot_source_id
    if author.kind == "person" and source_id is None and author.hubspot_user_id is not None:
        source_id = f"userId:{author.hubspot_user_id}"
    return Source(author.hubspot_source or _SOURCE_OF_KIND[author.kind], source_id, author.name, author.hubspot_user_id)


def creation_properties(source: Source) -> dict[str, str]:
    """What `hs_object_source*` says on a record this source created."""
    values = {
        "hs_object_source": source.type,
        "hs_object_source_label": _LABEL_OF_SOURCE.get(source.type, source.type),
        "hs_object_source_id": source.id,
        "hs_object_source_detail_1": source.label,
        "hs_object_source_user_id": None if source.user_id is None else str(source.user_id),
        "hs_created_by_user_id": None if source.user_id is None else str(source.user_id),
    }
    return {name: value for name, value in values.items() if value is not None}
