"""Small worlds for engine tests: two CRMs in memory, six reps, the shipped policy, one thread, a clock that stands still."""

from __future__ import annotations

import copy
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from fake_crm import FakeCrm, Killed, World, utc
from sqlalchemy import Connection

from connectors.protocol import Person
from engine.adopt import adopt
from engine.apply_plan import apply_plan
from engine.context import Engine, Inline, Settings
from engine.report import RunSummary
from engine.sync import sync
from handoff.facts import Actor, Kind, Ref
from handoff.policy import Policy
from ledger.ledger import Ledger, open_ledger
from mappings.load import load_policy
from mappings.people import PersonRow

START = utc("2026-11-03T15:00")  # a Tuesday, ten in the morning in New York
REPS = ("ann", "bob", "cat", "dan", "eve", "fay")


@cache
def shipped() -> Policy:
    """The policy that ships with the product."""
    return load_policy()


def staff(system: str) -> list[Person]:
    """Six development reps, two account executives, a manager, one who left, and the nurture queue where the CRM has queues."""
    short = system[0]
    people = [
        Person(f"{short}-{name}", f"{name}@acme.example", name.title(), True, role="SDR", time_zone="America/New_York") for name in REPS
    ]
    people += [Person(f"{short}-{name}", f"{name}@acme.example", name.title(), True, role="Account Executive") for name in ("ivy", "jon")]
    people.append(Person(f"{short}-max", "max@acme.example", "Max", True, role="Sales Manager"))
    people.append(Person(f"{short}-zoe", "zoe@acme.example", "Zoe", False, role="SDR"))
    if system == "salesforce":
        people.append(Person("s-nurture", "queue:Nurture", "Nurture", True, type="queue"))
    return people


@dataclass
class Place:
    """One company: its CRMs, its ledger file, its engine."""

    world: World
    crms: dict[str, FakeCrm]
    ledger: Ledger
    policy: Policy
    path: Path
    settings: Settings = field(default_factory=lambda: Settings(writes="on", shard_size=4, requests_in_flight=1))
    seconds: float = 0.0
    people: tuple[PersonRow, ...] = ()

    @property
    def engine(self) -> Engine:
        """A fresh engine, as a new process would build it: it lives, whatever became of the one before."""
        self.world.dead = False
        return Engine(
            policy=self.policy,
            crms=dict(self.crms),
            ledger=self.ledger,
            clock=self.world.clock,
            sleep=self._sleep,
            executor=Inline(),
            monotonic=lambda: self.seconds,
            wall=self._wall,
            settings=self.settings,
            people=self.people,
        )

    def _sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def _wall(self) -> datetime:
        """Real time runs on although the business clock stands: a dead process's lease runs out."""
        self.seconds += 0.001
        return START + timedelta(seconds=self.seconds)

    @property
    def hubspot(self) -> FakeCrm:
        """The HubSpot account."""
        return self.crms["hubspot"]

    @property
    def salesforce(self) -> FakeCrm:
        """The Salesforce org."""
        return self.crms["salesforce"]

    @property
    def main(self) -> FakeCrm:
        """The CRM whose record says stage and owner."""
        return self.crms[self.policy.systems[0]]

    def contact(self, name: str, *, days_old: int = 60, **fields: str) -> Ref:
        """A HubSpot contact."""
        values = {"email": f"{name}@{name}.example", "first_name": name.title(), "last_name": "Lead", "status": "NEW", **fields}
        return self.hubspot.add(values, created_at=self.world.now - timedelta(days=days_old), record_id=f"h-{name}")

    def lead(self, name: str, *, days_old: int = 60, **fields: str) -> Ref:
        """A Salesforce Lead, linked to the contact of the same name where there is one."""
        values = {"email": f"{name}@{name}.example", "first_name": name.title(), "last_name": "Lead", "company": name.title()}
        values |= {"status": "Open - Not Contacted", "owner": "s-ann"}
        if "hubspot" in self.crms and f"h-{name}" in self.hubspot.rows:
            values["hubspot_id"] = f"h-{name}"
        return self.salesforce.add({**values, **fields}, created_at=self.world.now - timedelta(days=days_old), record_id=f"s-{name}")

    def person(self, name: str, *, days_old: int = 60, **fields: str) -> Ref:
        """The same human in every CRM there is; returns the record of record. `owner` is a rep's name."""
        owner = fields.pop("owner", "ann")
        ref = None
        if "hubspot" in self.crms:
            ref = self.contact(name, days_old=days_old, **fields, **({"owner": f"h-{owner}"} if owner else {}))
        if "salesforce" in self.crms:
            ref = self.lead(name, days_old=days_old, **fields, owner=f"s-{owner}")
        assert ref is not None
        return ref

    def asks(self, ref: Ref, days_ago: float = 0, form: str = "demo") -> None:
        """A hand-raise by form."""
        self.crms[ref.system].act(ref, Kind.FORM, Actor.LEAD, subject=form, at=self.world.now - timedelta(days=days_ago))

    def calls(self, ref: Ref, days_ago: float = 0, outcome: str = "connected") -> None:
        """A rep calls."""
        self.crms[ref.system].act(
            ref, Kind.CALL, Actor.REP, outcome=outcome, by=f"{ref.system[0]}-ann", at=self.world.now - timedelta(days=days_ago)
        )

    def sends(self, ref: Ref, days_ago: float = 0) -> None:
        """Marketing mails."""
        self.crms[ref.system].act(ref, Kind.SEND, Actor.MARKETING, at=self.world.now - timedelta(days=days_ago))

    def adopted(self) -> RunSummary:
        """Adopts and carries the backlog plan out."""
        made = adopt(self.engine)
        return apply_plan(self.engine, made.plan_id, "revops@acme.example") if made.plan_id else made

    def sync(self) -> RunSummary:
        """A sync that writes."""
        return sync(self.engine, "apply")

    def tasks(self) -> list[str]:
        """Keys of all tasks in all CRMs."""
        return sorted(key for crm in self.crms.values() for key in crm.tasks)

    def picture(self) -> dict[str, dict[str, str]]:
        """What people see: the fields of every live record, by system and id; without revision counters."""
        return {
            f"{system}:{row.id}": {name: value for name, value in row.fields.items() if name != "handoff_rev"}
            for system, crm in self.crms.items()
            for row in crm.rows.values()
        }


def place(path: Path, *systems: str, start: datetime = START) -> Place:
    """A company with these CRMs (both by default), system of record first."""
    named = systems or ("salesforce", "hubspot")
    world = World(start)
    crms = {system: FakeCrm(system, world, staff(system)) for system in named}
    policy = replace_systems(shipped(), named)
    shutil.copy(empty_ledger(), path / "ledger.db")
    return Place(world, crms, mortal(open_ledger(path / "ledger.db"), world), policy, path / "ledger.db")


def mortal(ledger: Ledger, world: World) -> Ledger:
    """A ledger that a dead process cannot write, and before whose n-th transaction a process can be made to die (`World.dies_at`)."""
    honest = ledger._database.write

    @contextmanager
    def write() -> Iterator[Connection]:
        world.transactions += 1
        world.dead = world.dead or world.transactions == world.dies_at
        if world.dead:
            raise Killed
        with honest() as connection:
            yield connection

    ledger._database.write = write  # type: ignore[method-assign]
    return ledger


def copy_of(company: Place, path: Path) -> Place:
    """The same company once more: its CRMs and its ledger, as if the world forked."""
    with closing(sqlite3.connect(company.path)) as source, closing(sqlite3.connect(path)) as target:
        source.backup(target)
    crms = copy.deepcopy(company.crms)
    world = crms[company.policy.systems[0]].world
    return Place(world, crms, mortal(open_ledger(path), world), company.policy, path, company.settings, company.seconds)


@cache
def empty_ledger() -> Path:
    """A ledger with its tables and nothing in it, made once: copying is much faster than migrating."""
    made = Path(tempfile.mkdtemp()) / "empty.db"
    open_ledger(made).close()
    return made


def replace_systems(policy: Policy, systems: tuple[str, ...]) -> Policy:
    """The shipped policy for a company with these CRMs; the fakes have one activity stream."""
    silence = policy.silence.model_copy(update={"sources": dict.fromkeys(systems, ("activity",))})
    statuses = {system: policy.statuses[system] for system in systems}
    sources = {name: kept for name, order in policy.sources.items() if (kept := tuple(s for s in order if s in systems))}
    return policy.model_copy(update={"systems": systems, "silence": silence, "statuses": statuses, "sources": sources})


__all__ = ["REPS", "START", "Place", "copy_of", "place", "replace", "shipped"]
