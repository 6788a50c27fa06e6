"""Credentials, scopes, limits with their headers, owners, account, OAuth, and planned faults."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hubspot import HubSpot as Sdk

from sandbox.core import Fault, Sandbox

CONTACTS = "/crm/v3/objects/contacts"


@pytest.fixture
def tight(sandbox: Sandbox) -> Iterator[Sandbox]:
    """Small limits, with empty windows before and after."""
    sandbox.hubspot.limiter.reset()
    yield sandbox
    for name in ("hubspot.ten_secondly", "hubspot.searches_per_second", "hubspot.ten_secondly_oauth"):
        sandbox.limits.set(name, 100_000)
    sandbox.limits.set("hubspot.daily", 650_000)
    sandbox.hubspot.limiter.reset()


@pytest.mark.parametrize("header", [None, "bearer pat-na1-product-0001", "Bearer  pat-na1-product-0001", "Bearer pat-na1-unknown-000"])
def test_no_usable_credential_is_401(sandbox_url: str, header: str | None) -> None:
    reply = requests.get(sandbox_url + CONTACTS, headers={"Authorization": header} if header else {}, timeout=5)
    assert (reply.status_code, reply.json()["category"]) == (401, "INVALID_AUTHENTICATION")


def test_expired_token_says_since_when(sandbox_url: str) -> None:
    reply = requests.get(sandbox_url + CONTACTS, headers={"Authorization": "Bearer pat-na1-expired-0001"}, timeout=5)
    assert (reply.status_code, reply.json()["category"]) == (401, "EXPIRED_AUTHENTICATION")
    assert reply.json()["context"]["expire time"] == ["2023-11-14T22:13:20.000Z"]


def test_malformed_token_expired_in_1970(sandbox_url: str) -> None:
    reply = requests.get(sandbox_url + CONTACTS, headers={"Authorization": "Bearer ???"}, timeout=5)
    assert reply.json()["category"] == "EXPIRED_AUTHENTICATION"
    assert reply.json()["context"]["expire time"][0].startswith("1970-01-01")
    assert "day(s) ago" in reply.json()["message"]


def test_missing_scope_is_403_with_its_name(sandbox_url: str) -> None:
    reply = requests.get(sandbox_url + CONTACTS, headers={"Authorization": "Bearer pat-na1-nothing-0001"}, timeout=5)
    assert (reply.status_code, reply.json()["category"]) == (403, "MISSING_SCOPES")
    assert reply.json()["errors"][0]["context"]["requiredGranularScopes"] == ["crm.objects.contacts.read"]


def test_object_type_and_body_are_checked_before_scopes(sandbox_url: str) -> None:
    headers = {"Authorization": "Bearer pat-na1-nothing-0001"}
    assert requests.get(sandbox_url + "/crm/v3/objects/zzz", headers=headers, timeout=5).status_code == 400
    assert requests.post(sandbox_url + CONTACTS + "/search", headers=headers, data="{", timeout=5).status_code == 400
    assert requests.get(sandbox_url + CONTACTS + "/999999999", headers=headers, timeout=5).status_code == 403


def test_options_is_401_json(sandbox_url: str) -> None:
    reply = requests.options(sandbox_url + CONTACTS, timeout=5)
    assert (reply.status_code, reply.json()["status"]) == (401, "error")


def test_replies_carry_the_rate_headers(api: Any, tight: Sandbox) -> None:
    tight.limits.set("hubspot.ten_secondly", 190)
    first, second = api.get(CONTACTS).headers, api.get(CONTACTS).headers
    assert (first["X-HubSpot-RateLimit-Max"], first["X-HubSpot-RateLimit-Interval-Milliseconds"]) == ("190", "10000")
    assert int(first["X-HubSpot-RateLimit-Remaining"]) - int(second["X-HubSpot-RateLimit-Remaining"]) == 1
    assert int(first["X-HubSpot-RateLimit-Daily-Remaining"]) - int(second["X-HubSpot-RateLimit-Daily-Remaining"]) == 1
    assert first["X-HubSpot-Correlation-Id"] != second["X-HubSpot-Correlation-Id"]


def test_the_burst_limit_is_per_app(api: Any, admin: Any, tight: Sandbox) -> None:
    tight.limits.set("hubspot.ten_secondly", 3)
    statuses = [api.get(CONTACTS).status_code for _ in range(4)]
    refused = api.get(CONTACTS)
    assert (statuses, refused.status_code) == ([200, 200, 200, 429], 429)
    assert (refused.json()["policyName"], refused.json()["errorType"]) == ("TEN_SECONDLY_ROLLING", "RATE_LIMIT")
    assert refused.headers["X-HubSpot-RateLimit-Remaining"] == "0"
    assert "Retry-After" not in refused.headers
    assert admin.get(CONTACTS).status_code == 200


def test_the_search_limit_is_per_account_and_without_headers(api: Any, admin: Any, tight: Sandbox) -> None:
    tight.limits.set("hubspot.searches_per_second", 2)
    assert [client.post(f"{CONTACTS}/search", {}).status_code for client in (api, admin)] == [200, 200]
    refused = api.post(f"{CONTACTS}/search", {})
    assert (refused.status_code, refused.json()["message"]) == (429, "You have reached your secondly limit.")
    assert refused.json()["category"] == "RATE_LIMITS"
    assert "policyName" not in refused.json()
    assert not [name for name in refused.headers if "ratelimit" in name.lower() or name.lower() == "retry-after"]
    assert api.get(CONTACTS).status_code == 200


def test_searches_do_not_use_up_the_burst(api: Any, tight: Sandbox) -> None:
    tight.limits.set("hubspot.ten_secondly", 1)
    assert [api.post(f"{CONTACTS}/search", {}).status_code for _ in range(3)] == [200] * 3
    assert api.get(CONTACTS).status_code == 200


def test_the_daily_limit(api: Any, tight: Sandbox) -> None:
    tight.limits.set("hubspot.daily", 2)
    statuses = [api.get(CONTACTS).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]
    assert api.get(CONTACTS).json()["policyName"] == "DAILY"


def test_refused_calls_are_counted_apart(api: Any, tight: Sandbox) -> None:
    tight.limits.set("hubspot.ten_secondly", 2)
    tight.counters.reset()
    for _ in range(5):
        api.get(CONTACTS)
    counted = tight.counters.describe()["hubspot"]
    assert (counted["made"], counted["refused"], counted["by_app"]["product"]["families"]) == (2, 3, {"contacts.list": 2})


def test_counters_know_the_route_family(api: Any, make: Any, sandbox: Sandbox) -> None:
    contact = make.contact()
    sandbox.counters.reset()
    api.post(f"{CONTACTS}/batch/read", {"inputs": [{"id": contact}], "properties": []})
    api.post(f"{CONTACTS}/search", {})
    api.post("/crm/v4/associations/0-1/0-27/batch/read", {"inputs": [{"id": contact}]})
    api.get("/crm/v3/owners/")
    families = sandbox.counters.describe()["hubspot"]["families"]
    assert families == {"contacts.batch.read": 1, "contacts.search": 1, "associations.batch.read": 1, "owners.list": 1}


def test_sdk_lists_active_owners_and_archived_ones_apart(sdk: Any, sandbox: Sandbox) -> None:
    here = sandbox.hubspot.add_owner("here@acme.example", "He", "Re", user_id=770)
    left = sandbox.hubspot.add_owner("left@acme.example", "Le", "Ft", user_id=771)
    sandbox.hubspot.deactivate_owner(left)
    active = {each.id: each for each in sdk.crm.owners.owners_api.get_page().results}
    gone = {each.id: each for each in sdk.crm.owners.owners_api.get_page(archived=True).results}
    assert (here in active, left in active, left in gone) == (True, False, True)
    assert (gone[left].user_id, gone[left].user_id_including_inactive) == (None, 771)


def test_owners_page_by_the_id_of_the_next(api: Any, sandbox: Sandbox) -> None:
    made = [sandbox.hubspot.add_owner(f"page{n}@acme.example", "P", str(n)) for n in range(3)]
    seen, after = [], None
    while True:
        page = api.get("/crm/v3/owners", limit=1, after=after).json()
        seen += [each["id"] for each in page["results"]]
        if "paging" not in page:
            break
        after = page["paging"]["next"]["after"]
    assert seen == sorted(set(seen))
    assert set(made) <= set(seen)


def test_owner_by_user_id_and_by_email(api: Any, sandbox: Sandbox) -> None:
    owner = sandbox.hubspot.add_owner("byuser@acme.example", "B", "U", user_id=880)
    assert api.get("/crm/owners/2026-03/880", idProperty="userId").json()["id"] == owner
    assert [each["id"] for each in api.get("/crm/v3/owners", email="byuser@acme.example").json()["results"]] == [owner]


def test_the_user_object_joins_the_owner_by_user_id(api: Any, sandbox: Sandbox) -> None:
    sandbox.hubspot.add_owner("joined@acme.example", "J", "O", user_id=990)
    filters = {
        "filterGroups": [{"filters": [{"propertyName": "hs_internal_user_id", "operator": "EQ", "value": "990"}]}],
        "properties": ["hs_email"],
    }
    found = api.post("/crm/v3/objects/users/search", filters).json()["results"]
    assert [each["properties"]["hs_email"] for each in found] == ["joined@acme.example"]


def test_a_contact_may_keep_and_be_given_an_archived_owner_unless_switched_off(api: Any, make: Any, sandbox: Sandbox) -> None:
    left = sandbox.hubspot.add_owner("orphan@acme.example", "O", "R")
    sandbox.hubspot.deactivate_owner(left)
    contact = make.contact(hubspot_owner_id=left)
    assert api.get(f"{CONTACTS}/{contact}", properties="hubspot_owner_id").json()["properties"]["hubspot_owner_id"] == left
    sandbox.switches.set("hubspot.archived_owner_assign", "refuse")
    assert api.call("PATCH", f"{CONTACTS}/{make.contact()}", json={"properties": {"hubspot_owner_id": left}}).status_code == 400


def test_account_details_lead_to_this_sandbox(sandbox_url: str, sandbox: Sandbox) -> None:
    headers = {"Authorization": "Bearer pat-na1-nothing-0001"}
    body = requests.get(f"{sandbox_url}/account-info/v3/details", headers=headers, timeout=5).json()
    assert (body["portalId"], body["accountType"], body["uiDomain"]) == (7654321, "STANDARD", sandbox_url.removeprefix("http://"))
    assert requests.get(f"{sandbox_url}/integrations/v1/me", headers=headers, timeout=5).json()["portalId"] == 7654321
    assert "portalName" in requests.get(f"{sandbox_url}/account-info/2026-09/details", headers=headers, timeout=5).json()


def test_token_info_names_the_scopes(api: Any) -> None:
    body = api.post("/oauth/v2/private-apps/get/access-token-info", {"tokenKey": "pat-na1-nothing-0001"}).json()
    assert (body["hubId"], body["scopes"]) == (7654321, ["oauth"])


def test_sdk_refreshes_an_oauth_token_and_uses_it(sandbox_url: str) -> None:
    client = Sdk(host=sandbox_url)
    issued = client.oauth.tokens_api.create(
        grant_type="refresh_token", client_id="client-1", client_secret="secret-1", refresh_token="refresh-1"
    )
    assert issued.expires_in == 1800
    assert Sdk(access_token=issued.access_token, host=sandbox_url).crm.contacts.basic_api.get_page(limit=1) is not None
    known = requests.post(f"{sandbox_url}/oauth/2026-03/token/introspect", data={"token": issued.access_token}, timeout=5).json()
    assert (known["active"], known["hub_id"]) == (True, 7654321)


def test_oauth_replies_have_no_daily_headers(sandbox_url: str, sandbox: Sandbox) -> None:
    form = {"grant_type": "refresh_token", "client_id": "client-1", "client_secret": "secret-1", "refresh_token": "refresh-1"}
    token = requests.post(f"{sandbox_url}/oauth/v1/token", data=form, timeout=5).json()["access_token"]
    headers = requests.get(sandbox_url + CONTACTS, headers={"Authorization": f"Bearer {token}"}, timeout=5).headers
    assert "X-HubSpot-RateLimit-Daily" not in headers
    assert "X-HubSpot-RateLimit-Max" in headers


def test_a_dead_refresh_token_is_invalid_grant(sandbox_url: str) -> None:
    form = {"grant_type": "refresh_token", "client_id": "client-1", "client_secret": "secret-1", "refresh_token": "old"}
    reply = requests.post(f"{sandbox_url}/oauth/v1/token", data=form, timeout=5)
    assert (reply.status_code, reply.json()["status"], reply.json()["error"]) == (400, "BAD_REFRESH_TOKEN", "invalid_grant")


def test_expire_token_fault_ends_an_oauth_token(sandbox_url: str, sandbox: Sandbox) -> None:
    form = {"grant_type": "refresh_token", "client_id": "client-1", "client_secret": "secret-1", "refresh_token": "refresh-1"}
    token = requests.post(f"{sandbox_url}/oauth/v1/token", data=form, timeout=5).json()["access_token"]
    sandbox.faults.add(Fault("expire_token", "hubspot", "GET", "/crm/*"))
    categories = [
        requests.get(sandbox_url + CONTACTS, headers={"Authorization": f"Bearer {token}"}, timeout=5).json()["category"] for _ in range(2)
    ]
    assert categories == ["EXPIRED_AUTHENTICATION"] * 2


def test_opt_out_shows_in_communication_preferences(api: Any, make: Any, sandbox: Sandbox) -> None:
    contact = make.contact(email="out@acme.example")
    sandbox.hubspot.update("contacts", contact, {"hs_email_optout": "true"}, sandbox.hubspot.writing.system)
    make.contact(email="in@acme.example")
    body = api.post(
        "/communication-preferences/2026-03/statuses/batch/read?channel=EMAIL", {"inputs": ["out@acme.example", "in@acme.example"]}
    ).json()
    assert [each["statuses"][0]["status"] for each in body["results"]] == ["UNSUBSCRIBED", "NOT_SPECIFIED"]


@pytest.mark.parametrize(
    ("fault", "status", "header"),
    [
        (Fault("status", "hubspot", status=423, body='{"status":"error","category":"LOCKED"}'), 423, None),
        (Fault("status", "hubspot", status=477, body="{}", headers={"Retry-After": "3600"}), 477, "3600"),
        (Fault("status", "hubspot", status=502, body="<html>Bad Gateway</html>", content_type="text/html"), 502, None),
    ],
)
def test_planned_statuses(api: Any, sandbox: Sandbox, fault: Fault, status: int, header: str | None) -> None:
    sandbox.faults.add(fault)
    reply = api.get(CONTACTS)
    assert (reply.status_code, reply.headers.get("Retry-After")) == (status, header)
    assert api.get(CONTACTS).status_code == 200
