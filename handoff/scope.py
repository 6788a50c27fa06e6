"""Who is left alone: the first scope rule that holds for a lead.

Most rules ask for a few words in a few fields, and the same words come again and again: their answer is kept per values read. The others
are asked each time, as far as they stand before the first that holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from handoff.match import MOST_ANSWERS, Check, compile_condition, leaves_of
from handoff.policy import Condition, Policy
from handoff.policy_intake import OTHER_UNIT


@dataclass(frozen=True, slots=True)
class Scope:
    """The rules in their order by name; `by_words` are those that read nothing but `reads`, `others` the rest, each with its place."""

    names: tuple[str, ...]
    reads: tuple[str, ...]
    by_words: tuple[tuple[int, Check], ...]
    others: tuple[tuple[int, Check], ...]
    answers: dict[tuple[str | None, ...], int]  # place of the first of `by_words` that holds, by the values read


def compile_scope(policy: Policy) -> Scope:
    """The policy's rules; before them, where the policy says whose leads it takes, the leads of other units."""
    rules = [(rule.name, compile_condition(rule.when), _fields(rule.when)) for rule in policy.scope]
    if policy.takes is not None:
        rules.insert(0, (OTHER_UNIT, _not_mine(compile_condition(policy.takes)), None))
    placed = [(place, check, fields) for place, (_, check, fields) in enumerate(rules)]
    return Scope(
        names=tuple(name for name, _, _ in rules),
        reads=tuple(dict.fromkeys(field for _, _, fields in placed for field in fields or ())),
        by_words=tuple((place, check) for place, check, fields in placed if fields is not None),
        others=tuple((place, check) for place, check, fields in placed if fields is None),
        answers={},
    )


def _fields(condition: Condition) -> tuple[str, ...] | None:
    """The fields a condition reads; None where it reads a signal, or a field of personal values: those are not kept."""
    leaves = [leaf for leaf, _ in leaves_of(condition)]
    closed = all(leaf.field and not leaf.discreet for leaf in leaves)
    return tuple(leaf.field for leaf in leaves) if closed else None


def _not_mine(mine: Check) -> Check:
    return lambda case: ("no", "takes", "is", "", "holds") if mine(case) is None else None


def left_out(case: Any) -> str:
    """The name of the first rule that is known to hold, "" for a lead in scope."""
    scope: Scope = case.policy.scope
    read = tuple(map(case.fields.get, scope.reads))
    first = scope.answers.get(read)
    if first is None:
        first = _first(scope.by_words, case, len(scope.names))
        if len(scope.answers) < MOST_ANSWERS:
            scope.answers[read] = first
    first = _first(scope.others, case, first)
    return scope.names[first] if first < len(scope.names) else ""


def _first(rules: Iterable[tuple[int, Check]], case: Any, before: int) -> int:
    """The place of the first of these rules that holds, or `before`, where none stands earlier."""
    for place, check in rules:
        if place >= before:
            return before
        if check(case) is None:
            return place
    return before
