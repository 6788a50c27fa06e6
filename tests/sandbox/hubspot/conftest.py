"""Credentials, a plain HTTP client and the real SDK, all against a sandbox of the module's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from hubspot import HubSpot as Sdk

from sandbox.core import App, Author, Sandbox

READ_WRITE = frozenset(
    f"crm.objects.{noun}.{right}" for noun in ("contacts", "companies", "deals", "leads", "owners", "users") for right in ("read", "write")
) | {"crm.schemas.contacts.read", "crm.lists.read", "crm.lists.write", "forms", "oauth", "communication_preferences.read"}
ADMIN = READ_WRITE | {f"crm.schemas.{noun}.write" for noun in ("contacts", "companies", "deals", "tasks", "leads")}
TOKENS = {
    "product": "pat-na1-product-0001",
    "admin": "pat-na1-admin-0001",
    "no_scope": "pat-na1-nothing-0001",
    "expired": "pat-na1-expired-0001",
}
REP = Author(kind="person", name="rep", hubspot_user_id=501)


@dataclass(frozen=True)
class Api:
    """Plain HTTP with one bearer token."""

    url: str
    token: str
    session: requests.Session

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """One request; further headers may be given."""
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return self.session.request(method, self.url + path, headers=headers, timeout=10, **options)

    def get(self, path: str, **params: Any) -> requests.Response:
        """GET with query parameters."""
        return self.call("GET", path, params=params)

    def post(self, path: str, body: Any, **options: Any) -> requests.Response:
        """POST a JSON body."""
        return self.call("POST", path, json=body, **options)


@pytest.fixture(scope="module", autouse=True)
def apps(sandbox: Sandbox) -> None:
    """Register the apps; limits are lifted, the tests of the limiters set their own."""
    sandbox.limits.set("hubspot.ten_secondly", 100_000)
    sandbox.limits.set("hubspot.searches_per_second", 100_000)
    scopes = {"product": READ_WRITE, "admin": ADMIN, "no_scope": frozenset({"oauth"}), "expired": READ_WRITE}
    for number, (name, token) in enumerate(TOKENS.items()):
        expires_at = 1_700_000_000.0 if name == "expired" else None
        sandbox.apps.register(App(str(9000 + number), name, "hubspot", scopes[name], token=token, expires_at=expires_at))
    sandbox.apps.register(
        App(
            "9100",
            "oauth app",
            "hubspot",
            READ_WRITE,
            kind="oauth",
            client_id="client-1",
            client_secret="secret-1",
            refresh_token="refresh-1",
        )
    )


@pytest.fixture(autouse=True)
def clean_settings(sandbox: Sandbox) -> Iterator[None]:
    """Switches and faults go back after each test."""
    yield
    sandbox.switches.reset()
    sandbox.faults.clear()


@pytest.fixture(scope="module")
def session() -> Iterator[requests.Session]:
    """One keep-alive session."""
    with requests.Session() as made:
        yield made


@pytest.fixture(scope="module")
def api(sandbox_url: str, session: requests.Session) -> Api:
    """The product's credential."""
    return Api(sandbox_url, TOKENS["product"], session)


@pytest.fixture(scope="module")
def admin(sandbox_url: str, session: requests.Session) -> Api:
    """The administrator's credential."""
    return Api(sandbox_url, TOKENS["admin"], session)


@pytest.fixture(scope="module")
def sdk(sandbox_url: str) -> Any:
    """The official SDK, pointed here by `host`."""
    return Sdk(access_token=TOKENS["product"], host=sandbox_url)


class Maker:
    """Makes records by the model, each with an address of its own."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox, self._next = sandbox, 0

    def contact(self, **properties: str) -> str:
        """A contact."""
        self._next += 1
        return str(self._sandbox.hubspot.create("contacts", {"email": f"lead{self._next}@acme.example", **properties}, REP))

    def record(self, object_type: str, associations: Any = (), **properties: str) -> str:
        """A record of any type."""
        return str(self._sandbox.hubspot.create(object_type, properties, REP, associations=associations))


@pytest.fixture(scope="module")
def make(sandbox: Sandbox) -> Maker:
    """The maker of this module."""
    return Maker(sandbox)
