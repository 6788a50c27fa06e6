"""Owners: hottest first, an active owner kept, strict turns per weight, nobody who left, nobody flooded."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from handoff.assign import AssignResult, assign
from handoff.compiled import CompiledPolicy
from handoff.decide import decide
from handoff.decision import Decision, EffectKind, Frame, Prior, Rep
from handoff.facts import Activity, LeadFacts
from tests.handoff.makers import GOOD_FIT, NOW, REPS, form, frame, lead, prior, record, rep
from tests.handoff.policies import compiled

SMALL = compiled()
UNBOUND = compiled(pools={name: pool.model_copy(update={"new_per_day": None}) for name, pool in SMALL.policy.pools.items()})


def raising(number: int, days: float = 1, owner: str = "", fields: dict[str, str] | None = None, *more: Activity) -> LeadFacts:
    """A lead who asked for a demo."""
    return lead(record(number=number, owner=owner, fields=fields or {}), activities=(form(days), *more))


def given_out(
    world: list[LeadFacts], at: Frame, priors: dict[str, Prior] | None = None, now: datetime = NOW, policy: CompiledPolicy = SMALL
) -> AssignResult:
    """Decide and assign."""
    decided = [decide((priors or {}).get(one.key), one, policy, at, now) for one in world]
    return assign(decided, {one.key: one for one in world}, policy, at, now)


def owners(result: AssignResult) -> list[str]:
    """Owners in the order given."""
    return [one.owner.partition("@")[0] for one in result.decisions]


def test_the_hottest_are_served_first_then_the_first_seen() -> None:
    cold = lead(record(number=1, created=NOW - timedelta(days=90)), activities=(form(10),))
    warm = lead(record(number=2, created=NOW - timedelta(days=20)), activities=(form(1),))
    early = lead(record(number=3, created=NOW - timedelta(days=50)), activities=(form(1),))
    result = given_out([cold, warm, early], frame())
    assert [turn.lead for turn in result.turns] == [early.key, warm.key, cold.key]
    assert owners(result) == ["cyd", "bob", "ann"]


def test_an_active_owner_is_kept_and_takes_no_turn() -> None:
    result = given_out([raising(1, owner="bob@x.example")], frame())
    assert owners(result) == ["bob"]
    assert result.turns == ()
    assert ("kept", "bob@x.example", "active owner") in result.decisions[0].because


def test_an_owner_whose_role_does_not_sell_is_not_kept() -> None:
    pat = rep("pat@x.example", "marketing")
    assert owners(given_out([raising(1, owner="pat@x.example")], frame((*REPS, pat)))) == ["ann"]


def test_a_departed_owner_is_replaced_and_skipped_with_the_reason() -> None:
    result = given_out([raising(1, owner="gone@x.example")], frame())
    assert owners(result) == ["ann"]
    assert result.decisions[0].previous_owner == "gone@x.example"
    assert ("skipped", "gone@x.example", "inactive") in result.decisions[0].because


def test_a_named_account_goes_to_its_owner_while_active_else_to_the_pool() -> None:
    named = raising(1, fields={"email": "cfo@eu.big.example"})
    assert owners(given_out([named], frame())) == ["eve"]
    away = tuple(replace(one, active=False) if one.key == "eve@x.example" else one for one in REPS)
    other = rep("art@x.example", "ae")
    assert owners(given_out([named], frame((*away, other)))) == ["art"]


def test_a_wake_date_returns_the_lead_to_its_previous_owner() -> None:
    held = prior("nurture", nurture_group="warm", review_at=NOW - timedelta(hours=1), previous_owner="cyd@x.example")
    one = lead(record())
    assert owners(given_out([one], frame(), {one.key: held})) == ["cyd"]


def test_a_neglected_lead_never_goes_back_to_who_neglected_it() -> None:
    at = frame(turns={"sdr": {"ann@x.example": 0, "bob@x.example": 1, "cyd@x.example": 1}})
    held = prior("sal", days=30, owner="ann@x.example", offered_at=NOW - timedelta(days=30))
    one = lead(record(owner="ann@x.example"))
    result = given_out([one], at, {one.key: held})
    assert owners(result) == ["bob"]
    assert result.decisions[0].reroutes == 1
    assert result.decisions[0].release_owner == "neglected"
    assert ("skipped", "ann@x.example", "had it before") in result.decisions[0].because


def test_after_two_reroutes_a_manager_has_it() -> None:
    held = prior("sal", days=30, owner="ann@x.example", reroutes=2)
    one = lead(record(owner="ann@x.example"))
    assert owners(given_out([one], frame(), {one.key: held})) == ["max"]


def _mql(number: int) -> LeadFacts:
    return lead(record(number=number, fields=GOOD_FIT, created=NOW - timedelta(hours=5 + number)), activities=(form(0.02, "trial"),))


def test_a_full_rep_gets_no_scored_lead_but_every_hand_raise() -> None:
    busy = frame(new_today=dict.fromkeys(("ann@x.example", "bob@x.example", "cyd@x.example"), 3))
    waiting, raised = given_out([_mql(1), raising(2)], busy).decisions
    assert (waiting.stage, waiting.ready, waiting.side, waiting.owner) == ("mql", True, "marketing", "")
    assert ("waits", "sdr", "nobody has room") in waiting.because
    assert raised.stage == "offered"


def test_a_waiting_lead_is_offered_when_there_is_room_again() -> None:
    held = prior("mql", days=2, nurture_group="warm")
    one = _mql(1)
    full = given_out([one], frame(new_today=dict.fromkeys(("ann@x.example", "bob@x.example", "cyd@x.example"), 3)), {one.key: held})
    assert (full.decisions[0].stage, full.decisions[0].unchanged, full.decisions[0].ready) == ("mql", True, True)
    assert full.decisions[0].next_look_at == datetime(2026, 11, 19, 5, tzinfo=UTC)  # the next day in New York
    offered = given_out([one], frame(), {one.key: held}).decisions[0]
    assert (offered.stage, offered.nurture_group, offered.lead_type) == ("offered", "", "mql")


def test_daily_room_counts_within_the_pass() -> None:
    result = given_out([_mql(number) for number in range(1, 13)], frame())
    assert Counter(owners(result)) == {"ann": 3, "bob": 3, "cyd": 3, "": 3}


def test_an_empty_pool_is_an_exception_and_nobody_is_moved() -> None:
    nobody = frame(tuple(one for one in REPS if one.role != "sdr"))
    decision = given_out([raising(1)], nobody).decisions[0]
    assert decision.unchanged
    assert ("nobody_to_give_to", "sdr") in decision.exceptions


def test_a_rep_without_a_user_in_the_crm_of_record_is_skipped() -> None:
    only_hubspot = replace(rep("abe@x.example"), ids={"hubspot": "hs-abe"})
    result = given_out([raising(1)], frame((*REPS, only_hubspot)))
    assert owners(result) == ["ann"]
    assert ("skipped", "abe@x.example", "no user in salesforce") in result.decisions[0].because


def test_a_lead_known_to_hubspot_alone_gets_a_salesforce_lead_and_its_task() -> None:
    one = lead(record("hubspot", 7), activities=(form(1)._replace(about=record("hubspot", 7).ref),))
    effects = given_out([one], frame()).decisions[0].effects
    assert [effect.kind for effect in effects] == [EffectKind.CREATE_LEAD, EffectKind.TASK]
    assert effects[0].key == "create_lead|hubspot:contacts:7|hand_raise|1"


def test_a_hand_raise_is_due_in_minutes_and_an_aged_one_in_its_turn() -> None:
    fresh = lead(record(number=1), activities=(form(0)._replace(occurred_at=NOW - timedelta(minutes=2)),))
    night = lead(record(number=2), activities=(form(12 / 24),))  # asked at 23:00 in New York
    aged = [raising(number, days=20 + number) for number in range(3, 10)]
    alone = frame(tuple(one for one in REPS if one.key in ("ann@x.example", "max@x.example")))
    due = {one.lead: one.due_at for one in given_out([fresh, night, *aged], alone).decisions}
    assert due[fresh.key] == NOW + timedelta(minutes=3)
    assert due[night.key] == datetime(2026, 11, 18, 14, 30, tzinfo=UTC)
    days = [due[one.key] for one in aged]
    assert Counter(days) == {datetime(2026, 11, 19, 22, tzinfo=UTC): 5, datetime(2026, 11, 20, 22, tzinfo=UTC): 2}
    assert days == sorted(days)


# --- law 7 --------------------------------------------------------------------------------------------------------------------------------


def _weighted(weights: list[int]) -> tuple[Rep, ...]:
    return tuple(rep(f"r{place}@x.example", weight=weight) for place, weight in enumerate(weights))


def _after(at: Frame, result: AssignResult) -> Frame:
    counts = dict(at.turns.get("sdr", {}))
    for level in result.levels:
        counts[level.rep] = counts.get(level.rep, 0) + level.count
    for turn in result.turns:
        counts[turn.rep] = counts.get(turn.rep, 0) + 1
    return replace(at, turns={"sdr": counts})


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=5), st.lists(st.integers(0, 9), min_size=1, max_size=4))
def test_law_7_turns_differ_by_at_most_one_per_weight_over_any_number_of_runs(weights: list[int], batches: list[int]) -> None:
    reps, number = _weighted(weights), 0
    at = frame(reps)
    for size in batches:
        world = [raising(number + place) for place in range(size)]
        number += size
        at = _after(at, given_out(world, at, policy=UNBOUND))
        shares = [at.turns["sdr"].get(one.key, 0) / one.weight for one in reps]
        assert max(shares) - min(shares) <= 1


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 4), st.integers(0, 20), st.integers(1, 12), st.integers(0, 3))
def test_law_7_who_joins_or_comes_back_is_not_flooded(others: int, level: int, size: int, stale: int) -> None:
    old = _weighted([1] * others)
    joiner = rep("zed@x.example")
    before = {one.key: level for one in old} | ({joiner.key: max(0, level - stale * 5)} if stale else {})
    result = given_out([raising(number) for number in range(size)], frame((*old, joiner), turns={"sdr": before}), policy=UNBOUND)
    taken = Counter(turn.rep for turn in result.turns)
    assert taken[joiner.key] <= min(taken[one.key] for one in old) + 1
    again = given_out(
        [raising(number) for number in range(size)], _after(frame((*old, joiner), turns={"sdr": before}), result), policy=UNBOUND
    )
    both = taken + Counter(turn.rep for turn in again.turns)
    assert both[joiner.key] <= min(both[one.key] for one in old) + 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.booleans(), min_size=2, max_size=5), st.integers(1, 8))
def test_law_7_inactive_people_never_get_a_lead(active: list[bool], size: int) -> None:
    reps = tuple(replace(one, active=here) for one, here in zip(_weighted([1] * len(active)), active, strict=True))
    for decision in given_out([raising(number) for number in range(size)], frame(reps)).decisions:
        assert not decision.owner or {one.key: one for one in reps}[decision.owner].active


def test_decisions_come_back_in_the_order_given_and_the_settled_ones_untouched() -> None:
    still: Decision = decide(prior("nurture", nurture_group="warm"), lead(record(number=8)), SMALL, frame(), NOW)
    one = raising(1)
    result = assign([still, decide(None, one, SMALL, frame(), NOW)], {one.key: one}, SMALL, frame(), NOW)
    assert result.decisions[0] is still
    assert result.decisions[1].stage == "offered"
