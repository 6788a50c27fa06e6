"""A re-routed hand-raise over HTTP: the owner before finds no open call on the Salesforce record, unless he put it off himself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from engine_worlds import shipped
from test_clocks_sandbox import Place, _in_nurture
from test_clocks_sandbox import company as company  # the fixture

from handoff.calendar import Calendar, moment_of, seconds_of
from handoff.facts import Ref
from handoff.tasks import MARK


def tasks_on(company: Place, lead: str, after: int) -> list[str]:
    """Ids of the tasks the product made on a Lead, in their order."""
    return [row["id"] for row in company.writes(after) if (row["object"], row["field"], row["new"]) == ("Task", "WhoId", lead)]


def said(company: Place, ids: list[str]) -> list[tuple[str, bool]]:
    """(status, whether the subject says that it was taken back) of each task, as Salesforce has it."""
    refs = [Ref("salesforce", "Task", task) for task in ids]
    with company.engine() as engine:
        found = engine.crms["salesforce"].read(refs, ["status", "subject"])
    return [(found[ref].fields["status"], found[ref].fields["subject"].startswith(MARK)) for ref in refs]


@pytest.mark.requirement("R69", "R86")
def test_the_owner_before_keeps_no_open_call_but_the_one_he_put_off(company: Place) -> None:
    opening = Calendar(shipped().company).next_opening(seconds_of(company.now()))
    company.wait_until(moment_of(opening + 3600))
    company.sync()
    lead, contact = _in_nurture(company)
    before, asked = company.writes()[-1]["seq"], company.now()
    company.post("/act/lead", vendor="hubspot", id=contact, action="form", form="demo")
    company.wait_until(asked + timedelta(minutes=1))
    company.sync()
    assert said(company, tasks_on(company, lead, before)) == [("open", False)]
    company.wait_until(asked + timedelta(minutes=30))
    moved = company.sync()
    assert moved.calls["salesforce"] <= moved.lower_bound["salesforce"] * 1.1
    ids = tasks_on(company, lead, before)
    assert said(company, ids) == [("completed", True), ("open", False)]
    with company.engine() as engine:
        owner = engine.crms["salesforce"].read([Ref("salesforce", "Lead", lead)], ["owner"])[Ref("salesforce", "Lead", lead)]
        rep = next(person.key for person in engine.crms["salesforce"].people() if person.id == owner.fields["owner"])
    due = (asked + timedelta(days=3)).isoformat()
    company.post("/act/rep", vendor="salesforce", id=lead, object="Lead", rep=rep, action="reschedule_task", task_id=ids[1], due=due)
    company.wait_until(asked + timedelta(minutes=60))
    company.sync()
    ids = tasks_on(company, lead, before)
    assert said(company, ids) == [("completed", True), ("open", False), ("open", False)]
    writes = len(company.writes())
    company.sync()
    assert len(company.writes()) == writes, "a second run changes nothing"
