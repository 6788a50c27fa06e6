"""Explain one lead: what was decided last (or at a moment), why, where it stands in the CRMs, and what is still open about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from engine.context import Engine
from handoff.explain import explain as render
from ledger.values import LineState

OPEN = (LineState.PROPOSED, LineState.OPEN, LineState.IN_FLIGHT)


def explain(engine: Engine, text: str, as_of: datetime | None = None) -> str:
    """`text` is a lead key, a record id or an e-mail address. Says so in words when nobody, or more than one, is meant."""
    return explain_found(engine, engine.ledger.leads.find(text), as_of)


def explain_found(engine: Engine, keys: Sequence[str], as_of: datetime | None = None) -> str:
    """The same of the leads that were found for a text."""
    if not keys:
        return "nobody here has that key, record id or e-mail address; pull first (handoff look), or look at the spelling"
    if len(keys) > 1:
        return f"{len(keys)} leads are meant; name one of them: " + ", ".join(keys[:10])
    return _one(engine, keys[0], as_of)


def _one(engine: Engine, key: str, as_of: datetime | None) -> str:
    decision = engine.ledger.leads.decision(key, as_of)
    if decision is None:
        return f"{key}: nothing was decided about this lead yet" + (f" at {as_of:%Y-%m-%d %H:%M} UTC" if as_of else "")
    told = [*_moves(engine, key), *_records(engine, key), *_waiting(engine, key), *_exceptions(engine, key)]
    return "\n".join([key, render(decision, engine.compiled), *told])


def _moves(engine: Engine, key: str) -> list[str]:
    """What was decided to move the lead, newest first, and whether it was written: a later look that changes nothing must not hide it."""
    zone = engine.compiled.calendar.zone
    return [
        f"  {became:<10} {at.astimezone(zone):%Y-%m-%d %H:%M} {decision.from_stage} -> {decision.stage}"
        f" by {decision.transition or 'adoption'}: {decision.reason}"
        for at, decision, became in engine.ledger.leads.moves(key)
    ]


def _records(engine: Engine, key: str) -> list[str]:
    loaded = engine.ledger.leads.load([key], engine.clock(), engine.policy.systems, engine.policy.sources)
    if not loaded:
        return []
    facts = loaded[0].facts
    lines = [f"  record     {r.ref} {r.state.value}" + (" (duplicate)" if r.ref in facts.duplicates else "") for r in facts.records]
    return lines + [f"  edited     {e.field} by {e.author}, {e.at:%Y-%m-%d %H:%M} UTC: it stands" for e in facts.edits]


def _waiting(engine: Engine, key: str) -> list[str]:
    rows = [row for row in engine.ledger.outbox.each_line(lead_key=key) if row.state in OPEN]
    plans = sorted({row.plan for row in rows})
    return [f"  waiting    {len(rows)} fields to write in plan {', '.join(map(str, plans))}"] if rows else []


def _exceptions(engine: Engine, key: str) -> list[str]:
    found = engine.ledger.exceptions.open_exceptions(subject=key)
    return [f"  exception  {row.reason}: {row.detail}".rstrip(": ") for row in found]
