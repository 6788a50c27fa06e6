"""What a decision carries over from one step to the next is what a step cannot change."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handoff.accounts import named_owner
from handoff.case import VALUES, open_case
from handoff.compiled import DAY_SIGNALS, compile_policy
from handoff.decision import Prior
from handoff.lasting import lasting_signals
from handoff.policy import ScopeRule
from handoff.scope import left_out
from handoff.signals import covered, hold_of, is_rep_sourced, last_sent
from handoff.stage import DEADLINES
from tests.handoff.makers import NOW
from tests.handoff.policies import POLICY, compiled, every, known, signal
from tests.handoff.test_laws import LAWS, POLICIES, WORDS
from tests.handoff.worlds import frames, leads, moments

PARTS = {f"({part.__name__})": part for part in (last_sent, covered, is_rep_sourced, named_owner, hold_of)}
STAGES = {name: tuple(policy.policy.stages) for name, policy in POLICIES.items()}


@pytest.mark.parametrize("name", sorted(POLICIES))
@LAWS
@given(st.data())
def test_whatever_a_move_writes_lasting_signals_stay(name: str, data: st.DataObject) -> None:
    policy = POLICIES[name]
    facts, at = data.draw(leads(WORDS[name])), data.draw(frames(policy))
    before = open_case(None, facts, policy, at, NOW)
    moved = Prior(
        stage=data.draw(st.sampled_from(STAGES[name])),
        since=data.draw(moments()),
        episode=3,
        rev=4,
        owner=data.draw(st.sampled_from(("", *at.reps))),
        previous_owner=data.draw(st.sampled_from(("", *at.reps))),
        lead_type="hand_raise",
        nurture_group="all",
        review_at=data.draw(st.one_of(st.none(), moments())),
        offered_at=data.draw(st.one_of(st.none(), moments())),
        hand_raise_at=data.draw(st.one_of(st.none(), moments())),
        reroutes=2,
    )
    asked = sorted(signal for signal in policy.lasting if not signal.startswith("("))
    assert set(asked) - {f"count.{count}" for count in policy.policy.counts} <= set(VALUES)
    parts = [PARTS[name] for name in policy.lasting if name.startswith("(")]
    after = before.after(moved)
    after.clear()
    assert {signal: after[signal] for signal in asked} == {signal: before[signal] for signal in asked}
    assert [part(after) for part in parts] == [part(before) for part in parts]


def test_what_rests_on_a_stage_does_not_last() -> None:
    holds = (POLICY.holds[0].model_copy(update={"when": every(signal("owner.state", "active"))}), *POLICY.holds[1:])
    assert "contactable" in lasting_signals(POLICY)
    assert "contactable" not in lasting_signals(POLICY.model_copy(update={"holds": holds}))


SCOPE = (
    ScopeRule(name="held", kind="hands_off", when=every(known("handoff_hands_off", True))),
    ScopeRule(name="won", kind="customer", when=every(signal("deal.won"))),
    ScopeRule(name="customer", kind="customer", when=every(known("lifecycle", "customer"))),
    ScopeRule(name="ours", kind="test", when=every(signal("own_domain"))),
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.data())
def test_the_first_scope_rule_that_holds_names_the_reason(data: st.DataObject) -> None:
    """Kept answers and rules asked each time mix by their order in the file; a lead met again has the same answer."""
    policy = compiled(scope=SCOPE)
    facts, at = data.draw(leads()), data.draw(frames(policy))
    case = open_case(None, facts, policy, at, NOW)
    alone = [compiled(scope=(rule,)) for rule in SCOPE]
    first = next((rule.name for rule, one in zip(SCOPE, alone, strict=True) if left_out(open_case(None, facts, one, at, NOW))), "")
    assert [left_out(case), left_out(case)] == [first, first]
    unowned = replace(facts, key="again")
    assert left_out(open_case(None, unowned, policy, at, NOW)) == first


def test_of_rules_that_read_signals_nothing_is_kept() -> None:
    policy = compile_policy(POLICY.model_copy(update={"scope": SCOPE[1:2]}))
    assert (policy.scope.reads, policy.scope.by_words) == ((), ())


def test_every_signal_that_days_move_has_its_deadlines() -> None:
    """A signal that is watched and has no deadline would be looked at too late, and one without a watch never."""
    assert set(DEADLINES) == DAY_SIGNALS
