"""Public holidays, resolved to dates when the policy loads: the decision core needs no calendar library, and no year is left open."""

from __future__ import annotations

from datetime import date

import holidays

from mappings.shapes import HolidayShape


def resolved_holidays(shape: HolidayShape) -> tuple[date, ...]:
    """The days off, sorted; only the company's own where `calendar_problem` finds a fault with the country."""
    if calendar_problem(shape):
        return tuple(sorted(set(shape.also) - set(shape.except_)))
    public = holidays.country_holidays(shape.country, subdiv=shape.subdivision or None, years=shape.years, language="en_US")
    days = (set(public) | set(shape.also)) - set(shape.except_)
    return tuple(sorted(days))


def calendar_problem(shape: HolidayShape) -> str:
    """What is wrong with country and subdivision; "" when they are known."""
    known = holidays.list_supported_countries()
    if shape.country not in known:
        return f"no calendar for country '{shape.country}'"
    if shape.subdivision and shape.subdivision not in known[shape.country]:
        return f"no calendar for '{shape.subdivision}' in {shape.country}"
    return ""
