"""Explicit ids, then the address; one primary per CRM; what contradicts itself is left alone and reported."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handoff.facts import Record, Ref, State
from handoff.identity import CORRECT, OWN_ADDRESS, Resolution, Standing, resolve
from tests.handoff.makers import NOW, days_ago, record


def contact(number: int, email: str = "p@x.example", **changes: object) -> Record:
    """A HubSpot contact."""
    fields = {"email": email, **changes.pop("fields", {})}
    return record("hubspot", number, fields=fields, **changes)


def sf_lead(number: int, email: str = "p@x.example", **changes: object) -> Record:
    """A Salesforce Lead."""
    fields = {"email": email, **changes.pop("fields", {})}
    return record("salesforce", number, fields=fields, **changes)


def roles(result: Resolution) -> dict[str, tuple[str, str]]:
    """Record -> (lead, role)."""
    return {str(link.ref): (link.lead, link.role) for link in result.links}


def test_one_address_in_two_crms_is_one_lead_keyed_by_the_first_seen_record() -> None:
    result = resolve([sf_lead(1, created=days_ago(5)), contact(2, " P@x.example ", created=days_ago(9))])
    assert roles(result) == {
        "hubspot:contacts:2": ("hubspot:contacts:2", "primary"),
        "salesforce:Lead:1": ("hubspot:contacts:2", "mirror"),
    }


def test_an_explicit_id_unites_records_with_different_addresses() -> None:
    result = resolve([sf_lead(1, "a@x.example", fields={"hubspot_id": "2"}), contact(2, "b@x.example")])
    assert len({lead for lead, _ in roles(result).values()}) == 1


def test_no_address_and_no_id_is_a_lead_of_its_own() -> None:
    result = resolve([contact(1, ""), contact(2, "")])
    assert {role for _, role in roles(result).values()} == {"primary"}
    assert len({lead for lead, _ in roles(result).values()}) == 2


@pytest.mark.parametrize(
    ("standing", "primary"),
    [
        ({}, 1),  # the oldest
        ({2: Standing(last_touch_at=NOW)}, 2),
        ({2: Standing(last_touch_at=NOW), 3: Standing(active_owner=True)}, 3),
        ({1: Standing(active_owner=True, last_touch_at=NOW), 3: Standing(open_opportunity=True)}, 3),
        ({2: Standing(last_touch_at=NOW - timedelta(days=1)), 3: Standing(last_touch_at=NOW)}, 3),
    ],
)
def test_the_primary_has_an_open_opportunity_then_an_active_owner_then_the_latest_touch(
    standing: dict[int, Standing], primary: int
) -> None:
    records = [sf_lead(number, created=days_ago(10 - number)) for number in (1, 2, 3)]
    told = {Ref("salesforce", "Lead", str(number)): one for number, one in standing.items()}
    found = roles(resolve(records, standing=told))
    assert [number for number in (1, 2, 3) if found[f"salesforce:Lead:{number}"][1] == "primary"] == [primary]
    assert sum(role == "duplicate" for _, role in found.values()) == 2


def test_two_leads_naming_one_contact_contradict_each_other() -> None:
    records = [
        sf_lead(1, "a@x.example", fields={"hubspot_id": "9"}),
        sf_lead(2, "b@x.example", fields={"hubspot_id": "9"}),
        contact(9, "c@x.example"),
    ]
    result = resolve(records)
    assert {role for _, role in roles(result).values()} == {"ambiguous"}
    told = "salesforce:Lead:1 names hubspot:contacts:9; salesforce:Lead:2 names hubspot:contacts:9"
    assert {(reason, detail) for _, reason, detail in result.problems} == {("ambiguous_identity", f"{told}: {CORRECT}")}


def lead_object(number: int, contact_id: str, **changes: object) -> Record:
    """A HubSpot Lead object of a contact."""
    return record("hubspot_leads", number, **changes)._replace(fields={"contact_id": contact_id})


def test_a_lead_object_that_is_given_to_another_contact_unites_nobody() -> None:
    """It goes over to the other person's lead; the one it belonged to stays who he is."""
    moved, other = lead_object(1, "8"), contact(8, "b@x.example", created=days_ago(10))
    result = resolve([moved, other], {moved.ref: "hubspot:contacts:9", other.ref: str(other.ref)})
    assert result.aliases == ()
    assert {lead for lead, _ in roles(result).values()} == {str(other.ref)}


def test_of_several_lead_objects_of_one_contact_the_newest_counts() -> None:
    """Reps make a new one for every try: that is no contradiction, and no question of who the person is."""
    first, second, other = lead_object(1, "9", created=days_ago(40)), lead_object(2, "9", created=days_ago(3)), lead_object(3, "8")
    result = resolve([first, second, other, contact(9, created=days_ago(90)), contact(8, "b@x.example", created=days_ago(91))])
    assert result.problems == ()
    assert roles(result) == {
        "hubspot:contacts:9": ("hubspot:contacts:9", "primary"),
        "hubspot_leads:leads:1": ("hubspot:contacts:9", "duplicate"),
        "hubspot_leads:leads:2": ("hubspot:contacts:9", "mirror"),
        "hubspot:contacts:8": ("hubspot:contacts:8", "primary"),
        "hubspot_leads:leads:3": ("hubspot:contacts:8", "mirror"),
    }


@pytest.mark.parametrize("left", [{"state": State.DELETED}, {"state": State.MERGED, "follows": Ref("salesforce", "Lead", "1")}])
def test_a_lead_that_was_deleted_or_merged_away_contradicts_nobody(left: dict[str, object]) -> None:
    """As when a Lead of ours was deleted and made again, or two were merged because their contradiction was reported."""
    records = [sf_lead(1, fields={"hubspot_id": "9"}), sf_lead(2, fields={"hubspot_id": "9"}, **left), contact(9)]
    result = resolve(records)
    assert result.problems == ()
    assert len({lead for lead, _ in roles(result).values()}) == 1


def test_two_leads_naming_a_deleted_contact_still_contradict_each_other() -> None:
    records = [sf_lead(1, "a@x.example", fields={"hubspot_id": "9"}), sf_lead(2, "b@x.example", fields={"hubspot_id": "9"})]
    result = resolve([*records, contact(9, "c@x.example", state=State.DELETED)])
    assert {role for _, role in roles(result).values()} == {"ambiguous"}


def test_an_id_that_says_one_contact_and_an_address_that_says_another_contradict() -> None:
    records = [sf_lead(1, "b@x.example", fields={"hubspot_id": "8"}), contact(8, "a@x.example"), contact(9, "b@x.example")]
    result = resolve(records)
    assert {role for _, role in roles(result).values()} == {"ambiguous"}
    told = "salesforce:Lead:1 names hubspot:contacts:8; hubspot:contacts:9 and salesforce:Lead:1 have one address"
    assert {detail for _, _, detail in result.problems} == {f"{told}: {CORRECT}"}


def test_a_second_record_with_the_address_of_a_linked_pair_is_a_duplicate_not_a_contradiction() -> None:
    linked, second = sf_lead(1, "c@x.example", fields={"hubspot_id": "9"}), sf_lead(2, "c@x.example")
    result = resolve([linked, second, contact(9, "c@x.example")])
    assert result.problems == ()
    assert sorted(role for _, role in roles(result).values()) == ["duplicate", "mirror", "primary"]


def test_a_mailbox_shared_by_people_with_different_names_is_ambiguous() -> None:
    ana = contact(1, "info@x.example", fields={"first_name": "Ana", "last_name": "Ruiz"})
    ben = sf_lead(2, "info@x.example", fields={"first_name": "Ben", "last_name": "Ode"})
    told = "hubspot:contacts:1, salesforce:Lead:2 share a mailbox under different names"
    assert {detail for _, _, detail in resolve([ana, ben]).problems} == {f"{told}: {OWN_ADDRESS}"}
    same = ben._replace(fields={**ben.fields, "first_name": "ana", "last_name": "Ruiz "})
    assert resolve([ana, same]).problems == ()


def test_a_merged_record_follows_its_survivor_and_a_conversion_its_contact() -> None:
    merged = contact(1, "old@x.example", state=State.MERGED, follows=Ref("hubspot", "contacts", "2"))
    result = roles(resolve([merged, contact(2, "new@x.example")]))
    assert result["hubspot:contacts:1"][0] == result["hubspot:contacts:2"][0]
    assert result["hubspot:contacts:2"][1] == "primary"
    converted = sf_lead(3, "c@x.example", state=State.CONVERTED, follows=Ref("salesforce", "Contact", "4"))
    person = record(number=4)._replace(ref=Ref("salesforce", "Contact", "4"), fields={"email": "d@x.example"})
    assert len({lead for lead, _ in roles(resolve([converted, person])).values()}) == 1


def test_known_leads_that_turn_out_to_be_one_are_united_under_the_first() -> None:
    first, second = contact(1, created=days_ago(9)), sf_lead(2, created=days_ago(5))
    result = resolve([second, first], {first.ref: str(first.ref), second.ref: str(second.ref)})
    assert result.aliases == ((str(second.ref), str(first.ref)),)
    older = contact(0, created=days_ago(50))
    assert {lead for lead, _ in roles(resolve([older, first], {first.ref: "hubspot:contacts:1"})).values()} == {"hubspot:contacts:1"}


@given(st.permutations(range(6)))
def test_the_order_of_records_never_matters(order: list[int]) -> None:
    records = [
        sf_lead(1),
        sf_lead(2, created=days_ago(80)),
        contact(3, fields={"salesforce_lead_id": "5"}),
        contact(4, "z@x.example"),
        sf_lead(5, "y@x.example"),
        contact(6, ""),
    ]
    assert roles(resolve([records[place] for place in order])) == roles(resolve(records))
