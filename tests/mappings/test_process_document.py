"""The process document is made from the policy: everything the policy says stands in it, and a changed rule changes it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from handoff.policy import Policy
from mappings.load import load_policy
from mappings.process_diagram import mermaid, ways
from mappings.process_document import process_text
from mappings.process_page import process_html, write_process
from mappings.process_rules import plain
from mappings.take_out import taken_out


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
