"""Two clocks that must not be mixed up: silence (the lead owes a sign of life) and neglect (the owner owes a touch).

Silence counts only as far as every activity source the policy names is covered: without that it is unknown, and unknown moves nobody.
Both clocks start no earlier than the stage and the newest edit a person made. Neglect, a deadline of ours, starts no earlier than the
cut-over: taking a backlog over finds no owner late. Silence is a fact about the lead and goes by the vendors' dates.
"""

from __future__ import annotations

from datetime import datetime

from handoff.calendar import DAY_SECONDS, Calendar, seconds_of
from handoff.decision import Frame, Prior
from handoff.facts import LeadFacts
from handoff.policy import Silence
from handoff.touches import History

KEEP_FIELD = "handoff_keep"  # a tick asks for time; it is no sign of life


def covered_until(silence: Silence, frame: Frame, systems: tuple[str, ...], now: datetime) -> datetime | None:
    """Up to when every source of activity is known; None when one was never pulled or lags by more than the policy allows."""
    earliest = now
    for system, streams in silence.sources.items():
        if system not in systems:
            continue
        for stream in streams:
            until = frame.coverage.get(f"{system}:{stream}")
            if until is None or (now - until).total_seconds() > silence.max_lag_hours * 3600:
                return None
            earliest = min(earliest, until)
    return earliest


def clock_start(prior: Prior, facts: LeadFacts, history: History) -> int:
    """The earliest second from which either clock may run: the stage and the newest edit by a person."""
    start = seconds_of(prior.since)
    if history.owner_edited is not None:
        start = max(start, history.owner_edited)
    for edit in facts.edits:
        if edit.author == "person" and edit.field != KEEP_FIELD:
            start = max(start, seconds_of(edit.at))
    return start


def silent_since(start: int, history: History) -> int:
    """From when the lead has given no sign of life."""
    return start if history.last_sign is None else max(start, history.last_sign)


def silent_days(since: int, covered: int | None) -> int | None:
    """Whole days of silence that are known; None without coverage (both in seconds)."""
    return None if covered is None else max(0, (covered - since) // DAY_SECONDS)


def idle_since(start: int, prior: Prior, history: History) -> int:
    """From when the owner owes a touch: the last step, a planned next step or our own due time put it off."""
    since = start
    if prior.adopted_at is not None:
        since = max(since, seconds_of(prior.adopted_at))
    if prior.offered_at is not None:
        since = max(since, seconds_of(prior.offered_at))
    if history.steps:
        since = max(since, history.steps[0])
    if history.open_steps:
        since = max(since, max(history.open_steps))
    if prior.due_at is not None:
        since = max(since, seconds_of(prior.due_at))
    return since


def idle_business_days(calendar: Calendar, since: int, now: int) -> int:
    """Whole business days the owner has owed a touch."""
    return calendar.business_days(since, now)
