"""Makers with defaults: a test states only what differs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.protocol import Cursor, Gone, Page
from handoff.decision import Decision, Effect, EffectKind, Side
from handoff.facts import Activity, Actor, Kind, Record, Ref, State
from handoff.plan import Creation, Line
from ledger.ledger import Ledger
from ledger.values import Batch, LineResult, LineState, Link, Loaded, NewPlan, Role

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SYSTEMS = ("salesforce", "hubspot")
POLICY, ROSTER, FRAME = "policy-1", "roster-1", "frame-1"
CONTACT = Ref("hubspot", "contacts", "1")
LEAD = Ref("salesforce", "Lead", "00Q1")
KEY = str(CONTACT)


def record(ref: Ref = CONTACT, modified: datetime = NOW - DAY, state: State = State.LIVE, **fields: str) -> Record:
    return Record(ref, fields, NOW - 100 * DAY, modified, NOW, state)


def activity(key: str = "hubspot:calls:1", about: Ref = CONTACT, at: datetime = NOW - DAY, kind: Kind = Kind.CALL, **more: Any) -> Activity:
    return Activity(key, kind, more.pop("actor", Actor.REP), about, at, NOW, **more)


def page(*items: Record | Activity | Gone, position: str = "p1", until: datetime | None = None, digest: str = "f1") -> Page:
    return Page(
        "contacts",
        tuple(item for item in items if isinstance(item, Record)),
        tuple(item for item in items if isinstance(item, Activity)),
        tuple(item for item in items if isinstance(item, Gone)),
        Cursor("hubspot", "contacts", digest, position),
        until,
    )


def lead_of(ledger: Ledger, *records: Record, key: str = KEY, now: datetime = NOW) -> str:
    """A lead with these records, the first one primary."""
    ledger.facts.store_page(page(*records), now)
    ledger.leads.link([Link(each.ref, key, Role.MIRROR if number else Role.PRIMARY) for number, each in enumerate(records)], now)
    return key


def load(ledger: Ledger, key: str = KEY, now: datetime = NOW, sources: Mapping[str, tuple[str, ...]] | None = None, **more: Any) -> Loaded:
    (loaded,) = ledger.leads.load([key], now, SYSTEMS, sources or {}, **more)
    return loaded


def decision(lead: str = KEY, **changes: Any) -> Decision:
    made = Decision(
        lead=lead, stage="offered", since=NOW, episode=1, rev=1, side=Side.SALES, owner="rep-1@example.com", previous_owner="",
        pool="inbound", lead_type="hand_raise", next_step="call", nurture_group="", due_at=NOW + HOUR, review_at=None, offered_at=NOW,
        hand_raise_at=NOW - HOUR, reroutes=0, transition="hand_raise", ready=False, release_owner="", heat=(1, 20, 80),
        first_seen=("2026-01-01", lead), fit_band="A", intent_band="hot", reason="asked for a demo",
        effects=(), next_look_at=NOW + DAY, in_scope=True,
        because=(("intent", "pricing_page", 2, 30, 1), ("stage", "hand_raise", None)),
    )  # fmt: skip
    return made._replace(**changes)


def line(ref: Ref = CONTACT, field: str = "handoff_stage", after: str | None = "offered", **changes: Any) -> Line:
    made = Line(KEY, ref, ref.object, field, None, after, "hand_raise", "to_sales", "asked for a demo", NOW + DAY)
    return made._replace(**changes)


def effect(lead: str = KEY, kind: EffectKind = EffectKind.TASK, episode: int = 1, **more: Any) -> Effect:
    return Effect(kind, lead, "hand_raise", episode, NOW + HOUR, more.pop("text", "Call Ana at once"), "Call", **more)


def task(made: Effect, **changes: Any) -> Creation:
    created = Creation(
        made.lead, "salesforce", "task", made.key, {"subject": "Call", "body": made.text, "owner": "005"}, (LEAD,), move="task"
    )
    return replace(created, **changes)


def decide(ledger: Ledger, *made: Decision, run: int | None = None, now: datetime = NOW, policy: str = POLICY) -> int:
    """A run that decided these."""
    run_id = run if run is not None else ledger.runs.start("sync_leads", "apply", now)
    keys = [each.lead for each in made]
    marks = {loaded.facts.key: loaded.mark for loaded in ledger.leads.load(keys, now, SYSTEMS, {})}
    ledger.leads.save_decisions(run_id, made, marks, policy, ROSTER, FRAME, now)
    return run_id


def plan(ledger: Ledger, *items: Line | Creation | Effect, approved: bool = True, made: Decision | None = None, now: datetime = NOW) -> int:
    """A decided lead with a saved plan."""
    run_id = decide(ledger, made or decision(), now=now)
    part = NewPlan(
        tuple(item for item in items if isinstance(item, Line)),
        tuple(item for item in items if isinstance(item, Creation)),
        tuple(item for item in items if isinstance(item, Effect)),
        ((made or decision()).lead,),
    )
    return ledger.outbox.save_plan(run_id, part, now, now + DAY, approved=approved)


def token(ledger: Ledger, now: datetime = NOW) -> int:
    lease = ledger.lease.acquire("writer", "test", now, 3600)
    assert lease is not None
    return lease.token


def claim(ledger: Ledger, held: int, ref: Ref = CONTACT, now: datetime = NOW) -> Batch:
    return ledger.outbox.claim(ref.system, ref.object, "update", 100, held, now)


def told_and_done(ledger: Ledger, number: int) -> list[Effect]:
    """So many planned tasks of one lead and notices of another: what hangs on a lead waits for its creations."""
    lead_of(ledger, record())
    lead_of(ledger, record(LEAD), key=str(LEAD))
    tasks = [effect(episode=each) for each in range(number)]
    notices = [effect(str(LEAD), EffectKind.NOTIFY, each) for each in range(number)]
    plan(ledger, *tasks, *map(task, tasks))
    plan(ledger, *notices, made=decision(str(LEAD)))
    return tasks + notices


def claimed(ledger: Ledger, held: int, most: int = 9) -> list[str]:
    """Keys of at most so many tasks and so many notices that are the caller's from now on."""
    batch = ledger.outbox.claim("salesforce", "task", "create", most, held, NOW)
    rows = ledger.effects.ready(EffectKind.NOTIFY, limit=most)
    mine = ledger.effects.take([row.id for row in rows], held)
    return [row.creation.unique_key for row in batch.creations] + [row.effect.key for row in rows if row.id in mine]


def results(batch: Batch, state: LineState = LineState.DONE, at: datetime | None = NOW) -> list[LineResult]:
    return [LineResult(row.id, state, at) for group in batch.rows.values() for row in group]


def due(ledger: Ledger, now: datetime = NOW, policy: str = POLICY, roster: str = ROSTER, size: int = 2000) -> list[str]:
    return [key for shard in ledger.leads.due(now, policy, roster, size) for key in shard]


def run_together(work: Callable[[], None], number: int) -> None:
    """`work` in this many threads at once, until all have ended."""
    threads = [threading.Thread(target=work) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
