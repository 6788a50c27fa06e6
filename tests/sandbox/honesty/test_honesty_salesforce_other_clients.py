"""What other people's Salesforce clients send and expect: methods, conditions, compression, old versions, and refusals they can read."""

import gzip
import io
import json
import zipfile
from typing import Any
from xml.etree import ElementTree

import pytest
import requests
from honesty_driver import TIMEOUT, Org, World
from honesty_salesforce import code, refusal

METADATA = "http://soap.sforce.com/2006/04/metadata"
LONG_AGO, FAR_AHEAD = "Wed, 01 Jan 2020 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"


def test_head_answers_like_get_without_a_body(org: Org, lead: str) -> None:
    """REST takes HEAD wherever it takes GET."""
    reply = org.call("HEAD", f"sobjects/Lead/{lead}")

    assert (reply.status_code, reply.content) == (200, b"")
    assert org.call("HEAD", "sobjects/Lead/00Q5g00000ZZZZZEAA").status_code == 404


def test_other_methods_are_refused_as_json(org: Org, lead: str) -> None:
    """405 with an errorCode, for OPTIONS, too."""
    for method in ("OPTIONS", "PUT"):
        assert code(org.call(method, f"sobjects/Lead/{lead}")) == (405, "METHOD_NOT_ALLOWED")


def test_a_client_without_patch_says_so_in_the_query(org: Org, lead: str) -> None:
    """POST with `_HttpMethod=PATCH` is a PATCH."""
    headers = {"Sforce-Auto-Assign": "FALSE"}

    reply = org.call("POST", f"sobjects/Lead/{lead}", params={"_HttpMethod": "PATCH"}, json={"Title": "by override"}, headers=headers)

    assert (reply.status_code, org.lead(lead)["Title"]) == (204, "by override")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-Modified-Since": LONG_AGO}, 200),
        ({"If-Modified-Since": FAR_AHEAD}, 304),
        ({"If-Unmodified-Since": LONG_AGO}, 412),
        ({"If-Unmodified-Since": FAR_AHEAD}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
    ],
)
def test_a_record_is_read_on_condition(org: Org, lead: str, headers: dict[str, str], status: int) -> None:
    """304 and 412 are among the codes of sObject rows."""
    reply = org.call("GET", f"sobjects/Lead/{lead}", headers=headers)

    assert (reply.status_code, reply.content == b"") == (status, status == 304)


def test_a_date_that_is_none_is_no_condition_of_a_write(org: Org, lead: str) -> None:
    """A header that does not parse is passed over."""
    headers = {"If-Unmodified-Since": "yesterday", "Sforce-Auto-Assign": "FALSE"}

    assert org.call("PATCH", f"sobjects/Lead/{lead}", json={"Title": "x"}, headers=headers).status_code == 204


def test_a_request_may_be_compressed(org: Org, lead: str) -> None:
    """Content-Encoding: gzip."""
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip", "Sforce-Auto-Assign": "FALSE"}

    reply = org.call("PATCH", f"sobjects/Lead/{lead}", data=gzip.compress(b'{"Title": "small"}'), headers=headers)
    broken = org.call("PATCH", f"sobjects/Lead/{lead}", data=b"no gzip", headers=headers)

    assert (reply.status_code, org.lead(lead)["Title"]) == (204, "small")
    assert code(broken) == (400, "JSON_PARSER_ERROR")


@pytest.mark.parametrize("version", ["v31.0", "v41.0"])
def test_the_versions_that_older_clients_pin_are_served(org: Org, version: str) -> None:
    """21.0 to 30.0 are retired; everything after that answers."""
    listed = requests.get(f"{org.world.url}/services/data", timeout=TIMEOUT).json()

    assert version.removeprefix("v") in [one["version"] for one in listed]
    assert org.call("GET", f"/services/data/{version}/limits").status_code == 200
    assert org.call("GET", "/services/data/v30.0/limits").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["jobs/ingest", "jobs/query", "composite/graph", "composite/tree/Lead", "search", "parameterizedSearch", "tooling/sobjects", "recent",
     "sobjects/Lead/listviews", "sobjects/Lead/quickActions", "sobjects/Lead/describe/layouts", "ui-api/records/x", "actions/standard"],
)  # fmt: skip
def test_what_is_not_served_is_refused_by_its_name(org: Org, path: str) -> None:
    """404 that names the resource, so that nobody takes it for a wrong id."""
    reply = org.call("GET", path)

    assert code(reply) == (404, "NOT_FOUND")
    assert path in refusal(reply)["message"]


def test_a_relationship_of_a_record_is_refused_by_its_name(org: Org, lead: str) -> None:
    """sobjects/Lead/{id}/Owner exists at the vendor and not here."""
    reply = org.call("GET", f"sobjects/Lead/{lead}/Owner")

    assert (code(reply), "Owner" in refusal(reply)["message"]) == ((404, "NOT_FOUND"), True)


def test_an_explained_query_is_refused_by_its_name(org: Org) -> None:
    """query?explain= gives a plan at the vendor; here it is no malformed query."""
    reply = org.call("GET", "query", params={"explain": "SELECT Id FROM Lead"})

    assert (reply.status_code, "explain" in refusal(reply)["message"]) == (404, True)


def test_a_deploy_may_name_its_first_part_as_jsforce_does(org: Org) -> None:
    """`file`, then `entity_content`."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr("package.xml", f'<Package xmlns="{METADATA}"><version>59.0</version></Package>')
    head = json.dumps({"deployOptions": {"rollbackOnError": True, "singlePackage": True}})
    files = {"file": ("package.zip", archive.getvalue(), "application/zip"), "entity_content": (None, head, "application/json")}

    reply = org.call("POST", "metadata/deployRequest", files=files, role="admin")

    assert (reply.status_code, reply.json()["deployResult"]["status"]) == (201, "Pending")


@pytest.mark.parametrize("path", ["/services/Soap/u/59.0", "/services/Soap/c/59.0/00D000000000001"])
def test_a_soap_login_gets_the_fault_of_a_new_org(world: World, path: str) -> None:
    """New orgs have SOAP login() off; a client that parses the fault shows its words."""
    body = "<env:Envelope xmlns:env='http://schemas.xmlsoap.org/soap/envelope/'><env:Body><n1:login/></env:Body></env:Envelope>"

    reply = requests.post(world.url + path, data=body, headers={"Content-Type": "text/xml", "SOAPAction": "login"}, timeout=TIMEOUT)

    assert (reply.status_code, reply.headers["content-type"].split(";")[0]) == (500, "text/xml")
    codes = [node.text for node in ElementTree.fromstring(reply.content).iter() if node.tag.endswith("exceptionCode")]
    assert (codes, "SOAP API login() is disabled by default in this org" in reply.text) == (["INVALID_OPERATION"], True)


def test_other_soap_calls_and_the_metadata_soap_api_are_refused_by_name(world: World) -> None:
    """A fault that says what is not served here."""
    reply = requests.post(f"{world.url}/services/Soap/m/59.0", data="<x/>", headers={"SOAPAction": "describeMetadata"}, timeout=TIMEOUT)

    assert (reply.status_code, "describeMetadata" in reply.text) == (500, True)


def test_bulk_api_one_is_refused_in_its_own_form(org: Org) -> None:
    """{exceptionCode, exceptionMessage}: clients with a fall-back to REST look for FeatureNotEnabled."""
    reply = org.call("POST", "/services/async/59.0/job", json={"object": "Lead", "operation": "query"})

    assert (reply.status_code, reply.json()["exceptionCode"]) == (400, "FeatureNotEnabled")


def test_the_identity_of_a_token_is_served(org: Org) -> None:
    """The `id` of the token reply: a path with org and user, and whose it is."""
    token = org.login("product").json()
    path = token["id"].removeprefix("https://login.salesforce.com")

    found = requests.get(org.world.url + path, headers={"Authorization": f"Bearer {token['access_token']}"}, timeout=TIMEOUT)

    assert (found.status_code, found.json()["user_id"]) == (200, org.apps["product"]["user_id"])
    assert (found.json()["username"], found.json()["organization_id"]) == (org.apps["product"]["username"], org.credentials["org_id"])
    assert requests.get(org.world.url + path, timeout=TIMEOUT).status_code == 403


def test_a_client_that_follows_instance_url_can_stay_here(org: Org, world: World) -> None:
    """By a switch the token reply names the sandbox itself; by default My Domain, as the vendor does."""
    assert org.login("product").json()["instance_url"] == "https://acme.my.salesforce.com"
    world.switch("salesforce.instance_url", "sandbox")

    token = org.login("product").json()

    assert token["instance_url"] == world.url
    who = requests.get(token["id"], headers={"Authorization": f"Bearer {token['access_token']}"}, timeout=TIMEOUT)
    assert (who.status_code, who.json()["user_id"]) == (200, org.apps["product"]["user_id"])


def test_a_revoked_token_is_worth_nothing(org: Org) -> None:
    """oauth2/revoke: 200 without a body; a token that is none is 400."""
    token = org.login("product").json()["access_token"]
    address = f"{org.world.url}/services/oauth2/revoke"

    assert requests.post(address, data={"token": token}, timeout=TIMEOUT).status_code == 200
    reply = requests.get(f"{org.world.url}{org.base}/limits", headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT)
    assert code(reply) == (401, "INVALID_SESSION_ID")
    assert requests.post(address, data={"token": "none"}, timeout=TIMEOUT).json()["error"] == "invalid_token"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("composite/sobjects", {"records": [{"attributes": "Lead", "LastName": "x"}]}),
        ("composite/sobjects/Lead", {"ids": ["00Q5g0000000001EAA"], "fields": [5]}),
        ("composite/sobjects/Lead", {"ids": [5], "fields": ["Id"]}),
        ("composite", {"compositeRequest": [{"method": "GET", "url": 5, "referenceId": "a"}]}),
        ("composite", {"compositeRequest": [{"method": "GET", "url": "/services/data/v67.0/limits", "referenceId": []}]}),
        ("composite", {"compositeRequest": [{"method": "GET", "url": "/x", "referenceId": "a", "httpHeaders": 5}]}),
        ("composite/batch", {"batchRequests": [{"method": "GET", "url": None}]}),
    ],
)
def test_a_body_of_a_wrong_shape_is_refused_as_such(org: Org, path: str, body: dict[str, Any]) -> None:
    """400, never a fault of the server."""
    assert code(org.call("POST", path, json=body)) == (400, "JSON_PARSER_ERROR")


def test_a_key_of_a_wrong_kind_fails_its_row_alone(org: Org) -> None:
    """A collection of upserts whose external id is no text."""
    record = {"attributes": {"type": "Lead"}, "HubSpot_Contact_ID__c": ["a"], "LastName": "x"}

    reply = org.call("PATCH", "composite/sobjects/Lead/HubSpot_Contact_ID__c", json={"records": [record]})

    assert (reply.status_code, reply.json()[0]["success"]) == (200, False)


def test_dates_beyond_the_calendar_are_refused(org: Org) -> None:
    """Neither a window nor a filter outside the years a date can have is a fault of the server."""
    params = {"start": "0001-01-01T00:00:00+14:00", "end": "2026-11-01T00:00:00Z"}

    assert code(org.call("GET", "sobjects/Lead/updated", params=params)) == (400, "INVALID_REPLICATION_DATE")
    for bound in ("9999-12-31T23:59:59-14:00", "LAST_N_DAYS:99999999999"):
        assert org.query(f"SELECT Id FROM Lead WHERE CreatedDate > {bound}").status_code == 400
    assert org.query("SELECT Id FROM Lead WHERE NumberOfEmployees > 99999999999999999999999").status_code == 400
