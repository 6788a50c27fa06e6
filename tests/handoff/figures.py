"""The before-and-after figures of the main job, for one lead, written down apart from the rules they check."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from handoff.case import open_case
from handoff.compiled import CompiledPolicy
from handoff.decision import Decision, Frame, Side, prior_of
from handoff.facts import LeadFacts
from handoff.records import owner_state
from handoff.signals import last_sent
from tests.handoff.makers import NOW

THIRTY_DAYS = timedelta(days=30).total_seconds()


@dataclass(frozen=True)
class Standing:
    """Which figures count this person."""

    hot_never_followed_up: bool
    in_limbo: bool
    without_owner: bool
    inactive_owner: bool


def standing(decision: Decision, facts: LeadFacts, policy: CompiledPolicy, at: Frame) -> Standing:
    """The figures after the decision was written and pulled back into `facts`."""
    case = open_case(prior_of(decision), facts, policy, at, NOW)
    state = owner_state(case.owner, at)
    history = case.history
    dated_task = history.our_task_open or len(history.open_steps) > len(history.meetings_ahead)
    worked = state == "active" and dated_task
    raised = history.hand_raises[0] if history.hand_raises else None
    touched = history.touches[0] if history.touches else None
    old = case.now_s - facts.first_seen.timestamp() >= THIRTY_DAYS
    last = max([0, *history.steps[:1], last_sent(case) or 0])
    sales = decision.side == Side.SALES
    return Standing(
        hot_never_followed_up=raised is not None and (touched is None or touched < raised) and not worked,
        in_limbo=old and case.now_s - last > THIRTY_DAYS and decision.review_at is None and not worked,
        without_owner=sales and state not in ("active", "queue", "departed"),
        inactive_owner=sales and state == "departed",
    )
