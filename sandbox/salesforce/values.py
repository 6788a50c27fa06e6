"""Values that clients send, checked and brought into the form the columns keep. Raises RowError with the vendor's code."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from sandbox.salesforce.exceptions import RowError
from sandbox.salesforce.ids import normalize
from sandbox.salesforce.rows import timestamp
from sandbox.salesforce.schema import Field

_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]+")
_EARLIEST_YEAR, _LATEST_YEAR = 1700, 4000
_JSON_KINDS = {
    bool: "VALUE_TRUE",
    int: "VALUE_NUMBER_INT",
    float: "VALUE_NUMBER_FLOAT",
    str: "VALUE_STRING",
    list: "START_ARRAY",
    dict: "START_OBJECT",
}


def coerce(field: Field, value: Any) -> Any:
    """The value as it is kept; empty text becomes None."""
    if value is None:
        return False if field.type == "boolean" else None
    convert: Callable[[Field, Any], Any] = _BY_TYPE.get(field.type, _text)
    return convert(field, value)


def _not_a(field: Field, kind: str, value: Any) -> RowError:
    told = _JSON_KINDS.get(type(value), "VALUE_STRING")
    return RowError(
        "JSON_PARSER_ERROR",
        f"Cannot deserialize instance of {kind} from {told} value {value} or request may be missing a required field",
        [field.name],
    )


def _text(field: Field, value: Any) -> str | None:
    if not isinstance(value, str):
        raise _not_a(field, "string", value)
    text = value.strip() if field.type != "textarea" else value
    if field.length and len(text) > field.length:
        raise RowError("STRING_TOO_LONG", f"{field.label}: data value too large: {text[:255]} (max length={field.length})", [field.name])
    return text or None


def _email(field: Field, value: Any) -> str | None:
    text = _text(field, value)
    if text is not None and not _EMAIL.fullmatch(text):
        raise RowError("INVALID_EMAIL_ADDRESS", f"{field.label}: invalid email address: {text}", [field.name])
    return text


def _picklist(field: Field, value: Any) -> str | None:
    text = _text(field, value)
    if text is None or not field.restricted:
        return text
    for choice in field.choices:
        if choice.is_active and choice.value.lower() == text.lower():
            return choice.value
    raise RowError(
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", f"{field.label}: bad value for restricted picklist field: {text}", [field.name]
    )


def _boolean(field: Field, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise _not_a(field, "boolean", value)


def _number(field: Field, value: Any) -> float | int:
    try:
        if isinstance(value, bool):
            raise ValueError
        number = float(value)
    except (TypeError, ValueError):
        raise _not_a(field, field.type, value) from None
    limit = 10 ** (field.precision - field.scale) if field.precision else 10**9
    if abs(number) >= limit:
        raise RowError("NUMBER_OUTSIDE_VALID_RANGE", f"{field.label}: value outside of valid range on numeric field: {value}", [field.name])
    if field.type != "int":
        return round(number, field.scale) if field.scale else number
    if number != int(number):
        raise _not_a(field, "int", value)
    return int(number)


def _reference(field: Field, value: Any) -> str | None:
    if value == "":
        return None
    found = normalize(value)
    if found is None:
        raise RowError("MALFORMED_ID", f"{field.label}: id value of incorrect type: {value}", [field.name])
    return found


def _date(field: Field, value: Any) -> str:
    try:
        day = date.fromisoformat(value[:10]) if isinstance(value, str) and value[10:11] in ("", "T") else None
    except ValueError:
        day = None
    if day is None or not _EARLIEST_YEAR <= day.year <= _LATEST_YEAR:
        raise _not_a(field, "date", value)
    return day.isoformat()


def _datetime(field: Field, value: Any) -> str:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) and len(value) > len("2026-01-01") else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not _EARLIEST_YEAR <= moment.year <= _LATEST_YEAR:
        raise _not_a(field, "datetime", value)
    return timestamp(moment)


def _any(_field: Field, value: Any) -> str:
    return value if isinstance(value, str) else str(value)


_BY_TYPE: dict[str, Callable[[Field, Any], Any]] = {
    "email": _email,
    "picklist": _picklist,
    "boolean": _boolean,
    "int": _number,
    "double": _number,
    "currency": _number,
    "percent": _number,
    "id": _reference,
    "reference": _reference,
    "date": _date,
    "datetime": _datetime,
    "anyType": _any,
}
