"""One table says how a run that waits for a person looks in Prefect; the runbook explains each entry; an outage of Prefect fails no run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from engine.report import Status
from flows.marks import MARKS, mark, state_name, unmark

sys.path.append(str(Path(__file__).parents[1] / "engine"))
from engine_worlds import Place, place

RUNBOOK = (Path(__file__).parents[2] / "docs" / "runbook.md").read_text(encoding="utf-8")


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Place]:
    made = place(tmp_path)
    yield made
    made.ledger.close()


@pytest.mark.parametrize("status", MARKS)
def test_the_runbook_explains_every_mark(status: Status) -> None:
    assert f"run state **{MARKS[status].state}**" in RUNBOOK
    assert f"tag `{MARKS[status].tag}`" in RUNBOOK


def test_what_ended_well_is_completed() -> None:
    assert {status: state_name(status) for status in Status if status not in MARKS} == {
        Status.DONE: "Completed",
        Status.NOTHING_TO_DO: "Completed",
    }


def test_a_run_that_has_written_does_not_fail_when_prefect_does_not_answer(company: Place, caplog: pytest.LogCaptureFixture) -> None:
    summary = company.adopted()
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api", PREFECT_CLIENT_MAX_RETRIES: 0}):
        unmark(company.engine, summary)
        mark(replace(summary, status=Status.NEEDS_APPROVAL))
    assert [record.name for record in caplog.records if "not marked" in record.message] == ["handoff.marks"] * 2
