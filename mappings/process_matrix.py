"""The matrix, the personas and the counts as the process document tells them."""

from __future__ import annotations

from collections.abc import Iterator

from handoff.matrix import fit_levels, intent_levels
from handoff.policy import Cell, Persona, Policy
from mappings.reference import table, words


def matrix_part(policy: Policy) -> Iterator[str]:
    """Fit x interest: the grid, then each cell with its next step, who takes it and by when."""
    if not policy.matrix:
        return
    yield "\n## Fit x interest: what follows\n"
    yield (
        "Every pair has exactly one cell. Inside a cell the hottest comes first: hand-raise, then intent, then fit."
        f" From the stage *{policy.stages[policy.handover_at].label}* on sales owes the next step. [R9, R10, R15, R38-R41]\n"
    )
    intents = intent_levels(policy.intent)
    found = {(fit, intent): cell.label for cell in policy.matrix for fit in cell.fit for intent in cell.intent}
    grid = ((f"fit {fit}", *(found.get((fit, intent), "") for intent in intents)) for fit in fit_levels(policy.fit))
    yield table(("", *(intent.replace("_", "-") for intent in intents)), grid)
    yield ""
    yield table(("cell", "what it means", "next step", "owner", "within"), (_cell(cell) for cell in policy.matrix))


def _cell(cell: Cell) -> tuple[str, ...]:
    return cell.label, cell.means, cell.next_step, cell.owner, f"{cell.amount} {cell.within.replace('_', ' ')}"


def personas_part(policy: Policy) -> Iterator[str]:
    """Who the buyers are, and what is counted besides points."""
    if policy.personas:
        yield "\n## Personas\n"
        yield "The first that holds is the lead's; where it answers a question differently, its answer counts. [R18, R42-R44, R84, R103]\n"
        yield table(("persona", "who", "scored differently", "nurture group", "at hand"), (_persona(one) for one in policy.personas))
    if policy.counts:
        yield "\n## Counted besides points\n"
        rows = ((one.name, ", ".join(one.kinds), one.distinct, f"{one.within_days} days") for one in policy.counts.values())
        yield table(("count", "of", "each of these is one", "within"), rows)


def _persona(one: Persona) -> tuple[str, ...]:
    asked = ", ".join(attribute.name.replace("_", " ") for attribute in one.attributes)
    return one.label, words(one.when), asked, one.group, "; ".join(one.links)
