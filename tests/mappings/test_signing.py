"""Signatures bind: they name the rules they were given for, and a changed rule is unsigned."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from mappings.load import SHIPPED, load_policy
from mappings.problems import PolicyErrors
from mappings.signing import sign
from tests.mappings.policy_folder import change, copy_policy

FOLDERS = (SHIPPED, *sorted((SHIPPED / "overlays").iterdir()))


@pytest.mark.requirement("R13")
@pytest.mark.parametrize("folder", FOLDERS, ids=[folder.name for folder in FOLDERS])
def test_what_ships_is_signed(folder: Path) -> None:
    """After a change of a shipped rule: handoff policy sign sales --by ..., and marketing, with --policy FOLDER."""
    assert load_policy(folder).unsigned == ()


@pytest.mark.requirement("R13", "R14")
def test_a_changed_rule_is_unsigned_until_both_sign_again(tmp_path: Path) -> None:
    folder = copy_policy(tmp_path)
    change(folder, "sweep", "target_account_days: 45", "target_account_days: 60")
    changed = load_policy(folder)
    assert changed.unsigned == ("sales", "marketing")
    sign(folder, "sales", "Ruth Delacroix", date(2026, 11, 22), changed.rules)
    assert load_policy(folder).unsigned == ("marketing",)
    sign(folder, "marketing", "Bianca Moretti", date(2026, 11, 22), changed.rules)
    assert load_policy(folder).unsigned == ()
    assert load_policy(folder).digest == changed.digest, "a signature makes no lead due again"


def test_a_comment_needs_no_signature(tmp_path: Path) -> None:
    folder = copy_policy(tmp_path)
    change(folder, "sweep", "target_account_days: 45", "target_account_days: 45  # a quarter and a half")
    assert load_policy(folder).unsigned == ()


def test_a_team_without_a_line_cannot_sign(tmp_path: Path) -> None:
    with pytest.raises(PolicyErrors, match="has no line for finance"):
        sign(copy_policy(tmp_path), "finance", "Nobody", date(2026, 11, 22), "0" * 12)
