"""Who can take a lead now: room under the bounds of the pool and the person, absence, and who is at work first.

Room holds leads back, hottest first; it reads no fit and changes no bar. Hand-raises may pass the bounds by the policy's per cent, and are
given out even beyond that when nobody is left below: they never wait.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from handoff.calendar import Calendar
from handoff.decision import Frame, Rep
from handoff.policy import Capacity, Company, Pool

WHOLE = 100


def away_until(rep: Rep, now: int) -> int | None:
    """When an absence that holds now ends, in seconds; None when the rep is not away."""
    return max((ends for begins, ends in rep.away if begins <= now < ends), default=None)


@lru_cache(maxsize=256)
def calendar_in(company: Company, zone: str) -> Calendar:
    """The company's opening hours on the wall of another zone; the company's own where the zone is not known."""
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return Calendar(company)
    return Calendar(company.model_copy(update={"time_zone": zone}))


def at_work_from(rep: Rep, now: int, company: Company) -> int:
    """From when the rep is at work: now, or the next opening in the rep's own zone after any absence."""
    calendar = calendar_in(company, rep.time_zone or company.time_zone)
    moment = now
    while True:
        ends = away_until(rep, moment)
        moment = moment if ends is None else ends
        if not calendar.is_open(moment):
            moment = calendar.next_opening(moment)
        if away_until(rep, moment) is None:
            return moment


def moment_text(moment: int, zone: tzinfo | None = None) -> str:
    """`2026-11-18 14:00`, on the wall of `zone` (UTC when not given)."""
    return datetime.fromtimestamp(moment, zone or UTC).strftime("%Y-%m-%d %H:%M")


class Room:
    """What each rep holds and was given, counted on while a pass gives out leads."""

    def __init__(self, frame: Frame, capacity: Capacity) -> None:
        self._open = dict(frame.open_leads)
        self._today = dict(frame.new_today)
        self._week = dict(frame.new_this_week)
        self._more = frame.asked_more
        self._capacity = capacity

    def full(self, rep: Rep, pool: Pool | None, *, hand_raise: bool) -> str:
        """Which bound of the pool or the person is reached, in words; "" while there is room. Who asked for more has that much more."""
        if pool is None:
            return ""
        percent = self._capacity.hand_raises_percent if hand_raise else WHOLE
        more = self._more.get(rep.key, 0)
        bounds = (
            (rep.open_cap if rep.open_cap is not None else pool.open_cap, self._open, "open"),
            (rep.new_per_day if rep.new_per_day is not None else pool.new_per_day, self._today, "new today"),
            (pool.new_per_week, self._week, "new this week"),
        )
        for bound, counted, what in bounds:
            if bound is not None and counted.get(rep.key, 0) >= (bound + more) * percent // WHOLE:
                return f"{counted.get(rep.key, 0)} {what}"
        return ""

    def give(self, rep: str, before: str) -> None:
        """`rep` is offered a lead that `before` ("" for nobody in sales) has held until now."""
        self._today[rep] = self._today.get(rep, 0) + 1
        self._week[rep] = self._week.get(rep, 0) + 1
        if rep != before:
            self._open[rep] = self._open.get(rep, 0) + 1
            if before:
                self._open[before] = max(0, self._open.get(before, 0) - 1)
