"""Personas: the kinds of buyer a company sells to. The first whose condition holds is the lead's, and its answers score the fit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from handoff.fit import FitRules, compile_fit
from handoff.match import MOST_ANSWERS, Check, compile_condition, leaves_of
from handoff.policy import Fit, FitAttribute, Persona

NOBODY = "none"


@dataclass(frozen=True, slots=True)
class PersonaRules:
    """One compiled persona with the fit profile that holds for it."""

    persona: Persona
    check: Check
    fit: FitRules


def profile(fit: Fit, persona: Persona) -> tuple[FitAttribute, ...]:
    """The fit attributes of a persona: its own ones in place of the general ones of the same name."""
    own = {attribute.name: attribute for attribute in persona.attributes}
    return tuple(own.get(attribute.name, attribute) for attribute in fit.attributes)


@dataclass(frozen=True, slots=True)
class Personas:
    """All personas in the policy's order. Few titles come again and again, so answers are kept per values of `reads`, if those are all."""

    rules: tuple[PersonaRules, ...]
    reads: tuple[str, ...]
    closed: bool
    answers: dict[tuple[str | None, ...], PersonaRules | None]


def compile_personas(fit: Fit, personas: Iterable[Persona]) -> Personas:
    """Closures and profiles."""
    rules = tuple(
        PersonaRules(one, compile_condition(one.when), compile_fit(fit.model_copy(update={"attributes": profile(fit, one)})))
        for one in personas
    )
    tests = [test for one in rules for test, _ in leaves_of(one.persona.when)]
    reads = tuple(dict.fromkeys(test.field for test in tests if test.field))
    return Personas(rules, reads, all(test.field for test in tests), {})


def persona_of(case: Any) -> PersonaRules | None:
    """The lead's persona; None when no condition is known to hold."""
    table: Personas = case.policy.personas
    if not table.rules:
        return None
    read = tuple([case.fields.get(name) for name in table.reads])
    if read in table.answers:
        return table.answers[read]
    found = next((rules for rules in table.rules if rules.check(case) is None), None)
    if table.closed and len(table.answers) < MOST_ANSWERS:
        table.answers[read] = found
    return found
