"""Transactions that are still open: their rows carry the stamp of their start, and others see them only once they commit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.clock import BusinessClock

Save = Callable[[datetime], object]


@dataclass(frozen=True)
class _Open:
    stamped: datetime
    commits_at: datetime
    save: Save


class LateCommits:
    """Holds saves back in business time. Public threads tell of rows that appeared with a stamp older than what a reader had seen."""

    def __init__(self, clock: BusinessClock) -> None:
        self._clock = clock
        self._open: list[_Open] = []
        self._writes_to_hold = 0
        self._seconds = 0.0

    def forget(self) -> None:
        """Drop open transactions and plans (after a restore)."""
        self._open.clear()
        self._writes_to_hold = 0

    def plan(self, writes: int, seconds: float) -> None:
        """Let the next `writes` trusted saves commit `seconds` of business time after their stamp."""
        self._writes_to_hold, self._seconds = writes, seconds

    def take(self, wanted_seconds: float) -> float:
        """For how long the save at hand is held: as wanted, or as planned; 0 for not at all."""
        if wanted_seconds or self._writes_to_hold <= 0:
            return wanted_seconds
        self._writes_to_hold -= 1
        return self._seconds

    def hold(self, seconds: float, save: Save, at: datetime | None) -> None:
        """Keep a save until its time; it will be stamped with now (or `at`)."""
        stamped = at or self._clock.stamp()
        self._open.append(_Open(stamped, self._clock.now() + timedelta(seconds=seconds), save))

    def settle(self) -> None:
        """Commit what is due, in the order it was begun."""
        now = self._clock.now()
        due = [one for one in self._open if one.commits_at <= now]
        self._open[:] = [one for one in self._open if one.commits_at > now]
        for one in due:
            one.save(one.stamped)

    def covered_until(self) -> datetime:
        """How far increments are complete: now, or the start of the oldest open transaction (latestDateCovered of getUpdated)."""
        return min([self._clock.now(), *(one.stamped for one in self._open)])
