"""HubSpot's three limiters, on wall time: a rolling ten seconds per app, five searches a second and a number of calls a day per account."""

from __future__ import annotations

import time
from collections import deque
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from sandbox.hubspot import exceptions
from sandbox.switches import Switch

if TYPE_CHECKING:
    import random

    from sandbox.apps import App
    from sandbox.switches import Switches

LIMITS = (
    Switch(
        "hubspot.ten_secondly",
        190,
        "calls per app in a rolling 10 s (private app or service key, Professional and up)",
        "changelog 'Increasing our API limits'",
    ),
    Switch("hubspot.ten_secondly_oauth", 110, "the same for an OAuth app", "usage guidelines"),
    Switch("hubspot.searches_per_second", 5, "search calls a second per account, all apps together", "Search the CRM"),
    Switch("hubspot.daily", 650_000, "calls a day per account", "changelog 'Increasing our API limits' (Professional)"),
)
_BURST_SECONDS = 10.0


class Limiter:
    """Takes a call or raises the vendor's 429; a call that is refused does not use up the window."""

    def __init__(self, limits: Switches, switches: Switches, rng: random.Random) -> None:
        self._limits, self._switches, self._rng = limits, switches, rng
        self._bursts: dict[str, deque[float]] = {}
        self._searches: deque[float] = deque()
        self._day_ends, self._day_calls = 0.0, 0

    def reset(self) -> None:
        """Empty every window."""
        self._bursts.clear()
        self._searches.clear()
        self._day_ends, self._day_calls = 0.0, 0

    def take_search(self) -> None:
        """Count a search, or raise the header-less 429."""
        now = time.monotonic()
        _drop_before(self._searches, now - 1.0)
        if len(self._searches) >= self._limits.get("hubspot.searches_per_second"):
            raise exceptions.search_limit()
        self.take_daily()
        self._searches.append(now)

    def take_burst(self, app: App) -> dict[str, str]:
        """Count a call of `app`, or raise a 429; returns the rate headers."""
        now = time.monotonic()
        limit = self._limits.get("hubspot.ten_secondly_oauth" if app.kind == "oauth" else "hubspot.ten_secondly")
        window = self._bursts.setdefault(app.app_id, deque())
        _drop_before(window, now - _BURST_SECONDS)
        if len(window) >= limit:
            raise exceptions.burst_limit("TEN_SECONDLY_ROLLING", self._request_id(), self._headers(app, limit, 0))
        self.take_daily()
        window.append(now)
        return self._headers(app, limit, limit - len(window))

    def take_daily(self) -> None:
        """Count a call that only the daily limit knows; it starts anew at midnight in the account's time zone."""
        if time.time() >= self._day_ends:
            zone = ZoneInfo(self._switches.get("hubspot.account_time_zone"))
            tomorrow = datetime.now(zone).date() + timedelta(days=1)
            self._day_ends, self._day_calls = datetime.combine(tomorrow, datetime.min.time(), zone).timestamp(), 0
        if self._day_calls >= self._limits.get("hubspot.daily"):
            raise exceptions.burst_limit("DAILY", self._request_id(), self.daily_headers())
        self._day_calls += 1

    def daily_headers(self) -> dict[str, str]:
        """The account's daily figures."""
        limit = self._limits.get("hubspot.daily")
        return {"X-HubSpot-RateLimit-Daily": str(limit), "X-HubSpot-RateLimit-Daily-Remaining": str(max(limit - self._day_calls, 0))}

    def _headers(self, app: App, limit: int, remaining: int) -> dict[str, str]:
        """The secondly pair says nothing any more but is still sent; OAuth apps see no daily pair."""
        headers = {
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
            "X-HubSpot-RateLimit-Max": str(limit),
            "X-HubSpot-RateLimit-Remaining": str(remaining),
            "X-HubSpot-RateLimit-Secondly": str(limit // 10),
            "X-HubSpot-RateLimit-Secondly-Remaining": str(max(limit // 10 - 1, 0)),
        }
        return headers if app.kind == "oauth" else headers | self.daily_headers()

    def _request_id(self) -> str:
        return str(UUID(int=self._rng.getrandbits(128), version=4))


def _drop_before(window: deque[float], oldest: float) -> None:
    while window and window[0] <= oldest:
        window.popleft()
