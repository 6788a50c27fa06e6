"""What is made from code or YAML is up to date, and covers everything there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from docs_pages import BLOCKS, DOCS, ROOT, block
from docs_signals import SIGNALS

from connectors.hubspot.streams import STREAMS as HUBSPOT
from connectors.salesforce.streams import streams_of
from handoff.facts import Kind
from handoff.vocabulary import SIGNALS as WORDS
from mappings.fields import load_field_map
from mappings.load import load_policy
from mappings.reference import reference_text, words, write_reference

STREAMS = {"hubspot": HUBSPOT, "salesforce": streams_of(load_field_map("salesforce"))}


@pytest.mark.parametrize("name", BLOCKS)
def test_a_made_block_is_up_to_date(name: str) -> None:
    """`python tests/docs/docs_pages.py` writes them anew."""
    assert block(name) == BLOCKS[name][1]()


def test_the_policy_reference_is_up_to_date(tmp_path: Path) -> None:
    """`python -m mappings.reference` writes it anew after a change of the vocabulary or the shipped policy."""
    write_reference(tmp_path / "made.md")
    assert (DOCS / "policy-reference.md").read_text(encoding="utf-8") == (tmp_path / "made.md").read_text(encoding="utf-8")


def test_the_policy_reference_lists_the_rules_in_their_order() -> None:
    """Which rule wins is their order."""
    policy = load_policy()
    listed = re.findall(r"^\| \d+ \| `(\w+)`", reference_text(policy), re.MULTILINE)
    assert listed == [rule.name for rule in policy.transitions]


def test_the_policy_reference_names_every_signal_of_every_rule() -> None:
    """A condition in words loses nothing."""
    for rule in load_policy().transitions:
        assert set(re.findall(r"signal='([\w.]+)'", repr(rule.when))) - {""} <= set(re.findall(r"`([\w.]+)`", words(rule.when))) & set(
            WORDS
        )


@pytest.mark.parametrize("system", STREAMS)
def test_every_stream_has_a_signal(system: str) -> None:
    """Nothing is read that the page does not name, and nothing is named that is not read."""
    assert {signal.stream for signal in SIGNALS if signal.system == system} == set(STREAMS[system])


@pytest.mark.parametrize("system", STREAMS)
def test_every_kind_of_activity_of_a_connector_is_a_signal(system: str) -> None:
    """The kinds that the connector's code makes are the kinds on the page."""
    code = (ROOT / "connectors" / system / "activities.py").read_text(encoding="utf-8")
    made = {Kind[name] for name in re.findall(r"Kind\.([A-Z_]+)", code)}
    assert {kind for signal in SIGNALS if signal.system == system for kind in signal.kinds} == made
