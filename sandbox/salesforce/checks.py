"""What a save has to pass: references that exist, owners that are active, unique values, leads that were not converted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.author import Author
from sandbox.salesforce.exceptions import RowError
from sandbox.salesforce.ids import normalize
from sandbox.salesforce.rights import Access
from sandbox.salesforce.rows import Row
from sandbox.salesforce.schema import Field, SObject
from sandbox.salesforce.values import coerce

if TYPE_CHECKING:
    from sandbox.salesforce.org import Org

_ACTIVITIES = ("Task", "Event")


@dataclass(frozen=True)
class Actor:
    """Who saves. `access` None trusts the caller (a person in the user interface, an automation, the world's builder).

    `auto_assign` says whether the assignment rule may run (header Sforce-Auto-Assign), `allow_duplicates` whether an alerting duplicate
    rule is passed over (Sforce-Duplicate-Rule-Header: allowSave=true).
    """

    user_id: str
    author: Author
    access: Access | None = None
    auto_assign: bool = False
    allow_duplicates: bool = False


def clean(org: Org, sobject: SObject, given: dict[str, Any], actor: Actor, *, creating: bool) -> Row:
    """Checked values by canonical field name. Raises RowError."""
    verb = "createable" if creating else "updateable"
    values: Row = {}
    refused: list[str] = []
    for name, value in given.items():
        if name == "attributes" or (not creating and name.lower() == "id"):
            continue
        field = _field(sobject, name, actor)
        if actor.access is not None and not (getattr(field, verb) and actor.access.may_edit(sobject, field)):
            refused.append(field.name)
            continue
        values[field.name] = coerce(field, value)
    if refused:
        raise RowError(
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            f"Unable to create/update fields: {', '.join(sorted(refused))}. Please check the security settings of this field "
            "and verify that it is read/write for your profile or permission set.",
            sorted(refused),
        )
    _check_references(org, sobject, values, actor)
    return values


def _field(sobject: SObject, name: str, actor: Actor) -> Field:
    field = sobject.field(name) if actor.access is None else actor.access.field(sobject, name)
    if field is None:
        raise RowError("INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject.name}", [name])
    return field


def unknown_fields(sobject: SObject, given: Iterable[str], access: Access) -> list[str]:
    """Names that are no field of the object, or that the user may not see."""
    return [name for name in given if name != "attributes" and access.field(sobject, name) is None]


def _check_references(org: Org, sobject: SObject, values: Row, actor: Actor) -> None:
    for name, value in values.items():
        field = sobject.fields[name.lower()]
        if field.type != "reference" or value is None or not field.reference_to:
            continue
        target = org.catalog.by_prefix(value)
        if target is None or target.name not in field.reference_to:
            raise RowError("FIELD_INTEGRITY_EXCEPTION", f"{field.label}: id value of incorrect type: {value}", [field.name])
        row = org.rows.holder(value) if target.name in ("User", "Group") else org.rows.get(target.name, value)
        if row is None:
            raise RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [field.name])
        if row.get("IsDeleted") and actor.access is not None:
            raise RowError("ENTITY_IS_DELETED", "entity is deleted", [field.name])
        if name == "WhoId" and row.get("IsConverted") and actor.access is not None:
            raise RowError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", [field.name])


def check_required(sobject: SObject, row: Row, given: Iterable[str], *, creating: bool) -> None:
    """RowError REQUIRED_FIELD_MISSING for required fields left out of a create, or emptied."""
    names = set(given)
    missing = [field.name for field in sobject.mandatory if row.get(field.name) is None and (creating or field.name in names)]
    if missing:
        raise RowError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", missing)


def check_owner(org: Org, sobject: SObject, new: Row, old: Row | None) -> None:
    """RowError when the owner is inactive, or a queue that may not own such records."""
    owner_id = new.get("OwnerId")
    if owner_id is None:
        return
    changed = old is None or old.get("OwnerId") != owner_id
    if owner_id.startswith("00G"):
        if changed:
            _check_queue(org, sobject, owner_id)
        return
    if not changed and not org.switches.get("salesforce.inactive_owner_on_update"):
        return
    owner = org.rows.holder(owner_id)
    if owner is not None and not owner["IsActive"]:
        text = f"operation performed with inactive user [{owner_id}] as owner of {sobject.label.lower()}"
        raise RowError("INACTIVE_OWNER_OR_USER", text, ["OwnerId"] if changed else [])


def _check_queue(org: Org, sobject: SObject, owner_id: str) -> None:
    if sobject.name in _ACTIVITIES and org.switches.get("salesforce.queue_owns_tasks"):
        return
    if sobject.name not in org.rows.served(owner_id):
        raise RowError("INVALID_OPERATION", "Queue not associated with this SObject type", ["OwnerId"])


def check_transfer(sobject: SObject, new: Row, old: Row, actor: Actor) -> None:
    """RowError when the user may not give away the record."""
    if (
        actor.access is None
        or new.get("OwnerId") == old.get("OwnerId")
        or old.get("OwnerId") == actor.user_id
        or sobject.name in _ACTIVITIES
    ):
        return
    if not actor.access.may_transfer(sobject):
        raise RowError("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", [])


def check_lead_status(org: Org, new: Row, old: Row | None, actor: Actor) -> None:
    """RowError for a converted lead, and for a status that only a conversion may set."""
    if actor.access is None:
        return
    if old is not None and old["IsConverted"] and not actor.access.has("PermissionsAllowViewEditConvertedLeads"):
        raise RowError(org.switches.get("salesforce.converted_status_code"), "cannot reference converted lead", [])
    if old is not None and old.get("Status") != new.get("Status"):
        status = org.setup_row("LeadStatus", new.get("Status"))
        if status is not None and status["IsConverted"]:
            code = org.switches.get("salesforce.patch_to_converted_status_code")
            raise RowError(code, f"invalid status value: {new.get('Status')} is set by converting the lead", ["Status"])


def check_activity(org: Org, sobject: SObject, new: Row) -> None:
    """RowError for an event without a time, and a task for a lead that is also about something else."""
    lead_with_what = (new.get("WhoId") or "").startswith("00Q") and new.get("WhatId") is not None
    if lead_with_what and not org.switches.get("salesforce.lead_task_what_id"):
        raise RowError("FIELD_INTEGRITY_EXCEPTION", "WhatId: cannot be set when WhoId is a lead", ["WhatId"])
    if sobject.name != "Event":
        return
    missing = [name for name in ("StartDateTime", "DurationInMinutes") if new.get(name) is None]
    if missing:
        raise RowError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", missing)
    if new["DurationInMinutes"] < 0:
        raise RowError("FIELD_INTEGRITY_EXCEPTION", "End Date Time: the end may not be before the start", ["EndDateTime"])


def check_field_permission(org: Org, new: Row) -> None:
    """RowError for a grant on a field that does not exist or needs none, and for Edit without Read (Object Reference, FieldPermissions)."""
    object_name, _, field_name = str(new.get("Field") or "").partition(".")
    sobject = org.catalog.get(object_name)
    field = sobject.field(field_name) if sobject is not None else None
    if field is None or not field.permissionable or object_name != new.get("SobjectType"):
        text = f"Field Name: bad value for restricted picklist field: {new.get('Field')}"
        raise RowError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", text, ["Field"])
    if new.get("PermissionsEdit") and not new.get("PermissionsRead"):
        raise RowError("FIELD_INTEGRITY_EXCEPTION", "Edit access needs read access", ["PermissionsEdit"])


def check_unique(org: Org, sobject: SObject, new: Row, old: Row | None) -> None:
    """RowError DUPLICATE_VALUE, which names the record that has the value already."""
    for field in sobject.uniques:
        value = new.get(field.name)
        if value is None or (old is not None and old.get(field.name) == value):
            continue
        for other in org.rows.find(sobject.name, field.name, [value], ("Id",)):
            if other["Id"] != new.get("Id"):
                text = f"duplicate value found: {field.name} duplicates value on record with id: {other['Id'][:15]}"
                raise RowError("DUPLICATE_VALUE", text, [field.name])
    _check_pairs(org, sobject, new, old)


def check_duplicates(org: Org, sobject: SObject, new: Row, actor: Actor) -> None:
    """RowError DUPLICATES_DETECTED when an active duplicate rule finds the new record's like."""
    for names in org.rules.duplicate_fields(sobject.name, alerts_too=not actor.allow_duplicates):
        if any(new.get(name) is None for name in names):
            continue
        for other in org.rows.find(sobject.name, names[0], [new[names[0]]]):
            if not other.get("IsDeleted") and all(str(other.get(name)).lower() == str(new[name]).lower() for name in names):
                raise RowError("DUPLICATES_DETECTED", "Use one of these records?", [])


_PAIRS = {
    "CampaignMember": ("CampaignId", "LeadOrContactId", "Already a campaign member."),
    "FieldPermissions": ("ParentId", "Field", "{0} is granted already by permission set {1}"),
    "PermissionSetAssignment": ("PermissionSetId", "AssigneeId", "Duplicate PermissionSetAssignment. Assignee: {0}; Permission Set: {1}"),
}


def _check_pairs(org: Org, sobject: SObject, new: Row, old: Row | None) -> None:
    if old is not None or sobject.name not in _PAIRS:
        return
    first, second, text = _PAIRS[sobject.name]
    for other in org.rows.find(sobject.name, first, [new.get(first)]):
        if other.get(second) == new.get(second) and not other.get("IsDeleted"):
            raise RowError("DUPLICATE_VALUE", text.format(new.get(second), new.get(first)), [])


def existing(org: Org, sobject: SObject, record_id: Any) -> Row:
    """The row to be changed. RowError when the id is no id, of another object, unknown or deleted."""
    found_id = normalize(record_id)
    if found_id is None:
        raise RowError("MALFORMED_ID", f"{sobject.label} ID: id value of incorrect type: {record_id}", ["Id"])
    if not found_id.startswith(sobject.prefix):
        raise RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [])
    row = org.rows.get(sobject.name, found_id)
    if row is None:
        raise RowError(org.switches.get("salesforce.unknown_id_code"), "invalid cross reference id", [])
    if row.get("IsDeleted"):
        raise RowError("ENTITY_IS_DELETED", "entity is deleted", [])
    return row
