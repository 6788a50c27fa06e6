"""What setup and the doctor ask HubSpot."""

import json

import pytest
from honesty_driver import Portal
from honesty_hubspot import CONTACTS, FIRST, SECOND, envelope


def test_account_details_name_the_portal(portal: Portal) -> None:
    """GET account-info details: portalId (int), accountType, timeZone, companyCurrency, uiDomain; needs only the oauth scope."""
    body = portal.get("/account-info/2026-03/details", role="no_scope").json()

    assert body["portalId"] == portal.portal_id
    assert body["accountType"] in {"STANDARD", "DEVELOPER_TEST", "SANDBOX", "APP_DEVELOPER"}
    assert {
        "timeZone",
        "companyCurrency",
        "additionalCurrencies",
        "utcOffset",
        "utcOffsetMilliseconds",
        "uiDomain",
        "dataHostingLocation",
    } <= set(body)
    assert portal.get("/integrations/v1/me").json()["portalId"] == portal.portal_id


def test_token_info_lists_the_scopes(portal: Portal) -> None:
    """POST access-token-info: userId, hubId, appId, scopes; oauth is carried by every key."""
    body = portal.post("/oauth/v2/private-apps/get/access-token-info", {"tokenKey": portal.tokens["no_scope"]}).json()

    assert set(body) == {"userId", "hubId", "appId", "scopes"}
    assert (body["hubId"], body["scopes"]) == (portal.portal_id, ["oauth"])


def test_the_oauth_token_page_rejects_static_keys(portal: Portal) -> None:
    """GET oauth/v1/access-tokens/{pat}: `The access token must have the correct format`."""
    reply = portal.get(f"/oauth/v1/access-tokens/{portal.tokens['product']}")

    assert (reply.status_code, reply.json()["message"]) == (400, "The access token must have the correct format")


def test_lifecycle_options_are_readable_in_order(portal: Portal) -> None:
    """GET properties/contacts/lifecyclestage: the eight defaults in their order."""
    options = portal.get("/crm/properties/2026-03/contacts/lifecyclestage").json()["options"]
    ordered = [option["value"] for option in sorted(options, key=lambda option: option["displayOrder"])]

    assert ordered == [
        "subscriber",
        "lead",
        "marketingqualifiedlead",
        "salesqualifiedlead",
        "opportunity",
        "customer",
        "evangelist",
        "other",
    ]


def test_definitions_say_what_may_be_written(portal: Portal) -> None:
    """modificationMetadata.readOnlyValue decides what we may write."""
    rows = {row["name"]: row for row in portal.get("/crm/v3/properties/contacts").json()["results"]}

    assert rows["notes_last_contacted"]["modificationMetadata"]["readOnlyValue"] is True
    assert rows["hs_lead_status"]["modificationMetadata"]["readOnlyValue"] is False
    assert rows["hs_object_id"]["hubspotDefined"] is True


@pytest.mark.parametrize(
    "path",
    [
        "/crm/pipelines/2026-03/deals",
        "/crm/v3/pipelines/leads",
        "/crm/property-validations/2026-03/0-1",
        "/crm/limits/2026-03/custom-properties",
        "/crm/v3/properties/deals",
        "/crm/v3/properties/leads",
        "/crm/v3/properties/contacts?archived=true",
    ],
)
def test_the_doctors_reads_answer(portal: Portal, path: str) -> None:
    """Every read of the checklist before the first write answers 200 for the product's key."""
    assert portal.get(path).status_code == 200


def test_custom_property_limits_have_the_documented_shape(portal: Portal) -> None:
    """`{overallLimit,overallUsage,byObjectType:[{objectTypeId,limit,usage,percentage}]}`; 403 without any objects scope."""
    body = portal.get("/crm/limits/2026-03/custom-properties").json()

    assert set(body) == {"overallLimit", "overallUsage", "byObjectType"}
    assert set(body["byObjectType"][0]) == {"objectTypeId", "limit", "usage", "percentage"}
    assert portal.get("/crm/limits/2026-03/custom-properties", role="no_scope").status_code == 403


def test_the_native_salesforce_sync_is_not_installed(portal: Portal) -> None:
    """Detection reads property salesforcelastsynctime: absent means 404 with OBJECT_NOT_FOUND."""
    reply = portal.get("/crm/v3/properties/contacts/salesforcelastsynctime")

    assert (reply.status_code, envelope(reply)["category"]) == (404, "OBJECT_NOT_FOUND")


KEY = {"name": "blind_key", "label": "Key", "type": "string", "fieldType": "text", "groupName": "blind", "hasUniqueValue": True}
PICK = {
    "name": "blind_pick",
    "label": "Pick",
    "type": "enumeration",
    "fieldType": "select",
    "groupName": "blind",
    "options": [{"label": word, "value": word, "displayOrder": number, "hidden": False} for number, word in enumerate(["a", "b"])],
}
PROPERTIES = "/crm/v3/properties/contacts"


@pytest.fixture
def group(portal: Portal) -> None:
    assert portal.post(f"{PROPERTIES}/groups", {"name": "blind", "label": "Blind"}, role="admin").status_code == 201


@pytest.mark.usefixtures("group")
def test_a_property_is_created_once(portal: Portal) -> None:
    """201 with Location; again 409 `A property named '<n>' already exists.`, OBJECT_ALREADY_EXISTS."""
    first, again = (portal.post(PROPERTIES, KEY, role="admin") for _ in range(2))

    assert first.status_code == 201
    assert first.headers["Location"].endswith(f"{PROPERTIES}/blind_key")
    assert again.status_code == 409
    assert envelope(again) == {
        "status": "error",
        "message": "A property named 'blind_key' already exists.",
        "category": "OBJECT_ALREADY_EXISTS",
        "subCategory": "Properties.PROPERTY_WITH_NAME_EXISTS",
    }


@pytest.mark.usefixtures("group")
def test_only_the_admin_may_create_properties(portal: Portal) -> None:
    """Property writes need crm.schemas.contacts.write, named in the 403."""
    reply = portal.post(PROPERTIES, KEY)

    assert reply.status_code == 403
    assert reply.json()["errors"][0]["context"]["requiredGranularScopes"] == ["crm.schemas.contacts.write"]


@pytest.mark.usefixtures("group")
def test_a_bool_needs_exactly_two_options(portal: Portal) -> None:
    """A `bool` without `true` and `false` is 400 INVALID_BOOLEAN_OPTION."""
    reply = portal.post(PROPERTIES, {**PICK, "type": "bool", "fieldType": "booleancheckbox"}, role="admin")

    assert reply.status_code == 400
    assert "INVALID_BOOLEAN_OPTION" in reply.json()["subCategory"]


@pytest.mark.usefixtures("group")
def test_uniqueness_cannot_be_changed_later(portal: Portal) -> None:
    """A PATCH of hasUniqueValue answers 200 and silently keeps the old value."""
    portal.post(PROPERTIES, KEY, role="admin")

    reply = portal.call("PATCH", f"{PROPERTIES}/blind_key", role="admin", json={"hasUniqueValue": False})

    assert (reply.status_code, reply.json()["hasUniqueValue"]) == (200, True)


@pytest.mark.usefixtures("group")
def test_a_patch_with_options_replaces_them(portal: Portal) -> None:
    """PATCH with `options` REPLACES the list; without `options` it stays."""
    portal.post(PROPERTIES, PICK, role="admin")
    kept = portal.call("PATCH", f"{PROPERTIES}/blind_pick", role="admin", json={"label": "New label"}).json()
    assert [option["value"] for option in kept["options"]] == ["a", "b"]

    only = [{"label": "c", "value": "c", "displayOrder": 0, "hidden": False}]
    replaced = portal.call("PATCH", f"{PROPERTIES}/blind_pick", role="admin", json={"options": only}).json()

    assert [option["value"] for option in replaced["options"]] == ["c"]


@pytest.mark.usefixtures("group")
def test_recreating_an_archived_property_restores_its_values(portal: Portal) -> None:
    """Creating a name that is archived answers 201 and brings the old record values back."""
    portal.post(PROPERTIES, KEY, role="admin")
    portal.write(FIRST, blind_key="k-1")
    assert portal.call("DELETE", f"{PROPERTIES}/blind_key", role="admin").status_code == 204
    assert portal.call("DELETE", f"{PROPERTIES}/blind_key", role="admin").status_code == 404
    assert "blind_key" in [row["name"] for row in portal.get(f"{PROPERTIES}?archived=true").json()["results"]]

    assert portal.post(PROPERTIES, KEY, role="admin").status_code == 201

    assert portal.value(FIRST, "blind_key") == "k-1"


@pytest.mark.usefixtures("group")
def test_a_group_in_use_is_not_deleted(portal: Portal) -> None:
    """400 GROUP_WITH_ACTIVE_PROPERTIES with the error nested as JSON text in `message`."""
    portal.post(PROPERTIES, KEY, role="admin")

    reply = portal.call("DELETE", f"{PROPERTIES}/groups/blind", role="admin")

    assert reply.status_code == 400
    assert "PropertyGroupError.GROUP_WITH_ACTIVE_PROPERTIES" in json.dumps(json.loads(reply.json()["message"]))


@pytest.mark.usefixtures("group")
def test_a_unique_value_is_unique_and_upsertable(portal: Portal) -> None:
    """hasUniqueValue: a second holder is refused; batch/upsert works by that property."""
    portal.post(PROPERTIES, KEY, role="admin")
    portal.write(FIRST, blind_key="k-1")

    assert portal.write(SECOND, blind_key="k-1").status_code in {400, 409}
    row = {"id": "k-1", "idProperty": "blind_key", "properties": {"jobtitle": "by key"}}
    done = portal.post(f"{CONTACTS}/batch/upsert", {"inputs": [row]}).json()["results"][0]
    assert (done["id"], done["new"]) == (FIRST, False)
