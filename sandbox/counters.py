"""What was called: per vendor, per app and per route family; calls refused for the rate (429) stand apart."""

from __future__ import annotations

from collections import Counter
from typing import Any


class Counters:
    """Counts vendor calls: `made` holds all but the 429s, `refused` the 429s, `faulted` those a planned fault touched (also in made)."""

    def __init__(self) -> None:
        self._made: Counter[tuple[str, str, str]] = Counter()
        self._refused: Counter[tuple[str, str, str]] = Counter()
        self._faulted: Counter[tuple[str, str, str]] = Counter()

    def count(self, vendor: str, app: str, family: str, status: int, *, faulted: bool = False) -> None:
        """Count one call. `status` 0 means the connection was closed without a reply."""
        key = (vendor, app, family)
        (self._refused if status == 429 else self._made)[key] += 1
        if faulted:
            self._faulted[key] += 1

    def reset(self) -> None:
        """Back to zero."""
        for counter in (self._made, self._refused, self._faulted):
            counter.clear()

    def made(self, vendor: str | None = None, app: str | None = None, family: str | None = None) -> int:
        """Calls made (429s left out) that match what is given."""
        wanted = (vendor, app, family)
        return sum(n for key, n in self._made.items() if all(w is None or w == k for w, k in zip(wanted, key, strict=True)))

    def describe(self) -> dict[str, Any]:
        """{vendor: {"made", "refused", "faulted", "families": {family: made}, "by_app": {name: {the same four}}}}."""
        tree: dict[str, Any] = {}
        for label, counter in (("made", self._made), ("refused", self._refused), ("faulted", self._faulted)):
            for (vendor, app, family), n in sorted(counter.items()):
                branch = tree.setdefault(vendor, _empty_branch() | {"by_app": {}})
                leaf = branch["by_app"].setdefault(app, _empty_branch())
                for node in (branch, leaf):
                    node[label] += n
                    if label == "made":
                        node["families"][family] = node["families"].get(family, 0) + n
        return tree


def _empty_branch() -> dict[str, Any]:
    return {"made": 0, "refused": 0, "faulted": 0, "families": {}}
