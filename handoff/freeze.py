"""The freeze calendar: days on which no lead changes hands (quarter end, holidays). Whoever asks for a demo is still given to somebody."""

from __future__ import annotations

from datetime import timedelta

from handoff.calendar import moment_of, seconds_of
from handoff.case import Case
from handoff.compiled import CompiledPolicy, Row
from handoff.decision import Decision
from handoff.policy_intake import Freeze
from handoff.stage import next_look

HAND_RAISE, CLOCK = "hand_raise.waiting", "response.clock"


def frozen(policy: CompiledPolicy, now: int) -> Freeze | None:
    """The freeze that the company's date of `now` (seconds) lies in."""
    if not policy.policy.company.freezes:
        return None
    today = policy.calendar.local_date(now)
    return next((freeze for freeze in policy.policy.company.freezes if freeze.first <= today <= freeze.last), None)


def freeze_ends(freeze: Freeze, policy: CompiledPolicy) -> int:
    """The first second after a freeze."""
    return policy.calendar.midnight(freeze.last + timedelta(days=1))


def holds(case: Case, row: Row) -> Freeze | None:
    """The freeze that keeps a row from giving the lead to somebody; None outside one, and where the row answers who has asked."""
    asked = HAND_RAISE in row.reads or (CLOCK in row.reads and case[CLOCK] == "hand_raise")
    return None if asked else frozen(case.policy, case.now_s)


def after_freeze(case: Case, moved: Decision, stayed: Decision) -> Decision:
    """`stayed`, looked at again when the freeze ends, where `moved` would take the lead from a person; else `moved`."""
    row = case.policy.by_name.get(moved.transition)
    if row is None or moved.ready or moved.owner == case.owner or case.owner not in case.frame.reps:
        return moved
    freeze = holds(case, row)
    if freeze is None:
        return moved
    look = min(next_look(case), freeze_ends(freeze, case.policy))
    told = ("held", "freeze", freeze.name, row.name)
    return stayed._replace(because=(*moved.because, told), next_look_at=moment_of(max(look, seconds_of(case.now) + 1)))
