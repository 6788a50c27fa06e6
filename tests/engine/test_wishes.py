"""A box that somebody ticks after the plan was made stands above the plan (law 3)."""

from __future__ import annotations

from pathlib import Path

import pytest
from engine_worlds import copy_of, place

from engine.adopt import adopt
from engine.apply_plan import apply_plan
from engine.explain import explain

STATUS = {"salesforce": "Open - Not Contacted", "hubspot": "OPEN"}


@pytest.mark.parametrize("box", ["handoff_hands_off", "legal_hold"])
@pytest.mark.parametrize("system", ["salesforce", "hubspot"])
@pytest.mark.parametrize("synced", [False, True], ids=["", "with a sync before the approval"])
def test_a_record_that_somebody_ticked_since_the_plan_is_left_alone(tmp_path: Path, system: str, box: str, *, synced: bool) -> None:
    company = place(tmp_path, system)
    company.main.more_fields = ("legal_hold",)
    made = company.lead if system == "salesforce" else company.contact
    ref, other = (made(name, owner=f"{system[0]}-ann", status=STATUS[system]) for name in ("anna", "bert"))
    plan = adopt(company.engine)
    company.world.advance(minutes=5)
    company.main.edit(ref, {box: "true"})
    before = dict(company.main.rows[ref.id].fields)
    if synced:
        company.sync()
    done = apply_plan(company.engine, plan.plan_id, "revops@acme.example")
    assert done.counts.conflicts == (0 if synced else 1)
    assert company.main.rows[ref.id].fields == before, explain(company.engine, str(ref))
    assert company.main.value(other, "handoff_stage") == "nurture"
    assert company.sync().counts.lines == 0
    company.ledger.close()


def test_an_opt_out_between_plan_and_approval_puts_nobody_into_a_nurture_group(tmp_path: Path) -> None:
    company = place(tmp_path, "hubspot")
    company.main.more_fields = ("opted_out",)
    ref = company.contact("anna", owner="h-ann", status="OPEN", legal_basis="Freely given consent from contact", marketable="true")
    plan = adopt(company.engine)
    told = copy_of(company, tmp_path / "told.db")
    apply_plan(company.engine, plan.plan_id, "revops@acme.example")
    assert company.main.value(ref, "handoff_nurture_group")
    told.main.edit(ref, {"opted_out": "true"})
    apply_plan(told.engine, plan.plan_id, "revops@acme.example")
    assert told.main.value(ref, "handoff_nurture_group") is None
    assert told.main.value(ref, "handoff_stage"), "decided afresh in the same run"
    company.ledger.close()
    told.ledger.close()
