"""HubSpot owners, associations, engagements and activity signals."""

import json
import re

import pytest
from honesty_driver import Portal, World
from honesty_hubspot import FIRST


def test_deactivated_owners_are_a_separate_list(portal: Portal, world: World) -> None:
    """Archived owners only with archived=true; they keep userIdIncludingInactive while userId drops."""
    left = world.person(active=False)
    here = portal.get("/crm/v3/owners/").json()["results"]
    gone = portal.get("/crm/v3/owners?archived=true").json()["results"]

    assert left["hubspot_owner_id"] not in {owner["id"] for owner in here}
    owner = next(owner for owner in gone if owner["id"] == left["hubspot_owner_id"])
    assert (owner["archived"], owner["userIdIncludingInactive"], "userId" in owner) == (True, left["hubspot_user_id"], False)


def test_an_owner_has_the_documented_shape(portal: Portal, world: World) -> None:
    """Owner: string id, numeric userId, type PERSON, teams; readable by userId too."""
    person = world.person(active=True)

    owner = portal.get(f"/crm/owners/2026-03/{person['hubspot_user_id']}?idProperty=userId").json()

    assert {
        "id",
        "email",
        "type",
        "firstName",
        "lastName",
        "userId",
        "userIdIncludingInactive",
        "createdAt",
        "updatedAt",
        "archived",
    } <= set(owner)
    assert (owner["id"], owner["email"], owner["type"]) == (person["hubspot_owner_id"], person["email"], "PERSON")
    assert isinstance(owner["userId"], int)


def test_user_objects_hold_hours_and_join_by_internal_id(portal: Portal, world: World) -> None:
    """Users (0-115): hs_working_hours is JSON in a string, hs_internal_user_id = Owner.userId; the object id is not the owner id."""
    names = "hs_working_hours,hs_standard_time_zone,hs_internal_user_id,hs_availability_status,hs_out_of_office_hours"
    users = portal.get("/crm/objects/2026-03/users", params={"properties": names, "limit": 100}).json()["results"]
    person = world.person(active=True)

    user = next(user for user in users if user["properties"]["hs_internal_user_id"] == str(person["hubspot_user_id"]))

    assert user["id"] != person["hubspot_owner_id"]
    assert user["properties"]["hs_standard_time_zone"] == person["time_zone"]
    hours = json.loads(user["properties"]["hs_working_hours"])[0]
    assert 0 <= hours["startMinute"] < hours["endMinute"] <= 1440


def test_association_ids_are_numbers_on_v4(portal: Portal) -> None:
    """v4 batch/read: `from.id` is a string, `toObjectId` a JSON number, types with category, typeId, label; 279 and primary 1."""
    reply = portal.post("/crm/v4/associations/contacts/companies/batch/read", {"inputs": [{"id": FIRST}]})
    row = reply.json()["results"][0]

    assert (reply.status_code, reply.json()["status"], row["from"]) == (200, "COMPLETE", {"id": FIRST})
    assert isinstance(row["to"][0]["toObjectId"], int)
    types = {(kind["typeId"], kind["label"]) for kind in row["to"][0]["associationTypes"]}
    assert types == {(1, "Primary"), (279, None)}


def test_associations_take_a_thousand(portal: Portal) -> None:
    """Associations batch read: 1,000 inputs."""
    address = "/crm/v4/associations/contacts/companies/batch/read"

    assert portal.post(address, {"inputs": [{"id": str(number)} for number in range(1001)]}).status_code == 400
    assert portal.post(address, {"inputs": [{"id": str(100_001 + number)} for number in range(1000)]}).status_code in {200, 207}


@pytest.mark.parametrize(
    ("kind", "needed"), [("tasks", "hs_timestamp"), ("notes", "hs_timestamp"), ("calls", "hs_timestamp"), ("meetings", "hs_timestamp")]
)
def test_engagements_need_a_timestamp(portal: Portal, kind: str, needed: str) -> None:
    """Calls, notes, tasks and meetings need hs_timestamp."""
    refused = portal.post(f"/crm/v3/objects/{kind}", {"properties": {}})
    taken = portal.post(f"/crm/v3/objects/{kind}", {"properties": {needed: "2026-11-03T10:00:00Z"}})

    assert (refused.status_code, taken.status_code) == (400, 201)


def test_a_task_is_bound_inline_and_unknown_properties_ignored(portal: Portal) -> None:
    """Task -> contact is type 204; unknown properties are IGNORED on engagements."""
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 204}]
    properties = {"hs_timestamp": "2026-11-03T10:00:00Z", "hs_task_subject": "Call", "no_such_property": "x"}

    task = portal.post("/crm/v3/objects/tasks", {"properties": properties, "associations": [{"to": {"id": FIRST}, "types": types}]})

    assert task.status_code == 201
    assert "no_such_property" not in task.json()["properties"]
    bound = portal.get(f"/crm/v4/objects/contacts/{FIRST}/associations/tasks").json()["results"]
    assert int(task.json()["id"]) in [row["toObjectId"] for row in bound]


def test_a_logged_call_moves_the_touch_dates(portal: Portal, world: World) -> None:
    """notes_last_contacted: last call, e-mail or meeting logged; num_contacted_notes counts them."""
    before = int(portal.value(FIRST, "num_contacted_notes") or 0)
    act = {"vendor": "hubspot", "object": "contacts", "id": FIRST, "rep": world.person(active=True)["email"], "action": "log_call"}

    world.control("POST", "act/rep", json=act)

    assert portal.value(FIRST, "notes_last_contacted") is not None
    assert int(portal.value(FIRST, "num_contacted_notes") or 0) == before + 1


def test_our_note_does_not_count_as_a_touch(portal: Portal) -> None:
    """A note moves notes_last_updated, never notes_last_contacted (calls, e-mails and meetings do)."""
    untouched = portal.value(FIRST, "notes_last_contacted")
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 202}]
    properties = {"hs_timestamp": "2026-11-01T10:00:00Z", "hs_note_body": "seen"}

    portal.post("/crm/v3/objects/notes", {"properties": properties, "associations": [{"to": {"id": FIRST}, "types": types}]})

    assert portal.value(FIRST, "notes_last_updated") is not None
    assert portal.value(FIRST, "notes_last_contacted") == untouched


def test_a_form_leaves_its_guid_and_moves_the_conversion(portal: Portal, world: World) -> None:
    """hs_calculated_form_submissions gains `guid::ms`; recent_conversion_date advances; num_conversion_events counts."""
    form = world.manifest["forms"][0]
    before = int(portal.value(FIRST, "num_conversion_events") or 0)

    world.control("POST", "act/lead", json={"vendor": "hubspot", "id": FIRST, "action": "form", "form": form["key"]})

    last = (portal.value(FIRST, "hs_calculated_form_submissions") or "").split(";")[-1]
    assert re.match(rf"{form['guid']}::\d{{13}}$", last)
    assert int(portal.value(FIRST, "num_conversion_events") or 0) == before + 1
    assert (portal.value(FIRST, "recent_conversion_event_name") or "") != ""


@pytest.mark.parametrize(
    ("action", "name"),
    [
        ("click", "hs_email_last_click_date"),
        ("visit", "hs_analytics_last_visit_timestamp"),
        ("reply", "hs_sales_email_last_replied"),
        ("opt_out", "hs_email_optout"),
        ("bounce", "hs_email_hard_bounce_reason_enum"),
        ("meeting_booked", "engagements_last_meeting_booked"),
    ],
)
def test_what_a_lead_does_shows_in_its_property(portal: Portal, world: World, action: str, name: str) -> None:
    """Each activity signal has its own calculated property."""
    before = portal.value(FIRST, name)

    world.control("POST", "act/lead", json={"vendor": "hubspot", "id": FIRST, "action": action})

    assert portal.value(FIRST, name) not in {None, before, "false"}


def test_a_lead_object_needs_a_contact(portal: Portal) -> None:
    """Leads (0-136): hs_lead_name and an association to an existing primary contact (578) are compulsory."""
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 578}]
    bound = [{"to": {"id": FIRST}, "types": types}]

    assert portal.post("/crm/v3/objects/leads", {"properties": {"hs_lead_name": "x"}}).status_code == 400
    assert portal.post("/crm/v3/objects/leads", {"properties": {}, "associations": bound}).status_code == 400
    assert portal.post("/crm/v3/objects/0-136", {"properties": {"hs_lead_name": "x"}, "associations": bound}).status_code == 201


def test_marketing_mails_whom_it_may(portal: Portal, world: World) -> None:
    """Marketing mail goes by a property and sets hs_email_last_send_date; who unsubscribed, bounced or is not marketable gets none."""
    barred = [world.planted(kind, "hubspot")[0] for kind in ("opted_out", "bounced", "non_marketable")]
    before = {contact: portal.value(contact, "hs_email_last_send_date") for contact in [FIRST, *barred]}
    people = [{"id": contact, "properties": {"jobtitle": "mail me"}} for contact in [FIRST, *barred]]
    assert portal.post("/crm/v3/objects/contacts/batch/update", {"inputs": people}).status_code == 200
    rule = {"vendor": "hubspot", "object": "contacts", "property": "jobtitle", "values": ["mail me"], "every_days": 7}
    world.control("PUT", "marketing", json={"rules": [rule]})

    world.control("POST", "clock", json={"advance_seconds": 8 * 86_400})

    moved = {contact for contact, sent in before.items() if portal.value(contact, "hs_email_last_send_date") != sent}
    assert moved == {FIRST}
