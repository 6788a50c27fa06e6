"""Turns what the files say of spam, imports, rollout, freezes and units into the core's values."""

from __future__ import annotations

from typing import Any

from handoff import policy as core
from mappings import shapes
from mappings.conditions import Words
from mappings.domains import disposable_domains, public_suffixes
from mappings.shapes_intake import FreezeShape
from mappings.shapes_routing import RoutingFile


def intake(agreed: shapes.PolicyFile, scope: shapes.ScopeFile, routing: RoutingFile, words: Words) -> dict[str, Any]:
    """The policy's values by name; mistakes in conditions are noted in `words.problems`."""
    imports, surge = scope.imports, scope.surge
    return {
        "takes": None if agreed.takes is None else words.compile(agreed.takes.when, "takes.when"),
        "rollout": core.Rollout(
            mode=agreed.rollout.mode,
            team=tuple(sorted({email.strip().casefold() for email in agreed.rollout.team})),
            percent=agreed.rollout.percent,
        ),
        "senior": None if routing.senior_people is None else words.compile(routing.senior_people.when, "senior_people.when"),
        "intake": core.Intake(
            disposable_domains=disposable_domains(scope.spam.disposable),
            competitor_domains=tuple(sorted({domain.strip().casefold() for domain in scope.competitor_domains})),
            gibberish=scope.spam.gibberish,
            imported=None if imports is None else words.compile(imports.when, "imports.when"),
            imports_per_day=200 if imports is None else imports.per_day,
            surge_times=surge.times,
            surge_least=surge.at_least,
        ),
    }


def calendar_of_freezes(shapes_given: list[FreezeShape]) -> tuple[core.Freeze, ...]:
    """The freezes, the earliest first."""
    made = (core.Freeze(name=shape.name, first=shape.from_, last=shape.until) for shape in shapes_given)
    return tuple(sorted(made, key=lambda freeze: (freeze.first, freeze.name)))


def suffix_list() -> core.Suffixes:
    """The public-suffix list of the installed package; it belongs to the digest, so another version is another policy."""
    source, rules = public_suffixes()
    return core.Suffixes(source=source, rules=rules)
