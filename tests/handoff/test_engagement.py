"""What counts as engagement is what the policy names: every kind counts as written, and nothing else does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handoff.compiled import compile_policy
from handoff.decision import EffectKind, Reason
from handoff.explain import explain
from handoff.facts import Actor, Kind
from handoff.policy import IntentKind, Policy
from mappings.load import load_policy
from mappings.take_out import taken_out
from tests.handoff.makers import NOW, activity, prior, rep
from tests.handoff.shipped import company_a, covered, person, settle

POLICY = load_policy()
UNNAMED = "somebody's birthday"
NAMED = [kind for kind in POLICY.intent.kinds if kind.points]


def steps(policy: Policy, kind: str, subject: str, outcome: str) -> list[Reason]:
    """What an engagement an hour ago counts for."""
    did = activity(Kind(kind), NOW - timedelta(hours=1), subject, outcome=outcome, actor=Actor.LEAD)
    made = settle(prior("nurture", nurture_group="good-fit"), person(did), policy=compile_policy(policy))
    return [step for step in made.because if step[0] == "intent"]


@pytest.mark.requirement("R30", "R31")
@pytest.mark.parametrize("kind", NAMED, ids=lambda kind: f"{kind.name} by {kind.activity}")
def test_every_engagement_that_the_policy_names_counts_as_written_and_no_longer_once_it_is_gone(kind: IntentKind) -> None:
    seen = (kind.activity, next(iter(kind.subjects), ""), next(iter(kind.outcomes), ""))
    ((_, name, hours, points, *_),) = steps(POLICY, *seen)
    assert (name, hours, points) == (kind.name, 1, kind.points)
    assert steps(taken_out(POLICY, f"intent.kinds.{kind.name}"), *seen) == []


@pytest.mark.requirement("R30")
@pytest.mark.parametrize("kind", [str(kind) for kind in Kind if str(kind) not in {one.activity for one in NAMED if not one.subjects}])
def test_what_the_policy_does_not_name_counts_for_nothing(kind: str) -> None:
    assert steps(POLICY, kind, UNNAMED, "") == []


@pytest.mark.requirement("R76")
def test_the_lead_is_passed_with_its_campaign_in_the_brief_and_on_the_record() -> None:
    asked = activity(Kind.FORM, NOW - timedelta(hours=1), "demo", actor=Actor.LEAD)
    facts, before = person(asked, owner="", campaign="Spring launch"), prior("nurture", nurture_group="good-fit")
    made = settle(before, facts)
    (task,) = [one for one in made.effects if one.kind is EffectKind.TASK]
    assert (made.transition, made.campaign) == ("hand_raise", "Spring launch")
    assert "Spring launch" in task.text
    silent = settle(before, facts, policy=compile_policy(taken_out(company_a().policy, "transitions.hand_raise.task.lines")))
    (task,) = [one for one in silent.effects if one.kind is EffectKind.TASK]
    assert "Spring launch" not in task.text


@pytest.mark.requirement("R76", "R81")
def test_the_brief_names_the_campaign_that_the_record_names() -> None:
    """A campaign membership is as good as a field of the record."""
    answered = activity(Kind.CAMPAIGN, NOW - timedelta(hours=2), "Spring launch", outcome="Responded", actor=Actor.LEAD)
    asked = activity(Kind.FORM, NOW - timedelta(hours=1), "demo", actor=Actor.LEAD)
    made = settle(prior("nurture", nurture_group="good-fit"), person(answered, asked, owner=""))
    (task,) = [one for one in made.effects if one.kind is EffectKind.TASK]
    assert made.campaign == "Spring launch"
    assert "Spring launch" in task.text


def test_explain_of_a_lead_that_waits_prints_no_template() -> None:
    asked = activity(Kind.FORM, NOW - timedelta(hours=1), "demo", actor=Actor.LEAD)
    made = settle(
        prior("nurture", nurture_group="good-fit"), person(asked, owner=""), at=covered(reps=(rep("max@x.example", "marketing"),))
    )
    told = explain(made, company_a())
    assert "hand_raise (mappings/stages.yaml" in told
    assert "waits for an owner" in told
    assert "{" not in told
