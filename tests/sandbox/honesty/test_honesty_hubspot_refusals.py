"""HubSpot limits and error bodies."""

import re

import pytest
from honesty_driver import Portal, World
from honesty_hubspot import CONTACTS, FIRST, ISO, envelope, search


def test_a_normal_reply_carries_the_budget(portal: Portal) -> None:
    """X-HubSpot-RateLimit-* headers on normal replies; search replies carry none."""
    headers = portal.get(f"{CONTACTS}?limit=1").headers

    for name in ("Daily", "Daily-Remaining", "Interval-Milliseconds", "Max", "Remaining", "Secondly", "Secondly-Remaining"):
        assert headers[f"X-HubSpot-RateLimit-{name}"].isdigit()
    assert headers["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
    assert "X-HubSpot-RateLimit-Max" not in search(portal, {"limit": 1}).headers


def test_the_burst_limit_is_named_and_spares_search(portal: Portal, world: World) -> None:
    """TEN_SECONDLY_ROLLING 429 with policyName; search and associations batch read are exempt."""
    world.limit("hubspot.ten_secondly", 1)
    assert portal.get(f"{CONTACTS}?limit=1").status_code == 200

    reply = portal.get(f"{CONTACTS}?limit=1")
    body = reply.json()

    assert reply.status_code == 429
    assert body["message"] == "You have reached your ten_secondly_rolling limit."
    assert (body["errorType"], body["policyName"]) == ("RATE_LIMIT", "TEN_SECONDLY_ROLLING")
    assert search(portal, {"limit": 1}).status_code == 200
    assert portal.post("/crm/v4/associations/contacts/companies/batch/read", {"inputs": [{"id": FIRST}]}).status_code == 200


def test_the_burst_limit_is_per_app(portal: Portal, world: World) -> None:
    """100 or 190 per app: another app's calls do not count."""
    world.limit("hubspot.ten_secondly", 3)
    for _ in range(3):
        portal.get(f"{CONTACTS}?limit=1")

    assert portal.get(f"{CONTACTS}?limit=1").status_code == 429
    assert portal.get(f"{CONTACTS}?limit=1", role="auditor").status_code == 200


def test_the_daily_limit_is_named_and_shared(portal: Portal, world: World) -> None:
    """DAILY 429 with policyName, per account."""
    world.limit("hubspot.daily", 1)
    portal.get(f"{CONTACTS}?limit=1")

    reply = portal.get(f"{CONTACTS}?limit=1", role="auditor")

    assert (reply.status_code, reply.json()["policyName"], reply.json()["errorType"]) == (429, "DAILY", "RATE_LIMIT")


def test_no_token_is_401(portal: Portal) -> None:
    """`Authentication credentials not found...`, INVALID_AUTHENTICATION; the SDK simply omits the header."""
    reply = portal.get(CONTACTS, role=None)

    assert reply.status_code == 401
    body = envelope(reply)
    assert (body["message"].startswith("Authentication credentials not found"), body["category"]) == (True, "INVALID_AUTHENTICATION")


@pytest.mark.parametrize("prefix", ["bearer ", "Bearer  ", "Token ", ""])
def test_the_header_is_exactly_bearer(portal: Portal, prefix: str) -> None:
    """`Bearer <key>`: case and a single space."""
    reply = portal.get(CONTACTS, role=None, headers={"Authorization": prefix + portal.tokens["product"]})

    assert (reply.status_code, envelope(reply)["category"]) == (401, "INVALID_AUTHENTICATION")


def test_an_expired_token_says_since_when(portal: Portal) -> None:
    """`The OAuth token used to make this call expired 75 second(s) ago.`, EXPIRED_AUTHENTICATION, context expire time."""
    reply = portal.get(CONTACTS, role="expired")
    body = envelope(reply)

    assert (reply.status_code, body["category"]) == (401, "EXPIRED_AUTHENTICATION")
    assert re.match(r"The OAuth token used to make this call expired \d+ second\(s\) ago\.$", body["message"])
    assert ISO.match(body["context"]["expire time"][0])


def test_a_malformed_token_expired_in_1970(portal: Portal) -> None:
    """A malformed token also says EXPIRED_AUTHENTICATION, `expired N day(s) ago`, expire time 1970-01-01."""
    body = envelope(portal.get(CONTACTS, role=None, headers={"Authorization": "Bearer not-a-token"}))

    assert body["category"] == "EXPIRED_AUTHENTICATION"
    assert re.match(r"The OAuth token used to make this call expired \d{5} day\(s\) ago\.$", body["message"])
    assert body["context"]["expire time"][0].startswith("1970-01-01")


def test_a_missing_scope_is_named(portal: Portal) -> None:
    """403 MISSING_SCOPES with requiredGranularScopes, links.scopes and the exact sentence."""
    reply = portal.call("PATCH", f"{CONTACTS}/{FIRST}", role="auditor", json={"properties": {"jobtitle": "x"}})
    address = "https://developers.hubspot.com/scopes"

    assert reply.status_code == 403
    assert envelope(reply) == {
        "status": "error",
        "message": f"This app hasn't been granted all required scopes to make this call. Read more about required scopes here: {address}.",
        "errors": [
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": ["crm.objects.contacts.write"]},
            }
        ],
        "links": {"scopes": address},
        "category": "MISSING_SCOPES",
    }


def test_checks_run_in_hubspots_order(portal: Portal) -> None:
    """Credential, object type, body, scopes; the record is not looked up first."""
    assert portal.post("/crm/v3/objects/zzz/search", {}, role=None).status_code == 401
    assert portal.post("/crm/v3/objects/zzz", {}, role="no_scope").status_code == 400
    assert portal.call("PATCH", f"{CONTACTS}/{FIRST}", role="auditor", data="{").status_code == 400
    assert portal.call("PATCH", f"{CONTACTS}/99999999", role="auditor", json={"properties": {"jobtitle": "x"}}).status_code == 403


def test_a_missing_record_is_a_web_page(portal: Portal) -> None:
    """404 of a numeric id is an HTML Jetty page; of a non-numeric id JSON OBJECT_NOT_FOUND."""
    page, text = portal.get(f"{CONTACTS}/99999999"), portal.get(f"{CONTACTS}/abc")

    assert (page.status_code, page.headers["content-type"]) == (404, "text/html;charset=iso-8859-1")
    assert (text.status_code, envelope(text)["category"]) == (404, "OBJECT_NOT_FOUND")
    assert "objectId are usually numeric." in text.json()["message"]


def test_an_unknown_type_has_no_category(portal: Portal) -> None:
    """400 `Unable to infer object type from: zzz`, no category."""
    reply = portal.get("/crm/v3/objects/zzz")

    assert (reply.status_code, envelope(reply)) == (400, {"status": "error", "message": "Unable to infer object type from: zzz"})


def test_edge_refusals_are_not_json(portal: Portal) -> None:
    """405 is an HTML page, OPTIONS is 401 JSON, a URL too long is 414 HTML."""
    wrong = portal.call("PUT", f"{CONTACTS}/{FIRST}", json={})
    assert (wrong.status_code, wrong.headers["content-type"].split(";")[0]) == (405, "text/html")
    options = portal.call("OPTIONS", CONTACTS, role=None)
    assert (options.status_code, options.json()["status"]) == (401, "error")
    long = portal.get(CONTACTS, params={"properties": ",".join(f"property_{number}" for number in range(1000))})
    assert (long.status_code, long.headers["content-type"].split(";")[0]) == (414, "text/html")


def test_an_unknown_api_version_is_refused(portal: Portal) -> None:
    """Only the versions that exist answer."""
    assert portal.get("/crm/objects/2024-03/contacts").status_code == 404
