"""Public holidays, resolved to dates when the policy loads: the decision core needs no calendar library, and no year is left open."""

from __future__ import annotations

from datetime import date
from functools import cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import holidays
from holidays.registry import COUNTRIES, EntityLoader

from mappings.shapes import HolidayShape


def resolved_holidays(shape: HolidayShape) -> tuple[date, ...]:
    """The days off, sorted; only the company's own where `calendar_problem` finds a fault with the country."""
    if calendar_problem(shape):
        return tuple(sorted(set(shape.also) - set(shape.except_)))
    public = calendar_of(shape.country)(subdiv=shape.subdivision or None, years=shape.years, language="en_US")
    days = (set(public) | set(shape.also)) - set(shape.except_)
    return tuple(sorted(days))


def calendar_problem(shape: HolidayShape) -> str:
    """What is wrong with country and subdivision; "" when they are known."""
    if shape.country not in EntityLoader.get_country_codes():
        return f"no calendar for country '{shape.country}'"
    if shape.subdivision and shape.subdivision not in calendar_of(shape.country).subdivisions:
        return f"no calendar for '{shape.subdivision}' in {shape.country}"
    return ""


@cache
def calendar_of(country: str) -> Any:
    """The `holidays` class of a country by its ISO code. Raises AttributeError for one that is not known.

    `holidays.US` imports the package of all 250 countries: 0.1 core seconds at every start, 0.5 where no bytecode is kept. So the one
    module is executed by itself; where it is not found like this (another version of the library), the library's own door is taken.
    """
    module, name = next(((module, names[0]) for module, names in COUNTRIES.items() if country in names[1:]), ("", ""))
    package = find_spec("holidays.countries")
    file = Path(package.origin).with_name(f"{module}.py") if package is not None and package.origin else None
    spec = spec_from_file_location(f"{__name__}.{module}", file) if file is not None and file.is_file() else None
    if spec is None or spec.loader is None:
        return getattr(holidays, country)
    alone = module_from_spec(spec)
    spec.loader.exec_module(alone)
    return getattr(alone, name)
