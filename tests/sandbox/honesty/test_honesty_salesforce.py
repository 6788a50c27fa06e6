"""Salesforce as its documentation and its users describe it: signing in, budgets, records."""

import re

import pytest
import requests
from honesty_driver import Org, World
from honesty_salesforce import STAMP, code


def test_the_versions_are_public(org: Org) -> None:
    """GET /services/data needs no token: a list of {label, url, version} that has v67.0."""
    rows = requests.get(f"{org.world.url}/services/data", timeout=10).json()

    assert {"version": "67.0", "url": "/services/data/v67.0"}.items() <= rows[-1].items() or any(row["version"] == "67.0" for row in rows)
    assert all(set(row) == {"label", "url", "version"} for row in rows)


def test_client_credentials_give_a_token_of_the_org(org: Org) -> None:
    """Fields access_token, instance_url, id (org and user), token_type, issued_at (ms), signature, scope; no refresh token, no lifetime."""
    body = org.login("product").json()

    assert {"access_token", "instance_url", "id", "token_type", "issued_at", "signature", "scope"} <= set(body)
    assert not {"refresh_token", "expires_in"} & set(body)
    assert body["id"] == f"https://login.salesforce.com/id/{org.credentials['org_id']}/{org.apps['product']['user_id']}"
    assert (body["token_type"], body["instance_url"]) == ("Bearer", org.credentials["instance_url"])
    assert re.match(r"\d{13}$", body["issued_at"])


def test_credentials_are_taken_in_the_form_too(org: Org) -> None:
    """The real server takes client id and secret by Basic or in the form."""
    app = org.apps["product"]
    form = {"grant_type": "client_credentials", "client_id": app["client_id"], "client_secret": app["client_secret"]}

    assert requests.post(f"{org.world.url}/services/oauth2/token", data=form, timeout=10).status_code == 200


@pytest.mark.parametrize("broken", [{"client_id": "nobody"}, {"client_secret": "wrong"}, {"grant_type": "guess"}])
def test_a_failed_login_is_an_object(org: Org, broken: dict[str, str]) -> None:
    """OAuth errors are an OBJECT {error, error_description}, not the array of the data API."""
    app = org.apps["product"]
    form = {"grant_type": "client_credentials", "client_id": app["client_id"], "client_secret": app["client_secret"], **broken}

    reply = requests.post(f"{org.world.url}/services/oauth2/token", data=form, timeout=10)

    assert reply.status_code == 400
    assert set(reply.json()) == {"error", "error_description"}


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer junk"}])
def test_no_session_is_401(org: Org, header: dict[str, str]) -> None:
    """`Session expired or invalid`, INVALID_SESSION_ID."""
    reply = requests.get(f"{org.world.url}{org.base}/limits", headers=header, timeout=10)

    assert (reply.status_code, reply.json()) == (401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])


def test_an_expired_session_stays_expired_until_a_new_login(org: Org, world: World) -> None:
    """401 mid-run: the same token never works again, a new one does."""
    org.token("product")
    world.fault(vendor="salesforce", action="expire_token")

    assert [code(org.call("GET", "limits")) for _ in range(2)] == [(401, "INVALID_SESSION_ID")] * 2
    assert Org(world).call("GET", "limits").status_code == 200


def test_userinfo_names_org_and_user(org: Org) -> None:
    """GET /services/oauth2/userinfo: user_id, organization_id, preferred_username, zoneinfo, urls."""
    body = org.call("GET", "/services/oauth2/userinfo").json()

    assert (body["user_id"], body["organization_id"]) == (org.apps["product"]["user_id"], org.credentials["org_id"])
    assert {"preferred_username", "zoneinfo", "urls"} <= set(body)


def test_every_reply_counts_one_call(org: Org) -> None:
    """`Sforce-Limit-Info: api-usage=n/max`, one more each call; refusals by status carry it too; no Retry-After anywhere."""
    first, second = (org.call("GET", "limits").headers["Sforce-Limit-Info"] for _ in range(2))
    used = [int(re.match(r"api-usage=(\d+)/\d+$", info).group(1)) for info in (first, second)]  # type: ignore[union-attr]

    assert used[1] == used[0] + 1
    assert "Retry-After" not in org.query("SELECT Nope FROM Lead").headers


def test_limits_tell_what_remains(org: Org) -> None:
    """GET /limits: DailyApiRequests {Max, Remaining} and the bulk limits, equal to the header."""
    reply = org.call("GET", "limits/")
    requests_left = reply.json()["DailyApiRequests"]

    used = requests_left["Max"] - requests_left["Remaining"]
    assert reply.headers["Sforce-Limit-Info"] == f"api-usage={used}/{requests_left['Max']}"
    assert {"DailyBulkApiBatches", "DailyBulkV2QueryJobs", "DailyBulkV2QueryFileStorageMB"} <= set(reply.json())


def test_a_spent_day_is_403(org: Org, world: World) -> None:
    """`TotalRequests Limit exceeded.` REQUEST_LIMIT_EXCEEDED 403, on every data call."""
    org.token("product")
    world.limit("salesforce.daily_requests", 0)

    reply = org.query("SELECT Id FROM Lead")

    assert (reply.status_code, reply.json()) == (403, [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}])


def test_others_use_the_same_day(org: Org, world: World) -> None:
    """Sforce-Limit-Info counts the whole org and can stand near its maximum."""
    world.limit("salesforce.daily_used_elsewhere", 99_000)

    used, most = org.call("GET", "limits").headers["Sforce-Limit-Info"].removeprefix("api-usage=").split("/")

    assert 99_000 < int(used) < int(most)


def test_a_collection_is_one_call(org: Org) -> None:
    """A whole collection = ONE API call."""
    leads = org.open_leads(20)
    before = org.call("GET", "limits").json()["DailyApiRequests"]["Remaining"]

    org.collection([{"id": lead_id, "Title": "t"} for lead_id in leads])

    assert org.call("GET", "limits").json()["DailyApiRequests"]["Remaining"] == before - 2


def test_the_uri_and_headers_are_capped(org: Org) -> None:
    """URI + headers <= 16,384 bytes, else 414: no hundreds of ids in a GET query."""
    ids = "','".join(f"00Q5g00000{number:05d}EAA" for number in range(800))

    assert org.query(f"SELECT Id FROM Lead WHERE Id IN ('{ids}')").status_code == 414


def test_a_record_starts_with_its_attributes(org: Org, lead: str) -> None:
    """`attributes:{type,url}` first, then fields; null for empty; `...000+0000` stamps with whole seconds."""
    record = org.lead(lead)

    assert next(iter(record)) == "attributes"
    assert record["attributes"] == {"type": "Lead", "url": f"{org.base}/sobjects/Lead/{lead}"}
    assert record["ConvertedContactId"] is None
    assert all(STAMP.match(record[name]) for name in ("CreatedDate", "LastModifiedDate", "SystemModstamp"))


def test_ids_go_in_with_15_and_come_out_with_18(org: Org, lead: str) -> None:
    """Ids: 15 case-sensitive characters in, 18 with a checksum out, in paths, SOQL and collections."""
    assert (len(lead), lead[:3]) == (18, "00Q")
    assert org.call("GET", f"sobjects/Lead/{lead[:15]}?fields=Id").json()["Id"] == lead
    assert org.rows(f"SELECT Id FROM Lead WHERE Id = '{lead[:15]}'")[0]["Id"] == lead
    assert org.collection([{"id": lead[:15], "Title": "t"}]).json()[0]["id"] == lead


def test_the_checksum_is_salesforces(lead: str) -> None:
    """Characters 16 to 18 encode which of each five are upper case."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    chunks = [lead[start : start + 5] for start in (0, 5, 10)]

    assert lead[15:] == "".join(alphabet[sum(1 << place for place, letter in enumerate(chunk) if letter.isupper())] for chunk in chunks)


def test_describe_matches_the_recorded_org(org: Org) -> None:
    """Lead: prefix 00Q, LastName(80) and Company(255) not nillable, Name read-only, Status unrestricted, OwnerId -> Group and User."""
    described = org.call("GET", "sobjects/Lead/describe").json()
    fields = {field["name"]: field for field in described["fields"]}

    assert (described["keyPrefix"], described["updateable"]) == ("00Q", True)
    assert described["urls"]["uiDetailTemplate"] == f"{org.credentials['instance_url']}/{{ID}}"
    assert [(fields[name]["length"], fields[name]["nillable"]) for name in ("LastName", "Company")] == [(80, False), (255, False)]
    assert (fields["Name"]["updateable"], fields["Name"]["length"]) == (False, 121)
    assert (fields["Status"]["restrictedPicklist"], fields["GeocodeAccuracy"]["restrictedPicklist"]) == (False, True)
    assert sorted(fields["OwnerId"]["referenceTo"]) == ["Group", "User"]
    assert (fields["IsConverted"]["createable"], fields["IsConverted"]["updateable"]) == (True, False)
    assert [fields[name]["permissionable"] for name in ("Status", "OwnerId", "Company")] == [False] * 3


def test_record_counts_are_given_apart(org: Org) -> None:
    """GET /limits/recordCount?sObjects=Lead -> {"sObjects":[{"count","name"}]}."""
    body = org.call("GET", "limits/recordCount?sObjects=Lead").json()

    assert (set(body), body["sObjects"][0]["name"]) == ({"sObjects"}, "Lead")
    assert body["sObjects"][0]["count"] > 0
