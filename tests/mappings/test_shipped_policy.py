"""The shipped policy compiles, says what its comments say, and gives every status one meaning."""

from __future__ import annotations

import re
from datetime import date

import pytest

from handoff.decision import Side
from handoff.policy import Policy
from mappings.compile import leaves
from mappings.load import SHIPPED, load_policy
from mappings.shapes import FILES


@pytest.fixture(scope="module")
def policy() -> Policy:
    """The shipped policy."""
    return load_policy()


def test_all_23_statuses_of_company_a_have_one_meaning(policy: Policy) -> None:
    """13 in HubSpot, 10 in Salesforce; each meaning names a stage that exists."""
    assert {system: len(meanings) for system, meanings in policy.statuses.items()} == {"hubspot": 13, "salesforce": 10}
    assert all(meaning.stage in policy.stages for meanings in policy.statuses.values() for meaning in meanings.values())


def test_the_summary_for_readers_says_what_the_rules_do(policy: Policy) -> None:
    """policy.yaml opens with the agreement in one breath; its numbers are those of the compiled rules."""
    text = " ".join(line.removeprefix("#").strip() for line in (SHIPPED / "policy.yaml").read_text(encoding="utf-8").splitlines())
    said = re.search(
        r"fit (\d+) of 100\).*\(intent (\d+) of 100\).*After (\d+) days.*\((\d+) days once.*?, (\d+) for a named account", text
    )
    assert said is not None
    silence = policy.silence
    ruled = (policy.fit.bar, policy.intent.bar, silence.days["sal"], silence.days["sql"], silence.target_account_days)
    assert tuple(int(number) for number in said.groups()) == ruled


def test_every_file_explains_itself_to_a_reader(policy: Policy) -> None:
    """Each file names its schema for the editor, then says in words what it decides; the summary lists it."""
    summary = (SHIPPED / "policy.yaml").read_text(encoding="utf-8")
    for name in FILES:
        first, second = (SHIPPED / f"{name}.yaml").read_text(encoding="utf-8").splitlines()[:2]
        assert first == f"# yaml-language-server: $schema=schema/{name}.json"
        assert second.startswith("# ")
        assert len(second) > 20
        assert f"{name}.yaml" in summary or name == "policy"


def test_an_mql_needs_fit_and_intent(policy: Policy) -> None:
    """Both bars stand in the one rule that makes an MQL."""
    rule = next(rule for rule in policy.transitions if rule.name == "scored_mql")
    assert {(test.signal, test.value) for test in leaves(rule.when)} >= {("fit.passes", True), ("intent.passes", True)}


def test_downloads_and_clicks_alone_never_reach_the_bar(policy: Policy) -> None:
    """Kinds of one name share one cap; the caps together stay below the lowest bar that the weekly proposal may set."""
    weak = {kind.name: kind.cap or kind.points for kind in policy.intent.kinds if "download" in kind.name or "click" in kind.name}
    assert set(weak) == {"download", "e-mail click"}
    assert sum(weak.values()) < policy.capacity.lowest


def test_days_off_are_resolved_to_dates(policy: Policy) -> None:
    """Public holidays, and the company's own day after Thanksgiving."""
    assert {date(2026, 11, 26), date(2026, 11, 27), date(2027, 7, 5)} <= set(policy.company.holidays)
    assert date(2026, 11, 25) not in policy.company.holidays


def test_an_owner_is_taken_only_by_a_rule_that_says_so(policy: Policy) -> None:
    """Every rule into a stage of the queue from elsewhere releases the owner by name."""
    for rule in policy.transitions:
        if rule.to != "same" and policy.stages[rule.to].owner == "queue":
            assert rule.release_owner, rule.name


def test_sales_stages_all_answer_to_a_departed_owner(policy: Policy) -> None:
    """No lead with sales may stay with somebody who left."""
    rule = next(rule for rule in policy.transitions if rule.name == "owner_gone")
    assert set(rule.from_stages) == {name for name, stage in policy.stages.items() if stage.side is Side.SALES}


def test_waking_names_come_from_the_reasons(policy: Policy) -> None:
    """Bad timing wakes after a quarter; no answer wakes by engagement alone."""
    assert policy.wake_days["bad_timing"] == 90
    assert "unresponsive" not in policy.wake_days


@pytest.mark.requirement("R79", "R85")
def test_every_offer_is_told_and_in_time(policy: Policy) -> None:
    """Nobody is given a lead without hearing of it, and a digest tells only of what has a working day or more to be answered."""
    company = policy.company
    working_day = (company.closes.hour - company.opens.hour) * 60 + company.closes.minute - company.opens.minute
    agreed = {cadence.lead_type: cadence.respond_minutes for cadence in policy.cadences}
    at_once = {rule for notice in policy.telling.notices if notice.to == "rep" and notice.how == "now" for rule in notice.on}
    told = {rule for notice in policy.telling.notices if notice.to == "rep" for rule in notice.on}
    for rule in policy.transitions:
        if rule.to != policy.offered_stage or rule.adoption_only:
            continue
        minutes = agreed[rule.lead_type] if rule.lead_type else 0
        assert rule.name in (at_once if minutes is not None and minutes < working_day else told), rule.name


@pytest.mark.requirement("R69", "R77")
def test_a_reminder_comes_before_the_offer_lapses_and_an_offer_lapses_no_earlier_than_agreed(policy: Policy) -> None:
    for cadence in policy.cadences:
        if cadence.clock == "offer" and cadence.accept_minutes is not None and cadence.respond_minutes is not None:
            assert cadence.remind_minutes is not None, cadence.lead_type
            assert cadence.remind_minutes <= cadence.respond_minutes <= cadence.accept_minutes, cadence.lead_type
            assert cadence.remind_minutes < cadence.accept_minutes, cadence.lead_type
