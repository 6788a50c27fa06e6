"""A hand-raise that nobody answers, over HTTP: on the business clock its owner moves on the Salesforce record, with one task each time."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from engine_worlds import shipped

from connectors.account import HubSpotAccount, SalesforceAccount
from connectors.clocks import Clocks
from connectors.registry import open_crm
from engine.adopt import adopt
from engine.apply_plan import apply_plan
from engine.context import Engine, Inline, Settings
from engine.frame import role_of
from engine.report import RunSummary
from engine.setup import setup
from engine.sync import sync
from handoff.calendar import Calendar, moment_of, seconds_of
from handoff.facts import Kind
from ledger.ledger import open_ledger
from mappings.fields import load_field_map

ROOT = Path(__file__).parents[2]
SYSTEMS = ("salesforce", "hubspot")


@dataclass(frozen=True)
class Place:
    """A sandbox process with Company A in it, and one ledger."""

    url: str
    manifest: Mapping[str, Any]
    ledger: Path

    def post(self, path: str, **body: object) -> Any:
        """The control plane."""
        reply = requests.post(f"{self.url}/_sandbox{path}", json=body, timeout=60)
        reply.raise_for_status()
        return reply.json()

    def now(self) -> datetime:
        """The business clock."""
        return datetime.fromisoformat(requests.get(f"{self.url}/_sandbox/clock", timeout=30).json()["now"])

    def writes(self, after: int = 0) -> list[dict[str, Any]]:
        """Every field the product wrote in Salesforce, in order, after a sequence number."""
        query = {"vendor": "salesforce", "author": "product", "after": after, "limit": 1_000_000}
        found: list[dict[str, Any]] = requests.get(f"{self.url}/_sandbox/journal", params=query, timeout=60).json()["entries"]
        return found

    def wait_until(self, moment: datetime) -> None:
        """The business clock moves."""
        self.post("/clock", advance_seconds=round((moment - self.now()).total_seconds()))

    @contextmanager
    def engine(self, role: str = "product") -> Iterator[Engine]:
        """An engine on the sandbox's clock that may write."""
        now, given = self.now(), self.manifest["credentials"]
        app = given["salesforce"]["apps"][role]
        hubspot = HubSpotAccount(base_url=self.url, token=given["hubspot"]["tokens"][role], portal_id=given["hubspot"]["portal_id"])
        shared = {"instance_url": given["salesforce"]["instance_url"], "org_id": given["salesforce"]["org_id"]}
        salesforce = SalesforceAccount(base_url=self.url, client_id=app["client_id"], client_secret=app["client_secret"], **shared)
        with ExitStack() as stack:
            crms = {}
            clocks = Clocks(lambda: now, lambda: now, time.monotonic, time.sleep)
            for system, account in (("salesforce", salesforce), ("hubspot", hubspot)):
                crms[system] = open_crm(system, account, load_field_map(system), clocks)
                stack.callback(crms[system].close)
            ledger = open_ledger(self.ledger)
            stack.callback(ledger.close)
            pinned = {"hubspot": str(given["hubspot"]["portal_id"]), "salesforce": given["salesforce"]["org_id"]}
            yield Engine(
                policy=shipped(),
                crms=crms,
                ledger=ledger,
                clock=lambda: now,
                sleep=time.sleep,
                executor=Inline(),
                monotonic=time.monotonic,
                wall=lambda: now,
                settings=Settings(writes="on", pinned=pinned, production=frozenset(SYSTEMS)),
            )

    def sync(self) -> RunSummary:
        """A sync that writes, now."""
        with self.engine() as engine:
            return sync(engine, "apply")


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Place]:
    """Company A, adopted: own fields made, the backlog's plan approved."""
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-m", "sandbox", "--seed", "5", "--leads", "200", "--ready-file", str(ready), "--die-with-parent"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        while not ready.exists():
            assert process.poll() is None, "the sandbox did not start"
            time.sleep(0.05)
        url = json.loads(ready.read_text())["url"]
        place = Place(url, requests.get(f"{url}/_sandbox/manifest", timeout=30).json(), tmp_path / "ledger.db")
        with place.engine() as engine, place.engine("admin") as admin:
            setup(engine, admin.crms, apply=True)
        with place.engine() as engine:
            apply_plan(engine, adopt(engine).plan_id, "revops@acme.example")
        yield place
        process.terminate()


@dataclass(frozen=True)
class Moves:
    """What the product wrote about one Salesforce Lead since a moment: owners, reasons, tasks."""

    owners: tuple[str, ...]
    reasons: tuple[str, ...]
    tasks: int


@pytest.mark.requirement("R69", "R77", "R78", "R86")
def test_an_unanswered_hand_raise_moves_its_owner_at_30_60_and_90_business_minutes_with_one_task_each(company: Place) -> None:
    opening = Calendar(shipped().company).next_opening(seconds_of(company.now()))
    company.wait_until(moment_of(opening + 3600))
    company.sync()
    lead, contact = _in_nurture(company)
    before = company.writes()[-1]["seq"]
    asked = company.now()
    company.post("/act/lead", vendor="hubspot", id=contact, action="form", form="demo")
    company.wait_until(asked + timedelta(minutes=1))
    company.sync()
    seen = [_moves(company, lead, before)]
    assert (len(seen[0].owners), seen[0].tasks) == (1, 1)
    for minutes in (30, 60, 90):
        company.wait_until(asked + timedelta(minutes=minutes - 1))
        company.sync()
        assert _moves(company, lead, before) == seen[-1], f"{minutes - 1} minutes: nothing is due yet"
        company.wait_until(asked + timedelta(minutes=minutes))
        company.sync()
        seen.append(_moves(company, lead, before))
        company.sync()
        assert _moves(company, lead, before) == seen[-1], "a second run changes nothing"
    assert [one.tasks for one in seen] == [1, 2, 3, 4]
    assert len(set(seen[-1].owners)) == len(seen[-1].owners) == 4
    assert ["30 business" in seen[-1].reasons[1], "60 business" in seen[-1].reasons[2], "manager" in seen[-1].reasons[3]] == [True] * 3
    with company.engine() as engine:
        people = {person.id: person for person in engine.crms["salesforce"].people()}
        roles = [role_of(engine.policy.roles, (people[owner].role, *people[owner].teams)) for owner in seen[-1].owners]
    assert roles[-1] == "manager"
    assert set(roles[:-1]) <= {"sdr", "ae"}, "an executive only where one works somebody of the same account"


def _in_nurture(company: Place) -> tuple[str, str]:
    """Salesforce Lead and HubSpot contact of somebody whom the nurture queue owns and who has sent no form."""
    with company.engine() as engine:
        leads = engine.ledger.leads
        for one in leads.load(leads.all_keys(), engine.clock(), engine.policy.systems, engine.policy.sources):
            ids = {record.ref.object: record.ref.id for record in one.facts.records}
            raised = any(activity.kind is Kind.FORM for activity in one.facts.activities)
            prior = one.prior
            nurtured = prior is not None and prior.stage == "nurture" and prior.owner.startswith("queue:") and not one.facts.problems
            if nurtured and set(ids) == {"Lead", "contacts"} and len(one.facts.records) == 2 and not raised:
                return ids["Lead"], ids["contacts"]
    msg = "nobody is in nurture with a record in both CRMs"
    raise AssertionError(msg)


def _moves(company: Place, lead: str, after: int) -> Moves:
    rows = company.writes(after)
    mine = [row for row in rows if (row["object"], row["id"]) == ("Lead", lead)]
    return Moves(
        tuple(row["new"] for row in mine if row["field"] == "OwnerId"),
        tuple(row["new"] for row in mine if row["field"] == "Handoff_Reason__c"),
        sum((row["object"], row["field"], row["new"]) == ("Task", "WhoId", lead) for row in rows),
    )
