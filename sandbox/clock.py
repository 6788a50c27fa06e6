"""The business clock: the time the emulated companies live in, apart from the wall clock of tokens, limits and latency."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

TICK = timedelta(milliseconds=1)


class BusinessClock:
    """Stands still unless it is set, advanced, or told to follow the wall; each write takes one millisecond of it.

    `now()` is never earlier than the last stamp, so no record is modified in the future.
    """

    def __init__(self, now: datetime) -> None:
        self._base = _utc(now)
        self._wall_anchor: float | None = None

    def now(self) -> datetime:
        """The business time, aware, UTC."""
        if self._wall_anchor is None:
            return self._base
        return self._base + timedelta(seconds=time.monotonic() - self._wall_anchor)

    def set(self, at: datetime) -> None:
        """Put the clock to `at` (aware); backwards is allowed, since restoring a snapshot does that."""
        self._base = _utc(at)
        self._wall_anchor = None if self._wall_anchor is None else time.monotonic()

    def advance(self, seconds: float) -> None:
        """Move the clock forward by `seconds`."""
        self.set(self.now() + timedelta(seconds=seconds))

    def stamp(self) -> datetime:
        """A distinct, ordered time for one write, on a whole millisecond; the clock stands at it afterwards."""
        at = self.now() + TICK
        at -= timedelta(microseconds=at.microsecond % 1000)
        if self._wall_anchor is None:
            self._base = at
        elif at > self.now():
            self.set(at)
        return at

    def follow_wall(self) -> None:
        """From now on tick with the wall clock (for a sandbox a person plays with)."""
        self._wall_anchor = time.monotonic()

    @property
    def follows_wall(self) -> bool:
        """Whether the clock ticks by itself."""
        return self._wall_anchor is not None


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        message = f"the business clock needs an aware time, got {at!r}; add a time zone"
        raise ValueError(message)
    return at.astimezone(UTC)
