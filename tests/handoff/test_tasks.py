"""Tasks of ours that are taken back: which due time is somebody's own, what stands on the task, and what it says of work done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from handoff.facts import TAKEN_BACK, Activity, Actor, Kind, Ref
from handoff.tasks import LONGEST_SUBJECT, MARK, outcome_of, put_off, subject_after
from handoff.touches import read_history
from tests.handoff.makers import NOW
from tests.handoff.policies import compiled

DUE = datetime(2026, 11, 3, 15, 5, 7, 250, tzinfo=UTC)


@pytest.mark.parametrize(
    ("planned", "found", "moved"),
    [
        pytest.param(DUE, DUE.replace(microsecond=0), False, id="CRMs keep whole seconds or milliseconds"),
        pytest.param(DUE, datetime(2026, 11, 3, tzinfo=UTC), False, id="Salesforce keeps the day"),
        pytest.param(DUE, datetime(2026, 11, 4, tzinfo=UTC), True, id="another day"),
        pytest.param(DUE, DUE + timedelta(hours=1), True, id="another hour of the day"),
        pytest.param(DUE, None, True, id="the date was taken off"),
        pytest.param(None, None, False, id="never dated"),
        pytest.param(None, DUE, True, id="a person gave it a date"),
    ],
)
def test_another_due_time_is_a_persons(planned: datetime | None, found: datetime | None, *, moved: bool) -> None:
    assert put_off(planned, found) is moved


def test_the_mark_comes_once_and_goes_when_the_task_is_open_again() -> None:
    marked = subject_after("Call: Acme", "completed")
    assert marked == f"{MARK}Call: Acme"
    assert subject_after(marked, "completed") == marked
    assert subject_after(marked, "open") == "Call: Acme"
    assert len(subject_after("x" * LONGEST_SUBJECT, "completed")) == LONGEST_SUBJECT


def test_only_a_task_of_ours_can_be_taken_back() -> None:
    assert outcome_of(f"{MARK}Call", closed=True, ours=True) == TAKEN_BACK
    assert outcome_of(f"{MARK}Call", closed=True, ours=False) == "completed"
    assert outcome_of(f"{MARK}Call", closed=False, ours=True) == "open"


def test_a_task_that_was_taken_back_is_not_the_newest_task_of_an_episode() -> None:
    """It becomes known again when it is closed, which may be before the new owner's task is."""
    lead = Ref("salesforce", "Lead", "1")
    old = Activity("salesforce:Task:1", Kind.TASK, Actor.REP, lead, NOW, NOW, outcome=TAKEN_BACK, due_at=NOW, ours=True)
    history = read_history([old], NOW, compiled().intent, {})
    assert (history.our_task_known, history.our_task_open) == (None, False)
