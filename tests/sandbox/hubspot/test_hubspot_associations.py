"""Associations v4 over HTTP and the SDK."""

from __future__ import annotations

from typing import Any

import pytest
from hubspot.crm.associations.v4 import BatchInputPublicFetchAssociationsBatchRequest

from sandbox.core import Sandbox

LINKS = "/crm/v4/associations"


def test_sdk_batch_read_shows_the_primary_label(sdk: Any, make: Any) -> None:
    company = make.record("companies", name="Acme")
    contact = make.record("contacts", [("companies", company, 1)], firstname="A")
    found = sdk.crm.associations.v4.batch_api.get_page(
        "contacts", "companies", BatchInputPublicFetchAssociationsBatchRequest(inputs=[{"id": contact}])
    )
    (target,) = found.results[0].to
    assert target.to_object_id == company or target.to_object_id == int(company)
    assert {(each.type_id, each.label) for each in target.association_types} == {(1, "Primary"), (279, None)}


def test_to_object_id_is_a_number(api: Any, make: Any) -> None:
    company = make.record("companies", name="Acme")
    contact = make.record("contacts", [("companies", company, 279)], firstname="A")
    found = api.post(f"{LINKS}/contacts/companies/batch/read", {"inputs": [{"id": contact}]}).json()
    assert found["results"][0]["to"][0]["toObjectId"] == int(company)


def test_the_other_direction_has_its_own_type_ids(api: Any, make: Any) -> None:
    company = make.record("companies", name="Acme")
    contact = make.record("contacts", [("companies", company, 1)], firstname="A")
    found = api.get(f"/crm/objects/2026-03/companies/{company}/associations/contacts").json()["results"]
    assert found == [
        {
            "toObjectId": int(contact),
            "associationTypes": [
                {"category": "HUBSPOT_DEFINED", "typeId": 2, "label": "Primary"},
                {"category": "HUBSPOT_DEFINED", "typeId": 280, "label": None},
            ],
        }
    ]


def test_records_without_associations_are_left_out_or_reported_by_switch(api: Any, make: Any, sandbox: Sandbox) -> None:
    body = {"inputs": [{"id": make.contact()}]}
    assert api.post(f"{LINKS}/contacts/deals/batch/read", body).json()["results"] == []
    sandbox.switches.set("hubspot.associations_read_empty", "error")
    reply = api.post(f"{LINKS}/contacts/deals/batch/read", body)
    assert (reply.status_code, reply.json()["numErrors"]) == (207, 1)


@pytest.mark.parametrize(("operation", "limit"), [("read", 1000), ("create", 2000), ("archive", 2000)])
def test_batch_limits(api: Any, operation: str, limit: int) -> None:
    reply = api.post(f"{LINKS}/contacts/deals/batch/{operation}", {"inputs": [{"id": str(n)} for n in range(limit + 1)]})
    assert reply.status_code == 400
    assert str(limit) in reply.json()["message"]


def test_create_and_archive(api: Any, make: Any) -> None:
    contact, deal = make.contact(), make.record("deals", dealname="d")
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 4}]
    made = api.post(f"{LINKS}/contacts/deals/batch/create", {"inputs": [{"from": {"id": contact}, "to": {"id": deal}, "types": types}]})
    assert made.status_code == 201
    assert [each["toObjectId"] for each in api.get(f"/crm/v4/objects/deals/{deal}/associations/contacts").json()["results"]] == [
        int(contact)
    ]
    gone = api.post(f"{LINKS}/contacts/deals/batch/archive", {"inputs": [{"from": {"id": contact}, "to": [{"id": deal}]}]})
    assert gone.status_code == 204
    assert api.get(f"/crm/v4/objects/deals/{deal}/associations/contacts").json()["results"] == []


def test_a_wrong_type_id_is_refused_and_the_right_ones_named(api: Any, make: Any) -> None:
    contact, deal = make.contact(), make.record("deals", dealname="d")
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 204}]
    reply = api.post(f"{LINKS}/contacts/deals/batch/create", {"inputs": [{"from": {"id": contact}, "to": {"id": deal}, "types": types}]})
    assert reply.status_code == 400
    assert "valid: [4]" in reply.json()["message"]


def test_a_contact_has_one_primary_company(api: Any, make: Any) -> None:
    first, second = make.record("companies", name="1"), make.record("companies", name="2")
    contact = make.record("contacts", [("companies", first, 1)], firstname="A")
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 1}]
    api.call("PUT", f"/crm/v4/objects/contacts/{contact}/associations/companies/{second}", json=types)
    found = api.get(f"/crm/v4/objects/contacts/{contact}/associations/companies").json()["results"]
    primary = [each["toObjectId"] for each in found if 1 in [t["typeId"] for t in each["associationTypes"]]]
    assert ([each["toObjectId"] for each in found], primary) == ([int(first), int(second)], [int(second)])


def test_a_company_may_be_primary_for_many(api: Any, make: Any) -> None:
    company = make.record("companies", name="Acme")
    contacts = [make.record("contacts", [("companies", company, 1)], firstname=str(n)) for n in range(2)]
    found = api.post(f"{LINKS}/contacts/companies/batch/read", {"inputs": [{"id": c} for c in contacts]}).json()["results"]
    assert all(1 in [t["typeId"] for t in each["to"][0]["associationTypes"]] for each in found)


def test_labels_list_the_types_of_a_pair(api: Any) -> None:
    found = api.get(f"{LINKS}/contacts/tasks/labels").json()["results"]
    assert found == [{"category": "HUBSPOT_DEFINED", "typeId": 203, "label": None}]


def test_a_lead_without_its_primary_contact_is_archived(api: Any, make: Any, sandbox: Sandbox) -> None:
    contact = make.contact()
    lead = make.record("leads", [("contacts", contact, 578)], hs_lead_name="L")
    assert api.call("DELETE", f"/crm/v4/objects/leads/{lead}/associations/contacts/{contact}").status_code == 204
    assert sandbox.hubspot.get("leads", lead).archived


def test_single_listing_pages(api: Any, make: Any, sandbox: Sandbox) -> None:
    contact = make.contact()
    notes = [make.record("notes", [("contacts", contact, 202)], hs_timestamp="1780000000000", hs_note_body=str(n)) for n in range(3)]
    first = api.get(f"/crm/v4/objects/contacts/{contact}/associations/notes", limit=2).json()
    rest = api.get(f"/crm/v4/objects/contacts/{contact}/associations/notes", limit=2, after=first["paging"]["next"]["after"]).json()
    assert [str(each["toObjectId"]) for each in first["results"] + rest["results"]] == notes
