"""Fit and intent: whole numbers, decay that halves exactly, caps filled by the newest events."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handoff.case import open_case
from handoff.intent import HOUR_SECONDS, compile_intent, decayed, falls_below, score_intent
from handoff.policy import Intent, IntentKind
from tests.handoff.makers import BAD_FIT, GOOD_FIT, NOW, days_ago, form, frame, lead, prior, record
from tests.handoff.policies import compiled

POLICY = compiled()


@pytest.mark.parametrize(
    ("fields", "score", "band"),
    [
        (GOOD_FIT, 100, "A"),
        (BAD_FIT, 18, "D"),  # 15 of 80
        ({"title": "Manager"}, None, "unknown"),  # 30 of 90 known: less than half
        ({"title": "Manager", "industry": "Software"}, 80, "A"),  # 40 of 50; unknown attributes do not count against anybody
        ({"title": "Manager", "industry": "Steel", "country": "Peru"}, 41, "C"),  # 25 of 60, rounded down
        ({"title": "n/a", "industry": "Software", "employees": "300"}, None, "unknown"),  # a placeholder is unknown: 40 of 90
        ({"title": "n/a", "industry": "Software", "employees": "300", "country": "Peru"}, 80, "A"),
    ],
)
def test_fit_is_points_over_known_weight(fields: dict[str, str], score: int | None, band: str) -> None:
    fit = open_case(None, lead(record(fields=fields)), POLICY, frame(), NOW).fit
    assert (fit.score, fit.band) == (score, band)


def test_only_a_known_disqualifier_disqualifies() -> None:
    student = open_case(None, lead(record(fields={"title": "PhD Student"})), POLICY, frame(), NOW)
    nothing = open_case(None, lead(record()), POLICY, frame(), NOW)
    assert student["fit.disqualified"] is True
    assert nothing["fit.disqualified"] is False
    assert nothing["fit.passes"] is None


def test_points_halve_exactly_per_half_life() -> None:
    assert [decayed(20, 336, lives * 336) for lives in range(4)] == [20_000, 10_000, 5_000, 2_500]
    assert decayed(20, 336, 168) == 14_142  # 20 / sqrt 2, rounded down
    assert decayed(20, 336, 336 * 20) == 0


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 100), st.integers(1, 800), st.integers(0, 20_000))
def test_decay_agrees_with_exact_powers_and_never_rises(points: int, half_life: int, hours: int) -> None:
    left = decayed(points, half_life, hours)
    exact = points * 1000 * 2.0 ** (-hours / half_life)
    assert exact - 1 - 1e-6 * exact <= left <= exact * (1 + 1e-9)
    assert decayed(points, half_life, hours + 1) <= left


def _kinds(cap: int | None) -> Intent:
    kind = IntentKind(name="page", activity="visit", points=15, cap=cap, half_life_hours=336)
    other = IntentKind(name="form", activity="form", points=60, half_life_hours=336)
    return Intent(bar=50, rearm_below=35, kinds=(kind, other))


def test_a_cap_is_filled_by_the_newest_events() -> None:
    rules = compile_intent(_kinds(20))
    page = rules.by_activity["visit"][0]
    events = [(1_000_000 - hours * HOUR_SECONDS, str(hours), page) for hours in (0, 336, 672)]
    result = score_intent(rules, events, 1_000_000)
    assert [step[4:] for step in result.because if step[0] == "intent"] == [(15_000, 15_000), (7_500, 5_000), (3_750, 0)]
    assert result.score == 20


def test_the_sum_is_at_most_100() -> None:
    rules = compile_intent(_kinds(None))
    events = [(1_000_000, str(place), rules.by_activity["form"][0]) for place in range(3)]
    assert score_intent(rules, events, 1_000_000).score == 100


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 400), min_size=1, max_size=5), st.integers(1, 99))
def test_the_moment_intent_falls_below_a_bar_is_found_to_the_second(ages: list[int], bar: int) -> None:
    rules = compile_intent(_kinds(30))
    now = 2_000_000_000
    events = sorted(((now - age * 1801, str(place), rules.by_activity["visit"][0]) for place, age in enumerate(ages)), reverse=True)
    events = [*events, (now - 999, "f", rules.by_activity["form"][0])]
    falls = falls_below(rules, events, now, bar)
    if falls is None:
        assert score_intent(rules, events, now).score < bar
    else:
        assert score_intent(rules, events, falls - 1).score >= bar > score_intent(rules, events, falls).score


def test_new_engagement_counts_from_the_stage_on_or_when_learned_late() -> None:
    def new(hours: float, known_days: float | None = None, **changes: object) -> object:
        made = form(hours / 24, "trial")
        made = made if known_days is None else made._replace(known_at=days_ago(known_days))
        return open_case(prior("nurture", days=10, **changes), lead(activities=(made,)), POLICY, frame(), NOW)["intent.new"]

    assert new(9 * 24) is True
    assert new(11 * 24) is False
    assert new(10 * 24) is False  # the same instant as the move: it was weighed then
    assert new(10 * 24 + 5, known_days=9) is True  # an hour before the stage, learned after it
    assert new(12 * 24, known_days=9) is False  # a backfill is no news
