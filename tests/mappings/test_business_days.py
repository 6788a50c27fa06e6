"""A country's days off are those of the calendar library, without importing the calendars of all countries."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import holidays
import pytest
from holidays.registry import COUNTRIES

from mappings.business_days import calendar_of, calendar_problem, resolved_holidays
from mappings.shapes import HolidayShape

ROOT = Path(__file__).parents[2]
YEARS = [2026, 2027]


def _shape(country: str, subdivision: str = "") -> HolidayShape:
    return HolidayShape(country=country, subdivision=subdivision, years=YEARS)


# Puerto Rico's calendar builds on another country's module; Korea's has a name besides its codes; GBR is the three-letter code.
@pytest.mark.parametrize(("country", "subdivision"), [("US", ""), ("US", "CA"), ("DE", "BY"), ("PR", ""), ("KR", ""), ("GBR", "SCT")])
def test_the_days_are_those_of_the_library(country: str, subdivision: str) -> None:
    expected = holidays.country_holidays(country, subdiv=subdivision or None, years=YEARS, language="en_US")
    assert resolved_holidays(_shape(country, subdivision)) == tuple(sorted(expected))


def test_unknown_places_are_named() -> None:
    assert calendar_problem(_shape("XX")) == "no calendar for country 'XX'"
    assert calendar_problem(_shape("US", "XX")) == "no calendar for 'XX' in US"
    assert calendar_problem(_shape("DE", "BY")) == ""


def test_a_policy_loads_without_the_calendars_of_all_countries() -> None:
    """Every flow run is a process of its own and would import 250 modules for one."""
    program = "import sys; from mappings.load import load_policy; load_policy(); print('holidays.countries' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"


def test_a_calendar_that_is_not_where_it_is_looked_for_comes_from_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a version of the library that keeps its modules elsewhere."""
    monkeypatch.delitem(COUNTRIES, "united_states")
    monkeypatch.setitem(COUNTRIES, "moved_elsewhere", ("UnitedStates", "US", "USA"))
    found = calendar_of.__wrapped__("US")
    assert set(found(years=YEARS)) == set(holidays.country_holidays("US", years=YEARS))
