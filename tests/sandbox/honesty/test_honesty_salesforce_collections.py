"""sObject Collections and composite calls, and incremental reads."""

import pytest
import requests
from honesty_driver import Org, World
from honesty_salesforce import STAMP, refusal


def test_a_collection_answers_row_by_row(org: Org, world: World) -> None:
    """200 even when rows failed; order kept; a row error has statusCode, message, fields and not errorCode."""
    good = org.open_leads(2)
    converted, orphan = world.planted("converted", "salesforce")[0], world.planted("departed_owner", "salesforce")[0]
    invalid = world.planted("region_missing", "salesforce")[0]
    deleted = world.planted("deleted_lead", "salesforce")[0]
    ids = [good[0], converted, orphan, invalid, deleted, good[1]]

    reply = org.collection([{"id": lead_id, "Title": "mixed"} for lead_id in ids], headers={"Sforce-Auto-Assign": "FALSE"})
    rows = reply.json()

    assert reply.status_code == 200
    assert [row["success"] for row in rows] == [True, False, False, False, False, True]
    assert rows[0] == {"id": good[0], "success": True, "errors": []}
    assert [row["errors"][0]["statusCode"] for row in rows[1:5]] == [
        "CANNOT_UPDATE_CONVERTED_LEAD",
        "INACTIVE_OWNER_OR_USER",
        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "ENTITY_IS_DELETED",
    ]
    assert all(set(row["errors"][0]) == {"statusCode", "message", "fields"} for row in rows[1:5])
    assert org.lead(good[1])["Title"] == "mixed"


def test_all_or_none_rolls_back(org: Org, world: World, lead: str) -> None:
    """allOrNone=true: the failed row has its own error, the others ALL_OR_NONE_OPERATION_ROLLED_BACK, nothing saved."""
    rows = [{"id": lead, "Title": "rolled back"}, {"id": world.planted("converted", "salesforce")[0], "Title": "x"}]

    reply = org.collection(rows, all_or_none=True)

    assert reply.status_code == 200
    assert [row["errors"][0]["statusCode"] for row in reply.json()] == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "CANNOT_UPDATE_CONVERTED_LEAD"]
    assert org.lead(lead)["Title"] != "rolled back"


def test_a_collection_takes_200(org: Org) -> None:
    """Max 200 records; 201 is refused as a whole."""
    ids = [row["Id"] for row in org.rows("SELECT Id FROM Lead ORDER BY Id LIMIT 201")]

    assert len(org.collection([{"id": lead_id, "Title": "t"} for lead_id in ids[:200]]).json()) == 200
    refused = org.collection([{"id": lead_id, "Title": "u"} for lead_id in ids])
    assert (refused.status_code, org.rows("SELECT Id FROM Lead WHERE Title = 'u'")) == (400, [])


def test_an_id_comes_once_in_a_collection(org: Org, lead: str) -> None:
    """A duplicate id in one request is a DUPLICATE_VALUE row error."""
    rows = org.collection([{"id": lead, "Title": "a"}, {"Id": lead, "Title": "b"}]).json()

    assert rows[-1]["errors"][0]["statusCode"] == "DUPLICATE_VALUE"


@pytest.mark.parametrize("body", ["{", '{"allOrNone": false}', '{"records": [{"id": "00Q5g0000000001EAA", "Title": "no type"}]}'])
def test_a_malformed_collection_is_400(org: Org, body: str) -> None:
    """Malformed -> 400 for the whole request; attributes.type is required."""
    reply = org.call("PATCH", "composite/sobjects", data=body, headers={"Content-Type": "application/json"})

    assert (reply.status_code, "errorCode" in refusal(reply)) == (400, True)


def test_ten_runs_of_types_at_most(org: Org, lead: str) -> None:
    """Mixed types are processed in chunks, at most 10."""
    task = org.call("POST", "sobjects/Task", json={"WhoId": lead, "Subject": "x"}).json()["id"]
    rows = [
        {"attributes": {"type": "Task"}, "id": task, "Subject": "y"}
        if number % 2
        else {"attributes": {"type": "Lead"}, "id": lead, "Title": "z"}
        for number in range(12)
    ]

    assert org.call("PATCH", "composite/sobjects", json={"records": rows}).status_code == 400


def test_locked_rows_pass_on_the_second_try(org: Org, world: World) -> None:
    """UNABLE_TO_LOCK_ROW on k of the rows inside a 200, then success."""
    leads = org.open_leads(10)
    world.fault(vendor="salesforce", method="PATCH", path="*/composite/sobjects", action="rows", rows=3, code="UNABLE_TO_LOCK_ROW")
    rows = [{"id": lead_id, "Title": "locked?"} for lead_id in leads]

    first, second = org.collection(rows), org.collection(rows)

    locked = [row for row in first.json() if not row["success"]]
    assert (first.status_code, [row["errors"][0]["statusCode"] for row in locked]) == (200, ["UNABLE_TO_LOCK_ROW"] * 3)
    assert all(row["success"] for row in second.json())


def test_a_composite_answers_200_with_a_status_each(org: Org, lead: str) -> None:
    """HTTP 200 with httpStatusCode per subrequest; at most 25 subrequests."""
    parts = [
        {"method": "GET", "url": f"{org.base}/sobjects/Lead/{lead}?fields=Id", "referenceId": "a"},
        {"method": "GET", "url": f"{org.base}/sobjects/Lead/00Q5g00000ZZZZZEAA", "referenceId": "b"},
    ]

    reply = org.call("POST", "composite", json={"allOrNone": False, "compositeRequest": parts})

    assert reply.status_code == 200
    assert [(part["referenceId"], part["httpStatusCode"]) for part in reply.json()["compositeResponse"]] == [("a", 200), ("b", 404)]
    many = [{**parts[0], "referenceId": f"r{number}"} for number in range(26)]
    assert org.call("POST", "composite", json={"compositeRequest": many}).status_code == 400


def test_get_updated_bounds_itself(org: Org, world: World, lead: str) -> None:
    """updated/: ids by SystemModstamp and latestDateCovered; start < end by more than a minute; 30 days back."""
    world.advance(600)
    org.patch(lead, Title="seen by updated")
    world.advance(120)

    def updated(start: str, end: str) -> requests.Response:
        return org.call("GET", "sobjects/Lead/updated/", params={"start": start, "end": end})

    reply = updated("2026-11-02T15:10:00+00:00", "2026-11-02T15:18:00+00:00").json()

    assert reply["ids"] == [lead]
    assert STAMP.match(reply["latestDateCovered"])
    assert updated("2026-11-02T15:10:00+00:00", "2026-11-02T15:10:30+00:00").status_code == 400
    assert updated("2026-09-02T15:10:00+00:00", "2026-11-02T15:10:30+00:00").status_code == 400


def test_get_deleted_lists_the_gone(org: Org, world: World, lead: str) -> None:
    """deleted/: deletedRecords, earliestDateAvailable, latestDateCovered; 15 days back."""
    world.advance(600)
    assert org.call("DELETE", f"sobjects/Lead/{lead}", role="admin").status_code == 204
    world.advance(120)

    body = org.call(
        "GET", "sobjects/Lead/deleted/", params={"start": "2026-11-02T15:10:00+00:00", "end": "2026-11-02T15:18:00+00:00"}
    ).json()

    assert set(body) == {"deletedRecords", "earliestDateAvailable", "latestDateCovered"}
    assert [record["id"] for record in body["deletedRecords"]] == [lead]


def test_a_late_commit_shows_up_behind_the_watermark(org: Org, world: World, lead: str) -> None:
    """A row may appear later with an OLDER SystemModstamp; latestDateCovered is held back to the start of the open transaction."""
    world.fault(vendor="salesforce", action="late_commit", seconds=300)
    org.call("GET", "limits")
    world.advance(600)
    world.control("POST", "act/automation", json={"vendor": "salesforce", "object": "Lead", "id": lead, "fields": {"Title": "late"}})
    world.advance(120)
    window = {"start": "2026-11-02T15:10:00+00:00", "end": "2026-11-02T15:18:00+00:00"}

    during = org.call("GET", "sobjects/Lead/updated/", params=window).json()
    assert (during["ids"], during["latestDateCovered"]) == ([], "2026-11-02T15:16:00.000+0000")
    assert org.lead(lead)["Title"] != "late"

    world.advance(200)
    assert (org.lead(lead)["Title"], org.lead(lead)["SystemModstamp"]) == ("late", "2026-11-02T15:16:00.000+0000")
    assert org.call("GET", "sobjects/Lead/updated/", params=window).json()["ids"] == [lead]


def test_many_rows_share_one_stamp(org: Org) -> None:
    """SystemModstamp has whole seconds, so one collection leaves ties that an Id tiebreak must walk."""
    leads = org.open_leads(30)
    org.collection([{"id": lead_id, "Title": "tied"} for lead_id in leads])
    stamp = org.lead(leads[0])["SystemModstamp"].replace("+0000", "Z")
    condition = f"((SystemModstamp = {stamp} AND Id > '{leads[9]}') OR SystemModstamp > {stamp})"

    tied = org.rows(f"SELECT Id FROM Lead WHERE Title = 'tied' AND {condition} ORDER BY SystemModstamp, Id")

    assert [row["Id"] for row in tied] == leads[10:]
