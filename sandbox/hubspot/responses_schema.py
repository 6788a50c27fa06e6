"""Properties, groups, pipelines, validation rules and the custom-property limit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from sandbox.hubspot import exceptions, object_types, schema
from sandbox.hubspot.responses import Call, Reply
from sandbox.hubspot.values import iso

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.hubspot.schema import Property

MAX_UNIQUE, MAX_CUSTOM_PER_OBJECT, MAX_CUSTOM_OVERALL, MAX_INPUTS = 10, 1_000, 10_000, 100


def list_properties(call: Call) -> Reply:
    """GET /crm/properties/{type}; archived ones are a separate listing."""
    found = call.portal.schema.archived(call.kind) if call.flag("archived") else call.portal.schema.of(call.kind)
    return Reply(200, {"results": [definition.as_json() for definition in found.values()]})


def get_property(call: Call) -> Reply:
    """GET /crm/properties/{type}/{name}."""
    found = call.portal.schema.archived(call.kind) if call.flag("archived") else call.portal.schema.of(call.kind)
    name = call.parts["name"]
    if name not in found:
        raise _no_property(name)
    return Reply(200, found[name].as_json())


def create_property(call: Call) -> Reply:
    """POST /crm/properties/{type}: 201 with Location; an archived name comes back to life with its old values."""
    made = _create(call, call.json())
    return Reply(201, made.as_json(), {"Location": f"{call.portal.sandbox.base_url}{call.path.rstrip('/')}/{made.name}"})


def patch_property(call: Call) -> Reply:
    """PATCH /crm/properties/{type}/{name}: `options` replaces the list."""
    old = call.portal.schema.of(call.kind).get(call.parts["name"])
    if old is None:
        raise _no_property(call.parts["name"])
    body = call.json()
    _check_options(call, body)
    if "groupName" in body:
        _check_group(call, str(body["groupName"]))
    if old.hubspot_defined and set(body) - {"options"}:
        raise exceptions.invalid(
            f"Property {old.name} is defined by HubSpot and cannot be changed", subCategory="PropertyValidationError.READ_ONLY_DEFINITION"
        )
    call.portal.index.forget(call.kind, old.name)
    return Reply(200, call.portal.schema.save(call.kind, schema.patched(old, body, call.portal.stamp_ms(None))).as_json())


def delete_property(call: Call) -> Reply:
    """DELETE /crm/properties/{type}/{name}: archives it; 404 where it is not there (any more)."""
    _archive(call, call.parts["name"])
    return Reply(204)


def batch_create_properties(call: Call) -> Reply:
    """POST /crm/properties/{type}/batch/create."""
    try:
        with call.portal.sandbox.store.transaction():
            made = [_create(call, each).as_json() for each in call.inputs(MAX_INPUTS)]
    except exceptions.HubSpotError:
        call.portal.schema.refresh()
        raise
    return Reply(201, {"status": "COMPLETE", "results": made, **_times(call)})


def batch_read_properties(call: Call) -> Reply:
    """POST /crm/properties/{type}/batch/read."""
    names = [str(each.get("name")) for each in call.inputs(MAX_INPUTS)]
    found = call.portal.schema.archived(call.kind) if call.json().get("archived") else call.portal.schema.of(call.kind)
    missing = [name for name in names if name not in found]
    body: dict[str, Any] = {"status": "COMPLETE", "results": [found[name].as_json() for name in names if name in found], **_times(call)}
    if not missing:
        return Reply(200, body)
    error = {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": "Could not get some properties, they may be deleted or not exist.",
        "context": {"names": missing},
    }
    return Reply(207, {**body, "numErrors": 1, "errors": [error]})


def batch_archive_properties(call: Call) -> Reply:
    """POST /crm/properties/{type}/batch/archive."""
    with call.portal.sandbox.store.transaction():
        for each in call.inputs(MAX_INPUTS):
            _archive(call, str(each.get("name")))
    return Reply(204)


def list_groups(call: Call) -> Reply:
    """GET /crm/properties/{type}/groups."""
    return Reply(200, {"results": call.portal.schema.groups(call.kind)})


def get_group(call: Call) -> Reply:
    """GET /crm/properties/{type}/groups/{name}."""
    return Reply(200, _group(call))


def create_group(call: Call) -> Reply:
    """POST /crm/properties/{type}/groups."""
    body = call.json()
    missing = [key for key in ("name", "label") if not body.get(key)]
    if missing:
        raise exceptions.invalid_json(f"Some required fields were not set: [{', '.join(missing)}]")
    name = str(body["name"])
    if name in {group["name"] for group in call.portal.schema.groups(call.kind)}:
        raise exceptions.refusal(409, f"A property group named '{name}' already exists.", "OBJECT_ALREADY_EXISTS")
    call.portal.schema.save_group(call.kind, name, str(body["label"]), int(body.get("displayOrder", -1)))
    return Reply(201, {"name": name, "label": body["label"], "displayOrder": int(body.get("displayOrder", -1)), "archived": False})


def patch_group(call: Call) -> Reply:
    """PATCH /crm/properties/{type}/groups/{name}: the name stays."""
    changed = {**_group(call), **{key: value for key, value in call.json().items() if key in ("label", "displayOrder")}}
    call.portal.schema.save_group(call.kind, changed["name"], changed["label"], changed["displayOrder"])
    return Reply(200, changed)


def delete_group(call: Call) -> Reply:
    """DELETE /crm/properties/{type}/groups/{name}; a group in use is refused with the error nested as text in `message`."""
    name = _group(call)["name"]
    used = [definition.name for definition in call.portal.schema.of(call.kind).values() if definition.group == name]
    if used:
        inner = {
            "status": "error",
            "message": f"Property group {name} has active properties",
            "subCategory": "PropertyGroupError.GROUP_WITH_ACTIVE_PROPERTIES",
        }
        raise exceptions.invalid(orjson.dumps(inner).decode(), subCategory="PropertyGroupError.GROUP_WITH_ACTIVE_PROPERTIES")
    call.portal.schema.drop_group(call.kind, name)
    return Reply(204)


def list_pipelines(call: Call) -> Reply:
    """GET /crm/pipelines/{type}."""
    return Reply(200, {"results": call.portal.directory.things(f"pipeline:{call.kind.plural}")})


def get_pipeline(call: Call) -> Reply:
    """GET /crm/pipelines/{type}/{id}."""
    return Reply(200, _pipeline(call))


def list_stages(call: Call) -> Reply:
    """GET /crm/pipelines/{type}/{id}/stages."""
    return Reply(200, {"results": _pipeline(call)["stages"]})


def validation_rules(call: Call) -> Reply:
    """GET /crm/property-validations/{type}."""
    by_property: dict[str, list[dict[str, Any]]] = {}
    for rule in call.portal.directory.things(f"validation:{call.kind.plural}"):
        by_property.setdefault(rule["propertyName"], []).append({"ruleType": rule["ruleType"], "ruleArguments": rule["ruleArguments"]})
    return Reply(200, {"results": [{"propertyName": name, "propertyValidationRules": rules} for name, rules in by_property.items()]})


def custom_property_limits(call: Call) -> Reply:
    """GET /crm/limits/custom-properties."""
    rows = []
    for kind in object_types.ALL:
        usage = sum(not definition.hubspot_defined for definition in call.portal.schema.of(kind).values())
        percentage = usage * 100 / MAX_CUSTOM_PER_OBJECT
        rows.append({"objectTypeId": kind.type_id, "limit": MAX_CUSTOM_PER_OBJECT, "usage": usage, "percentage": percentage})
    return Reply(200, {"overallLimit": MAX_CUSTOM_OVERALL, "overallUsage": sum(row["usage"] for row in rows), "byObjectType": rows})


def _create(call: Call, body: Mapping[str, Any]) -> Property:
    switches, portal = call.portal.sandbox.switches, call.portal
    _check_options(call, body)
    pattern, reserved = switches.get("hubspot.property_name_pattern"), switches.get("hubspot.reserved_property_prefix")
    made = schema.from_request(body, portal.stamp_ms(None), pattern, reserved)
    live = portal.schema.of(call.kind)
    if made.name in live:
        raise exceptions.property_exists(made.name)
    _check_group(call, made.group)
    if made.unique and sum(definition.unique for definition in live.values()) >= MAX_UNIQUE:
        raise exceptions.invalid(f"At most {MAX_UNIQUE} properties with unique values are allowed on {call.kind.plural}")
    if sum(not definition.hubspot_defined for definition in live.values()) >= MAX_CUSTOM_PER_OBJECT:
        raise exceptions.invalid(f"The limit of {MAX_CUSTOM_PER_OBJECT} custom properties on {call.kind.plural} is reached")
    old = portal.schema.archived(call.kind).get(made.name)
    return portal.schema.save(call.kind, replace(made, created=old.created) if old else made)


def _check_options(call: Call, body: Mapping[str, Any]) -> None:
    """The date-based versions require displayOrder of each option; v3 does not. Source: the models of the official clients."""
    if call.is_dated and any("displayOrder" not in option for option in body.get("options") or []):
        raise exceptions.invalid_json("Some required fields were not set: [displayOrder]")


def _archive(call: Call, name: str) -> None:
    definition = call.portal.schema.of(call.kind).get(name)
    if definition is None:
        raise _no_property(name)
    if definition.hubspot_defined:
        raise exceptions.invalid(
            f"Property {name} is defined by HubSpot and cannot be archived",
            subCategory="PropertyValidationError.CANNOT_DELETE_HUBSPOT_DEFINED",
        )
    used = [thing["name"] for thing in call.portal.directory.things("list") if name in thing.get("usesProperties", ())]
    if used:
        message = f"Property {name} is in use by: {', '.join(used)}"
        raise exceptions.invalid(message, subCategory="PropertyValidationError.CANNOT_DELETE_PROPERTY_IN_USE", context={"usages": used})
    call.portal.index.forget(call.kind, name)
    call.portal.schema.save(call.kind, replace(definition, archived_at=call.portal.stamp_ms(None)))


def _check_group(call: Call, name: str) -> None:
    if name not in {group["name"] for group in call.portal.schema.groups(call.kind)}:
        raise exceptions.invalid(f"Property group '{name}' does not exist", subCategory="PropertyValidationError.GROUP_DOES_NOT_EXIST")


def _group(call: Call) -> dict[str, Any]:
    found = next((group for group in call.portal.schema.groups(call.kind) if group["name"] == call.parts["name"]), None)
    if found is None:
        raise exceptions.object_not_found(call.parts["name"])
    return found


def _pipeline(call: Call) -> dict[str, Any]:
    found = call.portal.directory.thing(f"pipeline:{call.kind.plural}", call.parts["pipeline_id"])
    if found is None:
        raise exceptions.object_not_found(call.parts["pipeline_id"])
    return found


def _no_property(name: str) -> exceptions.HubSpotError:
    return exceptions.refusal(
        404, f"No property exists with the name: {name}", "OBJECT_NOT_FOUND", subCategory="PropertyValidationError.PROPERTY_DOESNT_EXIST"
    )


def _times(call: Call) -> dict[str, str]:
    now = iso(call.portal.now_ms())
    return {"startedAt": now, "completedAt": now}
