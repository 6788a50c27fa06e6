"""The process document is made from the policy: everything the policy says stands in it, and a changed rule changes it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from handoff.policy import Policy, Pool
from mappings.load import load_expects, load_policy
from mappings.problems import PolicyErrors
from mappings.process_capacity import capacity_sum
from mappings.process_diagram import mermaid, ways
from mappings.process_document import process_text
from mappings.process_page import process_html, write_process
from mappings.process_rules import plain
from mappings.shapes_routing import ExpectsShape
from mappings.take_out import taken_out
from tests.mappings.policy_folder import change, copy_policy


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy()


@pytest.mark.requirement("R120", "R3", "R35", "R93")
def test_every_rule_stage_reason_group_and_engagement_is_told(policy: Policy) -> None:
    text = process_text(policy)
    for rule in policy.transitions:
        assert f"**{plain(rule.name)}**" in text
    named = [stage.label for stage in policy.stages.values()]
    named += [stage.meaning for stage in policy.stages.values()]
    named += [code.label for code in policy.reasons.values()]
    named += [group.name for group in policy.groups]
    named += [hold.name for hold in policy.holds]
    named += [kind.name for kind in policy.intent.kinds]
    named += [band.label for attribute in policy.fit.attributes for band in attribute.bands]
    named += [notice.subject for notice in policy.telling.notices]
    assert [name for name in named if name not in text] == []


@pytest.mark.requirement("R120")
def test_a_rule_that_is_gone_is_gone_from_the_document(policy: Policy) -> None:
    assert "**silent**" in process_text(policy)
    assert "**silent**" not in process_text(taken_out(policy, "transitions.silent"))


@pytest.mark.requirement("R13", "R75", "R123")
def test_both_signatures_and_the_version_stand_at_the_top(policy: Policy) -> None:
    top = process_text(policy)[:1200]
    for approval in policy.approvals:
        assert f"| {approval.team} | {approval.by} | {approval.on.isoformat()} |" in top
    assert policy.digest[:12] in top
    assert f"version {policy.version}" in top


@pytest.mark.requirement("R1", "R67")
def test_the_drawing_has_every_stage_and_no_way_that_no_rule_leads(policy: Policy) -> None:
    drawn = mermaid(policy)
    assert all(f"{stage.name}[{stage.label}]" in drawn for stage in policy.stages.values())
    leads = {(source, rule.to) for rule in policy.transitions for source in rule.from_stages}
    sides = {str(stage.side) for stage in policy.stages.values()}
    assert all((source in sides) or (source, target) in leads for source, target in ways(policy))


class Page(HTMLParser):
    """Collects what a page asks other places for, and its tags."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.asks: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.asks += [value or "" for name, value in attrs if name in ("src", "href", "data")]


def test_the_page_stands_alone(policy: Policy) -> None:
    page = Page()
    text = process_html(policy)
    page.feed(text)
    assert page.asks == []
    assert "script" not in page.tags
    assert not re.search(r"url\((?!#)|@import", text)
    assert {"svg", "table", "h2"} <= set(page.tags)


def test_both_files_are_written(policy: Policy, tmp_path: Path) -> None:
    text, page = write_process(policy, tmp_path / "process")
    assert "```mermaid" in text.read_text(encoding="utf-8")
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.requirement("R69", "R77", "R78", "R87", "R120")
@pytest.mark.parametrize(
    ("part", "told"),
    [
        ("hand_raise.remind_minutes", "its owner is reminded after 10 business minutes"),
        ("hand_raise.reroute_after_minutes", "it goes to another rep after 30 and 60"),
        ("hand_raise.manager_after_minutes", "the manager is told after 60"),
        ("hand_raise.manager_queue_after_minutes", "and has it after 90"),
        ("cadences.trial.remind_minutes", "| trial | 6, 2 of them calls, over 10 business days | after 30 | after 60 | after 480 |"),
        ("cadences.hand_raise.calls", "| hand raise | 8, 3 of them calls, over 10 business days | after 10 | after 5 | after 30 |"),
        ("cadences.event.accept_minutes", "| event | 4 | after 540 | after 1080 | after 1080 |"),
    ],
)
def test_every_mark_of_the_response_clocks_is_told(part: str, told: str, policy: Policy) -> None:
    assert told in process_text(policy)
    assert told not in process_text(taken_out(policy, part))


@pytest.mark.requirement("R47", "R48", "R49", "R120")
@pytest.mark.parametrize(
    ("part", "told"),
    [
        ("pools.development_reps.open_cap", "| development reps | every active sdr | at most 120 | at most 12 |"),
        ("pools.account_executives.new_per_week", "| at most 15 | no bound | at most 10 |"),
        ("capacity.hand_raises_percent", "may fill a rep up to 125 %"),
        ("capacity.step", "by 5 points, between 40 and 65"),
    ],
)
def test_every_bound_of_a_rep_is_told(part: str, told: str, policy: Policy) -> None:
    assert told in process_text(policy)
    assert told not in process_text(taken_out(policy, part))


@pytest.mark.requirement("R59", "R63", "R120")
def test_a_route_tells_whom_it_goes_to_first(policy: Policy) -> None:
    text = process_text(policy)
    assert "| the rep paired with the account's owner, else development reps |" in text
    assert "| the account's owner, else account executives |" in text
    assert "| the rep who works somebody of the same account, else the next line decides |" in text
    assert "paired with the account's owner" not in process_text(taken_out(policy, "routes.content_of_named_account"))


def agreement(policy: Policy) -> str:
    """The section of the base agreement."""
    return process_text(policy).partition("## The base agreement")[2].partition("\n## ")[0]


@pytest.mark.requirement("R76", "R120")
def test_the_base_agreement_says_which_leads_with_what_least_how_and_with_which_campaign(policy: Policy) -> None:
    told = agreement(policy)
    row = "| **scored trial** | `fit.passes` and `fit.disqualified` is false and `intent.passes` and `intent.new` and `intent.latest`"
    assert row in told
    assert "| by routing | “Call: trial begun at {company}” | yes | after 60 business minutes |" in told
    assert "neglected" not in told, "what sales passes on within sales is not marketing's"
    assert "**scored trial**" not in agreement(taken_out(policy, "transitions.scored_trial"))
    unnamed = agreement(taken_out(policy, "transitions.scored_trial.task.lines"))
    assert "| by routing | “Call: trial begun at {company}” | no | after 60 business minutes |" in unnamed


SUM = "6 x 12 x 21 = 1,512 of 4,000 new leads a month can be worked; the other 2,488 must be nurtured"


@pytest.mark.requirement("R49", "R120")
def test_company_as_sum_stands_in_both_files(policy: Policy, tmp_path: Path) -> None:
    for path in write_process(policy, tmp_path, load_expects()):
        assert SUM in path.read_text(encoding="utf-8")


@pytest.mark.requirement("R48", "R49")
def test_the_sum_follows_the_policy_and_what_it_expects(policy: Policy) -> None:
    assert capacity_sum(policy, None) == "each of the development reps can work 12 x 21 = 252 new leads a month"
    expects = ExpectsShape(reps=20, new_leads_a_month=4000)
    assert "= 5,040 new leads a month can be worked, and 4,000 arrive: there is room for all of them" in capacity_sum(policy, expects)
    pools = {name: Pool(name=name, roles=pool.roles) for name, pool in policy.pools.items()}
    unbound = policy.model_copy(update={"pools": pools})
    assert capacity_sum(unbound, expects) == "nothing bounds what the pool development reps takes"


def test_a_policy_need_not_say_how_many_leads_it_expects(tmp_path: Path) -> None:
    folder = copy_policy(tmp_path)
    change(folder, "routing", "  expects: {reps: 6, new_leads_a_month: 4000}\n", "")
    assert load_expects(folder) is None
    assert load_policy(folder).digest == load_policy().digest, "what is expected moves no lead, so none is decided anew for it"


def test_a_mistake_in_what_is_expected_has_its_line(tmp_path: Path) -> None:
    folder = copy_policy(tmp_path)
    change(folder, "routing", "reps: 6", "reps: six")
    with pytest.raises(PolicyErrors, match=r"routing.yaml:\d+ .*is a whole number, not 'six'"):
        load_expects(folder)
