"""Single records: create, retrieve, update, delete, upsert by external id, and the replication calls updated and deleted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from sandbox.salesforce.calls import Call, Reply, record_id
from sandbox.salesforce.checks import unknown_fields
from sandbox.salesforce.exceptions import ApiError, RowError, deleted, not_found, not_served
from sandbox.salesforce.ids import normalize
from sandbox.salesforce.rows import Row, timestamp
from sandbox.salesforce.schema import Field, SObject
from sandbox.salesforce.soql.scope import ADVICE

UPDATED_DAYS, DELETED_DAYS = 30, 15
LOCK_TEXT = "unable to obtain exclusive access to this record or 1 records: {0}"


def create(call: Call) -> Reply:
    """POST sobjects/{name}: 201 with the id."""
    sobject = call.sobject("Create")
    given = call.json_object()
    check_names(call, sobject, given)
    refuse_by_fault(call, "new record")
    made = call.model.records.create(sobject, given, call.actor())
    return Reply(
        201, {"id": made, "success": True, "errors": []}, {"Location": f"/services/data/{call.version}/sobjects/{sobject.name}/{made}"}
    )


def retrieve(call: Call) -> Reply:
    """GET sobjects/{name}/{id}?fields=."""
    sobject = call.sobject()
    row = existing(call, sobject, record_id(call.parts["id"]))
    check_unmodified(call, row)
    since = _header_time(call, "if-modified-since")
    if since is not None and _modified(row) <= since:
        return Reply(304)
    names = [name.strip() for name in call.query["fields"].split(",")] if call.query.get("fields") else None
    return Reply(200, rest_record(call, sobject, row, wanted_fields(call, sobject, names)))


def update(call: Call) -> Reply:
    """PATCH sobjects/{name}/{id}: 204."""
    sobject = call.sobject("Edit")
    row = existing(call, sobject, record_id(call.parts["id"]))
    given = call.json_object()
    if any(name.lower() == "id" for name in given):
        raise ApiError(400, "INVALID_FIELD", "The Id field should not be specified in the sobject data.")
    check_names(call, sobject, given)
    check_unmodified(call, row)
    refuse_by_fault(call, row["Id"])
    call.model.records.update(sobject, row["Id"], given, call.actor())
    return Reply(204)


def delete(call: Call) -> Reply:
    """DELETE sobjects/{name}/{id}: 204."""
    sobject = call.sobject("Delete")
    row = existing(call, sobject, record_id(call.parts["id"]))
    refuse_by_fault(call, row["Id"])
    call.model.records.delete(sobject, row["Id"], call.actor())
    return Reply(204)


def retrieve_by_key(call: Call) -> Reply:
    """GET sobjects/{name}/{field}/{value}: 300 when several records have the value."""
    sobject = call.sobject()
    found = by_key(call, sobject, key_field(call, sobject), call.parts["value"])
    if not found:
        raise not_found()
    if len(found) > 1:
        return _several(call, sobject, found)
    return Reply(200, rest_record(call, sobject, found[0], wanted_fields(call, sobject, None)))


def upsert(call: Call) -> Reply:
    """PATCH sobjects/{name}/{field}/{value}: 201 created, 200 updated, 300 ambiguous."""
    sobject = call.sobject()
    key = key_field(call, sobject)
    given = call.json_object()
    if any(name.lower() == key.name.lower() for name in given):
        raise ApiError(400, "INVALID_FIELD", f"The {key.name} field should not be specified in the sobject data.")
    check_names(call, sobject, given)
    found = by_key(call, sobject, key, call.parts["value"])
    if len(found) > 1:
        return _several(call, sobject, found)
    refuse_by_fault(call, found[0]["Id"] if found else "new record")
    if found:
        call.model.records.update(sobject, found[0]["Id"], given, call.actor())
        return Reply(200, {"id": found[0]["Id"], "success": True, "errors": [], "created": False})
    made = call.model.records.create(sobject, {**given, key.name: call.parts["value"]}, call.actor())
    return Reply(201, {"id": made, "success": True, "errors": [], "created": True})


def _several(call: Call, sobject: SObject, found: Iterable[Row]) -> Reply:
    return Reply(300, [f"/services/data/{call.version}/sobjects/{sobject.name}/{row['Id']}" for row in found])


def updated(call: Call) -> Reply:
    """GET sobjects/{name}/updated?start=&end=: ids, and latestDateCovered held back to the start of open transactions."""
    sobject = call.sobject()
    start, end = _window(call, UPDATED_DAYS)
    standing = ' AND NOT "IsDeleted"' if sobject.has_deletes else ""
    most = call.model.org.limits.get("salesforce.updated_ids")
    ids = [row[0] for row in _stamped(call, sobject, start, end, standing)]
    _check_count(len(ids), most)
    return Reply(200, {"ids": ids, "latestDateCovered": timestamp(min(end, call.model.late_commits.covered_until()))})


def deleted_since(call: Call) -> Reply:
    """GET sobjects/{name}/deleted?start=&end=."""
    sobject = call.sobject()
    start, end = _window(call, DELETED_DAYS)
    if not sobject.has_deletes:
        raise ApiError(400, "INVALID_TYPE", f"{sobject.name} is not replicateable")
    most = call.model.org.limits.get("salesforce.updated_ids")
    rows = _stamped(call, sobject, start, end, ' AND "IsDeleted"')
    _check_count(len(rows), most)
    earliest = call.model.org.clock.now() - timedelta(days=DELETED_DAYS)
    records = [{"id": row[0], "deletedDate": row[1]} for row in rows]
    covered = timestamp(min(end, call.model.late_commits.covered_until()))
    return Reply(200, {"deletedRecords": records, "earliestDateAvailable": timestamp(earliest), "latestDateCovered": covered})


def _stamped(call: Call, sobject: SObject, start: datetime, end: datetime, standing: str) -> list[tuple[Any, ...]]:
    column = f'"{sobject.stamp}"'
    most = int(call.model.org.limits.get("salesforce.updated_ids"))
    where = f"{column} >= ? AND {column} < ?{standing}"
    sql = f'SELECT "Id", {column} FROM "sf_{sobject.name}" WHERE {where} ORDER BY {column}, "Id" LIMIT {most + 1}'
    return call.model.org.store.rows(sql, (timestamp(start), timestamp(end)))


def _check_count(found: int, most: Any) -> None:
    if found > int(most):
        raise ApiError(400, "EXCEEDED_ID_LIMIT", f"exceeded ID limit: more than {most} records; use a shorter period")


def _window(call: Call, days: int) -> tuple[datetime, datetime]:
    """Start and end, to the minute (seconds are cut), in order and not too old. Source: REST API Guide, Get Updated."""
    found: list[datetime] = []
    for name in ("start", "end"):
        try:
            moment = datetime.fromisoformat(call.query[name].replace(" ", "+"))
            found.append(moment.astimezone(UTC).replace(second=0, microsecond=0))
        except (KeyError, ValueError, OverflowError):
            raise ApiError(400, "INVALID_REPLICATION_DATE", f"{name} is required: an ISO 8601 date and time with a zone") from None
        if moment.tzinfo is None:
            raise ApiError(400, "INVALID_REPLICATION_DATE", f"{name} needs a time zone")
    if found[0] >= found[1]:
        raise ApiError(400, "INVALID_REPLICATION_DATE", "startDate must be before endDate by more than one minute")
    if found[0] < call.model.org.clock.now() - timedelta(days=days):
        raise ApiError(400, "INVALID_REPLICATION_DATE", f"startDate cannot be more than {days} days ago")
    return found[0], found[1]


# --- shared with collections and upserts
def existing(call: Call, sobject: SObject, found_id: str) -> Row:
    """The row of an id. ApiError 404 NOT_FOUND, or ENTITY_IS_DELETED."""
    row = call.model.org.rows.get(sobject.name, found_id)
    if row is None:
        raise not_found()
    if row.get("IsDeleted"):
        raise deleted().as_api_error()
    return row


def wanted_fields(call: Call, sobject: SObject, names: Iterable[str] | None) -> list[Field]:
    """The named fields, or all the user may see. ApiError 400 INVALID_FIELD."""
    if names is None:
        return [field for field in sobject.fields.values() if call.access.field(sobject, field.name)]
    fields: list[Field] = []
    for name in names:
        field = call.access.field(sobject, name)
        if field is None:
            raise ApiError(
                400,
                "INVALID_FIELD",
                f"No such column '{name}' on entity '{sobject.name}'. {ADVICE}",
            )
        fields.append(field)
    key = sobject.field("Id")
    return fields if key is None or key in fields else [*fields, key]


def rest_record(call: Call, sobject: SObject, row: Row, fields: Iterable[Field]) -> dict[str, Any]:
    """A record as REST gives it: attributes first."""
    attributes = {"type": sobject.name, "url": f"/services/data/{call.version}/sobjects/{sobject.name}/{row['Id']}"}
    return {"attributes": attributes, **{field.name: row[field.name] for field in fields}}


def check_names(call: Call, sobject: SObject, given: Iterable[str]) -> None:
    """ApiError 400 INVALID_FIELD for fields that do not exist or that the user may not see."""
    unknown = unknown_fields(sobject, given, call.access)
    if unknown:
        raise ApiError(400, "INVALID_FIELD", f"No such column '{unknown[0]}' on sobject of type {sobject.name}", unknown[:1])


def check_unmodified(call: Call, row: Row) -> None:
    """ApiError 412 when the record changed after If-Unmodified-Since."""
    since = _header_time(call, "if-unmodified-since")
    if since is not None and _modified(row) > since:
        raise ApiError(412, "PRECONDITION_FAILED", "The record was modified after the time in If-Unmodified-Since")


def _header_time(call: Call, name: str) -> datetime | None:
    """The time in a conditional header; one that is no time is no condition."""
    try:
        found = parsedate_to_datetime(call.headers.get(name, ""))
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _modified(row: Row) -> datetime:
    return datetime.fromisoformat(row.get("LastModifiedDate") or row.get("CreatedDate") or "1970-01-01T00:00:00+00:00")


def not_served_here(call: Call) -> Reply:
    """What the vendor has below an object and this sandbox has not."""
    raise not_served(call.path.strip("/"))


def key_field(call: Call, sobject: SObject) -> Field:
    """The external id (or idLookup) field of the path. ApiError 404."""
    if normalize(call.parts["field"]) is not None and len(call.parts["field"]) in (15, 18):
        raise not_served(f"{call.parts.get('value', '')} of a record; ask by query")
    field = call.access.field(sobject, call.parts["field"])
    if field is None or not (field.external_id or field.id_lookup):
        raise not_found(f"Provided external ID field does not exist or is not accessible: {call.parts['field']}")
    return field


def by_key(call: Call, sobject: SObject, key: Field, value: Any) -> list[Row]:
    """Records that are not deleted and have the key; an empty key is refused."""
    if value in (None, ""):
        raise RowError("MISSING_ARGUMENT", f"{key.name} not specified", [key.name])
    if not isinstance(value, (str, int, float)):
        raise RowError("JSON_PARSER_ERROR", f"Cannot deserialize instance of {key.type} from {type(value).__name__}", [key.name])
    return [row for row in call.model.org.rows.find(sobject.name, key.name, [value]) if not row.get("IsDeleted")]


def refuse_by_fault(call: Call, name: str) -> None:
    """RowError of a planned `rows` fault on a call for one record."""
    if call.fault is not None and call.fault.action == "rows":
        code = call.fault.code or "UNABLE_TO_LOCK_ROW"
        raise RowError(code, LOCK_TEXT.format(name) if code == "UNABLE_TO_LOCK_ROW" else f"{code} (planned fault)")
