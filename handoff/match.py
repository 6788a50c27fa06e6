"""The condition language, compiled once to closures.

A check is three-valued: it holds (None), it fails ("no", ...) or it cannot be told ("unknown", ...). The tuple is the trace: which test
decided, what it asked for and what was found, so that explaining a decision needs no second evaluation. Text compares case-insensitively,
numbers as whole numbers (rounded down). Values of personal fields never enter a trace.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from handoff.policy import Condition, Operator, Test

Scalar = str | int | None
Verdict = tuple[Scalar, ...] | None
"""None: holds. ("no" | "unknown", name, operator, wanted, found) otherwise."""

HIDDEN = "(not shown)"
MOST_ANSWERS = 1000


Check = Callable[[Any], Verdict]
"""Reads a case: `case[signal]` is a computed signal (None: cannot be known), `case.fields` the canonical fields (absent: blank)."""


def holds(verdict: Verdict) -> bool:
    """True when the check held; a failed and an unknown check are both not enough to act on."""
    return verdict is None


def whole_number(text: str) -> int | None:
    """A CRM's number text rounded down to a whole number ("240", "240.5", "1,200"), None when it is none."""
    try:
        return int(text)
    except ValueError:
        whole, _, fraction = text.strip().replace(",", "").partition(".")
        if not re.fullmatch(r"-?\d+", whole) or not re.fullmatch(r"\d*", fraction):
            return None
        return int(whole) - (1 if whole.startswith("-") and fraction.strip("0") else 0)


def compile_condition(condition: Condition | Test) -> Check:
    """The closure of a condition or a single test. Raises ValueError on an operator used with a value it cannot take."""
    if isinstance(condition, Test):
        return _check_of(_leaf(condition))
    parts: list[Check] = []
    if condition.all:
        parts.append(compile_condition(condition.all[0]) if len(condition.all) == 1 else _all_of(condition.all))
    if condition.any:
        parts.append(_any_of(condition.any))
    parts.extend(_none_of(_label(part), compile_condition(part)) for part in condition.none)
    return parts[0] if len(parts) == 1 else _all_checks(tuple(parts))


def _none_of(label: str, test: Check) -> Check:
    def check(case: Any) -> Verdict:
        verdict = test(case)
        if verdict is None:
            return ("no", label, "none of", "", "holds")
        return verdict if verdict[0] == "unknown" else None

    return check


Leaf = tuple[bool, str, "Answers"]
"""One test: whether its name is a signal's (else a field's), the name, and what each value answers."""


class Answers(dict[Any, Verdict]):
    """What a test says of each value seen so far; few values come again and again. Personal values are judged anew each time."""

    __slots__ = ("_judge", "_kept")

    def __init__(self, judge: Callable[[Any], Verdict], *, kept: bool = True) -> None:
        super().__init__()
        self._judge = judge
        self._kept = kept

    def __missing__(self, found: Any) -> Verdict:
        verdict = self._judge(found)
        if self._kept and len(self) < MOST_ANSWERS:
            self[found] = verdict
        return verdict


def _check_of(leaf: Leaf) -> Check:
    signal, name, answers = leaf
    if signal:
        return lambda case: answers[case[name]]
    return lambda case: answers[case.fields.get(name)]


def _leaves(parts: Sequence[Condition | Test]) -> tuple[Leaf, ...] | None:
    """The parts as leaves, where all of them are single tests: they are asked in one loop without a call each."""
    tests = [part for part in parts if isinstance(part, Test)]
    return tuple(map(_leaf, tests)) if len(tests) == len(parts) else None


def _all_of(parts: Sequence[Condition | Test]) -> Check:
    leaves = _leaves(parts)
    if leaves is None:
        return _all_checks(tuple(compile_condition(part) for part in parts))

    def check(case: Any) -> Verdict:
        unknown: Verdict = None
        fields = case.fields
        for signal, name, answers in leaves:
            verdict = answers[case[name] if signal else fields.get(name)]
            if verdict is not None:
                if verdict[0] == "no":
                    return verdict
                unknown = unknown or verdict
        return unknown

    return check


def _all_checks(checks: tuple[Check, ...]) -> Check:
    def check(case: Any) -> Verdict:
        unknown: Verdict = None
        for test in checks:
            verdict = test(case)
            if verdict is not None:
                if verdict[0] == "no":
                    return verdict
                unknown = unknown or verdict
        return unknown

    return check


def _any_of(parts: Sequence[Condition | Test]) -> Check:
    leaves = _leaves(parts)
    if leaves is None:
        return _any_check(tuple(compile_condition(part) for part in parts))

    def check(case: Any) -> Verdict:
        worst: Verdict = None
        fields = case.fields
        for signal, name, answers in leaves:
            verdict = answers[case[name] if signal else fields.get(name)]
            if verdict is None:
                return None
            if worst is None or (worst[0] == "no" and verdict[0] == "unknown"):
                worst = verdict
        return worst

    return check


def _any_check(checks: tuple[Check, ...]) -> Check:
    def check(case: Any) -> Verdict:
        worst: Verdict = None
        for test in checks:
            verdict = test(case)
            if verdict is None:
                return None
            if worst is None or (worst[0] == "no" and verdict[0] == "unknown"):
                worst = verdict
        return worst

    return check


def _label(part: Condition | Test) -> str:
    if isinstance(part, Test):
        return part.signal or part.field
    return " + ".join(_label(inner) for inner in (*part.all, *part.any, *part.none)) or "group"


def _leaf(test: Test) -> Leaf:
    name = test.signal or test.field
    return bool(test.signal), name, Answers(_judge(test, name), kept=not test.discreet)


def _judge(test: Test, name: str) -> Callable[[Any], Verdict]:
    """What a test says of a value: a signal's None and a field's blank cannot be told; a personal value never enters the trace."""
    if test.op in (Operator.KNOWN, Operator.UNKNOWN):
        return _presence(test, name, want_known=(test.op is Operator.KNOWN) == (test.value is not False))
    compare, wanted = _COMPARE[test.op](test.value, name), _shown(test.value)
    unknown = ("unknown", name, str(test.op), wanted, None)
    hidden = test.discreet

    def judge(found: Any) -> Verdict:
        blank = found is None or (found == "" and not test.signal)
        answer = None if blank else compare(found)
        if answer is None:
            return unknown
        return None if answer else ("no", name, str(test.op), wanted, HIDDEN if hidden else found)

    return judge


def _presence(test: Test, name: str, *, want_known: bool) -> Callable[[Any], Verdict]:
    failed: Verdict = ("no", name, "known" if want_known else "unknown", "", "absent" if want_known else "present")
    if test.signal:
        return lambda found: None if (found is not None) == want_known else failed
    return lambda found: None if bool(found) == want_known else failed


def _shown(value: Any) -> Scalar:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(str(part) for part in value)
    return value  # type: ignore[no-any-return]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip().casefold()


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) else whole_number(value)


def _is(value: Any, _name: str) -> Callable[[Any], bool | None]:
    if isinstance(value, int) and not isinstance(value, bool):
        return lambda found: None if (number := _number(found)) is None else number == value
    wanted = _text(value)
    if isinstance(value, bool):
        return lambda found: found is value if isinstance(found, bool) else str(found).strip().casefold() == wanted
    return lambda found: _text(found) == wanted


def _any_of_values(value: Any, name: str) -> Callable[[Any], bool | None]:
    wanted = frozenset(_text(part) for part in _many(value, name))
    return lambda found: _text(found) in wanted


def _none_of_values(value: Any, name: str) -> Callable[[Any], bool | None]:
    wanted = frozenset(_text(part) for part in _many(value, name))
    return lambda found: _text(found) not in wanted


def _at_least(value: Any, name: str) -> Callable[[Any], bool | None]:
    bound = _bound(value, name)
    return lambda found: None if (number := _number(found)) is None else number >= bound


def _at_most(value: Any, name: str) -> Callable[[Any], bool | None]:
    bound = _bound(value, name)
    return lambda found: None if (number := _number(found)) is None else number <= bound


def _between(value: Any, name: str) -> Callable[[Any], bool | None]:
    if not isinstance(value, tuple) or len(value) != 2:
        raise ValueError(f"{name}: 'between' needs two whole numbers, for example [51, 200], not {value!r}")
    low, high = _bound(value[0], name), _bound(value[1], name)
    return lambda found: None if (number := _number(found)) is None else low <= number <= high


def _contains_any(value: Any, name: str) -> Callable[[Any], bool | None]:
    words = sorted((_text(part) for part in _many(value, name)), key=len, reverse=True)
    found_in = re.compile(r"(?<!\w)(?:" + "|".join(re.escape(word) for word in words) + r")(?!\w)").search
    return lambda found: found_in(_text(found)) is not None


def _many(value: Any, name: str) -> tuple[Any, ...]:
    if isinstance(value, tuple) and value:
        return value
    if isinstance(value, str) and value:
        return (value,)
    raise ValueError(f"{name}: needs a list of values, not {value!r}")


def _bound(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{name}: needs a whole number, not {value!r}")
    return value


_COMPARE: Mapping[Operator, Callable[[Any, str], Callable[[Any], bool | None]]] = {
    Operator.IS: _is,
    Operator.ANY_OF: _any_of_values,
    Operator.NONE_OF: _none_of_values,
    Operator.AT_LEAST: _at_least,
    Operator.AT_MOST: _at_most,
    Operator.BETWEEN: _between,
    Operator.CONTAINS_ANY: _contains_any,
}


def leaves_of(condition: Condition | Test, *, negated: bool = False) -> Iterable[tuple[Test, bool]]:
    """Every leaf with whether it stands under an odd number of `none`."""
    if isinstance(condition, Test):
        yield condition, negated
        return
    for part in (*condition.all, *condition.any):
        yield from leaves_of(part, negated=negated)
    for part in condition.none:
        yield from leaves_of(part, negated=not negated)
