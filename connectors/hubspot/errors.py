"""What HubSpot's failures mean for the caller.

Source: developers.hubspot.com, "Error handling"; bodies are read defensively, every field may be missing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from connectors.protocol import CrmError, Interrupted, Refused, TryLater
from connectors.redaction import redact
from connectors.retry import Sending

SECONDLY_WAIT = 1.0  # the official Node SDK waits 1 s x attempt for "secondly", 10 s x attempt for TEN_SECONDLY_ROLLING
TEN_SECONDLY_WAIT = 10.0
LOCKED_WAIT = 2.0  # 423: "locks last 2 seconds"
OUTAGE_WAIT = 1.0
DAY_WAIT = 3600.0  # a daily limit is not waited out within a run
_PERMANENT_EDGE = frozenset({522, 525, 526})  # HubSpot's page on errors: do not retry these


class RateLimited(TryLater):
    """A rate limit was reached: everybody who shares it waits, not this request alone."""


_EMBEDDED = re.compile(r"Property values were not valid: (\[.*\])", re.DOTALL)


def parse(body: bytes | str | None) -> dict[str, Any]:
    """The error body as a dict; empty when it is no JSON object (HTML pages of the edge and of the web server)."""
    try:
        found = orjson.loads(body or b"")
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def of_status(family: str, status: int, body: bytes | str | None, headers: Mapping[str, str], sending: Sending) -> CrmError:
    """The error for one reply. `family` names the call in messages."""
    parsed = parse(body)
    if status == 429:
        return RateLimited(f"HubSpot {family}: {_words(parsed) or 'rate limit reached'}", _rate_limit_wait(parsed, headers))
    if status == 423:
        return TryLater(f"HubSpot {family}: the records are locked by another write", LOCKED_WAIT)
    if status == 477:
        return TryLater(f"HubSpot {family}: the portal is being migrated", _retry_after(headers) or DAY_WAIT)
    if status in (401, 403):
        return _not_allowed(family, status, parsed)
    if status >= 500 and status not in _PERMANENT_EDGE:
        return _outage(family, status, sending)
    return Refused(f"HubSpot {family}: {status} {_words(parsed) or 'without a readable reason'}", reason_of(parsed))


def lost(family: str, cause: str, sending: Sending, *, sent: bool) -> CrmError:
    """The error for a connection that failed; `sent` says whether HubSpot may have got the request."""
    words = f"HubSpot {family}: {redact(cause)}"
    if sent and sending is not Sending.READ:
        return Interrupted(f"{words}; whether it was done is unknown")
    return TryLater(words, OUTAGE_WAIT)


def reason_of(parsed: Mapping[str, Any]) -> str:
    """A short code for Refused: field for values and properties, conflict, object, else refused."""
    category = str(parsed.get("category", ""))
    if category == "CONFLICT":
        return "conflict"
    if category == "VALIDATION_ERROR" or "Propert" in str(parsed.get("message", "")):
        return "field"
    return "object" if category == "OBJECT_NOT_FOUND" or "infer object type" in str(parsed.get("message", "")) else "refused"


def row_reason(parsed: Mapping[str, Any]) -> str:
    """One row's error as `CODE property: words`, without personal data."""
    message = str(parsed.get("message", ""))
    embedded = _EMBEDDED.search(message)
    if embedded is not None:
        faults = _faults(embedded.group(1))
        if faults:
            return redact(
                "; ".join(f"{fault.get('error', 'INVALID')} {fault.get('name', '')}: {fault.get('message', '')}" for fault in faults)
            )
    return redact(f"{parsed.get('category', 'REFUSED')}: {message}")


def _faults(text: str) -> list[dict[str, Any]]:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return []
    return [fault for fault in found if isinstance(fault, dict)]


def _words(parsed: Mapping[str, Any]) -> str:
    return redact(str(parsed.get("message", "")))


def _retry_after(headers: Mapping[str, str]) -> float:
    text = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return float(text) if text.strip().isdecimal() else 0.0


def _rate_limit_wait(parsed: Mapping[str, Any], headers: Mapping[str, str]) -> float:
    asked = _retry_after(headers)
    policy = str(parsed.get("policyName", ""))
    if policy == "DAILY":
        return max(asked, DAY_WAIT)
    return asked or (TEN_SECONDLY_WAIT if policy == "TEN_SECONDLY_ROLLING" else SECONDLY_WAIT)


def _outage(family: str, status: int, sending: Sending) -> CrmError:
    if sending is Sending.READ:
        return TryLater(f"HubSpot {family}: {status}, HubSpot is out of order for the moment", OUTAGE_WAIT)
    return Interrupted(f"HubSpot {family}: {status} from HubSpot's edge; whether the write was done is unknown")


def _not_allowed(family: str, status: int, parsed: Mapping[str, Any]) -> Refused:
    category = parsed.get("category", "")
    if category == "MISSING_SCOPES" or status == 403:
        scopes = ", ".join(_missing_scopes(parsed)) or "a scope that HubSpot does not name"
        return Refused(f"HubSpot {family}: the token lacks {scopes}; add it to the service key or private app", "scope")
    if category == "EXPIRED_AUTHENTICATION":
        return Refused(f"HubSpot {family}: the token has expired or is malformed; put a current one into the settings", "expired")
    return Refused(f"HubSpot {family}: the token is not accepted; check it in HubSpot's settings", "credentials")


def _missing_scopes(parsed: Mapping[str, Any]) -> list[str]:
    scopes: list[str] = []
    for error in parsed.get("errors") or ():
        context = error.get("context") or {} if isinstance(error, dict) else {}
        scopes.extend(str(scope) for scope in context.get("requiredGranularScopes") or ())
    return scopes
