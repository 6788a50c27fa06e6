"""Routes: account, pair, territory, segment; who is at work; who is away. One reason for each rep who is skipped."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from handoff.assign import AssignResult, assign
from handoff.availability import at_work_from
from handoff.calendar import DAY_SECONDS, seconds_of
from handoff.compiled import CompiledPolicy
from handoff.decide import decide
from handoff.decision import Frame, Prior, Rep
from handoff.facts import Kind, LeadFacts
from handoff.policy import Operator, Pool, RouteRule
from handoff.territory import area_code, postal_prefix
from tests.handoff.makers import DAY, NOW, activity, form, frame, lead, prior, record, rep
from tests.handoff.policies import ALWAYS, COMPANY, POLICY, compiled, every, known, signal

SMALL = compiled()
EAST, WEST, SPAIN = "America/New_York", "America/Los_Angeles", "Europe/Madrid"
ANN, LEA, SOL = rep("ann@x.example", time_zone=EAST), rep("lea@x.example", time_zone=WEST), rep("sol@x.example", time_zone=SPAIN)
EVE = rep("eve@x.example", "ae", time_zone=EAST)


def given_out(
    world: list[LeadFacts], at: Frame, policy: CompiledPolicy = SMALL, now: datetime = NOW, before: Prior | None = None
) -> AssignResult:
    """Decide and assign."""
    decided = [decide(before, one, policy, at, now) for one in world]
    return assign(decided, {one.key: one for one in world}, policy, at, now)


def asking(number: int = 1, when: datetime = NOW, owner: str = "", **fields: str) -> LeadFacts:
    """Somebody who has just asked for a demo."""
    made = record(number=number, owner=owner, fields=fields, created=when - 30 * DAY)
    return lead(made, activities=(activity(Kind.FORM, when - timedelta(seconds=30), "demo")._replace(known_at=when),))


def skipped(result: AssignResult, place: int = 0) -> dict[str, str]:
    """Rep -> why not."""
    steps = [step for step in result.decisions[place].because if step[0] == "skipped"]
    assert len(steps) == len({step[1] for step in steps}), "one reason per rep"
    return {str(step[1]).partition("@")[0]: str(step[2]) for step in steps}


def routed(*routes: RouteRule, **pools: Pool) -> CompiledPolicy:
    """The small policy with these lines before its last one."""
    return compiled(routes=(*routes, POLICY.routes[-1]), pools={**POLICY.pools, **pools})


@pytest.mark.requirement("R65")
@pytest.mark.parametrize(
    ("clock", "owner", "reasons"),
    [
        (
            "2026-11-18T16:00",
            "ann",
            {"lea": "at work from 2026-11-18 09:00", "sol": "at work from 2026-11-19 09:00"},
        ),  # 11:00, 08:00, 17:00
        (
            "2026-11-18T10:00",
            "sol",
            {"ann": "at work from 2026-11-18 09:00", "lea": "at work from 2026-11-18 09:00"},
        ),  # 05:00, 02:00, 11:00
        (
            "2026-11-18T23:00",
            "lea",
            {"ann": "at work from 2026-11-19 09:00", "sol": "at work from 2026-11-19 09:00"},
        ),  # 18:00, 15:00, midnight
        (
            "2026-11-19T03:00",
            "sol",
            {"ann": "at work from 2026-11-19 09:00", "lea": "at work from 2026-11-19 09:00"},
        ),  # nobody: who opens first
    ],
)
def test_a_hand_raise_goes_to_who_is_at_work_in_their_own_zone_else_to_who_opens_first(
    clock: str, owner: str, reasons: dict[str, str]
) -> None:
    now = datetime.fromisoformat(f"{clock}+00:00")
    result = given_out([asking(when=now)], frame((ANN, LEA, SOL)), now=now)
    assert result.decisions[0].owner == f"{owner}@x.example"
    assert skipped(result) == reasons


def test_a_backlog_that_is_spread_over_days_asks_nobody_to_be_at_work() -> None:
    aged = [lead(record(number=number), activities=(form(20 + number),)) for number in range(3)]
    result = given_out(aged, frame((ANN, LEA, SOL)), now=datetime(2026, 11, 18, 10, tzinfo=UTC))
    assert Counter(one.owner.partition("@")[0] for one in result.decisions) == {"ann": 1, "lea": 1, "sol": 1}


@pytest.mark.requirement("R65")
def test_who_is_away_gets_nothing_and_is_not_flooded_afterwards() -> None:
    away = replace(ANN, away=((seconds_of(NOW) - 60, seconds_of(NOW) + DAY_SECONDS),))
    bob = rep("bob@x.example", time_zone=EAST)
    at = frame((away, bob))
    first = given_out([asking(number) for number in range(1, 5)], at)
    assert {one.owner for one in first.decisions} == {"bob@x.example"}
    assert skipped(first) == {"ann": "away until 2026-11-19 11:00"}
    back = frame((ANN, bob), turns={"sdr": {"bob@x.example": 4}})
    again = given_out([asking(number) for number in range(5, 9)], back)
    assert Counter(one.owner.partition("@")[0] for one in again.decisions)["ann"] <= 3


@pytest.mark.requirement("R65", "R33")
def test_somebody_who_asks_does_not_wait_for_an_owner_who_is_away_but_a_wake_date_does_not_take_the_owner() -> None:
    away = replace(ANN, away=((seconds_of(NOW) - 60, seconds_of(NOW) + DAY_SECONDS),))
    bob = rep("bob@x.example", time_zone=EAST)
    result = given_out([asking(owner="ann@x.example")], frame((away, bob)))
    assert result.decisions[0].owner == "bob@x.example"
    assert skipped(result) == {"ann": "away until 2026-11-19 11:00"}
    assert given_out([asking(owner="ann@x.example")], frame((ANN, bob))).decisions[0].owner == "ann@x.example"
    held = prior("nurture", nurture_group="warm", review_at=NOW - timedelta(hours=1), previous_owner="ann@x.example")
    assert given_out([lead(record())], frame((away, bob)), before=held).decisions[0].owner == "bob@x.example"


def test_an_opening_after_an_absence_is_the_next_one_in_the_persons_zone() -> None:
    friday = datetime(2026, 11, 20, 16, tzinfo=UTC)
    away = replace(LEA, away=((seconds_of(friday), seconds_of(datetime(2026, 11, 23, 20, tzinfo=UTC))),))
    assert at_work_from(away, seconds_of(friday), COMPANY) == seconds_of(datetime(2026, 11, 23, 20, tzinfo=UTC))
    assert at_work_from(LEA, seconds_of(datetime(2026, 11, 21, 20, tzinfo=UTC)), COMPANY) == seconds_of(
        datetime(2026, 11, 23, 17, tzinfo=UTC)
    )
    strange = replace(LEA, time_zone="Middle-Earth/Shire")
    assert at_work_from(strange, seconds_of(NOW), COMPANY) == seconds_of(NOW)


@pytest.mark.requirement("R56", "R63")
@pytest.mark.parametrize("paired_by", ["the executive", "the development rep"])
def test_a_route_may_send_to_the_pair_of_the_accounts_owner(paired_by: str) -> None:
    reps: tuple[Rep, ...] = (
        (ANN, replace(SOL, pair=EVE.key), EVE) if paired_by == "the development rep" else (ANN, SOL, replace(EVE, pair=SOL.key))
    )
    policy = routed(RouteRule(name="named", when=every(signal("target_account")), pool="sdr", to_pair=True))
    named = asking(email="cfo@eu.big.example")
    assert given_out([named], frame(reps), policy).decisions[0].owner == "sol@x.example"
    gone = tuple(replace(one, active=one.key != SOL.key) for one in reps)
    result = given_out([named], frame(gone), policy)
    assert result.decisions[0].owner == "ann@x.example"
    assert skipped(result)["sol"] == "inactive"


@pytest.mark.requirement("R60", "R62")
@pytest.mark.parametrize(
    ("fields", "owner"),
    [
        ({"state": "Texas"}, "tex"),
        ({"region": "South"}, "tex"),
        ({"postal_code": "75001-1234"}, "tex"),
        ({"phone": "+1 (214) 555-0100"}, "tex"),
        ({"phone": "+34 214 555 0100", "state": "Ohio", "postal_code": "44101"}, "ann"),
        ({}, "ann"),
    ],
)
def test_a_territory_is_a_region_a_state_a_postal_code_or_an_area_code(fields: dict[str, str], owner: str) -> None:
    tex = rep("tex@x.example", "other", time_zone=EAST)
    policy = compiled(
        routes=(
            *(RouteRule(name=name, when=every(test), pool="texas") for name, test in (
                ("state", known("state", ("texas", "tx"), Operator.ANY_OF)),
                ("region", known("region", "south")),
                ("zip", signal("postal.prefix", ("750", "751"), Operator.ANY_OF)),
                ("area", signal("phone.area_code", ("214", "972"), Operator.ANY_OF)),
            )),
            RouteRule(name="everybody", when=ALWAYS, pool="sdr"),
        ),
        pools={**POLICY.pools, "texas": Pool(name="texas", keys=("tex@x.example",))},
    )  # fmt: skip
    assert given_out([asking(**fields)], frame((ANN, tex)), policy).decisions[0].owner == f"{owner}@x.example"


@pytest.mark.requirement("R61")
def test_a_segment_is_a_size_or_a_vertical() -> None:
    policy = compiled(
        routes=(
            RouteRule(name="large", when=every(known("employees", 1000, Operator.AT_LEAST)), pool="ae"),
            RouteRule(name="bank", when=every(known("industry", "finance")), pool="ae"),
            RouteRule(name="everybody", when=ALWAYS, pool="sdr"),
        )
    )
    owners = [
        given_out([asking(**fields)], frame((ANN, EVE)), policy).decisions[0].owner
        for fields in ({"employees": "5000"}, {"industry": "Finance"}, {"employees": "20"})
    ]
    assert owners == ["eve@x.example", "eve@x.example", "ann@x.example"]


@pytest.mark.requirement("R58", "R66")
def test_an_account_owner_who_is_away_or_gone_is_one_skip_and_the_pool_takes_over() -> None:
    named = asking(email="cfo@big.example")
    art = rep("art@x.example", "ae", time_zone=EAST)
    away = replace(EVE, away=((seconds_of(NOW) - 60, seconds_of(NOW) + DAY_SECONDS),))
    result = given_out([named], frame((ANN, away, art)))
    assert (result.decisions[0].owner, skipped(result)) == ("art@x.example", {"eve": "away until 2026-11-19 11:00"})


@pytest.mark.parametrize(
    ("phone", "code"),
    [
        ("(212) 555-0100", "212"),
        ("+1 212 555 0100", "212"),
        ("1-212-555-0100 ext. 44", "212"),
        ("212.555.0100x7", "212"),
        ("+44 20 7946 0958", None),
        ("555-0100", None),
        ("112 555 0100", None),
        ("", None),
    ],
)
def test_an_area_code_is_read_from_north_american_numbers_only(phone: str, code: str | None) -> None:
    assert area_code(phone) == code


@pytest.mark.parametrize(("code", "prefix"), [("10001-2345", "100"), ("sw1a 1aa", "SW1"), ("28 013", "280"), ("7", None), ("", None)])
def test_a_postal_prefix_is_the_first_three_characters(code: str, prefix: str | None) -> None:
    assert postal_prefix(code) == prefix


def test_a_weight_of_two_takes_twice_the_turns() -> None:
    pair = (rep("one@x.example"), rep("two@x.example", weight=2))
    policy = compiled(pools={**POLICY.pools, "sdr": Pool(name="sdr", roles=("sdr",))}, routes=POLICY.routes)
    result = given_out([asking(number) for number in range(9)], frame(pair), policy)
    assert Counter(one.owner.partition("@")[0] for one in result.decisions) == {"one": 3, "two": 6}
