"""What HubSpot does by itself: stages forward only, history with its source, roll-ups, merges."""

from __future__ import annotations

from typing import Any

import pytest
from hubspot.crm.contacts import PublicMergeInput

from sandbox.core import Author, Sandbox
from sandbox.hubspot.exceptions import HubSpotError

CONTACTS = "/crm/v3/objects/contacts"
REP = Author(kind="person", name="rep", hubspot_user_id=501)
NOW = "1789000000000"  # before the sandbox's clock


def _patch(api: Any, contact: str, **properties: str) -> Any:
    return api.call("PATCH", f"{CONTACTS}/{contact}", json={"properties": properties})


def _of(sandbox: Sandbox, contact: str) -> dict[str, str]:
    return dict(sandbox.hubspot.get("contacts", contact).properties)


def test_stage_moves_forward_only_and_says_nothing(api: Any, make: Any, sandbox: Sandbox) -> None:
    contact = make.contact(lifecyclestage="customer")
    assert _patch(api, contact, lifecyclestage="lead", city="Nice").status_code == 200
    assert (_of(sandbox, contact)["lifecyclestage"], _of(sandbox, contact)["city"]) == ("customer", "Nice")


def test_stage_moves_back_after_clearing(api: Any, make: Any, sandbox: Sandbox) -> None:
    contact = make.contact(lifecyclestage="customer")
    _patch(api, contact, lifecyclestage="")
    _patch(api, contact, lifecyclestage="lead")
    assert _of(sandbox, contact)["lifecyclestage"] == "lead"


def test_backward_stage_is_400_by_switch(api: Any, make: Any, sandbox: Sandbox) -> None:
    contact = make.contact(lifecyclestage="customer")
    sandbox.switches.set("hubspot.lifecycle_backward", "refuse")
    assert _patch(api, contact, lifecyclestage="lead").status_code == 400


def test_a_person_may_move_a_stage_back(make: Any, sandbox: Sandbox) -> None:
    contact = make.contact(lifecyclestage="customer")
    sandbox.hubspot.update("contacts", contact, {"lifecyclestage": "lead"}, REP)
    assert _of(sandbox, contact)["lifecyclestage"] == "lead"


def test_other_ranks_after_customer(api: Any, make: Any, sandbox: Sandbox) -> None:
    contact = make.contact(lifecyclestage="other")
    _patch(api, contact, lifecyclestage="customer")
    assert _of(sandbox, contact)["lifecyclestage"] == "other"


def test_entering_a_stage_dates_it(api: Any, make: Any, sandbox: Sandbox) -> None:
    contact = make.contact(lifecyclestage="lead")
    stamp = _patch(api, contact, lifecyclestage="marketingqualifiedlead").json()["updatedAt"]
    assert _of(sandbox, contact)["hs_lifecyclestage_marketingqualifiedlead_date"] == stamp


def test_history_names_the_author_of_each_value(api: Any, make: Any, sandbox: Sandbox) -> None:
    contact = make.contact(hs_lead_status="NEW")
    _patch(api, contact, hs_lead_status="OPEN")
    sandbox.hubspot.update(
        "contacts", contact, {"hs_lead_status": "CONNECTED"}, Author("automation", "flow", hubspot_source_id="enrollmentId:1")
    )
    sandbox.hubspot.update("contacts", contact, {"hs_lead_status": "UNQUALIFIED"}, Author("integration", "Salesforce Connector"))
    found = api.get(f"{CONTACTS}/{contact}", propertiesWithHistory="hs_lead_status").json()["propertiesWithHistory"]["hs_lead_status"]
    assert [(each["value"], each["sourceType"]) for each in found] == [
        ("UNQUALIFIED", "SALESFORCE"),
        ("CONNECTED", "AUTOMATION_PLATFORM"),
        ("OPEN", "INTEGRATION"),
        ("NEW", "CRM_UI"),
    ]
    assert (found[2]["sourceId"], found[3]["sourceId"], found[3]["updatedByUserId"]) == ("9000", "userId:501", 501)


def test_clearing_stands_in_the_history(api: Any, make: Any) -> None:
    contact = make.contact(lifecyclestage="customer")
    _patch(api, contact, lifecyclestage="")
    _patch(api, contact, lifecyclestage="lead")
    found = api.get(f"{CONTACTS}/{contact}", propertiesWithHistory="lifecyclestage").json()["propertiesWithHistory"]["lifecyclestage"]
    assert [each["value"] for each in found] == ["lead", "", "customer"]


def test_history_is_kept_to_a_depth(api: Any, make: Any, sandbox: Sandbox) -> None:
    contact = make.contact(city="0")
    for n in range(1, 50):
        sandbox.hubspot.update("contacts", contact, {"city": str(n)}, REP)
    found = api.get(f"{CONTACTS}/{contact}", propertiesWithHistory="city").json()["propertiesWithHistory"]["city"]
    assert ([found[0]["value"], found[-1]["value"]], len(found)) == (["49", "5"], 45)


def test_records_say_who_created_them(api: Any) -> None:
    made = api.post("/crm/v3/objects/notes", {"properties": {"hs_timestamp": NOW, "hs_note_body": "x"}}).json()
    shown = api.get(f"/crm/v3/objects/notes/{made['id']}", properties="hs_object_source,hs_object_source_id,hs_object_source_label").json()[
        "properties"
    ]
    assert (shown["hs_object_source"], shown["hs_object_source_id"]) == ("INTEGRATION", "9000")


def test_assigning_an_owner_dates_it_and_makes_the_lead_unworked(api: Any, make: Any, sandbox: Sandbox) -> None:
    contact, owner = make.contact(), sandbox.hubspot.add_owner("r@acme.example", "R", "R")
    stamp = _patch(api, contact, hubspot_owner_id=owner).json()["updatedAt"]
    assert (_of(sandbox, contact)["hubspot_owner_assigneddate"], _of(sandbox, contact)["hs_is_unworked"]) == (stamp, "true")


@pytest.mark.parametrize("by_api", [True, False])
def test_a_task_contaminates_the_activity_roll_ups(api: Any, make: Any, sandbox: Sandbox, by_api: bool) -> None:
    owner = sandbox.hubspot.add_owner("s@acme.example", "S", "S")
    contact = make.contact(hubspot_owner_id=owner)
    due = {"hs_timestamp": "1890000000000", "hs_task_subject": "Call"}
    if by_api:
        link = {"to": {"id": contact}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 204}]}
        api.post("/crm/v3/objects/tasks", {"properties": due, "associations": [link]})
    else:
        make.record("tasks", [("contacts", contact, 204)], **due)
    values = _of(sandbox, contact)
    assert (values["num_notes"], values["hs_notes_next_activity_type"], values["hs_is_unworked"]) == ("1", "TASK", "false")
    assert values["notes_next_activity_date"].startswith("2029")
    assert "notes_last_updated" in values
    assert "notes_last_contacted" not in values
    assert "num_contacted_notes" not in values


def test_completing_the_task_ends_the_next_activity(api: Any, make: Any, sandbox: Sandbox) -> None:
    contact = make.contact()
    task = make.record("tasks", [("contacts", contact, 204)], hs_timestamp="1890000000000", hs_task_subject="Call")
    assert sandbox.hubspot.get("tasks", task).properties["hs_task_completion_date"].startswith("2029")
    done = api.call("PATCH", f"/crm/v3/objects/tasks/{task}", json={"properties": {"hs_task_status": "COMPLETED"}}).json()
    assert sandbox.hubspot.get("tasks", task).properties["hs_task_completion_date"] == done["updatedAt"]
    assert "notes_next_activity_date" not in _of(sandbox, contact)


def test_a_call_counts_as_contact(make: Any, sandbox: Sandbox) -> None:
    contact = make.contact()
    make.record("calls", [("contacts", contact, 194)], hs_timestamp=NOW, hs_call_direction="OUTBOUND")
    values = _of(sandbox, contact)
    assert (values["num_contacted_notes"], values["num_notes"]) == ("1", "1")
    assert values["notes_last_contacted"] == values["hs_first_outreach_date"] == "2026-09-10T00:26:40.000Z"


def test_a_reply_is_the_leads_doing(make: Any, sandbox: Sandbox) -> None:
    contact = make.contact()
    make.record("emails", [("contacts", contact, 198)], hs_timestamp=NOW, hs_email_direction="INCOMING_EMAIL")
    values = _of(sandbox, contact)
    assert values["hs_sales_email_last_replied"] == values["hs_last_sales_activity_timestamp"]
    assert "notes_last_contacted" not in values


def test_associating_later_counts_once(api: Any, make: Any, sandbox: Sandbox) -> None:
    contact, call = make.contact(), make.record("calls", hs_timestamp=NOW, hs_call_direction="OUTBOUND")
    for _ in range(2):
        assert api.call("PUT", f"/crm/v4/objects/calls/{call}/associations/default/contacts/{contact}").status_code == 200
    assert _of(sandbox, contact)["num_notes"] == "1"


def test_roll_ups_lag_by_switch(api: Any, make: Any, sandbox: Sandbox) -> None:
    contact = make.contact()
    sandbox.switches.set("hubspot.rollup_lag_seconds", 120.0)
    make.record("calls", [("contacts", contact, 194)], hs_timestamp=NOW, hs_call_direction="OUTBOUND")
    assert api.get(f"{CONTACTS}/{contact}", properties="num_notes").json()["properties"]["num_notes"] is None
    sandbox.clock.advance(121)
    assert api.get(f"{CONTACTS}/{contact}", properties="num_notes").json()["properties"]["num_notes"] == "1"


def test_rebuilt_roll_ups_equal_those_of_single_writes(make: Any, sandbox: Sandbox) -> None:
    one, two = make.contact(), make.contact()
    now = sandbox.clock.now()
    make.record("calls", [("contacts", one, 194)], hs_timestamp=NOW)
    make.record("emails", [("contacts", one, 198)], hs_timestamp=NOW, hs_email_direction="INCOMING_EMAIL")
    calls = sandbox.hubspot.load("calls", [(None, {"hs_timestamp": "2026-09-10T00:26:40.000Z"}, now, now, None)])
    mails = sandbox.hubspot.load(
        "emails", [(None, {"hs_timestamp": "2026-09-10T00:26:40.000Z", "hs_email_direction": "INCOMING_EMAIL"}, now, now, None)]
    )
    sandbox.hubspot.load_associations("contacts", "calls", [(two, calls[0])])
    sandbox.hubspot.load_associations("contacts", "emails", [(two, mails[0])])
    assert sandbox.hubspot.rebuild_rollups() >= 1
    names = ("num_notes", "num_contacted_notes", "notes_last_contacted", "notes_last_updated", "hs_sales_email_last_replied")
    assert {name: _of(sandbox, two).get(name) for name in names} == {name: _of(sandbox, one).get(name) for name in names}


def test_a_new_address_starts_the_mail_figures_anew(make: Any, sandbox: Sandbox) -> None:
    contact = make.contact()
    sandbox.hubspot.update("contacts", contact, {"hs_email_delivered": "9"}, Author("marketing", "mailer"))
    sandbox.hubspot.update("contacts", contact, {"email": "new-address@acme.example"}, REP)
    assert "hs_email_delivered" not in _of(sandbox, contact)


def test_deal_stage_sets_its_flags(api: Any, make: Any, sandbox: Sandbox) -> None:
    deal = make.record("deals", dealname="d", dealstage="contractsent")
    api.call("PATCH", f"/crm/v3/objects/deals/{deal}", json={"properties": {"dealstage": "closedwon"}})
    values = sandbox.hubspot.get("deals", deal).properties
    assert (values["hs_is_closed_won"], values["hs_is_closed_lost"]) == ("true", "false")
    assert values["hs_v2_date_entered_closedwon"] == values["hs_v2_date_exited_contractsent"]


def test_a_contact_counts_its_deals(make: Any, sandbox: Sandbox) -> None:
    contact = make.contact()
    make.record("deals", [("contacts", contact, 3)], dealname="d")
    assert _of(sandbox, contact)["num_associated_deals"] == "1"


def test_sdk_merge_redirects_the_old_id(sdk: Any, api: Any, make: Any, sandbox: Sandbox) -> None:
    winner, loser = make.contact(city="Rome"), make.contact(city="Oslo", country="NO")
    call = make.record("calls", [("contacts", loser, 194)], hs_timestamp=NOW)
    sdk.crm.contacts.basic_api.merge(PublicMergeInput(object_id_to_merge=loser, primary_object_id=winner))
    shown = api.get(f"{CONTACTS}/{loser}", properties="city,country,hs_merged_object_ids").json()
    assert shown["id"] == winner
    assert (shown["properties"]["city"], shown["properties"]["country"], shown["properties"]["hs_merged_object_ids"]) == (
        "Rome",
        "NO",
        loser,
    )
    assert loser not in [each["id"] for each in api.get(CONTACTS, limit=100).json()["results"]]
    assert [each["toObjectId"] for each in api.get(f"/crm/v4/objects/contacts/{winner}/associations/calls").json()["results"]] == [
        int(call)
    ]


def test_chained_merges_lead_to_the_last_survivor(api: Any, make: Any, sandbox: Sandbox) -> None:
    a, b, c = make.contact(), make.contact(), make.contact()
    sandbox.hubspot.merge("contacts", b, a, REP)
    sandbox.hubspot.merge("contacts", c, b, REP)
    found = api.post("/crm/v3/objects/contacts/batch/read", {"inputs": [{"id": a}], "properties": ["hs_merged_object_ids"]}).json()[
        "results"
    ]
    assert (found[0]["id"], found[0]["properties"]["hs_merged_object_ids"]) == (c, f"{a};{b}")


def test_a_merged_address_still_finds_the_survivor(api: Any, make: Any, sandbox: Sandbox) -> None:
    winner, loser = make.contact(), make.contact(email="old-name@acme.example")
    sandbox.hubspot.merge("contacts", winner, loser, REP)
    assert api.get(f"{CONTACTS}/old-name@acme.example", idProperty="email").json()["id"] == winner


def test_merging_past_250_identities_is_414(api: Any, make: Any, sandbox: Sandbox) -> None:
    many = ";".join(str(n) for n in range(250))
    winner, loser = make.contact(), make.contact()
    sandbox.hubspot.update("contacts", winner, {"hs_merged_object_ids": many}, Author("system", "system"))
    reply = api.post(f"{CONTACTS}/merge", {"primaryObjectId": winner, "objectIdToMerge": loser})
    assert reply.status_code == 414
    assert "250 identities" in reply.json()["message"]


def test_gdpr_delete_is_for_good(api: Any, make: Any) -> None:
    contact = make.contact(email="forget@acme.example")
    assert api.post(f"{CONTACTS}/gdpr-delete", {"objectId": "forget@acme.example", "idProperty": "email"}).status_code == 204
    assert api.get(f"{CONTACTS}/{contact}", archived="true").status_code == 404
    assert api.post(CONTACTS, {"properties": {"email": "forget@acme.example"}}).status_code == 400


def test_every_write_is_in_the_journal_with_its_author(api: Any, make: Any, sandbox: Sandbox) -> None:
    contact = make.contact(city="Rome")
    _patch(api, contact, city="Paris")
    last = [row for row in sandbox.journal.read("hubspot", "contacts", contact) if row["field"] == "city"][-1]
    assert (last["old"], last["new"], last["author"], last["author_kind"]) == ("Rome", "Paris", "product", "app")


def test_the_model_refuses_in_hubspots_words(make: Any, sandbox: Sandbox) -> None:
    with pytest.raises(HubSpotError, match="PROPERTY_DOESNT_EXIST"):
        sandbox.hubspot.update("contacts", make.contact(), {"nope": "1"}, REP)


def test_validation_rules_bind_api_writers(api: Any, make: Any, sandbox: Sandbox) -> None:
    sandbox.hubspot.add_validation_rule("contacts", "zip", "NUMERIC")
    assert _patch(api, make.contact(), zip="AB1").status_code == 400
    assert "INVALID_NUMERIC" in _patch(api, make.contact(), zip="AB1").json()["message"]


def test_conditional_rules_bind_from_2026_09_only(api: Any, make: Any, sandbox: Sandbox) -> None:
    sandbox.hubspot.require_property("contacts", "message", when=("hs_lead_status", ["UNQUALIFIED"]))
    body = {"properties": {"hs_lead_status": "UNQUALIFIED"}}
    contact = make.contact()
    assert api.call("PATCH", f"/crm/objects/2026-03/contacts/{contact}", json=body).status_code == 200
    refused = api.call("PATCH", f"/crm/objects/2026-09/contacts/{contact}", json=body)
    assert refused.json()["errors"][0]["code"] == "MISSING_CONDITIONAL_REQUIRED_PROPERTY"
    assert refused.json()["errors"][0]["context"] == {"propertyName": ["message"]}
