"""What the HubSpot tests share: addresses, three contacts, and readers of error bodies."""

import json
import re
from typing import Any

import requests
from honesty_driver import Portal

CONTACTS = "/crm/v3/objects/contacts"
ISO = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
FIRST, SECOND, THIRD = "100001", "100002", "100003"


def envelope(reply: requests.Response) -> dict[str, Any]:
    """The error body without its random part."""
    body: dict[str, Any] = reply.json()
    assert body["status"] == "error"
    assert body.pop("correlationId")
    return body


def value_errors(reply: requests.Response) -> list[dict[str, Any]]:
    """The JSON that HubSpot hides in the message of a property error."""
    body = envelope(reply)
    assert (reply.status_code, body["category"]) == (400, "VALIDATION_ERROR")
    prefix = "Property values were not valid: "
    assert body["message"].startswith(prefix)
    rows: list[dict[str, Any]] = json.loads(body["message"].removeprefix(prefix))
    return rows


def search(portal: Portal, body: dict[str, Any], kind: str = "contacts") -> requests.Response:
    return portal.post(f"/crm/v3/objects/{kind}/search", body)


def filters(name: str, operator: str, **value: Any) -> dict[str, Any]:
    return {"limit": 1, "filterGroups": [{"filters": [{"propertyName": name, "operator": operator, **value}]}]}
