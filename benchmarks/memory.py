"""Peak memory of our own process for a pull and for a decide run, each in a child of its own, at two sizes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.figure import Figure
from benchmarks.stage import Stage
from cli.theatre import ROOT

SECTION = "memory growth"
KINDS = ("pull", "decide")
PER_LEADS = 10_000
FULL_BUFFERS = 5_000
"""Leads from which a shard of 1,000 leads and a page of 2,000 rows are as large as they ever get."""
STREAMS_AT_ONCE = 8
"""Threads of an engine, each holding at most one page."""


@dataclass(frozen=True, slots=True)
class Peak:
    """MiB of one child: before its work (everything imported and open) and at most; and the largest reply it was sent."""

    kind: str
    leads: int
    before: float
    peak: float
    largest_reply: float


def peaks(stage: Stage) -> list[Peak]:
    """A child that pulls everything into an empty ledger, then one that decides and plans everything in it."""
    with stage.limits_off():
        return [_peak(stage, kind) for kind in KINDS]


def _peak(stage: Stage, kind: str) -> Peak:
    request, answer = stage.home / f"{kind}.request.json", stage.home / f"{kind}.answer.json"
    request.touch(mode=0o600)
    request.write_text(json.dumps({"kind": kind, "settings": stage.environment("product", home="memory")}))
    command = [sys.executable, "-m", "benchmarks.child", str(request), str(answer)]
    # The benchmarks are no installed package, and children start in the folder of their logs.
    child = stage.children.start(f"memory-{kind}-{stage.leads}", command, {"PYTHONPATH": str(ROOT)})
    child.process.wait()
    if not answer.exists():
        child.check()
    stage.children.running.remove(child)
    child.stop()
    found = json.loads(answer.read_text())
    return Peak(kind, stage.leads, found["before"], found["peak"], found["largest_reply"])


def _note(less: Peak) -> str:
    return "; buffers are not full at the smaller size, so this is not growth alone" if less.leads < FULL_BUFFERS else ""


def growth(small: list[Peak], large: list[Peak]) -> Iterator[Figure]:
    """MiB added per 10,000 further leads, against the page buffer: one largest reply for each stream that is read at the same time."""
    for less, more in zip(small, large, strict=True):
        added = (more.peak - less.peak) / (more.leads - less.leads) * PER_LEADS
        buffer = max(one.largest_reply for one in (*small, *large)) * STREAMS_AT_ONCE
        yield Figure(
            section=SECTION,
            name=f"{more.kind}: per added {PER_LEADS:,} leads",
            leads=more.leads,
            measured=added,
            reference=buffer,
            unit="MiB",
            against=f"a page buffer of {STREAMS_AT_ONCE} largest replies",
            target="at most 1.00",
            detail=f"{less.peak:.0f} MiB at {less.leads:,}, {more.peak:.0f} at {more.leads:,}, {more.before:.0f} before{_note(less)}",
        )
