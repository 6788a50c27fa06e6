"""The response clock: it agrees with a walk over every minute, and a hand-raise or an offer that nobody answers moves on by it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handoff.calendar import moment_of, seconds_of
from handoff.case import open_case
from handoff.compiled import compile_policy
from handoff.decision import Decision, EffectKind, Frame, Prior, Rep, prior_of
from handoff.explain import explain
from handoff.facts import Kind, LeadFacts, Record
from handoff.response import apart, reached, waited_seconds
from mappings.load import load_policy
from tests.handoff.makers import GOOD_FIT, activity, days_ago, frame, lead, owner_id, record, rep
from tests.handoff.test_calendar import CALENDARS, COMPANIES, STARTS, open_minute
from tests.handoff.worlds import run

COMPANY_A = compile_policy(load_policy(Path(__file__).parents[2] / "mappings"))
TEN = datetime(2026, 11, 18, 15, 0, tzinfo=UTC)  # a Wednesday, ten in the morning in New York: open from 9 to 18
NIGHT = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)  # ten in the evening before
SDRS = ("ann", "bob", "cyd", "dee")
STAFF = tuple(
    rep(f"{name}@x.example", "sdr" if name in SDRS else "manager", time_zone="America/New_York") for name in (*SDRS, "max", "moe")
)


def minutes(number: float) -> timedelta:
    """That many minutes."""
    return timedelta(minutes=number)


@dataclass
class Desk:
    """One lead through time: looked at, written, pulled back."""

    facts: LeadFacts
    at: Frame
    prior: Prior | None = None
    seen: list[Decision] = field(default_factory=list)

    def look(self, now: datetime) -> Decision:
        """Decide, assign, write, pull back; the CRMs are read up to now."""
        at = replace(self.at, coverage=dict.fromkeys(("salesforce:Task", "hubspot:calls"), now))
        made = run(COMPANY_A, {self.facts.key: self.facts}, at, now, {self.facts.key: self.prior})
        self.facts, self.prior = made.facts[self.facts.key], made.priors[self.facts.key]
        self.at = made.frame
        self.seen.append(made.decisions[0])
        return made.decisions[0]

    def add(self, kind: Kind, at: datetime, subject: str = "", **more: object) -> None:
        """Something happens on the record."""
        made = activity(kind, at, subject, about=self.facts.records[0].ref, known_at=at, **more)
        self.facts = replace(self.facts, activities=(made, *self.facts.activities))

    def signal(self, name: str, now: datetime) -> object:
        """What a rule would read."""
        return open_case(self.prior, self.facts, COMPANY_A, self.at, now)[name]


def asked(when: datetime, staff: tuple[Rep, ...] = STAFF) -> Desk:
    """Ann's lead, who asked for a demo at a moment."""
    main = record(owner="ann@x.example", fields={"email": "p1@lead.example"}, created=when - timedelta(days=20))
    desk = Desk(lead(main), frame(staff, cut_over=days_ago(1000)))
    desk.add(Kind.FORM, when, "demo")
    return desk


def qualified(at: datetime, owner: str = "ann@x.example") -> Desk:
    """An MQL offered at a moment."""
    main: Record = record(owner=owner, fields={**GOOD_FIT, "email": "p1@lead.example"}, created=at - timedelta(hours=1))
    desk = Desk(lead(main), frame(STAFF, cut_over=days_ago(1000)))
    for number in range(2):
        desk.add(Kind.VISIT, at - minutes(50 - 6 * number), "pricing")
        desk.add(Kind.FORM, at - minutes(30 - 6 * number), "content")
    desk.add(Kind.FORM, at - minutes(2), "webinar")
    assert desk.look(at).transition == "scored_mql", explain(desk.seen[-1], COMPANY_A)
    return desk


# --- the arithmetic --------------------------------------------------------------------------------------------------------------------

WINDOWS = st.lists(st.tuples(st.integers(-1440, 5 * 1440), st.integers(1, 2 * 1440)), max_size=3)


@pytest.mark.requirement("R69", "R78")
@settings(max_examples=25, deadline=None)
@given(st.sampled_from(sorted(COMPANIES)), st.sampled_from(STARTS), st.integers(0, 1440), st.integers(0, 4 * 1440), WINDOWS)
def test_waiting_agrees_with_a_walk_over_every_minute(
    name: str, start: datetime, offset: int, length: int, absences: list[tuple[int, int]]
) -> None:
    """Business minutes without the owner's absences, across changes of the clocks."""
    begin = start + minutes(offset)
    origin = seconds_of(start)
    away = apart([(origin + at * 60, origin + (at + long) * 60) for at, long in absences], seconds_of(begin))
    walked = 0
    for minute in range(length):
        moment = begin + minutes(minute)
        absent = any(begins <= seconds_of(moment) < ends for begins, ends in away)
        walked += not absent and open_minute(COMPANIES[name], moment)
    now = seconds_of(begin + minutes(length))
    assert waited_seconds(CALENDARS[name], seconds_of(begin), now, away) == walked * 60


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(sorted(COMPANIES)), st.sampled_from(STARTS), st.integers(0, 1440), st.integers(1, 900), WINDOWS, st.integers(0, 90))
def test_a_mark_is_the_earliest_moment_with_that_much_waiting(
    name: str, start: datetime, offset: int, number: int, absences: list[tuple[int, int]], waived: int
) -> None:
    begin, origin = seconds_of(start + minutes(offset)), seconds_of(start)
    away = apart([(origin + at * 60, origin + (at + long) * 60) for at, long in absences], begin)
    mark = reached(CALENDARS[name], begin, number * 60, away, waived * 60)
    assert waited_seconds(CALENDARS[name], begin, mark, away, waived * 60) == number * 60
    assert waited_seconds(CALENDARS[name], begin, mark - 1, away, waived * 60) == number * 60 - 1


# --- a hand-raise that nobody answers --------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R69", "R77", "R78")
def test_an_unanswered_hand_raise_is_rerouted_at_30_and_60_minutes_and_with_the_manager_at_90() -> None:
    desk = asked(TEN)
    assert desk.look(TEN + minutes(1)).owner == "ann@x.example"
    for waited, owner, rule in (
        (30, "bob", "hand_raise_unanswered"),
        (60, "cyd", "hand_raise_unanswered"),
        (90, "max", "hand_raise_to_manager"),
    ):
        assert desk.look(TEN + minutes(waited - 1)).unchanged
        moved = desk.look(TEN + minutes(waited))
        assert (moved.transition, moved.owner.partition("@")[0], moved.stage) == (rule, owner, "offered"), explain(moved, COMPANY_A)
        assert sum(effect.kind is EffectKind.TASK for effect in moved.effects) == 1
        assert str(waited) in moved.reason
    assert (desk.seen[-1].reroutes, desk.seen[-1].lead_type) == (3, "hand_raise_review")
    assert desk.look(TEN + timedelta(hours=6)).unchanged  # the manager's queue is the end of it
    tasks = {one.key for decision in desk.seen for one in decision.effects if one.kind is EffectKind.TASK}
    assert len(tasks) == 4


@pytest.mark.requirement("R78")
def test_out_of_hours_the_clock_of_a_hand_raise_starts_so_that_half_an_hour_after_opening_is_the_response_time() -> None:
    desk = asked(NIGHT)
    first = desk.look(NIGHT + minutes(1))
    opening = datetime(2026, 11, 18, 14, 0, tzinfo=UTC)
    assert first.due_at == opening + minutes(30)
    assert desk.signal("response.late", opening + minutes(29)) is False
    assert desk.signal("response.late", opening + minutes(30)) is True
    assert desk.signal("response.minutes", opening + minutes(30)) == 5
    assert desk.look(opening + minutes(54)).unchanged
    assert desk.look(opening + minutes(55)).transition == "hand_raise_unanswered"


@pytest.mark.requirement("R77", "R85")
def test_reminder_lateness_and_the_managers_word_come_at_10_5_and_60_minutes() -> None:
    desk = asked(TEN)
    desk.look(TEN)
    for signal, mark in (("response.late", 5), ("response.remind", 10), ("response.escalate", 60), ("acceptance.due", 30)):
        assert desk.signal(signal, TEN + minutes(mark) - timedelta(seconds=1)) is False, signal
        assert desk.signal(signal, TEN + minutes(mark)) is True, signal
    assert desk.seen[-1].next_look_at == TEN + minutes(5)


@pytest.mark.requirement("R86", "R89")
def test_a_call_a_mail_a_meeting_or_a_status_stops_the_clock_and_an_automated_step_does_not() -> None:
    for kind, subject, automated, stage in (
        (Kind.CALL, "", False, "sal"),
        (Kind.EMAIL, "", False, "sal"),
        (Kind.MEETING, "", False, "sal"),
        (Kind.STATUS_EDIT, "Working - Contacted", False, "sal"),
        (Kind.EMAIL, "", True, "offered"),
    ):
        desk = asked(TEN)
        desk.look(TEN)
        desk.add(
            kind, TEN + minutes(20), subject, outcome="held" if kind == Kind.MEETING else "attempted", automated=automated, by="005-ann"
        )
        after = desk.look(TEN + minutes(31))
        assert after.stage == stage, (kind, automated, explain(after, COMPANY_A))
        assert after.reroutes == (stage == "offered")
        assert desk.signal("response.clock", TEN + minutes(32)) == ("none" if stage == "sal" else "hand_raise")


@pytest.mark.requirement("R65")
def test_an_away_owners_clock_stands_still_and_the_time_is_not_booked_to_who_comes_after() -> None:
    leaves, returns = TEN + minutes(10), TEN + timedelta(hours=2)
    staff = (replace(STAFF[0], away=((seconds_of(leaves), seconds_of(returns)),)), *STAFF[1:])
    desk = asked(TEN, staff)
    desk.look(TEN)
    assert desk.look(returns + minutes(19)).unchanged
    moved = desk.look(returns + minutes(20))  # ten minutes before, twenty after
    assert (moved.transition, moved.owner) == ("hand_raise_unanswered", "bob@x.example")
    assert desk.signal("response.minutes", returns + minutes(20)) == 30
    assert desk.look(returns + minutes(49)).unchanged
    assert desk.look(returns + minutes(50)).owner == "cyd@x.example"


@pytest.mark.requirement("R85")
def test_what_we_offered_late_is_not_booked_to_the_rep() -> None:
    """Nobody's run for two hours: the rep has the agreed time from the offer."""
    desk = asked(TEN)
    late = TEN + timedelta(hours=2)
    assert desk.look(late).transition == "hand_raise"
    assert desk.look(late).unchanged
    assert desk.look(late + minutes(29)).unchanged
    assert desk.look(late + minutes(30)).transition == "hand_raise_unanswered"


@pytest.mark.requirement("R86", "R88")
def test_a_lead_never_comes_back_to_who_let_it_lapse_in_this_cycle() -> None:
    alone = tuple(one for one in STAFF if one.key in ("ann@x.example", "bob@x.example", "max@x.example"))
    desk = asked(TEN, alone)
    desk.look(TEN)
    desk.look(TEN + minutes(30))
    stuck = desk.look(TEN + minutes(60))
    assert (stuck.owner, stuck.unchanged) == ("bob@x.example", True)
    assert {("skipped", "ann@x.example", "had it before"), ("skipped", "bob@x.example", "had it before")} <= set(stuck.because)
    assert desk.look(TEN + minutes(90)).owner == "max@x.example"


# --- any other offer -------------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R70", "R86", "R87")
def test_an_offer_lapses_after_8_business_hours_twice_and_then_a_manager_has_it() -> None:
    desk = qualified(TEN)
    now = TEN
    for owner, rule in (("bob", "not_accepted"), ("cyd", "not_accepted"), ("max", "not_accepted_again")):
        lapses = moment_of(COMPANY_A.calendar.add_business_minutes(seconds_of(now), 480))
        assert desk.look(lapses - minutes(1)).unchanged
        moved = desk.look(lapses)
        assert (moved.transition, moved.owner.partition("@")[0]) == (rule, owner), explain(moved, COMPANY_A)
        assert sum(effect.kind is EffectKind.TASK for effect in moved.effects) == 1
        now = lapses
    assert desk.seen[-1].lead_type == "manager_review"
    assert desk.look(now + timedelta(days=1)).unchanged


@pytest.mark.requirement("R77")
def test_an_offer_is_reminded_of_at_4_hours_and_the_second_miss_is_the_managers_to_know() -> None:
    desk = qualified(TEN)
    assert desk.signal("response.remind", TEN + minutes(239)) is False
    assert desk.signal("response.remind", TEN + minutes(240)) is True
    first = moment_of(COMPANY_A.calendar.add_business_minutes(seconds_of(TEN), 480))
    assert desk.signal("response.escalate", first) is False
    desk.look(first)
    second = moment_of(COMPANY_A.calendar.add_business_minutes(seconds_of(first), 480))
    assert desk.signal("response.escalate", second) is True


@pytest.mark.requirement("R87")
def test_with_one_rep_only_an_offer_that_lapses_reaches_the_manager_in_the_end() -> None:
    desk = qualified(TEN)
    desk.at = frame((STAFF[0], STAFF[4]), cut_over=days_ago(1000))
    lapses = [moment_of(COMPANY_A.calendar.add_business_minutes(seconds_of(TEN), 480 * number)) for number in (1, 2, 3)]
    assert [desk.look(when).owner.partition("@")[0] for when in lapses] == ["ann", "ann", "max"]


@pytest.mark.requirement("R77")
def test_the_lapse_of_an_offer_and_neglect_never_answer_the_same_miss() -> None:
    """In the offered stage the response clock answers, once accepted the owner's idleness; never both."""
    desk = qualified(TEN)
    later = TEN + timedelta(days=40)
    assert (desk.signal("acceptance.due", later), desk.signal("neglect.due", later)) == (True, False)
    desk.add(Kind.CALL, TEN + minutes(5), outcome="connected", by="005-ann")
    assert desk.look(TEN + minutes(10)).stage == "sal"
    assert (desk.signal("acceptance.due", later), desk.signal("neglect.due", later)) == (False, True)


@pytest.mark.requirement("R70", "R98")
@pytest.mark.parametrize(
    ("calls", "mails", "first_day", "met"), [(2, 4, 20, True), (1, 5, 20, False), (2, 3, 20, False), (2, 4, 12, False)]
)
def test_silence_counts_only_after_the_number_the_calls_and_the_days(calls: int, mails: int, first_day: int, met: bool) -> None:
    now = TEN + timedelta(days=40)
    desk = Desk(lead(record(owner="ann@x.example", fields={"email": "p1@lead.example"}, created=TEN - timedelta(days=5))), frame(STAFF))
    since = now - timedelta(days=30)
    desk.prior = Prior("sal", since, 2, 2, owner="ann@x.example", offered_at=since, lead_type="mql")
    for number in range(calls + mails):
        kind = Kind.CALL if number < calls else Kind.EMAIL
        desk.add(
            kind, now - timedelta(days=first_day) + timedelta(hours=number), outcome="attempted", by=owner_id("ann@x.example", "salesforce")
        )
    assert desk.signal("touches_due_met", now) is met


# --- the fixed point -------------------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R78", "R87")
@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.integers(0, 2 * 24 * 60),
    st.integers(0, 400),
    st.lists(st.integers(0, 900), max_size=8),
    st.lists(st.tuples(st.integers(0, 600), st.integers(1, 900)), min_size=0, max_size=2),
)
def test_nothing_moves_between_looks_and_a_hand_raise_ends_with_the_manager_after_two_reroutes_at_most(
    start: int, seen_after: int, late_by: list[int], absences: list[tuple[int, int]]
) -> None:
    """Law 2 on this clock: however late it is looked at, a second look changes nothing, nor does one just before the next look."""
    at = TEN + minutes(start)
    away = [((seconds_of(at + minutes(begins)), seconds_of(at + minutes(begins + long))),) for begins, long in absences]
    staff = tuple(replace(one, away=away[place]) if place < len(away) else one for place, one in enumerate(STAFF))
    desk = asked(at, staff)
    now = at + minutes(seen_after)
    for late in [*late_by, *([0] * 60)]:
        first = desk.look(now)
        again = desk.look(now)
        assert again.unchanged, explain(again, COMPANY_A)
        until = again.next_look_at
        assert until is not None
        assert until > now
        before = desk.look(until - timedelta(seconds=1))
        assert before.unchanged, f"at {until}\n{explain(before, COMPANY_A)}\n{prior_of(first)}"
        if first.lead_type == "hand_raise_review":
            break
        now = until + minutes(late)
    assert desk.seen[-1].lead_type == "hand_raise_review"
    moved = [one for one in desk.seen if one.transition and not one.unchanged]
    assert moved[0].transition == "hand_raise"
    assert sum(one.transition == "hand_raise_unanswered" for one in moved) <= 2
    owners = [one.owner for one in moved]
    assert len(owners) == len(set(owners))
