"""A company whose reps work in HubSpot's Leads workspace: its portal in a sandbox process, one ledger, and the people in it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from test_doctor_sandbox import ROOT

from connectors.account import HubSpotAccount
from connectors.clocks import Clocks
from connectors.registry import open_crm
from engine.adopt import adopt
from engine.apply_plan import apply_plan
from engine.context import Engine, Inline, Settings
from engine.explain import explain
from engine.report import RunSummary, Status
from engine.setup import setup
from engine.sync import sync
from handoff.calendar import Calendar, moment_of, seconds_of
from handoff.facts import Kind, Ref
from ledger.ledger import open_ledger
from mappings.fields import load_field_map
from mappings.load import SHIPPED, load_policy, personal_fields

OVERLAY = SHIPPED / "overlays" / "hubspot-leads"
SYSTEMS = ("hubspot", "hubspot_leads")
NEW, WORKED, CLOSED = "new-stage-id", "attempting-stage-id", "unqualified-stage-id"


@dataclass(frozen=True)
class Office:
    """A sandbox process with Company A's portal in it, and one ledger."""

    url: str
    manifest: Mapping[str, Any]
    ledger: Path

    def post(self, route: str, /, **body: object) -> Any:
        """The control plane."""
        reply = requests.post(f"{self.url}/_sandbox{route}", json=body, timeout=60)
        assert reply.ok, reply.text
        return reply.json()

    def now(self) -> datetime:
        """The business clock."""
        return datetime.fromisoformat(requests.get(f"{self.url}/_sandbox/clock", timeout=30).json()["now"])

    def wait_until(self, moment: datetime) -> None:
        """The business clock moves; the company's other automation sleeps."""
        self.post("/clock", advance_seconds=round((moment - self.now()).total_seconds()), quiet=True)

    def days(self, number: float) -> None:
        """Days go by."""
        self.wait_until(self.now() + timedelta(days=number))

    def writes(self) -> list[dict[str, Any]]:
        """Every field the product wrote, in order."""
        query: dict[str, str | int] = {"vendor": "hubspot", "author": "product", "limit": 1_000_000}
        found: list[dict[str, Any]] = requests.get(f"{self.url}/_sandbox/journal", params=query, timeout=60).json()["entries"]
        return found

    @contextmanager
    def engine(self, role: str = "product") -> Iterator[Engine]:
        """An engine on the sandbox's clock that may write; both adapters are open in the one portal."""
        now, given = self.now(), self.manifest["credentials"]["hubspot"]
        account = HubSpotAccount(
            base_url=self.url,
            token=given["tokens"][role],
            portal_id=given["portal_id"],
            limit_per_10s=100_000,
            search_limit_per_second=100_000,
        )
        clocks = Clocks(lambda: now, lambda: now, time.monotonic, lambda _seconds: None)
        with ExitStack() as stack:
            crms: dict[str, Any] = {}
            for system in SYSTEMS:
                crms[system] = open_crm(system, account, load_field_map(system), clocks, crms)
                stack.callback(crms[system].close)
            ledger = open_ledger(self.ledger, personal=personal_fields(OVERLAY, SYSTEMS))
            stack.callback(ledger.close)
            yield Engine(
                policy=load_policy(OVERLAY),
                crms=crms,
                ledger=ledger,
                clock=lambda: now,
                sleep=time.sleep,
                executor=Inline(),
                monotonic=time.monotonic,
                wall=lambda: now,
                settings=Settings(writes="on", pinned=dict.fromkeys(SYSTEMS, str(given["portal_id"])), production=frozenset(SYSTEMS)),
            )

    def contacts(self) -> list[dict[str, Any]]:
        """The portal's first contacts."""
        asked = {"limit": 100, "properties": "email,hubspot_owner_id"}
        found: list[dict[str, Any]] = requests.get(
            f"{self.url}/crm/v3/objects/contacts", params=asked, headers=self._admin(), timeout=30
        ).json()["results"]
        return found

    def makes_lead(self, contact: str, stage: str, owner: str) -> str:
        """Somebody else's tool makes a Lead object; its id."""
        link = {"to": {"id": contact}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 578}]}
        said = {"hs_lead_name": "Worked before", "hs_pipeline_stage": stage, "hubspot_owner_id": owner}
        body = {"properties": said, "associations": [link]}
        reply = requests.post(f"{self.url}/crm/v3/objects/leads", json=body, headers=self._admin(), timeout=30)
        assert reply.ok, reply.text
        return str(reply.json()["id"])

    def _admin(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.manifest['credentials']['hubspot']['tokens']['admin']}"}

    def sync(self) -> RunSummary:
        """A sync that writes, now."""
        with self.engine() as engine:
            return sync(engine, "apply")

    def changes_nothing(self) -> None:
        """Another run finds nothing to do."""
        before = len(self.writes())
        again = self.sync()
        assert (again.status, len(self.writes())) == (Status.NOTHING_TO_DO, before)


def no_leads_yet(_office: Office) -> None:
    """What stands in the portal before go-live: Lead objects, none by default."""


@contextmanager
def opened(folder: Path, before: Callable[[Office], None] = no_leads_yet) -> Iterator[Office]:
    """Company A on HubSpot alone, adopted: own fields made, the backlog's plan approved; an hour after it opens."""
    ready = folder / "ready.json"
    command = [sys.executable, "-m", "sandbox", "--seed", "5", "--leads", "200", "--crms", "hubspot", "--ready-file", str(ready)]
    with subprocess.Popen([*command, "--die-with-parent"], cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        try:
            while not ready.exists():
                assert process.poll() is None, "the sandbox did not start"
                time.sleep(0.05)
            url = json.loads(ready.read_text())["url"]
            made = Office(url, requests.get(f"{url}/_sandbox/manifest", timeout=30).json(), folder / "ledger.db")
            before(made)
            _go_live(made)
            yield made
        finally:
            process.terminate()


def _go_live(office: Office) -> None:
    wide = {"hubspot.ten_secondly": 100_000, "hubspot.searches_per_second": 100_000}
    requests.put(f"{office.url}/_sandbox/limits", json=wide, timeout=30).raise_for_status()
    with office.engine() as engine, office.engine("admin") as admin:
        setup(engine, admin.crms, apply=True)
    with office.engine() as engine:
        apply_plan(engine, adopt(engine).plan_id, "revops@acme.example")
        opening = Calendar(engine.policy.company).next_opening(seconds_of(office.now()))
    office.wait_until(moment_of(opening + 3600))
    office.sync()


class Person:
    """One contact, by default in nurture and without a request so far, and what stands in the portal about it."""

    def __init__(self, office: Office, contact: str = "") -> None:
        self.office = office
        self.contact = Ref("hubspot", "contacts", contact) if contact else _in_nurture(office)

    def asks(self) -> None:
        """Asks for a demo."""
        self.office.post("/act/lead", vendor="hubspot", id=self.contact.id, action="form", form="demo")
        self.office.wait_until(self.office.now() + timedelta(minutes=1))

    def leads(self) -> list[dict[str, str]]:
        """Its Lead objects: our fields, and their id."""
        with self.office.engine() as engine:
            crm = engine.crms["hubspot_leads"]
            mine = [
                r.ref
                for page in crm.pull("leads", None, self.office.now())
                for r in page.records
                if r.fields["contact_id"] == self.contact.id
            ]
            return [
                {"id": ref.id, **record.fields}
                for ref, record in crm.read(mine, [n for n in crm.fields("leads") if n != "contact_id"]).items()
            ]

    def on_contact(self) -> Mapping[str, str]:
        """What the contact says."""
        with self.office.engine() as engine:
            crm = engine.crms["hubspot"]
            names = ["status", "owner", *(name for name in crm.fields("contacts") if name.startswith("handoff_"))]
            return crm.read([self.contact], names)[self.contact].fields

    def tasks(self) -> list[tuple[str, str]]:
        """(outcome, owner) of our tasks about the contact."""
        with self.office.engine() as engine:
            pages = engine.crms["hubspot"].pull("tasks", None, self.office.now())
            return [(one.outcome, one.by) for page in pages for one in page.activities if one.ours and one.about == self.contact]

    def rep(self, object_name: str, record_id: str, owner: str, action: str, **more: Any) -> None:
        """The owner at the screen."""
        with self.office.engine() as engine:
            key = next(person.key for person in engine.crms["hubspot"].people() if person.id == owner)
        self.office.wait_until(self.office.now() + timedelta(minutes=5))
        self.office.post("/act/rep", vendor="hubspot", object=object_name, id=record_id, rep=key, action=action, **more)
        self.office.wait_until(self.office.now() + timedelta(minutes=10))

    def story(self) -> str:
        """Why the lead stands where it stands."""
        with self.office.engine() as engine:
            return explain(engine, str(self.contact))


def _in_nurture(office: Office) -> Ref:
    with office.engine() as engine:
        leads = engine.ledger.leads
        for one in leads.load(leads.all_keys(), engine.clock(), engine.policy.systems, engine.policy.sources):
            raised = any(activity.kind is Kind.FORM for activity in one.facts.activities)
            prior, free = one.prior, not one.facts.problems and not raised
            nurtured = prior is not None and prior.stage == "nurture" and bool(prior.nurture_group) and not prior.owner
            if nurtured and free and [record.ref.object for record in one.facts.records] == ["contacts"]:
                return one.facts.records[0].ref
    msg = "nobody is in nurture with a contact alone"
    raise AssertionError(msg)
