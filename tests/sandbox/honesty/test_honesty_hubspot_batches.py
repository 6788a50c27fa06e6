"""HubSpot batches, merges and archiving."""

import re
from typing import Any

import pytest
from honesty_driver import Portal
from honesty_hubspot import CONTACTS, FIRST, SECOND, THIRD, envelope, value_errors


def test_batch_read_of_a_missing_id_is_207(portal: Portal) -> None:
    """207 with results, numErrors and one OBJECT_NOT_FOUND error that lists the ids."""
    reply = portal.post(f"{CONTACTS}/batch/read", {"inputs": [{"id": FIRST}, {"id": "999"}, {"id": "998"}], "properties": ["email"]})
    body = reply.json()

    assert reply.status_code == 207
    assert (body["status"], body["numErrors"], [record["id"] for record in body["results"]]) == ("COMPLETE", 1, [FIRST])
    error = body["errors"][0]
    assert error["category"] == "OBJECT_NOT_FOUND"
    assert error["message"] == "Could not get some CONTACT objects, they may be deleted or not exist. Check that ids are valid."
    assert sorted(error["context"]["ids"]) == ["998", "999"]
    assert {"startedAt", "completedAt"} <= set(body)


@pytest.mark.parametrize("verb", ["read", "update", "create", "upsert", "archive"])
def test_a_batch_holds_at_most_100_inputs(portal: Portal, verb: str) -> None:
    """Batch read/create/update/upsert/archive: 100 inputs."""
    row = {"id": "1", "idProperty": "email", "properties": {"lastname": "x"}}

    reply = portal.post(f"{CONTACTS}/batch/{verb}", {"inputs": [{**row, "id": str(number)} for number in range(101)]})

    assert (reply.status_code, reply.json()["category"]) == (400, "VALIDATION_ERROR")


def test_one_bad_input_rejects_the_whole_batch(portal: Portal) -> None:
    """Without trace ids one bad input is 400 for all, and nothing is written."""
    rows = [{"id": FIRST, "properties": {"jobtitle": "written?"}}, {"id": SECOND, "properties": {"missing": "1"}}]

    reply = portal.post(f"{CONTACTS}/batch/update", {"inputs": rows})

    assert value_errors(reply)[0]["error"] == "PROPERTY_DOESNT_EXIST"
    assert portal.value(FIRST, "jobtitle") != "written?"


def test_trace_ids_make_a_batch_partial(portal: Portal) -> None:
    """With a unique objectWriteTraceId on each input: 207, good rows done, bad rows named by trace id."""
    good = {"id": FIRST, "objectWriteTraceId": "w-1", "properties": {"hs_lead_status": "OPEN"}}
    bad = {"id": SECOND, "objectWriteTraceId": "w-2", "properties": {"missing": "1"}}

    reply = portal.post(f"{CONTACTS}/batch/update", {"inputs": [good, bad]})
    body = reply.json()

    assert (reply.status_code, body["status"], body["numErrors"]) == (207, "COMPLETE", 1)
    assert [record["id"] for record in body["results"]] == [FIRST]
    error = body["errors"][0]
    assert (error["status"], error["category"], error["context"]) == ("error", "VALIDATION_ERROR", {"objectWriteTraceId": ["w-2"]})
    assert error["message"].startswith("Property values were not valid: [")
    assert portal.value(FIRST, "hs_lead_status") == "OPEN"


@pytest.mark.parametrize("traced", [False, True])
def test_duplicate_ids_reject_the_batch_even_with_trace_ids(portal: Portal, traced: bool) -> None:
    """`Duplicate IDs found in batch input: [..]. IDs must be unique`, 400, VALIDATION_ERROR, context.ids."""
    rows: list[dict[str, Any]] = [{"id": FIRST, "properties": {"jobtitle": word}} for word in ("a", "b")]
    if traced:
        rows = [{**row, "objectWriteTraceId": str(number)} for number, row in enumerate(rows)]

    reply = portal.post(f"{CONTACTS}/batch/update", {"inputs": rows})

    assert reply.status_code == 400
    assert envelope(reply) == {
        "status": "error",
        "message": f"Duplicate IDs found in batch input: [{FIRST}]. IDs must be unique",
        "context": {"ids": [FIRST]},
        "category": "VALIDATION_ERROR",
    }


def test_upsert_says_what_was_new(portal: Portal) -> None:
    """batch/upsert: result items carry `new`; idempotent by idProperty."""
    rows = [
        {"id": email, "idProperty": "email", "properties": {"firstname": "Up"}}
        for email in ("new@up.example", portal.value(FIRST, "email"))
    ]

    first = portal.post(f"{CONTACTS}/batch/upsert", {"inputs": rows}).json()["results"]
    again = portal.post(f"{CONTACTS}/batch/upsert", {"inputs": rows}).json()["results"]

    assert {record["id"] == FIRST: record["new"] for record in first} == {True: False, False: True}
    assert [record["new"] for record in again] == [False, False]
    assert {record["id"] for record in first} == {record["id"] for record in again}


def test_batch_create_reports_the_conflict(portal: Portal) -> None:
    """batch create of a taken e-mail: 409, only the first conflict."""
    rows = [{"properties": {"email": portal.value(contact, "email")}} for contact in (FIRST, SECOND)]

    reply = portal.post(f"{CONTACTS}/batch/create", {"inputs": rows})

    assert (reply.status_code, envelope(reply)["message"]) == (409, f"Contact already exists. Existing ID: {FIRST}")


def test_a_merged_id_answers_the_survivor(portal: Portal) -> None:
    """GET by a merged-away id returns the survivor; hs_merged_object_ids; the old id vanishes from search and list."""
    assert portal.post(f"{CONTACTS}/merge", {"primaryObjectId": FIRST, "objectIdToMerge": SECOND}).status_code == 200

    survivor = portal.get(f"{CONTACTS}/{SECOND}?properties=hs_merged_object_ids,hs_calculated_merged_vids").json()

    assert survivor["id"] == FIRST
    assert survivor["properties"]["hs_merged_object_ids"] == SECOND
    assert re.search(rf"{SECOND}:\d{{13}}", survivor["properties"]["hs_calculated_merged_vids"])
    assert portal.found([{"propertyName": "hs_object_id", "operator": "EQ", "value": SECOND}]) == []
    assert SECOND not in [record["id"] for record in portal.get(f"{CONTACTS}?limit=5").json()["results"]]
    assert SECOND not in [record["id"] for record in portal.get(f"{CONTACTS}?archived=true").json()["results"]]


def test_merges_chain(portal: Portal) -> None:
    """hs_merged_object_ids is `1;2` and handles chains."""
    portal.post(f"{CONTACTS}/merge", {"primaryObjectId": SECOND, "objectIdToMerge": THIRD})
    portal.post(f"{CONTACTS}/merge", {"primaryObjectId": FIRST, "objectIdToMerge": SECOND})

    survivor = portal.get(f"{CONTACTS}/{THIRD}?properties=hs_merged_object_ids").json()

    assert survivor["id"] == FIRST
    assert sorted(survivor["properties"]["hs_merged_object_ids"].split(";")) == [SECOND, THIRD]


def test_an_archived_contact_is_gone_from_reads(portal: Portal) -> None:
    """DELETE archives: 204, then 404 on a read, still there with archived=true."""
    assert portal.call("DELETE", f"{CONTACTS}/{FIRST}").status_code == 204

    assert portal.get(f"{CONTACTS}/{FIRST}").status_code == 404
    assert portal.get(f"{CONTACTS}/{FIRST}?archived=true").json()["archived"] is True


def test_archived_meetings_cannot_be_paged(portal: Portal) -> None:
    """`Paging through deleted objects is not yet supported for object type ...`."""
    reply = portal.get("/crm/v3/objects/meetings?archived=true")

    assert reply.status_code == 400
    assert reply.json()["message"].startswith("Paging through deleted objects is not yet supported for object type ")


def test_a_gdpr_delete_is_for_good(portal: Portal) -> None:
    """POST contacts/gdpr-delete: 204, no trace in the archive, and the address cannot come back."""
    email = portal.value(FIRST, "email")

    assert portal.post(f"{CONTACTS}/gdpr-delete", {"objectId": FIRST}).status_code == 204

    assert portal.get(f"{CONTACTS}/{FIRST}?archived=true").status_code == 404
    assert portal.post(CONTACTS, {"properties": {"email": email}}).status_code == 400
