"""Wall time of real runs under the limits against the wall bound: the larger of the limits' own time and a bare loop of the same calls."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.figure import Figure
from benchmarks.stage import Played, Stage

SECTION = "wall time over bound"


def measure(stage: Stage) -> Iterator[Figure]:
    """The phases that talk to the CRMs, each against its own calls; then whole runs, in the order in which the demo makes them."""
    pulled, applied = stage.planned, stage.applied
    yield _of(stage, "pull phase", pulled.summary.seconds["pull"], pulled)
    yield _of(stage, "apply phase", applied.summary.seconds["apply"], applied)
    runs = {"first pull and backlog plan": pulled, "apply of the backlog": applied, **stage.followed}
    for name, played in runs.items():
        yield _of(stage, name, _total(played), played)
    yield _of(stage, "all these runs", sum(map(_total, runs.values())), *runs.values(), target="at most 1.50")


def _total(played: Played) -> float:
    return sum(played.summary.seconds.values())


def _of(stage: Stage, name: str, seconds: float, *played: Played, target: str = "") -> Figure:
    limits, bare = sum(one.limit_seconds for one in played), sum(one.bare.seconds for one in played)
    different = sum(one.bare.different for one in played)
    detail = f"limits {limits:.1f} s at 190 per 10 s, bare loop {bare:.1f} s of {sum(one.bare.calls for one in played):,} calls"
    return Figure(
        section=SECTION,
        name=name,
        leads=stage.leads,
        measured=seconds,
        reference=sum(one.bound_seconds for one in played),
        unit="s",
        against="the wall bound",
        target=target,
        detail=detail + (f", {different} answered otherwise" if different else ""),
    )
