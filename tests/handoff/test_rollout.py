"""The rollout: who is inside, what a shadow shows, and that a step up only ever adds leads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.case import open_case
from handoff.compiled import CompiledPolicy, compile_policy
from handoff.decide import decide
from handoff.decision import Decision, prior_of
from handoff.facts import Ref
from handoff.plan import lines
from handoff.policy import Rollout
from handoff.rollout import SHADOW, held_back, inside, shadow_fields, shadow_lines, share_of, team_policy
from tests.handoff.makers import NOW, form, frame, lead, prior, record
from tests.handoff.policies import POLICY

ANN, BOB = "ann@x.example", "bob@x.example"


def policy(**rollout: object) -> CompiledPolicy:
    return compile_policy(POLICY.model_copy(update={"rollout": Rollout(**rollout)}))  # type: ignore[arg-type]


def asking(number: int, compiled: CompiledPolicy, owner: str = "") -> Decision:
    about = Ref("salesforce", "Lead", str(number))
    facts = lead(record(number=number, owner=owner), activities=(form(0.01)._replace(about=about, key=f"{number}"),))
    return decide(prior("nurture", owner=owner), facts, compiled, frame(), NOW)


@given(st.text(min_size=1, max_size=30), st.integers(1, 100), st.integers(1, 100))
def test_a_larger_share_holds_everybody_of_a_smaller_one(lead_key: str, one: int, other: int) -> None:
    """A step up never takes a lead out again, and a lead's place is the same on every machine."""
    low, high = sorted((one, other))
    assert not share_of(lead_key) < low or share_of(lead_key) < high


def test_the_share_is_about_what_it_says() -> None:
    compiled = policy(mode="share", percent=30)
    number = sum(inside(asking(n, compiled), None, compiled, frame()) for n in range(400))
    assert 90 < number < 150


def test_a_team_has_its_own_leads_and_its_share_of_the_turns() -> None:
    compiled = policy(mode="team", team=(ANN,))
    assert inside(asking(1, compiled, owner=ANN), None, compiled, frame())
    assert not inside(asking(1, compiled, owner=BOB), None, compiled, frame())
    mine = [n for n in range(300) if inside(asking(n, compiled), None, compiled, frame())]
    assert 60 < len(mine) < 140  # one of three development reps
    assert mine == [n for n in range(300) if inside(asking(n, compiled), None, compiled, frame())]


def test_who_came_back_from_the_team_stays_with_it() -> None:
    compiled = policy(mode="team", team=(ANN,))
    before = prior("nurture", previous_owner=ANN)
    assert inside(decide(before, lead(), compiled, frame(), NOW), before, compiled, frame())


def test_the_team_gets_nothing_for_others_and_others_nothing_of_the_team() -> None:
    compiled = team_policy(policy(mode="team", team=(ANN,)), frame())
    pools = [pool for pool in compiled.policy.pools.values() if pool.keys]
    assert [pool.keys for pool in pools] == [(ANN,)]


def test_outside_a_lead_stands_where_it_stood() -> None:
    compiled = policy(mode="share", percent=1)
    before = prior("nurture", nurture_group="general")
    facts = lead(record(number=7), activities=(form(0.01),))
    made = decide(before, facts, compiled, frame(), NOW)
    assert made.ready
    held = held_back(open_case(before, facts, compiled, frame(), NOW), made)
    assert prior_of(held) == before
    assert held.held_back
    assert (held.unchanged, held.ready, held.effects) == (True, False, ())
    assert lines(held, facts, compiled, frame()).lines == ()


@pytest.mark.parametrize("field", ["owner", "status", "handoff_stage", "handoff_stage_since", "handoff_nurture_group", "handoff_due"])
def test_a_shadow_leaves_alone_what_others_act_on(field: str) -> None:
    compiled = policy(mode="shadow")
    facts = lead(record(owner=ANN, fields={"status": "Open"}))
    would = decide(prior("lead", 5), facts, compiled, frame(), NOW)
    assert would.transition == "enrolled"
    shown = shadow_lines(would, facts, compiled, None)
    assert shown
    assert field not in {line.field for line in shown}
    assert all(line.move == "field" for line in shown)


def test_a_shadow_says_once_what_would_have_happened_and_takes_it_back_when_it_would_not() -> None:
    compiled = policy(mode="shadow")
    facts = lead(record())
    would = decide(prior("lead", 5), facts, compiled, frame(), NOW)
    shown = shadow_fields(would, facts.records[0], compiled)
    assert shown["handoff_reason"].startswith(f"{SHADOW}enrolled, to NURTURE. ")
    there = facts.records[0]._replace(fields={**facts.records[0].fields, **shown})
    assert shadow_fields(would, there, compiled) == {}
    stays = decide(prior("lead", 1), facts, compiled, frame(), NOW)
    assert shadow_fields(stays, there, compiled) == {"handoff_reason": ""}
