"""Where a lead stands before a decision: the ledger's word, else our own fields on a record, else what the CRM says at first sight.

At first sight status and owner are facts, not edits. The stage is what the status means (at the adoption, or later), else what HubSpot's
lifecycle stage says, else the first stage. It began when that status was picked, as far as field history tells, else when the lead was
first seen.
"""

from __future__ import annotations

from datetime import datetime

from handoff.calendar import moment_of, seconds_of
from handoff.compiled import CompiledPolicy
from handoff.decision import Frame, Prior, Side
from handoff.facts import LeadFacts, Record
from handoff.policy import Meaning, Policy
from handoff.records import prior_on
from handoff.touches import History

STAGE_FIELDS = frozenset({"stage", "handoff_stage"})


def settle_prior(
    prior: Prior | None,
    facts: LeadFacts,
    routed: tuple[Record, ...],
    record: Record | None,
    owner: str,
    history: History,
    policy: CompiledPolicy,
    frame: Frame,
    now: datetime,
) -> Prior:
    """The stage before the decision; a stage a person typed into our field after it began is taken over."""
    if prior is None:
        cut_over = frame.cut_over or (moment_of(seconds_of(now)) if frame.adopting else None)
        adopted_at = cut_over if in_backlog(facts, frame) else None
        prior = _recorded(routed, owner, policy.policy, adopted_at)
        found = prior or first_sight(facts, routed, record, owner, history, policy.policy, frame, adopted_at)
    else:
        found = prior
    return _with_stage_edit(found, facts, policy.policy)


def in_backlog(facts: LeadFacts, frame: Frame) -> bool:
    """Whether the lead was there when the company was adopted (or would be, were it adopted now)."""
    return frame.adopting or frame.cut_over is None or facts.first_seen <= frame.cut_over


def _recorded(routed: tuple[Record, ...], owner: str, policy: Policy, adopted_at: datetime | None) -> Prior | None:
    """Our own fields, the furthest revision of any record of the lead."""
    known = [found for record in routed if (found := prior_on(record, policy.stages, owner)) is not None]
    if not known:
        return None
    return max(known, key=lambda found: (found.rev, found.since))._replace(adopted_at=adopted_at)


def first_sight(
    facts: LeadFacts,
    routed: tuple[Record, ...],
    record: Record | None,
    owner: str,
    history: History,
    policy: Policy,
    frame: Frame,
    adopted_at: datetime | None,
) -> Prior:
    """What the CRM's own status, lifecycle stage and owner say of a lead we have never written to."""
    backlog = in_backlog(facts, frame)
    meaning = _meaning(record, policy)
    if meaning is not None:
        stage = meaning.stage if backlog else meaning.later or meaning.stage
    else:
        stage = _by_lifecycle(routed, policy) or policy.first_stage
    picked = None if record is None else next((at for at, system, _, _ in history.status_edits if system == record.ref.system), None)
    since = moment_of(picked) if picked is not None and meaning is not None else moment_of(seconds_of(facts.first_seen))
    return Prior(stage=stage, since=since, episode=0, rev=0, owner=owner, adopted_at=adopted_at)


def _meaning(record: Record | None, policy: Policy) -> Meaning | None:
    if record is None:
        return None
    return policy.statuses.get(record.ref.system, {}).get(record.fields.get("status", ""))


def _by_lifecycle(routed: tuple[Record, ...], policy: Policy) -> str:
    for record in routed:
        stage = policy.lifecycle.get(record.fields.get("lifecycle", ""))
        if stage:
            return stage
    return ""


def _with_stage_edit(prior: Prior, facts: LeadFacts, policy: Policy) -> Prior:
    if not facts.edits:
        return prior
    typed = [edit for edit in facts.edits if edit.field in STAGE_FIELDS and edit.author == "person" and edit.value in policy.stages]
    newest = max(typed, key=lambda edit: edit.at, default=None)
    if newest is None or newest.value is None or seconds_of(newest.at) <= seconds_of(prior.since) or newest.value == prior.stage:
        return prior
    since = moment_of(seconds_of(newest.at))
    sales = policy.stages[newest.value].side == Side.SALES
    return prior._replace(
        stage=newest.value,
        since=since,
        episode=prior.episode + 1,
        offered_at=since if sales else None,
        due_at=None,
        nurture_group="",
        next_step="",
        reason="a person set this stage",
    )
