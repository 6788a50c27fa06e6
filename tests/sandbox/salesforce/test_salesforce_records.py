"""Single records over HTTP: statuses, bodies, and every refusal a record can meet."""

from __future__ import annotations

from typing import Any

import pytest
from salesforce_company import PERSON, Company, Rest
from simple_salesforce.exceptions import SalesforceMalformedRequest, SalesforceMoreThanOneRecord, SalesforceResourceNotFound

from sandbox.core import SYSTEM, Sandbox
from sandbox.faults import Fault


@pytest.fixture(scope="module", autouse=True)
def own_fields(sandbox: Sandbox) -> None:
    """A unique external id, a restricted picklist, and one that several records may share."""
    add = sandbox.salesforce.add_field
    add("Lead", {"name": "Key__c", "spec": "string(20) unique external idlookup"})
    add("Lead", {"name": "Shared__c", "spec": "string(20) external"})
    add("Lead", {"name": "Stage__c", "spec": "picklist restricted", "values": ["new", "mql", "sal"]})


def stored(company: Company, lead_id: str) -> dict[str, Any]:
    found = company.sandbox.salesforce.get("Lead", lead_id)
    assert found is not None
    return dict(found)


def test_create_retrieve_update_delete(company: Company, rest: Rest) -> None:
    made = rest.call("POST", "sobjects/Lead", json={"LastName": "New", "Company": "Acme", "FirstName": "Ada"})
    assert made.status_code == 201
    assert made.json() == {"id": made.json()["id"], "success": True, "errors": []}
    path = f"sobjects/Lead/{made.json()['id'][:15]}"
    record = rest.get(path, params={"fields": "Name,Status"})
    assert record == {
        "attributes": {"type": "Lead", "url": f"/services/data/v66.0/sobjects/Lead/{made.json()['id']}"},
        "Name": "Ada New", "Status": "Open - Not Contacted", "Id": made.json()["id"],
    }  # fmt: skip
    assert rest.get(path)["CreatedById"] == company.apps["product"].user_id
    patched = rest.call("PATCH", path, json={"Title": "  VP  ", "Rating": ""})
    assert (patched.status_code, patched.content) == (204, b"")
    assert rest.get(path)["Title"] == "VP"
    admin = company.rest("admin")
    assert admin.call("DELETE", path).status_code == 204
    assert rest.refusal("GET", path)[:2] == (404, "ENTITY_IS_DELETED")
    assert rest.refusal("PATCH", path, json={"Title": "x"})[:2] == (404, "ENTITY_IS_DELETED")
    assert rest.refusal("GET", "sobjects/Lead/00Q5g000000zzzz")[:2] == (404, "NOT_FOUND")
    assert rest.refusal("GET", "sobjects/Lead/nonsense")[:2] == (400, "MALFORMED_ID")


@pytest.mark.parametrize(
    ("change", "code", "status"),
    [
        ({"LastName": None}, "REQUIRED_FIELD_MISSING", 400),
        ({"Company": ""}, "REQUIRED_FIELD_MISSING", 400),
        ({"City": "x" * 41}, "STRING_TOO_LONG", 400),
        ({"Email": "not an address"}, "INVALID_EMAIL_ADDRESS", 400),
        ({"Stage__c": "unknown"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", 400),
        ({"NumberOfEmployees": 10**9}, "NUMBER_OUTSIDE_VALID_RANGE", 400),
        ({"NumberOfEmployees": "many"}, "JSON_PARSER_ERROR", 400),
        ({"Title": 5}, "JSON_PARSER_ERROR", 400),
        ({"DoNotCall": "perhaps"}, "JSON_PARSER_ERROR", 400),
        ({"EmailBouncedDate": "2026-01-01T00:00:00"}, "JSON_PARSER_ERROR", 400),
        ({"Nothing__c": 1}, "INVALID_FIELD", 400),
        ({"CreatedDate": "2026-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE", 400),
        ({"Name": "x"}, "INVALID_FIELD_FOR_INSERT_UPDATE", 400),
        ({"IsConverted": True}, "INVALID_FIELD_FOR_INSERT_UPDATE", 400),
        ({"OwnerId": "nonsense"}, "MALFORMED_ID", 400),
        ({"OwnerId": "0055g000000zzzz"}, "INVALID_CROSS_REFERENCE_KEY", 400),
        ({"OwnerId": "0015g000000zzzz"}, "FIELD_INTEGRITY_EXCEPTION", 400),
        ({"OwnerId": "DEPARTED"}, "INACTIVE_OWNER_OR_USER", 400),
        ({"OwnerId": "FOREIGN QUEUE"}, "INVALID_OPERATION", 400),
        ({"Status": "Closed - Converted"}, "INVALID_STATUS", 400),
        ({"Id": "00Q5g000000zzzz"}, "INVALID_FIELD", 400),
    ],
)
def test_an_update_is_refused_with_the_vendors_code(company: Company, rest: Rest, change: dict[str, Any], code: str, status: int) -> None:
    lead = company.lead()
    before = stored(company, lead)
    named = {"DEPARTED": company.departed, "FOREIGN QUEUE": company.sandbox.salesforce.add_queue("Cases", sobjects=["Task"])}
    given = {name: named.get(value, value) if isinstance(value, str) else value for name, value in change.items()}
    assert rest.refusal("PATCH", f"sobjects/Lead/{lead}", json=given)[:2] == (status, code)
    assert stored(company, lead) == before


@pytest.mark.parametrize("value", ["x", "", "2026-1-1", "2026-02-30", "2026-01-01 10:00", 20260101])
def test_a_date_that_is_none_is_refused_as_the_vendor_does(rest: Rest, value: object) -> None:
    """Blank, shorter than a date, or not on the calendar: the JSON cannot be read as one. Only null clears."""
    task = {"Subject": "Call", "Status": "Not Started", "Priority": "Normal", "ActivityDate": value}
    assert rest.refusal("POST", "sobjects/Task", json=task)[:2] == (400, "JSON_PARSER_ERROR")


def test_an_unknown_value_of_an_unrestricted_picklist_is_accepted(company: Company, rest: Rest) -> None:
    """Standard picklists are not restricted: Salesforce takes any text for Lead.Status."""
    lead = company.lead()
    assert rest.call("PATCH", f"sobjects/Lead/{lead}", json={"Status": "Made up"}).status_code == 204
    assert stored(company, lead)["Status"] == "Made up"


def test_required_fields_are_named_on_create(rest: Rest) -> None:
    status, code, message = rest.refusal("POST", "sobjects/Lead", json={"FirstName": "x"})
    assert (status, code, message) == (400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName, Company]")


def test_broken_json_and_other_content_types_are_refused(rest: Rest) -> None:
    assert rest.refusal("POST", "sobjects/Lead", data="{", headers={"Content-Type": "application/json"})[:2] == (400, "JSON_PARSER_ERROR")
    assert rest.refusal("POST", "sobjects/Lead", data="<x/>", headers={"Content-Type": "application/xml"})[:2] == (
        415,
        "UNSUPPORTED_MEDIA_TYPE",
    )


def test_validation_rules_refuse_with_their_own_words(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    org = sandbox.salesforce
    conditions = [{"field": "Status", "operator": "equals", "value": "Working - Contacted"}, {"field": "State", "operator": "blank"}]
    org.add_validation_rule("Lead", "Region required", conditions, "Region required: choose one", field="State")
    lead = company.lead()
    response = rest.call("PATCH", f"sobjects/Lead/{lead}", json={"Status": "Working - Contacted"})
    assert response.status_code == 400
    assert response.json() == [
        {"message": "Region required: choose one", "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "fields": ["State"]}
    ]
    assert rest.call("PATCH", f"sobjects/Lead/{lead}", json={"Status": "Working - Contacted", "State": "West"}).status_code == 204
    org.drop_validation_rule("Region required")


def test_unique_values_name_the_record_that_has_them(company: Company, rest: Rest) -> None:
    first, second = company.lead(Key__c="k-1"), company.lead()
    status, code, message = rest.refusal("PATCH", f"sobjects/Lead/{second}", json={"Key__c": "K-1"})
    assert (status, code) == (400, "DUPLICATE_VALUE")
    assert message == f"duplicate value found: Key__c duplicates value on record with id: {first[:15]}"
    assert rest.call("PATCH", f"sobjects/Lead/{first}", json={"Key__c": "k-1"}).status_code == 204


def test_upsert_creates_updates_or_finds_too_many(company: Company, rest: Rest) -> None:
    path = "sobjects/Lead/Key__c/up-1"
    created = rest.call("PATCH", path, json={"LastName": "Up", "Company": "Acme"})
    assert (created.status_code, created.json()["created"]) == (201, True)
    updated = rest.call("PATCH", path, json={"Title": "again"})
    assert (updated.status_code, updated.json()) == (200, {"id": created.json()["id"], "success": True, "errors": [], "created": False})
    assert rest.get(path)["Title"] == "again"
    for _ in range(2):
        company.lead(Shared__c="both")
    ambiguous = rest.call("PATCH", "sobjects/Lead/Shared__c/both", json={"Title": "x"})
    assert ambiguous.status_code == 300
    assert len(ambiguous.json()) == 2
    assert rest.refusal("PATCH", "sobjects/Lead/Title/x", json={})[:2] == (404, "NOT_FOUND")
    assert rest.refusal("PATCH", path, json={"Key__c": "other"})[:2] == (400, "INVALID_FIELD")


def test_a_converted_lead_can_be_read_but_not_changed(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    lead = company.lead()
    task = sandbox.salesforce.create(
        "Task", {"WhoId": lead, "Subject": "call", "Status": "Completed", "ActivityDate": "2026-11-10"}, PERSON
    )
    made = sandbox.salesforce.convert(lead, PERSON, opportunity="Acme deal")
    record = rest.get(f"sobjects/Lead/{lead}")
    assert (record["IsConverted"], record["Status"]) == (True, "Closed - Converted")
    assert record["ConvertedContactId"] == made["contact_id"]
    assert rest.refusal("PATCH", f"sobjects/Lead/{lead}", json={"Title": "x"}) == (
        400,
        "CANNOT_UPDATE_CONVERTED_LEAD",
        "cannot reference converted lead",
    )
    assert rest.refusal("POST", "sobjects/Task", json={"WhoId": lead, "Subject": "x"})[1] == "CANNOT_UPDATE_CONVERTED_LEAD"
    assert rest.get(f"sobjects/Task/{task}")["WhoId"] == made["contact_id"]
    roles = rest.query(f"SELECT ContactId, IsPrimary FROM OpportunityContactRole WHERE OpportunityId = '{made['opportunity_id']}'")
    assert [(role["ContactId"], role["IsPrimary"]) for role in roles] == [(made["contact_id"], True)]
    assert rest.query(f"SELECT StageName FROM OpportunityHistory WHERE OpportunityId = '{made['opportunity_id']}'") != []


def test_merged_leads_point_to_the_winner(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    winner, loser = company.lead(), company.lead()
    task = sandbox.salesforce.create("Task", {"WhoId": loser, "Subject": "x"}, PERSON)
    sandbox.salesforce.merge("Lead", winner, loser, PERSON)
    assert rest.query(f"SELECT Id FROM Lead WHERE Id = '{loser}'") == []
    found = rest.query(f"SELECT MasterRecordId, IsDeleted FROM Lead WHERE Id = '{loser}'", resource="queryAll")[0]
    assert (found["MasterRecordId"], found["IsDeleted"]) == (winner, True)
    assert rest.get(f"sobjects/Task/{task}")["WhoId"] == winner
    assert "leadMerged" in [row["Field"] for row in sandbox.salesforce.history(winner)]


def test_a_write_that_changes_nothing_still_moves_the_stamp_by_default(sandbox: Sandbox, company: Company, rest: Rest, switch: Any) -> None:
    lead = company.lead(Title="VP")
    for bumps in (True, False):
        switch("salesforce.no_op_update_bumps_stamp", bumps)
        sandbox.clock.advance(10)
        before = stored(company, lead)["SystemModstamp"]
        rest.call("PATCH", f"sobjects/Lead/{lead}", json={"Title": "VP"})
        assert (stored(company, lead)["SystemModstamp"] > before) is bumps


def test_stamps_are_whole_seconds_in_utc(company: Company) -> None:
    record = stored(company, company.lead())
    assert record["SystemModstamp"].endswith(".000+0000")
    assert record["CreatedDate"] == record["LastModifiedDate"] == record["SystemModstamp"]


def test_a_closed_task_has_its_time_and_a_reopened_one_loses_it(company: Company, rest: Rest) -> None:
    lead = company.lead()
    task = rest.call(
        "POST", "sobjects/Task", json={"WhoId": lead, "Subject": "Call", "ActivityDate": "2026-12-24", "TaskSubtype": "Call"}
    ).json()["id"]
    assert (rest.get(f"sobjects/Task/{task}")["IsClosed"], stored(company, lead)["LastActivityDate"]) == (False, None)
    rest.call("PATCH", f"sobjects/Task/{task}", json={"Status": "Completed"})
    closed = rest.get(f"sobjects/Task/{task}")
    assert closed["IsClosed"] is True
    assert closed["CompletedDateTime"] == closed["LastModifiedDate"]
    assert stored(company, lead)["LastActivityDate"] == "2026-12-24", "the due date, even in the future"
    rest.call("PATCH", f"sobjects/Task/{task}", json={"Status": "In Progress"})
    assert rest.get(f"sobjects/Task/{task}")["CompletedDateTime"] is None
    assert stored(company, lead)["LastActivityDate"] is None
    assert rest.refusal("PATCH", f"sobjects/Task/{task}", json={"TaskSubtype": "Email"})[1] == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_an_event_works_out_its_end_and_its_day(company: Company, rest: Rest) -> None:
    lead = company.lead()
    given = {"WhoId": lead, "Subject": "Demo", "StartDateTime": "2026-11-20T10:00:00+01:00", "DurationInMinutes": 45}
    event = rest.get(f"sobjects/Event/{rest.call('POST', 'sobjects/Event', json=given).json()['id']}")
    assert (event["EndDateTime"], event["ActivityDate"]) == ("2026-11-20T09:45:00.000+0000", "2026-11-20")
    assert rest.refusal("POST", "sobjects/Event", json={"Subject": "x"})[1] == "REQUIRED_FIELD_MISSING"


def test_a_person_is_in_a_campaign_once(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    campaign = sandbox.salesforce.create("Campaign", {"Name": "Webinar"}, PERSON)
    lead = company.lead()
    made = rest.call("POST", "sobjects/CampaignMember", json={"CampaignId": campaign, "LeadId": lead}).json()["id"]
    assert rest.refusal("POST", "sobjects/CampaignMember", json={"CampaignId": campaign, "LeadId": lead})[1] == "DUPLICATE_VALUE"
    assert rest.get(f"sobjects/CampaignMember/{made}")["HasResponded"] is False
    rest.call("PATCH", f"sobjects/CampaignMember/{made}", json={"Status": "Responded"})
    member = rest.get(f"sobjects/CampaignMember/{made}")
    assert (member["HasResponded"], member["FirstRespondedDate"]) == (True, sandbox.clock.now().date().isoformat())


def test_if_unmodified_since_guards_a_write(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    lead = company.lead()
    header = {"If-Unmodified-Since": "Mon, 16 Nov 2020 09:00:00 GMT"}
    assert rest.call("PATCH", f"sobjects/Lead/{lead}", json={"Title": "x"}, headers=header).status_code == 412
    assert stored(company, lead)["Title"] is None


def test_a_locked_row_is_refused_once_and_then_free(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    lead = company.lead()
    sandbox.faults.add(Fault("rows", vendor="salesforce", method="PATCH", path="*/sobjects/Lead/*"))
    assert rest.refusal("PATCH", f"sobjects/Lead/{lead}", json={"Title": "x"})[:2] == (400, "UNABLE_TO_LOCK_ROW")
    assert rest.call("PATCH", f"sobjects/Lead/{lead}", json={"Title": "x"}).status_code == 204
    sandbox.faults.clear()


def test_writes_are_journalled_with_their_author(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    lead = company.lead()
    rest.call("PATCH", f"sobjects/Lead/{lead}", json={"Title": "VP"})
    sandbox.salesforce.update("Lead", lead, {"Rating": "Hot"}, SYSTEM)
    rows = sandbox.journal.read("salesforce", "Lead", lead)
    assert ("Title", None, "VP", "product") in [(row["field"], row["old"], row["new"], row["author"]) for row in rows]
    assert ("Rating", "Hot", "system") in [(row["field"], row["new"], row["author"]) for row in rows]


def test_the_real_client_meets_its_own_exceptions(company: Company) -> None:
    client = company.simple()
    made = client.Lead.create({"LastName": "Simple", "Company": "Acme", "Key__c": "simple-1"})
    assert made["success"] is True
    assert client.Lead.update(made["id"], {"Title": "VP"}) == 204
    assert client.Lead.get_by_custom_id("Key__c", "simple-1")["Title"] == "VP"
    assert client.Lead.upsert("Key__c/simple-1", {"Title": "CEO"}) == 200
    with pytest.raises(SalesforceMalformedRequest) as refused:
        client.Lead.update(made["id"], {"OwnerId": company.departed})
    assert refused.value.content[0]["errorCode"] == "INACTIVE_OWNER_OR_USER"
    with pytest.raises(SalesforceResourceNotFound):
        client.Lead.get("00Q5g000000zzzz")
    for _ in range(2):
        company.lead(Shared__c="twice")
    with pytest.raises(SalesforceMoreThanOneRecord):
        client.Lead.get_by_custom_id("Shared__c", "twice")


def test_a_duplicate_rule_stops_creates_unless_it_only_alerts_and_the_header_says_so(
    sandbox: Sandbox, company: Company, rest: Rest
) -> None:
    company.lead(Email="twin@x.example")
    new = {"LastName": "Twin", "Company": "c", "Email": "TWIN@x.example"}
    allow = {"Sforce-Duplicate-Rule-Header": "allowSave=true; includeRecordDetails=false"}
    sandbox.salesforce.set_duplicate_rule("Lead", ["Email"], block=True)
    assert rest.refusal("POST", "sobjects/Lead", json=new, headers=allow)[1] == "DUPLICATES_DETECTED"
    sandbox.salesforce.set_duplicate_rule("Lead", ["Email"])
    assert rest.refusal("POST", "sobjects/Lead", json=new)[1] == "DUPLICATES_DETECTED"
    assert rest.call("POST", "sobjects/Lead", json=new, headers=allow).status_code == 201
    sandbox.salesforce.set_duplicate_rule("Lead", ["Email"], active=False)
    assert rest.call("POST", "sobjects/Lead", json=new).status_code == 201


def test_old_activities_are_archived_and_leave_queries(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    lead = company.lead()
    old, recent = (
        sandbox.salesforce.create("Task", {"WhoId": lead, "Subject": day, "Status": "Completed", "ActivityDate": day}, PERSON)
        for day in ("2025-11-01", "2026-11-01")
    )
    sandbox.salesforce.archive_activities()
    assert [record["Id"] for record in rest.query(f"SELECT Id FROM Task WHERE WhoId = '{lead}'")] == [recent]
    assert {record["Id"] for record in rest.query(f"SELECT Id FROM Task WHERE WhoId = '{lead}'", resource="queryAll")} == {old, recent}


def test_open_tasks_follow_a_new_owner_only_by_switch(sandbox: Sandbox, company: Company, rest: Rest, switch: Any) -> None:
    for moves in (False, True):
        switch("salesforce.owner_change_moves_open_tasks", moves)
        lead = company.lead()
        task = sandbox.salesforce.create("Task", {"WhoId": lead, "Subject": "x", "OwnerId": company.rep}, PERSON)
        rest.call("PATCH", f"sobjects/Lead/{lead}", json={"OwnerId": company.other_rep})
        assert rest.get(f"sobjects/Task/{task}")["OwnerId"] == (company.other_rep if moves else company.rep)


def test_an_owner_is_looked_at_anew_once_users_were_written_or_that_was_undone(company: Company) -> None:
    org, lead, admin = company.sandbox.salesforce, company.lead(), company.rest("admin")
    colleague = org.add_user("soon.gone@acme.example", "Soon", "Gone")
    give = {"records": [{"attributes": {"type": "Lead"}, "Id": lead, "OwnerId": colleague}]}

    def given() -> list[str]:
        company.sandbox.salesforce.update("Lead", lead, {"OwnerId": company.rep}, PERSON)
        result = admin.call("PATCH", "composite/sobjects", json=give).json()[0]
        return [error["statusCode"] for error in result["errors"]]

    assert given() == []
    with pytest.raises(RuntimeError), company.sandbox.store.transaction():
        org.update("User", colleague, {"IsActive": False}, PERSON)
        assert org.org.rows.holder(colleague)["IsActive"] is False
        raise RuntimeError
    assert given() == []
    org.update("User", colleague, {"IsActive": False}, PERSON)
    assert given() == ["INACTIVE_OWNER_OR_USER"]


def test_what_a_queue_may_own_is_looked_at_anew_once_that_was_written(company: Company) -> None:
    org, lead, rest = company.sandbox.salesforce, company.lead(), company.rest()
    queue = org.add_queue("Late queue", sobjects=())
    assert rest.call("PATCH", f"sobjects/Lead/{lead}", json={"OwnerId": queue}).status_code == 400
    org.org.rows.insert("QueueSobject", {"QueueId": queue, "SobjectType": "Lead", "CreatedById": org.org.system_user_id})
    assert rest.call("PATCH", f"sobjects/Lead/{lead}", json={"OwnerId": queue}).status_code == 204
