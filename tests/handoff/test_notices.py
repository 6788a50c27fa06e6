"""Notices: once per step, to the right person, and never about a backlog."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings

from handoff.case import open_case
from handoff.compiled import compile_policy
from handoff.condition import Condition, Operator, Test
from handoff.decide import decide
from handoff.decision import Decision, EffectKind, prior_of
from handoff.facts import LeadFacts
from handoff.notices import receiver
from handoff.policy import Notice, Telling
from handoff.wording import Words, brief
from tests.handoff.makers import NOW, decided, form, frame, lead, prior, record, rep
from tests.handoff.policies import POLICY
from tests.handoff.worlds import leads

QUIET = Notice(
    name="quiet",
    to="rep",
    stages=tuple(POLICY.stages),
    when=Condition(all=(Test(signal="untouched_days", op=Operator.AT_LEAST, value=10),)),
    subject="Untouched for {untouched_days} days",
    lines=("Owner: {owner}",),
)
TOLD = compile_policy(POLICY.model_copy(update={"telling": Telling(notices=(QUIET,))}))


def notices(decision: Decision) -> list[str]:
    """Names of the notices a decision gives."""
    return [one.transition for one in decision.effects if one.kind is EffectKind.NOTIFY]


def test_a_clock_notice_is_told_once_in_an_episode_and_again_in_the_next() -> None:
    facts = lead(record(fields={"title": "Clerk"}))
    before = prior("nurture", days=30, nurture_group="general")
    first = decided(TOLD, before, facts)
    assert first.transition == ""
    assert notices(first) == ["quiet"]
    assert first.unchanged, "a notice writes nothing on the record"
    after = prior_of(first)
    assert notices(decided(TOLD, after, facts)) == []
    assert notices(decided(TOLD, after._replace(told=()), facts)) == ["quiet"]


def test_nobody_is_told_while_a_backlog_is_taken_over() -> None:
    facts = lead(record(owner="ann@x.example"), activities=(form(1),))
    assert notices(decide(None, facts, TOLD, frame(adopting=True), NOW)) == []


@pytest.mark.requirement("R77", "R79")
def test_a_notice_to_a_rep_who_left_goes_to_the_manager() -> None:
    boss = rep("max@x.example", "manager")
    gone = rep("gone@x.example", active=False, manager="max@x.example")
    case = open_case(prior("sal"), lead(), TOLD, frame((boss, gone)), NOW)
    assert receiver(case, "rep", "gone@x.example") == "max@x.example"
    assert receiver(case, "manager", "gone@x.example") == "max@x.example"
    assert receiver(case, "rep", "queue:Nurture") == "max@x.example"
    assert receiver(case, "marketing", "gone@x.example") == "marketing"


@settings(max_examples=60, deadline=None)
@given(leads())
def test_notices_keep_until_the_next_look(facts: LeadFacts) -> None:
    """Law 2 with notices: once told, nothing more is told until the lead is looked at again."""
    at = frame()
    first = decide(None, facts, TOLD, at, NOW)
    if first.ready:
        return
    after = prior_of(first)
    assert notices(decide(after, facts, TOLD, at, NOW)) == []
    look = first.next_look_at
    if look is None or first.exceptions or look - NOW < timedelta(seconds=2):
        return
    just_before = look - timedelta(seconds=1)
    covered = replace(at, coverage=dict.fromkeys(at.coverage, just_before))
    assert notices(decide(after, facts, TOLD, covered, just_before)) == []


@pytest.mark.requirement("R82")
def test_a_brief_and_a_notice_have_at_most_twelve_lines_and_leave_out_what_is_not_known() -> None:
    case = open_case(prior("sal"), lead(), TOLD, frame(), NOW)
    words = Words(case, {})
    assert brief(("Campaign {campaign}",) * 20, words).count("\n") == 11
    assert brief(("{country}", "known"), words) == "known"
