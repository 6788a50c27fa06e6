"""Tasks whose lead has moved on are taken back, in words on the task; what a person has taken in hand is left to him."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path

import pytest
from engine_worlds import Place, copy_of
from fake_crm import Killed, Row, killed_at
from read_only import no_writes

from engine.apply_plan import apply_plan
from engine.show import planned_leads, write_csv
from engine.sync import sync
from engine.undo import undo
from handoff.facts import Ref, State
from handoff.tasks import MARK
from ledger.values import LineState


def tasks_of(company: Place, ref: Ref) -> list[Row]:
    """The tasks on one record, the oldest first."""
    return [row for new, row in company.crms[ref.system].tasks.values() if ref in new.about]


def task(company: Place, row: Row) -> Ref:
    """The reference of a task of the system of record."""
    return Ref(company.main.system, company.main.task_object, row.id)


def said(row: Row) -> tuple[str, bool]:
    """(status, whether the subject says that the task was taken back)."""
    return row.fields["status"], row.fields["subject"].startswith(MARK)


def asked(company: Place, name: str = "nina") -> Ref:
    """Somebody asks for a demo, and is offered with a task."""
    ref = company.person(name, days_old=0, owner="ann")
    company.asks(ref)
    company.sync()
    assert [said(row) for row in tasks_of(company, ref)] == [("open", False)]
    return ref


def unanswered(company: Place) -> Ref:
    """Nobody answers for half a business hour: another rep is due to get the lead."""
    company.adopted()
    ref = asked(company)
    company.world.advance(minutes=31)
    return ref


@pytest.mark.requirement("R69")
def test_a_lead_that_gets_another_owner_leaves_no_call_with_the_one_before(company: Place) -> None:
    ref = unanswered(company)
    before = company.main.value(ref, "owner")
    company.sync()
    assert company.main.value(ref, "owner") != before
    old, new = tasks_of(company, ref)
    assert (said(old), said(new)) == (("completed", True), ("open", False))
    assert old.fields["owner"] == before
    with no_writes(company):
        again = company.sync()
    assert (again.counts.lines, again.counts.effects) == (0, 0)


@pytest.mark.parametrize("status", ["Nurture", "Closed - Not Converted"])
def test_a_lead_that_sales_gives_back_or_closes_leaves_no_call(company: Place, status: str) -> None:
    company.adopted()
    ref = asked(company)
    company.world.advance(hours=1)
    company.main.edit(ref, {"status": status, "disqualification_reason": "Bad timing" if status == "Nurture" else "Is a student"})
    company.sync()
    assert company.main.value(ref, "handoff_stage") in ("nurture", "disqualified")
    assert [said(row) for row in tasks_of(company, ref)] == [("completed", True)]


def test_a_task_that_a_person_finished_or_put_off_is_his(company: Place) -> None:
    ref = unanswered(company)
    (row,) = tasks_of(company, ref)
    company.main.edit(task(company, row), {"due_at": "2026-11-12T09:00:00.000Z"})
    company.sync()
    assert said(tasks_of(company, ref)[0]) == ("open", False)
    company.world.advance(minutes=31)
    company.main.edit(task(company, tasks_of(company, ref)[1]), {"status": "completed"})
    company.sync()
    assert [said(row) for row in tasks_of(company, ref)] == [("open", False), ("completed", False), ("open", False)]


@pytest.mark.parametrize("edit", [{"due_at": "2026-11-12T09:00:00.000Z"}, {"status": "In Progress"}, {"status": "completed"}, None])
def test_what_a_person_does_to_the_task_after_the_plan_stands_and_the_lead_moves(company: Place, edit: dict[str, str] | None) -> None:
    ref = unanswered(company)
    made = sync(company.engine, "plan")
    (row,) = tasks_of(company, ref)
    if edit is None:
        row.state = State.DELETED
    else:
        company.main.edit(task(company, row), dict(edit))
    owner = company.main.value(ref, "owner")
    apply_plan(company.engine, made.plan_id, "revops@acme.example")
    assert company.main.value(ref, "owner") != owner
    old, new = tasks_of(company, ref)
    assert said(old) == ((edit or {}).get("status", "open"), False)
    assert said(new) == ("open", False)
    assert company.sync().counts.lines == 0


def test_a_task_that_a_person_made_is_never_touched(company: Place) -> None:
    unanswered(company)
    new, row = next(iter(company.main.tasks.values()))
    strange = Row("t-person", {**row.fields, "subject": "My own reminder"}, row.created_at, row.modified_at, row.seq)
    company.main.tasks["by a person"] = (new, strange)
    company.sync()
    assert said(strange) == ("open", False)


def test_the_plan_shows_what_it_takes_back(company: Place) -> None:
    ref = unanswered(company)
    made = sync(company.engine, "plan")
    (lead,) = planned_leads(company.engine, made.plan_id)
    assert "; 1 task taken back" in lead.line()
    table = StringIO()
    write_csv(company.engine, made.plan_id, table)
    taken = str(task(company, tasks_of(company, ref)[0]))
    rows = [row for row in csv.DictReader(StringIO(table.getvalue())) if row["record"] == taken]
    assert [(row["field"], row["before"], row["after"]) for row in rows] == [("status", "open", "completed")]


def test_tasks_are_taken_back_in_full_batches_and_counted_in_the_bound(company: Place) -> None:
    company.adopted()
    for number in range(6):
        company.asks(company.person(f"nina{number}", days_old=0, owner="ann"))
    company.sync()
    company.world.advance(minutes=31)
    calls = company.main.calls.copy()
    made = company.sync()
    steps = {step.step: step.needed for step in made.steps if step.system == company.main.system}
    assert steps["update task"] == 3 * 2
    spent = company.main.calls - calls
    assert (spent["read"], spent["write"], spent["verify"]) == (4, 4, 4), "two batches of Leads and two of tasks"


def test_undo_opens_the_task_again(company: Place) -> None:
    ref = unanswered(company)
    done = company.sync()
    undo(company.engine, done.run_id)
    assert [said(row) for row in tasks_of(company, ref)] == [("open", False), ("completed", True)]


def test_a_run_killed_at_any_call_takes_back_the_same_tasks_once(company: Place, tmp_path: Path) -> None:
    ref = unanswered(company)
    clean = copy_of(company, tmp_path / "clean.db")
    calls = sum(clean.main.calls.values())
    clean.sync()
    calls = sum(clean.main.calls.values()) - calls
    killed = 0
    for number in range(1, calls + 1):
        died = copy_of(company, tmp_path / f"{number}.db")
        died.main.before_call = killed_at(sum(died.main.calls.values()) + number)
        with pytest.raises(Killed):
            died.sync()
        killed += 1
        died.main.before_call = lambda _method, _number: None
        died.seconds += 3600  # the dead process's lease runs out
        died.sync()
        assert [said(row) for row in tasks_of(died, ref)] == [("completed", True), ("open", False)], number
        assert tasks_of(died, ref)[0].fields["subject"].count(MARK) == 1
        assert died.sync().counts.lines == 0, number
        died.ledger.close()
    assert killed > 5


def test_no_subject_enters_the_outbox(company: Place) -> None:
    """A subject may name a person: the line says the status, and the words are made when it is written."""
    unanswered(company)
    done = company.sync()
    rows = list(company.ledger.outbox.each_line(int(done.plan_id)))
    assert [row.line.field for row in rows if row.line.object == "task"] == ["status"]
    assert rows[-1].state is LineState.DONE
