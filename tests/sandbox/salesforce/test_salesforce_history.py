"""Field history says who changed what, so that our writes and a person's can be told apart."""

from __future__ import annotations

from typing import Any

from salesforce_company import Company, Rest

from sandbox.author import Author
from sandbox.core import Sandbox

FIELDS = "SELECT Field, OldValue, NewValue, CreatedById FROM LeadHistory WHERE LeadId = '{0}' ORDER BY CreatedDate, Id"


def rows(rest: Rest, lead: str) -> list[tuple[Any, ...]]:
    return [(row["Field"], row["OldValue"], row["NewValue"]) for row in rest.query(FIELDS.format(lead)) if row["Field"] != "created"]


def test_each_author_is_known_by_the_user_id(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    lead = company.lead()
    rest.call("PATCH", f"sobjects/Lead/{lead}", json={"Status": "Working - Contacted"})
    rep = Author(kind="person", name="Rita", salesforce_user_id=company.rep)
    sandbox.salesforce.update("Lead", lead, {"Status": "Closed - Not Converted"}, rep)
    authors = [row["CreatedById"] for row in rest.query(FIELDS.format(lead)) if row["Field"] == "Status"]
    assert authors == [company.apps["product"].user_id, company.rep]


def test_an_owner_change_gives_names_and_ids(company: Company, rest: Rest, switch: Any) -> None:
    lead = company.lead()
    rest.call("PATCH", f"sobjects/Lead/{lead}", json={"OwnerId": company.queue})
    assert rows(rest, lead) == [("Owner", "Rita Rep", "Inbound Leads"), ("Owner", company.rep, company.queue)]
    switch("salesforce.history_owner_rows", 1)
    other = company.lead()
    rest.call("PATCH", f"sobjects/Lead/{other}", json={"OwnerId": company.queue})
    assert rows(rest, other) == [("Owner", "Rita Rep", "Inbound Leads")]


def test_only_tracked_fields_are_kept_and_tracking_is_not_retroactive(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    sandbox.salesforce.add_field("Lead", {"name": "Mood__c", "spec": "string(20)"})
    lead = company.lead()
    rest.call("PATCH", f"sobjects/Lead/{lead}", json={"Mood__c": "good", "Title": "VP"})
    assert rows(rest, lead) == []
    sandbox.salesforce.track("Lead", "Mood__c")
    rest.call("PATCH", f"sobjects/Lead/{lead}", json={"Mood__c": "bad"})
    assert rows(rest, lead) == [("Mood__c", "good", "bad")]
    where = "EntityDefinition.QualifiedApiName = 'Lead' AND QualifiedApiName = 'Mood__c'"
    soql = f"SELECT IsFieldHistoryTracked FROM FieldDefinition WHERE {where}"
    assert rest.get("tooling/query", params={"q": soql})["records"][0]["IsFieldHistoryTracked"] is True


def test_a_write_that_changes_nothing_leaves_no_history(company: Company, rest: Rest) -> None:
    lead = company.lead(Status="Working - Contacted")
    rest.call("PATCH", f"sobjects/Lead/{lead}", json={"Status": "Working - Contacted"})
    assert rows(rest, lead) == []


def test_stages_of_opportunities_are_kept_without_setup(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    deal = rest.call("POST", "sobjects/Opportunity", json={"Name": "d", "StageName": "Prospecting", "CloseDate": "2026-12-01"}).json()["id"]
    sandbox.clock.advance(5)
    rest.call("PATCH", f"sobjects/Opportunity/{deal}", json={"StageName": "Closed Won"})
    rest.call("PATCH", f"sobjects/Opportunity/{deal}", json={"NextStep": "party"})
    found = rest.query(f"SELECT StageName, Probability FROM OpportunityHistory WHERE OpportunityId = '{deal}' ORDER BY CreatedDate")
    assert [(row["StageName"], row["Probability"]) for row in found] == [("Prospecting", 10.0), ("Closed Won", 100.0)]
    record = rest.get(f"sobjects/Opportunity/{deal}")
    assert (record["IsClosed"], record["IsWon"], record["ForecastCategory"]) == (True, True, "Closed")
    tracked = rest.query(f"SELECT Field, NewValue FROM OpportunityFieldHistory WHERE OpportunityId = '{deal}' AND Field = 'StageName'")
    assert [row["NewValue"] for row in tracked] == ["Closed Won"]
