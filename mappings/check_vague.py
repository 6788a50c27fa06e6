"""Criteria that sound like one and are none: "must have a budget", tests that everybody passes, one common word in a free text.

Only what qualifies is looked at: rules that lead to sales or to the waiting stage, answers of the fit profile, personas.
"""

from __future__ import annotations

from collections.abc import Iterator

from handoff.condition import Condition, Operator, Test
from handoff.decision import Side
from handoff.policy import Policy
from handoff.vocabulary import SIGNAL_VALUES
from mappings.files import Files
from mappings.problems import Problem

STATED = ("budget", "authority", "need", "timing")
EMPTY_WORDS = frozenset(
    {
        *("must have", "required", "good", "bad", "big", "large", "some", "any", "many", "several", "interested", "relevant", "suitable"),
        *("serious", "qualified", "ready", "right", "important", "strategic", "yes"),
    }
)
COMMON_WORDS = frozenset(
    {
        *("a", "an", "and", "at", "by", "co", "for", "in", "of", "on", "or", "the", "to", "with", "company", "corp", "group", "inc", "llc"),
        *("business", "services", "service", "solutions", "software", "systems", "global", "international", "sales", "marketing", "team"),
    }
)
SCORES = ("fit.score", "intent.score")


def criteria_are_specific(policy: Policy, _files: Files) -> Iterator[Problem]:
    """Every vague part of a criterion that qualifies somebody."""
    for condition, path in _qualifying(policy):
        yield from _of_condition(condition, path, negated=False)


def _qualifying(policy: Policy) -> Iterator[tuple[Condition, str]]:
    for rule in policy.transitions:
        target = policy.stages.get(rule.to)
        if target is not None and (target.side is Side.SALES or target.name == policy.waiting_stage):
            yield rule.when, f"rules.{rule.name}.when"
    for attribute in policy.fit.attributes:
        yield from ((band.when, f"fit.{attribute.name}.{band.label}") for band in attribute.bands)
    for persona in policy.personas:
        yield persona.when, f"personas.{persona.name}.when"
        for attribute in persona.attributes:
            yield from ((band.when, f"personas.{persona.name}.{attribute.name}.{band.label}") for band in attribute.bands)


def _of_condition(part: Condition | Test, path: str, *, negated: bool) -> Iterator[Problem]:
    if isinstance(part, Test):
        yield from _of_test(part, path, negated=negated)
        return
    if len(part.any) > 1 and not negated and _covers_all(part.any):
        what = "says nothing: one of its alternatives holds for everybody"
        yield Problem(_where(part), path, what, "take the alternatives out, or say whom they shall leave out")
    for inner in (*part.all, *part.any):
        yield from _of_condition(inner, path, negated=negated)
    for inner in part.none:
        yield from _of_condition(inner, path, negated=not negated)


def _where(part: Condition) -> str:
    return part.where or next((inner.where for inner in (*part.any, *part.all) if inner.where), "")


def _covers_all(parts: tuple[Condition | Test, ...]) -> bool:
    """Whether the alternatives together leave nobody out: true and false, or filled in and blank."""
    said: dict[str, set[tuple[Operator, object]]] = {}
    for test in parts:
        if isinstance(test, Test):
            said.setdefault(test.signal or test.field, set()).add((test.op, test.value))
    either = ({(Operator.IS, True), (Operator.IS, False)}, {(Operator.KNOWN, True), (Operator.UNKNOWN, True)})
    return any(both <= tests for tests in said.values() for both in either)


def _of_test(test: Test, path: str, *, negated: bool) -> Iterator[Problem]:
    name = test.signal or test.field
    if name in STATED and test.op is Operator.KNOWN and not negated:
        what = f"'must have a {name}' is vague: it only asks whether something was typed"
        yield Problem(test.where, path, what, f"say which answers count, for example {name}: [{_example(name)}]")
    if not negated and _always_holds(test):
        yield Problem(test.where, path, f"'{name}' holds for everybody here, so it says nothing", "give a bound that leaves somebody out")
    if test.field and test.op in (Operator.IS, Operator.ANY_OF, Operator.CONTAINS_ANY):
        yield from _of_words(test, path)


def _of_words(test: Test, path: str) -> Iterator[Problem]:
    words = [str(word).strip().casefold() for word in (test.value if isinstance(test.value, tuple) else (test.value,))]
    empty = next((word for word in words if word in EMPTY_WORDS), None)
    if empty is not None and not isinstance(test.value, bool):
        what = f"'{empty}' is vague: two people would not agree whom it means"
        yield Problem(test.where, path, what, "name the values that count, one by one")
    elif test.op is Operator.CONTAINS_ANY and len(words) == 1 and (words[0] in COMMON_WORDS or len(words[0]) < 3):
        what = f"'{words[0]}' alone in a free text is too common: it fits people nobody means"
        yield Problem(test.where, path, what, "name whole phrases, such as [head of sales, sales director]")


def _always_holds(test: Test) -> bool:
    """Whether every known value passes: counts and days are never below 0, scores never above 100."""
    if test.op is Operator.AT_LEAST and test.signal:
        return isinstance(test.value, int) and test.value <= 0
    if test.op is Operator.AT_MOST and test.signal in SCORES:
        return isinstance(test.value, int) and test.value >= 100
    if test.op is Operator.BETWEEN and test.signal in SCORES and isinstance(test.value, tuple):
        low, high = test.value
        return isinstance(low, int) and isinstance(high, int) and low <= 0 and high >= 100
    if test.op is Operator.ANY_OF and isinstance(test.value, tuple):
        return bool(test.signal) and set(SIGNAL_VALUES.get(test.signal, ())) <= set(test.value) and test.signal in SIGNAL_VALUES
    return False


def _example(name: str) -> str:
    return {
        "budget": "confirmed, planned",
        "authority": "decision maker, budget holder",
        "need": "new project, problem named",
        "timing": "this quarter, next quarter",
    }[name]
