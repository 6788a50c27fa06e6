"""Counts: what counts as two, for how long, and when the answer changes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handoff.case import open_case
from handoff.compiled import CompiledPolicy
from handoff.decide import decide
from handoff.facts import Activity, Kind, Ref
from handoff.policy import Count, IntentKind
from tests.handoff.makers import NOW, activity, form, frame, lead, prior
from tests.handoff.policies import INTENT, TRANSITIONS, at_least, compiled, every
from tests.handoff.policies import _row as row

MAILS = Count(name="mails", kinds=("click",), distinct="mails", within_days=30)
COUNTS = {
    "mails": MAILS,
    "click_days": Count(name="click_days", kinds=("click",), distinct="days", within_days=30),
    "forms": Count(name="forms", kinds=("trial", "download"), distinct="events", within_days=10),
}
MIRROR = IntentKind(name="download", activity="campaign", subjects=("content",), points=10, cap=20, half_life_hours=720)
DOWNLOAD = next(kind for kind in INTENT.kinds if kind.name == "download")


def policy(**more: object) -> CompiledPolicy:
    """The small policy with counts; two mails make a lead an MQL."""
    rule = row("two_mails", ("lead",), "mql", every(at_least("count.mails", 2)))
    intent = INTENT.model_copy(update={"kinds": (*INTENT.kinds, MIRROR)})
    return compiled(counts=COUNTS, intent=intent, transitions=(rule, *(one for one in TRANSITIONS if one.name != "enrolled")), **more)


POLICY = policy()


def click(days: float, mail: str = "", **more: object) -> Activity:
    """A click in a mail; without a name the source cannot tell mails apart."""
    return activity(Kind.CLICK, NOW - timedelta(days=days), mail, key=f"click-{days}-{mail}-{more.get('about')}", **more)


def count(name: str, *did: Activity) -> object:
    """The value of a count now."""
    return open_case(prior("lead", 40), lead(activities=did), POLICY, frame(), NOW)[f"count.{name}"]


@pytest.mark.requirement("R5")
@pytest.mark.parametrize(
    ("did", "mails"),
    [
        ((), 0),
        ((click(1, "june"), click(2, "july")), 2),
        ((click(1, "june"), click(1.001, "july")), 2),  # two mails on one day are two, although the score counts a day once
        ((click(1, "june"), click(5, "june")), 1),
        ((click(1), click(5)), 2),  # mails cannot be told apart: two days
        ((click(1), click(1.01)), 1),
        ((click(1, "june"), click(1.01)), 1),  # surely the same click, seen in two systems
        ((click(1, "june"), click(5)), 2),
        ((click(1, "june"), click(31, "july")), 1),  # out of the window
        ((click(1, "June "), click(2, "june")), 1),
    ],
)
def test_two_mails_are_two_distinct_mails(did: tuple[Activity, ...], mails: int) -> None:
    assert count("mails", *did) == mails


@pytest.mark.requirement("R5")
def test_scanners_clicks_right_after_delivery_do_not_count() -> None:
    sent = activity(Kind.SEND, NOW - timedelta(days=1, seconds=5))
    assert count("mails", sent, click(1, "june"), click(2, "july")) == 1


@pytest.mark.requirement("R5")
def test_days_and_events_count_as_they_say() -> None:
    assert count("click_days", click(1, "june"), click(1.001, "july"), click(3, "june")) == 2
    assert count("forms", form(1, "trial"), form(2, "content"), form(3, "content"), form(11, "trial")) == 3


def test_one_form_in_two_systems_is_one_event() -> None:
    mirror = activity(
        Kind.CAMPAIGN, NOW - timedelta(days=2, seconds=-60), "content", actor=form(1).actor, about=Ref("hubspot", "contacts", "1")
    )
    assert count("forms", form(2, "content"), mirror) == 1


@pytest.mark.requirement("R4", "R5")
def test_a_rule_on_a_count_moves_the_lead() -> None:
    moved = decide(prior("lead", 1), lead(activities=(click(1, "june"), click(2, "july"))), POLICY, frame(), NOW)
    stays = decide(prior("lead", 1), lead(activities=(click(1, "june"), click(2, "june"))), POLICY, frame(), NOW)
    assert (moved.stage, moved.transition, stays.stage) == ("mql", "two_mails", "lead")


def test_the_moment_an_event_leaves_the_window_is_looked_at() -> None:
    """A rule that asks for few fires when the window ends, to the second."""
    rule = row("quiet", ("lead",), "low_fit", every(at_least("age_days", 0)).model_copy(update={"none": (at_least("count.mails", 1),)}))
    quiet = compiled(counts=COUNTS, transitions=(rule,))
    facts = lead(activities=(click(29.5, "june"),))
    before = decide(prior("lead", 40), facts, quiet, frame(), NOW)
    assert (before.stage, before.next_look_at) == ("lead", NOW + timedelta(days=0.5))
    assert decide(prior("lead", 40), facts, quiet, frame(), NOW + timedelta(days=0.5)).stage == "low_fit"


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 40 * 24), st.sampled_from(("", "june", "july"))), max_size=6))
def test_law_2_what_is_decided_stands_until_the_next_look(clicks: list[tuple[int, str]]) -> None:
    """No count changes a decision between two looks."""
    rule = row("quiet", ("lead",), "low_fit", every(at_least("age_days", 0)).model_copy(update={"none": (at_least("count.mails", 2),)}))
    quiet = compiled(counts=COUNTS, transitions=(rule,))
    facts = lead(activities=tuple(click(hours / 24, mail) for hours, mail in dict.fromkeys(clicks)))
    held = prior("lead", 60)
    first = decide(held, facts, quiet, frame(), NOW)
    assert first.next_look_at is not None
    if first.stage == "lead":
        span = first.next_look_at - NOW
        for share in (0.01, 0.5, 0.99):
            assert decide(held, facts, quiet, frame(), NOW + share * span).stage == "lead"


def test_only_kinds_that_a_count_asks_for_are_kept() -> None:
    """Most policies count nothing, and pay nothing for it."""
    facts = lead(activities=(click(1, "june"), form(2, "trial")))
    assert open_case(prior("lead"), facts, compiled(), frame(), NOW).history.events == []
    kept = open_case(prior("lead"), facts, POLICY, frame(), NOW).history.events
    assert [kind for _, kind, _ in kept] == ["trial", "click"]


# --- where the SLA clock hangs ---


@pytest.mark.requirement("R9", "R10")
@pytest.mark.parametrize(("handover_at", "late"), [("offered", ["offered", "sal", "sql"]), ("sql", ["sql"])])
def test_no_owner_is_late_before_the_handover(handover_at: str, late: list[str]) -> None:
    """A company whose development reps still qualify for marketing hangs the clock on a later stage."""
    there = compiled(handover_at=handover_at)
    idle = {
        stage: open_case(prior(stage, 60, owner="ann@x.example"), lead(), there, frame(), NOW)["neglect.due"]
        for stage in ("lead", "offered", "sal", "sql", "nurture")
    }
    assert [stage for stage, due in idle.items() if due] == late
