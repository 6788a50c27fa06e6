"""Calls made (by the sandbox's own counter, under the product's token) over the lower bound that the run itself computes."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.figure import Figure
from benchmarks.stage import SYSTEMS, Played, Stage

SECTION = "calls over bound"


def measure(stage: Stage) -> Iterator[Figure]:
    """Per CRM: a first pull with the plan of the backlog, and the apply of that plan."""
    yield from _of(stage, "first pull", stage.planned)
    yield from _of(stage, "apply of the backlog", stage.applied)


def _of(stage: Stage, name: str, played: Played) -> Iterator[Figure]:
    bound = played.summary.lower_bound
    for system in SYSTEMS:
        written = played.summary.counts.writes.get(system, 0)
        yield Figure(
            section=SECTION,
            name=f"{system} {name}",
            leads=stage.leads,
            measured=played.made.get(system, 0),
            reference=bound.get(system, 0),
            unit="calls",
            against="the lower bound of the rows handled",
            target="at most 1.10",
            detail=f"{written:,} records written" if written else "",
        )
