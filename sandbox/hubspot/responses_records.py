"""Records one by one, in pages and by search; merge and GDPR delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.hubspot import exceptions, object_types, shapes
from sandbox.hubspot.associations import link_type
from sandbox.hubspot.responses import MAX_PAGE, MAX_PAGE_WITH_HISTORY, Call, Reply, View

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.hubspot.models import Link
    from sandbox.hubspot.records import Row


def list_page(call: Call) -> Reply:
    """GET /crm/objects/{type}: records in id order; `after` is the id of the next record."""
    archived = call.flag("archived")
    if archived and not call.kind.archived_listing:
        raise exceptions.invalid(f"Paging through deleted objects is not yet supported for object type {call.kind.type_id}")
    view = View.from_query(call)
    limit = call.limit(10, MAX_PAGE_WITH_HISTORY if view.with_history else MAX_PAGE)
    rows = call.portal.records.page(call.kind, call.after(), limit + 1, archived=archived)
    body: dict[str, Any] = {"results": view.show_all(rows[:limit])}
    if len(rows) > limit:
        body["paging"] = call.next_link(rows[limit].id)
    return Reply(200, body)


def get_one(call: Call) -> Reply:
    """GET /crm/objects/{type}/{id}: a merged id answers with the survivor."""
    row = find_row(call, call.parts["record_id"], call.first("idProperty"))
    if row is None or (row.archived is not None) != call.flag("archived"):
        raise _missing(call)
    return Reply(200, View.from_query(call).show(row))


def create_one(call: Call) -> Reply:
    """POST /crm/objects/{type}."""
    return Reply(201, create_from(call, call.json()))


def update_one(call: Call) -> Reply:
    """PATCH /crm/objects/{type}/{id}."""
    row = find_row(call, call.parts["record_id"], call.first("idProperty"))
    if row is None or row.archived is not None:
        raise exceptions.object_not_found(call.parts["record_id"])
    with call.portal.sandbox.store.transaction():
        return Reply(200, update_from(call, row, properties_of(call.json())))


def archive_one(call: Call) -> Reply:
    """DELETE /crm/objects/{type}/{id}: 204, whether it was there or not."""
    record_id = _as_id(call.parts["record_id"])
    call.portal.archive(call.kind.plural, record_id, call.author)
    return Reply(204)


def search(call: Call) -> Reply:
    """POST /crm/objects/{type}/search."""
    cap = call.portal.sandbox.switches.get("hubspot.search_body_cap")
    if cap and len(call.raw.decode("utf-8", "replace")) > cap:
        raise exceptions.invalid(f"The request body is too long: at most {cap} characters")
    body = call.json()
    found = call.portal.search.run(call.kind, body, call.portal.now_ms())
    rows = call.portal.records.fetch_many(call.kind, found.ids) if found.ids else {}
    view = View.from_body(call, {"properties": body.get("properties")})
    reply: dict[str, Any] = {
        "total": found.total,
        "results": view.show_all([rows[i] for i in found.ids if i in rows and rows[i].archived is None]),
    }
    if found.next_after is not None:
        reply["paging"] = {"next": {"after": str(found.next_after)}}
    return Reply(200, reply)


def merge(call: Call) -> Reply:
    """POST /crm/objects/{type}/merge."""
    body = call.json()
    missing = [name for name in ("primaryObjectId", "objectIdToMerge") if not body.get(name)]
    if missing:
        raise exceptions.invalid_json(f"Some required fields were not set: [{', '.join(missing)}]")
    survivor = call.portal.merge(call.kind.plural, _as_id(str(body["primaryObjectId"])), _as_id(str(body["objectIdToMerge"])), call.author)
    row = call.portal.writing.live(call.kind, int(survivor))
    return Reply(200, call.written(row.data).show(row))


def gdpr_delete(call: Call) -> Reply:
    """POST /crm/objects/contacts/gdpr-delete, by id or by e-mail."""
    body = call.json()
    row = find_row(call, str(body.get("objectId") or ""), str(body.get("idProperty") or ""), kind_name="contacts")
    if row is None:
        raise exceptions.object_not_found(str(body.get("objectId")))
    call.portal.gdpr_delete(row.id, call.author)
    return Reply(204)


def find_row(call: Call, text: str, id_property: str, kind_name: str = "") -> Row | None:
    """The record by id, or by the unique property `id_property`; a merged id leads to the survivor."""
    kind = object_types.get(kind_name) if kind_name else call.kind
    if id_property and id_property != "hs_object_id":
        definition = call.portal.schema.of(kind).get(id_property)
        if definition is None or not (definition.unique or (id_property == "email" and kind is object_types.CONTACTS)):
            raise exceptions.invalid(f"idProperty {id_property} is not a unique property of {kind.label}")
        holder = call.portal.records.holder(kind, id_property, text)
        return None if holder is None else call.portal.records.fetch(kind, holder)
    return call.portal.records.survivor(kind, _as_id(text))


def create_from(call: Call, body: Mapping[str, Any]) -> dict[str, Any]:
    """Create a record out of one input; as it is shown."""
    properties = properties_of(body)
    _check_conditions(call, {}, properties, creating=True)
    record_id = call.portal.create(call.kind.plural, properties, call.author, associations=_links(call, body))
    row = call.portal.writing.live(call.kind, int(record_id))
    return call.written(row.data).show(row)


def update_from(call: Call, row: Row, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Write one input to a record; as it is shown.

    The caller opens the transaction: what is refused is refused before anything is written.
    """
    _check_conditions(call, row.data, properties, creating=False)
    portal = call.portal
    changed = portal.writing.update_row(call.kind, row, properties, call.author, portal.stamp_ms(None))
    return call.written(properties).show(changed)


def properties_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """The `properties` of an input; 400 where they are missing or not an object."""
    properties = body.get("properties")
    if not isinstance(properties, dict):
        raise exceptions.invalid_json("Some required fields were not set: [properties]")
    return properties


def _links(call: Call, body: Mapping[str, Any]) -> list[Link]:
    links: list[Link] = []
    for each in body.get("associations") or []:
        to_id, types = (each.get("to") or {}).get("id"), each.get("types") or []
        if to_id is None or not types or not all("associationTypeId" in one for one in types):
            raise exceptions.invalid_json("Some required fields were not set: [to, types]")
        links += [(_target(call, one["associationTypeId"]), _as_id(str(to_id)), one["associationTypeId"]) for one in types]
    return links


def _target(call: Call, type_id: int) -> str:
    """The object type an association type of this record leads to."""
    for other in object_types.ALL:
        if link_type(call.kind, other, type_id) is not None:
            return other.plural
    raise exceptions.invalid(f"invalid association type {type_id} from {call.kind.label}")


def _check_conditions(call: Call, stored: Mapping[str, str], properties: Mapping[str, Any], *, creating: bool) -> None:
    if call.version >= "2026-09" and call.is_dated:
        values = {**stored, **{name: str(value) for name, value in properties.items() if value is not None}}
        call.portal.validation.check_conditions(call.kind, values, creating=creating)


def _as_id(text: str) -> int:
    found = shapes.whole(text)
    if found is None:
        raise exceptions.object_not_found(text, "Object not found.  objectId are usually numeric.")
    return found


def _missing(call: Call) -> exceptions.HubSpotError:
    by_property = call.first("idProperty") not in ("", "hs_object_id")
    if by_property or call.portal.sandbox.switches.get("hubspot.missing_record_page") == "json":
        return exceptions.object_not_found(call.parts["record_id"])
    return exceptions.page_not_found(call.path)
