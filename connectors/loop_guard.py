"""Stops a walk whose paging cursor comes round again, so that no page loop runs for ever."""

from __future__ import annotations

from connectors.protocol import Refused


class LoopGuard:
    """Watches the cursors of one walk. Finds a cycle of any length in constant memory (Brent's method: keep one, double the distance)."""

    def __init__(self, walk: str) -> None:
        self._walk = walk
        self._kept: str | None = None
        self._steps = 0
        self._distance = 1

    def step(self, cursor: str) -> str:
        """`cursor` itself. Raises Refused(reason="loop") when the walk has been there before."""
        if cursor == self._kept:
            raise Refused(f"{self._walk}: the paging cursor came round again after {self._steps + 1} pages; the walk was stopped", "loop")
        self._steps += 1
        if self._kept is None or self._steps == self._distance:
            self._kept, self._steps, self._distance = cursor, 0, self._distance * 2
        return cursor
