"""A plan can be read before it is approved; what was written is told, not what was planned; a lead remembers what moved it."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from engine_worlds import Place

from engine.adopt import adopt
from engine.apply_plan import apply_plan
from engine.context import NotApplicable
from engine.explain import explain
from engine.report import to_do
from engine.show import PlannedLead, planned_leads, write_csv
from engine.sync import sync


def test_a_plan_names_its_leads_with_stage_owner_and_reason(company: Place) -> None:
    company.person("anna")
    company.person("bert", owner="zoe")
    made = adopt(company.engine)
    shown = {lead.lead: lead for lead in planned_leads(company.engine, made.plan_id)}
    assert len(shown) == 2
    lead = shown["hubspot:contacts:h-anna"]
    assert lead.stage == ("", "nurture")
    assert lead.rule == "adopted_limbo"
    assert lead.owner == (("Ann", "Nurture") if "salesforce" in company.crms else ("Ann", "")), "people and queues are named, not numbered"
    assert "Nurture: no call, no mail and nothing planned" in lead.line()


def test_a_run_and_the_list_of_plans_tell_what_is_to_do_in_the_same_words(company: Place) -> None:
    company.person("anna")
    company.adopted()
    company.asks(company.person("ida", days_old=1))
    made = sync(company.engine, "plan")
    plan = company.ledger.outbox.plan(int(made.plan_id))
    assert (plan.lines, plan.creations) == (made.counts.lines, made.counts.effects)
    words = f"{plan.lines} fields to write · 1 records and tasks to create"
    assert f"  planned   {words} in plan {plan.id}" in made.lines()
    assert to_do(plan.lines, plan.creations, plan.notices) == f"{words} · {plan.notices} notices to send"
    assert plan.notices == len([row for row in company.ledger.effects.of(plan_id=plan.id) if row.effect.kind == "notify"]) > 0


def test_every_field_goes_into_the_table(company: Place) -> None:
    company.person("anna")
    made, table = adopt(company.engine), StringIO()
    assert write_csv(company.engine, made.plan_id, table) == made.counts.lines == len(table.getvalue().splitlines()) - 1
    assert "anna@anna.example" not in table.getvalue()


def test_what_a_stranger_typed_is_not_run_by_a_spreadsheet(company: Place) -> None:
    typed = "=cmd|'/c calc'!A0"
    known = {"hubspot": "NEW", "salesforce": "Open - Not Contacted"}
    statuses = {system: {**words, typed: words[known[system]]} for system, words in company.policy.statuses.items()}
    company.policy = company.policy.model_copy(update={"statuses": statuses})
    company.person("anna", status=typed)
    made, table = adopt(company.engine), StringIO()
    write_csv(company.engine, made.plan_id, table)
    assert {row["before"] for row in csv.DictReader(StringIO(table.getvalue())) if row["field"] == "status"} == {f"'{typed}"}


def test_a_lead_reads_alike_on_a_line_and_in_a_table() -> None:
    moved = PlannedLead("hubspot:contacts:1", "neglected", ("", "offered"), ("", "Ann"), 4, "asked for a demo", "proposed", tasks=2)
    assert moved.row() == {
        "lead": "hubspot:contacts:1", "stage": "never seen -> offered", "owner": "nobody -> Ann", "tasks": "2 tasks taken back",
        "rule": "neglected", "because": "asked for a demo",
    }  # fmt: skip
    line = "hubspot:contacts:1  never seen -> offered; owner nobody -> Ann; 2 tasks taken back  [neglected] asked for a demo"
    assert moved.line() == line
    stays = PlannedLead("hubspot:contacts:1", "told", ("", ""), ("", ""), 1, "a reason", "proposed")
    assert stays.line() == "hubspot:contacts:1  stays  [told] a reason"
    assert (stays.row()["stage"], stays.row()["owner"], stays.row()["tasks"]) == ("stays", "stays", "")


def test_a_plan_that_a_later_one_replaced_is_refused_by_name(company: Place) -> None:
    company.person("anna")
    company.adopted()
    company.asks(company.person("bert", days_old=1))
    first = sync(company.engine, "plan")
    second = sync(company.engine, "plan")
    assert first.plan_id != second.plan_id
    with pytest.raises(NotApplicable, match=f"plan {first.plan_id} holds nothing any more"):
        apply_plan(company.engine, first.plan_id, "revops@acme.example")
    assert company.tasks() == []


def test_an_approved_plan_tells_what_was_written(company: Place) -> None:
    company.person("anna")
    bert = company.person("bert")
    made = adopt(company.engine)
    company.main.edit(bert, {"status": "Working - Contacted", "owner": "s-dan"})
    done = apply_plan(company.engine, made.plan_id, "revops@acme.example")
    assert done.counts.moved["adopted_limbo"] == 2, "one as planned, one decided afresh in the same run"
    assert any("were not written" in note for note in done.notes)


def moves(company: Place, lead: str) -> list[str]:
    """What became of the moves that `explain` lists, newest first."""
    told = (line.split() for line in explain(company.engine, lead).splitlines() if " -> " in line and " by " in line)
    return [" ".join(words[: next(place for place, word in enumerate(words) if word[0].isdigit())]) for words in told]


def test_a_lead_remembers_what_moved_it(company: Place) -> None:
    company.person("anna")
    made = adopt(company.engine)
    assert moves(company, "anna@anna.example") == ["planned"]
    apply_plan(company.engine, made.plan_id, "revops@acme.example")
    company.sync()
    told = explain(company.engine, "anna@anna.example")
    assert moves(company, "anna@anna.example") == ["written"]
    assert "by adopted_limbo: Nurture: no call, no mail and nothing planned" in told


def test_what_was_only_planned_is_not_told_as_written(company: Place) -> None:
    """Two plans that nobody approved, then a run that writes: one move was written, and each of the others is said to be none."""
    company.person("anna")
    company.adopted()
    company.asks(company.person("bert", days_old=1))
    for seen in (["planned"], ["planned", "unwritten"]):
        sync(company.engine, "plan")
        assert moves(company, "bert@bert.example") == seen
        company.world.advance(minutes=5)
    company.sync()
    assert moves(company, "bert@bert.example") == ["written", "unwritten", "unwritten"]


def test_what_a_crm_refused_is_told_as_refused(company: Place) -> None:
    carl = company.person("carl")
    made = adopt(company.engine)
    company.main.refuse[carl.id] = "FIELD_CUSTOM_VALIDATION_EXCEPTION: Region required"
    apply_plan(company.engine, made.plan_id, "revops@acme.example")
    assert moves(company, "carl@carl.example") == ["refused"]
    assert "Region required" in explain(company.engine, "carl@carl.example")
