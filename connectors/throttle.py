"""Keeps a connector under a CRM's rate limit before the CRM has to say so."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Throttle:
    """At most `limit` requests in any `window_seconds`, over all threads of this process.

    A request counts until its reply is a window old: the CRM counts it when it arrives, which nobody here can see, and never after it
    answered. One waits at the door at a time; clock (monotonic seconds) and sleep are handed in.
    """

    def __init__(self, limit: int, window_seconds: float, monotonic: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._limit = limit
        self._window_seconds = window_seconds
        self._freed: deque[float] = deque()
        self._under_way = 0
        self._held_until = 0.0
        self._monotonic = monotonic
        self._sleep = sleep
        self._lock = threading.Lock()
        self._door = threading.Lock()

    @contextmanager
    def turn(self) -> Iterator[int]:
        """Waits until one more request may be sent; the block is that request, reply included. Gives the places taken when it is sent."""
        with self._door:
            while (until := self._enter()) is not None:
                self._sleep(max(0.0, until - self._monotonic()))
        try:
            yield self._taken()
        finally:
            with self._lock:
                self._under_way -= 1
                self._freed.append(self._monotonic() + self._window_seconds)

    def hold(self, seconds: float) -> None:
        """Let nobody pass for `seconds`: the CRM said that a limit is reached."""
        with self._lock:
            self._held_until = max(self._held_until, self._monotonic() + seconds)

    def heard(self, left: int, taken: int) -> None:
        """The CRM says how many more requests its window took when this one arrived, with `taken` places of ours. What is missing was sent
        by somebody else, at the latest now.

        That is an earlier process of ours with the same token, as a rule; a plan with a smaller limit shows in the same way.
        """
        with self._lock:
            now = self._monotonic()
            self._free(now)
            others = self._limit - left - max(taken, self._under_way + len(self._freed))
            self._freed.extend([now + self._window_seconds] * others)

    def _taken(self) -> int:
        with self._lock:
            return self._under_way + len(self._freed)

    def _enter(self) -> float | None:
        """Takes a place, or returns the earliest moment at which one can be free."""
        with self._lock:
            now = self._monotonic()
            self._free(now)
            if self._held_until > now:
                return self._held_until
            if self._under_way + len(self._freed) < self._limit:
                self._under_way += 1
                return None
            # With every place under way, the first to be answered frees one a window later at the earliest.
            return self._freed[0] if self._freed else now + self._window_seconds

    def _free(self, now: float) -> None:
        """Forgets the places that are free again."""
        while self._freed and self._freed[0] <= now:
            self._freed.popleft()
