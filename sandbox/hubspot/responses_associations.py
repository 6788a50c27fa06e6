"""Associations v4: batch read of 1,000, create of 2,000, archive, labels, and the links of one record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.hubspot import exceptions, shapes
from sandbox.hubspot.associations import LinkType, link_type, link_types
from sandbox.hubspot.responses import Call, Reply
from sandbox.hubspot.values import iso

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.hubspot.object_types import ObjectType

MAX_READ, MAX_WRITE, MAX_PAGE = 1_000, 2_000, 500


def batch_read(call: Call) -> Reply:
    """POST /crm/associations/{from}/{to}/batch/read; records without an association are left out (or reported, by a switch)."""
    start, end = _pair(call)
    ids = list(dict.fromkeys(_number(each.get("id")) for each in call.inputs(MAX_READ)))
    found = call.portal.associations.read(start, ids, end)
    results = [{"from": {"id": str(i)}, "to": _targets(start, end, found[i])} for i in ids if i in found]
    body: dict[str, Any] = {"status": "COMPLETE", "results": results, **_times(call)}
    lonely = [str(i) for i in ids if i not in found]
    if not lonely or call.portal.sandbox.switches.get("hubspot.associations_read_empty") == "omit":
        return Reply(200, body)
    errors = [_no_association(start, end, text) for text in lonely]
    return Reply(207, {**body, "numErrors": len(errors), "errors": errors})


def batch_create(call: Call) -> Reply:
    """POST /crm/associations/{from}/{to}/batch/create."""
    start, end = _pair(call)
    results = []
    with call.portal.sandbox.store.transaction():
        for each in call.inputs(MAX_WRITE):
            from_id, to_id = _ends(each)
            links = [_link(start, end, one) for one in each.get("types") or []]
            if not links:
                raise exceptions.invalid_json("Some required fields were not set: [types]")
            for link in links:
                call.portal.associate(start.plural, from_id, end.plural, to_id, link.type_id, call.author)
            results.append(_created(start, from_id, end, to_id, links))
    return Reply(201, {"status": "COMPLETE", "results": results, **_times(call)})


def batch_default(call: Call) -> Reply:
    """POST /crm/associations/{from}/{to}/batch/associate/default."""
    start, end = _pair(call)
    results = []
    with call.portal.sandbox.store.transaction():
        for each in call.inputs(MAX_WRITE):
            from_id, to_id = _ends(each)
            call.portal.associate(start.plural, from_id, end.plural, to_id, None, call.author)
            spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": link_types(start, end)[0].type_id}
            results.append({"from": {"id": str(from_id)}, "to": {"id": str(to_id)}, "associationSpec": spec})
    return Reply(200, {"status": "COMPLETE", "results": results, **_times(call)})


def batch_archive(call: Call) -> Reply:
    """POST /crm/associations/{from}/{to}/batch/archive: all links of each pair."""
    start, end = _pair(call)
    with call.portal.sandbox.store.transaction():
        for each in call.inputs(MAX_WRITE):
            for to in each.get("to") or []:
                _unlink(call, start, _number((each.get("from") or {}).get("id")), end, _number(to.get("id")), None)
    return Reply(204)


def batch_labels_archive(call: Call) -> Reply:
    """POST /crm/associations/{from}/{to}/batch/labels/archive: the named links only."""
    start, end = _pair(call)
    with call.portal.sandbox.store.transaction():
        for each in call.inputs(MAX_WRITE):
            from_id, to_id = _ends(each)
            for one in each.get("types") or []:
                _unlink(call, start, from_id, end, to_id, _link(start, end, one))
    return Reply(204)


def labels(call: Call) -> Reply:
    """GET /crm/associations/{from}/{to}/labels."""
    start, end = _pair(call)
    return Reply(
        200, {"results": [{"category": "HUBSPOT_DEFINED", "typeId": link.type_id, "label": link.label} for link in link_types(start, end)]}
    )


def of_one(call: Call) -> Reply:
    """GET /crm/objects/{type}/{id}/associations/{to}: up to 500 a page."""
    start, end = call.kind, call.type_of("to_type")
    _known(start, end)
    limit, after = call.limit(MAX_PAGE, MAX_PAGE), call.after()
    row = call.portal.writing.live(start, _number(call.parts["record_id"]))
    found = call.portal.associations.read(start, [row.id], end).get(row.id, {})
    page = {to_id: links for to_id, links in sorted(found.items()) if to_id >= after}
    shown = _targets(start, end, dict(list(page.items())[:limit]))
    body: dict[str, Any] = {"results": shown}
    if len(page) > limit:
        body["paging"] = call.next_link(list(page)[limit])
    return Reply(200, body)


def put_one(call: Call) -> Reply:
    """PUT /crm/objects/{type}/{id}/associations/{to}/{to_id} with a list of types."""
    start, end = call.kind, call.type_of("to_type")
    from_id, to_id = _number(call.parts["record_id"]), _number(call.parts["to_id"])
    if not call.parsed:
        raise exceptions.invalid_json("Cannot deserialize value of type array")
    links = [_link(start, end, one) for one in call.parsed]
    for link in links:
        call.portal.associate(start.plural, from_id, end.plural, to_id, link.type_id, call.author)
    return Reply(201, _created(start, from_id, end, to_id, links))


def put_default(call: Call) -> Reply:
    """PUT /crm/objects/{type}/{id}/associations/default/{to}/{to_id}."""
    start, end = call.kind, call.type_of("to_type")
    _known(start, end)
    from_id, to_id = _number(call.parts["record_id"]), _number(call.parts["to_id"])
    call.portal.associate(start.plural, from_id, end.plural, to_id, None, call.author)
    spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": link_types(start, end)[0].type_id}
    result = {"from": {"id": str(from_id)}, "to": {"id": str(to_id)}, "associationSpec": spec}
    return Reply(200, {"status": "COMPLETE", "results": [result], **_times(call)})


def delete_one(call: Call) -> Reply:
    """DELETE /crm/objects/{type}/{id}/associations/{to}/{to_id}."""
    start, end = call.kind, call.type_of("to_type")
    _known(start, end)
    _unlink(call, start, _number(call.parts["record_id"]), end, _number(call.parts["to_id"]), None)
    return Reply(204)


def _pair(call: Call) -> tuple[ObjectType, ObjectType]:
    start, end = call.type_of("from_type"), call.type_of("to_type")
    _known(start, end)
    return start, end


def _known(start: ObjectType, end: ObjectType) -> None:
    if not link_types(start, end):
        raise exceptions.invalid(f"No association types exist between {start.type_id} and {end.type_id}")


def _link(start: ObjectType, end: ObjectType, one: Mapping[str, Any]) -> LinkType:
    type_id = one.get("associationTypeId")
    found = link_type(start, end, type_id) if isinstance(type_id, int) else None
    if found is None or one.get("associationCategory", "HUBSPOT_DEFINED") != "HUBSPOT_DEFINED":
        known = ", ".join(str(each.type_id) for each in link_types(start, end))
        raise exceptions.invalid(f"invalid association type {type_id} from {start.label} to {end.label}; valid: [{known}]")
    return found


def _ends(each: Mapping[str, Any]) -> tuple[int, int]:
    return _number((each.get("from") or {}).get("id")), _number((each.get("to") or {}).get("id"))


def _number(value: Any) -> int:
    found = shapes.whole(value)
    if found is None:
        raise exceptions.invalid(f"Object id {value!r} is not a number")
    return found


def _unlink(call: Call, start: ObjectType, from_id: int, end: ObjectType, to_id: int, link: LinkType | None) -> None:
    call.portal.writing.disassociate(start, from_id, end, to_id, link, call.author, call.portal.stamp_ms(None))


def _targets(start: ObjectType, end: ObjectType, found: Mapping[int, list[int]]) -> list[dict[str, Any]]:
    labels_of = {link.type_id: link.label for link in link_types(start, end)}
    return [
        {"toObjectId": to_id, "associationTypes": [{"category": "HUBSPOT_DEFINED", "typeId": t, "label": labels_of.get(t)} for t in types]}
        for to_id, types in found.items()
    ]


def _created(start: ObjectType, from_id: int, end: ObjectType, to_id: int, links: list[LinkType]) -> dict[str, Any]:
    return {
        "fromObjectTypeId": start.type_id,
        "fromObjectId": from_id,
        "toObjectTypeId": end.type_id,
        "toObjectId": to_id,
        "labels": [link.label for link in links if link.label],
    }


def _no_association(start: ObjectType, end: ObjectType, text: str) -> dict[str, Any]:
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": f"No {end.plural} is associated with {start.singular} {text}.",
        "context": {"fromObjectId": [text], "toObjectType": [end.type_id]},
    }


def _times(call: Call) -> dict[str, str]:
    now = iso(call.portal.now_ms())
    return {"startedAt": now, "completedAt": now}
