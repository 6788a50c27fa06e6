"""HubSpot's Lead object over HTTP: made once with its contact, found again, and in one portal with the contacts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from crm_bench import Bench, LeadsBench, benches

from connectors.clocks import Clocks
from connectors.protocol import Change, Crm, Fate, NewRecord, Refused
from connectors.registry import open_crm
from handoff.facts import Ref
from sandbox.core import Sandbox
from sandbox.hubspot import object_types

NEW, WORKED, CLOSED = "new-stage-id", "attempting-stage-id", "unqualified-stage-id"


@pytest.fixture
def leads(sandbox: Sandbox) -> Iterator[LeadsBench]:
    """Lead objects, none of them there yet."""
    made = benches(sandbox)["hubspot_leads"]
    assert isinstance(made, LeadsBench)
    yield made
    for crm in made.opened:
        crm.close()


def contacts(bench: Bench, count: int) -> list[Ref]:
    """Contacts of the world, oldest first."""
    return [Ref("hubspot", "contacts", one.id) for one in bench.model.find("contacts", country="United States")[:count]]


def lead(contact: Ref, key: str, **values: str) -> NewRecord:
    """A Lead object for a contact."""
    said = {"lead_name": "Ada Novak", "status": NEW, "handoff_stage": "offered", "handoff_key": key}
    return NewRecord("lead", key, {**said, **values}, (contact,))


def whose(bench: Bench, made: Ref) -> list[str]:
    """The contacts a Lead object belongs to, as HubSpot has it."""
    return [str(one) for one in bench.model.associations.ids(object_types.LEADS, int(made.id), object_types.CONTACTS, 578)]


def test_a_lead_object_is_made_once_with_its_contact_owner_and_stage(leads: LeadsBench) -> None:
    crm = leads.ready()
    contact = contacts(leads, 1)[0]
    new = lead(contact, "lead|1", owner=leads.rep(crm))
    first, second = crm.create([new]), crm.create([new])
    assert (first[0].fate, second) == (Fate.DONE, first)
    made = first[0].ref
    assert made is not None
    assert (made.system, made.object) == ("hubspot_leads", "leads")
    stored = leads.stored(made)
    assert (stored["hs_lead_name"], stored["hs_pipeline_stage"], stored["hubspot_owner_id"]) == ("Ada Novak", NEW, leads.rep(crm))
    assert whose(leads, made) == [contact.id]
    assert crm.find("lead", ["lead|1", "lead|2"]) == {"lead|1": made}


@pytest.mark.parametrize("fault", ["lost_reply", "reset"])
def test_a_lost_reply_makes_no_second_lead_object(leads: LeadsBench, fault: str) -> None:
    crm = leads.ready()
    there, lost = contacts(leads, 2)
    crm.create([lead(there, "lead|1")])
    leads.fault(fault, "*/leads/batch/create", times=1)
    outcomes = crm.create([lead(there, "lead|1"), lead(lost, "lead|2")])
    assert {outcome.fate for outcome in outcomes} == {Fate.DONE}
    assert crm.calls_made()["leads.batch.read"] > 0, "it looked before it sent anything again"
    assert [len(leads.model.find("leads", handoff_key=key)) for key in ("lead|1", "lead|2")] == [1, 1]


def test_one_without_a_contact_is_refused_and_the_others_are_made(leads: LeadsBench) -> None:
    crm = leads.ready()
    good, also_good = contacts(leads, 2)
    nobody = NewRecord("lead", "lead|2", {"lead_name": "Nobody"})
    outcomes = crm.create([lead(good, "lead|1"), nobody, lead(also_good, "lead|3")])
    assert [outcome.fate for outcome in outcomes] == [Fate.DONE, Fate.REFUSED, Fate.DONE]
    assert "contact" in outcomes[1].reason


def test_without_the_key_property_no_lead_object_is_made(leads: LeadsBench) -> None:
    with pytest.raises(Refused, match="handoff setup"):
        leads.open().create([lead(contacts(leads, 1)[0], "lead|1")])


def test_a_lead_object_names_its_contact_on_every_pull(leads: LeadsBench) -> None:
    """The first load takes it from the list; an increment asks for the associations of all its rows at once."""
    leads.stocked()
    crm = leads.open()
    pages = leads.pages(crm, "leads")
    found = {record.ref.id: record.fields["contact_id"] for page in pages for record in page.records}
    assert found == leads.of_contact
    assert "leads.associations" not in crm.calls_made()
    leads.later(86_400)
    cursor = leads.pages(crm, "leads", pages[-1].cursor)[-1].cursor
    leads.later(86_400)
    ref = next(ref for ref in leads.some(crm, 3))
    leads.edit(ref, "status", WORKED)
    assert {one.id: record.fields["contact_id"] for one, record in leads.leads(crm, cursor).items()} == {ref.id: leads.of_contact[ref.id]}


def test_of_several_contacts_the_primary_one_counts(leads: LeadsBench) -> None:
    crm = leads.ready()
    other, own = contacts(leads, 2)
    made = crm.create([lead(own, "lead|1")])[0].ref
    assert made is not None
    leads.model.associate("leads", made.id, "contacts", other.id)
    assert leads.leads(crm)[made].fields["contact_id"] == own.id


def test_an_archived_lead_object_is_gone(leads: LeadsBench) -> None:
    crm = leads.ready()
    made = crm.create([lead(contacts(leads, 1)[0], "lead|1")])[0].ref
    assert made is not None
    leads.remove(made)
    assert [one.ref for page in leads.pages(crm, "leads.archived") for one in page.gone] == [made]
    assert crm.write([Change(made, {"status": WORKED})])[0].fate is Fate.GONE


def test_what_a_rep_picks_is_told_from_what_we_wrote(leads: LeadsBench) -> None:
    crm = leads.ready()
    made = crm.create([lead(contacts(leads, 1)[0], "lead|1")])[0].ref
    assert made is not None
    since = leads.later(60)
    crm.write([Change(made, {"status": WORKED})])
    leads.later(60)
    leads.edit(made, "status", CLOSED)
    edits = crm.verify([made], ["status", "owner"], since)[made].edits
    assert [(edit.field, edit.value, edit.author) for edit in edits] == [("status", CLOSED, "person")]


def test_its_statuses_are_the_stages_of_the_portals_pipelines(leads: LeadsBench) -> None:
    status = leads.open().fields("leads")["status"]
    assert (NEW in status.options, CLOSED in status.options, status.tracked, status.writable) == (True, True, True, True)


def test_a_portal_without_a_lead_pipeline_says_so(leads: LeadsBench) -> None:
    leads.fault("status", "*/pipelines/*", status=200, body='{"results":[]}', times=None)
    with pytest.raises(Refused, match="Sales Hub Professional") as refused:
        leads.open().fields("leads")
    assert refused.value.reason == "object"


def test_a_person_looks_at_it_in_the_same_portal(leads: LeadsBench) -> None:
    identity = leads.open().identity()
    assert "/record/0-136/1" in identity.record_url.format(object="leads", id="1")


def both(sandbox: Sandbox, **limits: int) -> tuple[Crm, Crm, list[float]]:
    """Contacts and Lead objects of one portal, as an installation opens them, and the pauses they asked for."""
    bench, leads = benches(sandbox)["hubspot"], benches(sandbox)["hubspot_leads"]
    clocks = Clocks(sandbox.clock.now, lambda: datetime.now(UTC), bench.seconds, bench.sleeps.append)
    one = open_crm("hubspot", bench.account(**limits), bench.field_map, clocks)
    return one, open_crm("hubspot_leads", leads.account(**limits), leads.field_map, clocks, {"hubspot": one}), bench.sleeps


def test_two_adapters_of_one_portal_ask_once_who_it_is_and_count_apart(sandbox: Sandbox) -> None:
    people, leads, _ = both(sandbox)
    assert people.identity().account_id == leads.identity().account_id
    assert people.people() is leads.people()
    leads.fields("leads")
    assert leads.calls_made() == {"properties.leads": 1, "pipelines.leads": 1}
    assert {name: number for name, number in people.calls_made().items() if name in ("account", "owners", "properties.leads")} == {
        "account": 1,
        "owners": 2,
    }


def test_two_adapters_of_one_portal_stay_under_one_limit(sandbox: Sandbox) -> None:
    """What one of them sent counts for the other: eight requests are allowed, and the ninth waits for the window."""
    people, leads, sleeps = both(sandbox, limit_per_10s=8)
    nobody = {"hubspot": Ref("hubspot", "contacts", "1"), "hubspot_leads": Ref("hubspot_leads", "leads", "1")}
    for crm in (people, people, people, leads, leads):
        crm.read([nobody[crm.system]], [])
    assert (sum(people.calls_made().values()), sum(leads.calls_made().values()), sleeps) == (4, 4, [])
    people.read([nobody["hubspot"]], [])
    assert sum(sleeps) > 0
