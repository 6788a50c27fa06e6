"""Where the SLA clock hangs: the stage with which sales begins to owe the lead something (`handover_at`).

A company whose development reps still qualify for marketing names a later stage than the offered one; before it, no owner is late.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from handoff.decision import Side
from handoff.policy import Policy


def clock_hangs(policy: Policy, stage: str) -> bool:
    """Whether the owner of a lead in `stage` can be late: a stage of sales, at `handover_at` or after it in the policy's order."""
    if policy.stages[stage].side != Side.SALES:
        return False
    return stage in _from(tuple(policy.stages), policy.handover_at)


@lru_cache(maxsize=64)
def _from(stages: Sequence[str], handover_at: str) -> frozenset[str]:
    """The stages from the handover on; all of them where it is none of the policy's."""
    return frozenset(stages[stages.index(handover_at) :] if handover_at in stages else stages)
