"""Personas: the kinds of buyer a company sells to. The first whose condition holds is the lead's, and its answers score the fit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from handoff.fit import FitRules, compile_fit
from handoff.match import Check, compile_condition
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


def compile_personas(fit: Fit, personas: Iterable[Persona]) -> tuple[PersonaRules, ...]:
    """In the policy's order."""
    return tuple(
        PersonaRules(one, compile_condition(one.when), compile_fit(fit.model_copy(update={"attributes": profile(fit, one)})))
        for one in personas
    )


def persona_of(case: Any) -> PersonaRules | None:
    """The lead's persona; None when no condition is known to hold."""
    return next((rules for rules in case.policy.personas if rules.check(case) is None), None)
