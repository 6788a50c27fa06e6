"""Three values: a test holds, fails, or cannot be told; the trace says which test decided and what was found."""

from __future__ import annotations

from typing import Any

import pytest

from handoff.match import HIDDEN, Verdict, _leaf, compile_condition, whole_number
from handoff.policy import Condition, Operator, ScopeRule, Test
from handoff.scope import compile_scope
from tests.handoff.policies import POLICY


class Stub(dict[str, Any]):
    """A case with given signals and fields; a signal that is not given is unknown."""

    def __init__(self, fields: dict[str, str] | None = None, **signals: Any) -> None:
        super().__init__(signals)
        self.fields = fields or {}

    def __missing__(self, name: str) -> None:
        return None


def told(verdict: Verdict) -> str:
    """yes, no or unknown."""
    return "yes" if verdict is None else str(verdict[0])


@pytest.mark.parametrize(
    ("op", "value", "found", "answer"),
    [
        (Operator.IS, "Spain", " spain ", "yes"),
        (Operator.IS, "Spain", "France", "no"),
        (Operator.IS, "Spain", "", "unknown"),
        (Operator.IS, True, "True", "yes"),
        (Operator.IS, True, "false", "no"),
        (Operator.IS, 5, "5.0", "yes"),
        (Operator.ANY_OF, ("A", "b"), "B", "yes"),
        (Operator.ANY_OF, ("A", "b"), "c", "no"),
        (Operator.NONE_OF, ("A", "b"), "c", "yes"),
        (Operator.NONE_OF, ("A", "b"), "a", "no"),
        (Operator.NONE_OF, ("A", "b"), "", "unknown"),
        (Operator.AT_LEAST, 200, "200", "yes"),
        (Operator.AT_LEAST, 200, "199.9", "no"),
        (Operator.AT_LEAST, 200, "1,200", "yes"),
        (Operator.AT_LEAST, 200, "51-200", "unknown"),
        (Operator.AT_MOST, 10, "10.9", "yes"),
        (Operator.BETWEEN, (51, 200), "200", "yes"),
        (Operator.BETWEEN, (51, 200), "201", "no"),
        (Operator.CONTAINS_ANY, ("vp", "head of"), "Sr. VP, Sales", "yes"),
        (Operator.CONTAINS_ANY, ("vp", "head of"), "Head of IT", "yes"),
        (Operator.CONTAINS_ANY, ("vp",), "MVP program", "no"),  # whole words only
        (Operator.CONTAINS_ANY, ("c++",), "knows C++ well", "yes"),
        (Operator.CONTAINS_ANY, ("größe",), "GRÖSSE", "yes"),
        (Operator.KNOWN, True, "x", "yes"),
        (Operator.KNOWN, True, "", "no"),
        (Operator.UNKNOWN, True, "", "yes"),
        (Operator.UNKNOWN, False, "", "no"),
    ],
)
def test_an_operator_on_a_field(op: Operator, value: Any, found: str, answer: str) -> None:
    check = compile_condition(Test(field="country", op=op, value=value))
    assert told(check(Stub({"country": found} if found else {}))) == answer


YES, NO, MAYBE = (Test(signal=name, op=Operator.IS, value=True) for name in ("yes", "no", "maybe"))
CASE = Stub(yes=True, no=False)


@pytest.mark.parametrize(
    ("condition", "answer"),
    [
        (Condition(all=(YES, YES)), "yes"),
        (Condition(all=(YES, MAYBE)), "unknown"),
        (Condition(all=(MAYBE, NO)), "no"),
        (Condition(any=(NO, YES)), "yes"),
        (Condition(any=(MAYBE, YES)), "yes"),
        (Condition(any=(NO, MAYBE)), "unknown"),
        (Condition(any=(NO, NO)), "no"),
        (Condition(none=(NO,)), "yes"),
        (Condition(none=(YES, MAYBE)), "no"),
        (Condition(none=(MAYBE,)), "unknown"),
        (Condition(all=(YES,), any=(MAYBE,), none=(YES,)), "no"),
        (Condition(always=True), "yes"),
        (Condition(all=(Condition(any=(NO, YES)), Condition(none=(Condition(all=(YES, NO)),)))), "yes"),
    ],
)
def test_conditions_combine_in_three_values(condition: Condition, answer: str) -> None:
    assert told(compile_condition(condition)(CASE)) == answer


def test_the_trace_names_the_test_that_decided_and_what_was_found() -> None:
    check = compile_condition(Condition(all=(YES, Test(signal="days", op=Operator.AT_LEAST, value=21))))
    assert check(Stub(yes=True, days=12)) == ("no", "days", "at_least", 21, 12)
    assert check(Stub(yes=True)) == ("unknown", "days", "at_least", 21, None)


def test_values_of_personal_fields_never_enter_a_trace() -> None:
    verdict = compile_condition(Test(field="email", op=Operator.IS, value="a@b.example"))(Stub({"email": "secret@person.example"}))
    assert verdict is not None
    assert verdict[-1] == HIDDEN


def test_values_of_a_companys_own_personal_fields_never_enter_a_trace() -> None:
    """Alone, in a group, and under `none`: the trace names the field and the test, and that something stood there."""
    own = Test(field="nickname", op=Operator.IS, value="Ace", personal=True)
    wrapped = (own, Condition(all=(own, YES)), Condition(any=(own,)), Condition(any=(own, Condition(all=(own,)))))
    for condition in wrapped:
        verdict = compile_condition(condition)(Stub({"nickname": "Quuxie"}, yes=True))
        assert verdict == ("no", "nickname", "is", "Ace", HIDDEN)
    denied = compile_condition(Condition(none=(own,)))(Stub({"nickname": "Ace"}))
    assert denied == ("no", "nickname", "none of", "", "holds")


def test_personal_values_are_not_kept_with_their_answers() -> None:
    plain, personal = (Test(field="nickname", op=Operator.IS, value="Ace", personal=marked) for marked in (False, True))
    for test, kept in ((plain, ["Quuxie"]), (personal, [])):
        _, _, answers = _leaf(test)
        assert answers["Quuxie"] is not None
        assert list(answers) == kept


def test_a_scope_rule_keeps_no_personal_values_with_its_answers() -> None:
    own = Test(field="nickname", op=Operator.IS, value="Ace", personal=True)
    rule = ScopeRule(name="aces", kind="partner", when=Condition(all=(own,)))
    scope = compile_scope(POLICY.model_copy(update={"scope": (*POLICY.scope, rule)}))
    assert scope.names[-1] == "aces"
    assert "nickname" not in scope.reads
    assert [place for place, _ in scope.others][-1] == len(scope.names) - 1


@pytest.mark.parametrize(
    ("op", "value"), [(Operator.AT_LEAST, "many"), (Operator.BETWEEN, (1,)), (Operator.ANY_OF, ()), (Operator.AT_MOST, True)]
)
def test_an_operator_refuses_a_value_it_cannot_use(op: Operator, value: Any) -> None:
    with pytest.raises(ValueError, match="needs"):
        compile_condition(Test.model_construct(field="employees", signal="", op=op, value=value, where=""))


@pytest.mark.parametrize(
    ("text", "number"), [("12", 12), ("-1.5", -2), ("-2.0", -2), ("1,200.75", 1200), ("a12", None), ("1e3", None), ("", None)]
)
def test_numbers_are_rounded_down_to_whole_numbers(text: str, number: int | None) -> None:
    assert whole_number(text) == number
