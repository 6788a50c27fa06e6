"""Makers of leads, activities and frames: a test states only what differs. NOW is a Wednesday, 11:00 in New York."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from handoff.compiled import CompiledPolicy
from handoff.decide import decide
from handoff.decision import Decision, Frame, Prior, Rep
from handoff.facts import Activity, Actor, Kind, LeadFacts, Record, Ref

NOW = datetime(2026, 11, 18, 16, 0, tzinfo=UTC)
DAY = timedelta(days=1)
OBJECTS = {"salesforce": "Lead", "hubspot": "contacts", "hubspot_leads": "leads"}


def days_ago(days: float) -> datetime:
    """That many days before NOW."""
    return NOW - timedelta(days=days)


def rep(key: str, role: str = "sdr", **changes: Any) -> Rep:
    """An active person known in both CRMs."""
    name = key.partition("@")[0]
    made = Rep(
        key=key,
        name=name.title(),
        role=role,
        active=True,
        ids={"salesforce": f"005-{name}", "hubspot": f"hs-{name}", "hubspot_leads": f"hs-{name}"},
    )
    return replace(made, **changes)


REPS = (rep("ann@x.example"), rep("bob@x.example"), rep("cyd@x.example"), rep("eve@x.example", "ae"), rep("max@x.example", "manager"))
GONE = rep("gone@x.example", active=False)


def frame(reps: tuple[Rep, ...] = (*REPS, GONE), **changes: Any) -> Frame:
    """Everybody at work, every source covered up to NOW."""
    owners = {f"{system}:{vendor_id}": one.key for one in reps for system, vendor_id in one.ids.items()}
    owners["salesforce:00G-nurture"] = "queue:Nurture"
    made = Frame(
        reps={one.key: one for one in reps},
        owners=owners,
        queues={"Nurture": {"salesforce": "00G-nurture"}},
        turns={},
        open_leads={},
        new_today={},
        coverage={"salesforce:Task": NOW, "hubspot:calls": NOW},
        health={},
        target_accounts={"big.example": "eve@x.example"},
        cut_over=days_ago(1000),
    )
    return replace(made, **changes)


def owner_id(key: str, system: str) -> str:
    """The vendor id of a rep made by `rep`."""
    name = key.partition("@")[0]
    return f"005-{name}" if system == "salesforce" else f"hs-{name}"


def record(system: str = "salesforce", number: int = 1, owner: str = "", created: datetime | None = None, **changes: Any) -> Record:
    """A Lead or contact; `fields` are canonical."""
    fields = {"email": f"p{number}@acme.example", **changes.pop("fields", {})}
    if owner:
        fields["owner"] = owner_id(owner, system)
    at = created or days_ago(60)
    ref = Ref(system, OBJECTS[system], str(number))
    return Record(ref=ref, fields=fields, created_at=at, modified_at=at, known_at=at)._replace(**changes)


def lead(*records: Record, activities: tuple[Activity, ...] = (), **changes: Any) -> LeadFacts:
    """A lead of these records; `fields` is their merge, the first record's values first."""
    made = records or (record(),)
    merged: dict[str, str] = {}
    for one in reversed(made):
        merged.update(one.fields)
    merged.update(changes.pop("fields", {}))
    first_seen = min(one.created_at for one in made)
    ordered = tuple(sorted(activities, key=lambda activity: (activity.occurred_at, activity.key), reverse=True))
    return replace(LeadFacts(key=str(made[0].ref), records=made, fields=merged, activities=ordered, first_seen=first_seen), **changes)


def activity(kind: Kind, at: datetime, subject: str = "", actor: Actor | None = None, **changes: Any) -> Activity:
    """Something dated on Lead 1, known as soon as it happened."""
    by_lead = kind in (Kind.FORM, Kind.CLICK, Kind.REPLY, Kind.VISIT)
    who = actor or (Actor.LEAD if by_lead else Actor.MARKETING if kind == Kind.SEND else Actor.REP)
    about = changes.pop("about", Ref("salesforce", "Lead", "1"))
    key = changes.pop("key", f"{about}:{kind}:{at.isoformat()}:{subject}")
    made = Activity(key=key, kind=kind, actor=who, about=about, occurred_at=at, known_at=min(at, NOW), subject=subject)
    return made._replace(**changes)


def form(days: float, subject: str = "demo") -> Activity:
    """A form sent `days` ago."""
    return activity(Kind.FORM, days_ago(days), subject)


def call(days: float, outcome: str = "attempted", by: str = "ann@x.example", **changes: Any) -> Activity:
    """A rep's call `days` ago."""
    return activity(Kind.CALL, days_ago(days), outcome=outcome, by=owner_id(by, "salesforce"), **changes)


def task(due: datetime, *, ours: bool = False, outcome: str = "open", created: datetime | None = None) -> Activity:
    """A dated task."""
    return activity(Kind.TASK, created or days_ago(1), f"task {due.isoformat()}", outcome=outcome, due_at=due, ours=ours)


def prior(stage: str, days: float = 10, **changes: Any) -> Prior:
    """In `stage` for `days`, decided by us before."""
    return Prior(stage=stage, since=days_ago(days), episode=1, rev=1)._replace(**changes)


GOOD_FIT = {"title": "VP Sales", "industry": "Software", "employees": "300", "country": "United States"}
BAD_FIT = {"title": "Assistant", "industry": "Farming", "employees": "3", "country": "Narnia"}


def decided(
    policy: CompiledPolicy, before: Prior | None = None, facts: LeadFacts | None = None, at: Frame | None = None, now: datetime = NOW
) -> Decision:
    """One decision."""
    return decide(before, facts or lead(), policy, at or frame(), now)
