"""The condition language as written: short forms, operators, groups."""

from __future__ import annotations

from pathlib import Path

import pytest

from handoff.condition import Condition, Operator, Test
from mappings.conditions import rule_words
from mappings.yaml_marks import Marked, read_marked


def written(text: str, folder: Path) -> Marked:
    """`when` of a file that holds only it."""
    path = folder / "rule.yaml"
    path.write_text(text, encoding="utf-8")
    node = read_marked(path, "rule.yaml").get("when")
    assert node is not None
    return node


def compiled(text: str, folder: Path) -> Condition:
    """The condition, which must compile."""
    words = rule_words()
    made = words.compile(written(text, folder), "when")
    assert words.problems == []
    return made


@pytest.mark.parametrize(
    ("text", "operator", "value"),
    [
        ("when: {country: Spain}", Operator.IS, "Spain"),
        ("when: {country: [Spain, France]}", Operator.ANY_OF, ("Spain", "France")),
        ("when: {country: {none_of: [Spain]}}", Operator.NONE_OF, ("Spain",)),
        ("when: {title: {contains_any: [vp, chief]}}", Operator.CONTAINS_ANY, ("vp", "chief")),
        ("when: {untouched_days: {at_least: 21}}", Operator.AT_LEAST, 21),
        ("when: {reroutes: {at_most: 1}}", Operator.AT_MOST, 1),
        ("when: {employees: {between: [50, 199]}}", Operator.BETWEEN, (50, 199)),
        ("when: {reroutes: 2}", Operator.IS, 2),
        ("when: {bounced: true}", Operator.IS, True),
        ("when: {legal_basis: {unknown: true}}", Operator.UNKNOWN, True),
        ("when: {postal_code: [12345]}", Operator.ANY_OF, ("12345",)),
        ("when: {country: [no, NO]}", Operator.ANY_OF, ("no", "NO")),  # Norway is no boolean
    ],
)
def test_each_form_becomes_its_operator(text: str, operator: Operator, value: object, tmp_path: Path) -> None:
    """A value is `is`, a list is `any_of`; the rest is said."""
    (test,) = compiled(text, tmp_path).all
    assert isinstance(test, Test)
    assert (test.op, test.value, test.where) == (operator, value, "rule.yaml:1")


def test_signals_and_fields_are_told_apart(tmp_path: Path) -> None:
    """A name of the core's signals is a signal; the rest are the lead's fields."""
    signal, field = compiled("when: {fit.passes: true, country: Spain}", tmp_path).all
    assert isinstance(signal, Test)
    assert isinstance(field, Test)
    assert (signal.signal, signal.field, field.signal, field.field) == ("fit.passes", "", "", "country")


def test_groups_nest(tmp_path: Path) -> None:
    """any of (a, b and c), none of d; each test keeps its own line."""
    text = "when:\n  any:\n    - {bounced: true}\n    - {opted_out: false, marketable: true}\n  none:\n    is_open: &\n".replace(
        "    is_open: &\n", "    task.open: true\n"
    )
    made = compiled(text, tmp_path)
    first, second = made.any
    assert isinstance(first, Test)
    assert first.where == "rule.yaml:3"
    assert isinstance(second, Condition)
    assert len(second.all) == 2
    (negated,) = made.none
    assert isinstance(negated, Test)
    assert (negated.signal, negated.where) == ("task.open", "rule.yaml:6")


def test_several_tests_under_none_are_each_refused(tmp_path: Path) -> None:
    """none: {a, b} means neither a nor b, as it reads; a list entry with two tests means not both."""
    assert len(compiled("when: {none: {bounced: true, opted_out: true}}", tmp_path).none) == 2
    assert len(compiled("when: {none: [{bounced: true, opted_out: true}]}", tmp_path).none) == 1


def test_always_is_said_in_a_word(tmp_path: Path) -> None:
    """Only the word makes a condition that everybody passes."""
    assert compiled("when: always", tmp_path).always
