"""Room: bounds hold qualified leads back, hottest first; hand-raises pass to 125 % and are never held; the bar is proposed, fit is not."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handoff.assign import AssignResult, assign
from handoff.availability import Room
from handoff.calendar import DAY_SECONDS, Calendar, seconds_of
from handoff.capacity import WEEK_SECONDS, Load, bounds_of, month_sum, propose, room_of
from handoff.compiled import CompiledPolicy
from handoff.decide import decide
from handoff.decision import Frame, Prior
from handoff.facts import Kind, LeadFacts
from handoff.policy import Capacity, Pool
from mappings.load import load_policy
from tests.handoff.makers import GOOD_FIT, NOW, activity, days_ago, form, frame, lead, prior, record, rep
from tests.handoff.policies import POLICY, compiled
from tests.mappings.policy_folder import change, copy_policy, problems_of

SIX = tuple(rep(f"sdr{number}@x.example") for number in range(1, 7))
TWO = SIX[:2]
SHIPPED = load_policy(Path(__file__).parents[2] / "mappings")


def with_pool(**bounds: int | None) -> CompiledPolicy:
    """The small policy with these bounds of its one pool of reps."""
    return compiled(pools={**POLICY.pools, "sdr": POLICY.pools["sdr"].model_copy(update={"new_per_day": None, **bounds})})


def mql(number: int, visits: int = 0) -> LeadFacts:
    """A qualified lead; more visits are more heat."""
    seen = tuple(activity(Kind.VISIT, days_ago(0.02 + place / 100), "pricing") for place in range(visits))
    made = record(number=number, fields=GOOD_FIT, created=days_ago(1))
    return lead(made, activities=(form(0.01, "trial"), *seen))


def unfit(number: int) -> LeadFacts:
    """Has begun a trial, and is nobody whom we sell to."""
    fields = {"title": "Clerk", "industry": "Farming", "employees": "3", "country": "Peru"}
    return lead(record(number=number, fields=fields), activities=(form(0.01, "trial"),))


def given_out(policy: CompiledPolicy, world: list[LeadFacts], at: Frame, priors: dict[str, Prior] | None = None) -> AssignResult:
    """Decide and assign."""
    decided = [decide((priors or {}).get(one.key), one, policy, at, NOW) for one in world]
    return assign(decided, {one.key: one for one in world}, policy, at, NOW)


def offered(result: AssignResult) -> Counter[str]:
    """How many each rep was offered."""
    return Counter(one.owner.partition("@")[0] for one in result.decisions if one.stage == "offered")


@pytest.mark.requirement("R48", "R51")
@pytest.mark.parametrize("bound", ["open_cap", "new_per_day", "new_per_week"])
def test_each_bound_holds_qualified_leads_back_and_the_trace_says_for_whom_and_why(bound: str) -> None:
    have = {"open_cap": "open_leads", "new_per_day": "new_today", "new_per_week": "new_this_week"}[bound]
    at = frame(TWO, **{have: {"sdr1@x.example": 4, "sdr2@x.example": 2}})
    result = given_out(with_pool(**{bound: 4}), [mql(number) for number in range(1, 5)], at)
    assert offered(result) == {"sdr2": 2}
    waits = [one for one in result.decisions if one.stage == "mql"]
    assert len(waits) == 2
    words = {"open_cap": "4 open", "new_per_day": "4 new today", "new_per_week": "4 new this week"}[bound]
    assert {("skipped", "sdr1@x.example", words), ("skipped", "sdr2@x.example", words)} <= set(waits[0].because)


@pytest.mark.requirement("R40", "R47")
def test_waiting_leads_are_released_hottest_first_as_room_appears() -> None:
    policy, world = with_pool(open_cap=10), [mql(1), mql(2, visits=2), mql(3, visits=1)]
    held = {one.key: prior("mql", days=1, nurture_group="warm") for one in world}
    full = given_out(policy, world, frame(TWO, open_leads=dict.fromkeys(("sdr1@x.example", "sdr2@x.example"), 10)), held)
    assert offered(full) == {}
    room = given_out(policy, world, frame(TWO, open_leads={"sdr1@x.example": 10, "sdr2@x.example": 9}), held)
    assert [one.lead for one in room.decisions if one.stage == "offered"] == [world[1].key]


@pytest.mark.requirement("R33", "R48")
def test_hand_raises_pass_to_125_percent_and_are_given_out_even_beyond() -> None:
    policy = with_pool(open_cap=8)
    asked = [lead(record(number=number), activities=(form(0.01),)) for number in range(1, 6)]
    at = frame(TWO, open_leads={"sdr1@x.example": 10, "sdr2@x.example": 8})
    assert offered(given_out(policy, asked[:2], at)) == {"sdr2": 2}
    assert sum(offered(given_out(policy, asked, at)).values()) == 5


@pytest.mark.requirement("R48", "R49")
def test_a_persons_own_bound_goes_before_the_pools() -> None:
    reps = (replace(TWO[0], open_cap=2), replace(TWO[1], new_per_day=1))
    world = [mql(number) for number in range(1, 9)]
    assert offered(given_out(with_pool(open_cap=50, new_per_day=20), world, frame(reps))) == {"sdr1": 2, "sdr2": 1}


@pytest.mark.requirement("R50")
def test_a_rep_who_asked_for_more_gets_that_many_more_and_only_people_who_passed_fit() -> None:
    policy = with_pool(new_per_day=3)
    at = frame(TWO, new_today={"sdr1@x.example": 3, "sdr2@x.example": 3}, asked_more={"sdr1@x.example": 2})
    result = given_out(policy, [*(mql(number) for number in range(1, 5)), unfit(9)], at)
    assert offered(result) == {"sdr1": 2}
    assert result.decisions[-1].stage == "low_fit"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 12), st.integers(0, 30), st.integers(0, 4))
def test_law_8_no_count_of_any_kind_offers_a_lead_below_the_fit_bar(held: int, today: int, week: int, number: int, more: int) -> None:
    """Whatever room there is, who is offered without having asked has passed fit."""
    at = frame(
        TWO,
        open_leads={"sdr1@x.example": held},
        new_today={"sdr1@x.example": today},
        new_this_week={"sdr2@x.example": week},
        asked_more={"sdr2@x.example": more},
    )
    world = [unfit(place) for place in range(number)]
    assert not offered(given_out(with_pool(open_cap=10, new_per_day=10, new_per_week=10), world, at))


def test_room_counts_on_within_a_pass_and_a_lead_that_changes_hands_leaves_the_first() -> None:
    room = Room(frame(TWO, open_leads={"sdr1@x.example": 5}), Capacity())
    pool = Pool(name="sdr", open_cap=5)
    assert room.full(TWO[0], pool, hand_raise=False) == "5 open"
    room.give("sdr2@x.example", "sdr1@x.example")
    assert room.full(TWO[0], pool, hand_raise=False) == ""
    room.give("sdr1@x.example", "sdr1@x.example")
    assert room.full(TWO[0], pool, hand_raise=False) == ""


# --- the weekly proposal ---------------------------------------------------------------------------------------------------------------

POOL = SHIPPED.pools["development_reps"]
CALENDAR = Calendar(SHIPPED.company)
SIGN = "(40 to 65), for both teams to sign; fit stays"
NO_FIT = "when: {intent.passes: true, hand_raise.waiting: false}"


@pytest.mark.requirement("R49")
def test_company_as_sum_about_1500_of_4000_a_month_can_be_worked_and_the_rest_must_be_nurtured() -> None:
    reps = {one.key: one for one in SIX}
    room = room_of(SHIPPED, POOL, reps, CALENDAR, seconds_of(NOW))
    assert room is not None
    assert (room.week, room.month) == (360, 1512)
    told = month_sum(room, bounds_of(SHIPPED, POOL, reps), 4000)
    assert told == "6 x 12 x 21 = 1,512 of 4,000 new leads a month can be worked; the other 2,488 must be nurtured"


@pytest.mark.requirement("R49")
def test_room_counts_absences_own_bounds_and_the_spread_of_a_cadence() -> None:
    week = ((seconds_of(NOW), seconds_of(NOW) + WEEK_SECONDS + DAY_SECONDS),)
    reps = (replace(SIX[0], away=week), replace(SIX[1], new_per_day=6), replace(SIX[2], open_cap=60), SIX[3], replace(SIX[4], active=False))
    room = room_of(SHIPPED, POOL, {one.key: one for one in reps}, CALENDAR, seconds_of(NOW))
    assert room is not None
    assert room.week == (6 + 6 + 12) * 5  # 60 open over ten business days are six a day; who is away all week takes nothing
    assert room.words == "2 reps x 12 a day + 2 reps x 6 a day x 5 days, less 5 days of absence = 120 new leads a week"
    assert room_of(SHIPPED, SHIPPED.pools["managers"], {"m": rep("m", "manager")}, CALENDAR, seconds_of(NOW)) is None


@pytest.mark.requirement("R45", "R47", "R97")
@pytest.mark.parametrize(
    ("bar", "load", "proposed", "told"),
    [
        (50, Load(70, 340, 30), 55, f"80 too many: raise the intent bar from 50 to 55 {SIGN}"),
        (
            50,
            Load(40, 120, 0),
            45,
            f"room for 200 more and nobody waits: lower the intent bar from 50 to 45 {SIGN}",
        ),
        (50, Load(40, 300, 10), 50, "in balance: the intent bar stays at 50"),
        (50, Load(10, 20, 5), 50, "in balance: the intent bar stays at 50"),
        (65, Load(70, 900, 30), 65, "640 too many, but the intent bar is at its limit of 65 (40 to 65)"),
        (40, Load(0, 0, 0), 40, "room for 360 more and nobody waits, but the intent bar is at its limit of 40 (40 to 65)"),
        (63, Load(0, 900, 0), 65, f"540 too many: raise the intent bar from 63 to 65 {SIGN}"),
    ],
)
def test_the_proposal_goes_one_step_within_limits(bar: int, load: Load, proposed: int, told: str) -> None:
    room = room_of(SHIPPED, POOL, {one.key: one for one in SIX}, CALENDAR, seconds_of(NOW))
    assert room is not None
    made = propose(bar, SHIPPED.capacity, room, load)
    assert (made.proposed, made.told) == (proposed, told)
    assert made.sums[0] == "room: 6 reps x 12 a day x 5 days = 360 new leads a week"


@settings(max_examples=100, deadline=None)
@given(st.integers(40, 65), st.integers(0, 900), st.integers(0, 900), st.integers(0, 900))
def test_a_proposal_never_leaves_the_limits_nor_goes_more_than_a_step(bar: int, raised: int, arriving: int, waiting: int) -> None:
    room = room_of(SHIPPED, POOL, {one.key: one for one in SIX}, CALENDAR, seconds_of(NOW))
    assert room is not None
    made = propose(bar, SHIPPED.capacity, room, Load(raised, arriving, waiting))
    assert 40 <= made.proposed <= 65
    assert abs(made.proposed - bar) <= 5
    assert (made.proposed > bar) <= (raised + arriving + waiting > room.week)
    assert (made.proposed < bar) <= (not waiting)


# --- what the loader refuses -----------------------------------------------------------------------------------------------------------


@pytest.mark.requirement("R47")
@pytest.mark.parametrize(
    ("file", "old", "new", "what"),
    [
        ("routing", "moves: intent.bar", "moves: fit.bar", "capacity may not read or change 'fit.bar'"),
        ("routing", "    open_cap: 120", "    fit_bar: 50\n    open_cap: 120", "unknown key 'fit_bar'"),
        (
            "stages",
            "when: {fit.passes: true, fit.disqualified: false}",
            NO_FIT,
            "wait for room that have not passed fit",
        ),
        ("routing", "  highest: 65", "  highest: 45", "the bar of 50 in scoring.yaml lies outside 40 to 45"),
    ],
)
def test_a_capacity_rule_that_reads_or_changes_fit_does_not_load(file: str, old: str, new: str, what: str, tmp_path: Path) -> None:
    folder = copy_policy(tmp_path)
    change(folder, file, old, new)
    found = [problem for problem in problems_of(folder) if what in problem.what]
    assert found, problems_of(folder)
    assert found[0].where.startswith(f"mappings/{file}.yaml:")
    assert found[0].mend
