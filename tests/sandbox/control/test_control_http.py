"""The control plane over real HTTP: seeding, clock, snapshots, settings, faults, journal, and its refusals."""

from typing import Any

import pytest
import requests

from sandbox.core import Sandbox

LEADS = 400


class Client:
    """JSON in and out."""

    def __init__(self, url: str) -> None:
        self._url = url + "/_sandbox"
        self._session = requests.Session()

    def call(self, method: str, path: str, body: dict[str, Any] | None = None, status: int = 200) -> dict[str, Any]:
        reply = self._session.request(method, self._url + path, json=body, timeout=30)
        assert reply.status_code == status, reply.text
        answer: dict[str, Any] = reply.json()
        return answer


@pytest.fixture(scope="module")
def control(sandbox_url: str) -> Client:
    client = Client(sandbox_url)
    client.call("POST", "/seed", {"seed": 4, "leads": LEADS})
    client.call("POST", "/snapshot", {"name": "start"})
    return client


@pytest.fixture
def fresh(control: Client) -> Client:
    """The world as it was seeded."""
    control.call("POST", "/restore", {"name": "start"})
    control.call("PUT", "/marketing", {"rules": []})
    return control


def test_health_says_which_world_it_is(control: Client) -> None:
    """Enough for a supervisor and for a person."""
    health = control.call("GET", "/health")
    assert (health["ok"], health["world"], health["seed"], health["leads"]) == (True, "company_a", 4, LEADS)


def test_the_manifest_has_the_fixed_shape_of_credentials(control: Client, sandbox_url: str) -> None:
    """Tokens by role for HubSpot, apps by role for Salesforce, both at this address."""
    credentials = control.call("GET", "/manifest")["credentials"]
    assert credentials["hubspot"]["base_url"] == credentials["salesforce"]["base_url"] == sandbox_url
    assert credentials["hubspot"]["portal_id"] == 7654321
    assert set(credentials["hubspot"]["tokens"]) == {"product", "admin", "auditor", "reader", "no_scope", "expired"}
    assert set(credentials["salesforce"]["apps"]) == {"product", "admin", "auditor", "reader"}
    assert credentials["salesforce"]["instance_url"] == "https://acme.my.salesforce.com"
    assert credentials["salesforce"]["org_id"].startswith("00D")


@pytest.mark.parametrize(("role", "status"), [("product", 200), ("reader", 200), ("no_scope", 403), ("expired", 401)])
def test_hubspot_tokens_open_what_their_role_may(control: Client, sandbox_url: str, role: str, status: int) -> None:
    """The credentials of the manifest are registered."""
    token = control.call("GET", "/manifest")["credentials"]["hubspot"]["tokens"][role]
    reply = requests.get(f"{sandbox_url}/crm/v3/objects/contacts?limit=1", headers={"Authorization": f"Bearer {token}"}, timeout=30)
    assert reply.status_code == status


def test_only_an_admin_may_define_a_property(control: Client, sandbox_url: str) -> None:
    """The product's own token has no set-up rights."""
    tokens = control.call("GET", "/manifest")["credentials"]["hubspot"]["tokens"]
    body = {"name": "colour", "label": "Colour", "type": "string", "fieldType": "text", "groupName": "contactinformation"}
    for role, status in (("product", 403), ("auditor", 403), ("admin", 201)):
        headers = {"Authorization": f"Bearer {tokens[role]}"}
        assert requests.post(f"{sandbox_url}/crm/v3/properties/contacts", json=body, headers=headers, timeout=30).status_code == status


def test_the_manifest_names_the_address_of_this_process(control: Client, sandbox: Sandbox, sandbox_url: str) -> None:
    """Also where the world comes from a file that another process wrote."""
    sandbox.control.manifest["credentials"]["hubspot"]["base_url"] = "http://127.0.0.1:1"
    assert control.call("GET", "/manifest")["credentials"]["hubspot"]["base_url"] == sandbox_url


def test_salesforce_apps_get_a_token(control: Client, sandbox_url: str) -> None:
    """Client credentials of each role."""
    for app in control.call("GET", "/manifest")["credentials"]["salesforce"]["apps"].values():
        form = {"grant_type": "client_credentials", "client_id": app["client_id"], "client_secret": app["client_secret"]}
        assert requests.post(f"{sandbox_url}/services/oauth2/token", data=form, timeout=30).json()["access_token"]


def test_the_clock_stands_until_it_is_moved(fresh: Client) -> None:
    """Quiet moves set off nothing; back and forth are allowed by `set`."""
    epoch = fresh.call("GET", "/clock")["now"]
    assert fresh.call("GET", "/manifest")["epoch"] == epoch
    moved = fresh.call("POST", "/clock", {"advance_seconds": 86_400, "quiet": True})
    assert moved["automation"] == []
    assert moved["now"] > epoch
    assert fresh.call("POST", "/clock", {"set": epoch})["now"] == epoch
    fresh.call("POST", "/clock", {"advance_seconds": -1}, status=400)
    fresh.call("POST", "/clock", {}, status=400)
    fresh.call("POST", "/clock", {"set": "2026-11-16T10:00:00"}, status=400)


def test_the_other_automation_writes_only_when_the_clock_moves(fresh: Client, sandbox: Sandbox) -> None:
    """The script of the manifest is played once, each step at its own time and under its own name; flips come four times in a day."""
    script = fresh.call("GET", "/manifest")["automation"]["script"]
    before = fresh.call("GET", "/journal?author=automation")["entries"]
    assert before == []
    moved = fresh.call("POST", "/clock", {"advance_seconds": 86_400})
    assert moved["automation"] == script
    assert fresh.call("POST", "/clock", {"advance_seconds": 86_400})["automation"] == []
    flips = [step for step in script if step["why"] == "two lists disagree"]
    assert len(flips) == 12
    written = fresh.call("GET", "/journal?author=Sales-Sequencer")["entries"]
    assert {entry["id"] for entry in written} == {step["id"] for step in script}
    one = next(step for step in script if step["vendor"] == "hubspot")
    newest = sandbox.hubspot.history("contacts", one["id"], "hubspot_owner_id")[0]
    assert newest.source == "AUTOMATION_PLATFORM"


def test_restoring_a_snapshot_brings_records_journal_and_clock_back(fresh: Client, sandbox: Sandbox) -> None:
    """The figures of the manifest hold again; an unknown name is answered with those there are."""
    contact = fresh.call("GET", "/manifest")["planted"]["limbo"]["records"][0]["hubspot"]
    old = sandbox.hubspot.get("contacts", contact)
    fresh.call("POST", "/act/automation", {"vendor": "hubspot", "id": contact, "fields": {"firstname": "Changed"}})
    fresh.call("POST", "/clock", {"advance_seconds": 3600})
    assert sandbox.hubspot.get("contacts", contact).properties["firstname"] == "Changed"
    fresh.call("POST", "/restore", {"name": "start"})
    assert sandbox.hubspot.get("contacts", contact) == old
    assert fresh.call("GET", "/clock")["now"] == fresh.call("GET", "/manifest")["epoch"]
    assert "start" in fresh.call("POST", "/restore", {"name": "other"}, status=404)["error"]


def test_switches_limits_and_faults_are_set_by_name(control: Client) -> None:
    """Unknown names and wrong kinds are refused with what there is."""
    assert "hubspot.search_lag_seconds" in control.call("PUT", "/switches", {"nope": 1}, status=400)["error"]
    shown = control.call("PUT", "/switches", {"core.latency_ms": 0})["switches"]
    assert all(one["meaning"] for one in shown)
    control.call("PUT", "/limits", {"hubspot.ten_secondly": "many"}, status=400)
    limits = {one["name"]: one["value"] for one in control.call("PUT", "/limits", {"hubspot.ten_secondly": 100})["limits"]}
    assert limits["hubspot.ten_secondly"] == 100
    control.call("PUT", "/limits", {"hubspot.ten_secondly": 190})
    added = control.call(
        "POST", "/faults", {"faults": [{"action": "status", "vendor": "hubspot", "status": 503}, {"action": "delay", "seconds": 0.1}]}
    )
    assert [one["action"] for one in added["faults"]] == ["status", "delay"]
    control.call("POST", "/faults", {"action": "explode"}, status=400)
    control.call("POST", "/faults", {"action": "status", "colour": "red"}, status=400)
    assert control.call("DELETE", "/faults")["faults"] == []


def test_counters_count_vendor_calls_only(control: Client, sandbox_url: str) -> None:
    """Calls of the control plane itself are not calls of the product."""
    control.call("POST", "/counters/reset")
    token = control.call("GET", "/manifest")["credentials"]["hubspot"]["tokens"]["product"]
    requests.get(f"{sandbox_url}/crm/v3/objects/contacts?limit=1", headers={"Authorization": f"Bearer {token}"}, timeout=30)
    counted = control.call("GET", "/counters")
    assert counted["hubspot"]["by_app"]["product"]["made"] == 1
    assert "salesforce" not in counted


def test_the_journal_is_read_in_pages(fresh: Client) -> None:
    """`next` leads on until it is null."""
    contact = fresh.call("GET", "/manifest")["planted"]["limbo"]["records"][0]["hubspot"]
    for number in range(3):
        fresh.call("POST", "/act/automation", {"vendor": "hubspot", "id": contact, "fields": {"firstname": f"N{number}"}})
    where = f"/journal?vendor=hubspot&object=contacts&id={contact}&author=automation"
    first = fresh.call("GET", f"{where}&limit=2")
    rest = fresh.call("GET", f"{where}&limit=2&after={first['next']}")
    names = [one["new"] for one in first["entries"] + rest["entries"] if one["field"] == "firstname"]
    assert names == ["N0", "N1", "N2"]
    assert fresh.call("GET", f"{where}&limit=1000")["next"] is None


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "named"),
    [
        ("POST", "/seed", {"leads": 10}, 400, "at least 200"),
        ("POST", "/seed", {"leads": "many"}, 400, "whole number"),
        ("POST", "/seed", {"world": "company_z"}, 404, "company_a"),
        ("POST", "/seed", {"crm": "hubspot"}, 400, "crms"),
        ("GET", "/nothing", None, 404, "POST /seed"),
        ("DELETE", "/clock", None, 404, "GET /clock"),
        ("PUT", "/marketing", {"rules": [{"vendor": "mailchimp", "property": "x"}]}, 400, "hubspot, salesforce"),
        ("PUT", "/marketing", {"rules": [{"vendor": "hubspot"}]}, 400, "property"),
        ("POST", "/snapshot", {"name": "(empty)"}, 400, "bracket"),
    ],
)
def test_a_refusal_says_what_to_mend(control: Client, method: str, path: str, body: dict[str, Any] | None, status: int, named: str) -> None:
    """And leaves the world as it is."""
    assert named in control.call(method, path, body, status=status)["error"]
    assert control.call("GET", "/health")["leads"] == LEADS


def test_a_body_that_is_not_json_is_refused(control: Client, sandbox_url: str) -> None:
    """Not a stack trace."""
    reply = requests.post(f"{sandbox_url}/_sandbox/clock", data="{", headers={"Content-Type": "application/json"}, timeout=30)
    assert reply.status_code == 400
    assert "not JSON" in reply.json()["error"]
