"""sObject Collections and composite: order, limits, all or none, and rows that fail beside rows that do not."""

from __future__ import annotations

from typing import Any

import pytest
from salesforce_company import PERSON, Company, Rest

from sandbox.core import Sandbox
from sandbox.faults import Fault


def patch(rest: Rest, records: list[dict[str, Any]], **options: Any) -> list[dict[str, Any]]:
    body = {"records": [{"attributes": {"type": "Lead"}, **record} for record in records], **options.pop("body", {})}
    response = rest.call("PATCH", "composite/sobjects", json=body, **options)
    assert response.status_code == 200, response.text
    results: list[dict[str, Any]] = response.json()
    return results


def codes(results: list[dict[str, Any]]) -> list[str]:
    return ["ok" if result["success"] else result["errors"][0]["statusCode"] for result in results]


def test_every_kind_of_row_gets_its_own_result_in_order(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    good, other, converted, deleted = (company.lead() for _ in range(4))
    sandbox.salesforce.convert(converted, PERSON)
    sandbox.salesforce.delete("Lead", deleted, PERSON)
    results = patch(
        rest,
        [
            {"id": good, "Title": "a"},
            {"Id": converted, "Title": "a"},
            {"Id": deleted, "Title": "a"},
            {"Id": other, "OwnerId": company.departed},
            {"Id": "00Q5g000000zzzz", "Title": "a"},
            {"Id": "nonsense", "Title": "a"},
            {"Title": "no id"},
            {"Id": good[:15], "Title": "twice"},
            {"Id": other, "Title": "twice, too"},
        ],
    )
    assert codes(results) == [
        "ok", "CANNOT_UPDATE_CONVERTED_LEAD", "ENTITY_IS_DELETED", "INACTIVE_OWNER_OR_USER", "INVALID_CROSS_REFERENCE_KEY",
        "MALFORMED_ID", "MISSING_ARGUMENT", "DUPLICATE_VALUE", "DUPLICATE_VALUE",
    ]  # fmt: skip
    assert results[0] == {"id": good, "success": True, "errors": []}
    assert set(results[1]["errors"][0]) == {"statusCode", "message", "fields"}
    saved = sandbox.salesforce.get("Lead", good)
    assert saved is not None
    assert saved["Title"] == "a"


def test_all_or_none_saves_nothing_when_one_row_fails(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    leads = [company.lead() for _ in range(3)]
    records = [{"Id": leads[0], "Title": "x"}, {"Id": leads[1], "Email": "bad"}, {"Id": leads[2], "Title": "x"}]
    rolled_back = "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert codes(patch(rest, records, body={"allOrNone": True})) == [rolled_back, "INVALID_EMAIL_ADDRESS", rolled_back]
    assert [row["Title"] for row in sandbox.salesforce.org.rows.find("Lead", "Id", leads)] == [None] * 3
    assert codes(patch(rest, records)) == ["ok", "INVALID_EMAIL_ADDRESS", "ok"]


def test_200_records_pass_and_201_are_refused_as_a_whole(rest: Rest, switch: Any) -> None:
    records = [{"attributes": {"type": "Lead"}, "LastName": f"n{n}", "Company": "c"} for n in range(201)]
    made = rest.call("POST", "composite/sobjects", json={"records": records[:200]})
    assert codes(made.json()) == ["ok"] * 200
    assert rest.refusal("POST", "composite/sobjects", json={"records": records})[:2] == (400, "EXCEEDED_MAX_SIZE_REQUEST")
    switch("salesforce.collection_limit_code", "LIMIT_EXCEEDED")
    assert rest.refusal("POST", "composite/sobjects", json={"records": records})[1] == "LIMIT_EXCEEDED"


def test_a_whole_collection_is_one_api_call(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    leads = [company.lead() for _ in range(20)]
    company.counted()
    before = sandbox.counters.made("salesforce", "product")
    patch(rest, [{"Id": lead, "Title": "x"} for lead in leads])
    company.counted()
    assert sandbox.counters.made("salesforce", "product") == before + 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"records": [{"LastName": "x"}]}, "INVALID_TYPE"),
        ({"records": [{"attributes": {"type": "Nothing"}}]}, "INVALID_TYPE"),
        ({"records": {}}, "JSON_PARSER_ERROR"),
        ({"rows": []}, "JSON_PARSER_ERROR"),
        ({"records": [{"attributes": {"type": "Lead"}, "Nothing__c": 1}]}, "INVALID_FIELD"),
        ({"records": [{"attributes": {"type": name}} for name in ("Lead", "Task") * 6]}, "CANNOT_EXCEED_CHUNKS"),
    ],
)
def test_a_malformed_collection_is_400(rest: Rest, body: dict[str, Any], code: str) -> None:
    assert rest.refusal("POST", "composite/sobjects", json=body)[:2] == (400, code)


def test_an_unknown_field_may_also_fail_its_row_alone(company: Company, rest: Rest, switch: Any) -> None:
    switch("salesforce.collection_unknown_field_fails_call", False)
    leads = [company.lead(), company.lead()]
    assert codes(patch(rest, [{"Id": leads[0], "Nothing__c": 1}, {"Id": leads[1], "Title": "x"}])) == ["INVALID_FIELD", "ok"]


def test_locked_rows_fail_once(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    leads = [company.lead() for _ in range(4)]
    sandbox.faults.add(Fault("rows", vendor="salesforce", path="*/composite/sobjects", rows=3))
    records = [{"Id": lead, "Title": "x"} for lead in leads]
    assert codes(patch(rest, records)) == ["UNABLE_TO_LOCK_ROW"] * 3 + ["ok"]
    assert codes(patch(rest, records)) == ["ok"] * 4
    sandbox.faults.clear()


def test_a_lost_reply_has_done_its_work(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    lead = company.lead()
    sandbox.faults.add(Fault("lost_reply", vendor="salesforce", method="PATCH"))
    with pytest.raises(OSError):
        patch(rest, [{"Id": lead, "Title": "kept"}])
    saved = sandbox.salesforce.get("Lead", lead)
    assert saved is not None
    assert saved["Title"] == "kept"
    sandbox.faults.clear()


def test_upsert_by_external_id(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    sandbox.salesforce.add_field("Task", {"name": "Own_Key__c", "spec": "string(80) unique external idlookup"})
    lead = company.lead()
    records = [{"attributes": {"type": "Task"}, "WhoId": lead, "Subject": "Call", "Own_Key__c": f"key-{n}"} for n in (1, 2, 1)]
    body = {"records": records}
    first = rest.call("PATCH", "composite/sobjects/Task/Own_Key__c", json=body).json()
    assert codes(first) == ["ok", "ok", "DUPLICATE_VALUE"]
    assert [result.get("created") for result in first] == [True, True, None]
    again = rest.call("PATCH", "composite/sobjects/Task/Own_Key__c", json={"records": records[:2]}).json()
    assert [(result["id"], result["created"]) for result in again] == [(first[0]["id"], False), (first[1]["id"], False)]
    assert rest.refusal("PATCH", "composite/sobjects/Task/Subject", json=body)[:2] == (404, "NOT_FOUND")


def test_read_answers_in_order_with_null_for_what_is_not_there(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    first, second, gone = company.lead(LastName="One"), company.lead(LastName="Two"), company.lead()
    sandbox.salesforce.delete("Lead", gone, PERSON)
    ids = [second, gone, first[:15], "nonsense"]
    found = rest.call("POST", "composite/sobjects/Lead", json={"ids": ids, "fields": ["LastName"]}).json()
    assert [record and record["LastName"] for record in found] == ["Two", None, "One", None]
    assert rest.get("composite/sobjects/Lead", params={"ids": first, "fields": "Id,Name"})[0]["Id"] == first
    assert rest.refusal("POST", "composite/sobjects/Lead", json={"ids": ids, "fields": ["Nothing"]})[:2] == (400, "INVALID_FIELD")
    many = {"ids": [first] * 2001, "fields": ["Id"]}
    assert rest.refusal("POST", "composite/sobjects/Lead", json=many)[0] == 400


def test_delete_needs_the_right_and_answers_per_id(company: Company, rest: Rest) -> None:
    leads = [company.lead(), company.lead()]
    assert (
        codes(rest.call("DELETE", "composite/sobjects", params={"ids": ",".join(leads)}).json()) == ["INSUFFICIENT_ACCESS_OR_READONLY"] * 2
    )
    admin = company.rest("admin")
    results = admin.call("DELETE", "composite/sobjects", params={"ids": ",".join([*leads, "nonsense"])}).json()
    assert codes(results) == ["ok", "ok", "MALFORMED_ID"]


def test_composite_passes_values_on(company: Company, rest: Rest) -> None:
    requests = [
        {"method": "POST", "url": "/services/data/v66.0/sobjects/Lead", "referenceId": "made", "body": {"LastName": "x", "Company": "c"}},
        {
            "method": "POST",
            "url": "/services/data/v66.0/sobjects/Task",
            "referenceId": "task",
            "body": {"WhoId": "@{made.id}", "Subject": "s"},
        },
        {"method": "GET", "url": "/services/data/v66.0/sobjects/Lead/@{made.id}?fields=Name", "referenceId": "read"},
        {"method": "GET", "url": "/services/data/v66.0/sobjects/Lead/@{nobody.id}", "referenceId": "lost"},
    ]
    response = rest.call("POST", "composite", json={"compositeRequest": requests})
    assert response.status_code == 200
    parts = {part["referenceId"]: part for part in response.json()["compositeResponse"]}
    assert [parts[name]["httpStatusCode"] for name in ("made", "task", "read", "lost")] == [201, 201, 200, 400]
    assert parts["read"]["body"]["Name"] == "x"
    task = rest.get(f"sobjects/Task/{parts['task']['body']['id']}")
    assert task["WhoId"] == parts["made"]["body"]["id"]
    too_many = {"compositeRequest": [{**requests[0], "referenceId": f"r{n}"} for n in range(26)]}
    assert rest.refusal("POST", "composite", json=too_many)[:2] == (400, "LIMIT_EXCEEDED")


def test_composite_all_or_none_undoes_everything(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    lead = company.lead()
    url = f"/services/data/v66.0/sobjects/Lead/{lead}"
    requests = [
        {"method": "PATCH", "url": url, "referenceId": "good", "body": {"Title": "x"}},
        {"method": "PATCH", "url": url, "referenceId": "bad", "body": {"Email": "bad"}},
    ]
    parts = rest.call("POST", "composite", json={"allOrNone": True, "compositeRequest": requests}).json()["compositeResponse"]
    assert [(part["httpStatusCode"], part["body"][0]["errorCode"]) for part in parts] == [
        (400, "PROCESSING_HALTED"),
        (400, "INVALID_EMAIL_ADDRESS"),
    ]
    saved = sandbox.salesforce.get("Lead", lead)
    assert saved is not None
    assert saved["Title"] is None


def test_batch_answers_each_part(company: Company, rest: Rest) -> None:
    lead = company.lead()
    parts = [{"method": "GET", "url": f"v66.0/sobjects/Lead/{lead}?fields=Id"}, {"method": "GET", "url": "v66.0/sobjects/Lead/nonsense"}]
    reply = rest.call("POST", "composite/batch", json={"batchRequests": parts}).json()
    assert (reply["hasErrors"], [part["statusCode"] for part in reply["results"]]) == (True, [200, 400])


def test_collections_go_through_the_real_client(company: Company) -> None:
    client = company.simple()
    lead = company.lead()
    body = {"allOrNone": False, "records": [{"attributes": {"type": "Lead"}, "id": lead, "Title": "by simple-salesforce"}]}
    assert codes(client.restful("composite/sobjects", method="PATCH", json=body)) == ["ok"]
