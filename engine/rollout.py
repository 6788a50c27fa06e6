"""The rollout, run by run: since when the present step holds, who is outside, and what a shadow shows."""

from __future__ import annotations

from datetime import datetime

from engine.context import Engine
from engine.runs import Run
from handoff.assign import Desk
from handoff.case import open_case
from handoff.decision import Decision, Frame, Prior
from handoff.digest import digest
from handoff.facts import LeadFacts
from handoff.plan import PlanLines
from handoff.rollout import held_back, inside, shadow_lines

SWITCH = "rollout"


def note_rollout(engine: Engine) -> None:
    """Keeps when the rollout was changed: who comes inside by the change is a backlog, taken over as at an adoption."""
    says, kept = digest(engine.policy.rollout), engine.ledger.switches.get(SWITCH)
    known = kept if isinstance(kept, dict) else {"says": says, "since": None}
    if kept is None or known.get("says") != says:
        since = None if kept is None else engine.clock().isoformat()
        engine.ledger.switches.set(SWITCH, {"says": says, "since": since})


def cut_over(engine: Engine) -> datetime | None:
    """From when on leads that were never taken over are new: the adoption, or the last change of the rollout. None before."""
    adopted, kept = engine.ledger.switches.cut_over(), engine.ledger.switches.get(SWITCH)
    since = kept.get("since") if isinstance(kept, dict) else None
    return adopted if adopted is None or since is None else max(adopted, datetime.fromisoformat(since))


def kept_back(run: Run, frame: Frame, prior: Prior | None, facts: LeadFacts, decision: Decision) -> Decision:
    """The decision, or outside the rollout the lead as it stands; what would have moved is counted, and shown where it is a shadow."""
    engine, compiled = run.engine, run.engine.compiled
    if engine.policy.rollout.mode == "all" or inside(decision, prior, compiled, frame):
        return decision
    now = engine.clock()
    would = Desk(compiled, frame, now).settle(decision, facts) if decision.ready else decision
    if engine.policy.rollout.mode == "shadow" and decision.in_scope:
        run.shown[decision.lead] = would
    if not would.unchanged or would.ready:
        run.outside[would.transition] += 1
    return held_back(open_case(prior, facts, compiled, frame, now), decision)


def with_shadow(run: Run, decision: Decision, facts: LeadFacts, made: PlanLines) -> PlanLines:
    """What is written for a decision; for a lead in shadow, the line that says what would have happened."""
    would = run.shown.pop(decision.lead, None)
    return made if would is None else PlanLines(shadow_lines(would, facts, run.engine.compiled, decision.next_look_at), ())
