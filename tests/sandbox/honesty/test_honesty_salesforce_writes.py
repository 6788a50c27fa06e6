"""Salesforce writes of one record, and what refuses them."""

from typing import Any

import pytest
from honesty_driver import Org, World
from honesty_salesforce import code, refusal


def test_create_answers_201_with_an_id(org: Org) -> None:
    """POST -> 201 {"id","success":true,"errors":[]}; Status is defaulted; the owner is the writer."""
    body = {"LastName": "Blind", "Company": "C", "Region__c": "West"}

    reply = org.call("POST", "sobjects/Lead", json=body, headers={"Sforce-Auto-Assign": "FALSE"})

    assert (reply.status_code, reply.json()) == (201, {"id": reply.json()["id"], "success": True, "errors": []})
    made = org.lead(reply.json()["id"])
    assert (made["Status"], made["OwnerId"]) == ("Open - Not Contacted", org.apps["product"]["user_id"])


def test_patch_answers_204_without_a_body(org: Org, lead: str) -> None:
    """PATCH -> 204, no body; the writer is LastModifiedById."""
    reply = org.patch(lead, Title="Blind")

    assert (reply.status_code, reply.content) == (204, b"")
    assert (org.lead(lead)["Title"], org.lead(lead)["LastModifiedById"]) == ("Blind", org.apps["product"]["user_id"])


def test_a_patch_of_nothing_new_still_bumps_the_stamp(org: Org, world: World, lead: str) -> None:
    """A no-op PATCH still moves LastModifiedDate and SystemModstamp."""
    org.patch(lead, Title="same")
    before = org.lead(lead)["SystemModstamp"]
    world.advance(10)

    org.patch(lead, Title="same")

    assert org.lead(lead)["SystemModstamp"] > before


def test_an_unknown_status_is_accepted(org: Org, lead: str) -> None:
    """Standard picklists are unrestricted: an unknown Status value is ACCEPTED."""
    assert org.patch(lead, Status="Nobody defined this").status_code == 204


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"Nope__c": "x"}, "INVALID_FIELD"),
        ({"Name": "x"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"LastName": "x" * 81}, "STRING_TOO_LONG"),
        ({"LastName": None}, "REQUIRED_FIELD_MISSING"),
        ({"Email": "nobody"}, "INVALID_EMAIL_ADDRESS"),
        ({"GeocodeAccuracy": "nowhere"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"Region__c": None}, "FIELD_CUSTOM_VALIDATION_EXCEPTION"),
        ({"OwnerId": "0055g00000ZZZZZAAA"}, "INVALID_CROSS_REFERENCE_KEY"),
    ],
)
def test_a_bad_field_is_refused_by_code(org: Org, lead: str, fields: dict[str, Any], error: str) -> None:
    """Each record-level refusal has its own code, 400 on a single-record call, and changes nothing."""
    before = org.lead(lead)

    assert code(org.patch(lead, **fields)) == (400, error)
    assert org.lead(lead) == before


def test_required_fields_on_create(org: Org) -> None:
    """Required on create: LastName and Company."""
    reply = org.call("POST", "sobjects/Lead", json={"LastName": "x", "Region__c": "West"})

    assert code(reply) == (400, "REQUIRED_FIELD_MISSING")
    assert refusal(reply)["fields"] == ["Company"]


def test_a_converted_lead_cannot_be_written(org: Org, world: World) -> None:
    """CANNOT_UPDATE_CONVERTED_LEAD "cannot reference converted lead"; the lead stays readable."""
    converted = world.planted("converted", "salesforce")[0]

    reply = org.patch(converted, Title="x")

    assert (code(reply), refusal(reply)["message"]) == ((400, "CANNOT_UPDATE_CONVERTED_LEAD"), "cannot reference converted lead")
    assert org.lead(converted)["ConvertedContactId"].startswith("003")


def test_a_patch_cannot_convert(org: Org, lead: str) -> None:
    """A Lead cannot be updated into a converted status by PATCH: it needs convertLead."""
    status = org.rows("SELECT ApiName FROM LeadStatus WHERE IsConverted = true")[0]["ApiName"]

    assert org.patch(lead, Status=status).status_code == 400
    assert org.lead(lead)["IsConverted"] is False


def test_a_deleted_lead_says_so(org: Org, world: World) -> None:
    """ENTITY_IS_DELETED."""
    reply = org.patch(world.planted("deleted_lead", "salesforce")[0], Title="x")

    assert refusal(reply)["errorCode"] == "ENTITY_IS_DELETED"
    assert reply.status_code in {400, 404}


def test_inactive_users_cannot_own(org: Org, world: World, lead: str) -> None:
    """INACTIVE_OWNER_OR_USER "operation performed with inactive user"."""
    reply = org.patch(lead, OwnerId=world.person(active=False)["salesforce_user_id"])

    assert code(reply) == (400, "INACTIVE_OWNER_OR_USER")
    assert refusal(reply)["message"].startswith("operation performed with inactive user")


def test_leads_of_people_who_left_need_a_new_owner(org: Org, world: World) -> None:
    """Leads need an active owner: any update is refused unless the owner changes in it."""
    orphan = world.planted("departed_owner", "salesforce")[0]
    new = world.person(active=True)["salesforce_user_id"]

    assert code(org.patch(orphan, Title="x")) == (400, "INACTIVE_OWNER_OR_USER")
    assert org.patch(orphan, OwnerId=new).status_code == 204
    assert org.patch(orphan, Title="x").status_code == 204


def test_a_reader_may_not_write(org: Org, lead: str) -> None:
    """INSUFFICIENT_ACCESS_OR_READONLY, 403 on a single-record call."""
    assert code(org.call("PATCH", f"sobjects/Lead/{lead}", role="reader", json={"Title": "x"})) == (403, "INSUFFICIENT_ACCESS_OR_READONLY")


def test_a_missing_record_is_404(org: Org) -> None:
    """GET of an id that does not exist: 404 NOT_FOUND."""
    assert code(org.call("GET", "sobjects/Lead/00Q5g00000ZZZZZEAA")) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "nowhere", 404), ("GET", "/services/data/v20.0/limits", 404), ("PUT", "limits", 405)]
)
def test_unknown_resources_are_refused(org: Org, method: str, path: str, status: int) -> None:
    """404 and 405 come as the error array."""
    reply = org.call(method, path)

    assert (reply.status_code, "errorCode" in refusal(reply)) == (status, True)


@pytest.fixture
def rule(org: Org) -> str:
    """The id of the org's active rule for leads."""
    found: str = org.rows("SELECT Id FROM AssignmentRule WHERE SobjectType = 'Lead' AND Active = true")[0]["Id"]
    return found


@pytest.mark.usefixtures("rule")
def test_any_patch_may_lose_the_owner(org: Org, lead: str) -> None:
    """Sforce-Auto-Assign defaults to TRUE: an active rule replaces the OwnerId on a PATCH of something else."""
    before = org.lead(lead)["OwnerId"]

    assert org.call("PATCH", f"sobjects/Lead/{lead}", json={"Title": "x"}).status_code == 204

    assert org.lead(lead)["OwnerId"] != before


@pytest.mark.usefixtures("rule")
@pytest.mark.parametrize("word", ["FALSE", "false", "False"])
def test_the_header_keeps_the_owner(org: Org, lead: str, word: str) -> None:
    """FALSE in any case keeps the owner, on a single record and in a collection."""
    before, headers = org.lead(lead)["OwnerId"], {"Sforce-Auto-Assign": word}

    org.call("PATCH", f"sobjects/Lead/{lead}", json={"Title": "x"}, headers=headers)
    org.collection([{"id": lead, "Title": "y"}], headers=headers)

    assert (org.lead(lead)["Title"], org.lead(lead)["OwnerId"]) == ("y", before)


@pytest.mark.usefixtures("rule")
def test_a_collection_without_the_header_loses_owners(org: Org) -> None:
    """The default holds for collections too."""
    leads = org.open_leads(5)
    owners = [org.lead(lead)["OwnerId"] for lead in leads]

    org.collection([{"id": lead, "Title": "x"} for lead in leads])

    assert [org.lead(lead)["OwnerId"] for lead in leads] != owners


def test_the_header_may_name_a_rule(org: Org, lead: str, rule: str) -> None:
    """A rule id in the header runs that rule."""
    before = org.lead(lead)["OwnerId"]

    org.call("PATCH", f"sobjects/Lead/{lead}", json={"Title": "x"}, headers={"Sforce-Auto-Assign": rule})

    assert org.lead(lead)["OwnerId"] != before
