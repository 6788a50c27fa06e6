"""Who was not moved, and why: left alone by scope, waiting for the end of a freeze, waiting for tomorrow's share of an import."""

from __future__ import annotations

from collections.abc import Iterable

from engine.runs import Run
from handoff.decision import Decision
from handoff.freeze import frozen


def note_aside(run: Run, decisions: Iterable[Decision]) -> None:
    """Counts a shard of decisions by name."""
    freezes = bool(run.engine.policy.company.freezes)
    for decision in decisions:
        if decision.out_of_scope:
            run.left_alone[decision.out_of_scope] += 1
        elif freezes and any(step[0] in ("held", "waits") and step[1] == "freeze" for step in decision.because):
            run.counts["frozen"] += 1


def aside_notes(run: Run) -> Iterable[str]:
    """What the run says of them at its end."""
    engine = run.engine
    if run.counts["frozen"]:
        freeze = frozen(engine.compiled, int(engine.clock().timestamp()))
        name = f" '{freeze.name}' (its last day is {freeze.last})" if freeze is not None else ""
        yield f"{run.counts['frozen']:,} leads wait for the end of the freeze{name}; people who ask are given to somebody all the same"
    if run.outside:
        rules = ", ".join(f"{name} {number:,}" for name, number in sorted(run.outside.items(), key=lambda item: (-item[1], item[0])))
        rollout = engine.policy.rollout
        step = f"{rollout.mode} {rollout.percent} %" if rollout.mode == "share" else rollout.mode
        yield f"outside the rollout ({step}) {sum(run.outside.values()):,} leads would have moved: {rules}; nothing of it is written"
