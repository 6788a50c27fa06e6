"""Plans that wait for a person's approval: a sync that comes by meanwhile must not take them away by deciding the same thing again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count

import orjson

from engine.context import Engine
from engine.scratch import Move, Scratch
from handoff.decision import Decision
from ledger.values import Unknown


def planned(decision: Decision) -> Move:
    """The gist of a decision."""
    return decision.transition, decision.from_stage, decision.stage


def keep_waiting(engine: Engine, plan_id: int, scratch: Scratch) -> None:
    """Remembers what a plan that waits does with whom."""
    for number, part in enumerate(scratch.moves(engine.settings.shard_size)):
        engine.ledger.switches.save_document("waiting", part_name("waiting", plan_id, number), orjson.dumps(part).decode())


def recall_waiting(engine: Engine, scratch: Scratch) -> None:
    """Notes what the plans that still wait for approval do with whom; of two plans the newer counts.

    A plan made by a plan-only run waits for nobody, and has kept nothing.
    """
    for plan in engine.ledger.outbox.waiting(engine.clock()):
        for body in documents(engine, "waiting", plan.id):
            scratch.ask({lead: (rule, before, after) for lead, (rule, before, after) in orjson.loads(body).items()})


def still_waits(found: Mapping[str, Move], decision: Decision) -> bool:
    """Whether the decision says again what a waiting plan says: the same move, or the same wish for an owner."""
    plan = found.get(decision.lead)
    if plan is None:
        return False
    return plan[0] == decision.transition and (decision.ready or plan[1:] == (decision.from_stage, decision.stage))


def part_name(kind: str, plan_id: int, number: int) -> str:
    """The name under which one part of what a plan keeps is found again; parts are counted from 0."""
    return f"{kind}:{plan_id}:{number}"


def documents(engine: Engine, kind: str, plan_id: int) -> Iterator[str]:
    """The parts of what a plan kept, one after the other."""
    for number in count():
        try:
            yield engine.ledger.switches.document(part_name(kind, plan_id, number))
        except Unknown:
            return
