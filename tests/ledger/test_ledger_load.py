"""What `load` makes of the records: order of sources, duplicates, departures, horizon."""

from __future__ import annotations

import pytest
from ledger_makers import (
    CONTACT,
    DAY,
    FRAME,
    HOUR,
    KEY,
    LEAD,
    NOW,
    POLICY,
    ROSTER,
    SYSTEMS,
    activity,
    decision,
    lead_of,
    load,
    page,
    record,
)

from connectors.protocol import Gone
from handoff.facts import Ref, State
from ledger.ledger import Ledger
from ledger.values import Link, Mark, Role, Unknown

OTHER = Ref("hubspot", "contacts", "2")


def test_flagged_accounts_are_live_accounts_only(ledger: Ledger) -> None:
    accounts = [
        Ref("hubspot", "companies", "7"),
        Ref("salesforce", "Account", "001"),
        Ref("hubspot", "contacts", "9"),
        Ref("hubspot", "companies", "8"),
    ]
    ledger.facts.store_page(page(*(record(ref, target_account="true") for ref in accounts), Gone(accounts[3], State.DELETED, NOW)), NOW)
    ledger.facts.store_page(page(record(Ref("hubspot", "companies", "6"), target_account="false")), NOW)
    assert [each.ref for each in ledger.facts.flagged("target_account")] == accounts[:2]


def test_facts_are_merged_by_system_then_by_the_order_of_each_field(ledger: Ledger) -> None:
    lead_of(ledger, record(status="new", phone="1", country="ES", owner="7"), record(LEAD, status="Open", phone="2", budget="9"))
    assert load(ledger).facts.fields == {"status": "Open", "phone": "2", "country": "ES", "budget": "9", "owner": "7"}
    preferred = load(ledger, sources={"phone": ("hubspot", "salesforce"), "owner": ("salesforce",)}).facts.fields
    assert preferred == {"status": "Open", "phone": "1", "country": "ES", "budget": "9"}


def test_duplicates_count_for_nothing_but_what_happened_to_them(ledger: Ledger) -> None:
    ledger.facts.store_page(page(record(status="new"), record(OTHER, status="old", phone="5"), activity(about=OTHER)), NOW)
    ledger.leads.link([Link(OTHER, KEY, Role.DUPLICATE), Link(CONTACT, KEY, Role.PRIMARY)], NOW)
    facts = load(ledger).facts
    assert facts.fields == {"status": "new"}
    assert [each.ref for each in facts.records] == [CONTACT, OTHER]
    assert facts.duplicates == (OTHER,)
    assert len(facts.activities) == 1


def test_a_record_that_left_gives_no_values_while_another_lives(ledger: Ledger) -> None:
    lead_of(ledger, record(status="new"), record(LEAD, state=State.DELETED, status="Open", owner="005"))
    assert load(ledger).facts.fields == {"status": "new"}


def test_ambiguous_identity_is_reported_with_the_facts(ledger: Ledger) -> None:
    lead_of(ledger, record())
    ledger.leads.link([Link(LEAD, KEY, Role.AMBIGUOUS)], NOW)
    ledger.facts.store_page(page(record(LEAD)), NOW)
    assert load(ledger).facts.problems == ("ambiguous_identity",)


def test_activities_are_newest_first_within_the_horizon_and_bounded(ledger: Ledger) -> None:
    """Law 11: one lead with thousands of activities does not fill the memory."""
    lead_of(ledger, record())
    many = [activity(f"hubspot:calls:{number}", at=NOW - number * HOUR) for number in range(250)]
    ledger.facts.store_page(page(*many, activity("hubspot:calls:old", at=NOW - 401 * DAY)), NOW)
    happened = load(ledger).facts.activities
    assert [each.key for each in happened] == [f"hubspot:calls:{number}" for number in range(200)]
    later = load(ledger, now=NOW + 399 * DAY).facts.activities
    assert [each.key for each in later] == [f"hubspot:calls:{number}" for number in range(25)]


def test_the_same_activity_about_two_records_of_one_human_counts_once(ledger: Ledger) -> None:
    lead_of(ledger, record(), record(LEAD))
    ledger.facts.store_page(page(activity(about=CONTACT), activity(about=LEAD)), NOW)
    assert len(load(ledger).facts.activities) == 1


def test_load_keeps_the_order_asked_for_and_leaves_out_what_it_does_not_know(ledger: Ledger) -> None:
    keys = [lead_of(ledger, record(ref), key=str(ref)) for ref in (CONTACT, OTHER)]
    ledger.leads.link([], NOW)
    loaded = ledger.leads.load([keys[1], "hubspot:contacts:none", keys[0], keys[1]], NOW, SYSTEMS, {})
    assert [each.facts.key for each in loaded] == [keys[1], keys[0]]
    with pytest.raises(Unknown, match="there is no lead hubspot:contacts:none"):
        ledger.leads.save_decisions(
            1, [decision("hubspot:contacts:none")], {"hubspot:contacts:none": Mark(1, 1)}, POLICY, ROSTER, FRAME, NOW
        )
