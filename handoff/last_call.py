"""Before a lead leaves for silence: its owner is told once, some business days ahead, and may keep it for a while.

The last call belongs to the present silence: a sign of life, a new stage or a person's edit makes a new silence, and an older call void.
A backlog taken over gets its last calls from the next morning on; what was silent long before leaves at the adoption itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from handoff.calendar import DAY_SECONDS, seconds_of
from handoff.policy import LastCall
from handoff.signals import Signal, base_of, covered, silence_bar
from handoff.silence import KEEP_FIELD

if TYPE_CHECKING:
    from handoff.case import Case

PUT_OFF_SECONDS = 36 * 3600  # CRMs keep a task's due date to the day: less than this is no rescheduling


def _ends(case: Case) -> int | None:
    """When the silence would return the lead, in seconds: the stage's days, or until when the owner kept it. None: never."""
    bar, base = silence_bar(case), base_of(case, "silence.due")
    if bar is None or base is None:
        return None
    kept_until = case.prior.review_at
    end = base + bar * DAY_SECONDS
    return end if kept_until is None or case.policy.policy.silence.last_call is None else max(end, seconds_of(kept_until))


def _called(case: Case) -> int | None:
    """When the last call of the present silence was given; None when it was not."""
    at, base = case.prior.last_call_at, base_of(case, "silence.due")
    return None if at is None or base is None or seconds_of(at) < base else seconds_of(at)


def _leaves(case: Case, rule: LastCall) -> int | None:
    """When the lead leaves, its owner having been told; None without a last call."""
    end, called = _ends(case), _called(case)
    if end is None or called is None:
        return None
    return max(end, case.policy.calendar.add_business_days(called, rule.business_days))


def _calls(case: Case, rule: LastCall) -> int | None:
    """When the last call is to be given."""
    end = _ends(case)
    if end is None or end > case.now_s + 3650 * DAY_SECONDS:
        return None
    calendar = case.policy.calendar
    at = calendar.business_days_before(end, rule.business_days)
    adopted = case.prior.adopted_at
    return at if adopted is None else max(at, calendar.next_opening(seconds_of(adopted)))


def _passed(case: Case, moment: int | None) -> Signal:
    """Whether the moment has come and every source is covered up to it; unknown when the sources are not."""
    if moment is None or case.now_s < moment:
        return False
    until = covered(case)
    return None if until is None or until < moment else True


def _silence_due(case: Case) -> Signal:
    bar = silence_bar(case)
    if bar is None or case["next_step.open"] or not case["touches_due_met"]:
        return False
    days = case["silent_days"]
    rule = case.policy.policy.silence.last_call
    if days is None or days < bar or rule is None or case.frame.adopting:
        return None if days is None else days >= bar
    return _passed(case, _leaves(case, rule))


def _last_call_due(case: Case) -> Signal:
    rule = case.policy.policy.silence.last_call
    if rule is None or silence_bar(case) is None or _called(case) is not None:
        return False
    if case["next_step.open"] or not case["touches_due_met"]:
        return False
    return _passed(case, _calls(case, rule))


def _kept(case: Case) -> Signal:
    rule = case.policy.policy.silence.last_call
    if rule is None or silence_bar(case) is None or case.prior.keeps >= rule.keeps:
        return False
    called = _called(case)
    ticked = any(record.fields.get(KEEP_FIELD) == "true" for record in case.routed)
    if ticked:
        return called is not None or case["last_call.due"]
    due, ours = case.prior.due_at, case.history.our_task_due
    return called is not None and due is not None and ours is not None and ours > seconds_of(due) + PUT_OFF_SECONDS


def moments(case: Case, signal: str) -> list[int]:
    """When the answer of one of these signals may change by the clock alone, in seconds."""
    if case["next_step.open"] or not case["touches_due_met"]:
        return []  # time alone silences nobody here
    end, rule = _ends(case), case.policy.policy.silence.last_call
    if end is None:
        return []
    if rule is None:
        return [end]
    found = (end, _leaves(case, rule)) if signal == "silence.due" else (_calls(case, rule),)
    return [at for at in found if at is not None]


VALUES: Mapping[str, Callable[[Case], Signal]] = {
    "silence.due": _silence_due,
    "last_call.due": _last_call_due,
    "kept": _kept,
}
