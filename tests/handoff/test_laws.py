"""The laws of the core as properties of generated leads, under a small policy and under Company A's. Each name carries its number."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from handoff.assign import assign
from handoff.compiled import CompiledPolicy, compile_policy
from handoff.decide import decide
from handoff.decision import Decision, Frame, Prior
from handoff.digest import digest
from handoff.explain import explain, fit_score, intent_score
from handoff.facts import Kind, LeadFacts, Ref
from handoff.plan import PlanLines
from handoff.records import record_of_record, routed_records
from mappings.load import load_policy
from tests.handoff.figures import standing
from tests.handoff.makers import NOW, activity, frame, owner_id
from tests.handoff.policies import compiled
from tests.handoff.worlds import SMALL, Run, Vocabulary, frames, leads, person_edits, run, words_of

LAWS = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
POLICIES = {"small": compiled(), "company_a": compile_policy(load_policy(Path(__file__).parents[2] / "mappings"))}
WORDS = {"small": SMALL, "company_a": words_of(POLICIES["company_a"])}


def scenario(words: Vocabulary, most: int = 3) -> st.SearchStrategy[dict[str, LeadFacts]]:
    """Some leads that share reps and pools."""
    some = st.integers(1, most).flatmap(lambda count: st.tuples(*(leads(words, number) for number in range(1, count + 1))))
    return some.map(lambda made: {one.key: one for one in made})


@pytest.mark.parametrize("name", sorted(POLICIES))
@LAWS
@given(st.data())
def test_law_1_same_facts_in_any_order_with_repeats_give_the_same_decision(name: str, data: st.DataObject) -> None:
    one, at = data.draw(leads(WORDS[name])), data.draw(frames(POLICIES[name]))
    mixed = [*one.activities, *one.activities[: len(one.activities) // 2]]
    random.Random(data.draw(st.integers(0, 99))).shuffle(mixed)
    first = decide(None, one, POLICIES[name], at, NOW)
    again = decide(None, replace(one, activities=tuple(mixed)), POLICIES[name], at, NOW)
    assert digest(first) == digest(again)


@pytest.mark.parametrize("name", sorted(POLICIES))
@LAWS
@given(st.data())
def test_law_1_owners_do_not_depend_on_the_order_of_leads(name: str, data: st.DataObject) -> None:
    policy, at = POLICIES[name], data.draw(frames(POLICIES[name]))
    world = data.draw(scenario(WORDS[name], 5))
    decided = [decide(None, one, policy, at, NOW) for one in world.values()]
    shuffled = data.draw(st.permutations(decided))
    straight, mixed = assign(decided, world, policy, at, NOW), assign(shuffled, world, policy, at, NOW)
    assert {one.lead: digest(one) for one in straight.decisions} == {one.lead: digest(one) for one in mixed.decisions}
    assert straight.turns == mixed.turns


@pytest.mark.parametrize("name", sorted(POLICIES))
@LAWS
@given(st.data())
def test_law_2_after_apply_there_is_nothing_to_do_until_the_next_look(name: str, data: st.DataObject) -> None:
    policy, at = POLICIES[name], data.draw(frames(POLICIES[name]))
    first = run(policy, data.draw(scenario(WORDS[name])), at)
    for key, plan in run(policy, first.facts, first.frame, NOW, first.priors).plans.items():
        assert plan == PlanLines((), ()), _told(first, key, policy, NOW)
    settled = replace(first.frame, adopting=False)
    for one in first.decisions:
        until = one.next_look_at or NOW + timedelta(days=300)
        moments = [NOW + (until - NOW) * share / 1000 for share in (data.draw(st.integers(0, 998)), 999)]
        for later, then in [(moment, at_then) for moment in moments for at_then in _frames_then(settled, moment)]:
            again = run(policy, {one.lead: first.facts[one.lead]}, then, later, {one.lead: first.priors[one.lead]})
            plan = again.plans[one.lead]
            assert plan == PlanLines((), ()), _told(first, one.lead, policy, later, again.decisions[0])


@pytest.mark.parametrize("name", sorted(POLICIES))
@LAWS
@given(st.data())
def test_law_3_a_persons_edit_stands_until_a_newer_fact(name: str, data: st.DataObject) -> None:
    policy = POLICIES[name]
    one = data.draw(leads(WORDS[name]))
    first = run(policy, {one.key: one}, data.draw(frames(policy)))
    assume(first.decisions[0].in_scope and not first.decisions[0].exceptions)
    main = record_of_record(routed_records(first.facts[one.key]), policy.policy.systems)
    assert main is not None
    field = data.draw(st.sampled_from(("owner", "status", "handoff_stage")))
    choices = {
        "owner": (owner_id("bob@x.example", main.ref.system), owner_id("gone@x.example", main.ref.system)),
        "status": WORDS[name].statuses[main.ref.system],
        "handoff_stage": tuple(policy.policy.stages),
    }
    at = NOW + timedelta(hours=data.draw(st.integers(1, 48)))
    edited = person_edits(first.facts[one.key], policy.policy.systems, field, data.draw(st.sampled_from(choices[field])), at)
    if data.draw(st.booleans()):  # a newer fact: the lead asks for a demo
        asked = activity(Kind.FORM, at + timedelta(hours=1), "demo", about=main.ref, known_at=at + timedelta(hours=1))
        edited = replace(edited, activities=(asked, *edited.activities))
    now = at + timedelta(hours=data.draw(st.sampled_from((1, 2, 30, 24 * 8, 24 * 25, 24 * 40))))
    then = run(policy, {one.key: edited}, _covered(replace(first.frame, adopting=False), now), now, first.priors)
    decision = then.decisions[0]
    overwritten = [line for line in then.plans[one.key].lines if line.field == field and line.ref == main.ref]
    left = field == "owner" and _value(edited, main.ref, field) == choices["owner"][1]  # nobody is kept who no longer works here
    if overwritten and not left:
        short = field.removeprefix("handoff_")
        assert short in policy.by_name[decision.transition].rule.may_override_person
        assert decision.fact_at is not None
        assert decision.fact_at >= at
    if field == "owner" and not decision.transition:
        assert (
            decision.owner == {choices["owner"][0]: "bob@x.example", choices["owner"][1]: "gone@x.example"}[_value(edited, main.ref, field)]
        )


@pytest.mark.parametrize("name", sorted(POLICIES))
@LAWS
@given(st.data())
def test_law_4_everybody_in_scope_has_a_stage_a_side_and_a_next_look(name: str, data: st.DataObject) -> None:
    policy = POLICIES[name]
    for one in run(policy, data.draw(scenario(WORDS[name])), data.draw(frames(policy))).decisions:
        if one.in_scope:
            assert one.side == policy.policy.stages[one.stage].side
            assert one.next_look_at is not None
            assert one.next_look_at > NOW
            assert "rules_in_a_circle" not in {reason for reason, _ in one.exceptions}, explain(one, policy)


@pytest.mark.parametrize("name", sorted(POLICIES))
@LAWS
@given(st.data())
def test_law_6_without_coverage_nobody_is_silent(name: str, data: st.DataObject) -> None:
    policy, since = POLICIES[name], NOW - timedelta(days=100)
    held = Prior(stage=data.draw(st.sampled_from(("offered", "sal", "sql"))), since=since, episode=1, rev=1, offered_at=since)
    one = data.draw(leads(WORDS[name]))
    blind = frame(coverage={}, cut_over=NOW - timedelta(days=200))
    decision = decide(held, one, policy, blind, NOW)
    by_silence = {row.name for row in policy.by_name.values() if "silence.due" in row.reads}
    assert by_silence, "a policy without such a rule shows nothing here"
    assert by_silence.isdisjoint(step[1] for step in decision.because if step[0] == "fired")


@pytest.mark.parametrize("name", sorted(POLICIES))
@LAWS
@given(st.data())
def test_law_6_what_is_learned_later_changes_nothing_now(name: str, data: st.DataObject) -> None:
    policy, at = POLICIES[name], data.draw(frames(POLICIES[name]))
    one = data.draw(leads(WORDS[name]))
    later = tuple(
        made._replace(key=f"later-{made.key}", known_at=NOW + timedelta(hours=1)) for made in data.draw(leads(WORDS[name])).activities
    )
    first = decide(None, one, policy, at, NOW)
    again = decide(None, replace(one, activities=(*later, *one.activities)), policy, at, NOW)
    assert first._replace(next_look_at=None) == again._replace(next_look_at=None)


@pytest.mark.parametrize("name", sorted(POLICIES))
@LAWS
@given(st.data())
def test_law_8_who_is_offered_without_a_request_is_over_the_fit_bar(name: str, data: st.DataObject) -> None:
    policy = POLICIES[name]
    for one in run(policy, data.draw(scenario(WORDS[name])), data.draw(frames(policy))).decisions:
        if one.lead_type == "mql" and one.transition:
            score = fit_score(one.because)
            assert score is not None
            assert score >= policy.policy.fit.bar


@pytest.mark.parametrize("name", sorted(POLICIES))
@LAWS
@given(st.data())
def test_law_10_the_trace_adds_up_to_the_scores(name: str, data: st.DataObject) -> None:
    decision = decide(None, data.draw(leads(WORDS[name])), POLICIES[name], data.draw(frames(POLICIES[name])), NOW)
    because = decision.because
    assert fit_score(because) == next(step[1] for step in because if step[0] == "fit.score")
    assert intent_score(because) == next(step[1] for step in because if step[0] == "intent.score")
    assert explain(decision, POLICIES[name]).startswith("fit ")


@LAWS
@given(st.data())
def test_main_job_nobody_is_in_limbo_or_without_owner_after_the_adoption(data: st.DataObject) -> None:
    """The figures of the main job on Company A's policy: after adoption, and once marketing has mailed every group, all four are 0."""
    policy, at = POLICIES["company_a"], replace(data.draw(frames(POLICIES["company_a"])), adopting=True)
    after = run(policy, data.draw(scenario(WORDS["company_a"])), at)
    for one in after.decisions:
        if not one.in_scope or one.exceptions:
            continue
        told = _told(after, one.lead, policy, NOW)
        figures = standing(one, after.facts[one.lead], policy, after.frame)
        assert not figures.hot_never_followed_up, told
        assert not figures.without_owner, told
        assert not figures.inactive_owner, told
        assert not figures.in_limbo or one.nurture_group, told


@pytest.mark.parametrize("name", sorted(POLICIES))
@LAWS
@given(st.data())
def test_law_5_and_9_half_a_year_of_looks_repeats_no_effect_and_ends_nowhere(name: str, data: st.DataObject) -> None:
    """Only time passes: each lead is looked at when it is due, written and pulled back. No effect twice, no circle, nobody stuck."""
    policy, at = POLICIES[name], data.draw(frames(POLICIES[name]))
    world = data.draw(scenario(WORDS[name], 2))
    priors: dict[str, Prior | None] = {}
    due, keys, looks, end = dict.fromkeys(world, NOW), [], 0, NOW + timedelta(days=183)
    while due and min(due.values()) <= end:
        now = min(due.values())
        looked = {key: world[key] for key, when in due.items() if when == now}
        then = run(policy, looked, _covered(replace(at, adopting=at.adopting and now == NOW, new_today={}), now), now, priors)
        priors |= then.priors
        world |= then.facts
        at = replace(then.frame, adopting=at.adopting)
        keys += [effect.key for one in then.decisions for effect in one.effects]
        due |= {one.lead: one.next_look_at or end + timedelta(days=1) for one in then.decisions}
        looks += len(looked)
        assert looks < 250 * len(world), [explain(one, policy) for one in then.decisions]
    assert len(keys) == len(set(keys))
    for key, facts in world.items():
        decision = decide(priors[key], facts, policy, _covered(replace(at, adopting=False), end), end)
        if decision.in_scope and not decision.exceptions:
            figures = standing(decision, facts, policy, at)
            stuck = figures.without_owner or figures.inactive_owner or figures.hot_never_followed_up
            assert not stuck, explain(decision, policy)


def _frames_then(at: Frame, until: datetime) -> tuple[Frame, ...]:
    """The frame as it is and, unless a source had stalled (then its return is news), with coverage kept up to `until`."""
    stalled = any(covered < NOW for covered in at.coverage.values())
    return (at,) if stalled else (at, _covered(at, until))


def _covered(at: Frame, until: datetime) -> Frame:
    return replace(at, coverage=dict.fromkeys(at.coverage, until))


def _value(facts: LeadFacts, ref: Ref, field: str) -> str:
    return next(record.fields[field] for record in facts.records if record.ref == ref)


def _told(first: Run, key: str, policy: CompiledPolicy, now: datetime, then: Decision | None = None) -> str:
    decision = next(one for one in first.decisions if one.lead == key)
    again = then or decide(first.priors[key], first.facts[key], policy, first.frame, now)
    return (
        f"at {now}\n{explain(decision, policy)}\n--- then ---\n{explain(again, policy)}\n{first.plans[key].creations}\n{first.facts[key]}"
    )
