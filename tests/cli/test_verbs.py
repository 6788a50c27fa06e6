"""What the everyday commands say when they are used wrongly."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from cli.errors import guarded
from cli.main import app
from mappings.problems import MORE_MAY_FOLLOW
from tests.mappings.policy_folder import change, copy_policy

ROOT = Path(__file__).parents[2]


def test_a_moment_that_is_none_is_refused_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(app, ["explain", "hubspot:contacts:1", "--at", "yesterday"]) == 2
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


def test_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert guarded(app, ["--version"]) == 0
    assert capsys.readouterr().out.strip() == project["version"]


def test_a_folder_is_checked_by_its_place_or_by_the_name_that_the_other_verbs_have(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(copy_policy(tmp_path))
    assert [guarded(app, ["policy", "check", folder]), guarded(app, ["policy", "check", "--policy", folder])] == [0, 0]
    first, second = capsys.readouterr().out.split("policy ")[1:]
    assert first == second


def test_a_check_that_stops_at_the_shape_says_that_more_may_follow(tmp_path: Path) -> None:
    """A wrong key hides what only whole files show: here, a bar outside the limits."""
    folder = copy_policy(tmp_path)
    change(folder, "routing", "  highest: 65", "  highest: 45")
    told: list[object] = []
    assert guarded(app, ["policy", "check", str(folder)], out=told.append) == 1
    assert MORE_MAY_FOLLOW not in str(told[0])
    change(folder, "guard", "tasks_per_rep_per_day", "task_per_rep_per_day")
    assert guarded(app, ["policy", "check", str(folder)], out=told.append) == 1
    assert str(told[1]).endswith(MORE_MAY_FOLLOW)
    assert "lies outside 40 to 45" in str(told[0])
    assert "lies outside 40 to 45" not in str(told[1])


@pytest.mark.parametrize("number", ["99999999999999999999999", "9" * 5000, "²", "-1", "abc", "0"])
@pytest.mark.parametrize("command", ["show", "apply", "undo"])
def test_a_number_that_no_plan_and_no_run_has_is_told_in_words(
    command: str, number: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is typed or pasted there: nothing is looked up that no database can hold."""
    monkeypatch.setenv("HANDOFF_HOME", str(tmp_path))
    monkeypatch.setenv("HANDOFF_HUBSPOT_TOKEN", "pat-na1-test")
    monkeypatch.setenv("HANDOFF_CRMS", "hubspot")
    told: list[object] = []
    assert guarded(app, [command, "--", number], out=told.append) == 1
    assert "there is no " in str(told[0])


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("", encoding="utf-8")
    told: list[object] = []
    assert guarded(app, ["docs", "--out", str(tmp_path / "taken")], out=told.append) == 1
    assert str(told[0]).startswith(str(tmp_path / "taken"))


def test_a_file_that_is_no_ledger_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ledger.db").write_text("no database " * 1000, encoding="utf-8")
    monkeypatch.setenv("HANDOFF_HOME", str(tmp_path))
    monkeypatch.setenv("HANDOFF_HUBSPOT_TOKEN", "pat-na1-test")
    told: list[object] = []
    assert guarded(app, ["runs"], out=told.append) == 1
    assert "the ledger cannot be opened, read or written" in str(told[0])
    assert "HANDOFF_LEDGER_URL" in str(told[0])
