"""What is read from the ledger alone can be read while a CRM is down, and before anything was ever run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cli.errors import guarded
from cli.main import app
from engine.undo import AGAIN, undo

sys.path.append(str(Path(__file__).parents[1] / "engine"))
from engine_worlds import place

NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation whose CRM answers nobody, with an empty home."""
    for name, value in {"HOME": str(tmp_path / "home"), "HUBSPOT_TOKEN": "unused", "HUBSPOT_BASE_URL": NOBODY}.items():
        monkeypatch.setenv(f"HANDOFF_{name}", value)
    return tmp_path


@pytest.fixture
def plan(down: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same with the ledger of a company, in which a plan gives one lead to a rep."""
    company = place(down)
    company.adopted()
    company.world.advance(days=1)
    company.asks(company.person("anna", days_old=0, owner="zoe"))
    made = company.sync().plan_id
    company.ledger.close()
    monkeypatch.setenv("HANDOFF_LEDGER_URL", f"sqlite:///{company.path}")
    return made


@pytest.mark.parametrize(
    ("command", "code", "says"),
    [
        ("runs", 0, "no run was made with this ledger yet"),
        ("exceptions", 0, "nothing needs a person"),
        ("sources", 0, "no source is stopped"),
        ("explain a@b.example", 1, "nobody here has that key"),
        ("show 1", 1, "there is no plan 1"),
        ("report sla", 1, "nothing was decided here yet"),
    ],
)
def test_an_empty_home_has_nothing_to_list_and_says_so(
    command: str, code: int, says: str, down: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[object] = []
    assert guarded(app, command.split(), out=told.append) == code
    assert says in " ".join([capsys.readouterr().out, *map(str, told)])


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("runs", "sync-leads"),
        ("exceptions", "nothing needs a person"),
        ("explain hubspot:contacts:h-anna", "hand_raise"),
        ("report sla", "h-anna"),
    ],
)
def test_the_ledger_is_read_while_the_crm_is_down(command: str, says: str, plan: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(app, command.split()) == 0
    assert says in capsys.readouterr().out


def test_a_plan_is_read_while_the_crm_is_down_and_owners_stand_by_their_ids(plan: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(app, ["show", plan]) == 0
    assert "offered; owner s-zoe -> s-ann" in capsys.readouterr().out


def test_what_needs_the_crm_says_that_it_does_not_answer(down: Path) -> None:
    """Who the reps are is known there alone."""
    told: list[object] = []
    assert guarded(app, ["capacity"], out=told.append) == 1
    assert "HubSpot" in str(told[0])
    assert "try again later" in str(told[0])


def test_a_plan_from_before_the_adoption_is_not_offered_for_approval(
    down: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    company = place(down)
    company.person("anna")
    made = company.sync().plan_id
    company.ledger.close()
    monkeypatch.setenv("HANDOFF_LEDGER_URL", f"sqlite:///{company.path}")
    assert guarded(app, ["show", made]) == 0
    told = capsys.readouterr().out
    assert "approve it with: handoff adopt" in told
    assert "handoff apply" not in told


def test_a_contradiction_is_listed_once_with_all_its_records(
    down: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each of its records needs a person, who corrects all of them at once; leads that a CRM refused stand for themselves."""
    company = place(down)
    contact = company.contact("amy")
    leads = [company.lead(name, hubspot_id=contact.id) for name in ("ben", "cyd")]
    company.adopted()
    for name in ("h-eli", "h-flo"):
        company.ledger.exceptions.report(f"hubspot:contacts:{name}", "refused", "a region is required", 1, company.world.now)
    company.ledger.close()
    monkeypatch.setenv("HANDOFF_LEDGER_URL", f"sqlite:///{company.path}")
    assert guarded(app, ["exceptions"]) == 1
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 4
    assert all(str(ref) in told[0].partition("since")[0] for ref in (contact, *leads))
    assert told[-1] == "1 ambiguous_identity, 2 refused"


def test_a_release_says_that_the_next_run_moves_the_leads_again(
    down: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    company = place(down)
    company.person("anna")
    made = company.adopted()
    undo(company.engine, made.run_id)
    company.ledger.close()
    monkeypatch.setenv("HANDOFF_LEDGER_URL", f"sqlite:///{company.path}")
    said = []
    for _ in range(2):
        assert guarded(app, ["release", made.run_id]) == 0
        said.append(capsys.readouterr().out)
    assert "1 leads were held" in said[0]
    assert AGAIN in said[0]
    assert "handoff plan" in said[0]
    assert AGAIN not in said[1], "nobody is held any more"
