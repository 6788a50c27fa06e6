"""Cases beside a policy: the shipped ones hold, each because of the part it names, and a case that shows nothing is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from handoff.policy import Policy
from mappings.cases import PolicyCase, load_cases, play
from mappings.load import SHIPPED, load_policy
from mappings.problems import PolicyErrors
from mappings.take_out import taken_out

FILES = sorted((SHIPPED / "cases").glob("*.yaml"))
CASES = [case for path in FILES for case in load_cases(path)]
HAND_RAISE = """
about: Requests
cases:
  - case: Who asks for a price goes to sales
    stage: nurture
    did: [{what: form, subject: pricing, at: -3m}]
    expect: {stage: offered}
"""


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy()


@pytest.mark.parametrize("case", CASES, ids=[case.shape.case for case in CASES])
def test_a_shipped_case_holds_and_fails_without_its_part(case: PolicyCase, policy: Policy) -> None:
    """What the case says is what the policy decides, and taking the named part out changes it."""
    (played,) = play((case,), policy)
    assert not played.misses, f"{case.where}: {played.misses}"
    assert not played.idle, f"{case.where}: holds without {case.shape.without}, too"
    assert case.shape.without or not case.shape.requirements, f"{case.where}: names no part, so it shows no requirement"


def written(folder: Path, text: str) -> tuple[PolicyCase, ...]:
    path = folder / "requests.yaml"
    path.write_text(text, encoding="utf-8")
    return load_cases(path)


def test_a_difference_is_told_in_words(tmp_path: Path, policy: Policy) -> None:
    (played,) = play(written(tmp_path, HAND_RAISE.replace("stage: offered", "stage: sal, owner: nobody@team.example")), policy)
    assert played.misses[0] == "stage: expected 'sal', got 'offered' (rule hand_raise)"
    assert played.misses[1].startswith("owner: expected 'nobody@team.example', got '")


def test_a_case_that_holds_without_its_part_shows_nothing(tmp_path: Path, policy: Policy) -> None:
    (played,) = play(written(tmp_path, HAND_RAISE.replace("stage: nurture", "stage: nurture\n    without: scope.customer")), policy)
    assert played.idle
    assert not played.holds


def test_a_part_that_is_not_there_is_named(tmp_path: Path, policy: Policy) -> None:
    (played,) = play(written(tmp_path, HAND_RAISE.replace("stage: nurture", "stage: nurture\n    without: transitions.hand_rais")), policy)
    assert "there is no 'hand_rais' here" in played.misses[0]


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("at: -3m", "at: three minutes ago", "is no time: write -2h"),
        ("stage: nurture", "stage: nurture\n    before: {ofered_at: -1d}", "nothing of that name is remembered"),
    ],
)
def test_a_case_that_cannot_be_played_says_why(old: str, new: str, what: str, tmp_path: Path, policy: Policy) -> None:
    (played,) = play(written(tmp_path, HAND_RAISE.replace(old, new)), policy)
    assert what in played.misses[0]


def test_a_mistake_in_a_case_file_has_its_line(tmp_path: Path) -> None:
    with pytest.raises(PolicyErrors, match=r"requests.yaml:6 .*unknown word 'fax'"):
        written(tmp_path, HAND_RAISE.replace("what: form", "what: fax"))


def test_parts_are_taken_out_wherever_they_stand(policy: Policy) -> None:
    assert "silent" not in [rule.name for rule in taken_out(policy, "transitions.silent").transitions]
    assert "sal" not in taken_out(policy, "silence.days.sal").silence.days
    assert taken_out(policy, "intent.bar").intent.bar == 0
    assert [entry.team for entry in taken_out(policy, "approvals.sales").approvals] == ["marketing"]
