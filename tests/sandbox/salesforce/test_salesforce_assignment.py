"""Assignment rules fire on every API write of a lead unless the header Sforce-Auto-Assign says FALSE."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from salesforce_company import PERSON, Company, Rest, ToSandbox
from simple_salesforce import Salesforce as SimpleSalesforce

from sandbox.core import Sandbox

FALSE = {"Sforce-Auto-Assign": "FALSE"}


@pytest.fixture(autouse=True)
def rule(sandbox: Sandbox, company: Company) -> None:
    """Leads of postal code 28... go to the other rep, all others to the queue."""
    entries = [{"conditions": [{"field": "PostalCode", "operator": "starts_with", "value": "28"}], "owner_id": company.other_rep}]
    sandbox.salesforce.set_assignment_rule("Territories", entries, default_owner_id=company.queue)


def owner(sandbox: Sandbox, lead: str) -> str:
    found = sandbox.salesforce.get("Lead", lead)
    assert found is not None
    return str(found["OwnerId"])


@pytest.mark.parametrize(
    ("header", "kept"), [({}, False), ({"Sforce-Auto-Assign": "TRUE"}, False), (FALSE, True), ({"Sforce-Auto-Assign": "false"}, True)]
)
def test_an_update_of_any_field_may_take_the_owner_away(
    sandbox: Sandbox, company: Company, rest: Rest, header: dict[str, str], kept: bool
) -> None:
    lead = company.lead(PostalCode="28001")
    assert rest.call("PATCH", f"sobjects/Lead/{lead}", json={"Rating": "Hot"}, headers=header).status_code == 204
    assert owner(sandbox, lead) == (company.rep if kept else company.other_rep)


def test_collections_and_creates_obey_the_same_header(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    lead = company.lead(PostalCode="10115")
    body = {"records": [{"attributes": {"type": "Lead"}, "Id": lead, "Rating": "Hot"}]}
    rest.call("PATCH", "composite/sobjects", json=body, headers=FALSE)
    assert owner(sandbox, lead) == company.rep
    rest.call("PATCH", "composite/sobjects", json=body)
    assert owner(sandbox, lead) == company.queue
    new = {"LastName": "x", "Company": "c", "PostalCode": "28002"}
    made = [rest.call("POST", "sobjects/Lead", json=new, headers=headers).json()["id"] for headers in ({}, FALSE)]
    assert [owner(sandbox, one) for one in made] == [company.other_rep, company.apps["product"].user_id]


def test_the_rule_can_leave_updates_alone_by_switch(sandbox: Sandbox, company: Company, rest: Rest, switch: Any) -> None:
    switch("salesforce.assignment_rule_on_update", False)
    lead = company.lead(PostalCode="28001")
    rest.call("PATCH", f"sobjects/Lead/{lead}", json={"Rating": "Hot"})
    assert owner(sandbox, lead) == company.rep


def test_without_an_active_rule_a_new_lead_goes_to_the_default_owner(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    sandbox.salesforce.set_assignment_rule("Territories", [], active=False, default_owner_id=company.queue)
    made = rest.call("POST", "sobjects/Lead", json={"LastName": "x", "Company": "c"}).json()["id"]
    assert owner(sandbox, made) == company.queue
    lead = company.lead()
    rest.call("PATCH", f"sobjects/Lead/{lead}", json={"Rating": "Hot"})
    assert owner(sandbox, lead) == company.rep
    assert rest.query("SELECT Name FROM AssignmentRule WHERE SobjectType = 'Lead' AND Active = true") == []


def test_people_and_automations_inside_the_org_set_off_no_rule(sandbox: Sandbox, company: Company) -> None:
    lead = company.lead(PostalCode="28001")
    sandbox.salesforce.update("Lead", lead, {"Rating": "Hot"}, PERSON)
    assert owner(sandbox, lead) == company.rep


def test_the_header_is_lost_by_simple_salesforce_on_its_own_refresh(sandbox: Sandbox, company: Company) -> None:
    """The trap a client has to guard against: 401, a new login, and the write goes out again without the header."""
    app = company.apps["product"]
    session = requests.Session()
    session.mount("https://", ToSandbox(company.url))
    client = SimpleSalesforce(
        consumer_key=app.client_id, consumer_secret=app.client_secret, domain="acme.my", session=session, version="66.0"
    )
    lead = company.lead(PostalCode="28001")
    path = f"sobjects/Lead/{lead}"
    client.restful(path, method="PATCH", json={"Rating": "Hot"}, headers=FALSE)
    assert owner(sandbox, lead) == company.rep
    sandbox.apps.expire(client.session_id)
    client.restful(path, method="PATCH", json={"Rating": "Cold"}, headers=FALSE)
    assert owner(sandbox, lead) == company.other_rep
