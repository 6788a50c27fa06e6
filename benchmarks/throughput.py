"""Pull and apply through the connectors against a bare `requests` + `json` loop of the same calls, in the same run, without rate limits."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial

from benchmarks.figure import Figure
from benchmarks.stage import Stage
from benchmarks.tape import Replay, Tape, replay
from connectors.protocol import Change, Crm, Fate, Op
from handoff.facts import Ref
from ledger.ledger import Ledger

PULL, APPLY = "pull throughput", "apply throughput"
STREAMS = (("hubspot", "contacts"), ("salesforce", "Lead"))
MOST_RECORDS = 20_000
"""Records written per CRM and pass: enough to measure, and few enough to be held in memory."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass of the connector and the bare loop's of the same calls. `rows` are records; seconds are wall, cpu are core seconds."""

    rows: int
    seconds: float
    cpu_seconds: float
    bare: Replay


@dataclass(slots=True)
class Planned:
    """What is to be written to one record."""

    values: dict[str, str | None] = field(default_factory=dict)
    clear_first: list[str] = field(default_factory=list)


def measure_pull(stage: Stage) -> Iterator[Figure]:
    """Records per second of one stream per CRM, from the first page to the last."""
    with stage.limits_off(), stage.engine("product", home="throughput", fast=True) as engine:
        for system, stream in STREAMS:
            crm, tape = engine.crms[system], Tape(stage.home / f"{system}.tape")
            crm.fields(stream)  # metadata is asked for once per run, not per page
            work = partial(pulled, crm, stream, engine.clock())
            done = [_passed(stage, tape, work) for _ in range(passes(stage.leads))]
            yield from _figures(PULL, f"{system} {stream} pull", stage.leads, fastest(done))


def pulled(crm: Crm, stream: str, now: datetime) -> int:
    """Reads a stream from the beginning and keeps nothing; returns how many records it brought."""
    return sum(len(page.records) for page in crm.pull(stream, None, now))


def passes(leads: int) -> int:
    """Small worlds are measured three times, and the fastest counts: other work on the machine only adds time."""
    return 3 if leads <= 20_000 else 1


def measure_apply(stage: Stage) -> Iterator[Figure]:
    """Records per second written and verified, in full batches, one request at a time: the planned lines of the backlog."""
    plan_id = int(stage.planned.summary.plan_id)
    with stage.limits_off(), stage.engine("product", writes="on", fast=True) as engine:
        now = engine.clock()
        for (system, object_name), records in sorted(planned_values(engine.ledger, plan_id).items()):
            crm, tape = engine.crms[system], Tape(stage.home / f"{system}.tape")
            crm.fields(object_name)
            with stage.restored():
                rows, seconds, cpu = _recorded(tape, partial(write_and_verify, crm, records, now))
            with stage.restored():
                bare = replay(tape, stage.sandbox.url)
            yield from _figures(APPLY, f"{system} {object_name} write+verify", stage.leads, Pass(rows, seconds, cpu, bare))


def fastest(done: Sequence[Pass]) -> Pass:
    """The connector's fastest pass beside the bare loop's fastest one."""
    ours = min(done, key=lambda one: one.seconds)
    return replace(ours, bare=min((one.bare for one in done), key=lambda bare: bare.seconds))


def planned_values(ledger: Ledger, plan_id: int) -> dict[tuple[str, str], dict[Ref, Planned]]:
    """(system, object) -> record -> what its lines say, the first `MOST_RECORDS` of each."""
    found: dict[tuple[str, str], dict[Ref, Planned]] = {}
    for row in ledger.outbox.each_line(plan_id):
        line = row.line
        if line.ref is None:
            continue
        group = found.setdefault((line.ref.system, line.object), {})
        if line.ref not in group and len(group) >= MOST_RECORDS:
            continue
        planned = group.setdefault(line.ref, Planned())
        planned.values[line.field] = line.after or None
        planned.clear_first += [line.field] if line.clear_first and line.after else []
    return found


def write_and_verify(crm: Crm, records: Mapping[Ref, Planned], since: datetime) -> int:
    """Writes and reads back; returns how many records the CRM took."""
    refs = list(records)
    size = crm.batch_size(refs[0].object, Op.UPDATE)
    taken = 0
    for start in range(0, len(refs), size):
        batch = refs[start : start + size]
        outcomes = crm.write([Change(ref, records[ref].values, tuple(records[ref].clear_first)) for ref in batch])
        crm.verify(batch, _fields(records, batch), since)
        taken += sum(1 for outcome in outcomes if outcome.fate is Fate.DONE)
    return taken


def _fields(records: Mapping[Ref, Planned], batch: Sequence[Ref]) -> list[str]:
    return sorted({name for ref in batch for name in records[ref].values})


def _passed(stage: Stage, tape: Tape, work: Callable[[], int]) -> Pass:
    rows, seconds, cpu = _recorded(tape, work)
    return Pass(rows, seconds, cpu, replay(tape, stage.sandbox.url))


def _recorded(tape: Tape, work: Callable[[], int]) -> tuple[int, float, float]:
    with tape.recording():
        started, cpu_started = time.perf_counter(), time.process_time()
        rows = work()
        return rows, time.perf_counter() - started, time.process_time() - cpu_started


def _figures(section: str, name: str, leads: int, one: Pass) -> Iterator[Figure]:
    bare = one.bare
    detail = f"{one.rows:,} records in {bare.calls:,} calls" + (f", {bare.different} answered otherwise" if bare.different else "")
    against = "a bare requests + json loop of the same calls"
    yield Figure(section, name, leads, one.rows / one.seconds, one.rows / bare.seconds, "records/s", against, detail=detail)
    yield Figure(
        section, f"{name}, client only", leads, one.cpu_seconds, bare.cpu_seconds, "core s", f"{against}, without the sandbox's time"
    )
