"""Salesforce without Leads: the Contact carries stage, status and owner, as the shipped overlay says. Shown on its records, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cli.sandbox_control import Sandbox as Control
from cli.sandbox_control import environment
from cli.theatre import settings_from
from engine.adopt import adopt
from engine.apply_plan import apply_plan
from engine.context import Engine
from engine.doctor import doctor
from engine.explain import explain
from engine.report import RunSummary, Status, Verdict
from engine.setup import setup
from engine.sync import sync
from handoff.facts import Ref
from mappings.load import SHIPPED
from runtime.open import open_engine
from sandbox.control import act_lead, act_rep
from sandbox.core import SYSTEM, Sandbox
from tests.served import served

OVERLAY = SHIPPED / "overlays" / "salesforce-contacts"
LEADS = 200  # the smallest world there is
STATUSES = ("Open - Not Contacted", "Working - Contacted", "Sales Qualified", "Nurture", "Closed - Not Converted")
FIELDS = {"Lead_Status__c": "picklist", "HubSpot_Contact_ID__c": "string(20)", "Legal_Basis__c": "string(80)", "Follow_Up_On__c": "date"}


@pytest.fixture(scope="module")
def org() -> Iterator[Sandbox]:
    """Company A after it has given up Leads: the Contact has a status of its own, with history."""
    with served(Sandbox(seed=7)) as made:
        made.control.seed(world="company_a", seed=7, leads=LEADS, crms=["hubspot", "salesforce"])
        for name, spec in FIELDS.items():
            values = {"values": list(STATUSES)} if spec == "picklist" else {}
            made.salesforce.add_field("Contact", {"name": name, "spec": spec, "label": name, "tracked": spec == "picklist", **values})
        made.salesforce.track("Contact", "OwnerId")
        held = made.salesforce.query("SELECT Id FROM PermissionSet WHERE Name = 'Integration_product'")[0]["Id"]
        made.salesforce.org.rows.update("PermissionSet", held, {"PermissionsTransferAnyEntity": True})
        made.salesforce.org.rights.forget()
        for limit in ("hubspot.ten_secondly", "hubspot.searches_per_second"):
            made.limits.set(limit, 100_000)
        yield made


class Company:
    """The product, installed for this company, and what people do in its CRMs."""

    def __init__(self, org: Sandbox, home: Path) -> None:
        self.org, self.home = org, home

    @contextmanager
    def engine(self, role: str = "product") -> Iterator[Engine]:
        """An engine with the credentials of a role; an administrator has a ledger of his own."""
        home = self.home if role == "product" else self.home / role
        given = environment(self.org.control.manifest, Control(self.org.base_url), home, role=role)
        with open_engine(settings_from({**given, "HANDOFF_MAPPINGS": str(OVERLAY)})) as engine:
            yield engine

    def sync(self) -> RunSummary:
        """A run that writes."""
        with self.engine() as engine:
            return sync(engine, "apply")

    def story(self, ref: str) -> str:
        """Why a lead stands where it stands."""
        with self.engine() as engine:
            return explain(engine, ref)

    def contact(self, contact_id: str) -> Mapping[str, Any]:
        """What stands on a Salesforce Contact."""
        found: Mapping[str, Any] = self.org.salesforce.get("Contact", contact_id)
        return found

    def asks_for_a_demo(self, hubspot_id: str) -> None:
        """A form in HubSpot, and ten minutes."""
        act_lead.act(self.org, {"vendor": "hubspot", "id": hubspot_id, "action": "form", "form": "demo"})
        self.minutes(10)

    def minutes(self, number: int) -> None:
        """Time goes by."""
        self.org.clock.advance(60 * number)

    def person(self, name: str) -> str:
        """A new HubSpot contact who may be written to and fits; his id."""
        fields = {"email": f"{name}@{name}-works.example", "firstname": name.title(), "lastname": "Lindqvist", "jobtitle": "VP Sales"}
        more = {
            "numemployees": "100-500",
            "industry": "Technology",
            "country": "United States",
            "hs_legal_basis": "Freely given consent from contact",
        }
        made: str = self.org.hubspot.create("contacts", {**fields, **more}, SYSTEM)
        return made


@pytest.fixture(scope="module")
def company(org: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The company with our own fields made, and its backlog taken over."""
    made = Company(org, tmp_path_factory.mktemp("home"))
    with made.engine() as engine, made.engine("admin") as admin:
        setup(engine, admin.crms, apply=True)
    with made.engine() as engine:
        plan = adopt(engine)
        if plan.plan_id:
            apply_plan(engine, plan.plan_id, "revops@acme.example")
    return made


def test_the_doctor_finds_all_that_a_contact_needs(company: Company) -> None:
    """Our own fields stand on Contacts now, and on no Lead; field history is kept for what people edit."""
    with company.engine() as engine:
        failed = [check for check in doctor(engine) if check.system == "salesforce" and check.verdict is Verdict.FAIL]
        assert engine.crms["salesforce"].fields("Contact")["handoff_stage"].exists
    assert not failed
    assert "Handoff_Stage__c" not in company.org.salesforce.org.catalog.of("Lead").fields


def test_a_hand_raise_is_handed_over_on_the_contact_and_a_reps_edit_stands(company: Company) -> None:
    """Stage, owner, status, reason and task on the Contact; the rep's own status stands; the next run has nothing to do."""
    hubspot_id = company.person("astrid")
    email = company.org.hubspot.get("contacts", hubspot_id).properties["email"]
    fields = {"LastName": "Lindqvist", "FirstName": "Astrid", "Email": email, "HubSpot_Contact_ID__c": hubspot_id}
    contact_id = company.org.salesforce.create("Contact", fields, SYSTEM)
    company.asks_for_a_demo(hubspot_id)
    company.sync()
    handed = company.contact(contact_id)
    assert handed["Handoff_Stage__c"] == "offered", company.story(f"salesforce:Contact:{contact_id}")
    assert handed["Lead_Status__c"] == "Open - Not Contacted"
    assert "demo" in handed["Handoff_Reason__c"].lower()
    tasks = company.org.salesforce.query(f"SELECT Subject, OwnerId FROM Task WHERE WhoId = '{contact_id}'")
    assert [task["OwnerId"] for task in tasks] == [handed["OwnerId"]]
    assert (again := company.sync()).status is Status.NOTHING_TO_DO, again
    rep = company.org.salesforce.get("User", handed["OwnerId"])["Email"]
    edit = {"vendor": "salesforce", "object": "Contact", "id": contact_id, "rep": rep, "action": "edit"}
    act_rep.act(company.org, {**edit, "fields": {"Lead_Status__c": "Working - Contacted"}})
    company.minutes(10)
    company.sync()
    kept = company.contact(contact_id)
    assert (kept["Lead_Status__c"], kept["OwnerId"]) == ("Working - Contacted", handed["OwnerId"])
    assert kept["Handoff_Stage__c"] == "sal", "a status says that the rep works"


def test_who_is_no_contact_yet_becomes_one_when_sales_gets_the_lead(company: Company) -> None:
    """Created once, with our key, and found by both CRMs as the same person."""
    hubspot_id = company.person("ingrid")
    company.asks_for_a_demo(hubspot_id)
    company.sync()
    found = company.org.salesforce.query(f"SELECT Id, LastName FROM Contact WHERE HubSpot_Contact_ID__c = '{hubspot_id}'")
    assert [row["LastName"] for row in found] == ["Lindqvist"]
    assert company.contact(found[0]["Id"])["Handoff_Stage__c"] == "offered"
    company.minutes(10)
    assert company.sync().counts.lines == 0
    assert len(company.org.salesforce.query(f"SELECT Id FROM Contact WHERE HubSpot_Contact_ID__c = '{hubspot_id}'")) == 1
    with company.engine() as engine:
        refs = {Ref("hubspot", "contacts", hubspot_id), Ref("salesforce", "Contact", found[0]["Id"])}
        assert len({link.lead for link in engine.ledger.facts.linked(refs).values()}) == 1


def test_a_contact_that_is_deleted_is_routed_no_more(company: Company) -> None:
    """What is deleted of the carrier is asked for by name, as of Leads."""
    hubspot_id = company.person("sigrid")
    company.asks_for_a_demo(hubspot_id)
    company.sync()
    (made,) = company.org.salesforce.query(f"SELECT Id FROM Contact WHERE HubSpot_Contact_ID__c = '{hubspot_id}'")
    company.org.salesforce.delete("Contact", made["Id"], SYSTEM)
    company.minutes(10)
    company.sync()
    with company.engine() as engine:
        assert str(engine.ledger.facts.records([Ref("salesforce", "Contact", made["Id"])]).popitem()[1].state) == "deleted"
