"""Compiles a condition as written in YAML into the core's frozen form, naming every mistake.

when:
  fit.passes: true                      # a signal or a field: value      -> is
  country: [United States, Canada]      # a list                         -> any_of
  untouched_days: {at_least: 21}        # an operator
  any: [{bounced: true}, {email: {unknown: true}}]
  none: {owner.state: active}
when: always                            # on purpose, for catch-alls
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from handoff.condition import Condition, Operator, Test
from handoff.vocabulary import CONTAMINATED, FIELDS, SIGNAL_VALUES, SIGNALS
from mappings.problems import Problem, did_you_mean
from mappings.yaml_marks import Marked

GROUPS = ("all", "any", "none")
OPERATORS = tuple(str(operator) for operator in Operator)
NUMBER_OPERATORS = (Operator.AT_LEAST, Operator.AT_MOST, Operator.BETWEEN)
LIST_OPERATORS = (Operator.ANY_OF, Operator.NONE_OF, Operator.CONTAINS_ANY)
NEVER = Condition(none=(Condition(always=True),))
"""Stands for a condition that did not compile; a policy that holds it is never returned."""


class _MistakeError(Exception):
    """One test that cannot be understood; caught where the test is read."""

    def __init__(self, where: str, path: str, what: str, mend: str) -> None:
        super().__init__(what)
        self.problem = Problem(where, path, what, mend)


Value = bool | int | str | tuple[str, ...] | tuple[int, int]


@dataclass(slots=True)
class Words:
    """The names a condition may use; `problems` collects what it could not understand."""

    fields: Mapping[str, str]
    says: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: SIGNAL_VALUES)  # the words that a text signal can say
    counts: frozenset[str] = frozenset()  # signals `count.<name>` that this policy declares
    personal: frozenset[str] = frozenset()  # fields whose values are personal in this company, besides those that always are
    problems: list[Problem] = field(default_factory=list)

    def compile(self, node: Marked, path: str) -> Condition:
        """The condition at `node`; NEVER, with a problem noted, when it does not compile."""
        if node.value == "always":
            return Condition(always=True, where=node.where)
        if isinstance(node.value, list):
            return self._group({"all": node}, node, path)
        if isinstance(node.value, dict) and node.value:
            return self._group(node.value, node, path)
        self._note(
            node, path, "the condition is empty", "write a test such as 'untouched_days: {at_least: 21}', or 'always' for a catch-all"
        )
        return NEVER

    def _group(self, parts: Mapping[str, Marked], node: Marked, path: str) -> Condition:
        made: dict[str, list[Condition | Test]] = {"all": [], "any": [], "none": []}
        for key, child in parts.items():
            if key in GROUPS:
                made[key].extend(self._members(child, f"{path}.{key}"))
            else:
                test = self._test(key, child, node.key_lines.get(key, child.line), f"{path}.{key}")
                made["all"].extend([test] if test is not None else [])
        return Condition(all=tuple(made["all"]), any=tuple(made["any"]), none=tuple(made["none"]), where=node.where)

    def _members(self, node: Marked, path: str) -> Iterator[Condition | Test]:
        """Each element of a list, or each test of a mapping, as one member of the group."""
        if isinstance(node.value, dict) and node.value:
            for key, child in node.items():
                wrapped = Marked({key: child}, node.file, node.key_lines.get(key, child.line), {key: node.key_lines.get(key, child.line)})
                yield self._simplest(self.compile(wrapped, path))
        elif isinstance(node.value, list) and node.value:
            for number, child in enumerate(node.elements(), 1):
                yield self._simplest(self.compile(child, f"{path}[{number}]"))
        else:
            self._note(node, path, "the group is empty", "list tests below it or take it out")

    @staticmethod
    def _simplest(condition: Condition) -> Condition | Test:
        alone = len(condition.all) == 1 and not condition.any and not condition.none and not condition.always
        return condition.all[0] if alone else condition

    def _test(self, name: str, node: Marked, line: int, path: str) -> Test | None:
        try:
            kind = self._kind(name, f"{node.file}:{line}", path)
            operator, value = _operator(node, kind, line, path)
            self._known_words(name, value, f"{node.file}:{line}", path)
        except _MistakeError as mistake:
            self.problems.append(mistake.problem)
            return None
        where = f"{node.file}:{line}"
        return (
            Test(signal=name, op=operator, value=value, where=where)
            if name in SIGNALS or name in self.counts
            else Test(field=name, op=operator, value=value, where=where, personal=name in self.personal)
        )

    def _kind(self, name: str, where: str, path: str) -> str:
        """The type of a signal or field. Raises for a name that may not be used."""
        if name in CONTAMINATED:
            what = f"'{name}' moves when this product writes a task or note, so it is no evidence of what people did"
            raise _MistakeError(where, path, what, f"use {CONTAMINATED[name]}")
        if name in SIGNALS:
            return SIGNALS[name][0]
        if name in self.counts:
            return "int"
        if name in self.fields:
            return self.fields[name]
        what = f"unknown {'signal' if '.' in name else 'field or signal'} '{name}'"
        known = sorted({*SIGNALS, *self.counts}) if "." in name else [*sorted(self.fields), *sorted(SIGNALS)]
        raise _MistakeError(where, path, what, did_you_mean(name, known, 16))

    def _known_words(self, name: str, value: Value, where: str, path: str) -> None:
        """Refuses a word that a signal never says."""
        for word in value if isinstance(value, tuple) else (value,):
            if self.says.get(name) and isinstance(word, str) and word not in self.says[name]:
                raise _MistakeError(where, path, f"'{name}' is never '{word}'", did_you_mean(word, self.says[name]))

    def _note(self, node: Marked, path: str, what: str, mend: str) -> None:
        self.problems.append(Problem(node.where, path, what, mend))


def _operator(node: Marked, kind: str, line: int, path: str) -> tuple[Operator, Value]:
    if not isinstance(node.value, dict):
        return _value(Operator.ANY_OF if isinstance(node.value, list) else Operator.IS, node, kind, path)
    if len(node.value) != 1:
        raise _MistakeError(f"{node.file}:{line}", path, "one test has one operator", "write further tests under 'all:'")
    ((word, value),) = node.value.items()
    if word not in OPERATORS:
        raise _MistakeError(f"{node.file}:{node.key_lines[word]}", path, f"unknown operator '{word}'", did_you_mean(word, OPERATORS))
    return _value(Operator(word), value, kind, path)


def _value(operator: Operator, node: Marked, kind: str, path: str) -> tuple[Operator, Value]:
    value = node.value
    if operator in (Operator.KNOWN, Operator.UNKNOWN):
        if value is not True:
            raise _MistakeError(node.where, path, f"'{operator}' takes only true", f"write {{{operator}: true}}")
        return operator, True
    if operator in NUMBER_OPERATORS:
        return operator, _number(operator, node, kind, path)
    if operator in LIST_OPERATORS:
        return operator, _list(operator, node, kind, path)
    if value is None:
        raise _MistakeError(node.where, path, "has no value", "write a value, or {known: true}, {unknown: true}")
    if kind == "bool" and not isinstance(value, bool):
        raise _MistakeError(node.where, path, f"is true or false, not '{value}'", "write true or false without quotes")
    if kind == "int" and (isinstance(value, bool) or not isinstance(value, int)):
        raise _MistakeError(node.where, path, f"is a whole number, not '{value}'", "write a whole number, or at_least, at_most, between")
    return operator, value if kind in ("bool", "int") else _text(value)


def _number(operator: Operator, node: Marked, kind: str, path: str) -> int | tuple[int, int]:
    if kind != "int":
        raise _MistakeError(node.where, path, f"'{operator}' compares numbers, this is {kind}", f"use {', '.join(LIST_OPERATORS)}")
    numbers = [child.value for child in node.elements()] if operator is Operator.BETWEEN else [node.value]
    whole = [number for number in numbers if isinstance(number, int) and not isinstance(number, bool)]
    if operator is Operator.BETWEEN:
        if len(numbers) == len(whole) == 2 and whole[0] <= whole[1]:
            return whole[0], whole[1]
        raise _MistakeError(node.where, path, "'between' takes two whole numbers, the lower first", "for example {between: [50, 199]}")
    if len(whole) != 1:
        raise _MistakeError(node.where, path, f"'{operator}' takes a whole number, not '{node.value}'", f"for example {{{operator}: 21}}")
    return whole[0]


def _list(operator: Operator, node: Marked, kind: str, path: str) -> tuple[str, ...]:
    if kind != "text":
        raise _MistakeError(node.where, path, f"'{operator}' compares words, this is {kind}", "use a value, or at_least, at_most, between")
    values = tuple(_text(child.value) for child in node.elements() if not isinstance(child.value, (dict, list)) and child.value is not None)
    if not values or len(values) != len(node.elements()):
        raise _MistakeError(node.where, path, f"'{operator}' takes a list of words", f"for example {{{operator}: [first, second]}}")
    return values


def _text(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def rule_words(
    more_fields: Mapping[str, str] | None = None,
    trees: Mapping[str, Marked] | None = None,
    personal: frozenset[str] = frozenset(),
) -> Words:
    """The shipped fields and signals, `more_fields` (name -> text, int, bool or date) that a company's field maps add, `personal` ones
    among them, and what the policy's own files (`trees`) declare: counts, personas, bands of fit and cells of the matrix."""
    scoring, matrix = (trees or {}).get("scoring"), (trees or {}).get("matrix")
    says = dict(SIGNAL_VALUES)
    if scoring is not None:
        says |= {"fit.band": (*_keys(scoring, "fit", "bands"), "unknown"), "persona": (*_names(scoring, "personas"), "none")}
    if matrix is not None:
        says["matrix.cell"] = _names(matrix, "cells")
    counts = frozenset(f"count.{name}" for name in _keys(scoring, "counts"))
    return Words({**(more_fields or {}), **FIELDS}, says, counts, personal)


def _keys(tree: Marked | None, *path: str) -> tuple[str, ...]:
    found = tree.get(*path) if tree is not None else None
    return tuple(key for key, _ in found.items()) if found is not None else ()


def _names(tree: Marked | None, path: str) -> tuple[str, ...]:
    found = tree.get(path) if tree is not None else None
    names = (entry.get("name") for entry in found.elements()) if found is not None else ()
    return tuple(str(name.value) for name in names if name is not None)
