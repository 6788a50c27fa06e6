"""Resolving in parts: nobody is looked at twice, the size of the parts decides nothing, and what changes meanwhile is not missed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from engine_worlds import Place, place

from engine.bounds import Rows
from engine.explain import explain
from engine.pull import pull
from engine.resolve import resolve
from handoff.facts import Ref, State
from handoff.identity import UNCLEAR

NAMES = ("amy", "ben", "cyd", "dov", "eli", "flo", "gus", "hal")


def _refs(company: Place) -> list[Ref]:
    return [
        Ref(system, kind, row) for system, kind in (("hubspot", "contacts"), ("salesforce", "Lead")) for row in company.crms[system].rows
    ]


def _together(company: Place) -> set[frozenset[str]]:
    """Which records are the same human."""
    found: dict[str, set[str]] = {}
    for ref, link in company.ledger.facts.linked(_refs(company)).items():
        found.setdefault(link.lead, set()).add(ref.id)
    return {frozenset(ids) for ids in found.values()}


def test_whoever_one_part_reaches_is_not_looked_at_again_in_another(company: Place) -> None:
    """Eight humans in both CRMs, four records at a time: four contacts reach their four leads."""
    for name in NAMES:
        company.person(name)
    pull(company.engine, Rows())
    parts: list[None] = []

    assert resolve(company.engine, lambda: parts.append(None)) == 16
    assert len(parts) == 2
    assert _together(company) == {frozenset({f"h-{name}", f"s-{name}"}) for name in NAMES}
    assert company.ledger.facts.touched(10) == ()


@pytest.mark.parametrize("at_once", [1, 3, 100])
def test_the_size_of_the_parts_decides_nothing(at_once: int, tmp_path: Path) -> None:
    """United by id, by address, or by an id against another address: the same humans, whichever record comes first."""
    company = place(tmp_path)
    company.settings = replace(company.settings, shard_size=at_once)
    for name in NAMES:
        company.contact(name)
    company.lead("amy")
    company.lead("ida", email="ben@ben.example", first_name="Ben")
    company.lead("ian", hubspot_id="h-cyd", email="ian@ian.example")
    pull(company.engine, Rows())

    assert resolve(company.engine) == 11
    pairs = {frozenset({"h-amy", "s-amy"}), frozenset({"h-ben", "s-ida"}), frozenset({"h-cyd", "s-ian"})}
    assert _together(company) == pairs | {frozenset({f"h-{name}"}) for name in NAMES[3:]}
    company.ledger.close()


def test_a_record_that_changes_while_others_are_resolved_is_looked_at_again(company: Place) -> None:
    """Its revision is a newer one than the one that was known ahead."""
    for name in NAMES:
        company.contact(name)
    company.lead("zed", hubspot_id="")
    pull(company.engine, Rows())
    calls: list[None] = []

    def change_meanwhile() -> None:
        """Before the last part: the first contact, which is done, gets the address of the lead."""
        calls.append(None)
        if len(calls) == 3:
            company.hubspot.edit(Ref("hubspot", "contacts", "h-amy"), {"email": "zed@zed.example"})
            pull(company.engine, Rows())

    resolve(company.engine, change_meanwhile)
    assert frozenset({"h-amy", "s-zed"}) in _together(company)
    assert company.ledger.facts.touched(10) == ()


def test_an_ambiguous_exception_names_the_records_and_says_what_to_do(company: Place) -> None:
    """Two Leads name one contact: each of the three stands alone, and each says who the others are."""
    contact = company.contact("amy")
    first = company.lead("ben", hubspot_id=contact.id)
    second = company.lead("cyd", hubspot_id=contact.id)
    company.adopted()
    told = {row.subject: row.detail for row in company.ledger.exceptions.open_exceptions() if row.reason == UNCLEAR}
    assert set(told) == {str(contact), str(first), str(second)}
    (detail,) = set(told.values())
    assert detail.startswith(f"{first} names {contact}; {second} names {contact}: ")
    assert "merge" in detail
    assert "@" not in detail
    assert detail in explain(company.engine, str(first))
    assert company.ledger.exceptions.counts() == {UNCLEAR: 1}, "three records, one contradiction"
    company.salesforce.edit(second, {"hubspot_id": None})
    company.world.advance(hours=1)
    company.sync()
    assert company.ledger.exceptions.counts().get(UNCLEAR, 0) == 0


def test_a_record_that_joins_a_contradiction_is_told_with_all_others(company: Place) -> None:
    """The records that stood on the list before are not looked at again, and name the new one all the same: it stays one contradiction."""
    contact = company.contact("amy")
    for name in ("ben", "cyd"):
        company.lead(name, hubspot_id=contact.id)
    company.adopted()
    company.world.advance(hours=1)
    third = company.lead("dov", hubspot_id=contact.id)
    company.sync()
    listed = [row for row in company.ledger.exceptions.open_exceptions() if row.reason == UNCLEAR]
    assert len(listed) == 4
    (detail,) = {row.detail for row in listed}
    assert f"{third} names {contact}" in detail
    assert company.ledger.exceptions.counts() == {UNCLEAR: 1}


def test_a_contradiction_that_is_merged_as_it_was_asked_for_is_none_any_more(company: Place) -> None:
    contact = company.contact("amy")
    first = company.lead("ben", hubspot_id=contact.id)
    second = company.lead("cyd", hubspot_id=contact.id)
    company.adopted()
    assert company.ledger.exceptions.counts() == {UNCLEAR: 1}
    company.world.advance(hours=1)
    company.salesforce.remove(second, State.MERGED, first)
    company.sync()
    assert company.ledger.exceptions.counts().get(UNCLEAR, 0) == 0
    assert company.main.value(first, "handoff_stage")
