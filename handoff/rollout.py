"""Switching a policy on in steps: shadow, one team, a stable share of the leads, all.

Whoever is outside keeps being decided, so that plans and reports show what would happen, and nothing of it is written or remembered: the
lead stands where it stood, and is taken over from there on the day it comes inside.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from handoff.case import Case
from handoff.compiled import CompiledPolicy
from handoff.decision import Decision, Frame, Prior
from handoff.facts import LeadFacts, Record
from handoff.plan import Line, own_fields
from handoff.policy import Pool
from handoff.records import owner_state, routed_records
from handoff.turns import belongs

LOOK_AGAIN = timedelta(days=1)
SHADOW = "Shadow: "
"""How our reason line begins on a record while nothing is really moved."""
SHOWN = ("handoff_lead_type", "handoff_fit", "handoff_intent", "handoff_policy")
LONGEST_TEXT = 255


def share_of(lead: str) -> int:
    """0 to 99, the same for a lead on every machine and for ever."""
    return int.from_bytes(sha256(lead.encode()).digest()[:4], "big") % 100


def inside(decision: Decision, prior: Prior | None, policy: CompiledPolicy, frame: Frame) -> bool:
    """Whether what was decided of a lead may be written."""
    rollout = policy.policy.rollout
    if rollout.mode == "team":
        return _in_team(decision, prior, policy, frame)
    if rollout.mode == "share":
        return share_of(decision.lead) < rollout.percent
    return rollout.mode == "all"


def _in_team(decision: Decision, prior: Prior | None, policy: CompiledPolicy, frame: Frame) -> bool:
    """Owned by the team now or before, or on its way to the team. A lead that takes turns is the team's for the team's share of the pool,
    always the same leads: else every run would bring some more until the team had them all."""
    team = frozenset(policy.policy.rollout.team)
    if team & {decision.from_owner, decision.owner, *((prior.owner, prior.previous_owner) if prior is not None else ())}:
        return True
    if not decision.ready or owner_state(decision.from_owner, frame) == "active":
        return False
    if decision.preferred_owner:
        return decision.preferred_owner in team
    pool = policy.policy.pools.get(decision.pool)
    members = _members(pool, frame) if pool is not None else []
    return bool(members) and members[share_of(decision.lead) * len(members) // 100] in team


def _members(pool: Pool, frame: Frame) -> list[str]:
    return sorted(rep.key for rep in frame.reps.values() if rep.active and belongs(rep, pool))


def team_policy(policy: CompiledPolicy, frame: Frame) -> CompiledPolicy:
    """The policy whose pools hold the team alone, for the pass that gives owners; a pool without anybody of the team stays as it is."""
    rollout = policy.policy.rollout
    if rollout.mode != "team":
        return policy
    pools = {}
    for name, pool in policy.policy.pools.items():
        ours = tuple(key for key in _members(pool, frame) if key in rollout.team)
        pools[name] = pool.model_copy(update={"roles": (), "keys": ours}) if ours else pool
    return replace(policy, policy=policy.policy.model_copy(update={"pools": pools}))


def held_back(case: Case, decision: Decision) -> Decision:
    """The lead as it stands, in place of what was decided. `case` is the lead as it was found."""
    look = case.now + LOOK_AGAIN
    mode = case.policy.policy.rollout.mode
    would = ("held", "rollout", mode, decision.transition, decision.stage) if decision.transition else ("held", "rollout", mode)
    return decision._replace(
        **{**case.prior._asdict(), "owner": case.owner},
        side=case.policy.policy.stages[case.prior.stage].side,
        transition="",
        ready=False,
        release_owner="",
        effects=(),
        unchanged=True,
        override=(),
        held_back=True,
        next_look_at=look if decision.next_look_at is None else min(look, decision.next_look_at),
        because=(*decision.because, would),
    )


def shadow_lines(decision: Decision, facts: LeadFacts, policy: CompiledPolicy, due: datetime | None) -> tuple[Line, ...]:
    """The lines of `shadow_fields` on every record we may write to; stale at `due`."""
    rule = decision.transition or "shadow"
    return tuple(
        Line(decision.lead, record.ref, record.ref.object, field, before, value or None, rule, "field", "shown, not moved", due)
        for record in routed_records(facts, policy.carriers)
        for field, value in shadow_fields(decision, record, policy).items()
        if (before := record.fields.get(field) or None) != (value or None)
    )


def shadow_fields(decision: Decision, record: Record, policy: CompiledPolicy) -> dict[str, str]:
    """What a record of a lead in shadow shows of a decision, where it does not show it yet; empty when nothing is to be written.

    Stage, dates and the nurture group stay away: marketing's workflows act on them, and on the day of the real move its kind must count.
    """
    before = record.fields.get("handoff_reason", "")
    if not decision.transition or decision.unchanged:
        return {"handoff_reason": ""} if before.startswith(SHADOW) else {}
    head = f"{SHADOW}{decision.transition.replace('_', ' ')}, to {policy.policy.stages[decision.stage].label}. "
    if before.startswith(head):
        return {}
    own = own_fields(decision, policy)
    return {"handoff_reason": f"{head}{decision.reason}"[:LONGEST_TEXT], **{name: own[name] for name in SHOWN}}
