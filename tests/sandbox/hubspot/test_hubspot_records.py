"""Records one by one and in pages, as HubSpot documents them."""

from __future__ import annotations

from typing import Any

import pytest
from hubspot.crm.contacts import SimplePublicObjectInput, SimplePublicObjectInputForCreate
from hubspot.crm.contacts.exceptions import ApiException, NotFoundException

from sandbox.core import Sandbox

CONTACTS = "/crm/v3/objects/contacts"


def test_sdk_creates_and_reads_a_contact(sdk: Any) -> None:
    made = sdk.crm.contacts.basic_api.create(SimplePublicObjectInputForCreate(properties={"email": "Sdk@Acme.example", "firstname": "Ana"}))
    found = sdk.crm.contacts.basic_api.get_by_id(made.id, properties=["email", "firstname", "phone"])
    assert found.properties["email"] == "sdk@acme.example"
    assert found.properties["phone"] is None
    assert found.archived is False


def test_sdk_updates_by_email(sdk: Any, make: Any) -> None:
    contact = make.contact(email="patch@acme.example")
    sdk.crm.contacts.basic_api.update("patch@acme.example", SimplePublicObjectInput(properties={"city": "Cádiz"}), id_property="email")
    assert sdk.crm.contacts.basic_api.get_by_id(contact, properties=["city"]).properties["city"] == "Cádiz"


def test_sdk_walks_all_pages_once(sdk: Any, sandbox: Sandbox) -> None:
    made = {sandbox.hubspot.create("companies", {"name": f"c{n}"}, sandbox.hubspot.writing.system) for n in range(7)}
    seen, after = [], None
    while True:
        page = sdk.crm.companies.basic_api.get_page(limit=3, after=after, properties=["name"])
        seen += [each.id for each in page.results]
        if page.paging is None:
            break
        after = page.paging.next.after
    assert sorted(seen) == sorted(made)


def test_after_is_the_id_of_the_next_record(api: Any, make: Any) -> None:
    ids = [make.record("deals", dealname=f"d{n}") for n in range(3)]
    page = api.get("/crm/v3/objects/deals", limit=2).json()
    assert page["paging"]["next"]["after"] == ids[2]
    assert page["paging"]["next"]["link"].startswith(api.url)


@pytest.mark.parametrize(
    "path", ["/crm/v3/objects/contacts/", "/crm/objects/2026-03/contacts", "/crm/objects/2026-09/0-1/", "/crm/v3/objects/contact"]
)
def test_every_path_form_leads_to_the_same_list(api: Any, make: Any, path: str) -> None:
    make.contact()
    plain = [each["id"] for each in api.get(CONTACTS, limit=5).json()["results"]]
    assert [each["id"] for each in api.get(path, limit=5).json()["results"]] == plain


def test_only_newer_versions_carry_a_url(api: Any, make: Any) -> None:
    contact = make.contact()
    assert "url" not in api.get(f"{CONTACTS}/{contact}").json()
    assert api.get(f"/crm/objects/2026-03/contacts/{contact}").json()["url"].endswith(f"/contacts/7654321/record/0-1/{contact}")


def test_properties_may_be_repeated_or_divided_by_commas(api: Any, make: Any) -> None:
    contact = make.contact(city="Rome", country="IT")
    repeated = api.call("GET", f"{CONTACTS}/{contact}?properties=city&properties=country").json()
    commas = api.get(f"{CONTACTS}/{contact}", properties="city,country").json()
    assert repeated == commas
    assert repeated["properties"]["country"] == "IT"


def test_unset_is_null_and_unknown_is_left_out(api: Any, make: Any) -> None:
    shown = api.get(f"{CONTACTS}/{make.contact()}", properties="phone,no_such_thing").json()["properties"]
    assert shown["phone"] is None
    assert "no_such_thing" not in shown


@pytest.mark.parametrize("flag", ["true", "True", "TRUE"])
def test_archived_records_are_a_listing_of_their_own(api: Any, make: Any, flag: str) -> None:
    contact = make.contact()
    assert api.call("DELETE", f"{CONTACTS}/{contact}").status_code == 204
    assert api.get(f"{CONTACTS}/{contact}").status_code == 404
    gone = api.get(f"{CONTACTS}/{contact}", archived=flag).json()
    assert gone["archived"] is True
    assert contact in [each["id"] for each in api.get(CONTACTS, archived=flag, limit=100).json()["results"]]


def test_archived_meetings_cannot_be_paged(api: Any) -> None:
    refused = api.get("/crm/v3/objects/meetings", archived="true")
    assert refused.status_code == 400
    assert "not yet supported" in refused.json()["message"]


@pytest.mark.parametrize(
    ("limit", "history", "status"), [(100, "", 200), (101, "", 400), (50, "city", 200), (51, "city", 400), (0, "", 400)]
)
def test_page_size_is_capped_and_lower_with_history(api: Any, limit: int, history: str, status: int) -> None:
    assert api.get(CONTACTS, limit=limit, propertiesWithHistory=history or None).status_code == status


def test_missing_numeric_id_is_an_html_page(api: Any, sdk: Any) -> None:
    page = api.get(f"{CONTACTS}/999999999")
    assert page.status_code == 404
    assert page.headers["content-type"] == "text/html;charset=iso-8859-1"
    with pytest.raises(NotFoundException):
        sdk.crm.contacts.basic_api.get_by_id("999999999")


def test_missing_word_id_is_json(api: Any) -> None:
    reply = api.get(f"{CONTACTS}/abc")
    assert reply.status_code == 404
    assert reply.json()["category"] == "OBJECT_NOT_FOUND"
    assert "usually numeric" in reply.json()["message"]


def test_unknown_object_type_has_no_category(api: Any) -> None:
    reply = api.get("/crm/v3/objects/zzz")
    assert (reply.status_code, reply.json()["message"]) == (400, "Unable to infer object type from: zzz")
    assert "category" not in reply.json()


def test_unknown_path_and_method_are_refused_as_html(api: Any) -> None:
    assert api.get("/crm/v3/nonsense").status_code == 404
    assert api.call("PUT", CONTACTS).status_code == 405


def test_duplicate_email_is_409_with_the_id_in_the_text_only(api: Any, make: Any) -> None:
    contact = make.contact(email="twice@acme.example")
    reply = api.post(CONTACTS, {"properties": {"email": "TWICE@acme.example"}})
    assert reply.status_code == 409
    assert reply.json()["message"] == f"Contact already exists. Existing ID: {contact}"
    assert reply.json()["category"] == "CONFLICT"


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"nope": "1"}, "PROPERTY_DOESNT_EXIST"),
        ({"hs_lead_status": "WARM"}, "INVALID_OPTION"),
        ({"email": "no-at-sign"}, "INVALID_EMAIL"),
        ({"notes_last_contacted": "2026-01-01T00:00:00Z"}, "READ_ONLY_VALUE"),
        ({"closedate": "yesterday"}, "INVALID_DATE"),
        ({"hubspot_owner_id": "123"}, "INVALID_OWNER_ID"),
    ],
)
def test_bad_values_are_named_in_the_embedded_json(api: Any, make: Any, properties: dict[str, str], code: str) -> None:
    reply = api.call("PATCH", f"{CONTACTS}/{make.contact()}", json={"properties": properties})
    assert reply.status_code == 400
    assert reply.json()["category"] == "VALIDATION_ERROR"
    assert f'"error":"{code}"' in reply.json()["message"]
    assert f'"name":"{next(iter(properties))}"' in reply.json()["message"]


def test_sdk_raises_plain_api_exception_for_400(sdk: Any, make: Any) -> None:
    with pytest.raises(ApiException) as refused:
        sdk.crm.contacts.basic_api.update(make.contact(), SimplePublicObjectInput(properties={"hs_lead_status": "X"}))
    assert refused.value.status == 400


def test_engagements_ignore_unknown_and_read_only_properties(api: Any, sandbox: Sandbox) -> None:
    body = {"properties": {"hs_timestamp": "2026-11-20T10:00:00Z", "hs_task_subject": "Call", "nope": "1", "hs_created_by": "7"}}
    reply = api.post("/crm/v3/objects/tasks", body)
    assert reply.status_code == 201
    stored = sandbox.hubspot.get("tasks", reply.json()["id"])
    assert "nope" not in stored.properties
    assert stored.properties.get("hs_created_by") != "7"


@pytest.mark.parametrize(
    ("path", "properties"),
    [
        ("tasks", {"hs_task_subject": "x"}),
        ("emails", {"hs_timestamp": "1780000000000"}),
        ("contacts", {"city": "Rome"}),
        ("leads", {"hs_lead_name": "x"}),
    ],
)
def test_required_properties_are_demanded_on_create(api: Any, path: str, properties: dict[str, str]) -> None:
    assert api.post(f"/crm/v3/objects/{path}", {"properties": properties}).status_code == 400


def test_times_may_be_written_as_iso_or_epoch_and_are_answered_as_iso(api: Any, make: Any) -> None:
    contact = make.contact()
    for written in ("2026-05-04T10:00:00+02:00", "1777881600000"):
        api.call("PATCH", f"{CONTACTS}/{contact}", json={"properties": {"closedate": written}})
        assert api.get(f"{CONTACTS}/{contact}", properties="closedate").json()["properties"]["closedate"] == "2026-05-04T08:00:00.000Z"


def test_empty_text_clears_and_null_does_not(api: Any, make: Any) -> None:
    contact = make.contact(city="Rome", state="Lazio")
    api.call("PATCH", f"{CONTACTS}/{contact}", json={"properties": {"city": "", "state": None}})
    shown = api.get(f"{CONTACTS}/{contact}", properties="city,state").json()["properties"]
    assert (shown["city"], shown["state"]) == (None, "Lazio")


def test_a_write_moves_the_modified_date(api: Any, make: Any) -> None:
    contact = make.contact()
    before = api.get(f"{CONTACTS}/{contact}").json()["updatedAt"]
    after = api.call("PATCH", f"{CONTACTS}/{contact}", json={"properties": {"city": "Bari"}}).json()["updatedAt"]
    assert after > before


def test_a_leading_semicolon_appends_to_a_multi_select(api: Any, make: Any) -> None:
    contact = make.contact(hs_buying_role="CHAMPION")
    api.call("PATCH", f"{CONTACTS}/{contact}", json={"properties": {"hs_buying_role": ";INFLUENCER"}})
    assert api.get(f"{CONTACTS}/{contact}", properties="hs_buying_role").json()["properties"]["hs_buying_role"] == "CHAMPION;INFLUENCER"


def test_email_content_needs_its_own_scope(api: Any, make: Any) -> None:
    email = make.record("emails", hs_timestamp="1780000000000", hs_email_direction="EMAIL", hs_email_subject="Hi", hs_email_text="secret")
    shown = api.get(f"/crm/v3/objects/emails/{email}", properties="hs_email_subject,hs_email_text").json()["properties"]
    assert (shown["hs_email_subject"], shown["hs_email_text"]) == ("Hi", None)


def test_list_may_carry_associations(api: Any, make: Any) -> None:
    company = make.record("companies", name="Acme")
    contact = make.record("contacts", [("companies", company, 1)], firstname="A")
    shown = api.get(f"{CONTACTS}/{contact}", associations="companies").json()
    assert shown["associations"]["companies"]["results"] == [
        {"id": company, "type": "contact_to_company"},
        {"id": company, "type": "contact_to_company_unlabeled"},
    ]


def test_a_uri_that_is_too_long_is_414(api: Any) -> None:
    assert api.get(CONTACTS, properties=",".join(f"property_{n}" for n in range(900))).status_code == 414
