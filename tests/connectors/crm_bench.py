"""One CRM of the sandbox as a test bench: its connector over real HTTP, and hands to do there what people and machines do.

The same tests run on both benches; what differs between the CRMs is here.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import requests

from connectors.account import Account, HubSpotAccount, SalesforceAccount
from connectors.clocks import Clocks
from connectors.protocol import Crm, Cursor, Page
from connectors.registry import open_crm
from handoff.facts import Activity, Record, Ref
from mappings.fields import FieldMap, load_field_map
from sandbox.author import SYSTEM, Author
from sandbox.control import act_lead, act_rep, authors, automation
from sandbox.core import Fault, Sandbox
from sandbox.hubspot import object_types

FAST = 100_000  # limits nobody reaches; tests of limits set their own


@dataclass
class Bench:
    """One CRM. `sleeps` are the pauses its connector asked for (none is really slept)."""

    sandbox: Sandbox
    system: str
    lead_object: str
    task_object: str
    status: str  # an option other than the leads' present one
    next_status: str
    sleeps: list[float] = field(default_factory=list)
    opened: list[Crm] = field(default_factory=list)

    @property
    def seller(self) -> str:
        """Whose CRM it is: Lead objects are HubSpot's, too."""
        return self.system.partition("_")[0]

    @property
    def model(self) -> Any:
        """The vendor's model in the sandbox."""
        return self.sandbox.hubspot if self.seller == "hubspot" else self.sandbox.salesforce

    @property
    def field_map(self) -> FieldMap:
        """The product's own field map."""
        return load_field_map(self.system)

    @property
    def manifest(self) -> Mapping[str, Any]:
        """What the world's builder planted."""
        found: Mapping[str, Any] = self.sandbox.control.manifest
        return found

    def account(self, role: str = "product", **changes: Any) -> Account:
        """Credentials of one role."""
        given = self.manifest["credentials"][self.seller]
        if self.seller == "hubspot":
            values = {"base_url": self.sandbox.base_url, "token": given["tokens"][role], "portal_id": given["portal_id"]}
            return HubSpotAccount(**{**values, "limit_per_10s": FAST, "search_limit_per_second": FAST, **changes})
        app = given["apps"][role]
        values = {"base_url": self.sandbox.base_url, "instance_url": given["instance_url"], "org_id": given["org_id"]}
        return SalesforceAccount(**{**values, "client_id": app["client_id"], "client_secret": app["client_secret"], **changes})

    def open(self, role: str = "product", field_map: FieldMap | None = None, **changes: Any) -> Crm:
        """A connector that sleeps on paper only."""
        clocks = Clocks(self.sandbox.clock.now, lambda: datetime.now(UTC), self.seconds, self.sleeps.append)
        crm = open_crm(self.system, self.account(role, **changes), field_map or self.field_map, clocks)
        self.opened.append(crm)
        return crm

    def seconds(self) -> float:
        """Monotonic seconds in which the pauses on paper have gone by."""
        return time.monotonic() + sum(self.sleeps)

    def ready(self) -> Crm:
        """A connector whose own fields exist."""
        crm = self.open()
        self.open("admin").create_own_fields(crm.identity().user_id)
        return crm

    # --- looking
    def pages(self, crm: Crm, stream: str, cursor: Cursor | None = None) -> list[Page]:
        """All pages of one pull."""
        return list(crm.pull(stream, cursor, self.sandbox.clock.now()))

    def leads(self, crm: Crm, cursor: Cursor | None = None) -> dict[Ref, Record]:
        """Records of the lead stream."""
        return {record.ref: record for page in self.pages(crm, self.lead_object, cursor) for record in page.records}

    def some(self, crm: Crm, count: int) -> list[Ref]:
        """Live leads that anybody may edit: with an active owner and a region."""
        active = {person.id for person in crm.people() if person.active and person.type == "person"}
        found = [
            record.ref
            for record in self.leads(crm).values()
            if record.state == "live" and record.fields.get("owner") in active and (self.seller == "hubspot" or "region" in record.fields)
        ]
        return sorted(found)[:count]

    def activities(self, crm: Crm, cursors: Mapping[str, Cursor] | None = None) -> list[Activity]:
        """Activities of all streams."""
        known = cursors or {}
        return [one for stream in crm.streams() for page in self.pages(crm, stream, known.get(stream)) for one in page.activities]

    def rep(self, crm: Crm) -> str:
        """The id of an active colleague."""
        return next(p.id for p in crm.people() if p.active and p.type == "person" and not p.teams)

    def stored(self, ref: Ref) -> Mapping[str, Any]:
        """What really stands in the CRM: vendor field -> value."""
        found = self.model.get(ref.object, ref.id)
        if self.seller == "hubspot":
            return {name: value for name, value in found.properties.items() if value}
        return {name: value for name, value in found.items() if value is not None}

    def live_ids(self) -> set[str]:
        """Ids of all leads that are there."""
        if self.seller == "hubspot":
            return {str(row.id) for row in self.model.records.scan(object_types.get(self.lead_object))}
        return {row["Id"] for row in self.model.query("SELECT Id FROM Lead")}

    def vendor(self, canonical: str, object_name: str = "") -> str:
        """The vendor's name of one of our fields."""
        return self.field_map.fields(object_name or self.lead_object)[canonical].name

    def count(self, object_name: str) -> int:
        """Live records of an object."""
        if self.seller == "hubspot":
            return len(self.model.find(object_name, hs_task_subject="Follow up now"))
        return len([row for row in self.model.find(object_name, "Subject", "Follow up now") if not row["IsDeleted"]])

    def made(self) -> int:
        """Calls the sandbox counted, refused ones too. Asked over HTTP: a call is counted when its reply is out already."""
        reply = requests.get(f"{self.sandbox.base_url}/_sandbox/counters", timeout=10).json()
        branch = reply.get("counters", reply)[self.seller]
        return int(branch["made"]) + int(branch["refused"])

    # --- doing
    def fault(self, action: str, path: str = "*", **options: Any) -> None:
        """Plan a fault on this CRM's calls."""
        self.sandbox.faults.add(Fault(action=action, vendor=self.seller, path=path, **options))  # type: ignore[arg-type]

    def later(self, seconds: float) -> datetime:
        """Move the business clock; nothing else happens."""
        self.sandbox.clock.advance(seconds)
        return self.sandbox.clock.now()

    def colleague(self) -> Mapping[str, Any]:
        """A colleague who works here."""
        return next(one for one in self.manifest["people"] if one["role"] == "sdr" and one["active"])

    def edit(self, ref: Ref, canonical: str, value: str) -> None:
        """A colleague changes a field at the screen."""
        self.act(ref, "edit", fields={self.vendor(canonical, ref.object): value})

    def act(self, ref: Ref, action: str, **more: Any) -> str | None:
        """A colleague does something; the id of what was created."""
        body = {"vendor": self.seller, "object": ref.object, "id": ref.id, "rep": self.colleague()["email"], "action": action, **more}
        created: str | None = act_rep.act(self.sandbox, body)["created"]
        return created

    def lead_does(self, ref: Ref, action: str, **more: Any) -> None:
        """The lead does something."""
        act_lead.act(self.sandbox, {"vendor": self.seller, "id": ref.id, "action": action, **more})

    def automation_writes(self, ref: Ref, canonical: str, value: str) -> None:
        """Another automation changes a field."""
        automation.act(
            self.sandbox, {"vendor": self.seller, "object": ref.object, "id": ref.id, "fields": {self.vendor(canonical, ref.object): value}}
        )

    def remove(self, ref: Ref) -> None:
        """A colleague deletes (archives) the record."""
        author = authors.rep(dict(self.colleague()))
        (self.model.archive if self.seller == "hubspot" else self.model.delete)(ref.object, ref.id, author)

    def merge(self, survivor: Ref, other: Ref) -> None:
        """A colleague merges `other` into `survivor`."""
        self.model.merge(survivor.object, survivor.id, other.id, authors.rep(dict(self.colleague())))

    def add_alike(self, count: int) -> list[Ref]:
        """Many leads, all saved in the very same instant."""
        at = self.later(3600)
        if self.seller == "hubspot":
            rows = [(None, {"email": f"twin{n}@bulk.example", "lastname": "Twin"}, at, at, None) for n in range(count)]
        else:
            rows = [({"LastName": "Twin", "Company": "Bulk", "Status": "Nurture", "OwnerId": self._owner()}, at, at) for _ in range(count)]  # type: ignore[misc]
        return [Ref(self.system, self.lead_object, record_id) for record_id in self.model.load(self.lead_object, rows)]

    def add_lead(self, email: str, author: Author = SYSTEM, **how: Any) -> Ref:
        """One new lead."""
        if self.seller == "hubspot":
            return Ref(self.system, self.lead_object, self.model.create("contacts", {"email": email}, author))
        fields = {"LastName": "New", "Company": "New", "Email": email, "Status": "Nurture", "OwnerId": self._owner(), "Region__c": "West"}
        return Ref(self.system, self.lead_object, self.model.create("Lead", fields, author, **how))

    def _owner(self) -> str:
        return str(self.colleague()["salesforce_user_id"])


@dataclass
class LeadsBench(Bench):
    """HubSpot's Lead objects: the world has none, so every contact is given one. `of_contact` says which is whose."""

    of_contact: dict[str, str] = field(default_factory=dict)

    def stocked(self) -> LeadsBench:
        """With Lead objects of several owners, all in the pipeline's first stage."""
        owners = [one["hubspot_owner_id"] for one in reversed(self.manifest["people"]) if one["role"] == "sdr"]
        contacts = [str(row.id) for row in self.model.records.scan(object_types.CONTACTS)]
        self.of_contact = dict(zip(self._load([f"Lead {n}" for n in range(len(contacts))], owners, DAY), contacts, strict=True))
        self.model.load_associations("leads", "contacts", self.of_contact.items(), 578)
        return self

    def add_alike(self, count: int) -> list[Ref]:
        """Many Lead objects, all saved in the very same instant."""
        self.later(3600)
        return [Ref(self.system, "leads", made) for made in self._load(["Twin"] * count, [""])]

    def _load(self, names: Sequence[str], owners: Sequence[str], age: timedelta = timedelta(0)) -> list[str]:
        at = self.sandbox.clock.now() - age
        said = {"hs_pipeline": "lead-pipeline-id", "hs_pipeline_stage": "new-stage-id"}
        rows = [
            (None, {**said, "hs_lead_name": name, "hubspot_owner_id": owners[number % len(owners)]}, at, at, None)
            for number, name in enumerate(names)
        ]
        found: list[str] = self.model.load("leads", rows)
        return found


def benches(sandbox: Sandbox) -> dict[str, Bench]:
    """Both CRMs, and HubSpot's Lead objects."""
    return {
        "hubspot": Bench(sandbox, "hubspot", "contacts", "tasks", "NURTURE", "BAD_TIMING"),
        "hubspot_leads": LeadsBench(sandbox, "hubspot_leads", "leads", "", "attempting-stage-id", "connected-stage-id"),
        "salesforce": Bench(sandbox, "salesforce", "Lead", "Task", "Nurture", "Working - Contacted"),
    }


def union(pages: Sequence[Page]) -> list[Ref]:
    """Refs of all records, in order, repeats kept."""
    return [record.ref for page in pages for record in page.records]


DAY = timedelta(days=1)
