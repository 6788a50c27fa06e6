"""CSV files kept by hand: what a spreadsheet program does to them is refused, for a line that is read wrongly is a person forgotten."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from mappings.exclusions import load_exclusions
from mappings.people import absence, load_people
from mappings.problems import PolicyErrors

HEAD = "email,role,manager,time_zone,weight,absent_from,absent_until,accounts,open_cap,new_per_day,pair\n"
ANN = "ann@acme.example,sdr,,,1,,,,,,\n"
BOB = ANN.replace("ann", "bob")


def _refused(load: Callable[[Path], object], path: Path) -> PolicyErrors:
    with pytest.raises(PolicyErrors) as caught:
        load(path)
    return caught.value


@pytest.mark.parametrize(
    ("raw", "line", "what"),
    [
        ((HEAD + ANN).encode("utf-16"), 1, "not UTF-8"),
        ((HEAD + ANN + "zoë@acme.example,sdr,,,,,,,,,\n").encode("cp1252"), 3, "not UTF-8"),
        ((HEAD + ANN).replace(",", ";").encode(), 1, "parted by semicolons"),
        ((HEAD + ANN).replace(",", "\t").encode(), 1, "parted by tabs"),
        (HEAD.replace("manager", "role").encode(), 1, "column 'role' stands twice"),
        (f'{HEAD}"{ANN}{BOB}'.encode(), 2, "is no line of a CSV file"),
        (f'{HEAD}"{ANN}{BOB[:-2]}"\n'.encode(), 2, "goes on over several lines"),
        (f"{HEAD}{ANN[:-1]},,one more\n".encode(), 2, "has 13 cells, and there are 11 columns"),
        (f"{HEAD}{ANN}{BOB}{ANN.upper().replace('SDR', 'sdr')}".encode(), 4, "stands twice"),
        (f"{HEAD}{ANN.replace(',1,', ',' + '9' * 5000 + ',')}".encode(), 2, "whole number from 1"),
        (f"{HEAD}{ANN.replace(',1,', ',٣,')}".encode(), 2, "whole number from 1"),
        (f"{HEAD}ann lee@acme.example,sdr,,,,,,,,,\n".encode(), 2, "is no e-mail address"),
        (f"{HEAD}ann@acme.example,sdr,bob,,,,,,,,\n".encode(), 2, "is no e-mail address"),
        (f"{HEAD}{'a' * 200_000},sdr,,,,,,,,,\n".encode(), 2, "field limit"),
    ],
)
def test_a_file_of_people_that_a_spreadsheet_broke_is_refused(raw: bytes, line: int, what: str, tmp_path: Path) -> None:
    """At its line, with a mend, and without a word of what stands in it about people."""
    (path := tmp_path / "people.csv").write_bytes(raw)
    problem = next(one for one in _refused(load_people, path).problems if what in one.what)
    assert problem.where == f"people.csv:{line}"
    assert problem.mend
    assert "ann" not in f"{problem.what} {problem.mend}"


def test_blanks_around_the_headings_hide_nobody(tmp_path: Path) -> None:
    """The columns were found, and the cells below them were not."""
    (path := tmp_path / "people.csv").write_text(HEAD.replace(",", " , ") + ANN, encoding="utf-8")
    assert [row.email for row in load_people(path)] == ["ann@acme.example"]


def test_an_absence_without_an_end_lasts(tmp_path: Path) -> None:
    """Personnel systems write 9999-12-31 for 'until further notice'; the day after it does not exist."""
    (path := tmp_path / "people.csv").write_text(f"{HEAD}ann@acme.example,sdr,,,,2026-12-01,9999-12-31,,,,\n", encoding="utf-8")
    (row,) = load_people(path)
    ((_, ends),) = absence(row, "Pacific/Auckland")
    assert row.absent_until is not None
    assert row.absent_until >= date(2200, 1, 1)
    assert ends > 7_000_000_000


def test_an_exclusion_of_a_mailbox_provider_is_refused(tmp_path: Path) -> None:
    """It would leave everybody with a private address alone; a single address there is somebody."""
    (path := tmp_path / "exclusions.csv").write_text("entry,list\nbob@gmail.com,board\nGmail.com,rivals\n", encoding="utf-8")
    (problem,) = _refused(load_exclusions, path).problems
    assert (problem.where, "gmail.com" in problem.what.casefold()) == ("exclusions.csv:3", True)
    assert "single addresses" in problem.mend


@pytest.mark.parametrize(
    "entry",
    [
        *(".", ".com", "rival.example.", "https://rival.example/", "www.rival.example", "*.rival.example"),
        *("@rival.example", "Bob <bob@rival.example>", "rival .example"),
    ],
)
def test_an_exclusion_that_would_never_match_is_refused(entry: str, tmp_path: Path) -> None:
    """It was taken as it stood, and nobody was left alone by it."""
    (path := tmp_path / "exclusions.csv").write_text(f"entry,list\n{entry},rivals\n", encoding="utf-8")
    (problem,) = _refused(load_exclusions, path).problems
    assert (problem.where, "company.example" in problem.mend, "rival" in str(problem)) == ("exclusions.csv:2", True, False)


def test_an_open_quote_does_not_swallow_the_exclusions_below_it(tmp_path: Path) -> None:
    (path := tmp_path / "exclusions.csv").write_text('entry,list\n"rival.example,rivals\nother.example,rivals\n', encoding="utf-8")
    (problem,) = _refused(load_exclusions, path).problems
    assert (problem.where, "close the quote" in problem.mend) == ("exclusions.csv:2", True)


def test_blanks_around_its_headings_lose_no_exclusion(tmp_path: Path) -> None:
    (path := tmp_path / "exclusions.csv").write_text("entry , list\nrival.example,rivals\n", encoding="utf-8")
    assert list(load_exclusions(path).values()) == ["rivals"]
