"""What a person types between the adoption and its approval, or on a lead that was never written, stands (law 3)."""

from __future__ import annotations

from pathlib import Path

import pytest
from engine_worlds import Place, place

from engine.adopt import adopt
from engine.apply_plan import apply_plan
from engine.explain import explain
from handoff.facts import Ref

START = {"salesforce": "Open - Not Contacted", "hubspot": "OPEN"}
WORKING = {"salesforce": "Working - Contacted", "hubspot": "IN_PROGRESS"}


def limbo(company: Place) -> Ref:
    """A content lead that nobody has touched for sixty days, with a rep who works here."""
    system = company.main.system
    made = company.lead if system == "salesforce" else company.contact
    return made("anna", owner=f"{system[0]}-ann", status=START[system])


def shown(company: Place, ref: Ref) -> dict[str, str | None]:
    """Owner and status on the record."""
    return {name: company.main.value(ref, name) for name in ("owner", "status")}


@pytest.mark.parametrize("field", ["owner", "status"])
@pytest.mark.parametrize("system", ["salesforce", "hubspot"])
@pytest.mark.parametrize("synced", [False, True], ids=["", "with a sync before the approval"])
def test_what_a_rep_typed_before_the_approval_stands(tmp_path: Path, system: str, field: str, *, synced: bool) -> None:
    company = place(tmp_path, system)
    ref = limbo(company)
    made = adopt(company.engine)
    assert {row.line.transition for row in company.ledger.outbox.lines(plan_id=int(made.plan_id))} == {"adopted_limbo"}
    company.world.advance(minutes=5)
    company.main.edit(ref, {"owner": f"{system[0]}-cat"} if field == "owner" else {"status": WORKING[system]})
    typed = shown(company, ref)
    company.world.advance(minutes=5)
    if synced:
        company.sync()
    else:
        apply_plan(company.engine, made.plan_id, "revops@acme.example")
    assert shown(company, ref) == typed
    for _ in range(3):
        company.sync()
        assert shown(company, ref) == typed, explain(company.engine, str(ref))
        company.world.advance(hours=30)
    company.ledger.close()


def test_a_lead_that_nobody_edited_moves_all_the_same(company: Place) -> None:
    ref = limbo(company)
    made = adopt(company.engine)
    company.world.advance(minutes=5)
    company.main.edit(ref, {"company": "Anna & Sons"})
    apply_plan(company.engine, made.plan_id, "revops@acme.example")
    assert company.main.value(ref, "handoff_stage") == "nurture"


def test_who_is_nobodys_again_is_not_kept(company: Place) -> None:
    ref = limbo(company)
    made = adopt(company.engine)
    company.world.advance(minutes=5)
    company.main.edit(ref, {"owner": "s-zoe"})
    company.world.advance(minutes=5)
    apply_plan(company.engine, made.plan_id, "revops@acme.example")
    assert company.main.value(ref, "owner") == "s-nurture"


def test_on_a_lead_that_was_never_written_a_later_edit_is_a_persons(company: Place) -> None:
    """Taken over and left as it was: what stood there is a fact, and what differs later is somebody's edit."""
    ref = company.lead("bert", owner="s-ann", status="Working - Contacted")
    company.calls(ref, days_ago=1)
    company.adopted()
    assert company.main.value(ref, "handoff_stage") is None
    company.world.advance(hours=1)
    company.main.edit(ref, {"owner": "s-cat"})
    company.world.advance(hours=1)
    company.sync()
    assert "edited     owner by person" in explain(company.engine, str(ref))
