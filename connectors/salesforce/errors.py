"""What Salesforce's failures mean for the caller. Sources: REST API Developer Guide, "Status Codes and Error Responses"; SOAP API,
"StatusCode".

Top level errors are a JSON array of {message, errorCode}; rows of a collection carry {statusCode, message, fields}; the OAuth endpoint
answers {error, error_description}. Salesforce sends no Retry-After.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.protocol import CrmError, Fate, Interrupted, Refused, TryLater
from connectors.redaction import redact
from connectors.retry import Sending

OUTAGE_WAIT = 1.0
BUSY_WAIT = 5.0  # concurrent requests, lock waits (Salesforce itself waits 10 s for a row lock) and queries that ran too long
DAY_WAIT = 3600.0  # the daily limit is a rolling 24 hours: for a later run
LOCKED = "UNABLE_TO_LOCK_ROW"
_BUSY = frozenset({"QUERY_TIMEOUT", "REQUEST_RUNNING_TOO_LONG", LOCKED})
_TRANSIENT_STATUS = frozenset({406, 420})  # empty replies of the edge, seen by many connectors; the next try succeeds
_REASONS = {
    "INVALID_TYPE": "object",
    "NOT_FOUND": "object",
    "INVALID_FIELD": "field",
    "INSUFFICIENT_ACCESS": "scope",
    "INSUFFICIENT_ACCESS_OR_READONLY": "scope",
    "API_DISABLED_FOR_ORG": "scope",
    "API_CURRENTLY_DISABLED": "scope",
    "TXN_SECURITY_METERING_ERROR": "scope",
    "EXCEEDED_ID_LIMIT": "limit",
    "EXCEEDED_MAX_SIZE_REQUEST": "limit",
}
_GONE_ROWS = frozenset({"ENTITY_IS_DELETED", "CANNOT_UPDATE_CONVERTED_LEAD"})
_RETRY_ROWS = frozenset({LOCKED, "SERVER_UNAVAILABLE", "UNKNOWN_EXCEPTION", "REQUEST_RUNNING_TOO_LONG"})


class LocatorExpired(CrmError):
    """The query locator is dead (two days idle, or too many open): the walk starts again from its own position."""


class SessionExpired(CrmError):
    """The token ran out: get a new one and send the request again, with its headers."""


def of_reply(family: str, status: int, content: object, sending: Sending) -> CrmError:
    """The error for one refused reply; `content` is the parsed body or its text."""
    code, words = _first(content)
    label = f"Salesforce {family}: {code or status} {redact(words)}".strip()
    if status == 401:
        permanent = "not valid for use with the REST API" in words
        return Refused(f"{label}; give the integration user 'API Enabled'", "credentials") if permanent else SessionExpired(label)
    if code == "REQUEST_LIMIT_EXCEEDED":
        return TryLater(label, BUSY_WAIT if "ConcurrentRequests" in words else DAY_WAIT)
    if code == "INVALID_QUERY_LOCATOR":
        return LocatorExpired(label)
    if code in _BUSY:
        return TryLater(label, BUSY_WAIT)
    if status >= 500 or status in _TRANSIENT_STATUS:
        return TryLater(label, OUTAGE_WAIT) if sending is Sending.READ else Interrupted(f"{label}; whether the write was done is unknown")
    return Refused(label, _REASONS.get(code, "refused"))


def of_login(status: int, content: Mapping[str, Any]) -> CrmError:
    """The error for a refused token request."""
    code, words = str(content.get("error", status)), redact(str(content.get("error_description", "")))
    if status >= 500 or status in _TRANSIENT_STATUS:
        return TryLater(f"Salesforce login: {status}, Salesforce is out of order for the moment", OUTAGE_WAIT)
    return Refused(
        f"Salesforce login: {code} {words}; check client id, secret or key, and the flow's Run As user".replace("  ", " "), "credentials"
    )


def lost(family: str, cause: str, sending: Sending, *, sent: bool) -> CrmError:
    """The error for a connection that failed; `sent` says whether Salesforce may have got the request."""
    words = f"Salesforce {family}: {redact(cause)}"
    if sent and sending is not Sending.READ:
        return Interrupted(f"{words}; whether it was done is unknown")
    return TryLater(words, OUTAGE_WAIT)


def row_fate(row_errors: Sequence[Mapping[str, Any]]) -> tuple[Fate, str]:
    """What became of a refused row, and why: code, fields, words without personal data."""
    codes = [str(error.get("statusCode", "")) for error in row_errors]
    reason = "; ".join(
        redact(f"{code} {','.join(error.get('fields') or ())}: {error.get('message', '')}")
        for code, error in zip(codes, row_errors, strict=True)
    )
    if any(code in _GONE_ROWS for code in codes):
        return Fate.GONE, reason
    return (Fate.RETRY if any(code in _RETRY_ROWS for code in codes) else Fate.REFUSED), reason


def _first(content: object) -> tuple[str, str]:
    if isinstance(content, list) and content and isinstance(content[0], dict):
        return str(content[0].get("errorCode", "")), str(content[0].get("message", ""))
    if isinstance(content, dict):
        return str(content.get("errorCode") or content.get("error") or ""), str(
            content.get("message") or content.get("error_description") or ""
        )
    return "", ""
