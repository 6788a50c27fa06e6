"""The policy verbs are about the policy of this installation, unless another folder is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.errors import guarded
from cli.main import app
from cli.policy_verbs import folder_of
from mappings.load import SHIPPED


def test_the_folder_of_the_settings_is_meant_where_none_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HANDOFF_MAPPINGS", str(tmp_path))
    assert folder_of(None) == tmp_path
    (tmp_path / "another").mkdir()
    assert folder_of(tmp_path / "another") == tmp_path / "another"


@pytest.mark.parametrize("command", ["policy check", "policy test", "policy coverage", "policy sign sales --by me", "docs"])
def test_a_folder_that_is_not_there_is_named_and_nothing_else_is_told(
    command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whether it was named here or by the setting."""
    missing = tmp_path / "mapings"
    told: list[object] = []
    assert guarded(app, [*command.split(), "--policy", str(missing)], out=told.append) == 1
    monkeypatch.setenv("HANDOFF_MAPPINGS", str(missing))
    assert guarded(app, command.split(), out=told.append) == 1
    assert told == [f"{name}: there is no folder {missing}: make it, or correct the name" for name in ("--policy", "HANDOFF_MAPPINGS")]


def test_units_name_a_folder_that_is_not_there(tmp_path: Path) -> None:
    told: list[object] = []
    assert guarded(app, ["policy", "units", str(SHIPPED), str(tmp_path / "amer")], out=told.append) == 1
    assert told == [f"policy units: there is no folder {tmp_path / 'amer'}: make it, or correct the name"]
