"""Relative date literals as half-open ranges of days. Source: SOQL and SOSL Reference, "Date Formats and Date Literals"."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_NAMED_DAYS = {"TODAY": (0, 1), "YESTERDAY": (-1, 0), "TOMORROW": (1, 2)}
_WEEKS = {"LAST_WEEK": (-1, 0), "THIS_WEEK": (0, 1), "NEXT_WEEK": (1, 2)}
_MONTHS = {"LAST_MONTH": (-1, 0), "THIS_MONTH": (0, 1), "NEXT_MONTH": (1, 2)}
_YEARS = {"LAST_YEAR": (-1, 0), "THIS_YEAR": (0, 1), "NEXT_YEAR": (1, 2)}


def day_range(literal: str, today: date) -> tuple[date, date]:
    """First day and the day after the last, for a literal such as LAST_N_DAYS:7. Weeks begin on Sunday; LAST_N_DAYS holds today."""
    name, _, count_text = literal.partition(":")
    if name in _NAMED_DAYS:
        return _shift_days(today, _NAMED_DAYS[name])
    if name in ("LAST_90_DAYS", "NEXT_90_DAYS"):
        name, count_text = name.replace("90", "N"), "90"
    if name in ("LAST_N_DAYS", "NEXT_N_DAYS", "N_DAYS_AGO"):
        return _shift_days(today, _counted_days(name, int(count_text)))
    sunday = today - timedelta(days=(today.weekday() + 1) % 7)
    if name in _WEEKS:
        return _shift_days(sunday, tuple(7 * n for n in _WEEKS[name]))
    if name in ("LAST_N_WEEKS", "NEXT_N_WEEKS"):
        return _shift_days(sunday, (-7 * int(count_text), 0) if name.startswith("LAST") else (7, 7 * int(count_text) + 7))
    if name in _YEARS:
        start, end = _YEARS[name]
        return date(today.year + start, 1, 1), date(today.year + end, 1, 1)
    start, end = _MONTHS[name] if name in _MONTHS else _counted_months(name, int(count_text))
    return _first_of_month(today, start), _first_of_month(today, end)


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Midnight of the user's time zone, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _shift_days(day: date, shifts: tuple[int, ...]) -> tuple[date, date]:
    return day + timedelta(days=shifts[0]), day + timedelta(days=shifts[1])


def _counted_days(name: str, count: int) -> tuple[int, int]:
    if name == "LAST_N_DAYS":
        return -count, 1
    return (1, count + 1) if name == "NEXT_N_DAYS" else (-count, -count + 1)


def _counted_months(name: str, count: int) -> tuple[int, int]:
    return (-count, 0) if name == "LAST_N_MONTHS" else (1, count + 1)


def _first_of_month(day: date, shift: int) -> date:
    index = day.year * 12 + day.month - 1 + shift
    return date(index // 12, index % 12 + 1, 1)
