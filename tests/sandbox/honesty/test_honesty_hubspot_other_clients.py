"""What other people's HubSpot clients send and expect: links that are followed, bodies of a wrong shape, odd numbers and content types."""

import json
from typing import Any

import pytest
import requests
from honesty_driver import TIMEOUT, Portal
from honesty_hubspot import CONTACTS, FIRST, SECOND, envelope, search

FORTY_DIGITS = "4" * 40


def follow(portal: Portal, link: str) -> dict[str, Any]:
    """GET of a whole address, the way a client does that follows `paging.next.link`."""
    reply = requests.get(link, headers={"Authorization": f"Bearer {portal.tokens['product']}"}, timeout=TIMEOUT)
    assert reply.status_code == 200, reply.text
    body: dict[str, Any] = reply.json()
    return body


def test_the_link_of_a_page_carries_the_whole_question(portal: Portal) -> None:
    """A client that follows the link alone keeps page size, properties and associations to the end."""
    asked = {"limit": "100", "properties": "email,jobtitle", "associations": "companies", "archived": "false"}
    page = portal.get(CONTACTS, params=asked).json()
    seen = [record["id"] for record in page["results"]]
    while "paging" in page:
        page = follow(portal, page["paging"]["next"]["link"])
        assert all("jobtitle" in record["properties"] for record in page["results"])
        seen += [record["id"] for record in page["results"]]

    assert len(set(seen)) == len(seen) == search(portal, {"limit": 1}).json()["total"]


def test_the_link_keeps_repeated_parameters(portal: Portal) -> None:
    """`properties=a&properties=b` is how the official clients ask."""
    page = portal.get(CONTACTS, params=[("limit", "1"), ("properties", "email"), ("properties", "jobtitle")]).json()

    following = follow(portal, page["paging"]["next"]["link"])

    assert {"email", "jobtitle"} <= following["results"][0]["properties"].keys()
    assert (len(following["results"]), following["results"][0]["id"]) == (1, SECOND)


def test_the_link_of_owners_and_associations_keeps_its_size(portal: Portal) -> None:
    """The other lists page in the same way."""
    page = portal.get("/crm/v3/owners/", params={"limit": 1}).json()

    assert len(follow(portal, page["paging"]["next"]["link"])["results"]) == 1


def test_each_association_of_a_record_is_an_entry_of_its_own(portal: Portal) -> None:
    """A primary company comes twice: with its label's type and unlabeled (hubspot-api-ruby#262)."""
    pair = f"/crm/v4/objects/contacts/{FIRST}/associations/companies"
    company = str(portal.get(pair).json()["results"][0]["toObjectId"])

    shown = portal.get(f"{CONTACTS}/{FIRST}", params={"associations": "companies"}).json()["associations"]["companies"]["results"]

    assert {one["type"] for one in shown if one["id"] == company} == {"contact_to_company", "contact_to_company_unlabeled"}


def test_associations_with_objects_nobody_has_here_are_none(portal: Portal) -> None:
    """Loaders ask for deals, products, tickets and quotes at once; what is no object type of HubSpot's is refused."""
    known = portal.get(CONTACTS, params={"limit": 1, "associations": "companies,tickets,products,quotes,line_items"})
    unknown = portal.get(CONTACTS, params={"limit": 1, "associations": "companies,unicorns"})

    assert (known.status_code, set(known.json()["results"][0]["associations"]) <= {"companies"}) == (200, True)
    assert (unknown.status_code, unknown.json()["message"]) == (400, "Unable to infer object type from: unicorns")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{CONTACTS}/search", {"filterGroups": {"filters": []}}),
        (f"{CONTACTS}/search", {"filterGroups": [{"filters": ["email"]}]}),
        (f"{CONTACTS}/search", {"filterGroups": [{"filters": [{"propertyName": ["email"], "operator": "EQ", "value": "a"}]}]}),
        (f"{CONTACTS}/search", {"properties": [["email"]]}),
        (f"{CONTACTS}/search", {"sorts": [["email"]]}),
        (f"{CONTACTS}/search", {"limit": [1]}),
        (CONTACTS, {"properties": {"firstname": "A"}, "associations": ["x"]}),
        (CONTACTS, {"properties": {"firstname": "A"}, "associations": [{"to": "x", "types": []}]}),
        (CONTACTS, {"properties": {"firstname": "A"}, "associations": [{"to": {"id": "1"}, "types": [{}]}]}),
        (f"{CONTACTS}/batch/read", {"inputs": [{"id": FIRST}], "properties": "email"}),
        (f"{CONTACTS}/batch/create", {"inputs": [{"properties": {"firstname": "A"}, "associations": 5}]}),
        ("/crm/v4/associations/contacts/companies/batch/create", {"inputs": [{"from": FIRST, "to": "1", "types": []}]}),
        ("/crm/v4/associations/contacts/companies/batch/archive", {"inputs": [{"from": {"id": FIRST}, "to": {"id": "1"}}]}),
        (
            "/crm/v4/associations/contacts/companies/batch/labels/archive",
            {"inputs": [{"from": {"id": FIRST}, "to": {"id": "1"}, "types": 1}]},
        ),
        ("/crm/v3/lists/search", {"count": "many"}),
    ],
)
def test_a_body_of_a_wrong_shape_is_refused_as_such(portal: Portal, path: str, body: dict[str, Any]) -> None:
    """400 VALIDATION_ERROR in the envelope, never a fault of the server."""
    reply = portal.post(path, body)

    assert (reply.status_code, envelope(reply)["category"]) == (400, "VALIDATION_ERROR")
    assert reply.json()["message"].startswith("Invalid input JSON")


def test_one_association_of_a_wrong_shape_is_refused(portal: Portal) -> None:
    """PUT with a list of anything but objects."""
    reply = portal.call("PUT", f"/crm/v4/objects/contacts/{FIRST}/associations/companies/1", json=[1])

    assert (reply.status_code, envelope(reply)["category"]) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("body", [{"limit": "3"}, {"limit": 3, "after": None, "sorts": None, "filterGroups": None, "query": None}])
def test_a_number_may_come_as_text_and_null_is_as_good_as_absent(portal: Portal, body: dict[str, Any]) -> None:
    """Clients of typed languages send null for what was not set."""
    reply = search(portal, body)

    assert (reply.status_code, len(reply.json()["results"])) == (200, 3)


def test_a_search_for_the_total_alone_has_no_next_page(portal: Portal) -> None:
    """`limit: 0` asks for the total; a next page that never ends would hold a client for ever."""
    reply = search(portal, {"limit": 0}).json()

    assert (reply["results"], "paging" in reply, reply["total"] > 0) == ([], False, True)


@pytest.mark.parametrize(
    "path",
    [f"{CONTACTS}/{FORTY_DIGITS}", f"{CONTACTS}/²", "/crm/v3/owners/²", f"/crm/v3/owners/{FORTY_DIGITS}"],
)
def test_an_id_that_cannot_be_one_is_not_found(portal: Portal, path: str) -> None:
    """Too long for a number, or digits of another kind."""
    assert portal.get(path).status_code == 404


@pytest.mark.parametrize("query", ["limit=²", f"limit={FORTY_DIGITS}", "after=²", f"after={FORTY_DIGITS}"])
def test_a_page_that_cannot_be_one_is_refused(portal: Portal, query: str) -> None:
    """400, not a fault of the server."""
    reply = portal.get(f"{CONTACTS}?{query}")

    assert (reply.status_code, envelope(reply)["category"]) == (400, "VALIDATION_ERROR")


def test_an_option_needs_no_display_order_on_the_legacy_paths(portal: Portal) -> None:
    """v3: label, value and hidden are required (the official clients' models); the date-based versions ask for displayOrder, too."""
    options = [{"label": "A", "value": "a", "hidden": False}, {"label": "B", "value": "b", "hidden": False}]
    made = {"label": "Choice", "type": "enumeration", "fieldType": "select", "groupName": "contactinformation", "options": options}

    legacy = portal.post("/crm/v3/properties/contacts", {"name": "choice_a", **made}, role="admin")
    dated = portal.post("/crm/properties/2026-03/contacts", {"name": "choice_b", **made}, role="admin")

    assert (legacy.status_code, [one["displayOrder"] for one in legacy.json()["options"]]) == (201, [0, 1])
    assert (dated.status_code, "displayOrder" in envelope(dated)["message"]) == (400, True)


@pytest.mark.parametrize(
    "path", ["/contacts/v1/lists/all/contacts/all", "/crm-object-schemas/v3/schemas", "/crm-pipelines/v1/pipelines/deals"]
)
def test_a_root_nobody_serves_answers_as_hubspot_does(portal: Portal, path: str) -> None:
    """404 as the web server's page, with a correlation id: the legacy roots are gone, others are not imitated."""
    reply = portal.get(path)

    assert (reply.status_code, reply.headers["content-type"].split(";")[0]) == (404, "text/html")
    assert "HTTP ERROR 404" in reply.text
    assert reply.headers["X-HubSpot-Correlation-Id"]


def test_a_body_that_does_not_call_itself_json_is_not_read(portal: Portal) -> None:
    """415, whatever is inside."""
    raw = json.dumps({"properties": {"firstname": "A"}})

    reply = portal.call("POST", CONTACTS, data=raw, headers={"Content-Type": "text/plain"})

    assert reply.status_code == 415
    assert portal.call("POST", CONTACTS, data=raw, headers={"Content-Type": "application/json; charset=utf-8"}).status_code == 201
