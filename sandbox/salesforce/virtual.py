"""Objects whose rows are computed for each question: record access, and what the Tooling API tells about objects and fields."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from sandbox.salesforce.exceptions import ApiError
from sandbox.salesforce.rights import Access
from sandbox.salesforce.rows import Row
from sandbox.salesforce.schema import SObject

if TYPE_CHECKING:
    from sandbox.salesforce.org import Org
    from sandbox.salesforce.soql.plan import Plan

MAX_RECORDS = 200
_DATA_TYPES = {
    "string": "Text",
    "textarea": "Long Text Area",
    "reference": "Lookup",
    "datetime": "Date/Time",
    "boolean": "Checkbox",
    "double": "Number",
}


def fill_virtual(org: Org, plan: Plan, access: Access) -> None:
    """Put the rows of the plan's virtual object, and of those it may join, into their temporary tables."""
    if not plan.sobject.virtual:
        return
    if plan.sobject.name == "UserRecordAccess":
        _put(org, plan.sobject, _record_access(org, _ids_asked(org, plan)))
        return
    for name, rows in _TOOLING.items():
        _put(org, org.catalog.of(name), rows(org, access))


def _put(org: Org, sobject: SObject, rows: Iterable[Row]) -> None:
    org.store.execute(f'DELETE FROM "sf_{sobject.name}"')
    org.rows.insert_many(sobject.name, rows)


def _ids_asked(org: Org, plan: Plan) -> tuple[str, list[str]]:
    """The user and the records named in WHERE: both are compulsory, records up to 200 (Object Reference, UserRecordAccess)."""
    values = [value for value in plan.where_parameters if isinstance(value, str)]
    users = [value for value in values if value.startswith("005") and org.rows.get("User", value) is not None]
    records = [value for value in values if value not in users]
    if len(users) != 1 or not records or "UserId" not in plan.where or "RecordId" not in plan.where:
        raise ApiError(400, "MALFORMED_QUERY", "UserRecordAccess is asked with UserId = and RecordId = or RecordId IN (...)")
    if len(records) > MAX_RECORDS:
        raise ApiError(400, "MALFORMED_QUERY", f"UserRecordAccess answers for at most {MAX_RECORDS} records")
    return users[0], records


def _record_access(org: Org, asked: tuple[str, list[str]]) -> Iterator[Row]:
    user_id, records = asked
    access = org.rights.of(user_id)
    for record_id in records:
        sobject = org.catalog.by_prefix(record_id)
        row = org.rows.get(sobject.name, record_id) if sobject is not None and not sobject.virtual else None
        if sobject is None or row is None or row.get("IsDeleted"):
            continue
        flags = _flags(access, sobject, row)
        level = next((name for name, allowed in reversed(list(flags.items())) if allowed), "None")
        values = {f"Has{name}Access": allowed for name, allowed in flags.items()}
        yield {"Id": record_id, "UserId": user_id, "RecordId": record_id, "MaxAccessLevel": level, **values}


def _flags(access: Access, sobject: SObject, row: Row) -> dict[str, bool]:
    edit = access.can("Edit", sobject) and not (row.get("IsConverted") and not access.has("PermissionsAllowViewEditConvertedLeads"))
    owns = row.get("OwnerId") == access.user_id
    everything = access.has("PermissionsModifyAllData")
    transfer = edit and (owns or access.may_transfer(sobject))
    return {
        "Read": access.can_read(sobject),
        "Edit": edit,
        "Delete": access.can("Delete", sobject),
        "Transfer": transfer,
        "All": everything,
    }


def _entities(org: Org, access: Access) -> Iterator[Row]:
    for sobject in _visible(org, access):
        tracked = any(field.tracked for field in sobject.fields.values())
        names = {"QualifiedApiName": sobject.name, "DeveloperName": sobject.name, "Label": sobject.label, "KeyPrefix": sobject.prefix}
        yield {"Id": sobject.name, "DurableId": sobject.name, **names, "IsFieldHistoryTracked": tracked, "IsQueryable": True}


def _fields(org: Org, access: Access) -> Iterator[Row]:
    for sobject in _visible(org, access):
        for field in sobject.fields.values():
            durable = f"{sobject.name}.{field.name}"
            names = {"QualifiedApiName": field.name, "DeveloperName": field.name.removesuffix("__c"), "Label": field.label}
            kind = _DATA_TYPES.get(field.type, field.type.capitalize())
            data_type = f"{kind}({field.length})" if kind == "Text" else kind
            state = {"DataType": data_type, "Length": field.length, "IsFieldHistoryTracked": field.tracked, "IsNillable": field.nillable}
            yield {"Id": durable, "DurableId": durable, "EntityDefinitionId": sobject.name, **names, **state}


def _entity_access(org: Org, access: Access) -> Iterator[Row]:
    for sobject in _visible(org, access):
        key = f"{sobject.name}.{access.user_id}"
        edit = access.can("Edit", sobject)
        rights: dict[str, Any] = {"IsCreatable": access.can("Create", sobject), "IsDeletable": access.can("Delete", sobject)}
        yield {
            "Id": key, "DurableId": key, "UserId": access.user_id, "EntityDefinitionId": sobject.name, **rights,
            "IsEditable": edit, "IsUpdatable": edit, "IsReadable": access.can_read(sobject),
        }  # fmt: skip


def _field_access(org: Org, access: Access) -> Iterator[Row]:
    for sobject in _visible(org, access):
        create, edit = access.can("Create", sobject), access.can("Edit", sobject)
        for field in sobject.fields.values():
            durable = f"{sobject.name}.{field.name}"
            seen = access.field(sobject, field.name) is not None
            writable = seen and access.may_edit(sobject, field)
            rights = {
                "IsAccessible": seen,
                "IsCreatable": create and writable and field.createable,
                "IsUpdatable": edit and writable and field.updateable,
            }
            key = f"{durable}.{access.user_id}"
            yield {
                "Id": key,
                "DurableId": key,
                "UserId": access.user_id,
                "EntityDefinitionId": sobject.name,
                "FieldDefinitionId": durable,
                **rights,
            }


def _visible(org: Org, access: Access) -> Iterator[SObject]:
    return (sobject for sobject in org.catalog if not sobject.virtual and access.can_read(sobject))


_TOOLING: dict[str, Callable[[Org, Access], Iterator[Row]]] = {
    "EntityDefinition": _entities,
    "FieldDefinition": _fields,
    "UserEntityAccess": _entity_access,
    "UserFieldAccess": _field_access,
}
