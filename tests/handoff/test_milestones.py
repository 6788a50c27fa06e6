"""The dates of a cycle: taken once, on the record, begun afresh when marketing hands over again; under the shipped policy."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handoff.decision import Prior
from handoff.facts import Actor, Kind
from handoff.plan import own_fields
from handoff.records import instant_text, prior_on
from tests.handoff.makers import DAY, NOW, activity, call, days_ago, form, prior, record
from tests.handoff.shipped import company_a, covered, person, picks, settle, then

HOUR = timedelta(hours=1)


def asks(hours: float = 0) -> object:
    at = NOW + timedelta(hours=hours)
    return activity(Kind.FORM, at, "demo", known_at=at)


@pytest.mark.requirement("R109")
def test_a_hand_over_begins_a_cycle_with_its_dates_and_its_campaign() -> None:
    answered = activity(Kind.CAMPAIGN, days_ago(1), "Spring webinar", actor=Actor.LEAD, outcome="Registered")
    before = prior("nurture", 20)._replace(
        recycled_at=days_ago(60), sal_at=days_ago(70), sql_at=days_ago(65), cycle=1, first_touch_at=days_ago(71)
    )
    made = settle(before, person(form(0.1), answered, owner="", campaign="First touch"))
    assert (made.cycle, made.cycle_starts, made.campaign) == (2, ("2026-11-18",), "Spring webinar")
    assert (made.mql_at, made.offered_at) == (NOW, NOW)
    assert (made.sal_at, made.sql_at, made.recycled_at, made.first_touch_at) == (None, None, None, None)


@pytest.mark.requirement("R90")
def test_acceptance_counts_once_per_cycle_however_often_the_lead_changes_hands() -> None:
    state = then(prior("nurture", 20)._replace(), person(form(0.1), owner=""))
    owner = state.owner
    called = activity(Kind.CALL, NOW + HOUR, outcome="attempted", by=f"005-{owner.partition('@')[0]}", known_at=NOW + HOUR)
    accepted = then(state, person(form(0.1), called, owner=owner), NOW + 2 * HOUR)
    assert (accepted.stage, accepted.sal_at, accepted.first_touch_at) == ("sal", NOW + 2 * HOUR, NOW + HOUR)
    moved_on = then(accepted, person(form(0.1), called, owner="gone@x.example"), NOW + DAY)
    assert moved_on.stage == "offered"
    again = called._replace(key="again", occurred_at=NOW + 2 * DAY, known_at=NOW + 2 * DAY)
    twice = then(moved_on, person(form(0.1), called, again, owner=moved_on.owner), NOW + 2 * DAY + HOUR)
    assert (twice.stage, twice.sal_at, twice.cycle) == ("sal", accepted.sal_at, 1)


def test_the_date_of_qualification_is_the_day_it_began_to_wait() -> None:
    full = dict.fromkeys(("ann@x.example", "bob@x.example", "cyd@x.example"), 99)
    lead = person(activity(Kind.FORM, NOW, "trial"), activity(Kind.VISIT, NOW, "pricing"), owner="")
    waits = then(prior("nurture", 20), lead, at=covered(new_today=full))
    assert (waits.stage, waits.mql_at, waits.cycle) == ("mql", NOW, 0)
    given = then(waits, lead, NOW + DAY)
    assert (given.stage, given.mql_at, given.cycle) == ("offered", NOW, 1)


def test_who_takes_a_lead_up_themselves_begins_a_cycle_without_a_date_of_qualification() -> None:
    taken = settle(prior("nurture", 20), person(picks("Working - Contacted", NOW - HOUR), status="Working - Contacted"))
    assert (taken.transition, taken.stage, taken.cycle, taken.mql_at, taken.sal_at) == ("person_took_up", "sal", 1, None, NOW)


@pytest.mark.requirement("R107")
def test_back_to_marketing_sets_the_recycled_date_and_the_previous_owner() -> None:
    held = prior("sal", 10)._replace(
        offered_at=days_ago(10), owner="ann@x.example", cycle=1, mql_at=days_ago(11), sal_at=days_ago(10), keeps=1
    )
    back = settle(held, person(call(5), picks("Nurture", NOW - HOUR), status="Nurture"))
    assert (back.recycled_at, back.previous_owner, back.reason_code, back.keeps) == (NOW, "ann@x.example", "unresponsive", 0)
    assert (back.mql_at, back.sal_at) == (held.mql_at, held.sal_at)


@pytest.mark.requirement("R11")
def test_what_stands_on_the_record_is_what_a_new_ledger_reads_from_it() -> None:
    made = settle(prior("nurture", 20)._replace(reason_code="bad_timing"), person(form(0.1), owner="", campaign="Fair"))
    fields = {name: value for name, value in own_fields(made, company_a()).items() if value}
    assert fields["handoff_cycle"] == "1"
    assert fields["handoff_offered_at"] == instant_text(NOW)
    read = prior_on(record(fields=fields), company_a().policy.stages, made.owner)
    assert read is not None
    for name in ("cycle", "cycle_starts", "mql_at", "offered_at", "sal_at", "sql_at", "recycled_at", "campaign", "reason_code"):
        assert getattr(read, name) == getattr(made, name), name


def test_a_year_old_hand_over_no_longer_counts() -> None:
    before: Prior = prior("nurture", 20)._replace(cycle=4, cycle_starts=("2025-11-01", "2026-02-01"))
    made = settle(before, person(form(0.1), owner=""))
    assert (made.cycle, made.cycle_starts) == (5, ("2026-02-01", "2026-11-18"))
