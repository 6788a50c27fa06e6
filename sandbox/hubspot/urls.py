"""The routes of HubSpot as data.

A pattern is the path without its version segment, so /crm/v3/objects/x and /crm/objects/2026-03/x are one row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Route

from sandbox.hubspot import object_types, shapes
from sandbox.hubspot import responses_account as account
from sandbox.hubspot import responses_associations as links
from sandbox.hubspot import responses_batch as batch
from sandbox.hubspot import responses_lists as lists
from sandbox.hubspot import responses_records as records
from sandbox.hubspot import responses_schema as schema
from sandbox.hubspot.gateway import DATED, Endpoint, Gateway, Needs

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from sandbox.core import Sandbox
    from sandbox.hubspot.object_types import ObjectType
    from sandbox.hubspot.responses import Call

_V4 = frozenset({"v4"}) | DATED
_ROOTS = (
    "crm",
    "oauth",
    "account-info",
    "marketing",
    "communication-preferences",
    "integrations",
    "automation",
    "settings",
    "events",
    "conversations",
    "form-integrations",
    "email",
    "engagements",
    "webhooks",
    "cms",
    "files",
)


def _read(call: Call) -> Needs:
    return ((call.kind.read_scope,),)


def _write(call: Call) -> Needs:
    return ((call.kind.write_scope,),)


def _read_pair(call: Call) -> Needs:
    start, end = _pair(call)
    return ((start.read_scope,), (end.read_scope,))


def _write_pair(call: Call) -> Needs:
    start, end = _pair(call)
    return ((start.write_scope,), (end.write_scope,))


def _read_schema(call: Call) -> Needs:
    plural = "contacts" if call.kind.is_engagement else call.kind.plural
    return ((f"crm.schemas.{plural}.read", call.kind.read_scope, f"crm.schemas.{call.kind.plural}.read"),)


def _write_schema(call: Call) -> Needs:
    switches, plural = call.portal.sandbox.switches, call.kind.plural
    if plural in ("tasks", "leads"):
        return ((switches.get(f"hubspot.{call.kind.singular}_schema_scope"),),)
    return ((f"crm.schemas.{plural}.write",),)


def _any_object(_call: Call) -> Needs:
    return (tuple(dict.fromkeys(kind.read_scope for kind in object_types.ALL)),)


def _owners(_call: Call) -> Needs:
    return (("crm.objects.owners.read",),)


def _lists_read(_call: Call) -> Needs:
    return (("crm.lists.read",),)


def _lists_write(_call: Call) -> Needs:
    return (("crm.lists.write",),)


def _forms(_call: Call) -> Needs:
    return (("forms",),)


def _preferences(_call: Call) -> Needs:
    return (("communication_preferences.read", "communication_preferences.statuses.batch.read", "communication_preferences.read_write"),)


def _pair(call: Call) -> tuple[ObjectType, ObjectType]:
    return call.type_of("from_type" if "from_type" in call.parts else "object_type"), call.type_of("to_type")


_OBJECTS = "crm/objects/{object_type}"
_LINKS = "crm/associations/{from_type}/{to_type}"
_OF_ONE = "crm/objects/{object_type}/{record_id}/associations"
_PROPERTIES = "crm/properties/{object_type}"
ENDPOINTS = (
    Endpoint("GET", _OBJECTS, records.list_page, "{object_type}.list", _read),
    Endpoint("POST", _OBJECTS, records.create_one, "{object_type}.create", _write, body=shapes.RECORD),
    Endpoint("POST", f"{_OBJECTS}/search", records.search, "{object_type}.search", _read, limit="search", body=shapes.SEARCH),
    Endpoint("POST", f"{_OBJECTS}/merge", records.merge, "{object_type}.merge", _write, body=shapes.MERGE),
    Endpoint(
        "POST",
        "crm/objects/contacts/gdpr-delete",
        records.gdpr_delete,
        "contacts.gdpr_delete",
        lambda _c: (("crm.objects.contacts.write",),),
    ),
    Endpoint("GET", f"{_OBJECTS}/{{record_id}}", records.get_one, "{object_type}.get", _read),
    Endpoint("PATCH", f"{_OBJECTS}/{{record_id}}", records.update_one, "{object_type}.update", _write, body=shapes.RECORD),
    Endpoint("DELETE", f"{_OBJECTS}/{{record_id}}", records.archive_one, "{object_type}.archive", _write),
    Endpoint("POST", f"{_OBJECTS}/batch/read", batch.read, "{object_type}.batch.read", _read, body=shapes.RECORDS),
    Endpoint("POST", f"{_OBJECTS}/batch/create", batch.create, "{object_type}.batch.create", _write, body=shapes.RECORDS),
    Endpoint("POST", f"{_OBJECTS}/batch/update", batch.update, "{object_type}.batch.update", _write, body=shapes.RECORDS),
    Endpoint("POST", f"{_OBJECTS}/batch/upsert", batch.upsert, "{object_type}.batch.upsert", _write, body=shapes.RECORDS),
    Endpoint("POST", f"{_OBJECTS}/batch/archive", batch.archive, "{object_type}.batch.archive", _write, body=shapes.RECORDS),
    Endpoint("GET", f"{_OF_ONE}/{{to_type}}", links.of_one, "associations.get", _read_pair, _V4),
    Endpoint("PUT", f"{_OF_ONE}/{{to_type}}/{{to_id}}", links.put_one, "associations.put", _write_pair, _V4, body=shapes.LINKS),
    Endpoint("PUT", f"{_OF_ONE}/default/{{to_type}}/{{to_id}}", links.put_default, "associations.put", _write_pair, _V4),
    Endpoint("DELETE", f"{_OF_ONE}/{{to_type}}/{{to_id}}", links.delete_one, "associations.delete", _write_pair, _V4),
    Endpoint(
        "POST",
        f"{_LINKS}/batch/read",
        links.batch_read,
        "associations.batch.read",
        _read_pair,
        _V4,
        limit="exempt",
        body=shapes.LINK_SOURCES,
    ),
    Endpoint("POST", f"{_LINKS}/batch/create", links.batch_create, "associations.batch.create", _write_pair, _V4, body=shapes.PAIRS),
    Endpoint(
        "POST", f"{_LINKS}/batch/archive", links.batch_archive, "associations.batch.archive", _write_pair, _V4, body=shapes.PAIRS_OF_ONE
    ),
    Endpoint(
        "POST", f"{_LINKS}/batch/associate/default", links.batch_default, "associations.batch.create", _write_pair, _V4, body=shapes.PAIRS
    ),
    Endpoint(
        "POST",
        f"{_LINKS}/batch/labels/archive",
        links.batch_labels_archive,
        "associations.batch.archive",
        _write_pair,
        _V4,
        body=shapes.PAIRS,
    ),
    Endpoint("GET", f"{_LINKS}/labels", links.labels, "associations.labels", _read_pair, _V4),
    Endpoint("GET", "crm/owners", account.list_owners, "owners.list", _owners),
    Endpoint("GET", "crm/owners/{owner_id}", account.get_owner, "owners.get", _owners),
    Endpoint("GET", _PROPERTIES, schema.list_properties, "properties.list", _read_schema),
    Endpoint("POST", _PROPERTIES, schema.create_property, "properties.create", _write_schema, body=shapes.PROPERTY),
    Endpoint("GET", f"{_PROPERTIES}/groups", schema.list_groups, "properties.groups", _read_schema),
    Endpoint("POST", f"{_PROPERTIES}/groups", schema.create_group, "properties.groups", _write_schema, body=shapes.GROUP),
    Endpoint("GET", f"{_PROPERTIES}/groups/{{name}}", schema.get_group, "properties.groups", _read_schema),
    Endpoint("PATCH", f"{_PROPERTIES}/groups/{{name}}", schema.patch_group, "properties.groups", _write_schema, body=shapes.GROUP),
    Endpoint("DELETE", f"{_PROPERTIES}/groups/{{name}}", schema.delete_group, "properties.groups", _write_schema),
    Endpoint(
        "POST",
        f"{_PROPERTIES}/batch/create",
        schema.batch_create_properties,
        "properties.batch.create",
        _write_schema,
        body=shapes.PROPERTIES,
    ),
    Endpoint("POST", f"{_PROPERTIES}/batch/read", schema.batch_read_properties, "properties.batch.read", _read_schema),
    Endpoint("POST", f"{_PROPERTIES}/batch/archive", schema.batch_archive_properties, "properties.batch.archive", _write_schema),
    Endpoint("GET", f"{_PROPERTIES}/{{name}}", schema.get_property, "properties.get", _read_schema),
    Endpoint("PATCH", f"{_PROPERTIES}/{{name}}", schema.patch_property, "properties.update", _write_schema, body=shapes.PROPERTY),
    Endpoint("DELETE", f"{_PROPERTIES}/{{name}}", schema.delete_property, "properties.archive", _write_schema),
    Endpoint("GET", "crm/property-validations/{object_type}", schema.validation_rules, "properties.validations", _read_schema),
    Endpoint("GET", "crm/pipelines/{object_type}", schema.list_pipelines, "pipelines.list", _read_schema),
    Endpoint("GET", "crm/pipelines/{object_type}/{pipeline_id}", schema.get_pipeline, "pipelines.get", _read_schema),
    Endpoint("GET", "crm/pipelines/{object_type}/{pipeline_id}/stages", schema.list_stages, "pipelines.get", _read_schema),
    Endpoint("GET", "crm/limits/custom-properties", schema.custom_property_limits, "limits.get", _any_object),
    Endpoint("POST", "crm/lists", lists.create_list, "lists.create", _lists_write),
    Endpoint("POST", "crm/lists/search", lists.search_lists, "lists.search", _lists_read, body=shapes.LIST_SEARCH),
    Endpoint("GET", "crm/lists/{list_id}", lists.get_list, "lists.get", _lists_read),
    Endpoint("GET", "crm/lists/{list_id}/memberships/join-order", lists.join_order, "lists.memberships", _lists_read),
    Endpoint("GET", "crm/lists/{list_id}/memberships", lists.by_id, "lists.memberships", _lists_read),
    Endpoint("PUT", "crm/lists/{list_id}/memberships/add-and-remove", lists.add_and_remove_members, "lists.write", _lists_write),
    Endpoint("PUT", "crm/lists/{list_id}/memberships/add", lists.add_members, "lists.write", _lists_write),
    Endpoint("PUT", "crm/lists/{list_id}/memberships/remove", lists.remove_members, "lists.write", _lists_write),
    Endpoint(
        "GET", "crm/lists/records/{object_type}/{record_id}/memberships", lists.memberships_of_record, "lists.memberships", _lists_read
    ),
    Endpoint("GET", "marketing/forms", account.list_forms, "forms.list", _forms, frozenset({"v3", "2026-09-beta"})),
    Endpoint("GET", "marketing/forms/{form_id}", account.get_form, "forms.get", _forms, frozenset({"v3", "2026-09-beta"})),
    Endpoint("GET", "account-info/details", account.account_details, "account.details"),
    Endpoint("GET", "integrations/me", account.legacy_me, "account.details", versions=frozenset({"v1"})),
    Endpoint("POST", "oauth/private-apps/get/access-token-info", account.token_info, "token.info", versions=frozenset({"v2"})),
    Endpoint("GET", "oauth/access-tokens/{token}", account.access_token, "token.info", versions=frozenset({"v1"}), public=True),
    Endpoint("POST", "oauth/token", account.issue_token, "token", versions=frozenset({"v1", "v3"}) | DATED, public=True),
    Endpoint("POST", "oauth/token/introspect", account.introspect, "token.info", versions=frozenset({"v3"}) | DATED, public=True),
    Endpoint("POST", "communication-preferences/statuses/batch/read", account.statuses_batch, "preferences.batch.read", _preferences, _V4),
    Endpoint("GET", "communication-preferences/statuses/{email}", account.statuses_of_one, "preferences.get", _preferences, _V4),
)


def routes(sandbox: Sandbox) -> list[BaseRoute]:
    """Every root of HubSpot's API leads to one gateway, which refuses what it does not know; so does what nobody else serves here."""
    gateway = Gateway(sandbox.hubspot, ENDPOINTS)
    return [*(Route(f"/{root}/{{rest:path}}", gateway) for root in _ROOTS), Route("/{root}/{rest:path}", gateway)]
