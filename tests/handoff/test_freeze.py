"""The freeze calendar: nothing changes hands, who asks is served, and all goes on afterwards."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handoff.assign import assign
from handoff.compiled import CompiledPolicy, compile_policy
from handoff.decide import decide
from handoff.decision import Decision, prior_of
from handoff.facts import LeadFacts
from handoff.policy import Freeze
from tests.handoff.makers import GOOD_FIT, NOW, call, days_ago, form, frame, lead, prior, record
from tests.handoff.policies import POLICY

ANN = "ann@x.example"
FREEZE = Freeze(name="quarter end", first=date(2026, 11, 17), last=date(2026, 11, 20))
END = datetime(2026, 11, 21, 5, tzinfo=UTC)  # midnight in New York


def policy(*freezes: Freeze) -> CompiledPolicy:
    return compile_policy(POLICY.model_copy(update={"company": POLICY.company.model_copy(update={"freezes": freezes})}))


FROZEN, FREE = policy(FREEZE), policy()


def silent() -> LeadFacts:
    """Ann made all the touches two months ago, and has heard nothing since."""
    return lead(record(owner=ANN), activities=tuple(call(50 + number) for number in range(6)))


def decided(compiled: CompiledPolicy, facts: LeadFacts, stage: str, now: datetime = NOW) -> Decision:
    at = frame(coverage={"salesforce:Task": now, "hubspot:calls": now})
    before = prior(stage, 60, owner=ANN if stage != "nurture" else "", offered_at=days_ago(60))
    made = decide(before, facts, compiled, at, now)
    return assign([made], {made.lead: facts}, compiled, at, now).decisions[0] if made.ready else made


@pytest.mark.requirement("R66")
def test_an_owner_is_not_taken_in_a_freeze_and_the_lead_is_looked_at_when_it_ends() -> None:
    assert decided(FREE, silent(), "sal").stage == "nurture"
    held = decided(FROZEN, silent(), "sal")
    assert (held.stage, held.owner, held.unchanged, held.next_look_at) == ("sal", ANN, True, END)
    assert held.because[-1] == ("held", "freeze", "quarter end", "silent")


def test_it_goes_on_when_the_freeze_has_ended() -> None:
    assert decided(FROZEN, silent(), "sal", END).stage == "nurture"


def test_who_asks_is_given_to_somebody_all_the_same() -> None:
    facts = lead(record(), activities=(form(0.01),))
    assert decided(FROZEN, facts, "nurture").stage == "offered"


def test_a_qualified_lead_waits_with_marketing() -> None:
    facts = lead(record(fields=GOOD_FIT, created=days_ago(1)), activities=(form(0.01, "trial"),))
    assert decided(FREE, facts, "nurture").stage == "offered"
    held = decided(FROZEN, facts, "nurture")
    assert (held.stage, held.owner) == ("mql", "")
    assert ("waits", "freeze", "quarter end") in held.because


@settings(max_examples=40, deadline=None)
@given(hours=st.integers(0, 24 * 6), stage=st.sampled_from(["sal", "offered", "sql"]))
def test_nothing_changes_until_the_next_look(hours: int, stage: str) -> None:
    """Law 2 with a freeze in the way: decided again a moment before the next look, the answer is the same."""
    now = datetime(2026, 11, 16, 5, tzinfo=UTC) + timedelta(hours=hours)
    made = decided(FROZEN, silent(), stage, now)
    assert made.next_look_at is not None
    assert made.next_look_at > now
    if made.unchanged:
        later = made.next_look_at - timedelta(seconds=1)
        at = frame(coverage={"salesforce:Task": later, "hubspot:calls": later})
        again = decide(prior_of(made), silent(), FROZEN, at, later)
        assert (again.stage, again.owner, again.unchanged or again.ready) == (made.stage, made.owner, True)
