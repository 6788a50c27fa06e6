"""The Lead object (0-136): made with its primary contact, read, searched and written like any record, along the stages of its pipeline."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.author import Author
from sandbox.core import App, Sandbox

V3, DATED = "/crm/v3/objects/leads", "/crm/objects/2026-03/leads"
NEW, WORKED, CLOSED = "new-stage-id", "attempting-stage-id", "unqualified-stage-id"
REP = Author(kind="person", name="rep", hubspot_user_id=501)


def body(contact: str, name: str = "Ada Novak", **properties: str) -> dict[str, Any]:
    """What creates a Lead object."""
    link = {"to": {"id": contact}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 578}]}
    return {"properties": {"hs_lead_name": name, **properties}, "associations": [link]}


@pytest.fixture
def lead(make: Any) -> str:
    """One Lead object in the first stage."""
    made: str = make.record("leads", [("contacts", make.contact(), 578)], hs_lead_name="L", hs_pipeline_stage=NEW)
    return made


@pytest.mark.parametrize("path", [V3, DATED, "/crm/v3/objects/0-136"])
def test_it_is_made_and_read_on_every_path(api: Any, make: Any, path: str) -> None:
    contact = make.contact()
    made = api.post(path, body(contact, hs_pipeline_stage=WORKED))
    assert made.status_code == 201, made.text
    found = api.get(f"{path}/{made.json()['id']}", properties="hs_lead_name,hs_pipeline_stage", associations="contacts").json()
    assert found["properties"]["hs_lead_name"] == "Ada Novak"
    assert found["properties"]["hs_pipeline_stage"] == WORKED
    assert {one["id"] for one in found["associations"]["contacts"]["results"]} == {contact}


@pytest.mark.parametrize("missing", ["properties", "associations"])
def test_without_name_or_contact_none_is_made(api: Any, make: Any, missing: str) -> None:
    said = {**body(make.contact()), missing: {} if missing == "properties" else []}
    assert api.post(DATED, said).status_code == 400


def test_a_stage_that_no_pipeline_has_is_refused(api: Any, make: Any) -> None:
    refused = api.post(DATED, body(make.contact(), hs_pipeline_stage="WORKING"))
    assert (refused.status_code, "INVALID_OPTION" in refused.text) == (400, True)


def test_a_batch_carries_each_its_own_outcome(api: Any, make: Any) -> None:
    good, bad = body(make.contact()), {"properties": {"hs_lead_name": "Nobody"}, "associations": []}
    inputs = [{**one, "objectWriteTraceId": str(number)} for number, one in enumerate((good, bad))]
    reply = api.post(f"{DATED}/batch/create", {"inputs": inputs})
    assert (reply.status_code, len(reply.json()["results"]), reply.json()["numErrors"]) == (207, 1, 1)
    made = reply.json()["results"][0]["id"]
    changed = api.post(f"{DATED}/batch/update", {"inputs": [{"id": made, "properties": {"hs_pipeline_stage": WORKED}}]})
    assert changed.json()["results"][0]["properties"]["hs_pipeline_stage"] == WORKED
    assert api.post(f"{DATED}/batch/archive", {"inputs": [{"id": made}]}).status_code == 204
    assert made in {one["id"] for one in api.get(DATED, archived="true", limit=100).json()["results"]}


def test_a_unique_property_of_ours_is_made_refuses_doubles_and_upserts(api: Any, admin: Any, make: Any) -> None:
    definition = {"name": "handoff_key", "label": "Key", "type": "string", "fieldType": "text", "groupName": "lead_information"}
    assert admin.post("/crm/properties/2026-03/leads", {**definition, "hasUniqueValue": True}).status_code == 201
    assert api.post(DATED, body(make.contact(), handoff_key="k")).status_code == 201
    assert api.post(DATED, body(make.contact(), handoff_key="k")).status_code == 409
    row = {"id": "k", "idProperty": "handoff_key", "properties": {"hs_lead_label": "WARM"}}
    assert [one["new"] for one in api.post(f"{DATED}/batch/upsert", {"inputs": [row]}).json()["results"]] == [False]


def test_it_is_found_by_stage_and_never_with_its_associations(api: Any, lead: str) -> None:
    api.call("PATCH", f"{DATED}/{lead}", json={"properties": {"hs_pipeline_stage": "connected-stage-id"}})
    asked = {"filterGroups": [{"filters": [{"propertyName": "hs_pipeline_stage", "operator": "EQ", "value": "connected-stage-id"}]}]}
    (found,) = api.post(f"{DATED}/search", asked).json()["results"]
    assert (found["id"], "associations" in found) == (lead, False)
    assert set(found["properties"]) == {"hs_createdate", "hs_lastmodifieddate", "hs_object_id"}


def test_its_history_says_who_put_it_where_it_stands(api: Any, lead: str, sandbox: Sandbox) -> None:
    sandbox.hubspot.update("leads", lead, {"hs_pipeline_stage": CLOSED}, REP)
    asked = {"inputs": [{"id": lead}], "properties": [], "propertiesWithHistory": ["hs_pipeline_stage"]}
    (row,) = api.post(f"{DATED}/batch/read", asked).json()["results"]
    assert next((one["value"], one["sourceType"]) for one in row["propertiesWithHistory"]["hs_pipeline_stage"]) == (CLOSED, "CRM_UI")


@pytest.mark.parametrize(("played", "stage"), [("first", NEW), ("blank", None)])
def test_where_one_without_a_stage_stands_is_a_switch(api: Any, make: Any, sandbox: Sandbox, played: str, stage: str | None) -> None:
    sandbox.switches.set("hubspot.lead_without_stage", played)
    made = api.post(DATED, body(make.contact())).json()["id"]
    assert api.get(f"{DATED}/{made}", properties="hs_pipeline_stage").json()["properties"]["hs_pipeline_stage"] == stage


@pytest.mark.parametrize(("played", "status"), [("accept", 200), ("refuse", 400)])
def test_whether_a_closed_one_opens_again_is_a_switch(api: Any, lead: str, sandbox: Sandbox, played: str, status: int) -> None:
    sandbox.switches.set("hubspot.lead_reopening", played)
    for stage, wanted in ((CLOSED, 200), ("qualified-stage-id", 200), (NEW, status)):
        assert api.call("PATCH", f"{DATED}/{lead}", json={"properties": {"hs_pipeline_stage": stage}}).status_code == wanted
    assert api.call("PATCH", f"{DATED}/{lead}", json={"properties": {"hs_lead_label": "HOT"}}).status_code == 200


@pytest.mark.parametrize(("method", "path"), [("GET", DATED), ("GET", "/crm/pipelines/2026-03/leads"), ("GET", "/crm/v3/properties/leads")])
def test_without_its_scope_nothing_of_it_is_shown(api: Any, sandbox: Sandbox, method: str, path: str) -> None:
    """The contacts' scopes open no Lead object."""
    token = "pat-na1-contacts-only"
    sandbox.apps.register(App("9200", "contacts only", "hubspot", frozenset({"crm.objects.contacts.read"}), token=token))
    refused = api.call(method, path, headers={"Authorization": f"Bearer {token}"})
    assert (refused.status_code, "crm.objects.leads.read" in refused.text) == (403, True)
