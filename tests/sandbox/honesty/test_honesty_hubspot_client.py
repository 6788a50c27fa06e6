"""Faults on the HubSpot side, and the real hubspot-api-client against it."""

import json
from typing import Any

import hubspot
import pytest
import requests
from honesty_driver import Portal, World
from honesty_hubspot import CONTACTS, FIRST, search
from hubspot.crm.contacts import BatchReadInputSimplePublicObjectId, BatchResponseSimplePublicObjectWithErrors, PublicObjectSearchRequest
from hubspot.crm.contacts import exceptions as contact_errors
from hubspot.crm.owners import exceptions as owner_errors
from hubspot.crm.properties import exceptions as property_errors
from hubspot.oauth import exceptions as oauth_errors


@pytest.mark.parametrize(
    ("plan", "kind"),
    [
        ({"status": 423, "body": '{"status":"error","message":"locked"}'}, "application/json"),
        ({"status": 477, "headers": {"Retry-After": "60"}}, "application/json"),
        ({"status": 502, "body": "<html>bad gateway</html>", "content_type": "text/html"}, "text/html"),
    ],
)
def test_a_planned_status_comes_once(portal: Portal, world: World, plan: dict[str, Any], kind: str) -> None:
    """423 while locked, 477 with Retry-After in seconds, 502 as HTML from the edge; the next call works."""
    world.fault(vendor="hubspot", method="GET", path=CONTACTS, action="status", **plan)

    reply = portal.get(CONTACTS)

    assert (reply.status_code, reply.headers["content-type"].split(";")[0]) == (plan["status"], kind)
    assert reply.headers.get("Retry-After") == plan.get("headers", {}).get("Retry-After")
    assert portal.get(CONTACTS).status_code == 200


@pytest.mark.parametrize(("action", "written"), [("reset", False), ("lost_reply", True)])
def test_a_broken_write_is_either_done_or_not(portal: Portal, world: World, action: str, written: bool) -> None:
    """A reset happens before the work, a lost reply after it: the client cannot tell the two apart."""
    world.fault(vendor="hubspot", method="PATCH", path=f"{CONTACTS}/*", action=action)

    with pytest.raises(requests.exceptions.ConnectionError):
        portal.write(FIRST, jobtitle="did it land?")

    assert (portal.value(FIRST, "jobtitle") == "did it land?") is written


def test_a_page_cut_in_half(portal: Portal, world: World) -> None:
    """A connection lost in the middle of a body."""
    world.fault(vendor="hubspot", method="GET", path=CONTACTS, action="truncate")

    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)):
        portal.get(CONTACTS)


def test_a_job_may_stamp_everybody_alike(portal: Portal, world: World) -> None:
    """HubSpot batch jobs stamp tens of thousands of contacts with the identical lastmodifieddate."""
    world.switch("hubspot.batch_one_stamp", True)
    rows = [{"id": str(number), "properties": {"jobtitle": "month end"}} for number in range(100_001, 100_051)]

    results = portal.post(f"{CONTACTS}/batch/update", {"inputs": rows}).json()["results"]

    assert len({record["updatedAt"] for record in results}) == 1


@pytest.fixture
def client(portal: Portal) -> Any:
    return hubspot.HubSpot(access_token=portal.tokens["product"], host=portal.world.url)


def test_sdk_reads_every_contact(client: Any, portal: Portal) -> None:
    """`get_all` pages by 100 until paging.next is absent, and stops."""
    everyone = client.crm.contacts.get_all(properties=["email"], archived=False)

    assert len(everyone) == search(portal, {"limit": 1}).json()["total"]


def test_sdk_survives_the_html_404(client: Any) -> None:
    """404 -> NotFoundException whose body is the page's text."""
    with pytest.raises(contact_errors.NotFoundException) as caught:
        client.crm.contacts.basic_api.get_by_id("99999999")

    assert (caught.value.status, "<html" in caught.value.body.lower()) == (404, True)


def test_sdk_maps_401_and_403(portal: Portal) -> None:
    """401 UnauthorizedException, 403 ForbiddenException, each of its own module; no token -> no header."""
    with pytest.raises(owner_errors.UnauthorizedException):
        hubspot.HubSpot(host=portal.world.url).crm.owners.owners_api.get_page()
    with pytest.raises(property_errors.ForbiddenException):
        hubspot.HubSpot(access_token=portal.tokens["no_scope"], host=portal.world.url).crm.properties.core_api.get_all("contacts")


def test_sdk_gets_another_class_on_207(client: Any) -> None:
    """207 -> BatchResponseSimplePublicObjectWithErrors, easy to miss."""
    request = BatchReadInputSimplePublicObjectId(inputs=[{"id": FIRST}, {"id": "999"}], properties=["email"], properties_with_history=[])

    answer = client.crm.contacts.batch_api.read(request)

    assert isinstance(answer, BatchResponseSimplePublicObjectWithErrors)
    assert (len(answer.results), answer.num_errors) == (1, 1)


def test_sdk_searches(client: Any) -> None:
    """do_search: total, results and the offset as paging.next.after."""
    answer = client.crm.contacts.search_api.do_search(PublicObjectSearchRequest(limit=3, filter_groups=[], sorts=[], properties=["email"]))

    assert (len(answer.results), answer.paging.next.after) == (3, "3")


def test_sdk_reads_owners_with_its_trailing_slash(client: Any) -> None:
    """`/crm/v3/owners/` with archived=True."""
    assert all(owner.archived for owner in client.crm.owners.owners_api.get_page(archived=True).results)


def test_sdk_low_level_door_takes_any_path(client: Any, portal: Portal) -> None:
    """call_api with auth_settings and no deserialisation reaches the date-based path; 404 raises with body."""
    api = client.crm.contacts.basic_api.api_client

    reply = api.call_api(
        "/crm/objects/2026-03/contacts", "GET", query_params=[("limit", 1)], auth_settings=["oauth2"], _preload_content=False
    )

    raw = reply[0] if isinstance(reply, tuple) else reply
    assert json.loads(raw.data)["results"][0]["id"] == FIRST


def test_sdk_refresh_with_a_dead_token(client: Any) -> None:
    """POST /oauth/v1/token form-encoded without an auth header; a dead grant is 400."""
    with pytest.raises(oauth_errors.ApiException) as caught:
        client.oauth.tokens_api.create(grant_type="refresh_token", client_id="a", client_secret="b", refresh_token="dead")

    assert caught.value.status == 400
