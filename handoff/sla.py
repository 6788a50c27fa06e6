"""When a task is due. Hand-raises run one clock from the moment the lead asked; everything else from the offer."""

from __future__ import annotations

from handoff.calendar import Calendar
from handoff.policy import HandRaise, TaskBrief


def due_at(brief: TaskBrief, start: int, now: int, place: int, calendar: Calendar, hand_raise: HandRaise) -> int:
    """Seconds since 1970. `start` is when the clock began, `place` how many staggered tasks the rep has been given before in this pass."""
    if brief.due == "clock":
        return start + brief.amount * 60
    if brief.due == "business_days":
        return calendar.add_business_days(start, brief.amount)
    if brief.due == "staggered":
        return staggered(now, place, calendar, hand_raise.per_rep_per_day)
    return first_response(brief.amount, start, calendar, hand_raise)


def first_response(minutes: int, start: int, calendar: Calendar, hand_raise: HandRaise) -> int:
    """`minutes` of business time from `start`; out of hours at least the minutes after opening that the policy gives."""
    if calendar.is_open(start):
        return calendar.add_business_minutes(start, minutes)
    opening = calendar.next_opening(start)
    return calendar.add_business_minutes(opening, max(minutes, hand_raise.respond_after_opening_minutes))


def staggered(now: int, place: int, calendar: Calendar, per_day: int) -> int:
    """The close of the business day on which the task's turn comes: `per_day` tasks a day, starting with the next opening."""
    return calendar.closing_after(calendar.next_opening(now), place // max(1, per_day))
