"""Relative date literals are half-open ranges of days."""

from __future__ import annotations

from datetime import date

import pytest

from sandbox.salesforce.soql.dates import day_range

WEDNESDAY = date(2026, 11, 18)


@pytest.mark.parametrize(
    ("literal", "first", "after"),
    [
        ("TODAY", date(2026, 11, 18), date(2026, 11, 19)),
        ("YESTERDAY", date(2026, 11, 17), date(2026, 11, 18)),
        ("TOMORROW", date(2026, 11, 19), date(2026, 11, 20)),
        ("LAST_N_DAYS:7", date(2026, 11, 11), date(2026, 11, 19)),
        ("LAST_90_DAYS", date(2026, 8, 20), date(2026, 11, 19)),
        ("NEXT_N_DAYS:2", date(2026, 11, 19), date(2026, 11, 21)),
        ("N_DAYS_AGO:3", date(2026, 11, 15), date(2026, 11, 16)),
        ("THIS_WEEK", date(2026, 11, 15), date(2026, 11, 22)),
        ("LAST_WEEK", date(2026, 11, 8), date(2026, 11, 15)),
        ("LAST_N_WEEKS:2", date(2026, 11, 1), date(2026, 11, 15)),
        ("THIS_MONTH", date(2026, 11, 1), date(2026, 12, 1)),
        ("LAST_N_MONTHS:11", date(2025, 12, 1), date(2026, 11, 1)),
        ("NEXT_MONTH", date(2026, 12, 1), date(2027, 1, 1)),
        ("LAST_YEAR", date(2025, 1, 1), date(2026, 1, 1)),
    ],
)
def test_literal_covers_these_days(literal: str, first: date, after: date) -> None:
    assert day_range(literal, WEDNESDAY) == (first, after)
