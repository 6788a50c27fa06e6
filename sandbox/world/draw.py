"""Deterministic draws: a seeded order of n things in constant memory, and one random stream per thing."""

import random
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Generic, TypeVar

MASK = (1 << 64) - 1
T = TypeVar("T")


def mix(*parts: int) -> int:
    """One 64-bit number from several (splitmix64 steps); equal on every machine and Python."""
    state = 0x9E3779B97F4A7C15
    for part in parts:
        state = (state ^ (part & MASK)) * 0xBF58476D1CE4E5B9 & MASK
        state ^= state >> 29
        state = state * 0x94D049BB133111EB & MASK
        state ^= state >> 32
    return state


def stream(*parts: int) -> random.Random:
    """A random stream that depends on the parts alone, not on what was drawn for other leads."""
    return random.Random(mix(*parts))


@dataclass(frozen=True, slots=True)
class Order:
    """A seeded permutation of range(size): every index has one rank and no table is kept (Feistel rounds, cycle walking)."""

    seed: int
    size: int

    def rank(self, index: int) -> int:
        """The place of `index` in the shuffled order, 0 <= rank < size."""
        if not 0 <= index < self.size:
            raise IndexError(f"index {index} is outside an order of {self.size}")
        half = max(1, ((self.size - 1).bit_length() + 1) // 2)
        place = self._round_trip(index, half)
        while place >= self.size:
            place = self._round_trip(place, half)
        return place

    def _round_trip(self, value: int, half: int) -> int:
        low_mask = (1 << half) - 1
        left, right = value >> half, value & low_mask
        for step in range(4):
            left, right = right, left ^ (mix(self.seed, step, right) & low_mask)
        return (left << half) | right


class Table(Generic[T]):
    """Values with weights, made once and drawn from often."""

    def __init__(self, rows: Sequence[tuple[T, int]]) -> None:
        if not rows or any(weight <= 0 for _, weight in rows):
            raise ValueError("a table of weights needs rows, each with a weight above 0")
        self._values = tuple(value for value, _ in rows)
        self._ends = tuple(accumulate(weight for _, weight in rows))

    def draw(self, rng: random.Random) -> T:
        """One value, as likely as its weight says."""
        return self._values[bisect_right(self._ends, int(rng.random() * self._ends[-1]))]
