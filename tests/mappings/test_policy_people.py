"""People from one CSV, and one policy for a company that runs only one of the CRMs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from handoff.decision import Rep
from mappings.load import SHIPPED, load_policy
from mappings.narrow import narrowed
from mappings.people import absence, account_owners, load_people, with_people
from mappings.problems import PolicyErrors

HEAD = "email,role,manager,time_zone,weight,absent_from,absent_until,accounts,open_cap,new_per_day,pair\n"


def test_the_example_shows_every_column() -> None:
    """It loads, and each column is used in it."""
    rows = load_people(SHIPPED / "people.example.csv")
    assert [row.role for row in rows] == ["sdr", "sdr", "", "ae", "manager", "manager"]
    assert [bool(absence(row, "UTC")) for row in rows] == [False, True, True, False, False, False]
    assert [(row.open_cap, row.new_per_day, row.pair) for row in rows[1:4:2]] == [(60, 6, ""), (None, None, "rep.one@acme.example")]
    assert {row.manager for row in rows} - {""} <= {row.email for row in rows}, "every manager has a line"
    assert account_owners(rows) == {"northwind.example": "executive@acme.example", "halvorsen.example": "executive@acme.example"}


def test_the_file_adds_to_what_the_crms_say(tmp_path: Path) -> None:
    """Blank cells leave the CRM's word; nobody is added who has no account."""
    path = tmp_path / "people.csv"
    path.write_text(f"{HEAD}Ann@Acme.example,sdr,,,2,,,,,,\nstranger@acme.example,sdr,,,,,,,,,\n", encoding="utf-8")
    ann = Rep("ann@acme.example", "Ann", "other", True, {"hubspot": "1"}, "Europe/Madrid", "boss@acme.example")
    made = with_people({ann.key: ann}, load_people(path))
    assert list(made) == [ann.key]
    assert (made[ann.key].role, made[ann.key].weight, made[ann.key].time_zone, made[ann.key].manager) == (
        "sdr",
        2,
        "Europe/Madrid",
        "boss@acme.example",
    )


@pytest.mark.parametrize(
    ("line", "column", "mend"),
    [
        ("ann,sdr,,,,,,", "email", "the address the person logs in with"),
        ("a@x.example,sdrr,,,,,,", "role", "did you mean 'sdr'?"),
        ("a@x.example,sdr,,Mars/Base,,,,", "time_zone", "America/Chicago"),
        ("a@x.example,sdr,,,0,,,", "weight", "leave it blank for 1"),
        ("a@x.example,sdr,,,,soon,,", "absent_from", "YYYY-MM-DD"),
        ("a@x.example,sdr,,,,2026-12-24,2026-12-20,", "absent_until", "the earlier day first"),
        ("a@x.example,sdr,,,,,,,many,,", "open_cap", "the pool's bound"),
        ("a@x.example,sdr,,,,,,,,,A@x.example", "pair", "works the same accounts"),
    ],
)
def test_a_wrong_cell_is_named(line: str, column: str, mend: str, tmp_path: Path) -> None:
    """By line and column, with a mend."""
    path = tmp_path / "people.csv"
    path.write_text(f"{HEAD}{line}\n", encoding="utf-8")
    with pytest.raises(PolicyErrors) as caught:
        load_people(path)
    (problem,) = caught.value.problems
    assert (problem.where, problem.path) == ("people.csv:2", column)
    assert mend in problem.mend


@pytest.mark.requirement("R48", "R65")
def test_an_absence_is_whole_days_in_the_persons_own_zone(tmp_path: Path) -> None:
    """Both dates belong to it, and the day on which the clocks change has 25 hours."""
    path = tmp_path / "people.csv"
    path.write_text(f"{HEAD}ann@acme.example,,,America/New_York,,2026-10-31,2026-11-01,,80,0,\n", encoding="utf-8")
    ann = Rep("ann@acme.example", "Ann", "sdr", True, {}, "Europe/Madrid")
    made = with_people({ann.key: ann}, load_people(path))[ann.key]
    begins, ends = (datetime.fromisoformat(text).timestamp() for text in ("2026-10-31T04:00+00:00", "2026-11-02T05:00+00:00"))
    assert made.away == ((int(begins), int(ends)),)
    assert (made.open_cap, made.new_per_day) == (80, 0)


@pytest.mark.requirement("R65")
def test_a_further_line_gives_a_further_absence_and_a_comment_nothing(tmp_path: Path) -> None:
    """The person's zone and bounds stay; the file's absences stand in place of the CRM's."""
    path = tmp_path / "people.csv"
    first, further = "ann@acme.example,sdr,,UTC,,2026-12-21,2026-12-23,,80,,", "Ann@acme.example,,,,,2027-03-08,,,,,"
    path.write_text(f"{HEAD}# the head of the file, said in words\n{first}\n{further}\n", encoding="utf-8")
    ann = Rep("ann@acme.example", "Ann", "other", True, {}, "Europe/Madrid", away=((1, 2),))
    made = with_people({ann.key: ann}, load_people(path))[ann.key]
    days = [tuple(datetime.fromtimestamp(at, UTC).date().isoformat() for at in window) for window in made.away]
    assert days == [("2026-12-21", "2026-12-24"), ("2027-03-08", "2027-03-09")]
    assert (made.role, made.time_zone, made.open_cap) == ("sdr", "UTC", 80)


def test_an_unknown_column_and_a_double_line_are_named(tmp_path: Path) -> None:
    """A misspelt column would silently be nobody's."""
    path = tmp_path / "people.csv"
    path.write_text("email,rolle\na@x.example,sdr\nA@x.example,ae\n", encoding="utf-8")
    with pytest.raises(PolicyErrors, match=r"unknown column 'rolle'\n    did you mean 'role'") as caught:
        load_people(path)
    assert any("stands twice" in problem.what for problem in caught.value.problems)


def test_a_company_with_one_crm_is_not_held_up_by_the_other() -> None:
    """Only the connected CRM's options, projections and activity sources are left, under a digest of their own."""
    policy = load_policy()
    alone = narrowed(policy, {"hubspot"})
    assert alone.systems == ("hubspot",)
    assert set(alone.silence.sources) == set(alone.statuses) == {"hubspot"}
    assert alone.sources["legal_basis"] == ("hubspot",)
    assert all(set(stage.project) <= {"hubspot"} for stage in alone.stages.values())
    assert alone.digest != policy.digest
    assert narrowed(policy, {"hubspot", "salesforce"}) is policy
    with pytest.raises(ValueError, match="not for no CRM at all"):
        narrowed(policy, set())
