"""Relative date literals as half-open ranges of days. Source: SOQL and SOSL Reference, "Date Formats and Date Literals"."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_MONTHS_IN = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}
_SHIFTS = {"LAST": (-1, 0), "THIS": (0, 1), "NEXT": (1, 2)}
_UNITS = ("WEEK", *_MONTHS_IN)
_DAYS = {"TODAY": (0, 1), "YESTERDAY": (-1, 0), "TOMORROW": (1, 2), "LAST_90_DAYS": (-90, 1), "NEXT_90_DAYS": (1, 91)}
NAMED = frozenset(_DAYS) | {f"{which}_{unit}" for which in _SHIFTS for unit in _UNITS}
COUNTED = frozenset(form.format(unit) for unit in ("DAY", *_UNITS) for form in ("LAST_N_{}S", "NEXT_N_{}S", "N_{}S_AGO"))


def day_range(literal: str, today: date) -> tuple[date, date]:
    """First day and the day after the last, for a literal such as LAST_N_DAYS:7. Weeks begin on Sunday; LAST_N_DAYS holds today.

    OverflowError or ValueError where the calendar ends.
    """
    name, _, count_text = literal.partition(":")
    if name in _DAYS:
        start, end = _DAYS[name]
        return today + timedelta(days=start), today + timedelta(days=end)
    start, end = _counted(name, int(count_text)) if count_text else _SHIFTS[name.partition("_")[0]]
    unit = next(unit for unit in ("DAY", *_UNITS) if unit in name)
    if name.startswith("LAST_N_DAYS"):
        end = 1
    return _first_day(unit, today, start), _first_day(unit, today, end)


def _counted(name: str, count: int) -> tuple[int, int]:
    if name.startswith("LAST"):
        return -count, 0
    return (1, count + 1) if name.startswith("NEXT") else (-count, -count + 1)


def _first_day(unit: str, today: date, shift: int) -> date:
    if unit == "DAY":
        return today + timedelta(days=shift)
    if unit == "WEEK":
        return today + timedelta(days=7 * shift - (today.weekday() + 1) % 7)
    months = _MONTHS_IN[unit]
    index = (today.year * 12 + today.month - 1) // months * months + shift * months
    return date(index // 12, index % 12 + 1, 1)


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Midnight of the user's time zone, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)
