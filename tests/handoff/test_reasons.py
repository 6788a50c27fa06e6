"""Every reason a person gives has its action, and what says nothing is asked about; under the shipped policy."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handoff.decision import Prior, prior_of
from handoff.facts import Kind, LeadFacts
from handoff.plan import lines
from handoff.reasons import code_of_text
from tests.handoff.makers import DAY, NOW, activity, call, days_ago, form, prior
from tests.handoff.shipped import company_a, covered, person, picks, settle, then

HOUR = timedelta(hours=1)
PICKED = NOW - HOUR


def held(stage: str = "sal", **changes: object) -> Prior:
    """With ann of sales, offered ten days ago in the first cycle."""
    base = prior(stage, 10)._replace(offered_at=days_ago(10), owner="ann@x.example", cycle=1, cycle_starts=("2026-11-08",), lead_type="mql")
    return base._replace(**changes)


def declined(option: str = "Closed - Not Converted", reason: str = "") -> LeadFacts:
    """The owner picks a status an hour ago, with or without a reason in the record's own field."""
    fields = {"disqualification_reason": reason} if reason else {}
    return person(call(5), picks(option, PICKED), status=option, **fields)


@pytest.mark.requirement("R92")
@pytest.mark.parametrize(
    ("reason", "stage", "code"),
    [
        ("bad_timing", "nurture", "bad_timing"),
        ("No budget this year", "nurture", "no_budget"),
        ("went with somebody else", "nurture", "competitor"),
        ("unresponsive", "nurture", "unresponsive"),
        ("not a fit", "disqualified", "not_a_fit"),
        ("Dupe!", "disqualified", "duplicate"),
        ("not mine", "offered", "wrong_rep"),
        ("bad", "disqualified", "unstated"),
        ("", "disqualified", "unstated"),  # the status alone says nothing
        ("is a competitor", "disqualified", "not_a_fit"),
        ("They chose a competitor", "nurture", "competitor"),
        ("budget owner is somebody else", "disqualified", "unstated"),
    ],
)
def test_each_reason_leads_where_its_action_says(reason: str, stage: str, code: str) -> None:
    decision = settle(held(), declined(reason=reason))
    assert (decision.stage, decision.reason_code) == (stage, code)
    again = then(held(), declined(reason=reason))
    assert settle(again, declined(reason=reason), NOW + HOUR).transition == "", "a reason is used once"


@pytest.mark.requirement("R104")
@pytest.mark.parametrize(
    ("reason", "stated", "wakes"),
    [
        ("bad_timing", "", "2027-02-16"),
        ("bad_timing", "2027-04-01", "2027-03-02"),  # less 30 days
        ("bad_timing", "2026-12-01", "2026-12-01"),  # too near for that
        ("bad_timing", "2026-01-01", "2027-02-16"),  # past
        ("bad_timing", "in spring", "2027-02-16"),
        ("no_budget", "2027-01-10", "2027-05-17"),
        ("competitor", "", "2027-08-15"),
        ("unresponsive", "", None),
    ],
)
def test_the_wake_date_follows_from_the_reason_and_the_agreed_date(reason: str, stated: str, wakes: str | None) -> None:
    facts = person(
        call(5), picks("Closed - Not Converted", PICKED), disqualification_reason=reason, **({"follow_up_on": stated} if stated else {})
    )
    review = settle(held(), facts).review_at
    assert (review.date().isoformat() if review else None) == wakes


@pytest.mark.requirement("R104")
def test_on_the_agreed_date_the_lead_returns_to_the_rep_with_a_task() -> None:
    facts = declined(reason="bad_timing")
    state = then(held(), facts)
    assert state.review_at is not None
    back = settle(state, person(owner=""), state.review_at)
    assert (back.transition, back.owner, back.cycle) == ("wake", "ann@x.example", 2)
    assert back.effects


@pytest.mark.requirement("R96")
def test_a_suppressed_lead_is_marked_on_the_record_until_it_asks_again() -> None:
    facts = declined(reason="too small for us")
    decision = settle(held(), facts)
    assert decision.transition == "person_suppressed"
    marked = {line.field: line.after for line in lines(decision, facts, company_a(), covered()).lines}
    assert (marked["handoff_suppressed"], marked["handoff_reason_code"]) == ("true", "not_a_fit")
    asks = person(form(-0.1), handoff_suppressed="true", disqualification_reason="too small for us")
    back = settle(then(held(), facts), asks, NOW + 6 * HOUR)
    assert back.stage == "offered"
    cleared = {line.field: line.after for line in lines(back, asks, company_a(), covered()).lines}
    assert cleared["handoff_suppressed"] == "false"


@pytest.mark.requirement("R91")
def test_bad_is_no_reason_the_lead_stays_closed_is_listed_and_is_not_nurtured() -> None:
    facts = declined(reason="bad")
    state = then(held(), facts)
    assert "reason_missing" in dict(settle(state, facts).exceptions)
    for later in (1, 3, 10):
        decision = settle(state, facts, NOW + later * DAY)
        assert (decision.stage, decision.transition) == ("disqualified", "")


@pytest.mark.requirement("R91")
@pytest.mark.parametrize(
    ("answer", "stage"), [("no budget", "nurture"), ("not a fit", "disqualified"), ("not mine", "offered"), ("meh", "disqualified")]
)
def test_when_the_owner_names_the_reason_its_action_happens(answer: str, stage: str) -> None:
    state = then(held(), declined(reason="bad"))
    named = settle(state, declined(reason=answer), NOW + DAY)
    assert named.stage == stage
    assert (named.transition == "") is (answer == "meh")
    assert ("reason_missing" in dict(named.exceptions)) is (answer == "meh")


@pytest.mark.requirement("R93")
def test_a_duplicate_stands_on_the_list_until_it_is_merged() -> None:
    assert "merge" in dict(settle(held(), declined(reason="duplicate")).exceptions)


@pytest.mark.requirement("R86")
def test_a_decline_by_the_reason_field_alone_counts_and_a_reason_that_stood_there_before_does_not() -> None:
    offered = held("offered", reason_code="no_budget")
    stale = person(disqualification_reason="no budget")
    assert settle(offered, stale).stage == "offered"
    assert settle(offered, person(disqualification_reason="bad timing")).stage == "nurture"
    adopted = offered._replace(rev=0, reason_code="")
    assert settle(adopted, person(disqualification_reason="bad timing")).transition != "person_returned", "it stood there at first sight"


@pytest.mark.requirement("R90")
def test_a_lead_passed_on_goes_to_another_rep_twice_and_then_to_the_manager() -> None:
    facts = declined(reason="wrong rep")
    first = settle(held(), facts)
    assert (first.transition, first.reroutes) == ("declined_to_colleague", 1)
    assert first.owner != "ann@x.example"
    third = settle(held(reroutes=2), facts)
    assert (third.transition, third.owner) == ("declined_to_manager", "max@x.example")


@pytest.mark.requirement("R93")
def test_no_code_is_without_a_rule_for_its_action() -> None:
    policy = company_a().policy
    for name, code in policy.reasons.items():
        state = settle(held(), declined(reason=code.label))
        assert state.reason_code == name
        assert state.transition, name


def test_a_text_means_a_code_by_its_name_its_label_or_whole_words() -> None:
    policy = company_a().policy
    assert code_of_text(policy, "Bad-Timing") == "bad_timing"
    assert code_of_text(policy, "they went with ACME") == "competitor"
    assert code_of_text(policy, "undoubled") == ""
    assert code_of_text(policy, "!?") == ""


@pytest.mark.requirement("R91")
@pytest.mark.parametrize("status", ["Closed - Not Converted", "Bad"])
@pytest.mark.parametrize("days", [0.5, 400])
def test_who_was_closed_without_a_reason_before_go_live_is_asked_about_by_nobody(status: str, days: float) -> None:
    """The pick is learned at the adoption, however old it is. Afterwards nothing stands on the list and nobody gets a message."""
    at = days_ago(days)
    pick = activity(Kind.STATUS_EDIT, at, status, known_at=NOW)
    facts = person(pick, status=status)
    taken_over = settle(None, facts, at=covered(adopting=True, cut_over=None))
    assert (taken_over.stage, taken_over.reason_code, taken_over.exceptions) == ("disqualified", "", ())
    for later in (NOW + HOUR, NOW + 5 * DAY):
        after = settle(prior_of(taken_over), facts, later, at=covered(later, cut_over=NOW))
        assert (after.exceptions, after.effects) == ((), ())


@pytest.mark.requirement("R91")
def test_who_is_closed_without_a_reason_after_go_live_is_asked_about_although_found_in_the_backlog() -> None:
    before = held(adopted_at=days_ago(20), rev=0, cycle=0)
    closed = settle(before, declined(), at=covered(cut_over=days_ago(20)))
    assert (closed.transition, closed.reason_code) == ("closed_unstated", "unstated")
    assert [reason for reason, _ in closed.exceptions] == ["reason_missing"]
