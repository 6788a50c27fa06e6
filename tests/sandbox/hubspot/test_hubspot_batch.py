"""Batches: 100 records, duplicates refused, all or nothing unless every input has its trace id."""

from __future__ import annotations

from typing import Any

import pytest
from hubspot.crm.contacts import BatchInputSimplePublicObjectBatchInput, BatchReadInputSimplePublicObjectId

from sandbox.core import Fault, Sandbox

BATCH = "/crm/v3/objects/contacts/batch"


def _inputs(*pairs: tuple[str, dict[str, str]], traced: bool = False) -> dict[str, Any]:
    inputs = [{"id": record, "properties": properties} for record, properties in pairs]
    return {"inputs": [{**each, "objectWriteTraceId": f"w-{n}"} if traced else each for n, each in enumerate(inputs)]}


def test_sdk_batch_read(sdk: Any, make: Any) -> None:
    ids = [make.contact(city=f"c{n}") for n in range(3)]
    body = BatchReadInputSimplePublicObjectId(inputs=[{"id": i} for i in ids], properties=["city"], properties_with_history=[])
    found = sdk.crm.contacts.batch_api.read(body)
    assert {each.id: each.properties["city"] for each in found.results} == {i: f"c{n}" for n, i in enumerate(ids)}


def test_sdk_sees_207_for_missing_ids(sdk: Any, make: Any) -> None:
    contact = make.contact()
    body = BatchReadInputSimplePublicObjectId(inputs=[{"id": contact}, {"id": "424242"}], properties=["email"], properties_with_history=[])
    found = sdk.crm.contacts.batch_api.read(body)
    assert (len(found.results), found.num_errors) == (1, 1)
    assert found.errors[0].context["ids"] == ["424242"]


def test_batch_read_by_email(api: Any, make: Any) -> None:
    contact = make.contact(email="read-me@acme.example")
    found = api.post(f"{BATCH}/read", {"idProperty": "email", "properties": [], "inputs": [{"id": "read-me@acme.example"}]}).json()
    assert [each["id"] for each in found["results"]] == [contact]


def test_sdk_batch_update(sdk: Any, make: Any, sandbox: Sandbox) -> None:
    ids = [make.contact() for _ in range(3)]
    body = BatchInputSimplePublicObjectBatchInput(inputs=[{"id": i, "properties": {"city": "Graz"}} for i in ids])
    assert sdk.crm.contacts.batch_api.update(body).status == "COMPLETE"
    assert {sandbox.hubspot.get("contacts", i).properties["city"] for i in ids} == {"Graz"}


@pytest.mark.parametrize("operation", ["read", "create", "update", "upsert", "archive"])
def test_more_than_100_inputs_are_refused(api: Any, operation: str) -> None:
    inputs = [{"id": str(n), "idProperty": "email", "properties": {"firstname": "x"}} for n in range(101)]
    reply = api.post(f"{BATCH}/{operation}", {"inputs": inputs, "properties": []})
    assert reply.status_code == 400
    assert "100" in reply.json()["message"]


@pytest.mark.parametrize("traced", [False, True])
def test_duplicate_ids_are_refused_even_with_trace_ids(api: Any, make: Any, traced: bool) -> None:
    contact = make.contact()
    reply = api.post(f"{BATCH}/update", _inputs((contact, {"city": "a"}), (contact, {"city": "b"}), traced=traced))
    assert reply.status_code == 400
    assert reply.json()["message"] == f"Duplicate IDs found in batch input: [{contact}]. IDs must be unique"
    assert reply.json()["context"] == {"ids": [contact]}


def test_one_bad_input_rejects_the_whole_batch(api: Any, make: Any, sandbox: Sandbox) -> None:
    good, bad = make.contact(), make.contact()
    reply = api.post(f"{BATCH}/update", _inputs((good, {"city": "Linz"}), (bad, {"hs_lead_status": "NOPE"})))
    assert reply.status_code == 400
    assert "city" not in sandbox.hubspot.get("contacts", good).properties


def test_with_trace_ids_the_rest_is_done_and_the_reply_is_207(api: Any, make: Any, sandbox: Sandbox) -> None:
    good, bad = make.contact(), make.contact()
    reply = api.post(f"{BATCH}/update", _inputs((good, {"city": "Linz"}), (bad, {"missing": "1"}), traced=True))
    assert reply.status_code == 207
    body = reply.json()
    assert (body["numErrors"], body["errors"][0]["context"]["objectWriteTraceId"]) == (1, ["w-1"])
    assert body["errors"][0]["message"].startswith("Property values were not valid: [")
    assert sandbox.hubspot.get("contacts", good).properties["city"] == "Linz"


def test_a_trace_id_used_twice_is_none(api: Any, make: Any) -> None:
    body = _inputs((make.contact(), {"city": "a"}), (make.contact(), {"missing": "1"}))
    for each in body["inputs"]:
        each["objectWriteTraceId"] = "same"
    assert api.post(f"{BATCH}/update", body).status_code == 400


def test_missing_id_in_an_update_is_400_or_207_by_switch(api: Any, make: Any, sandbox: Sandbox) -> None:
    contact = make.contact()
    body = _inputs((contact, {"city": "Ulm"}), ("434343", {"city": "Ulm"}))
    assert api.post(f"{BATCH}/update", body).status_code == 400
    sandbox.switches.set("hubspot.batch_update_missing", "207")
    assert api.post(f"{BATCH}/update", body).status_code == 207
    assert sandbox.hubspot.get("contacts", contact).properties["city"] == "Ulm"


def test_upsert_says_what_is_new_and_can_be_repeated(api: Any) -> None:
    body = {"inputs": [{"id": "up@acme.example", "idProperty": "email", "properties": {"firstname": "Up"}}]}
    first, second = api.post(f"{BATCH}/upsert", body).json()["results"][0], api.post(f"{BATCH}/upsert", body).json()["results"][0]
    assert (first["new"], second["new"]) == (True, False)
    assert first["id"] == second["id"]


def test_upsert_by_a_unique_property_finds_the_task_of_a_lost_reply(api: Any, sandbox: Sandbox) -> None:
    definition = {"name": "task_key", "label": "Key", "type": "string", "fieldType": "text", "groupName": "task", "hasUniqueValue": True}
    sandbox.hubspot.define_property("tasks", definition)
    body = {
        "inputs": [{"id": "key-1", "idProperty": "task_key", "properties": {"hs_timestamp": "1780000000000", "hs_task_subject": "Call"}}]
    }
    sandbox.faults.add(Fault("lost_reply", "hubspot", "POST", "*/tasks/batch/upsert"))
    with pytest.raises(OSError):
        api.post("/crm/v3/objects/tasks/batch/upsert", body)
    again = api.post("/crm/v3/objects/tasks/batch/upsert", body).json()["results"][0]
    assert again["new"] is False
    assert len(sandbox.hubspot.find("tasks", task_key="key-1")) == 1


def test_batch_create_refuses_the_second_of_two_equal_addresses(api: Any) -> None:
    inputs = [{"properties": {"email": "same@acme.example"}}, {"properties": {"email": "same@acme.example"}}]
    assert api.post(f"{BATCH}/create", {"inputs": inputs}).status_code == 409
    assert api.get("/crm/v3/objects/contacts/same@acme.example", idProperty="email").status_code == 404


def test_batch_create_associates(api: Any, make: Any, sandbox: Sandbox) -> None:
    contact = make.contact()
    link = {"to": {"id": contact}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 204}]}
    inputs = [{"properties": {"hs_timestamp": "1790000000000", "hs_task_subject": f"t{n}"}, "associations": [link]} for n in range(2)]
    reply = api.post("/crm/v3/objects/tasks/batch/create", {"inputs": inputs})
    assert reply.status_code == 201
    linked = api.get(f"/crm/v4/objects/contacts/{contact}/associations/tasks").json()["results"]
    assert [str(each["toObjectId"]) for each in linked] == [each["id"] for each in reply.json()["results"]]


def test_batch_archive(api: Any, make: Any, sandbox: Sandbox) -> None:
    ids = [make.contact() for _ in range(2)]
    assert api.post(f"{BATCH}/archive", {"inputs": [{"id": i} for i in ids]}).status_code == 204
    assert all(sandbox.hubspot.get("contacts", i).archived for i in ids)


def test_batch_read_with_history(api: Any, make: Any) -> None:
    contact = make.contact(lifecyclestage="lead")
    api.post(f"{BATCH}/update", _inputs((contact, {"lifecyclestage": "customer"})))
    found = api.post(f"{BATCH}/read", {"propertiesWithHistory": ["lifecyclestage"], "properties": [], "inputs": [{"id": contact}]}).json()[
        "results"
    ][0]
    assert [each["value"] for each in found["propertiesWithHistory"]["lifecyclestage"]] == ["customer", "lead"]


def test_one_stamp_for_the_batch_by_switch(api: Any, make: Any, sandbox: Sandbox) -> None:
    ids = [make.contact() for _ in range(3)]
    sandbox.switches.set("hubspot.batch_one_stamp", True)
    results = api.post(f"{BATCH}/update", _inputs(*((i, {"city": "One"}) for i in ids))).json()["results"]
    assert len({each["updatedAt"] for each in results}) == 1
    sandbox.switches.set("hubspot.batch_one_stamp", False)
    results = api.post(f"{BATCH}/update", _inputs(*((i, {"city": "Two"}) for i in ids))).json()["results"]
    assert len({each["updatedAt"] for each in results}) == 3


def test_planned_row_fault_refuses_the_first_rows_only(api: Any, make: Any, sandbox: Sandbox) -> None:
    ids = [make.contact() for _ in range(3)]
    sandbox.faults.add(Fault("rows", "hubspot", "POST", "*/batch/update", rows=2))
    body = api.post(f"{BATCH}/update", _inputs(*((i, {"city": "Row"}) for i in ids), traced=True)).json()
    assert (body["numErrors"], [each["id"] for each in body["results"]]) == (2, [ids[2]])
