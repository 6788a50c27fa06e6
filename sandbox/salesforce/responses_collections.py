"""sObject Collections: up to 200 records per write, a result for each in order, and 200 OK even when all failed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, TypeGuard

from sandbox.salesforce import responses_records as single
from sandbox.salesforce.calls import Call, Reply
from sandbox.salesforce.exceptions import ApiError, RowError
from sandbox.salesforce.ids import normalize
from sandbox.salesforce.schema import SObject

Result = dict[str, Any]
Save = Callable[[Any], Result]
_ROLLED_BACK = "Record rolled back because not all records were valid and the request was using AllOrNone header"


class _RollBackError(Exception):
    """Leaves the transaction of an all-or-none collection that failed."""


def create(call: Call) -> Reply:
    """POST composite/sobjects."""
    records, all_or_none = _body(call)
    objects, actor = _objects(call, records), call.actor()

    def save(record: dict[str, Any]) -> Result:
        return _ok(call.model.records.create(objects[_type(record)], record, actor))

    return Reply(200, _each(call, records, save, all_or_none=all_or_none))


def update(call: Call) -> Reply:
    """PATCH composite/sobjects."""
    records, all_or_none = _body(call)
    objects, actor = _objects(call, records), call.actor()
    seen: set[str] = set()

    def save(record: dict[str, Any]) -> Result:
        found = _once(call, _id_of(record), seen)
        call.model.records.update(objects[_type(record)], found, record, actor)
        return _ok(normalize(found) or "")

    return Reply(200, _each(call, records, save, all_or_none=all_or_none))


def upsert(call: Call) -> Reply:
    """PATCH composite/sobjects/{name}/{field}: by external id, or by Id."""
    sobject = call.sobject()
    records, all_or_none = _body(call)
    if set(_objects(call, records)) - {sobject.name.lower()}:
        raise ApiError(400, "INVALID_FIELD", f"all records of this collection must be of type {sobject.name}")
    key = single.key_field(call, sobject)
    seen: set[str] = set()

    def save(record: dict[str, Any]) -> Result:
        value = next((value for name, value in record.items() if name.lower() == key.name.lower()), None)
        found = single.by_key(call, sobject, key, value)
        _once(call, str(value).lower(), seen)
        if len(found) > 1:
            raise RowError(
                "DUPLICATE_EXTERNAL_ID",
                f"{key.label}: more than one record found for external id field: [{', '.join(row['Id'] for row in found)}]",
            )
        if found:
            call.model.records.update(sobject, found[0]["Id"], record, call.actor())
            return _ok(found[0]["Id"], created=False)
        return _ok(call.model.records.create(sobject, record, call.actor()), created=True)

    return Reply(200, _each(call, records, save, all_or_none=all_or_none))


def delete(call: Call) -> Reply:
    """DELETE composite/sobjects?ids=a,b&allOrNone=."""
    ids = [text for text in call.query.get("ids", "").split(",") if text]
    _check_size(call, ids)
    seen: set[str] = set()

    def remove(text: str) -> Result:
        found = _once(call, text, seen)
        sobject = call.model.org.catalog.by_prefix(found)
        if normalize(found) is None or sobject is None:
            raise RowError("MALFORMED_ID", f"malformed id {text}", ["Id"])
        call.model.records.delete(sobject, found, call.actor())
        return _ok(normalize(found) or "")

    return Reply(200, _each(call, ids, remove, all_or_none=call.flag("allOrNone")))


def read(call: Call) -> Reply:
    """POST composite/sobjects/{name} {"ids", "fields"}, or GET with the same as query: records in order, null where there is none."""
    sobject = call.sobject()
    listed = {name: call.query.get(name, "").split(",") for name in ("ids", "fields")} if call.method == "GET" else call.json_object()
    ids, names = listed.get("ids"), listed.get("fields")
    if not _is_list_of_text(ids) or not _is_list_of_text(names) or "" in names:
        raise ApiError(400, "JSON_PARSER_ERROR", "ids and fields are required")
    most = call.model.org.limits.get("salesforce.collection_read_records")
    if len(ids) > most:
        raise ApiError(
            400,
            call.model.org.switches.get("salesforce.collection_limit_code"),
            f"record limit reached. cannot submit more than {most} ids into this call",
        )
    fields = single.wanted_fields(call, sobject, names)
    wanted = [normalize(one) for one in ids]
    found = call.model.org.rows.find(
        sobject.name, "Id", sorted({one for one in wanted if one is not None}), [*{f.name for f in fields} | _standing(sobject)]
    )
    rows = {row["Id"]: row for row in found if not row.get("IsDeleted")}
    return Reply(200, [single.rest_record(call, sobject, rows[one], fields) if one in rows else None for one in wanted])


def _is_list_of_text(value: Any) -> TypeGuard[list[str]]:
    return isinstance(value, list) and value != [] and all(isinstance(one, str) for one in value)


def _standing(sobject: SObject) -> set[str]:
    return {"Id", "IsDeleted"} if sobject.has_deletes else {"Id"}


def _body(call: Call) -> tuple[list[dict[str, Any]], bool]:
    body = call.json_object()
    records = body.get("records")
    if set(body) - {"records", "allOrNone"} or not isinstance(records, list) or not all(_is_record(record) for record in records):
        raise ApiError(400, "JSON_PARSER_ERROR", 'a collection is {"allOrNone": boolean, "records": [objects]}')
    _check_size(call, records)
    return records, bool(body.get("allOrNone", False))


def _is_record(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("attributes") or {}, dict)


def _check_size(call: Call, records: Sequence[Any]) -> None:
    most = call.model.org.limits.get("salesforce.collection_records")
    if len(records) > most:
        code = call.model.org.switches.get("salesforce.collection_limit_code")
        raise ApiError(400, code, f"record limit reached. cannot submit more than {most} records into this call")


def _type(record: dict[str, Any]) -> str:
    return str((record.get("attributes") or {}).get("type", "")).lower()


def _objects(call: Call, records: Sequence[dict[str, Any]]) -> dict[str, SObject]:
    """The objects of the records. ApiError 400 for a missing or unknown type, too many runs of types, or unknown fields."""
    names = [_type(record) for record in records]
    chunks = sum(1 for _ in itertools.groupby(names))
    most = call.model.org.limits.get("salesforce.collection_chunks")
    if chunks > most:
        raise ApiError(400, "CANNOT_EXCEED_CHUNKS", f"cannot have more than {most} chunks of different types; sort the records by type")
    objects: dict[str, SObject] = {}
    for name in dict.fromkeys(names):
        found = call.model.org.catalog.get(name)
        if found is None or found.virtual or not call.access.can_read(found):
            raise ApiError(400, "INVALID_TYPE", f"sObject type '{name}' is not supported: each record needs attributes.type")
        objects[name] = found
    if call.model.org.switches.get("salesforce.collection_unknown_field_fails_call"):
        # Records of one collection mostly name the same fields, so each set of names is checked once.
        for name, fields in dict.fromkeys((name, tuple(record)) for record, name in zip(records, names, strict=True)):
            single.check_names(call, objects[name], fields)
    return objects


def _id_of(record: dict[str, Any]) -> str:
    value = next((value for name, value in record.items() if name.lower() == "id"), None)
    if value is None:
        raise RowError("MISSING_ARGUMENT", "Id not specified in an update call", ["Id"])
    return str(value)


def _once(call: Call, key: str, seen: set[str]) -> str:
    known = normalize(key) or key
    if known in seen:
        code = call.model.org.switches.get("salesforce.duplicate_id_code")
        raise RowError(code, f"Attempt to update Id more than once in this Api call: {known}", ["Id"])
    seen.add(known)
    return known


def _ok(found: str, *, created: bool | None = None) -> Result:
    return {"id": found, "success": True, "errors": [], **({} if created is None else {"created": created})}


def _failed(error: RowError) -> Result:
    return {"success": False, "errors": [error.body()]}


def _each(call: Call, records: Sequence[Any], save: Save, *, all_or_none: bool) -> list[Result]:
    planned = call.fault.rows if call.fault is not None and call.fault.action == "rows" else 0
    results: list[Result] = []
    try:
        with call.model.org.store.transaction():
            for index, record in enumerate(records):
                results.append(_one(call, record, save, refused=index < planned))
            if all_or_none and not all(result["success"] for result in results):
                raise _RollBackError
    except _RollBackError:
        rolled_back = _failed(RowError("ALL_OR_NONE_OPERATION_ROLLED_BACK", _ROLLED_BACK))
        return [rolled_back if result["success"] else result for result in results]
    return results


def _one(call: Call, record: Any, save: Save, *, refused: bool) -> Result:
    try:
        if refused:
            single.refuse_by_fault(call, record if isinstance(record, str) else str(record.get("id") or record.get("Id") or "new record"))
        return save(record)
    except RowError as error:
        return _failed(error)
