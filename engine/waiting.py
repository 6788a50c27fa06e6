"""Plans that wait for a person's approval: a sync that comes by meanwhile must not take them away by deciding the same thing again."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from engine.context import Engine
from handoff.decision import Decision
from ledger.values import Unknown

Planned = tuple[str, str, str]
"""What a waiting plan does with a lead: (rule, stage before, stage after)."""


def planned(decision: Decision) -> Planned:
    """The gist of a decision."""
    return decision.transition, decision.from_stage, decision.stage


def keep_waiting(engine: Engine, plan_id: int, leads: Mapping[str, Planned]) -> None:
    """Remembers what a plan that waits does with whom."""
    engine.ledger.switches.save_document("waiting", _name(plan_id), orjson.dumps(leads).decode())


def waiting(engine: Engine) -> dict[str, Planned]:
    """Lead -> what the newest plan that still waits for approval does with it."""
    found: dict[str, Planned] = {}
    for plan in engine.ledger.outbox.plans(limit=50):
        if plan.state == "proposed" and plan.expires_at > engine.clock():
            try:
                kept = orjson.loads(engine.ledger.switches.document(_name(plan.id)))
            except Unknown:  # made by a plan-only run: nobody is asked to approve it
                continue
            found = {**{lead: (rule, before, after) for lead, (rule, before, after) in kept.items()}, **found}
    return found


def still_waits(found: Mapping[str, Planned], decision: Decision) -> bool:
    """Whether the decision says again what a waiting plan says: the same move, or the same wish for an owner."""
    plan = found.get(decision.lead)
    if plan is None:
        return False
    return plan[0] == decision.transition and (decision.ready or plan[1:] == (decision.from_stage, decision.stage))


def _name(plan_id: int) -> str:
    return f"waiting:{plan_id}"
