"""What counts as a touch, a sign of life and an engagement, and what is one fact seen twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handoff.calendar import seconds_of
from handoff.facts import Activity, Actor, Kind, Ref
from handoff.touches import History, read_history
from tests.handoff.makers import NOW, activity, call, days_ago, form, frame, owner_id, task
from tests.handoff.policies import compiled

POLICY = compiled()
HUBSPOT = Ref("hubspot", "contacts", "2")


def history(*activities: Activity) -> History:
    """Read at NOW."""
    return read_history(activities, NOW, POLICY.intent, frame().owners)


def meeting(days: float, outcome: str) -> Activity:
    """A meeting `days` ago."""
    return activity(Kind.MEETING, days_ago(days), outcome=outcome)._replace(known_at=days_ago(max(days, 1)))


@pytest.mark.parametrize(
    ("made", "touches", "steps"),
    [
        (call(1), 1, 1),
        (call(1, automated=True), 0, 1),  # a sequence step: a touch for the cadence, not a first response
        (call(1, ours=True), 0, 0),
        (activity(Kind.EMAIL, days_ago(1)), 1, 1),
        (meeting(1, "held"), 1, 1),
        (meeting(1, "cancelled"), 0, 0),
        (meeting(-2, "scheduled"), 0, 0),  # ahead: a next step
        (task(days_ago(1), outcome="completed"), 0, 0),  # a closed to-do is no contact with the buyer
        (activity(Kind.SEND, days_ago(1)), 0, 0),
        (activity(Kind.CALL, days_ago(1), actor=Actor.LEAD, outcome="inbound"), 0, 0),
    ],
)
def test_a_human_touch_is_a_call_a_mail_or_a_meeting_by_a_person(made: Activity, touches: int, steps: int) -> None:
    found = history(made)
    assert (len(found.touches), len(found.steps)) == (touches, steps)


def test_one_call_logged_in_both_crms_is_one_touch() -> None:
    here = call(1)
    there = here._replace(
        key="x", about=HUBSPOT, by=owner_id("ann@x.example", "hubspot"), occurred_at=here.occurred_at + timedelta(minutes=4)
    )
    assert len(history(here, there).touches) == 1
    assert len(history(here, there._replace(by=owner_id("bob@x.example", "hubspot"))).touches) == 2
    assert len(history(here, there._replace(occurred_at=here.occurred_at + timedelta(minutes=6))).touches) == 2


def test_a_mail_that_a_person_and_a_tool_logged_is_the_persons() -> None:
    mail = activity(Kind.EMAIL, days_ago(1), by=owner_id("ann@x.example", "salesforce"))
    logged = mail._replace(key="x", automated=True, occurred_at=mail.occurred_at - timedelta(minutes=1))
    assert len(history(mail, logged).touches) == 1


def test_a_form_seen_twice_within_five_minutes_is_one_fact() -> None:
    first = form(1, "trial")
    again = first._replace(key="x", occurred_at=first.occurred_at + timedelta(minutes=5))
    later = first._replace(key="y", occurred_at=first.occurred_at + timedelta(minutes=11))
    assert len(history(first, again).engagements) == 1
    assert len(history(first, again, later).engagements) == 2


def test_clicks_count_once_a_day_and_robots_do_not_count() -> None:
    sent = activity(Kind.SEND, days_ago(3))
    robot = activity(Kind.CLICK, sent.occurred_at + timedelta(seconds=4), key="r")
    clicks = [activity(Kind.CLICK, sent.occurred_at + timedelta(hours=hour), key=str(hour)) for hour in (1, 2, 30)]
    assert len(history(sent, robot).engagements) == 0
    assert len(history(sent, *clicks).engagements) == 2


@pytest.mark.parametrize(
    ("made", "sign"),
    [
        (form(1, "unheard-of"), True),  # any form
        (activity(Kind.REPLY, days_ago(1)), True),
        (call(1, "connected"), True),
        (call(1, "attempted"), False),
        (call(1, "connected", automated=True), False),
        (meeting(1, "held"), True),
        (meeting(1, "no_show"), False),
        (activity(Kind.VISIT, days_ago(1), "pricing"), True),
        (activity(Kind.VISIT, days_ago(1), "home"), False),
        (activity(Kind.CLICK, days_ago(1)), False),  # a click on our own mail
    ],
)
def test_a_sign_of_life(made: Activity, sign: bool) -> None:
    assert (history(made).last_sign is not None) is sign


def test_what_lies_ahead_is_not_trusted_but_sets_the_next_look() -> None:
    ahead = form(1)._replace(occurred_at=NOW + timedelta(days=2), known_at=NOW)
    found = history(ahead)
    assert not found.hand_raises
    assert found.later == seconds_of(ahead.occurred_at) + 1


def test_only_a_persons_dated_open_task_is_a_next_step() -> None:
    due = NOW + timedelta(days=2)
    assert history(task(due)).open_steps == [seconds_of(due)]
    assert history(task(due, ours=True)).open_steps == []
    assert history(task(due, outcome="completed")).open_steps == []
    assert history(task(due)._replace(due_at=None)).open_steps == []
    assert len(history(meeting(-2, "scheduled")).open_steps) == 1
