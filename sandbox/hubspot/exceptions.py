"""HubSpot's refusals: status, exact words, and the odd ones that are HTML.

HubSpotError
 └─ one class; the functions below build each documented or recorded body.
Sources: developers.hubspot.com 'Error handling', recorded traffic, conformance runs published by other projects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

JSON_TYPE = "application/json;charset=utf-8"
HTML_TYPE = "text/html;charset=iso-8859-1"


class HubSpotError(Exception):
    """A refusal with the reply it makes. `body` is JSON-ready (its correlationId is filled in when it is sent) or HTML text."""

    def __init__(self, status: int, body: dict[str, Any] | str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(body if isinstance(body, str) else body.get("message", ""))
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def refusal(status: int, message: str, category: str | None, **more: Any) -> HubSpotError:
    """The common envelope."""
    body: dict[str, Any] = {"status": "error", "message": message, "correlationId": ""}
    body.update({key: value for key, value in more.items() if value is not None})
    if category is not None:
        body["category"] = category
    return HubSpotError(status, body)


def invalid(message: str, **more: Any) -> HubSpotError:
    """400 VALIDATION_ERROR."""
    return refusal(400, message, "VALIDATION_ERROR", **more)


def invalid_json(detail: str) -> HubSpotError:
    """400 for a body that does not parse or does not have the shape."""
    return invalid(f"Invalid input JSON on line 1, column 1: {detail}")


def invalid_properties(problems: Sequence[Mapping[str, Any]]) -> HubSpotError:
    """400 whose message embeds a JSON list of what is wrong with each property."""
    return invalid(f"Property values were not valid: {orjson.dumps(list(problems)).decode()}")


def problem(name: str, code: str, message: str, portal_id: int) -> dict[str, Any]:
    """One entry of `invalid_properties`."""
    return {"isValid": False, "message": message, "error": code, "name": name, "localizedErrorMessage": message, "portalId": portal_id}


def no_credentials() -> HubSpotError:
    """401 without a usable Authorization header."""
    return refusal(
        401,
        "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at "
        "https://developers.hubspot.com/docs/methods/auth/oauth-overview",
        "INVALID_AUTHENTICATION",
    )


def expired_token(seconds_ago: int, expired_at: str) -> HubSpotError:
    """401 for a token past its life."""
    message = f"The OAuth token used to make this call expired {seconds_ago} second(s) ago."
    return refusal(401, message, "EXPIRED_AUTHENTICATION", context={"expire time": [expired_at]})


def malformed_token(days_ago: int) -> HubSpotError:
    """401 for a token that is none: HubSpot calls it expired since 1970."""
    message = f"The OAuth token used to make this call expired {days_ago} day(s) ago."
    return refusal(401, message, "EXPIRED_AUTHENTICATION", context={"expire time": ["1970-01-01T00:00:00Z"]})


def missing_scopes(scopes: Sequence[str]) -> HubSpotError:
    """403 that names the scopes."""
    return refusal(
        403,
        "This app hasn't been granted all required scopes to make this call. Read more about required scopes here: "
        "https://developers.hubspot.com/scopes.",
        "MISSING_SCOPES",
        errors=[{"message": "One or more of the following scopes are required.", "context": {"requiredGranularScopes": list(scopes)}}],
        links={"scopes": "https://developers.hubspot.com/scopes"},
    )


def page_not_found(path: str) -> HubSpotError:
    """404 as the HTML page of the web server, for a numeric id or a path that does not exist."""
    return HubSpotError(404, _jetty(404, "Not Found", path))


def method_not_allowed(path: str) -> HubSpotError:
    """405 as an HTML page."""
    return HubSpotError(405, _jetty(405, "Method Not Allowed", path))


def unsupported_media_type(path: str) -> HubSpotError:
    """415 as an HTML page."""
    return HubSpotError(415, _jetty(415, "Unsupported Media Type", path))


def uri_too_long() -> HubSpotError:
    """414 as an HTML page."""
    return HubSpotError(414, "<h1>Bad Message 414</h1><pre>reason: URI Too Long</pre>")


def object_not_found(record_id: str, message: str = "resource not found") -> HubSpotError:
    """404 OBJECT_NOT_FOUND as JSON."""
    return refusal(404, message, "OBJECT_NOT_FOUND", context={"id": [record_id]})


def some_not_found(label: str, ids: Sequence[str]) -> dict[str, Any]:
    """The entry in `errors` of a 207 for ids that do not exist."""
    message = f"Could not get some {label} objects, they may be deleted or not exist. Check that ids are valid."
    return {"status": "error", "category": "OBJECT_NOT_FOUND", "message": message, "context": {"ids": list(ids)}}


def unknown_object_type(name: str) -> HubSpotError:
    """400, without a category."""
    return HubSpotError(400, {"status": "error", "message": f"Unable to infer object type from: {name}", "correlationId": ""})


def already_exists(singular: str, existing_id: int) -> HubSpotError:
    """409: the id stands in the message only."""
    return refusal(409, f"{singular.capitalize()} already exists. Existing ID: {existing_id}", "CONFLICT")


def duplicate_ids(ids: Sequence[str]) -> HubSpotError:
    """400 for the same id twice in one batch."""
    message = f"Duplicate IDs found in batch input: [{', '.join(ids)}]. IDs must be unique"
    return invalid(message, context={"ids": list(ids)})


def too_many_inputs(limit: int, got: int) -> HubSpotError:
    """400 for a batch over its size."""
    return invalid(f"The maximum number of inputs supported in a batch request is {limit}. {got} were received.")


def burst_limit(policy: str, request_id: str, headers: Mapping[str, str]) -> HubSpotError:
    """429 of the rolling or daily limit; no Retry-After."""
    body = {
        "status": "error",
        "message": f"You have reached your {policy.lower()} limit."
        if policy == "DAILY"
        else "You have reached your ten_secondly_rolling limit.",
        "errorType": "RATE_LIMIT",
        "correlationId": "",
        "policyName": policy,
        "requestId": request_id,
    }
    return HubSpotError(429, body, headers)


def search_limit() -> HubSpotError:
    """429 of the search limiter as recorded: no policyName, no errorType, no Retry-After."""
    return refusal(429, "You have reached your secondly limit.", "RATE_LIMITS")


def property_exists(name: str) -> HubSpotError:
    """409 for a property name that is taken."""
    return refusal(
        409, f"A property named '{name}' already exists.", "OBJECT_ALREADY_EXISTS", subCategory="Properties.PROPERTY_WITH_NAME_EXISTS"
    )


def _jetty(status: int, reason: str, path: str) -> str:
    return (
        f'<html>\n<head>\n<meta http-equiv="Content-Type" content="text/html;charset=utf-8"/>\n'
        f"<title>Error {status} {reason}</title>\n</head>\n"
        f"<body><h2>HTTP ERROR {status}</h2>\n<p>Problem accessing {path}. Reason:\n<pre>    {reason}</pre></p>\n</body>\n</html>\n"
    )
