"""A company in the sandbox's Salesforce, and its clients: plain `requests`, and the real simple-salesforce behind a rewriting adapter."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce as SimpleSalesforce

from sandbox.apps import App
from sandbox.author import Author
from sandbox.core import Sandbox

VERSION = "66.0"
PERSON = Author(kind="person", name="a colleague")
_names = itertools.count(1)


class ToSandbox(HTTPAdapter):
    """Sends whatever goes to https:// to the sandbox instead."""

    def __init__(self, base_url: str) -> None:
        super().__init__()
        self._base = base_url

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        parts = urlsplit(request.url or "")
        request.url = self._base + parts.path + (f"?{parts.query}" if parts.query else "")
        return super().send(request, *args, **kwargs)


@dataclass
class Rest:
    """Calls with one app's token; `data` paths are below the version."""

    base_url: str
    token: str

    def call(self, method: str, path: str, *, version: str = f"v{VERSION}", **options: Any) -> requests.Response:
        """One call below /services/data/{version}/."""
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return requests.request(method, f"{self.base_url}/services/data/{version}/{path}", headers=headers, timeout=10, **options)

    def get(self, path: str, **options: Any) -> Any:
        """The JSON of a GET that has to succeed."""
        response = self.call("GET", path, **options)
        assert response.status_code == 200, response.text
        return response.json()

    def query(self, soql: str, *, resource: str = "query", **options: Any) -> list[dict[str, Any]]:
        """All records of a query, over all pages."""
        page = self.get(resource, params={"q": soql}, **options)
        records: list[dict[str, Any]] = page["records"]
        while not page["done"]:
            page = self.get(page["nextRecordsUrl"].removeprefix(f"/services/data/v{VERSION}/"))
            records += page["records"]
        return records

    def refusal(self, method: str, path: str, **options: Any) -> tuple[int, str, str]:
        """Status, errorCode and message of a call that has to be refused."""
        response = self.call(method, path, **options)
        assert response.status_code >= 400, response.text
        error = response.json()[0]
        return response.status_code, error["errorCode"], error["message"]


@dataclass
class Company:
    """Some people and apps of one org, and makers that state only what differs."""

    sandbox: Sandbox
    url: str
    rep: str
    other_rep: str
    departed: str
    queue: str
    apps: dict[str, App]

    def rest(self, role: str = "product") -> Rest:
        """A client of an app, with a fresh token."""
        app = self.apps[role]
        form = {"grant_type": "client_credentials", "client_id": app.client_id, "client_secret": app.client_secret}
        reply = requests.post(f"{self.url}/services/oauth2/token", data=form, timeout=10).json()
        return Rest(self.url, reply["access_token"])

    def counted(self) -> None:
        """Wait until the calls so far are counted: the loop counts a call before it serves the next one."""
        requests.get(f"{self.url}/services/data", timeout=10)

    def lead(self, **fields: Any) -> str:
        """A lead made by a colleague."""
        number = next(_names)
        values = {"LastName": f"Lead {number}", "Company": "Acme", "Email": f"lead.{number}@x.example", "OwnerId": self.rep, **fields}
        return str(self.sandbox.salesforce.create("Lead", values, PERSON))

    def simple(self, role: str = "product") -> SimpleSalesforce:
        """The real simple-salesforce, logged in by client credentials."""
        app = self.apps[role]
        session = requests.Session()
        session.mount("https://", ToSandbox(self.url))
        return SimpleSalesforce(
            consumer_key=app.client_id, consumer_secret=app.client_secret, domain="acme.my", session=session, version=VERSION
        )
