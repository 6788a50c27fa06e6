"""What stood on a lead when we first wrote to it is what a person's later edit is told by, whether or not we had set that field (law 3)."""

from __future__ import annotations

import pytest
from engine_worlds import Place

from engine.pull import refresh
from handoff.facts import Ref

NOW_IN = {"hubspot": "BAD_TIMING", "salesforce": "Nurture"}


def handed_over(company: Place) -> Ref:
    """A lead that came after the adoption, asked for a demo and was given to a rep; its status said so already, so it was not written."""
    company.adopted()
    ref = company.person("nina", days_old=0, owner="ann")
    company.asks(ref)
    before = company.main.value(ref, "status")
    company.sync()
    assert (company.main.value(ref, "handoff_stage"), company.main.value(ref, "status")) == ("offered", before)
    return ref


@pytest.mark.parametrize("hours", [1, 30])
def test_a_status_a_rep_picks_after_the_hand_over_stands(company: Place, hours: int) -> None:
    """Also when the answer is due meanwhile: the rep has answered."""
    ref, option = handed_over(company), NOW_IN[company.main.system]
    company.world.advance(hours=hours)
    company.main.edit(ref, {"status": option})
    company.world.advance(minutes=1)
    company.sync()
    assert company.main.value(ref, "status") == option
    assert company.main.value(ref, "handoff_stage") == "nurture"


def test_an_owner_a_colleague_gives_after_the_hand_over_is_known_as_an_edit(company: Place) -> None:
    ref = handed_over(company)
    company.world.advance(minutes=10)
    given = f"{company.main.system[0]}-bob"
    company.main.edit(ref, {"owner": given})
    engine = company.engine
    refresh(engine)
    keys = engine.ledger.leads.find("nina@nina.example")
    (lead,) = engine.ledger.leads.load(keys, engine.clock(), engine.policy.systems, engine.policy.sources)
    assert [(edit.field, edit.value, edit.author) for edit in lead.facts.edits] == [("owner", given, "person")]
