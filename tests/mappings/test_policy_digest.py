"""One digest for all rules: the same on every machine, another with any rule, and untouched by what decides nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from handoff.condition import Condition, Operator, Test
from mappings.digest import _without, policy_digest
from mappings.load import load_policy
from tests.mappings.policy_folder import change, copy_policy

RULES = {
    "bar": ("scoring", "  bar: 50\n", "  bar: 51\n"),
    "points": ("scoring", "points: 50, half_life_days: 14, breaks_silence: true}", "points: 51, half_life_days: 14, breaks_silence: true}"),
    "threshold": ("stages", "untouched_days: {at_least: 30}", "untouched_days: {at_least: 31}"),
    "text": ("stages", "Customer success looks after them", "Customer success looks after this customer"),
    "days": ("sweep", "sal: 21", "sal: 22"),
    "pool": ("routing", "new_per_day: 12 ", "new_per_day: 13 "),
    "meaning": ("statuses", "HOT_CALL_TODAY:       {means: none", "HOT_CALL_TODAY:       {means: accepted"),
    "holiday": ("company", "also: [2026-11-27, 2027-11-26]", "also: [2026-11-27]"),
    "free_mail": ("company", "common: true\n  also: []", "common: true\n  also: [mail.example]"),
    "limit": ("guard", "to_sales:    {percent: 2,", "to_sales:    {percent: 2.5,"),
    "wake": ("reasons", "wake_days: 90", "wake_days: 91"),
    "cell": ("matrix", "within: {business_days: 1}", "within: {business_days: 2}"),
    "persona": ("scoring", "    group: operations\n", "    group: administrators\n"),
    "scope": ("scope", "lifecycle: [customer, evangelist]", "lifecycle: [customer]"),
}


@pytest.mark.parametrize(("file", "old", "new"), RULES.values(), ids=RULES)
def test_any_rule_changes_the_digest(file: str, old: str, new: str, tmp_path: Path) -> None:
    """Whatever a decision could read belongs to it."""
    folder = copy_policy(tmp_path)
    change(folder, file, old, new)
    assert load_policy(folder).digest != load_policy().digest


def test_the_order_of_rules_changes_the_digest() -> None:
    """The first rule that holds fires, so the order is a rule."""
    policy = load_policy()
    turned = policy.model_copy(update={"transitions": policy.transitions[::-1]})
    assert policy_digest(turned) != policy.digest


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("stages", "# The rules. Read", "# A comment.\n\n\n# The rules. Read"),
        ("policy", "version: 1", "version: 2"),
        ("policy", "on: 2026-10-30", "on: 2026-11-02"),
        ("company", "work_days: [monday, tuesday,", "work_days: [tuesday, monday,"),
    ],
    ids=["comment", "version", "signature", "spelling"],
)
def test_what_decides_nothing_leaves_the_digest(file: str, old: str, new: str, tmp_path: Path) -> None:
    """A comment or a signature does not make every lead due again."""
    folder = copy_policy(tmp_path)
    change(folder, file, old, new)
    assert load_policy(folder).digest == load_policy().digest


def test_a_personal_field_counts_in_the_digest_and_any_other_leaves_it_as_it_was() -> None:
    """Traces change with the mark, so it belongs there; a test without one reads as it did before there were marks."""
    policy = load_policy()
    digests = {}
    for personal in (False, True):
        asked = Test(field="need", op=Operator.KNOWN, personal=personal)
        digests[personal] = policy_digest(policy.model_copy(update={"takes": Condition(all=(asked,))}))
    assert digests[False] != digests[True]
    assert "personal" not in str(_without(Test(field="need", op=Operator.KNOWN).model_dump(mode="json")))


def test_the_digest_is_the_same_in_another_process() -> None:
    """Nothing in it hangs on the order of a set or on the process's hash seed."""
    program = "from mappings.load import load_policy; print(load_policy().digest)"
    environment = {**os.environ, "PYTHONHASHSEED": "4711"}
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment, timeout=60)
    assert told.stdout.strip() == load_policy().digest
