"""One lead at a time: scope, first sight, holds, clocks, edits, and the moment of the next look."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from handoff.decide import decide
from handoff.decision import Decision, Prior, Side, prior_of
from handoff.facts import Activity, Actor, Edit, Kind, LeadFacts, Record, State
from handoff.policy import Condition
from tests.handoff.makers import BAD_FIT, GOOD_FIT, NOW, activity, call, days_ago, decided, form, frame, lead, prior, record, task
from tests.handoff.policies import TRANSITIONS, at_least, compiled, every, signal

SMALL = compiled()


def status(value: str, days: float, **changes: object) -> Activity:
    """A person picked a status `days` ago."""
    return activity(Kind.STATUS_EDIT, days_ago(days), value)._replace(**changes)


# --- scope ------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (lead(record(fields={"handoff_hands_off": "true"})), "hands_off"),
        (lead(record(fields={"lifecycle": "customer"})), "customer"),
        (lead(activities=(activity(Kind.DEAL, days_ago(9))._replace(outcome="won"),)), "customer"),
        (lead(activities=(activity(Kind.DEAL, days_ago(9))._replace(outcome="open"),)), "open_opportunity"),
        (lead(record(state=State.CONVERTED)), "converted"),
        (lead(record(state=State.CONVERTED), record("hubspot", 2)), "converted"),
        (lead(record(state=State.DELETED)), "deleted"),
    ],
)
def test_who_is_out_of_scope_is_never_moved(facts: LeadFacts, reason: str) -> None:
    decision = decided(SMALL, None, replace(facts, activities=(*facts.activities, form(1))))
    assert (decision.in_scope, decision.out_of_scope, decision.unchanged, decision.ready) == (False, reason, True, False)


def test_a_deleted_lead_with_a_live_contact_stays_in_scope() -> None:
    assert decided(SMALL, None, lead(record(state=State.DELETED), record("hubspot", 2))).in_scope


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (lead(record(fields={"status": "Ask Jim"}), activities=(form(1),)), ("unmapped_status", "salesforce: Ask Jim")),
        (lead(activities=(form(1),), problems=("ambiguous_identity",)), ("ambiguous_identity", "")),
    ],
)
def test_what_cannot_be_told_is_held_and_reported(facts: LeadFacts, reason: tuple[str, str]) -> None:
    decision = decided(SMALL, None, facts)
    assert decision.exceptions == (reason,)
    assert decision.unchanged
    assert decision.next_look_at == NOW + timedelta(days=1)


def test_undo_holds_a_lead_until_it_is_released() -> None:
    held = prior("lead", held_until=NOW + timedelta(days=3))
    decision = decided(SMALL, held, lead(activities=(form(1),)))
    assert (decision.unchanged, decision.ready, decision.next_look_at) == (True, False, NOW + timedelta(days=3))
    assert decided(SMALL, held._replace(held_until=NOW), lead(activities=(form(1),))).ready


# --- first sight ------------------------------------------------------------------------------------------------------------------------


def sight(*records: Record, activities: tuple[Activity, ...] = (), adopted: bool = True) -> Decision:
    """Seen for the first time, at the adoption or long after it."""
    facts = lead(*records, activities=activities)
    return decide(None, facts, compiled(transitions=()), frame(adopting=adopted, cut_over=NOW if adopted else days_ago(500)), NOW)


def test_the_status_on_the_record_of_record_says_the_stage() -> None:
    assert sight(record(fields={"status": "Qualified"}), record("hubspot", 2, fields={"status": "OPEN"})).stage == "sql"
    assert sight(record("hubspot", 2, fields={"status": "WORKING"})).stage == "sal"


def test_the_same_status_may_start_elsewhere_after_the_adoption() -> None:
    assert sight(record(fields={"status": "Open"})).stage == "offered"
    assert sight(record(fields={"status": "Open"}), adopted=False).stage == "lead"


def test_without_a_status_the_lifecycle_stage_then_the_first_stage_decide() -> None:
    policy = compiled(transitions=(), scope=())
    assert decide(None, lead(record("hubspot", 2, fields={"lifecycle": "customer"})), policy, frame(), NOW).stage == "customer"
    assert sight(record()).stage == "lead"


def test_a_stage_found_began_when_its_status_was_picked() -> None:
    picked = sight(record(fields={"status": "Working"}), activities=(status("Working", 12), status("Open", 20)))
    assert picked.since == days_ago(12)
    assert sight(record(fields={"status": "Working"}, created=days_ago(33))).since == days_ago(33)


def test_nothing_is_written_at_first_sight() -> None:
    assert sight(record(fields={"status": "Working"})).unchanged


def test_our_own_fields_restore_a_lost_ledger() -> None:
    own = {
        "handoff_stage": "nurture",
        "handoff_stage_since": "2026-11-01T10:00:00.000Z",
        "handoff_episode": "4",
        "handoff_rev": "7",
        "handoff_nurture_group": "warm",
        "handoff_review": "2026-12-24",
        "handoff_previous_owner": "ann@x.example",
    }
    decision = sight(record(fields={"status": "Working"}), record("hubspot", 2, fields=own), adopted=False)
    assert (decision.stage, decision.episode, decision.rev, decision.nurture_group) == ("nurture", 4, 7, "warm")
    assert decision.since == datetime(2026, 11, 1, 10, tzinfo=UTC)


# --- moves ------------------------------------------------------------------------------------------------------------------------------


def test_nurture_clears_the_owner_and_remembers_him() -> None:
    facts = lead(record(owner="ann@x.example", fields=GOOD_FIT), activities=(status("Later", 1),))
    decision = decided(SMALL, prior("sal"), facts)
    assert (decision.stage, decision.owner, decision.previous_owner) == ("nurture", "queue:Nurture", "ann@x.example")
    assert (decision.nurture_group, decision.side) == ("warm", Side.MARKETING)
    assert decision.review_at == datetime(2027, 2, 16, 14, tzinfo=UTC)  # 90 days for bad timing, at opening
    assert decision.episode == 2


def test_in_hubspot_alone_nobody_owns_a_nurtured_lead() -> None:
    facts = lead(record("hubspot", 2, owner="ann@x.example"), activities=(status("LATER", 1, about=record("hubspot", 2).ref),))
    assert decided(SMALL, prior("sal"), facts).owner == ""


@pytest.mark.parametrize(
    ("fields", "hold", "days"), [({"email": ""}, "hold: no address", 90), ({"opted_out": "true"}, "hold: opted out", 180)]
)
def test_who_may_not_be_mailed_is_held_with_a_review_date(fields: dict[str, str], hold: str, days: int) -> None:
    decision = decided(SMALL, prior("sal"), lead(record(owner="ann@x.example", fields=fields), activities=(status("Nurture", 1),)))
    assert (decision.stage, decision.nurture_group, decision.next_step) == ("nurture", "", hold)
    assert decision.review_at is not None
    assert decision.review_at.date() == (NOW + timedelta(days=days)).date()


def test_a_hand_raise_is_taken_up_once() -> None:
    facts = lead(activities=(form(1),))
    assert decided(SMALL, prior("nurture", nurture_group="warm"), facts).ready
    assert not decided(
        SMALL,
        prior("offered", 0.5, hand_raise_at=days_ago(1), owner="ann@x.example"),
        lead(record(owner="ann@x.example"), activities=(form(1),)),
    ).ready
    assert not decided(SMALL, prior("nurture", nurture_group="warm"), lead(activities=(form(2), call(1)))).ready
    assert decided(SMALL, prior("nurture", nurture_group="warm"), lead(activities=(form(2), call(1, automated=True)))).ready


def test_the_first_rule_of_the_table_wins_and_the_losers_say_why() -> None:
    decision = decided(SMALL, prior("nurture", nurture_group="warm"), lead(activities=(form(20),)))
    assert decision.transition == "hand_raise_aged"
    assert ("lost", "person_disqualified", "no", "status.event", "is", "disqualified", "none") in decision.because


def test_rules_that_run_in_a_circle_move_nobody() -> None:
    there = TRANSITIONS[0].model_copy(update={"name": "there", "from_stages": ("lead",), "to": "mql", "when": Condition(always=True)})
    back = there.model_copy(update={"name": "back", "from_stages": ("mql",), "to": "lead"})
    decision = decided(compiled(transitions=(there, back)), prior("lead"))
    assert decision.unchanged
    assert decision.exceptions == (("rules_in_a_circle", "there -> back -> there -> back"),)


# --- clocks -----------------------------------------------------------------------------------------------------------------------------


def worked(*activities: Activity) -> LeadFacts:
    """A lead ann works in Salesforce."""
    return lead(record(owner="ann@x.example", created=days_ago(100)), activities=activities)


OFFERED = {"owner": "ann@x.example", "offered_at": days_ago(60)}


def test_silence_needs_days_and_touches_and_no_next_step() -> None:
    held = prior("sal", 60, **OFFERED)
    assert decided(SMALL, held, worked(call(40), call(30))).transition == "silent"
    assert decided(SMALL, held, worked(call(30))).transition == "neglected"
    assert decided(SMALL, held, worked(call(40), call(30), call(20, "connected"))).transition == "neglected"
    assert decided(SMALL, held, worked(call(40), call(30), task(NOW + timedelta(days=1)))).transition == ""


def test_silence_is_unknown_where_a_source_is_not_covered() -> None:
    held, facts = prior("sal", 60, **OFFERED), worked(call(40), call(2))
    for coverage in ({}, {"salesforce:Task": NOW}, {"salesforce:Task": NOW, "hubspot:calls": days_ago(2)}):
        decision = decided(SMALL, held, facts, frame(coverage=coverage))
        assert decision.transition == ""
        assert ("lost", "silent", "unknown", "silence.due", "is", "true", None) in decision.because
    assert decided(SMALL, held, facts).transition == "silent"


def test_silence_counts_only_as_far_as_the_sources_are_covered() -> None:
    held = prior("sal", 21, owner="ann@x.example", offered_at=days_ago(60))
    facts = worked(call(40), call(1))
    lagging = frame(coverage={"salesforce:Task": NOW - timedelta(minutes=1), "hubspot:calls": NOW})
    decision = decided(SMALL, held, facts, lagging)
    assert decision.transition == ""
    assert decision.next_look_at == NOW + timedelta(minutes=15)
    assert decided(SMALL, held, facts).transition == "silent"


def test_a_named_account_is_given_more_time() -> None:
    facts = lead(record(owner="eve@x.example", fields={"email": "a@big.example"}), activities=(call(29), call(2)))
    assert decided(SMALL, prior("sal", 30, owner="eve@x.example", offered_at=days_ago(30)), facts).transition == ""
    assert decided(SMALL, prior("sal", 46, owner="eve@x.example", offered_at=days_ago(46)), facts).transition == "silent"


def test_a_neglected_lead_is_re_routed_not_nurtured() -> None:
    held = prior("sal", 8, owner="ann@x.example", offered_at=days_ago(8))
    decision = decided(SMALL, held, worked(call(7.9)))
    assert (decision.transition, decision.ready, decision.release_owner) == ("neglected", True, "neglected")
    assert decided(SMALL, held, worked(call(6))).transition == ""


def test_nobody_is_idle_before_the_task_is_due_or_the_cut_over_is_past() -> None:
    held = prior("sal", 30, owner="ann@x.example")
    assert decided(SMALL, held, worked()).transition == "neglected"
    assert decided(SMALL, held._replace(due_at=NOW + timedelta(days=1)), worked()).transition == ""
    assert decided(SMALL, held._replace(adopted_at=days_ago(1)), worked()).transition == ""


@pytest.mark.parametrize(
    ("held", "facts", "look"),
    [
        (prior("lead", 1), lead(), NOW + timedelta(days=1)),  # enrolled at two days
        (
            prior("sal", 1, owner="ann@x.example"),
            worked(call(0.5)),
            datetime(2026, 11, 24, 22, tzinfo=UTC),
        ),  # five business days after the call
        (prior("nurture", 1, nurture_group="warm", review_at=NOW + timedelta(days=7)), lead(), NOW + timedelta(days=7)),
        (prior("nurture", 1, nurture_group="warm"), lead(activities=(form(-3),)), NOW + timedelta(days=3, seconds=1)),  # dated ahead of us
        (prior("customer", 1), lead(), NOW + timedelta(days=90)),  # nothing can happen by itself
    ],
)
def test_the_next_look_is_the_earliest_deadline(held: Prior, facts: LeadFacts, look: datetime) -> None:
    decision = decided(SMALL, held, facts)
    assert decision.transition == ""
    assert decision.next_look_at == look


def test_a_rule_that_waits_for_interest_to_fade_is_looked_at_when_it_does() -> None:
    fades = TRANSITIONS[0].model_copy(
        update={"name": "faded", "from_stages": ("nurture",), "to": "low_fit", "when": every(signal("intent.passes", False))}
    )
    policy = compiled(transitions=(fades,))
    hot = lead(activities=(form(0, "trial"), form(1, "trial")))
    first = decide(prior("nurture"), hot, policy, frame(), NOW)
    assert first.transition == ""
    assert first.next_look_at is not None
    before = first.next_look_at - timedelta(seconds=1)
    assert decide(prior("nurture"), hot, policy, frame(), before).transition == ""
    assert decide(prior("nurture"), hot, policy, frame(), first.next_look_at).transition == "faded"


# --- persons' edits ---------------------------------------------------------------------------------------------------------------------


def test_a_new_owner_stands_and_the_clocks_start_again() -> None:
    edited = replace(worked(), edits=(Edit("owner", "005-bob", days_ago(1), "person"),))
    facts = replace(edited, records=lead(record(owner="bob@x.example", created=days_ago(100))).records)
    decision = decided(SMALL, prior("sal", 60, **OFFERED), facts)
    assert (decision.owner, decision.transition, decision.unchanged) == ("bob@x.example", "", True)


def test_a_rule_may_take_a_field_back_only_with_a_newer_fact() -> None:
    returned = status("Later", 3)
    for at, kept in ((days_ago(1), True), (days_ago(5), False)):
        facts = lead(record(owner="bob@x.example", fields=BAD_FIT), activities=(returned,), edits=(Edit("owner", "005-bob", at, "person"),))
        decision = decided(SMALL, prior("sal"), facts)
        assert decision.transition == "person_returned"
        assert (decision.owner == "bob@x.example") is kept
        assert ("owner" in decision.override) is not kept


def test_a_stage_a_person_typed_is_taken_over() -> None:
    facts = lead(record(fields={"handoff_stage": "nurture"}), edits=(Edit("handoff_stage", "nurture", days_ago(1), "person"),))
    decision = decided(SMALL, prior("disqualified", review_at=NOW + timedelta(days=9)), facts)
    assert decision.from_stage == "nurture"
    assert decision.since == NOW or decision.since == days_ago(1)


def test_what_a_tool_or_we_wrote_is_no_persons_event() -> None:
    for made in (status("Nurture", 1, ours=True), status("Nurture", 1, automated=True)):
        assert decided(SMALL, prior("sal", 2, owner="ann@x.example"), worked(made)).transition == ""


def test_prior_and_decision_carry_the_same_state() -> None:
    held = prior(
        "sal",
        2,
        owner="ann@x.example",
        previous_owner="bob@x.example",
        lead_type="mql",
        next_step="n",
        due_at=NOW + timedelta(days=1),
        offered_at=days_ago(2),
        hand_raise_at=days_ago(3),
        reroutes=1,
        adopted_at=days_ago(9),
        fit_band="A",
        intent_band="hot",
        reason="r",
    )
    assert prior_of(decided(SMALL, held, worked())) == held


def test_late_facts_are_not_lost() -> None:
    """A form sent before the move and learned after it still counts as new."""
    late = form(10.2, "trial")._replace(known_at=days_ago(9.9))
    fresh = form(0.02, "trial")._replace(actor=Actor.LEAD)
    decision = decided(SMALL, prior("nurture", 10, nurture_group="warm"), lead(record(fields=GOOD_FIT), activities=(late, fresh)))
    assert decision.transition == "scored_mql"
    assert at_least("age_days", 1).value == 1
