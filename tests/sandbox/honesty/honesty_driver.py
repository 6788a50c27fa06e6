"""Drives a sandbox process from outside: plain HTTP and the control plane, nothing imported from the sandbox.

The tests beside this file are written from the vendors' documentation alone, by somebody who did not read the sandbox's code.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[3]
SEED = {"world": "company_a", "seed": 5, "leads": 400, "crms": ["hubspot", "salesforce"]}
ROOMY = {"hubspot.searches_per_second": 100_000, "hubspot.ten_secondly": 100_000}
TIMEOUT = 20


class World:
    """A running sandbox with its manifest; `fresh` puts everything back to the state right after seeding."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.manifest: dict[str, Any] = self.control("POST", "seed", json=SEED)
        self.control("POST", "snapshot", json={"name": "seeded"})
        self.switches = self._defaults("switches")
        self.limits = self._defaults("limits") | ROOMY
        self.marketing = self.control("GET", "marketing")["rules"]

    def control(self, method: str, path: str, **kwargs: Any) -> Any:
        """One control-plane call; anything but 200 fails the test that made it."""
        reply = requests.request(method, f"{self.url}/_sandbox/{path}", timeout=TIMEOUT, **kwargs)
        assert reply.status_code == 200, reply.text
        return reply.json()

    def _defaults(self, kind: str) -> dict[str, Any]:
        return {row["name"]: row["default"] for row in self.control("GET", kind)[kind]}

    def fresh(self) -> None:
        self.control("DELETE", "faults")
        self.control("POST", "restore", json={"name": "seeded"})
        self.control("PUT", "switches", json=self.switches)
        self.control("PUT", "limits", json=self.limits)
        self.control("PUT", "marketing", json={"rules": self.marketing})

    def switch(self, name: str, value: Any) -> None:
        self.control("PUT", "switches", json={name: value})

    def limit(self, name: str, value: int) -> None:
        self.control("PUT", "limits", json={name: value})

    def fault(self, **plan: Any) -> None:
        self.control("POST", "faults", json=plan)

    def advance(self, seconds: int) -> None:
        """Moves only the business clock."""
        self.control("POST", "clock", json={"advance_seconds": seconds, "quiet": True})

    def planted(self, kind: str, vendor: str) -> list[str]:
        """Record ids of one vendor that carry a planted fact."""
        return [record[vendor] for record in self.manifest["planted"][kind]["records"] if vendor in record]

    def person(self, *, active: bool) -> dict[str, Any]:
        return next(person for person in self.manifest["people"] if person["active"] is active)


class Portal:
    """HubSpot calls with one of the manifest's tokens."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.tokens: dict[str, str] = world.manifest["credentials"]["hubspot"]["tokens"]
        self.portal_id: int = world.manifest["credentials"]["hubspot"]["portal_id"]

    def call(self, method: str, path: str, *, role: str | None = "product", **kwargs: Any) -> requests.Response:
        headers = dict(kwargs.pop("headers", {}))
        if role is not None:
            headers["Authorization"] = f"Bearer {self.tokens[role]}"
        return requests.request(method, self.world.url + path, headers=headers, timeout=TIMEOUT, **kwargs)

    def get(self, path: str, **kwargs: Any) -> requests.Response:
        return self.call("GET", path, **kwargs)

    def post(self, path: str, body: Any, **kwargs: Any) -> requests.Response:
        return self.call("POST", path, json=body, **kwargs)

    def write(self, contact_id: str, **properties: str | None) -> requests.Response:
        return self.call("PATCH", f"/crm/v3/objects/contacts/{contact_id}", json={"properties": properties})

    def value(self, contact_id: str, name: str) -> str | None:
        """The property as a batch read gives it: the read that never lags."""
        body = {"inputs": [{"id": contact_id}], "properties": [name]}
        value: str | None = self.post("/crm/v3/objects/contacts/batch/read", body).json()["results"][0]["properties"][name]
        return value

    def found(self, filters: list[dict[str, Any]], kind: str = "contacts", **rest: Any) -> list[str]:
        """Ids of the first 200 search hits."""
        reply = self.post(f"/crm/v3/objects/{kind}/search", {"limit": 200, "filterGroups": [{"filters": filters}], **rest})
        assert reply.status_code == 200, reply.text
        return [record["id"] for record in reply.json()["results"]]

    def total(self, name: str, operator: str, **value: Any) -> int:
        """`total` of a search with one filter."""
        filters = [{"propertyName": name, "operator": operator, **value}]
        reply = self.post("/crm/v3/objects/contacts/search", {"limit": 1, "filterGroups": [{"filters": filters}]})
        assert reply.status_code == 200, reply.text
        total: int = reply.json()["total"]
        return total


class Org:
    """Salesforce calls as one of the manifest's apps, token by client credentials."""

    base = "/services/data/v67.0"

    def __init__(self, world: World) -> None:
        self.world = world
        self.credentials: dict[str, Any] = world.manifest["credentials"]["salesforce"]
        self.apps: dict[str, dict[str, str]] = self.credentials["apps"]
        self._tokens: dict[str, str] = {}

    def login(self, role: str) -> requests.Response:
        app = self.apps[role]
        return requests.post(
            f"{self.world.url}/services/oauth2/token",
            auth=(app["client_id"], app["client_secret"]),
            data={"grant_type": "client_credentials"},
            timeout=TIMEOUT,
        )

    def token(self, role: str) -> str:
        if role not in self._tokens:
            self._tokens[role] = self.login(role).json()["access_token"]
        return self._tokens[role]

    def call(self, method: str, path: str, *, role: str = "product", **kwargs: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token(role)}", **kwargs.pop("headers", {})}
        address = path if path.startswith("/services") else f"{self.base}/{path}"
        return requests.request(method, self.world.url + address, headers=headers, timeout=TIMEOUT, **kwargs)

    def query(self, soql: str, *, resource: str = "query", **kwargs: Any) -> requests.Response:
        return self.call("GET", resource, params={"q": soql}, **kwargs)

    def rows(self, soql: str, **kwargs: Any) -> list[dict[str, Any]]:
        reply = self.query(soql, **kwargs)
        assert reply.status_code == 200, reply.text
        records: list[dict[str, Any]] = reply.json()["records"]
        return records

    def lead(self, lead_id: str) -> dict[str, Any]:
        record: dict[str, Any] = self.call("GET", f"sobjects/Lead/{lead_id}").json()
        return record

    def patch(self, lead_id: str, **fields: Any) -> requests.Response:
        return self.call("PATCH", f"sobjects/Lead/{lead_id}", json=fields, headers={"Sforce-Auto-Assign": "FALSE"})

    def collection(self, rows: list[dict[str, Any]], *, all_or_none: bool = False, **kwargs: Any) -> requests.Response:
        records = [{"attributes": {"type": "Lead"}, **row} for row in rows]
        return self.call("PATCH", "composite/sobjects", json={"allOrNone": all_or_none, "records": records}, **kwargs)

    def open_leads(self, count: int) -> list[str]:
        """Leads that any write may touch: active owner, not converted, valid."""
        soql = f"SELECT Id FROM Lead WHERE IsConverted = false AND Owner.IsActive = true AND Region__c != null ORDER BY Id LIMIT {count}"
        return [row["Id"] for row in self.rows(soql)]


@contextmanager
def running_world() -> Iterator[World]:
    """Starts `python -m sandbox` on a free port, seeds it, and ends it by its own process id."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "sandbox", "--port", "0"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield World(json.loads(process.stdout.readline())["url"])
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=15)
        if process.stdout is not None:
            process.stdout.close()
