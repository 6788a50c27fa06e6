"""What the everyday commands say when they are used wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.errors import guarded
from cli.main import app


def test_a_moment_that_is_none_is_refused_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(app, ["explain", "hubspot:contacts:1", "--at", "yesterday"]) == 1
    assert "write it as 2026-11-03" in capsys.readouterr().out


@pytest.mark.parametrize(
    "command", [["release", "3"], ["reconcile"], ["undo", "3"], ["apply", "3"], ["capacity"], ["more", "a@x.example", "3"]]
)
def test_without_credentials_every_command_says_what_to_set(command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HANDOFF_HUBSPOT_TOKEN", "HANDOFF_SALESFORCE_CLIENT_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HANDOFF_HOME", str(tmp_path))
    told: list[object] = []
    assert guarded(app, command, out=told.append) == 1
    assert "no CRM is configured" in str(told[0])
