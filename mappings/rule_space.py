"""What an ordered list of rules does over the whole space of leads: who gets nothing, who is meant by two rules, which rule never counts.

The space is sampled where it matters: for every field and signal that a rule names, one value on each side of every test, and 'not known'.
That is exact for a list whose tests look at one value each; the number of points is bounded, and a list beyond the bound says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from math import prod

from handoff.condition import Condition, Operator, Test
from handoff.match import Check, compile_condition, leaves_of
from handoff.policy import Policy, RouteRule
from mappings.compile import Files
from mappings.problems import Problem

MOST_POINTS = 20_000
MOST_ROUTES, MOST_TESTS = 12, 3
ELSEWHERE = "something else"

Value = str | int | bool | None
Axis = tuple[str, bool, tuple[Value, ...]]  # name, whether it is a signal, values


class Point(dict[str, Value]):
    """One lead, as far as the rules look: signals by name, and `fields`."""

    def __init__(self, signals: Mapping[str, Value], fields: Mapping[str, str]) -> None:
        super().__init__(signals)
        self.fields = fields

    def __str__(self) -> str:
        told = {**self.fields, **{name: value for name, value in self.items() if value is not None}}
        words = {name: str(value).lower() if isinstance(value, bool) else value for name, value in told.items()}
        return ", ".join(f"{name} {word}" for name, word in words.items()) or "nothing known"


@dataclass(frozen=True, slots=True)
class Space:
    """`gaps` are leads no rule takes; `overlaps` (first, second) -> a lead that both would take; `hidden` are never first."""

    gaps: tuple[str, ...]
    overlaps: Mapping[tuple[str, str], str]
    hidden: tuple[str, ...]
    complete: bool


def survey(rules: Sequence[tuple[str, Condition]]) -> Space:
    """Surveys an ordered list of named conditions; the first that holds counts."""
    axes = tuple(_axes(rules))
    checks = [(name, compile_condition(condition)) for name, condition in rules]
    catch_all = {name for name, condition in rules if condition.always}
    gaps: list[str] = []
    overlaps: dict[tuple[str, str], str] = {}
    first: set[str] = set()
    for point in islice(_points(axes), MOST_POINTS):
        taken = [name for name, check in checks if _holds(check, point)]
        if not taken:
            gaps.append(str(point))
            continue
        first.add(taken[0])
        for other in taken[1:]:
            if other not in catch_all:
                overlaps.setdefault((taken[0], other), str(point))
    complete = prod(len(values) for _, _, values in axes) <= MOST_POINTS
    hidden = tuple(name for name, _ in rules if name not in first) if complete else ()
    return Space(tuple(dict.fromkeys(gaps)), overlaps, hidden, complete)


def first_takers(rules: Sequence[tuple[str, Condition]], signal: str, value: bool) -> Mapping[str, str]:
    """Rules that are the first to take some lead of whom `signal` says `value` -> such a lead."""
    asked = Condition(all=(Test(signal=signal, op=Operator.IS, value=value),))
    checks = [(name, compile_condition(condition)) for name, condition in rules]
    found: dict[str, str] = {}
    for point in islice(_points(tuple(_axes([*rules, ("", asked)]))), MOST_POINTS):
        taker = next((name for name, check in checks if _holds(check, point)), "") if point.get(signal) is value else ""
        if taker:
            found.setdefault(taker, str(point))
    return found


def _holds(check: Check, point: Point) -> bool:
    return check(point) is None


def _points(axes: Sequence[Axis]) -> Iterator[Point]:
    for values in product(*(values for _, _, values in axes)):
        named = list(zip(axes, values, strict=True))
        signals = {name: value for (name, signal, _), value in named if signal}
        fields = {
            name: str(value).lower() if isinstance(value, bool) else str(value)
            for (name, signal, _), value in named
            if not signal and value is not None
        }
        yield Point(signals, fields)


def _axes(rules: Sequence[tuple[str, Condition]]) -> Iterator[Axis]:
    tests: dict[tuple[str, bool], list[Test]] = {}
    for _, condition in rules:
        for test, _negated in leaves_of(condition):
            tests.setdefault((test.signal or test.field, bool(test.signal)), []).append(test)
    for (name, signal), found in sorted(tests.items()):
        values = dict.fromkeys(value for test in found for value in _around(test))
        yield name, signal, (*values, None)


def _around(test: Test) -> Iterator[Value]:
    """Values on both sides of a test."""
    parts = test.value if isinstance(test.value, tuple) else (test.value,)
    for part in parts:
        if isinstance(part, bool):
            yield from (True, False)
        elif isinstance(part, int):
            yield from (part - 1, part, part + 1)
        elif test.op not in (Operator.KNOWN, Operator.UNKNOWN):
            yield part
    if any(isinstance(part, str) for part in parts) or test.op in (Operator.KNOWN, Operator.UNKNOWN):
        yield ELSEWHERE


def routing_space(policy: Policy) -> Space:
    """The survey of the routes."""
    return survey([(route.name, route.when) for route in policy.routes])


def routes_count(policy: Policy, files: Files) -> Iterator[Problem]:
    """A route that can never be the first is a mistake: somebody believes that it decides."""
    hidden = set(routing_space(policy).hidden)
    for number, route in enumerate(policy.routes):
        if route.name in hidden and not any(earlier.when.always for earlier in policy.routes[:number]):
            what = "never decides: whoever it means is taken by a line above it"
            yield Problem(files.where("routing", "routes", number), f"routes.{route.name}", what, "move it up, or take it out")


def remarks(policy: Policy) -> Iterator[str]:
    """What is allowed and worth a second look: two lines that mean the same lead, and more routes than a person can keep in mind. [R64]"""
    by_name = {route.name: route for route in policy.routes}
    space = routing_space(policy)
    for (first, second), example in space.overlaps.items():
        if by_name[first].to_account_worker:
            continue  # one account, one owner stands above whatever else would decide, and lets everybody else through
        if _target(by_name[first]) != _target(by_name[second]):
            yield f"routing: '{first}' and '{second}' both mean a lead with {example}; '{first}' decides, because it stands above"
    if not space.complete:
        yield f"routing: the lines look at too many values to be surveyed whole; the first {MOST_POINTS:,} combinations were"
    if len(policy.routes) > MOST_ROUTES:
        yield f"routing: {len(policy.routes)} lines; beyond {MOST_ROUTES} nobody can say who gets a lead. Put lines together, or use a pool"
    for route in policy.routes:
        tests = len(list(leaves_of(route.when)))
        if tests > MOST_TESTS:
            yield f"routing: '{route.name}' asks {tests} things; beyond {MOST_TESTS} a line is hard to agree on. Split it"


def _target(route: RouteRule) -> tuple[str, bool]:
    return route.pool, route.to_account_owner or route.to_pair
