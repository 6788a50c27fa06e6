"""Strict turns within a pool: whoever has taken the fewest per weight is next, and who joins or comes back starts at the pool's level."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import lcm

from handoff.decision import Frame, Reason, Rep
from handoff.policy import Pool


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn taken in a pool, for the append-only log."""

    pool: str
    rep: str
    lead: str
    episode: int


@dataclass(frozen=True, slots=True)
class Level:
    """Turns credited, not taken: who joins or comes back starts here."""

    pool: str
    rep: str
    count: int


class Queue:
    """The turns of one pool. Turns are compared per weight in whole numbers."""

    def __init__(self, pool: Pool, frame: Frame) -> None:
        self.pool = pool
        members = sorted((rep for rep in frame.reps.values() if belongs(rep, pool)), key=lambda rep: rep.key)
        self.members = tuple(rep for rep in members if rep.active)
        self.inactive: tuple[Reason, ...] = tuple(("skipped", rep.key, "inactive") for rep in members if not rep.active)
        self.unit = lcm(*(max(1, rep.weight) for rep in self.members)) if self.members else 1
        logged = frame.turns.get(pool.name, {})
        self.turns = {rep.key: logged.get(rep.key, 0) for rep in self.members}
        self.lifted: dict[str, int] = {}
        self._lift(logged)

    def per_weight(self, rep: Rep) -> int:
        """Turns taken so far, made comparable across weights."""
        return self.turns[rep.key] * (self.unit // max(1, rep.weight))

    def _lift(self, logged: Mapping[str, int]) -> None:
        """Nobody starts more than one turn per weight behind the pool."""
        if not self.members:
            return
        level = max(self.per_weight(rep) for rep in self.members) - self.unit
        for rep in self.members:
            step = self.unit // max(1, rep.weight)
            behind = level - self.per_weight(rep)
            if behind > 0 or (rep.key not in logged and logged):
                credit = -(-max(0, behind) // step)
                if credit:
                    self.turns[rep.key] += credit
                    self.lifted[rep.key] = credit

    def next(self, able: Iterable[Rep]) -> Rep | None:
        """Who is next among those able to take the lead."""
        return min(able, key=lambda rep: (self.per_weight(rep), rep.key), default=None)


def belongs(rep: Rep, pool: Pool) -> bool:
    """Whether a person is a member of a pool, active or not."""
    return rep.role in pool.roles or rep.key in pool.keys
