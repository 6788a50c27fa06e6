"""The guard stops a mass move by kind, per run and over 24 hours, and never a person's approval or a new hand-raise."""

from __future__ import annotations

from engine.guard import Tally, check, limit, verdict
from handoff.policy import Guard

GUARD = Guard(
    per_mille={"to_sales": 20, "to_nurture": 20, "owner_taken": 10}, floor={"to_sales": 50, "owner_taken": 5}, tasks_per_rep_per_day=3
)


def tally(**kinds: int) -> Tally:
    made = Tally()
    for kind, number in kinds.items():
        for _ in range(number):
            made.count({kind, "field"})
    return made


def test_a_limit_is_the_larger_of_share_and_floor() -> None:
    assert limit(GUARD, "to_sales", 100) == 50
    assert limit(GUARD, "to_sales", 10_000) == 200


def test_a_kind_without_a_limit_is_not_stopped() -> None:
    assert limit(GUARD, "created", 10) is None
    assert check(GUARD, tally(created=9_000), {}, {}, 10) == ()


def test_one_more_than_the_limit_is_a_breach_and_the_limit_itself_is_not() -> None:
    assert check(GUARD, tally(to_nurture=200), {}, {}, 10_000) == ()
    (breach,) = check(GUARD, tally(to_nurture=201), {}, {}, 10_000)
    assert (breach.kind, breach.asked, breach.limit) == ("to_nurture", 201, 200)


def test_what_moved_in_the_last_24_hours_counts() -> None:
    assert check(GUARD, tally(to_nurture=100), {"to_nurture": 101}, {}, 10_000)
    assert not check(GUARD, tally(to_nurture=100), {"to_nurture": 100}, {}, 10_000)


def test_earlier_moves_alone_stop_nothing() -> None:
    assert check(GUARD, tally(), {"to_nurture": 5_000}, {}, 10_000) == ()


def test_a_lead_counts_once_per_kind_and_a_correction_only_where_nothing_moves() -> None:
    made = Tally()
    made.count(["to_sales", "to_sales", "field"])
    made.count(["field", "field"])
    assert dict(made.kinds) == {"to_sales": 1, "field": 1}


def test_tasks_are_limited_per_rep_and_day() -> None:
    made = Tally()
    for _ in range(2):
        made.task_for("ann@acme.example")
    assert check(GUARD, made, {}, {"ann@acme.example": 1}, 100) == ()
    (breach,) = check(GUARD, made, {}, {"ann@acme.example": 2}, 100)
    assert breach.who == "ann@acme.example"


def test_the_verdict_names_kind_number_and_limit() -> None:
    text = verdict(check(GUARD, tally(owner_taken=40), {"owner_taken": 2}, {}, 100))
    assert "40 owner taken from an active rep (2 in the last 24 hours), the limit is 5" in text
    assert verdict(()) == ""
