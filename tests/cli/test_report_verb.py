"""`handoff report` over a ledger that a small company has filled. The CRMs' addresses answer nobody: asking one would fail."""

from __future__ import annotations

import csv
import io
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from cli.errors import guarded
from cli.main import app
from engine.report_table import Table, median, period, write_tables

sys.path.append(str(Path(__file__).parents[1] / "engine"))
from engine_worlds import Place, place


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A company with one offered lead, and an environment that points to its ledger."""
    company = place(tmp_path)
    _play(company)
    company.ledger.close()
    settings = {
        "HOME": str(tmp_path),
        "LEDGER_URL": f"sqlite:///{company.path}",
        "HUBSPOT_TOKEN": "unused",
        "HUBSPOT_BASE_URL": "http://127.0.0.1:9",
        "SALESFORCE_CLIENT_ID": "unused",
        "SALESFORCE_CLIENT_SECRET": "unused",
        "SALESFORCE_INSTANCE_URL": "http://127.0.0.1:9",
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"HANDOFF_{name}", value)
    return tmp_path


def _play(company: Place) -> None:
    company.adopted()
    company.world.advance(days=1)
    company.asks(company.person("anna", days_old=0, owner="zoe", campaign="=HYPERLINK(1)", source="WEBINAR"))
    company.sync()


@pytest.mark.requirement("R72")
def test_the_sla_report_prints_a_sentence_and_its_rows(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(app, ["report", "sla", "--by", "week"]) == 0
    told = capsys.readouterr().out
    assert "Leads handed to reps per week" in told
    assert "2026-W45" in told
    assert "hubspot:contacts:h-anna" in told, "it waits for its first answer"
    assert "Anna" not in told
    assert "by_rep" not in told


@pytest.mark.requirement("R73")
def test_only_the_managers_view_names_a_rep(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ("Ann", "Bob", "Cat", "Dan", "Eve", "Fay")
    guarded(app, ["report", "sla"])
    assert not set(names) & set(capsys.readouterr().out.split())
    guarded(app, ["report", "sla", "--managers"])
    assert set(names) & set(capsys.readouterr().out.split())


@pytest.mark.requirement("R94")
def test_csv_has_the_tables_name_first_and_runs_nothing_in_a_spreadsheet(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(app, ["report", "outcomes", "--csv"]) == 0
    read = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert read[0][:4] == ["table", "month", "source", "handed over"]
    assert ["by_source", "2026-11", "WEBINAR", "1"] in [row[:4] for row in read]
    assert ["by_campaign", "2026-11", "'=HYPERLINK(1)", "1"] in [row[:4] for row in read]


@pytest.mark.requirement("R25")
def test_without_wins_nothing_is_suggested(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(app, ["report", "lookalike"]) == 0
    told = capsys.readouterr().out
    assert "0 won leads" in told
    assert "unstable" in told


def test_a_table_without_rows_says_so() -> None:
    assert Table("t", "Nobody waits.", ("lead",), ()).lines() == ["Nobody waits.", "  (none)"]


def test_numbers_stand_to_the_right() -> None:
    assert Table("t", "Leads.", ("who", "leads"), (("a", 1200), ("bb", None))).lines() == ["Leads.", "  who  leads", "  a    1,200", "  bb"]


def test_an_empty_csv_still_has_its_columns() -> None:
    out = io.StringIO()
    write_tables([Table("t", "Leads.", ("lead",), ())], out)
    assert out.getvalue() == "table,lead\n"


@pytest.mark.requirement("R72")
def test_periods_at_the_turn_of_the_year() -> None:
    """The first of January 2027 is a Friday of the last ISO week of 2026."""
    assert [period(date(2027, 1, 1), span) for span in ("week", "month", "quarter")] == ["2026-W53", "2027-01", "2027-Q1"]
    assert period(date(2026, 12, 31), "quarter") == "2026-Q4"


def test_the_median_is_the_lower_middle() -> None:
    assert (median(Counter()), median(Counter({3: 1, 5: 1})), median(Counter({3: 1, 5: 2, 90: 1}))) == (None, 3, 5)
