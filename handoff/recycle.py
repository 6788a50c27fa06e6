"""After sales gave a lead back: the cool-off, the hand-overs a year allows, the end of nurture, and what nobody should overlook."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING

from handoff.calendar import DAY_SECONDS, seconds_of
from handoff.reasons import wake_at
from handoff.signals import Signal, base_of, covered, is_rep_sourced, last_sent

if TYPE_CHECKING:
    from handoff.case import Case

YEAR_DAYS = 365


def _cooled_at(case: Case) -> int | None:
    """When the cool-off ends, in seconds; None when there is none."""
    recycle, prior = case.policy.policy.recycle, case.prior
    ends = []
    if recycle.cool_off_days is not None and prior.recycled_at is not None:
        ends.append(seconds_of(prior.recycled_at) + recycle.cool_off_days * DAY_SECONDS)
    if recycle.closed_lost_days is not None and case.history.deal_lost is not None:
        ends.append(case.history.deal_lost + recycle.closed_lost_days * DAY_SECONDS)
    return max(ends, default=None)


def _cooled(case: Case) -> Signal:
    end = _cooled_at(case)
    return end is None or case.now_s >= end


def year_ends(case: Case) -> list[int]:
    """When each hand-over of the last year stops counting, in seconds, the earliest first."""
    calendar = case.policy.calendar
    ends = [calendar.opening_on(date.fromisoformat(day) + timedelta(days=YEAR_DAYS)) for day in case.prior.cycle_starts]
    return sorted(end for end in ends if end > case.now_s)


def _cycles_left(case: Case) -> Signal:
    most = case.policy.policy.recycle.cycles_per_year
    return most is None or len(case.prior.cycle_starts) < most or len(year_ends(case)) < most


def _engaged_at(case: Case) -> int:
    history = case.history
    return max(at for at in (seconds_of(case.facts.first_seen), history.engaged_at, history.last_sign) if at is not None)


def _date_ahead(case: Case) -> bool:
    """Whether a date was agreed on which the lead goes back to sales."""
    review = case.prior.review_at
    if case.prior.nurture_group and review is not None:
        return case.now < review or bool(case["previous_owner.active"])
    return wake_at(case) is not None


def _sunset_due(case: Case) -> Signal:
    days = case.policy.policy.recycle.sunset_days
    if days is None or case.now_s < (end := _engaged_at(case) + days * DAY_SECONDS) or _date_ahead(case):
        return False
    until = covered(case)
    return None if until is None or until < end else True


def _silence_report(case: Case) -> Signal:
    days = case.policy.policy.silence.rep_sourced_days
    if days is None or not is_rep_sourced(case):
        return False
    silent = case["silent_days"]
    return None if silent is None else silent >= days


def _unsent_days(case: Case) -> Signal:
    return (case.now_s - seconds_of(case.prior.since)) // DAY_SECONDS if _awaits_a_send(case) else None


def _awaits_a_send(case: Case) -> bool:
    sent = last_sent(case)
    return bool(case.prior.nurture_group) and (sent is None or sent < seconds_of(case.prior.since))


def moments(case: Case, signal: str, days: tuple[int, ...]) -> list[int]:
    """When the answer of one of these signals may change by the clock alone, in seconds."""
    recycle = case.policy.policy.recycle
    if signal == "recycle.cooled":
        end = _cooled_at(case)
        return [] if end is None else [end]
    if signal == "recycle.cycles_left":
        return year_ends(case) if recycle.cycles_per_year is not None else []
    if signal == "sunset.due":
        return [] if recycle.sunset_days is None else [_engaged_at(case) + recycle.sunset_days * DAY_SECONDS, *_review(case)]
    if signal == "silence.report":
        base, bound = base_of(case, "silent_days"), case.policy.policy.silence.rep_sourced_days
        return [] if base is None or bound is None or not is_rep_sourced(case) else [base + bound * DAY_SECONDS]
    return [seconds_of(case.prior.since) + number * DAY_SECONDS for number in days] if _awaits_a_send(case) else []


def _review(case: Case) -> list[int]:
    return [] if case.prior.review_at is None else [seconds_of(case.prior.review_at)]


VALUES: Mapping[str, Callable[[Case], Signal]] = {
    "recycle.cooled": _cooled,
    "recycle.cycles_left": _cycles_left,
    "sunset.due": _sunset_due,
    "silence.report": _silence_report,
    "nurture.unsent_days": _unsent_days,
}
