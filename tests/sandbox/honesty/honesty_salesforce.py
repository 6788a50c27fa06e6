"""What the Salesforce tests share: the form of a stamp, and readers of error bodies."""

import re
from typing import Any

import requests

STAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000$")


def refusal(reply: requests.Response) -> dict[str, Any]:
    """The one entry of a top-level error, which is a JSON array."""
    body = reply.json()
    assert isinstance(body, list)
    assert len(body) == 1
    entry: dict[str, Any] = body[0]
    return entry


def code(reply: requests.Response) -> tuple[int, str]:
    return reply.status_code, refusal(reply)["errorCode"]
