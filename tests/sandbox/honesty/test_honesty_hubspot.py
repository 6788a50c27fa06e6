"""HubSpot as its documentation, its recordings and its users describe it: records, lists, values, single writes."""

import pytest
from honesty_driver import Portal, World
from honesty_hubspot import CONTACTS, FIRST, ISO, envelope, search, value_errors


def test_a_contact_has_the_documented_shape(portal: Portal) -> None:
    """id, properties, createdAt, updatedAt, archived; default properties; ISO-8601 UTC with milliseconds; updatedAt = lastmodifieddate."""
    contact = portal.get(f"{CONTACTS}/{FIRST}").json()

    assert set(contact) == {"id", "properties", "createdAt", "updatedAt", "archived"}
    assert set(contact["properties"]) == {"createdate", "email", "firstname", "hs_object_id", "lastmodifieddate", "lastname"}
    assert contact["id"] == contact["properties"]["hs_object_id"] == FIRST
    assert contact["updatedAt"] == contact["properties"]["lastmodifieddate"]
    assert ISO.match(contact["createdAt"])
    assert ISO.match(contact["updatedAt"])
    assert contact["archived"] is False


def test_only_newer_versions_add_a_url(portal: Portal) -> None:
    """`url` only on newer versions; the date-based path answers the same record."""
    old, new = portal.get(f"{CONTACTS}/{FIRST}").json(), portal.get(f"/crm/objects/2026-03/contacts/{FIRST}").json()

    assert new.pop("url").endswith(f"/contacts/{portal.portal_id}/record/0-1/{FIRST}")
    assert old == new


@pytest.mark.parametrize(
    "path", ["/crm/v3/objects/0-1", "/crm/v3/objects/contacts/", "/crm/objects/2026-03/contacts", "/crm/objects/2026-09/0-1/"]
)
def test_a_type_has_several_addresses(portal: Portal, path: str) -> None:
    """contacts = 0-1; v3 and date-based versions; a trailing slash is ignored."""
    assert portal.get(path, params={"limit": 1}).json()["results"][0]["id"] == FIRST


def test_asked_but_unset_is_null_and_unknown_is_left_out(portal: Portal) -> None:
    """A requested property without a value is null; an unknown property name is silently omitted."""
    portal.write(FIRST, phone="")

    properties = portal.get(f"{CONTACTS}/{FIRST}", params={"properties": "phone,no_such_property"}).json()["properties"]

    assert properties["phone"] is None
    assert "no_such_property" not in properties


@pytest.mark.parametrize("query", ["properties=firstname&properties=company", "properties=firstname,company"])
def test_properties_are_repeated_or_comma_separated(portal: Portal, query: str) -> None:
    """The SDK repeats the parameter, the docs write a comma list: both work."""
    properties = portal.get(f"{CONTACTS}/{FIRST}?{query}").json()["properties"]

    assert {"firstname", "company"} <= set(properties)
    assert "email" not in properties


@pytest.mark.parametrize("word", ["true", "True", "TRUE"])
def test_booleans_are_read_in_any_case(portal: Portal, world: World, word: str) -> None:
    """`true` is read in any case (the SDK sends `True`)."""
    ids = [record["id"] for record in portal.get(f"{CONTACTS}?archived={word}").json()["results"]]

    assert ids == world.planted("archived_contact", "hubspot")


def test_values_are_strings_or_null(portal: Portal) -> None:
    """`properties` values are always strings or null, numbers and booleans included."""
    names = "hs_analytics_num_page_views,hs_email_optout,annualrevenue,hubspot_owner_id,num_notes"
    for contact in portal.get(CONTACTS, params={"limit": 100, "properties": names}).json()["results"]:
        assert all(value is None or isinstance(value, str) for value in contact["properties"].values())


def test_list_pages_by_record_id_with_a_link(portal: Portal) -> None:
    """List: `after` = id of the next record, `link` present; following it meets each record once."""
    page = portal.get(CONTACTS, params={"limit": 100}).json()
    seen = [record["id"] for record in page["results"]]
    assert set(page["paging"]["next"]) == {"after", "link"}
    while "paging" in page:
        after = page["paging"]["next"]["after"]
        page = portal.get(CONTACTS, params={"limit": 100, "after": after}).json()
        assert page["results"][0]["id"] == after
        seen += [record["id"] for record in page["results"]]

    assert len(seen) == len(set(seen)) == search(portal, {"limit": 1}).json()["total"]


@pytest.mark.parametrize(("extra", "cap"), [("", 100), ("&propertiesWithHistory=lifecyclestage", 50)])
def test_list_pages_hold_at_most_100_or_50_with_history(portal: Portal, extra: str, cap: int) -> None:
    """List endpoints: max 100 a page, 50 with history."""
    assert len(portal.get(f"{CONTACTS}?limit={cap}{extra}").json()["results"]) == cap
    assert portal.get(f"{CONTACTS}?limit={cap + 1}{extra}").status_code == 400


def test_history_is_newest_first_and_names_the_writing_app(portal: Portal) -> None:
    """propertiesWithHistory: value, timestamp, sourceType, sourceId; newest first; an app writes as INTEGRATION with its app id."""
    portal.write(FIRST, hs_lead_status="IN_PROGRESS")
    app = portal.post("/oauth/v2/private-apps/get/access-token-info", {"tokenKey": portal.tokens["product"]}).json()["appId"]

    record = portal.get(f"{CONTACTS}/{FIRST}?propertiesWithHistory=hs_lead_status").json()
    history = record["propertiesWithHistory"]["hs_lead_status"]

    assert history[0]["value"] == "IN_PROGRESS"
    assert (history[0]["sourceType"], history[0]["sourceId"]) == ("INTEGRATION", str(app))
    stamps = [entry["timestamp"] for entry in history]
    assert stamps == sorted(stamps, reverse=True)


def test_batch_read_gives_history_too(portal: Portal) -> None:
    """POST batch/read supports propertiesWithHistory."""
    body = {"inputs": [{"id": FIRST}], "properties": ["email"], "propertiesWithHistory": ["lifecyclestage"]}

    record = portal.post(f"{CONTACTS}/batch/read", body).json()["results"][0]

    assert record["propertiesWithHistory"]["lifecyclestage"][0]["value"]


def test_a_person_in_the_crm_is_told_apart_in_history(portal: Portal, world: World) -> None:
    """A person's edit has sourceType CRM_UI, never INTEGRATION."""
    act = {"vendor": "hubspot", "object": "contacts", "id": FIRST, "rep": world.person(active=True)["email"], "action": "edit"}
    world.control("POST", "act/rep", json={**act, "fields": {"hs_lead_status": "CONNECTED"}})

    record = portal.get(f"{CONTACTS}/{FIRST}?propertiesWithHistory=hs_lead_status").json()

    assert record["propertiesWithHistory"]["hs_lead_status"][0]["sourceType"] == "CRM_UI"


def test_a_write_bumps_lastmodifieddate(portal: Portal) -> None:
    """Our own write moves lastmodifieddate and re-enters an incremental pull."""
    before = portal.get(f"{CONTACTS}/{FIRST}").json()["updatedAt"]

    after = portal.write(FIRST, jobtitle="Head of Operations").json()

    assert after["updatedAt"] > before
    assert after["properties"]["lastmodifieddate"] == after["updatedAt"]


def test_an_empty_string_clears_and_null_does_not(portal: Portal) -> None:
    """Clear = ""; a null in a write does not clear."""
    portal.write(FIRST, jobtitle="x")
    portal.write(FIRST, jobtitle=None)
    assert portal.value(FIRST, "jobtitle") == "x"

    portal.write(FIRST, jobtitle="")
    assert portal.value(FIRST, "jobtitle") is None


def test_update_by_email(portal: Portal) -> None:
    """`PATCH /contacts/{email}?idProperty=email`."""
    email = portal.value(FIRST, "email")

    reply = portal.call("PATCH", f"{CONTACTS}/{email}?idProperty=email", json={"properties": {"jobtitle": "By e-mail"}})

    assert (reply.status_code, reply.json()["id"]) == (200, FIRST)


def test_an_unknown_property_is_refused(portal: Portal) -> None:
    """400 with the errors as JSON inside the message: PROPERTY_DOESNT_EXIST."""
    error = value_errors(portal.write(FIRST, missing="1"))[0]

    assert error["isValid"] is False
    assert error["message"] == 'Property "missing" does not exist'
    assert (error["error"], error["name"], error["portalId"]) == ("PROPERTY_DOESNT_EXIST", "missing", portal.portal_id)


def test_an_unknown_option_is_refused(portal: Portal) -> None:
    """INVALID_OPTION, `X was not one of the allowed options: [A, B]`."""
    error = value_errors(portal.write(FIRST, hs_lead_status="NO_SUCH"))[0]

    assert (error["error"], error["name"]) == ("INVALID_OPTION", "hs_lead_status")
    assert error["message"].startswith("NO_SUCH was not one of the allowed options: [NEW, OPEN, IN_PROGRESS, OPEN_DEAL, UNQUALIFIED,")


@pytest.mark.parametrize("name", ["notes_last_contacted", "hs_object_id", "hs_email_last_click_date", "num_notes", "hs_merged_object_ids"])
def test_a_read_only_property_is_refused(portal: Portal, name: str) -> None:
    """READ_ONLY_VALUE on contacts: what HubSpot calculates cannot be written."""
    assert value_errors(portal.write(FIRST, **{name: "1"}))[0]["error"] == "READ_ONLY_VALUE"


def test_a_broken_email_is_refused(portal: Portal) -> None:
    """INVALID_EMAIL."""
    assert value_errors(portal.write(FIRST, email="nobody"))[0]["error"] == "INVALID_EMAIL"


@pytest.mark.parametrize("writer", ["owner_id", "user_id"])
def test_the_owner_is_an_owner_id_never_a_user_id(portal: Portal, world: World, writer: str) -> None:
    """hubspot_owner_id takes the owner id and sets hubspot_owner_assigneddate; a userId is an error."""
    person = world.person(active=True)
    if writer == "user_id":
        assert portal.write(FIRST, hubspot_owner_id=str(person["hubspot_user_id"])).status_code == 400
        return
    other = next(p for p in world.manifest["people"] if p["active"] and p["hubspot_owner_id"] != portal.value(FIRST, "hubspot_owner_id"))

    done = portal.write(FIRST, hubspot_owner_id=other["hubspot_owner_id"]).json()

    assert portal.value(FIRST, "hubspot_owner_assigneddate") == done["updatedAt"]


def test_a_contact_needs_a_name_or_an_email(portal: Portal) -> None:
    """Create needs one of email, firstname, lastname."""
    assert portal.post(CONTACTS, {"properties": {"jobtitle": "x"}}).status_code == 400
    assert portal.post(CONTACTS, {"properties": {"lastname": "Alone"}}).status_code == 201


def test_a_taken_email_is_409_with_the_id_in_the_message(portal: Portal) -> None:
    """`Contact already exists. Existing ID: 12345`, CONFLICT; the id is only in the text."""
    reply = portal.post(CONTACTS, {"properties": {"email": portal.value(FIRST, "email")}})

    assert reply.status_code == 409
    assert envelope(reply) == {"status": "error", "message": f"Contact already exists. Existing ID: {FIRST}", "category": "CONFLICT"}


def test_lifecycle_forward_is_taken_and_backward_silently_ignored(portal: Portal) -> None:
    """Forward only; a backward write answers 200 and changes nothing."""
    portal.write(FIRST, lifecyclestage="salesqualifiedlead")

    reply = portal.write(FIRST, lifecyclestage="lead")

    assert reply.status_code == 200
    assert portal.value(FIRST, "lifecyclestage") == "salesqualifiedlead"


def test_lifecycle_backward_takes_two_writes(portal: Portal) -> None:
    """Set to "" first, then set the earlier stage; the history holds both steps."""
    portal.write(FIRST, lifecyclestage="salesqualifiedlead")
    portal.write(FIRST, lifecyclestage="")
    assert portal.value(FIRST, "lifecyclestage") is None

    portal.write(FIRST, lifecyclestage="lead")

    history = portal.get(f"{CONTACTS}/{FIRST}?propertiesWithHistory=lifecyclestage").json()["propertiesWithHistory"]["lifecyclestage"]
    assert [entry["value"] for entry in history[:3]] == ["lead", "", "salesqualifiedlead"]


def test_other_ranks_after_customer(portal: Portal) -> None:
    """ "other" ranks after customer: other -> customer needs clearing."""
    portal.write(FIRST, lifecyclestage="other")
    portal.write(FIRST, lifecyclestage="customer")

    assert portal.value(FIRST, "lifecyclestage") == "other"


def test_lifecycle_backward_may_be_an_error_by_switch(portal: Portal, world: World) -> None:
    """What a backward write returns is not documented: a switch makes it 400."""
    world.switch("hubspot.lifecycle_backward", "refuse")
    portal.write(FIRST, lifecyclestage="customer")

    assert portal.write(FIRST, lifecyclestage="lead").status_code == 400
