"""Reconcile a ledger that was restored from an older copy: records that are ahead of it say what their leads are now. Writes to no CRM."""

from __future__ import annotations

from engine.context import Engine
from engine.decide import furthest
from engine.frame import build_frame
from engine.look import everybody
from engine.pull import refresh
from engine.runs import running
from handoff.decide import first_stage
from handoff.decision import Frame, Prior
from ledger.values import Loaded


def reconcile(engine: Engine) -> int:
    """Takes stage, episode and revision from the records where they are newer. Returns how many leads were behind."""
    with running(engine, "reconcile", "apply") as run:
        refresh(engine)
        frame = build_frame(engine)
        taken = 0
        for one in everybody(engine):
            newer = _newer(engine, one, frame)
            if newer is not None:
                engine.ledger.leads.set_prior({one.facts.key: newer})
                taken += 1
        run.counts["reconciled"] = taken
        return taken


def _newer(engine: Engine, one: Loaded, frame: Frame) -> Prior | None:
    if one.prior is None or (rev := furthest(one.facts)) <= one.prior.rev:
        return None
    found = first_stage(one.facts, engine.compiled, frame, engine.clock())
    if found.rev <= one.prior.rev:
        return one.prior._replace(rev=rev)  # nothing but the number says so
    return found._replace(
        rev=rev, adopted_at=one.prior.adopted_at or found.adopted_at, pool=one.prior.pool, held_until=one.prior.held_until
    )
