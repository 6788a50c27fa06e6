"""Stops a mass move before it is written: counts by kind of move against the policy's limits, per run and over the rolling 24 hours.

A limit is the larger of a share of the leads in scope (per mille) and a floor; a kind the policy does not name has no limit. Leads whose
routing answers a new hand-raise are left out of the count and are never withheld. Approved plans do not count towards later limits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from handoff.policy import Guard

WINDOW = timedelta(hours=24)
KINDS = {
    "to_sales": "to sales",
    "to_nurture": "to nurture",
    "owner_taken": "owner taken from an active rep",
    "suppressed": "disqualified or suppressed",
    "created": "records to create",
    "task": "tasks to create",
    "field": "corrected without a move",
}


@dataclass(frozen=True, slots=True)
class Breach:
    """One limit that the run would pass. `who` is the rep for tasks per rep and day, else empty."""

    kind: str
    asked: int
    earlier: int
    limit: int
    who: str = ""

    def text(self) -> str:
        """`1,204 to nurture (12 in the last 24 hours), the limit is 240`."""
        what = f"tasks for {self.who}" if self.who else KINDS.get(self.kind, self.kind)
        return f"{self.asked:,} {what} ({self.earlier:,} in the last 24 hours), the limit is {self.limit:,}"


@dataclass(slots=True)
class Tally:
    """Leads per kind of move and tasks per rep, counted while the plan is made. Each lead counts once per kind."""

    kinds: Counter[str] = field(default_factory=Counter)
    tasks: Counter[str] = field(default_factory=Counter)

    def count(self, moves: Iterable[str]) -> None:
        """One lead's distinct kinds of move; it counts as a correction only where nothing else happens to it."""
        distinct = set(moves) & KINDS.keys()
        self.kinds.update(distinct - {"field"} or distinct)

    def task_for(self, rep: str) -> None:
        """One new task on a rep's list."""
        self.tasks[rep] += 1


def limit(guard: Guard, kind: str, in_scope: int) -> int | None:
    """The most leads this kind may move in 24 hours; None when the policy sets no limit."""
    if kind not in guard.per_mille and kind not in guard.floor:
        return None
    return max(in_scope * guard.per_mille.get(kind, 0) // 1000, guard.floor.get(kind, 0))


def check(guard: Guard, tally: Tally, earlier: Mapping[str, int], earlier_tasks: Mapping[str, int], in_scope: int) -> tuple[Breach, ...]:
    """Every limit the run would pass, in the order of the kinds; empty when it may go on."""
    breaches = []
    for kind in KINDS:
        most = limit(guard, kind, in_scope)
        before = earlier.get(kind, 0)
        if most is not None and tally.kinds[kind] and tally.kinds[kind] + before > most:
            breaches.append(Breach(kind, tally.kinds[kind], before, most))
    for rep, asked in sorted(tally.tasks.items()):
        before = earlier_tasks.get(rep, 0)
        if asked + before > guard.tasks_per_rep_per_day:
            breaches.append(Breach("task", asked, before, guard.tasks_per_rep_per_day, rep))
    return tuple(breaches)


def verdict(breaches: Iterable[Breach]) -> str:
    """One sentence for the run's summary; empty without a breach."""
    texts = [breach.text() for breach in breaches]
    if not texts:
        return ""
    shown = "; ".join(texts[:4]) + (f"; and {len(texts) - 4} more" if len(texts) > 4 else "")
    return f"stopped: {shown}"
