"""Faults on the Salesforce side, and simple-salesforce against it."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests
from honesty_driver import Org, World
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceExpiredSession, SalesforceMalformedRequest, SalesforceResourceNotFound


@pytest.mark.parametrize(
    ("plan", "kind"),
    [
        ({"status": 503, "body": "<html>down</html>", "content_type": "text/html"}, "text/html"),
        ({"status": 420}, "application/json"),
        ({"status": 406, "content_type": "text/html"}, "text/html"),
    ],
)
def test_a_planned_status_comes_once(org: Org, world: World, plan: dict[str, Any], kind: str) -> None:
    """503 HTML from the edge, 420 and 406 with an empty body; the next call works."""
    org.token("product")
    world.fault(vendor="salesforce", method="GET", path="*/query", action="status", **plan)

    reply = org.query("SELECT Id FROM Lead LIMIT 1")

    assert (reply.status_code, reply.headers["content-type"].split(";")[0], reply.text) == (plan["status"], kind, plan.get("body", ""))
    assert org.query("SELECT Id FROM Lead LIMIT 1").status_code == 200


@pytest.mark.parametrize(("action", "written"), [("reset", False), ("lost_reply", True)])
def test_a_broken_patch_is_either_done_or_not(org: Org, world: World, lead: str, action: str, written: bool) -> None:
    """Write accepted but response lost: a PATCH can be sent again."""
    world.fault(vendor="salesforce", method="PATCH", path="*/sobjects/Lead/*", action=action)
    with pytest.raises(requests.exceptions.ConnectionError):
        org.patch(lead, Title="did it land?")

    assert (org.lead(lead)["Title"] == "did it land?") is written
    assert org.patch(lead, Title="did it land?").status_code == 204


def test_a_page_cut_in_half(org: Org, world: World) -> None:
    """Reset in the middle of a body."""
    org.token("product")
    world.fault(vendor="salesforce", method="GET", path="*/query", action="truncate")

    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.exceptions.ConnectionError)):
        org.query("SELECT Id FROM Lead")


class Loopback(HTTPAdapter):
    """Sends what is meant for https://*.salesforce.com to the sandbox: the client has https hard-coded."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        request.url = re.sub(r"^https://[^/]+", self.url, request.url or "")
        return super().send(request, *args, **kwargs)


def sessioned(org: Org) -> requests.Session:
    session = requests.Session()
    session.mount("https://", Loopback(org.world.url))
    return session


@pytest.fixture
def client(org: Org) -> Any:
    """Signed in by client credentials at My Domain."""
    app = org.apps["product"]
    return Salesforce(
        consumer_key=app["client_id"], consumer_secret=app["client_secret"], domain="acme.my", session=sessioned(org), version="67.0"
    )


def test_client_signs_in_by_client_credentials(client: Any, org: Org) -> None:
    """consumer_key + consumer_secret + domain: Basic at My Domain's token endpoint."""
    assert client.sf_instance == "acme.my.salesforce.com"
    assert client.query("SELECT Id FROM Organization")["records"][0]["Id"] == org.credentials["org_id"]


def test_client_walks_all_pages(client: Any, org: Org, world: World) -> None:
    """query_all_iter follows nextRecordsUrl to the end."""
    world.switch("salesforce.page_size", 61)

    seen = [row["Id"] for row in client.query_all_iter("SELECT Id FROM Lead")]

    assert len(set(seen)) == len(seen) == client.query("SELECT COUNT() FROM Lead")["totalSize"]


def test_client_writes_and_reads(client: Any, lead: str) -> None:
    """SFType: update -> 204, get, a custom header kept; collections by restful."""
    assert client.Lead.update(lead, {"Title": "by client"}, headers={"Sforce-Auto-Assign": "FALSE"}) == 204
    assert client.Lead.get(lead)["Title"] == "by client"
    rows = [{"attributes": {"type": "Lead"}, "id": lead, "Title": "by restful"}]
    body = client.restful("composite/sobjects", method="PATCH", json={"allOrNone": False, "records": rows})
    assert body == [{"id": lead, "success": True, "errors": []}]


def test_client_reads_its_budget(client: Any) -> None:
    """api_usage is parsed from Sforce-Limit-Info."""
    client.query("SELECT Id FROM Lead LIMIT 1")

    usage = client.api_usage["api-usage"]
    assert 0 < usage.used < usage.total


def test_client_maps_refusals(client: Any) -> None:
    """400 -> MalformedRequest, 404 -> ResourceNotFound; the code is in content[0]['errorCode']."""
    with pytest.raises(SalesforceMalformedRequest) as caught:
        client.query("SELECT Nope FROM Lead")
    assert caught.value.content[0]["errorCode"] == "INVALID_FIELD"
    with pytest.raises(SalesforceResourceNotFound):
        client.Lead.get("00Q5g00000ZZZZZEAA")


def test_client_with_a_bare_session_cannot_refresh(org: Org, world: World) -> None:
    """session_id + instance_url: a 401 is SalesforceExpiredSession, or the refusal to refresh."""
    bare = Salesforce(session_id=org.token("product"), instance_url=org.credentials["instance_url"], session=sessioned(org), version="67.0")
    assert bare.query("SELECT Id FROM Lead LIMIT 1")["totalSize"] == 1
    world.fault(vendor="salesforce", action="expire_token")

    with pytest.raises((SalesforceExpiredSession, RuntimeError)):
        bare.query("SELECT Id FROM Lead LIMIT 1")


def test_client_signs_in_again_after_401(client: Any, world: World) -> None:
    """With credentials the client logs in once more and repeats the call."""
    world.fault(vendor="salesforce", method="GET", action="expire_token")

    assert client.query("SELECT Id FROM Lead LIMIT 1")["totalSize"] == 1


def test_client_reads_updated(client: Any, org: Org, world: World, lead: str) -> None:
    """SFType.updated(start, end) with aware datetimes."""
    world.advance(600)
    org.patch(lead, Title="x")
    world.advance(120)
    now = datetime.fromisoformat(world.control("GET", "clock")["now"])

    assert client.Lead.updated(now - timedelta(minutes=5), now)["ids"] == [lead]
