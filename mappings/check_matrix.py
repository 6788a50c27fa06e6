"""The matrix is total, holds nothing twice, agrees with the fit gate, and every cell is followed by a rule."""

from __future__ import annotations

from collections.abc import Iterator

from handoff.condition import Condition, Test
from handoff.decision import Side
from handoff.match import leaves_of
from handoff.matrix import DISQUALIFIED, HAND_RAISE, UNKNOWN, fit_levels, intent_levels
from handoff.policy import Cell, Policy, Transition
from mappings.check_names import unknown
from mappings.files import Files
from mappings.problems import Problem

SIGNAL = "matrix.cell"


def matrix_is_total(policy: Policy, files: Files) -> Iterator[Problem]:
    """Every pair of levels lies in exactly one cell; every cell belongs to the side that may have it."""
    yield from _levels(policy, files)
    yield from _pairs(policy, files)
    yield from _cells(policy, files)
    yield from _bar(policy, files)


def cells_have_rules(policy: Policy, _files: Files) -> Iterator[Problem]:
    """Every cell is named by a rule, a group or a route, and by no rule that contradicts it."""
    named = {word for condition in _conditions(policy) for test, _ in leaves_of(condition) for word in _words(test)}
    for cell in policy.matrix:
        if cell.name not in named:
            what = "no rule follows from this cell: it would be a label without an action"
            mend = f"name it in a rule (matrix.cell: {cell.name}) or unite it with another cell"
            yield Problem(cell.where, f"cells.{cell.name}", what, mend)
    for rule in policy.transitions:
        for cell in _demanded(rule, policy):
            yield from _sides(rule, cell, policy)
            yield from _dates(rule, cell)


def _conditions(policy: Policy) -> Iterator[Condition]:
    yield from (rule.when for rule in policy.transitions)
    yield from (group.when for group in policy.groups)
    yield from (route.when for route in policy.routes)


def _words(test: Test) -> tuple[str, ...]:
    if test.signal != SIGNAL:
        return ()
    return tuple(str(word) for word in test.value) if isinstance(test.value, tuple) else (str(test.value),)


def _demanded(rule: Transition, policy: Policy) -> list[Cell]:
    """The cells that a rule asks for on its top level."""
    asked = {word for test in rule.when.all if isinstance(test, Test) and test.op != "none_of" for word in _words(test)}
    return [cell for cell in policy.matrix if cell.name in asked]


def _levels(policy: Policy, files: Files) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for number, cell in enumerate(policy.matrix):
        for part, levels in (("fit", fit_levels(policy.fit)), ("intent", intent_levels(policy.intent))):
            for level in getattr(cell, part):
                if level not in levels:
                    where = files.where("matrix", "cells", number, part)
                    yield unknown(where, f"cells.{cell.name}.{part}", f"level of {part}", level, levels)
        if cell.name in seen:
            mend = f"give it its own name (the first is at {seen[cell.name]})"
            yield Problem(cell.where, f"cells.{cell.name}", "the name stands twice", mend)
        seen.setdefault(cell.name, cell.where)


def _pairs(policy: Policy, files: Files) -> Iterator[Problem]:
    found: dict[tuple[str, str], list[Cell]] = {}
    for cell in policy.matrix:
        for pair in ((fit, intent) for fit in dict.fromkeys(cell.fit) for intent in dict.fromkeys(cell.intent)):
            found.setdefault(pair, []).append(cell)
    for (fit, intent), cells in found.items():
        if len(cells) > 1:
            first, second = cells[0], cells[1]
            what = f"fit {fit} x intent {intent} lies in two cells: '{first.name}' and '{second.name}'"
            yield Problem(second.where, f"cells.{second.name}", what, "leave the pair to one of them")
    for fit in fit_levels(policy.fit):
        missing = [intent for intent in intent_levels(policy.intent) if (fit, intent) not in found]
        if missing:
            what = f"fit {fit} x intent {', '.join(missing)} lies in no cell, so such leads would have no next step"
            yield Problem(files.where("matrix", "cells"), "cells", what, "add the level to a cell, or add a cell")


def _cells(policy: Policy, files: Files) -> Iterator[Problem]:
    """Who asks is answered by a person; who does not pass the fit bar is no work for sales."""
    passing = {name for name, least in policy.fit.bands if least >= policy.fit.bar}
    shapes = files.shapes["matrix"].cells
    for number, cell in enumerate(policy.matrix):
        path = f"cells.{cell.name}"
        due = [key for key, value in shapes[number].within.model_dump().items() if value is not None]
        if len(due) != 1:
            where = files.where("matrix", "cells", number, "within")
            yield Problem(where, f"{path}.within", f"says {len(due)} times", "keep one of business_minutes, business_days")
        if HAND_RAISE in cell.intent and cell.owner == "marketing":
            what = "leaves people who asked for a demo, a call or a price with marketing"
            where = files.where("matrix", "cells", number, "owner")
            yield Problem(where, path, what, "make the owner sales or manager; whoever asks gets an answer")
        below = sorted(set(cell.fit) - passing)
        if cell.owner == "sales" and set(cell.intent) - {HAND_RAISE} and below:
            level = next((one for one in (UNKNOWN, DISQUALIFIED) if one in below), below[0])
            what = f"gives sales leads that do not pass the fit bar (fit {level})"
            mend = f"keep {', '.join(sorted(passing))} here; capacity may move the intent bar, never the fit gate"
            yield Problem(cell.where, path, what, mend)


def _bar(policy: Policy, files: Files) -> Iterator[Problem]:
    if policy.fit.bar not in {least for _, least in policy.fit.bands}:
        what = f"the bar {policy.fit.bar} lies inside a band, so no cell could say who passes"
        yield Problem(files.where("scoring", "fit", "bar"), "fit.bar", what, "let a band start at the bar")


def _sides(rule: Transition, cell: Cell, policy: Policy) -> Iterator[Problem]:
    target = policy.stages.get(rule.to)
    if target is None:
        return
    path = f"rules.{rule.name}"
    if target.side is Side.SALES and cell.owner == "marketing":
        what = f"gives sales the cell '{cell.name}', which belongs to marketing"
        yield Problem(rule.where, path, what, "name another cell, or change the cell's owner in matrix.yaml")
    if rule.ready and cell.owner == "manager" and not rule.pool:
        what = f"gives any rep the cell '{cell.name}', which belongs to the manager"
        yield Problem(rule.where, path, what, "add pool: with the managers' pool")


def _dates(rule: Transition, cell: Cell) -> Iterator[Problem]:
    """A cell's date and the task of the rule that follows from it are one promise."""
    task = rule.task
    if task is not None and task.due == cell.within and task.amount != cell.amount:
        what = f"is due after {task.amount} {task.due.replace('_', ' ')}, but matrix.yaml promises {cell.amount} in '{cell.name}'"
        yield Problem(rule.where, f"rules.{rule.name}", what, "make the two agree")
