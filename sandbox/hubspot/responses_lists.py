"""Lists: definitions and memberships in the order of joining."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.hubspot import exceptions, object_types, shapes
from sandbox.hubspot.responses import Call, Reply
from sandbox.hubspot.values import iso

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_PAGE = 250


def get_list(call: Call) -> Reply:
    """GET /crm/lists/{id}."""
    return Reply(200, {"list": _shown(call, _list(call))})


def search_lists(call: Call) -> Reply:
    """POST /crm/lists/search by a part of the name; paged by offset."""
    body = call.json()
    query, offset, count = str(body.get("query") or "").lower(), int(body.get("offset") or 0), int(body.get("count") or 20)
    found = [thing for thing in call.portal.directory.things("list") if query in thing["name"].lower()]
    page = found[offset : offset + count]
    more = offset + count < len(found)
    return Reply(200, {"lists": [_shown(call, each) for each in page], "hasMore": more, "offset": offset + len(page), "total": len(found)})


def create_list(call: Call) -> Reply:
    """POST /crm/lists: a manual list (this sandbox evaluates no filters of its own)."""
    body = call.json()
    if body.get("processingType") != "MANUAL":
        raise exceptions.invalid("processingType must be MANUAL here")
    kind = object_types.find(str(body.get("objectTypeId") or ""))
    if not body.get("name") or kind is None:
        raise exceptions.invalid_json("Some required fields were not set: [name, objectTypeId]")
    list_id = call.portal.add_list(str(body["name"]), kind.plural)
    return Reply(200, {"list": _shown(call, call.portal.directory.thing("list", list_id) or {})})


def join_order(call: Call) -> Reply:
    """GET /crm/lists/{id}/memberships/join-order: ascending without or with `after`, descending with `before`."""
    members = call.portal.directory.members(_list(call)["listId"])
    limit = call.limit(100, MAX_PAGE)
    if call.first("before"):
        end = _cursor(call, "before")
        page = list(reversed(members[max(end - limit, 0) : end]))
        following = max(end - limit, 0)
        token = {"prev": {"before": str(following)}} if following else {}
    else:
        start = _cursor(call, "after")
        page = members[start : start + limit]
        token = {"next": {"after": str(start + len(page))}} if start + limit < len(members) else {}
    body: dict[str, Any] = {
        "results": [{"recordId": str(record), "membershipTimestamp": iso(at)} for at, record in page],
        "total": len(members),
    }
    return Reply(200, {**body, "paging": token} if token else body)


def by_id(call: Call) -> Reply:
    """GET /crm/lists/{id}/memberships: in the order of record ids."""
    members = sorted((record, at) for at, record in call.portal.directory.members(_list(call)["listId"]))
    limit, start = call.limit(100, MAX_PAGE), _cursor(call, "after")
    page = members[start : start + limit]
    body: dict[str, Any] = {
        "results": [{"recordId": str(record), "membershipTimestamp": iso(at)} for record, at in page],
        "total": len(members),
    }
    return Reply(200, {**body, "paging": call.next_link(start + limit)} if start + limit < len(members) else body)


def memberships_of_record(call: Call) -> Reply:
    """GET /crm/lists/records/{type}/{id}/memberships."""
    found = call.portal.directory.memberships(shapes.whole(call.parts["record_id"]) or -1)
    results = [
        {"listId": list_id, "listVersion": 1, "firstAddedTimestamp": iso(at), "lastAddedTimestamp": iso(at)} for list_id, at in found
    ]
    return Reply(200, {"results": results, "total": len(results)})


def add_members(call: Call) -> Reply:
    """PUT /crm/lists/{id}/memberships/add with a list of record ids."""
    added, missing = _add(call, _records(call.parsed))
    return Reply(200, {"recordsIdsAdded": added, "recordIdsMissing": missing, "recordIdsRemoved": []})


def remove_members(call: Call) -> Reply:
    """PUT /crm/lists/{id}/memberships/remove with a list of record ids."""
    records = _records(call.parsed)
    call.portal.directory.remove_members(_list(call)["listId"], records)
    return Reply(200, {"recordIdsRemoved": _texts(records), "recordIdsMissing": [], "recordsIdsAdded": []})


def add_and_remove_members(call: Call) -> Reply:
    """PUT /crm/lists/{id}/memberships/add-and-remove with both lists of record ids."""
    body = call.json()
    removed = _records(body.get("recordIdsToRemove") or [])
    added, missing = _add(call, _records(body.get("recordIdsToAdd") or []))
    call.portal.directory.remove_members(_list(call)["listId"], removed)
    return Reply(200, {"recordsIdsAdded": added, "recordIdsMissing": missing, "recordIdsRemoved": _texts(removed)})


def _add(call: Call, records: list[int]) -> tuple[list[str], list[str]]:
    """Put records on the list; the ids that were added, and those there are no records of."""
    thing, now = _list(call), call.portal.stamp_ms(None)
    known = call.portal.records.fetch_many(object_types.get(thing["objectTypeId"]), records) if records else {}
    call.portal.directory.add_members(thing["listId"], [(record, now) for record in records if record in known])
    return _texts(record for record in records if record in known), _texts(record for record in records if record not in known)


def _list(call: Call) -> dict[str, Any]:
    found = call.portal.directory.thing("list", call.parts["list_id"])
    if found is None:
        raise exceptions.refusal(
            404, f"List does not exist with ID {call.parts['list_id']}.", "OBJECT_NOT_FOUND", subCategory="ILS.LIST_NOT_FOUND"
        )
    return found


def _shown(call: Call, thing: dict[str, Any]) -> dict[str, Any]:
    size = len(call.portal.directory.members(thing["listId"]))
    return {**thing, "additionalProperties": {"hs_list_size": str(size)}, "size": size}


def _records(body: Any) -> list[int]:
    if not isinstance(body, list) or not all(shapes.whole(each) is not None for each in body):
        raise exceptions.invalid_json("Cannot deserialize value of type array of record ids")
    return [int(each) for each in body]


def _texts(records: Iterable[int]) -> list[str]:
    return [str(record) for record in records]


def _cursor(call: Call, name: str) -> int:
    text = call.first(name, "0")
    found = shapes.whole(text)
    if found is None:
        raise exceptions.invalid(f"Invalid paging token {text!r}")
    return found
