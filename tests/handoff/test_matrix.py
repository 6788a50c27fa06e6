"""Fit x interest on the shipped policy: every pair has one cell, and the cell says what becomes of the lead."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from handoff.case import Case, open_case
from handoff.compiled import CompiledPolicy, compile_policy
from handoff.decide import decide
from handoff.facts import Activity, Kind, LeadFacts
from handoff.matrix import compile_matrix, fit_levels, intent_levels
from mappings.load import load_policy
from tests.handoff.makers import NOW, activity, call, days_ago, decided, form, frame, lead, prior, record
from tests.handoff.policies import compiled

POLICY = compile_policy(load_policy())
PERSON = {"email": "p@lead.example", "legal_basis": "consent", "country": "United States"}
FITS = {
    "A": {**PERSON, "title": "VP Finance", "industry": "Technology", "employees": "300"},
    "B": {**PERSON, "title": "Manager", "industry": "Retail", "employees": "60"},
    "C": {**PERSON, "title": "Analyst", "industry": "Retail", "employees": "30"},
    "D": {**PERSON, "title": "Receptionist", "industry": "Education", "employees": "5"},
    "unknown": PERSON,
    "disqualified": {**PERSON, "title": "Student", "industry": "Technology", "employees": "300"},
}


def visits(*days: float) -> tuple[Activity, ...]:
    """Visits of the pricing page."""
    return tuple(activity(Kind.VISIT, days_ago(one), "https://x.example/pricing") for one in days)


INTENTS: dict[str, tuple[Activity, ...]] = {
    "hand_raise": (form(0.1),),
    "hot": (form(0.2, "trial"),),
    "warm": (*visits(0.3, 0.2),),
    "cold": (),
}
CELLS = {
    ("A", "hot"): ("sales_now", "offered"),
    ("B", "hot"): ("sales_now", "offered"),
    ("A", "warm"): ("nurture_warm", "nurture"),
    ("B", "warm"): ("nurture_warm", "nurture"),
    ("A", "cold"): ("nurture_cold", "nurture"),
    ("B", "cold"): ("nurture_cold", "nurture"),
    **{("C", intent): ("mediocre", "nurture") for intent in ("hot", "warm", "cold")},
    **{("unknown", intent): ("learn_more", "nurture") for intent in ("hot", "warm", "cold")},
    **{(fit, intent): ("watch_list", "watch") for fit in ("D", "disqualified") for intent in ("hot", "warm")},
    **{(fit, "cold"): ("possible_referrers", "low_fit") for fit in ("D", "disqualified")},
    **{(fit, "hand_raise"): ("answer_now", "offered") for fit in ("A", "B", "C", "D", "unknown")},
    ("disqualified", "hand_raise"): ("manager_answers", "offered"),
}


def someone(fit: str, intent: str, days_old: float = 3) -> LeadFacts:
    """A new lead of these levels."""
    return lead(record(fields=FITS[fit], created=days_ago(days_old)), activities=INTENTS[intent])


def case_of(facts: LeadFacts, policy: CompiledPolicy = POLICY) -> Case:
    """The case of a new lead."""
    return open_case(prior("lead", 3, rev=0), facts, policy, frame(), NOW)


@pytest.mark.requirement("R38", "R39")
@pytest.mark.parametrize(("levels", "expected"), CELLS.items(), ids=[" x ".join(levels) for levels in CELLS])
def test_each_cell_leads_where_the_matrix_says(levels: tuple[str, str], expected: tuple[str, str]) -> None:
    facts = someone(*levels)
    decision = decided(POLICY, prior("lead", 3, rev=0), facts)
    assert (case_of(facts)["matrix.cell"], "offered" if decision.ready else decision.stage) == expected


@pytest.mark.requirement("R39")
def test_the_matrix_is_total_and_says_who_does_what_by_when() -> None:
    levels = set(product(fit_levels(POLICY.policy.fit), intent_levels(POLICY.policy.intent)))
    assert set(POLICY.cells) == levels == set(CELLS)
    for cell in POLICY.policy.matrix:
        assert all((cell.label, cell.means, cell.next_step, cell.amount > 0))
        assert cell.owner in ("sales", "manager", "marketing")


@pytest.mark.requirement("R38", "R15")
def test_the_watch_list_is_a_newsletter_and_no_sales_work() -> None:
    decision = decided(POLICY, prior("lead", 3, rev=0), someone("D", "hot"))
    assert (decision.stage, decision.side, decision.owner, decision.nurture_group) == ("watch", "marketing", "queue:Nurture", "watch-list")
    assert decision.effects == ()
    assert decision.next_step == "Watch list, newsletter only; in the monthly report"


@pytest.mark.requirement("R15")
def test_a_lead_leaves_the_watch_list_when_its_interest_has_gone() -> None:
    """And it is looked at when that happens, not a day later."""
    first = decided(POLICY, prior("lead", 3, rev=0), someone("D", "warm"))
    assert first.stage == "watch"
    watching = prior("watch", 0, nurture_group="watch-list")
    warm = someone("D", "warm")
    facts = replace(warm, activities=(activity(Kind.SEND, NOW), *warm.activities))
    look = decide(watching, facts, POLICY, frame(), NOW).next_look_at
    assert look is not None
    before = decide(watching, facts, POLICY, frame(), look - timedelta(seconds=1))
    after = decide(watching, facts, POLICY, frame(), look)
    assert (before.stage, after.stage, after.nurture_group) == ("watch", "low_fit", "newsletter-only")


@pytest.mark.requirement("R15")
def test_low_fit_that_turns_out_to_fit_goes_back_to_nurture() -> None:
    for stage in ("watch", "low_fit"):
        decision = decided(POLICY, prior(stage, 30, nurture_group="newsletter-only"), someone("A", "cold", 40))
        assert (decision.stage, decision.transition, decision.nurture_group) == ("nurture", "fit_improved", "good-fit")


@pytest.mark.requirement("R41")
def test_mediocre_fit_has_its_own_process_and_never_reaches_a_rep_by_points() -> None:
    decision = decided(POLICY, prior("lead", 3, rev=0), someone("C", "hot"))
    assert (decision.stage, decision.transition, decision.nurture_group) == ("nurture", "mediocre_fit", "mediocre-fit")
    assert decision.next_step.startswith("Marketing asks what is missing")
    asked = decided(POLICY, prior("nurture", 30), someone("C", "hand_raise", 40))
    assert (asked.ready, asked.transition) == (True, "hand_raise")


@pytest.mark.requirement("R27")
def test_unknown_fit_waits_for_data_and_then_is_nurtured() -> None:
    """48 hours from first sight; known fit is judged at once, and who asks never waits."""
    young = someone("unknown", "cold", 0.5)
    waits = decided(POLICY, prior("lead", 0.5, rev=0), young)
    assert (waits.stage, waits.next_look_at) == ("lead", days_ago(0.5) + timedelta(hours=48))
    later = decide(prior("lead", 0.5, rev=0), young, POLICY, frame(), days_ago(0.5) + timedelta(hours=48))
    assert (later.stage, later.transition, later.nurture_group) == ("nurture", "learn_more", "general")
    assert decided(POLICY, prior("lead", 0.5, rev=0), someone("A", "cold", 0.5)).stage == "nurture"
    assert decided(POLICY, prior("lead", 0.5, rev=0), someone("unknown", "hand_raise", 0.5)).ready


@pytest.mark.requirement("R40")
def test_inside_a_cell_the_hottest_comes_first() -> None:
    heats = [decided(POLICY, prior("lead", 3, rev=0), someone(*levels)).heat for levels in (("A", "hot"), ("B", "hot"))]
    assert heats[0] > heats[1]


@pytest.mark.requirement("R38")
def test_the_highest_level_of_interest_is_who_is_at_the_bar() -> None:
    """Whatever bar both teams have just agreed: a bar above the band makes hot leads warm, one below makes warm ones hot."""
    for bar, level in ((40, "sales_now"), (65, "nurture_warm")):
        intent = POLICY.policy.intent.model_copy(update={"bar": bar})
        moved = compile_policy(POLICY.policy.model_copy(update={"intent": intent}))
        assert case_of(someone("A", "hot"), moved)["matrix.cell"] == level


@pytest.mark.requirement("R37", "R33")
def test_an_answered_request_is_of_the_level_of_its_points() -> None:
    answered = lead(record(fields=FITS["A"], created=days_ago(30)), activities=(form(9), call(8)))
    assert case_of(answered)["matrix.cell"] == "nurture_warm"


def test_a_policy_without_a_matrix_says_unknown() -> None:
    assert open_case(prior("lead"), lead(), compiled(), frame(), NOW)["matrix.cell"] is None
    assert compile_matrix(()) == {}


@pytest.mark.requirement("R31", "R46")
@pytest.mark.parametrize("hours", [0, 1, 5, 23])
def test_a_trial_alone_qualifies_a_good_fit_all_day_long(hours: int) -> None:
    """50 points are the bar of 50: whenever in its first day somebody looks, not in its first hour alone."""
    facts = lead(record(fields=FITS["A"], created=days_ago(3)), activities=(form(hours / 24, "trial"),))
    decision = decided(POLICY, prior("nurture", 2), facts)
    assert (decision.ready, decision.transition) == (True, "scored_trial")


@pytest.mark.requirement("R28")
def test_after_a_day_points_have_decayed_since_they_were_earned() -> None:
    """24 hours later the arithmetic is the plain one: 50 points, half-life 14 days, one day: 47.58 rounded down."""
    score = {h: case_of(lead(record(fields=FITS["A"]), activities=(form(h / 24, "trial"),)))["intent.score"] for h in (23, 24, 336)}
    assert score == {23: 50, 24: 47, 336: 25}


@pytest.mark.requirement("R36", "R31")
def test_bought_intent_data_and_a_booth_talk_come_by_import() -> None:
    """As campaigns; data about the account is no sign of life of the person."""
    bought = activity(Kind.CAMPAIGN, days_ago(1), "Intent surge Q4", actor=form(1).actor, outcome="Sent")
    talked = activity(Kind.CAMPAIGN, days_ago(0.5), "Booth, spring fair", actor=form(1).actor, outcome="Attended")
    case = case_of(lead(record(fields=FITS["A"], created=days_ago(90)), activities=(bought, talked)))
    assert [kind.name for _, _, kind in case.history.engagements] == ["booth talk", "buyer intent data"]
    assert case.history.last_sign == int(days_ago(0.5).timestamp())
