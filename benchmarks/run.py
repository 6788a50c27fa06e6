"""Which sections run at which sizes, each size in a sandbox of its own that ends with it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import calls, deciding, memory, throughput, wall
from benchmarks.figure import Figure
from benchmarks.memory import Peak
from benchmarks.stage import Stage, staged
from cli.processes import Children, supervised

Section = Callable[[Stage], Iterator[Figure]]
SECTIONS: Mapping[str, Section] = {
    "calls": calls.measure,
    "decide": deciding.measure,
    "pull": throughput.measure_pull,
    "apply": throughput.measure_apply,
    "wall": wall.measure,
}
MEMORY = "memory"
NAMES = (*SECTIONS, MEMORY)
QUICK_LEADS = 500
DEFAULT_LEADS = (10_000, 100_000)
LEAST_LEADS = 200
"""A world of Company A needs so many to hold every kind of lead."""
SMALLER = 2
"""With one size only, memory is compared with a world of half of it."""


@dataclass(frozen=True)
class Wanted:
    """Sizes in leads and names of sections, all of them when empty."""

    leads: Sequence[int] = DEFAULT_LEADS
    only: Sequence[str] = ()

    def asks(self, name: str) -> bool:
        """Whether this section runs."""
        return not self.only or name in self.only


def measured(wanted: Wanted, say: Callable[[str], None]) -> Iterator[Figure]:
    """Every figure asked for, smallest size first, as soon as it is known. Everything that was started has ended at the end."""
    sizes = sorted(set(wanted.leads))
    with tempfile.TemporaryDirectory(prefix="handoff-benchmarks-") as folder, supervised(Path(folder) / "logs") as children:
        home = Path(folder)
        before = _smaller(sizes[0] // SMALLER, home, children, say) if wanted.asks(MEMORY) and len(sizes) == 1 else []
        for leads in sizes:
            with staged(leads, home / str(leads), children, say) as stage:
                for name, section in SECTIONS.items():
                    if wanted.asks(name):
                        yield from section(stage)
                if wanted.asks(MEMORY):
                    peaks = memory.peaks(stage)
                    yield from memory.growth(before, peaks) if before else ()
                    before = peaks


def _smaller(leads: int, home: Path, children: Children, say: Callable[[str], None]) -> list[Peak]:
    """The peaks of a smaller world, so that growth can be told where one size was asked for."""
    with staged(leads, home / str(leads), children, say) as stage:
        return memory.peaks(stage)
