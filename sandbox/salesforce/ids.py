"""Record ids: 15 case-sensitive characters, 18 with a checksum of the case. Source: Object Reference, "ID Field Type"."""

from __future__ import annotations

from functools import lru_cache

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_ALLOWED = frozenset(_DIGITS)
_UPPER = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_BITS = (1, 2, 4, 8, 16)
_POD = "5g0"
_SERIAL_CHARACTERS, _LAST_BLOCK = 9, 5


def make_id(prefix: str, serial: int) -> str:
    """The 18-character id number `serial` of an object; ids sort in the order of their serials."""
    high, low = divmod(serial, 62**_LAST_BLOCK)
    start, end = f"{prefix}{_POD}{_digits(high, _SERIAL_CHARACTERS - _LAST_BLOCK)}", _digits(low, _LAST_BLOCK)
    return f"{start}{end}{_checks(start)}{_check(end)}"


@lru_cache(maxsize=65_536)
def _digits(number: int, width: int) -> str:
    digits = ""
    for _ in range(width):
        number, rest = divmod(number, 62)
        digits = _DIGITS[rest] + digits
    return digits


def serial_of(record_id: str) -> int:
    """The serial number an id was made from."""
    serial = 0
    for character in record_id[15 - _SERIAL_CHARACTERS : 15]:
        serial = serial * 62 + _DIGITS.index(character)
    return serial


@lru_cache(maxsize=65_536)
def checksum(short: str) -> str:
    """The three characters that tell the case of a 15-character id."""
    return _checks(short[:10]) + _check(short[10:])


@lru_cache(maxsize=4096)
def _checks(two_blocks: str) -> str:
    return _check(two_blocks[:5]) + _check(two_blocks[5:])


def _check(block: str) -> str:
    """The check character of five characters."""
    return _CHECK[sum([bit for bit, character in zip(_BITS, block, strict=True) if character in _UPPER])]


def normalize(value: object) -> str | None:
    """The 18-character form of a well-formed id of 15 or 18 characters, else None.

    An 18-character id is case-insensitive: its last three characters restore the case of the others.
    """
    if not isinstance(value, str) or len(value) not in (15, 18) or not _ALLOWED.issuperset(value):
        return None
    if len(value) == 15:
        return value + checksum(value)
    if checksum(value[:15]) == value[15:]:
        return value
    short = _restore_case(value)
    return None if short is None else short + value[15:].upper()


def _restore_case(value: str) -> str | None:
    out = []
    for block in range(3):
        bits = _CHECK.find(value[15 + block].upper())
        if bits < 0:
            return None
        for index, character in enumerate(value[block * 5 : block * 5 + 5]):
            upper = bool(bits >> index & 1)
            if upper and not character.isalpha():
                return None
            out.append(character.upper() if upper else character.lower())
    return "".join(out)
