"""Property values: always text on the wire; dates as ISO-8601 UTC with milliseconds; what a write may send and what is stored."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.hubspot.schema import Property

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_EMAIL = re.compile(r"^[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>.]{2,}$")
_MILLIS = re.compile(r"^-?\d{1,15}$")
_NUMBER = re.compile(r"^-?\d+(\.\d+)?([eE][+-]?\d+)?$")
_DAY_MS = 86_400_000
MAX_TEXT = 65_536


class BadValueError(ValueError):
    """A value that the property does not take; `code` is HubSpot's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def to_ms(at: datetime) -> int:
    """Epoch milliseconds of an aware time."""
    return (at - _EPOCH) // _MILLISECOND


@lru_cache(maxsize=10_000)
def iso(ms: int) -> str:
    """`YYYY-MM-DDThh:mm:ss.SSSZ`."""
    # Whole numbers all the way: a float of seconds loses a millisecond some centuries from now.
    return f"{datetime.fromtimestamp(ms // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{ms % 1000:03}Z"


@lru_cache(maxsize=10_000)
def parse_ms(text: str) -> int:
    """Epoch milliseconds of an ISO time or of epoch milliseconds; ValueError otherwise."""
    if _MILLIS.match(text):
        return int(text)
    at = datetime.fromisoformat(text)
    return to_ms(at if at.tzinfo else at.replace(tzinfo=UTC))


def comparable(definition: Property | None, value: str) -> int | float | str | None:
    """What a value sorts and compares as: numbers for number, date and datetime; lower case for text; options as they are.

    None: not comparable.
    """
    kind = definition.type if definition else "string"
    try:
        if kind == "number":
            return float(value) if "." in value or "e" in value.lower() else int(value)
        if kind in ("datetime", "date"):
            return parse_ms(value)
    except ValueError:
        return None
    return value if kind in ("enumeration", "bool") else value.lower()


def accept(definition: Property, raw: str) -> str:
    """The value as it is stored; BadValueError with HubSpot's code otherwise. Owner ids and multi-select appends are the caller's."""
    check = _CHECKS.get(definition.type)
    if check is not None:
        return check(definition, raw)
    if len(raw) > MAX_TEXT:
        raise BadValueError("PROPERTY_TOO_LARGE", f"Property values cannot be longer than {MAX_TEXT} characters")
    if definition.name == "email":
        return _email(raw)
    return raw


def _email(raw: str) -> str:
    address = raw.strip().lower()
    if not _EMAIL.match(address):
        raise BadValueError("INVALID_EMAIL", f"Email address {raw} is invalid")
    return address


def _number(_definition: Property, raw: str) -> str:
    if not _NUMBER.match(raw.strip()):
        raise BadValueError("INVALID_INTEGER", f"{raw} was not a valid number.")
    return raw.strip()


def _datetime(_definition: Property, raw: str) -> str:
    try:
        return iso(parse_ms(raw))
    except (ValueError, OverflowError):
        raise BadValueError("INVALID_DATE", f"{raw} is not a valid date; use ISO 8601 or epoch milliseconds.") from None


def _date(_definition: Property, raw: str) -> str:
    if _MILLIS.match(raw):
        if int(raw) % _DAY_MS:
            raise BadValueError("INVALID_DATE", f"{raw} is at {iso(int(raw))} which is not midnight!")
        return iso(int(raw))[:10]
    try:
        return date.fromisoformat(raw).isoformat()
    except ValueError:
        raise BadValueError("INVALID_DATE", f"{raw} is not a valid date.") from None


def _enumeration(definition: Property, raw: str) -> str:
    if not definition.options:
        return raw
    chosen = [part for part in raw.split(";") if part] if definition.is_multiple else [raw]
    for value in chosen:
        if not any(option.value == value for option in definition.options):
            allowed = [option.value for option in definition.options]
            raise BadValueError("INVALID_OPTION", f"{value} was not one of the allowed options: [{', '.join(allowed)}]")
    return ";".join(dict.fromkeys(chosen))


_CHECKS: Mapping[str, Callable[[Property, str], str]] = {
    "number": _number,
    "datetime": _datetime,
    "date": _date,
    "enumeration": _enumeration,
    "bool": _enumeration,
}
