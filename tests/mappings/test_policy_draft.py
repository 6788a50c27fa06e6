"""A draft is written from what a look found, loads only when people have decided, and never overwrites their work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from handoff.policy import Policy
from mappings.baseline import baseline_policy
from mappings.draft import write_draft
from mappings.guess import guess_meaning
from mappings.load import load_policy
from mappings.validate import FILL_IN
from tests.mappings.policy_folder import problems_of

FOUND = {
    "hubspot": {
        "NEW": 400,
        "OPEN": 30,
        "NURTURE": 3,
        "IN_PROGRESS": 1,
        "CONNECTED": 1,
        "OPEN_DEAL": 1,
        "UNQUALIFIED": 1,
        "SEQUENCE_Q3": 5,
        "HOT!!! call": 2,
    },
    "salesforce": {"Open - Not Contacted": 9, "Working - Contacted": 2, "Closed - Not Converted": 1, "Nurture": 1, "Left VM: x3": 7},
}
ANSWERS = {
    "company": ("Acme", "Europe/Madrid", "acme.example"),
    "policy": ("Acme handover", "Ann Sales", "2026-11-20", "Max Marketing", "2026-11-20"),
    "options": ("2026-11-19",),
}


def fill_in(folder: Path) -> None:
    """What two people do with a draft: answer every FILL IN, in order; for a status they take the guess beside it."""
    for name, answers in ANSWERS.items():
        text = (folder / f"{name}.yaml").read_text(encoding="utf-8")
        for answer in answers:
            text = text.replace(FILL_IN, answer, 1)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    statuses = folder / "statuses.yaml"
    taken = re.sub(rf"{FILL_IN}(.*perhaps )(\{{.*\}})$", r"\2\1", statuses.read_text(encoding="utf-8"), flags=re.MULTILINE)
    statuses.write_text(taken, encoding="utf-8")


def test_a_draft_names_every_line_to_fill_in(tmp_path: Path) -> None:
    """The unmapped statuses, the company's name and the signatures: nothing else is wrong with it."""
    folder = write_draft(FOUND, tmp_path / "draft")
    problems = problems_of(folder)
    assert {problem.what for problem in problems} == {"is not filled in yet"}
    lines = {
        (folder.parent / problem.where.rpartition(":")[0])
        .read_text(encoding="utf-8")
        .splitlines()[int(problem.where.rpartition(":")[2]) - 1]
        for problem in problems
    }
    assert all(FILL_IN in line for line in lines)
    statuses = [problem.path for problem in problems if "statuses.yaml" in problem.where]
    assert statuses == ["statuses.hubspot.SEQUENCE_Q3", "statuses.hubspot.HOT!!! call", "statuses.salesforce.Left VM: x3"]


def test_a_filled_draft_loads(tmp_path: Path) -> None:
    """With its own statuses and options, and the shipped rules."""
    folder = write_draft(FOUND, tmp_path / "draft")
    fill_in(folder)
    policy: Policy = load_policy(folder)
    assert set(policy.statuses["hubspot"]) == set(FOUND["hubspot"])
    assert policy.company.time_zone == "Europe/Madrid"
    assert not any(kind.ids for kind in policy.intent.forms)


@pytest.mark.parametrize("system", ["hubspot", "salesforce"])
def test_a_draft_for_one_crm_names_only_that_one(system: str, tmp_path: Path) -> None:
    """Either CRM alone is a first-class case."""
    folder = write_draft({system: FOUND[system]}, tmp_path / "draft")
    fill_in(folder)
    assert load_policy(folder).systems == (system,)


def test_a_draft_shows_how_often_a_status_is_in_use(tmp_path: Path) -> None:
    """The most frequent first: that is where deciding pays."""
    text = (write_draft(FOUND, tmp_path / "draft") / "statuses.yaml").read_text(encoding="utf-8")
    assert "NEW: {means: none, stage: offered, later: lead}   # 400 records" in text
    assert text.index("# 400 records") < text.index("# 30 records") < text.index("# 5 records")


def test_what_somebody_began_to_fill_in_stays(tmp_path: Path) -> None:
    """A second look writes only files that are not there."""
    folder = write_draft(FOUND, tmp_path / "draft")
    (folder / "statuses.yaml").write_text("mine", encoding="utf-8")
    (folder / "guard.yaml").unlink()
    write_draft({"hubspot": {"OTHER": 1}}, folder)
    assert (folder / "statuses.yaml").read_text(encoding="utf-8") == "mine"
    assert (folder / "guard.yaml").exists()


def test_the_baseline_knows_the_vendors_own_options_only() -> None:
    """Of Company A's 23 statuses, 9 are unmapped before there is a policy; and nobody has signed it."""
    baseline, policy = baseline_policy(), load_policy()
    unmapped = [option for system, options in policy.statuses.items() for option in options if option not in baseline.statuses[system]]
    assert len(unmapped) == 9
    assert baseline.approvals == ()
    assert baseline.digest != policy.digest


@pytest.mark.parametrize(
    ("option", "event"),
    [
        ("Left VM x3", "accepted"),
        ("Bad", "disqualified"),
        ("Recycled by Marketing", "nurture"),
        ("Not qualified - junk", "disqualified"),
        ("CLOSED_WON", "customer"),
        ("Booth list 2026", "none"),
        ("???", "none"),
    ],
)
def test_guesses_go_by_words(option: str, event: str) -> None:
    """A guess is only a comment in the draft, but a useful one."""
    assert f"means: {event}" in guess_meaning(option)
