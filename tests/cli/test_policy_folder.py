"""The policy verbs are about the policy of this installation, unless another folder is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.policy_verbs import folder_of


def test_the_folder_of_the_settings_is_meant_where_none_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HANDOFF_MAPPINGS", str(tmp_path))
    assert folder_of(None) == tmp_path
    assert folder_of(Path("another")) == Path("another")
