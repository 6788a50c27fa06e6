"""A decision explains itself; digests are stable."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from enum import StrEnum

import pytest

from handoff.assign import assign
from handoff.decide import decide
from handoff.digest import canonical, digest
from handoff.explain import explain
from handoff.facts import Kind
from handoff.match import HIDDEN
from handoff.policy import Alert, Operator, Test
from handoff.vocabulary import PERSONAL_FIELDS
from tests.handoff.makers import GOOD_FIT, NOW, activity, days_ago, form, frame, lead, prior, record
from tests.handoff.policies import POLICY, compiled, every

SMALL = compiled()

RETURNED = """\
fit 100    title 30/30 · industry 20/20 · size 20/20 · geography 10/10 · budget unknown (not counted): 80 of 80
intent 44  click, 6 h ago: 3 -> 2.926 · pricing page x3, yesterday: 45 -> 30 · trial, 30 days ago: 50 -> 11.321
stage      sal -> nurture   person_returned: person_returned A
           lost: person disqualified (status.event is nurture, asks for disqualified)
owner      ann@x.example -> queue Nurture   kept for the return: ann@x.example
next look  2027-02-16 09:00 America/New_York
policy     v1 0000000, approved by sales 2026-01-01 and by marketing 2026-01-01"""


def test_a_decision_explains_itself_line_by_line() -> None:
    made = (
        *(activity(Kind.VISIT, days_ago(days), "pricing") for days in (1, 2, 3)),
        form(30, "trial"),
        activity(Kind.CLICK, days_ago(0.25)),
        activity(Kind.STATUS_EDIT, days_ago(0.5), "Later"),
    )
    facts = lead(record(owner="ann@x.example", fields=GOOD_FIT), activities=made)
    assert explain(decide(prior("sal"), facts, SMALL, frame(), NOW), SMALL) == RETURNED


def test_the_owner_line_says_who_was_skipped_and_why() -> None:
    facts = lead(record(owner="gone@x.example"), activities=(form(1),))
    decided = assign([decide(None, facts, SMALL, frame(), NOW)], {facts.key: facts}, SMALL, frame(), NOW).decisions[0]
    told = explain(decided, SMALL)
    assert "gone@x.example -> ann@x.example" in told
    assert "gone@x.example skipped: inactive; ann@x.example is next (0 turns so far)" in told


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        (lead(record(fields={"handoff_hands_off": "true"})), "left alone: hands off"),
        (lead(problems=("ambiguous_identity",)), "held: ambiguous identity"),
        (lead(record(fields={"status": "Ask Jim"})), "needs you  unmapped_status salesforce: Ask Jim"),
    ],
)
def test_who_is_not_moved_is_explained_too(facts: object, text: str) -> None:
    assert text in explain(decide(prior("nurture", nurture_group="warm"), facts, SMALL, frame(), NOW), SMALL)


def test_no_personal_value_of_the_lead_is_explained_or_digested_into_the_trace() -> None:
    personal = {
        "email": "secret@person.example",
        "first_name": "Secret",
        "last_name": "Person",
        "lead_name": "Secret Person",
        "phone": "+1 555 0100",
        "title": "Secret Student",
    }
    facts = lead(record(fields=personal), activities=(form(1),))
    decided = assign([decide(None, facts, SMALL, frame(), NOW)], {facts.key: facts}, SMALL, frame(), NOW).decisions[0]
    kept = canonical(decided)
    for name in PERSONAL_FIELDS:
        assert personal[name] not in kept
        assert personal[name] not in explain(decided, SMALL)


def test_no_value_of_a_companys_own_personal_field_is_explained_or_traced() -> None:
    """A rule that it speaks against, one that it fires, and an alert say what they asked for; what was found stands in none of them."""
    own = Test(field="nickname", op=Operator.IS, value="ace", personal=True)
    lost, fires = (row.model_copy(update={"from_stages": ("sal",)}) for row in POLICY.transitions[:2])
    lost = lost.model_copy(update={"when": every(own)})
    fires = fires.model_copy(update={"when": every(own.model_copy(update={"op": Operator.CONTAINS_ANY, "value": ("quuxie",)}))})
    alert = Alert(name="nicknamed", stages=("sal",), when=every(own.model_copy(update={"op": Operator.KNOWN})), says="look")
    facts = lead(record(fields={"nickname": "Quuxie of Bathyscaphe"}))
    for policy, fired in ((compiled(transitions=(lost, fires)), fires.name), (compiled(transitions=(lost,), alerts=(alert,)), "")):
        decided = decide(prior("sal"), facts, policy, frame(), NOW)
        assert decided.transition == fired
        assert bool(decided.exceptions) is not bool(fired)
        assert ("lost", lost.name, "no", "nickname", "is", "ace", HIDDEN) in decided.because
        assert f"(nickname is {HIDDEN}, asks for ace)" in explain(decided, policy)
        for said in (canonical(decided), explain(decided, policy)):
            assert "quuxie" not in said.casefold()
            assert "bathyscaphe" not in said.casefold()


class _Side(StrEnum):
    SALES = "sales"


def test_a_digest_ignores_the_order_of_mappings_and_sets_and_nothing_else() -> None:
    one = {"b": {1, 2, 3}, "a": [_Side.SALES, None, True, date(2026, 1, 2), time(9), datetime(2026, 1, 2, tzinfo=UTC)]}
    two = {"a": one["a"], "b": {3, 2, 1}}
    assert digest(one) == digest(two)
    assert digest([1, 2]) != digest([2, 1])
    assert digest({"a": 1}) != digest({"a": "1"})
    assert canonical({"ü": _Side.SALES}) == '{"ü":"sales"}'
    assert digest(frame()) == digest(frame())
    assert digest(frame()) != digest(replace(frame(), adopting=True))
    assert len(digest(POLICY)) == 64


@pytest.mark.parametrize("value", [1.5, object(), b"x"])
def test_what_has_no_stable_text_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="no stable text"):
        digest({"a": value})
