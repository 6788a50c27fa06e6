"""Each kind of mistake is refused with its file, its line, what is wrong, and a mend that a RevOps person can act on."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from tests.mappings.policy_folder import change, copy_policy, problems_of


class Mistake(NamedTuple):
    """`old` becomes `new` in a file; the message holds `what` and `mend`, at the changed line or where `at` stands afterwards."""

    file: str
    old: str
    new: str
    what: str
    mend: str
    at: str = ""


MISTAKES = {
    name: Mistake(**row) for name, row in yaml.safe_load((Path(__file__).parent / "mistakes.yaml").read_text(encoding="utf-8")).items()
}


@pytest.mark.requirement("R12", "R93")
@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_with_its_line_and_its_mend(mistake: Mistake, tmp_path: Path) -> None:
    """The message holds what is wrong and how to mend it, at the line that a person has to change."""
    folder = copy_policy(tmp_path)
    line = change(folder, mistake.file, mistake.old, mistake.new)
    found = [problem for problem in problems_of(folder) if mistake.what in problem.what]
    assert found, [str(problem) for problem in problems_of(folder)]
    assert mistake.mend in found[0].mend
    text = (folder / f"{mistake.file}.yaml").read_text(encoding="utf-8")
    wanted = text.count("\n", 0, text.index(mistake.at)) + 1 if mistake.at else line
    assert found[0].where == f"mappings/{mistake.file}.yaml:{wanted}"
    assert str(found[0]).split("\n")[1].startswith("    ")


def test_all_mistakes_of_all_files_come_at_once(tmp_path: Path) -> None:
    """Nobody mends one line, runs again, and finds the next."""
    folder = copy_policy(tmp_path)
    for mistake in (MISTAKES["operator"], MISTAKES["pool"], MISTAKES["weights"], MISTAKES["option_without_meaning"]):
        change(folder, mistake.file, mistake.old, mistake.new)
    files = {problem.where.partition(":")[0] for problem in problems_of(folder)}
    assert files == {"mappings/stages.yaml", "mappings/routing.yaml", "mappings/scoring.yaml", "mappings/statuses.yaml"}


def parked(folder: Path, rule: str = "") -> None:
    """Adds a stage that contacts with lifecycle 'other' start in, and that no rule for `any` leads out of."""
    stages = folder / "stages.yaml"
    every = "[lead, mql, offered, sal, sql, opportunity, nurture, low_fit, disqualified]"
    stages.write_text(stages.read_text(encoding="utf-8").replace("from: [any]", f"from: {every}"), encoding="utf-8")
    stage = "  parked:\n    label: Parked\n    side: marketing\n    owner: keep\n    meaning: Waits for somebody to look.\n"
    change(folder, "stages", "  customer:\n    label", f"{stage}  customer:\n    label")
    change(folder, "stages", "rules:\n", f"rules:\n{rule}")
    change(folder, "statuses", "  other: lead", "  other: parked")


def test_a_stage_that_cannot_be_left_is_a_dead_end(tmp_path: Path) -> None:
    """A stage without a way out is named, at its own line."""
    folder = copy_policy(tmp_path)
    parked(folder)
    (problem,) = problems_of(folder)
    assert (problem.path, "nobody ever leaves" in problem.what, "final: true" in problem.mend) == ("stages.parked", True, True)


def test_a_stage_that_only_people_can_end_is_a_dead_end(tmp_path: Path) -> None:
    """Time alone must lead on, or a lead that nobody touches stays for ever: that is what limbo is."""
    folder = copy_policy(tmp_path)
    rule = "  - {name: looked_at, from: [parked], to: lead, when: {status.event: reopened}, next_step: Judge, reason: Reopened}\n"
    parked(folder, rule)
    (problem,) = problems_of(folder)
    assert (problem.path, "stay for ever" in problem.what, "untouched_days" in problem.mend) == ("stages.parked", True, True)


def test_a_final_stage_with_a_way_out_is_refused(tmp_path: Path) -> None:
    """`final` says that no rule leads out; a rule that does makes one of the two untrue."""
    folder = copy_policy(tmp_path)
    change(folder, "stages", "  disqualified:\n    label: Disqualified\n", "  disqualified:\n    final: true\n    label: Disqualified\n")
    assert any("is final, but rule 'declined_to_colleague' leads out of it" in problem.what for problem in problems_of(folder))


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("    when: {last_call.due: true}", "    when: {silence.due: true}", "no rule reads last_call.due"),
        ("recycle.cooled: true", "contactable: true", "nothing reads recycle.cooled"),
        (
            "    continues: true\n    when: {kept: true}",
            "    when: {kept: true}\n    needs_owner: true\n    continues: true",
            "continues a stage it leaves",
        ),
    ],
)
def test_what_is_switched_on_must_be_read_and_what_goes_on_must_stay(old: str, new: str, what: str, tmp_path: Path) -> None:
    """The mistake is in one file and shows in another."""
    folder = copy_policy(tmp_path)
    while old in (folder / "stages.yaml").read_text(encoding="utf-8").replace(new, ""):
        change(folder, "stages", old, new)
    assert any(what in problem.what for problem in problems_of(folder))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A folder without one of the files says which."""
    folder = copy_policy(tmp_path)
    (folder / "reasons.yaml").unlink()
    assert [(problem.where, problem.what) for problem in problems_of(folder)] == [("mappings/reasons.yaml:1", "the file is missing")]


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    """An empty file is a mistake, not an empty policy."""
    folder = copy_policy(tmp_path)
    (folder / "guard.yaml").write_text("", encoding="utf-8")
    assert [(problem.where, problem.what) for problem in problems_of(folder)] == [("mappings/guard.yaml:1", "the file is empty")]
