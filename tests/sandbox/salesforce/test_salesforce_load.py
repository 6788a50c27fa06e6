"""Worlds load fast, snapshots hold everything, and reads do not slow down with size."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from salesforce_company import PERSON, Company, Rest

from sandbox.core import Sandbox
from sandbox.salesforce.soql.parser import parse
from sandbox.salesforce.soql.plan import Asker, plan_query


def test_loaded_rows_have_what_salesforce_works_out(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    created = sandbox.clock.now() - timedelta(days=90)
    modified = created + timedelta(days=3)
    lead = sandbox.salesforce.load(
        "Lead", [({"FirstName": "Ida", "LastName": "Load", "Company": "c", "OwnerId": company.rep}, created, modified)]
    )[0]
    task = {"WhoId": lead, "Subject": "Call", "Status": "Completed", "ActivityDate": created.date().isoformat(), "OwnerId": company.rep}
    sandbox.salesforce.load("Task", [(task, created, created)])
    record = rest.get(f"sobjects/Lead/{lead}")
    assert (record["Name"], record["Status"], record["CreatedDate"] < record["SystemModstamp"]) == (
        "Ida Load",
        "Open - Not Contacted",
        True,
    )
    assert record["LastActivityDate"] == created.date().isoformat()
    found = rest.query(f"SELECT IsClosed, CompletedDateTime, CreatedDate FROM Task WHERE WhoId = '{lead}'")[0]
    assert found["IsClosed"] is True
    assert found["CompletedDateTime"] == found["CreatedDate"]


def test_a_snapshot_holds_records_fields_rules_and_permissions(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    org = sandbox.salesforce
    lead = company.lead(Title="before")
    sandbox.snapshot("here")
    org.add_field("Lead", {"name": "Later__c", "spec": "string(5)"})
    org.add_validation_rule("Lead", "never", [{"field": "Title", "operator": "not_blank"}], "no titles")
    org.update("Lead", lead, {"Title": None}, PERSON)
    extra = company.lead()
    sandbox.restore("here")
    assert rest.get(f"sobjects/Lead/{lead}")["Title"] == "before"
    assert rest.refusal("GET", f"sobjects/Lead/{extra}")[0] == 404
    assert "Later__c" not in {field["name"] for field in rest.get("sobjects/Lead/describe")["fields"]}
    assert rest.call("PATCH", f"sobjects/Lead/{lead}", json={"Title": "after"}).status_code == 204
    org.add_field("Lead", {"name": "Later__c", "spec": "string(5)"})
    assert rest.call("PATCH", f"sobjects/Lead/{lead}", json={"Later__c": "now"}).status_code == 204


READS = {
    "by id": "SELECT Id, Name, Owner.Name FROM Lead WHERE Id IN ('00Q5g0000000001EAA', '00Q5g0000000002EAA')",
    "by stamp": "SELECT Id, Name FROM Lead WHERE SystemModstamp >= 2026-01-01T00:00:00Z ORDER BY SystemModstamp ASC, Id ASC",
    "by e-mail": "SELECT Id FROM Lead WHERE Email = 'a@b.example'",
    "by parent": "SELECT Id FROM Task WHERE WhoId IN ('00Q5g0000000001EAA')",
    "history of one lead": "SELECT Field FROM LeadHistory WHERE LeadId = '00Q5g0000000001EAA'",
    "history by time": "SELECT Id FROM LeadHistory WHERE CreatedDate >= 2026-01-01T00:00:00Z ORDER BY CreatedDate, Id",
    "members by stamp": "SELECT Id, Campaign.Name FROM CampaignMember "
    "WHERE SystemModstamp >= 2026-01-01T00:00:00Z ORDER BY SystemModstamp, Id",
    "recipients by stamp": "SELECT Id FROM ListEmailIndividualRecipient "
    "WHERE SystemModstamp > 2026-01-01T00:00:00Z ORDER BY SystemModstamp, Id",
    "first load": "SELECT Id, Name FROM Lead ORDER BY SystemModstamp, Id",
}


@pytest.mark.parametrize("name", READS)
def test_the_reads_that_matter_need_no_sort_and_no_scan_of_the_table(sandbox: Sandbox, name: str) -> None:
    """By id, by stamp, by e-mail and by parent: the plan of the generated SQL walks an index, whatever the size."""
    org = sandbox.salesforce.org
    asker = Asker(org.catalog, org.rights.of(org.system_user_id), org.clock.now().date(), ZoneInfo("UTC"))
    plan = plan_query(asker, parse(READS[name]))
    sql = f"SELECT {', '.join(plan.columns)} FROM {plan.source} WHERE {plan.where}{plan.order} LIMIT 2001"
    steps = [row[3] for row in sandbox.store.rows(f"EXPLAIN QUERY PLAN {sql}", plan.where_parameters)]
    assert not any("TEMP B-TREE" in step for step in steps), steps
    assert all("INDEX" in step or "PRIMARY KEY" in step for step in steps if step.startswith(("SCAN", "SEARCH"))), steps
