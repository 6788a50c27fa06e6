"""Last call and keep, cool-off, hand-overs a year, previous owner, sunset and the alerts, under the shipped policy."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from handoff.decide import decide
from handoff.decision import EffectKind, Prior
from handoff.facts import Activity, Edit, Kind, LeadFacts
from handoff.plan import lines
from handoff.records import instant_text
from tests.handoff.makers import DAY, GONE, NOW, REPS, activity, call, days_ago, form, prior, rep, task
from tests.handoff.shipped import company_a, covered, person, settle, then

HOUR = timedelta(hours=1)
TOUCHES = tuple(call(days) for days in (20, 18, 15, 12, 9, 5))


def silent(stage: str = "sal", days: float = 18, **changes: object) -> Prior:
    """Held by sales for some days, all touches made, nothing heard. Silence ends on day 21."""
    return prior(stage, days)._replace(offered_at=days_ago(max(days, 20.5)), owner="ann@x.example", lead_type="mql", **changes)


def fired(before: Prior | None, facts: LeadFacts, now: object = NOW) -> str:
    return settle(before, facts, now).transition  # type: ignore[arg-type]


@pytest.mark.requirement("R98")
def test_the_owner_gets_one_last_call_three_business_days_before_the_lead_leaves() -> None:
    """Wednesday: the silence ends on Saturday, three business days ahead are from Wednesday 11:00's opening on."""
    facts, before = person(*TOUCHES), silent(days=18.5)
    early = decide(before, facts, company_a(), covered(NOW - 2 * DAY), NOW - 2 * DAY)
    assert early.transition == ""
    told = settle(before, facts)
    assert (told.transition, told.stage, told.since, told.owner) == ("last_call", "sal", before.since, "ann@x.example")
    assert [effect.kind for effect in told.effects] == [EffectKind.TASK, EffectKind.NOTIFY]
    assert told.last_call_at == NOW
    after = then(before, facts)
    assert fired(after, facts, NOW + HOUR) == "", "told once"


@pytest.mark.requirement("R98")
def test_a_lead_leaves_for_silence_only_three_business_days_after_the_last_call() -> None:
    facts, before = person(*TOUCHES), silent(days=40)
    told = then(before, facts)
    assert told.due_at is not None
    assert fired(told, facts, told.due_at - HOUR) == ""
    gone = settle(told, facts, told.due_at)
    assert (gone.transition, gone.stage, gone.previous_owner) == ("silent", "nurture", "ann@x.example")
    assert gone.keeps == 0


@pytest.mark.requirement("R98")
def test_a_tick_keeps_the_lead_for_two_weeks_twice_and_no_more() -> None:
    quiet, ticked = person(*TOUCHES), person(*TOUCHES, handoff_keep="true")
    state, now, told = silent(days=40), NOW, []
    for _ in range(3):
        state = then(state, quiet, now)
        assert state.last_call_at == now, "a last call each time"
        told.append(now)
        now += HOUR
        kept = settle(state, ticked, now)
        if kept.transition != "kept":
            break
        assert kept.review_at is not None
        assert kept.review_at.date() == now.date() + 14 * DAY
        cleared = {line.field: line.after for line in lines(kept, ticked, company_a(), covered(now)).lines}
        assert cleared["handoff_keep"] == "false"
        state = then(state, ticked, now)
        look = now
        while fired(state, quiet, look) != "last_call":
            look = settle(state, quiet, look).next_look_at or look
        assert state.review_at is not None
        assert state.review_at - 8 * DAY < look < state.review_at - 2 * DAY, (
            "the next last call, three business days ahead; two of the days between are holidays"
        )
        now = look
    assert (len(told), state.keeps) == (3, 2)
    assert state.due_at is not None
    assert fired(state, ticked, max(state.due_at, state.review_at or NOW)) == "silent"


@pytest.mark.requirement("R98")
def test_putting_the_task_of_the_last_call_off_keeps_the_lead_too() -> None:
    told = then(silent(days=40), person(*TOUCHES))
    assert told.due_at is not None
    same = person(*TOUCHES, task(told.due_at, ours=True, created=NOW))
    assert fired(told, same, NOW + HOUR) == ""
    put_off = person(*TOUCHES, task(told.due_at + 7 * DAY, ours=True, created=NOW))
    assert fired(told, put_off, NOW + HOUR) == "kept"


@pytest.mark.requirement("R98")
def test_a_sign_of_life_makes_the_last_call_void() -> None:
    told = then(silent(days=40), person(*TOUCHES))
    assert told.due_at is not None
    reply = activity(Kind.REPLY, NOW + HOUR, known_at=NOW + HOUR)
    assert fired(told, person(*TOUCHES, reply), told.due_at) == ""


@pytest.mark.requirement("R98")
def test_a_second_tick_is_no_sign_of_life() -> None:
    told = then(silent(days=40, keeps=1), person(*TOUCHES))
    ticked = person(*TOUCHES, handoff_keep="true", edits=(Edit("handoff_keep", "true", NOW + HOUR, "person"),))
    assert fired(told, ticked, NOW + 2 * HOUR) == "kept"


@pytest.mark.requirement("R98")
def test_at_the_adoption_who_was_silent_long_before_leaves_without_a_last_call_and_others_hear_the_next_morning() -> None:
    at = covered(adopting=True, cut_over=NOW)
    assert settle(silent(days=40, adopted_at=NOW), person(*TOUCHES), at=at).transition == "silent"
    near = silent(days=20, adopted_at=NOW)
    waits = settle(near, person(*TOUCHES), at=at)
    assert waits.transition == ""
    assert waits.next_look_at is not None
    assert waits.next_look_at.date() == (NOW + DAY).date()
    assert fired(near, person(*TOUCHES), waits.next_look_at) == "last_call"


@pytest.mark.requirement("R98")
def test_silence_waits_for_coverage_and_says_when_to_look_again() -> None:
    blind = covered(NOW - 2 * DAY)
    assert settle(silent(days=40), person(*TOUCHES), at=blind).transition == ""


@pytest.mark.requirement("R98")
def test_who_sales_found_itself_is_reported_and_not_moved() -> None:
    decision = settle(silent(days=100), person(*TOUCHES, source="Outbound"))
    assert decision.stage != "nurture"
    early = settle(silent(days=60), person(*TOUCHES, source="Outbound"))
    assert "rep_sourced_silent" not in dict(early.exceptions)


def nurtured(**changes: object) -> Prior:
    base = prior("nurture", 20)._replace(nurture_group="good-fit", previous_owner="bob@x.example", cycle=1, cycle_starts=("2026-10-01",))
    return base._replace(**changes)


def trial(at: object = NOW - HOUR) -> LeadFacts:
    """A free trial and a look at the prices: over the bar for a few days."""
    return person(*_interest(at), owner="")  # type: ignore[arg-type]


def _interest(at: datetime) -> tuple[Activity, ...]:
    return activity(Kind.FORM, at, "trial", known_at=at), activity(Kind.VISIT, at, "pricing", known_at=at)


@pytest.mark.requirement("R102")
def test_a_lead_that_engages_again_returns_to_the_rep_who_knows_it() -> None:
    back = settle(nurtured(), trial())
    assert (back.transition, back.stage, back.owner, back.cycle) == ("scored_mql", "offered", "bob@x.example", 2)


@pytest.mark.requirement("R102")
@pytest.mark.parametrize("before", ["gone@x.example", "mkt@x.example", ""])
def test_a_previous_owner_who_left_or_changed_roles_gets_nothing(before: str) -> None:
    at = replace(covered(), reps={one.key: one for one in (*REPS, GONE, rep("mkt@x.example", "marketing"))})
    back = settle(nurtured(previous_owner=before), trial(), at=at)
    assert back.stage == "offered"
    assert back.owner not in (before, "")


@pytest.mark.requirement("R102")
def test_after_sales_gave_a_lead_back_marketing_waits_two_weeks() -> None:
    state = nurtured(since=days_ago(12), recycled_at=days_ago(12))
    resting = settle(state, trial())
    assert resting.transition == ""
    assert resting.next_look_at is not None
    assert resting.next_look_at <= days_ago(12) + 14 * DAY
    assert fired(state, trial(), days_ago(12) + 14 * DAY) == "scored_mql"
    asked = person(form(0.05), owner="")
    assert fired(state, asked) == "hand_raise", "who asks is never held"


@pytest.mark.requirement("R99")
def test_a_lost_deal_goes_to_nurture_and_rests_thirty_days() -> None:
    lost = activity(Kind.DEAL, days_ago(1), outcome="lost")
    held = prior("opportunity", 30)._replace(owner="ann@x.example", offered_at=days_ago(30), cycle=1)
    gone = settle(held, person(lost))
    assert (gone.transition, gone.stage, gone.recycled_at) == ("deal_lost", "nurture", NOW)
    state = then(held, person(lost))
    engaged = person(lost, *_interest(NOW + 16 * DAY), owner="")
    assert fired(state, engaged, NOW + 17 * DAY) == ""
    engaged = person(lost, *_interest(NOW + 28 * DAY), owner="")
    assert fired(state, engaged, NOW + 30 * DAY) == "scored_mql"


@pytest.mark.requirement("R107")
def test_three_hand_overs_a_year_are_enough_and_the_reason_says_so() -> None:
    state = nurtured(cycle=3, cycle_starts=("2025-12-01", "2026-03-01", "2026-09-01"))
    stays = settle(state, trial())
    assert (stays.transition, stays.stage) == ("cycles_spent", "nurture")
    assert "within a year" in stays.reason
    assert fired(then(state, trial()), trial(), NOW + HOUR) == ""
    older = nurtured(cycle=3, cycle_starts=("2025-11-01", "2026-03-01", "2026-09-01"))
    assert fired(older, trial()) == "scored_mql"


@pytest.mark.requirement("R103")
def test_who_does_not_engage_for_half_a_year_is_held_and_not_mailed() -> None:
    state = nurtured(since=days_ago(50))
    old = replace(person(form(181, "newsletter"), owner=""), first_seen=days_ago(300))
    held = settle(state, old)
    assert (held.stage, held.nurture_group) == ("nurture", "")
    assert "no engagement" in held.next_step
    assert fired(then(state, old), old, NOW + HOUR) == ""
    clicked = replace(person(activity(Kind.CLICK, days_ago(30)), owner=""), first_seen=days_ago(300))
    assert settle(state, clicked).nurture_group == "good-fit"
    agreed = nurtured(since=days_ago(50), review_at=NOW + 5 * DAY)
    assert settle(agreed, old).nurture_group == "good-fit", "a date was agreed"


@pytest.mark.requirement("R105")
def test_enrolled_and_nothing_sent_for_seven_days_is_an_exception_until_something_is_sent() -> None:
    state = nurtured(since=days_ago(7))
    assert ("nurture_unsent") in dict(settle(state, person(owner="")).exceptions)
    fresh = settle(nurtured(since=days_ago(2)), person(owner=""))
    assert fresh.exceptions == ()
    assert fresh.next_look_at is not None
    assert fresh.next_look_at <= days_ago(2) + 7 * DAY
    sent = person(owner="", last_send_at=instant_text(days_ago(6)))
    assert settle(state, sent).exceptions == ()
