"""Leads decided per second of one core with the full shipped policy, trace included, from facts loaded out of a ledger."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.figure import Figure
from benchmarks.stage import Stage
from engine.context import Engine
from engine.decide import frames_of
from engine.frame import build_frame
from handoff.decide import decide

SECTION = "decide"
TARGET_PER_SECOND = 5_000.0


@dataclass(slots=True)
class Spent:
    """Processor seconds of this process (one thread) by part, and how many leads and trace steps came out."""

    loading: float = 0.0
    evaluating: float = 0.0
    leads: int = 0
    steps: int = 0

    @property
    def together(self) -> float:
        """Loading and evaluating."""
        return self.loading + self.evaluating


def measure(stage: Stage) -> Iterator[Figure]:
    """Twice: the backlog at first sight, and the same leads once the backlog is written."""
    backlog = stage.planned
    yield from _figures(stage, "backlog", _decided(stage, "ledger", adopting=True))
    _ = stage.applied
    yield from _figures(stage, "settled", _decided(stage, "applied", adopting=False))
    seconds = backlog.summary.seconds["decide"]
    yield Figure(
        SECTION, "the run's whole decide phase", stage.leads, backlog.summary.counts.decided / seconds, TARGET_PER_SECOND, "leads/s",
        "the target of 5,000/s on one core", detail="wall time, with assign, plan and every write to the ledger",
    )  # fmt: skip


def _decided(stage: Stage, ledger: str, *, adopting: bool) -> Spent:
    with stage.engine("product", home=stage.copied_ledger("decide", of=ledger)) as engine:
        return spend(engine, adopting=adopting)


def spend(engine: Engine, *, adopting: bool) -> Spent:
    """Loads and decides every lead of the ledger shard by shard; nothing is kept."""
    frame, now, spent = build_frame(engine, adopting=adopting), engine.clock(), Spent()
    policy, frames = engine.policy, frames_of(frame)
    for keys in engine.ledger.leads.shards(engine.settings.shard_size):
        begun = time.process_time()
        loaded = engine.ledger.leads.load(keys, now, policy.systems, policy.sources)
        between = time.process_time()
        for one in loaded:
            spent.steps += len(decide(one.prior, one.facts, engine.compiled, frames.of(one), now).because)
        spent.evaluating += time.process_time() - between
        spent.loading += between - begun
        spent.leads += len(loaded)
    return spent


def _figures(stage: Stage, state: str, spent: Spent) -> Iterator[Figure]:
    traced = f"{spent.leads:,} leads, {spent.steps / max(1, spent.leads):.1f} trace steps each"
    against = "the target of 5,000/s on one core"
    yield Figure(
        SECTION, f"{state}: decided per second", stage.leads, spent.leads / spent.evaluating, TARGET_PER_SECOND,
        "leads/s", against, "at least 1.00", traced,
    )  # fmt: skip
    yield Figure(
        SECTION, f"{state}: loaded and decided per second", stage.leads, spent.leads / spent.together, TARGET_PER_SECOND,
        "leads/s", against,
    )  # fmt: skip
    yield Figure(
        SECTION, f"{state}: share of evaluation", stage.leads, spent.evaluating, spent.together, "core seconds", "loading and evaluating"
    )
