"""The figures' definitions, one person at a time: who is hot, who is in limbo, who sits with people who left, who is on hold."""

from __future__ import annotations

from datetime import timedelta

import pytest
from engine_worlds import START, Place

from engine.look import figures_now, look
from engine.pull import refresh
from engine.report import Figures
from handoff.facts import Actor, Kind, Ref


def read(company: Place) -> Figures:
    refresh(company.engine)
    return figures_now(company.engine)


@pytest.mark.requirement("R106")
def test_asked_and_never_called_is_hot(company: Place) -> None:
    company.asks(company.person("anna"), days_ago=3)
    assert read(company).hot_never_followed_up == 1


def test_a_call_after_the_request_ends_it_and_one_before_does_not(company: Place) -> None:
    anna, bert = company.person("anna"), company.person("bert")
    for ref in (anna, bert):
        company.asks(ref, days_ago=3)
    company.calls(anna, days_ago=2)
    company.calls(bert, days_ago=4)
    assert read(company).hot_never_followed_up == 1


def test_an_automated_step_is_no_answer(company: Place) -> None:
    ref = company.person("anna")
    company.asks(ref, days_ago=3)
    company.main.act(ref, Kind.EMAIL, Actor.REP, automated=True, at=START - timedelta(days=2))
    assert read(company).hot_never_followed_up == 1


@pytest.mark.parametrize(("due", "hot"), [(START + timedelta(days=2), 0), (None, 1)], ids=["dated", "undated"])
def test_an_open_dated_task_of_an_active_owner_is_a_plan(company: Place, due: object, hot: int) -> None:
    ref = company.person("anna")
    company.asks(ref, days_ago=3)
    company.main.act(ref, Kind.TASK, Actor.REP, outcome="open", due_at=due, by="s-ann", at=START - timedelta(days=1))
    assert read(company).hot_never_followed_up == hot


def test_the_task_of_somebody_who_left_plans_nothing(company: Place) -> None:
    ref = company.person("anna", owner="zoe")
    company.asks(ref, days_ago=3)
    company.main.act(ref, Kind.TASK, Actor.REP, outcome="open", due_at=START, by="s-zoe", at=START - timedelta(days=1))
    figures = read(company)
    assert (figures.hot_never_followed_up, figures.inactive_owner, figures.without_owner) == (1, 1, 1)


def test_limbo_begins_after_thirty_days_without_touch_and_send(company: Place) -> None:
    company.person("young", days_old=29)
    company.sends(company.person("mailed", days_old=60), days_ago=29)
    company.calls(company.person("called", days_old=60), days_ago=29)
    company.sends(company.person("forgotten", days_old=60), days_ago=31)
    company.person("never", days_old=60)
    assert read(company).in_limbo == 2


def test_a_review_date_on_the_record_takes_one_out_of_limbo(company: Place) -> None:
    company.person("anna", handoff_review="2027-02-01", handoff_next_step="hold: opted out")
    figures = read(company)
    assert figures.in_limbo == 0
    assert figures.on_hold == {"opted out": 1}


def test_people_are_counted_and_not_records(company: Place) -> None:
    company.contact("anna")
    company.contact("double", days_old=50, email="anna@anna.example")
    report = look(company.engine)
    assert report.figures.in_scope == report.people == 1
    assert report.duplicates == 1


def test_customers_and_hands_off_are_left_out_by_name(company: Place) -> None:
    company.person("anna", lifecycle="customer")
    company.person("bert", handoff_hands_off="true")
    figures = read(company)
    assert figures.in_scope == 0
    assert figures.left_out == {"customer": 1, "hands_off_box": 1}


def test_senior_people_at_the_largest_accounts_are_named_in_the_look(company: Place) -> None:
    for name, title in (("anna", "VP Sales"), ("bert", "Intern"), ("carl", "Chief Technology Officer")):
        company.asks(company.person(name, title=title, company="Globex", employees="90000"), days_ago=40)
    report = look(company.engine)
    assert report.senior_never_called == 2
    assert "3 people asked" in report.lines()[0]


def test_a_status_without_a_meaning_is_named_and_its_leads_are_held(company: Place) -> None:
    ref = company.contact("anna", status="WAT")
    report = look(company.engine)
    assert report.unmapped == (("hubspot", "WAT"),)
    company.adopted()
    assert company.ledger.exceptions.counts() == {"unmapped_status": 1}
    assert company.hubspot.value(Ref("hubspot", "contacts", ref.id), "handoff_stage") is None
