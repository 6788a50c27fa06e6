"""Keeps a connector under a CRM's rate limit before the CRM has to say so."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable


class Throttle:
    """At most `limit` requests in any `window_seconds`, over all threads of this process.

    Each request reserves the first free moment and sleeps until then, once; clock (monotonic seconds) and sleep are handed in.
    """

    def __init__(self, limit: int, window_seconds: float, monotonic: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._window_seconds = window_seconds
        self._moments: deque[float] = deque(maxlen=limit)
        self._held_until = 0.0
        self._monotonic = monotonic
        self._sleep = sleep
        self._lock = threading.Lock()

    def take(self) -> None:
        """Wait for this request's turn."""
        with self._lock:
            now = self._monotonic()
            moment = max(now, self._held_until)
            if len(self._moments) == self._moments.maxlen:
                moment = max(moment, self._moments[0] + self._window_seconds)
            self._moments.append(moment)
        if moment > now:
            self._sleep(moment - now)

    def hold(self, seconds: float) -> None:
        """Let nobody pass for `seconds`: the CRM said that a limit is reached."""
        with self._lock:
            self._held_until = max(self._held_until, self._monotonic() + seconds)
