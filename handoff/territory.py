"""Where a lead sits, as a territory is drawn: by area code of the phone and by the first characters of the postal code."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from handoff.case import Case

NATIONAL_DIGITS = 10  # of a North American number without its country code
PREFIX = 3
_EXTENSION = re.compile(r"(?:ext\.?|x|#)\s*\d+\s*$", re.IGNORECASE)


def area_code(phone: str) -> str | None:
    """`(212) 555-0100`, `+1 212 555 0100` -> `212`; None for a number of another country or with another count of digits."""
    text = _EXTENSION.sub("", phone.strip())
    digits = re.sub(r"\D", "", text)
    if text.startswith("+") and not digits.startswith("1"):
        return None
    national = digits[1:] if len(digits) == NATIONAL_DIGITS + 1 and digits.startswith("1") else digits
    return national[:PREFIX] if len(national) == NATIONAL_DIGITS and national[0] not in "01" else None


def postal_prefix(code: str) -> str | None:
    """`10001-2345` -> `100`, `sw1a 1aa` -> `SW1`; None when fewer than three characters are given."""
    plain = re.sub(r"[^0-9A-Za-z]", "", code)
    return plain[:PREFIX].upper() if len(plain) >= PREFIX else None


VALUES: Mapping[str, Callable[[Case], str | None]] = {
    "phone.area_code": lambda case: area_code(case.fields.get("phone", "")),
    "postal.prefix": lambda case: postal_prefix(case.fields.get("postal_code", "")),
}
