"""Files that are not what their name says, and files that nobody would read: refused, never passed over in silence."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from mappings.load import SHIPPED, load_policy
from mappings.problems import MOST_SAID, PolicyErrors, Problem
from mappings.signing import sign
from tests.mappings.policy_folder import copy_policy, problems_of

_DAY = date(2026, 11, 30)
SIGNED = "approvals: [{team: sales, by: Ann, on: 2026-01-01}, {team: marketing, by: Bob, on: 2026-01-01}]\n"


def overlay(folder: Path, **files: str) -> Path:
    """A policy that extends the shipped one, with these files of its own."""
    target = folder / "mappings"
    target.mkdir()
    (target / "policy.yaml").write_text(f"extends: {SHIPPED}\nname: Ours\nversion: 1\nhandover_at: offered\n{SIGNED}", encoding="utf-8")
    for name, text in files.items():
        (target / f"{name}.yaml").write_text(text, encoding="utf-8")
    return target


def test_the_line_of_a_sign_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    """An editor that saves in another encoding breaks one line, not the first."""
    folder = copy_policy(tmp_path)
    (folder / "guard.yaml").write_bytes(b"# one\n# two\n# M\xfcller\n")
    (problem,) = problems_of(folder)
    assert (problem.where, "UTF-8" in problem.mend) == ("mappings/guard.yaml:3", True)


@pytest.mark.parametrize("nesting", ["[" * 5000 + "]" * 5000, "{x: " * 3000 + "1" + "}" * 3000])
def test_nesting_without_end_is_a_mistake_and_no_crash(nesting: str, tmp_path: Path) -> None:
    folder = copy_policy(tmp_path)
    (folder / "guard.yaml").write_text(f"limits: {nesting}\n", encoding="utf-8")
    assert any("nested more than" in problem.what for problem in problems_of(folder))


@pytest.mark.parametrize(
    ("name", "meant"), [("stagess.yaml", "stages.yaml"), ("stages.yml", "stages.yaml"), ("Routing (1).yaml", "routing.yaml")]
)
def test_a_file_under_a_name_that_nothing_reads_is_refused(name: str, meant: str, tmp_path: Path) -> None:
    """Its rules would silently not count."""
    folder = overlay(tmp_path)
    (folder / name).write_text("rules: []\n", encoding="utf-8")
    (problem,) = problems_of(folder)
    assert (problem.where, meant in problem.mend) == (f"mappings/{name}:1", True)


def test_a_link_to_nothing_in_an_overlay_is_no_file_that_was_left_out(tmp_path: Path) -> None:
    folder = overlay(tmp_path)
    (folder / "stages.yaml").symlink_to(tmp_path / "gone.yaml")
    assert [problem.what for problem in problems_of(folder)] == ["is no file"]


@pytest.mark.parametrize("text", ["- {name: mql_expired, remove: true}\n", "rules\n", "~\n"])
def test_an_overlay_file_that_holds_no_keys_is_refused(text: str, tmp_path: Path) -> None:
    """It was taken for one that changes nothing."""
    (problem,) = problems_of(overlay(tmp_path, stages=text))
    assert (problem.where, problem.what.startswith("holds keys")) == ("mappings/stages.yaml:1", True)


@pytest.mark.parametrize("said", ["yes", '"true"', "false", "true, to: lead"])
def test_remove_is_true_and_stands_alone(said: str, tmp_path: Path) -> None:
    """Anything else left the rule in the policy that its author thought was gone."""
    (problem,) = problems_of(overlay(tmp_path, stages=f"rules:\n  - {{name: stale, remove: {said}}}\n"))
    assert (problem.where, problem.path, "remove" in problem.mend) == ("mappings/stages.yaml:2", "rules.stale", True)


@pytest.mark.parametrize("before", ["[customer_won]", ""])
def test_before_names_one_entry(before: str, tmp_path: Path) -> None:
    (problem,) = problems_of(overlay(tmp_path, stages=f"rules:\n  - {{name: mql_expired, before: {before}}}\n"))
    assert (problem.what, "customer_won" in problem.mend) == ("says before, but not before what", True)


@pytest.mark.parametrize("base", ["7", '"a\\0b"', "a" * 5000, "."])
def test_what_is_extended_has_to_be_another_policy(base: str, tmp_path: Path) -> None:
    folder = copy_policy(tmp_path)
    text = (folder / "policy.yaml").read_text(encoding="utf-8")
    (folder / "policy.yaml").write_text(f"extends: {base}\n{text}", encoding="utf-8")
    (problem,) = problems_of(folder)
    assert (problem.where, problem.path) == ("mappings/policy.yaml:1", "extends")


def test_a_matrix_that_cannot_be_read_is_the_only_mistake(tmp_path: Path) -> None:
    """Every rule that names one of its cells would be a mistake that is none."""
    folder = copy_policy(tmp_path)
    (folder / "matrix.yaml").write_text("- cells\n", encoding="utf-8")
    assert [problem.where for problem in problems_of(folder)] == ["mappings/matrix.yaml:1"]


def test_a_thousand_mistakes_are_not_all_printed() -> None:
    errors = PolicyErrors([Problem(f"people.csv:{line}", "role", "unknown role", "use one of: sdr") for line in range(2, 1002)])
    assert len(errors.problems) == 1000
    assert str(errors).splitlines()[2 * MOST_SAID :] == ["and 800 more mistakes"]


@pytest.mark.parametrize("name", ["Ann, on: 2020-01-01}", "true", 'Ann "The Pen" Lee', "12", "{foo", "Zoë O'Neill-García"])
def test_a_signature_is_read_back_as_it_was_given(name: str, tmp_path: Path) -> None:
    """A comma or a brace in a name broke the file that was signed."""
    folder = copy_policy(tmp_path)
    sign(folder, "sales", name, _DAY, "0123456789ab")
    assert next(one.by for one in load_policy(folder).approvals if one.team == "sales") == name


@pytest.mark.parametrize("name", ["", "   ", "x"])
def test_nobody_signs_without_a_name(name: str, tmp_path: Path) -> None:
    folder = copy_policy(tmp_path)
    before = (folder / "policy.yaml").read_bytes()
    with pytest.raises(PolicyErrors, match="too short"):
        sign(folder, "sales", name, _DAY, "0123456789ab")
    assert (folder / "policy.yaml").read_bytes() == before
