"""A plan can be read before it is approved; what was written is told, not what was planned; a lead remembers what moved it."""

from __future__ import annotations

from pathlib import Path

import pytest
from engine_worlds import Place

from engine.adopt import adopt
from engine.apply_plan import apply_plan
from engine.context import NotApplicable
from engine.explain import explain
from engine.show import planned_leads, write_csv
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


def test_every_field_goes_into_the_table(company: Place, tmp_path: Path) -> None:
    company.person("anna")
    made = adopt(company.engine)
    assert write_csv(company.engine, made.plan_id, tmp_path / "plan.csv") == made.counts.lines
    assert "anna@anna.example" not in (tmp_path / "plan.csv").read_text(encoding="utf-8")


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


def test_a_lead_remembers_what_moved_it(company: Place) -> None:
    company.person("anna")
    made = adopt(company.engine)
    assert "planned" in explain(company.engine, "anna@anna.example")
    apply_plan(company.engine, made.plan_id, "revops@acme.example")
    company.sync()
    told = explain(company.engine, "anna@anna.example")
    assert "moved" in told
    assert "by adopted_limbo: Nurture: no call, no mail and nothing planned" in told
    assert "planned" not in told.partition("  moved")[2].splitlines()[0].split(":")[0]
