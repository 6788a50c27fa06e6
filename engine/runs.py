"""One run: its record in the ledger, its lease, its counts, its wall seconds per phase.

Every entry point that plans or writes goes through `running`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Literal

from connectors.protocol import Op, TryLater
from engine.bounds import Rows, once_calls, once_needed, update_steps
from engine.context import Busy, Engine, EngineError
from engine.ending import ends_on_sigterm
from engine.pull import check_accounts
from engine.report import NAMES, Counts, RunSummary, Status, StepCalls
from engine.scratch import Scratch
from handoff.decision import Decision
from ledger.values import Lease, LeaseLost

LEASE, LOST = "writer", "lost"
RENEW_BELOW = 0.9  # of the lease's time
TRIES = 5
"""How often rows of one CRM are put back in one run."""
EARLIER_RUNS = 50
"""Runs that are looked at for one that died: its successor marks it, so that it is among the latest."""
Mode = Literal["plan", "apply"]


@dataclass(slots=True)
class Run:
    """What one run has done so far. Filled from several threads: count with `add`. `counts` are leads or records by name."""

    engine: Engine
    id: int
    flow: str
    mode: Mode
    started_at: datetime
    lease: Lease
    calls_before: Mapping[str, Mapping[str, int]]
    scratch: Scratch
    over: bool = False
    status: Status = Status.DONE
    plan_id: int | None = None
    waits: bool = False
    breach: str = ""
    notes: list[str] = field(default_factory=list)
    needs_you: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    moved: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    writes: Counter[str] = field(default_factory=Counter)
    effects: Counter[str] = field(default_factory=Counter)
    exceptions: Counter[str] = field(default_factory=Counter)
    tasks: Counter[str] = field(default_factory=Counter)
    rows: Rows = field(default_factory=Rows)
    seconds: dict[str, float] = field(default_factory=dict)
    left_alone: Counter[str] = field(default_factory=Counter)
    outside: Counter[str] = field(default_factory=Counter)
    shown: dict[str, Decision] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)
    stopped: dict[str, str] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)

    @property
    def token(self) -> int:
        """The fencing token every claim and finish carries."""
        return self.lease.token

    def add(self, counter: Counter[str], name: str, number: int = 1) -> None:
        """Counts from any thread."""
        with self.lock:
            counter[name] += number

    def renew(self) -> None:
        """Keeps the lease; called before every page, shard and batch, and written down when a tenth of the lease has gone by.

        Raises LeaseLost when another run has taken it, or when this one has ended: a thread that is left over stops here.
        """
        engine = self.engine
        with self.lock:
            if self.over:
                raise LeaseLost("this run has ended; what it left undone is done by the next one")
            now, seconds = engine.wall(), engine.settings.lease_seconds
            if self.lease.expires_at - now < timedelta(seconds=seconds) * RENEW_BELOW:
                self.lease = engine.ledger.lease.renew(self.lease, now, seconds)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Adds the wall seconds of the block to the phase, and says that it begins."""
        self.engine.progress(name)
        begun = self.engine.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + self.engine.monotonic() - begun

    def stop(self, system: str, words: str) -> None:
        """This CRM is left alone for the rest of the run; the others go on."""
        with self.lock:
            if system not in self.stopped:
                self.stopped[system] = words
                self.needs_you.append(f"{NAMES.get(system, system)} stopped: {words}")

    def give_up_after(self, system: str, words: str) -> None:
        """A CRM that fails us again and again is left alone: rows that are put back are tried again in this run, but not for ever."""
        if self._is_too_often(f"{system}: {words}"):
            self.stop(system, f"{words}; the rest is written by the next run")

    def tries_again(self, system: str, words: str) -> bool:
        """Whether rows that found a lock are put back for this run. After that they stay in flight, and hold up nobody else.

        The next run looks at them first.
        """
        if not self._is_too_often(f"{system}: {words}"):
            return True
        with self.lock:
            if system not in self.left:
                self.left.add(system)
                self.needs_you.append(f"{NAMES.get(system, system)}: {words}; the next run tries again, and the others were written")
        return False

    def _is_too_often(self, what: str) -> bool:
        self.add(self.counts, f"tries {what}")
        return self.counts[f"tries {what}"] > TRIES

    def report(self, subject: str, reason: str, detail: str) -> None:
        """Puts something on the exceptions list. `detail` must hold no personal data."""
        self.add(self.exceptions, reason)
        self.engine.ledger.exceptions.report(subject, reason, detail, self.id, self.engine.clock())


@contextmanager
def running(engine: Engine, flow: str, mode: Mode, by: str = "") -> Iterator[Run]:
    """Checks the accounts, takes the lease, records the run and its end, however it ends. Raises Busy, WrongAccount, CrmError.

    A run that is told to end (SIGTERM, Ctrl-C, a flow's cancellation) says so and gives the lease back, so that the next need not wait
    until it runs out; its workers find their token refused.
    """
    calls = {system: dict(crm.calls_made()) for system, crm in engine.crms.items()}
    _check_systems(engine)
    try:
        check_accounts(engine, writing=mode == "apply" and engine.settings.writes == "on")
    except TryLater as error:
        _note_unreachable(engine, flow, mode, by, error)
        raise
    with ends_on_sigterm(), _lease(engine) as lease, closing(Scratch()) as scratch:
        _mark_lost(engine)
        now = engine.clock()
        run_id = engine.ledger.runs.start(flow, mode, now, policy_digest=engine.policy.digest, by=by)
        run = Run(engine, run_id, flow, mode, now, lease, calls, scratch)
        try:
            yield run
        except BaseException as error:
            run.over = True
            engine.ledger.runs.finish(run_id, "failed", {"error": type(error).__name__}, engine.clock())
            raise
        run.over = True
        engine.ledger.runs.finish(run_id, run.status.value, _recorded(run), engine.clock())


def _note_unreachable(engine: Engine, flow: str, mode: Mode, by: str, error: TryLater) -> None:
    """A CRM that does not answer at all is an outage too: reports must not book it to a rep."""
    run_id = engine.ledger.runs.start(flow, mode, engine.clock(), policy_digest=engine.policy.digest, by=by)
    engine.ledger.runs.finish(run_id, "failed", {"error": type(error).__name__}, engine.clock())


def _mark_lost(engine: Engine) -> None:
    """Who holds the lease is alone: what still counts as running died without a word. What it left in flight is looked at next."""
    for earlier in engine.ledger.runs.list(limit=EARLIER_RUNS):
        if earlier.state == "running":
            engine.ledger.runs.finish(earlier.id, LOST, {}, engine.clock())


def made(engine: Engine) -> dict[str, int]:
    """HTTP requests sent so far per CRM."""
    return {system: sum(crm.calls_made().values()) for system, crm in engine.crms.items()}


def _made_by_family(run: Run, system: str) -> dict[str, int]:
    before = run.calls_before.get(system, {})
    return {family: number - before.get(family, 0) for family, number in run.engine.crms[system].calls_made().items()}


def summary(run: Run) -> RunSummary:
    """The run as a frozen value. Call it inside or after the run."""
    engine = run.engine
    calls = {system: sum(_made_by_family(run, system).values()) for system in engine.crms}
    return RunSummary(
        run_id=str(run.id),
        plan_id=str(run.plan_id) if run.plan_id is not None else "",
        flow=run.flow,
        mode=run.mode,
        status=run.status,
        counts=_counts(run),
        started_at=run.started_at,
        waits=run.waits,
        guard_breach=run.breach,
        notes=tuple(run.notes),
        exceptions=dict(sorted(run.exceptions.items())),
        needs_you=tuple(run.needs_you),
        calls=calls,
        steps=steps(run),
        seconds={name: round(seconds, 3) for name, seconds in run.seconds.items()},
        digest=engine.ledger.outbox.plan(run.plan_id).digest if run.plan_id is not None else "",
        policy=f"{engine.policy.version} {engine.policy.digest[:7]}",
    )


def steps(run: Run) -> tuple[StepCalls, ...]:
    """The lower bound per step, from the rows this run handled."""
    crms = run.engine.crms
    found = [once_needed(system, once_calls(_made_by_family(run, system))) for system in crms]
    for (system, stream), rows in sorted(run.rows.pulled.items()):
        needed = run.rows.pages[system, stream]
        found.append(
            StepCalls(system, f"pull {stream}", rows, needed, f"{needed} full pages of {rows} rows, overlap and associations included")
        )
    found += update_steps(run.rows, lambda system, name: crms[system].batch_size(name, Op.UPDATE))
    return tuple(found)


def _counts(run: Run) -> Counts:
    counts = run.counts
    tables = ("moved", "kinds", "writes", "effects_done", "left_alone", "outside")
    named = {name: counts[name] for name in Counts.__dataclass_fields__ if name not in tables}
    return Counts(
        **named,
        moved=dict(run.moved),
        kinds=dict(run.kinds),
        writes=dict(run.writes),
        effects_done=dict(run.effects),
        left_alone=dict(run.left_alone),
        outside=dict(run.outside),
    )


def _recorded(run: Run) -> dict[str, object]:
    return {
        "counts": {name: number for name, number in run.counts.items() if number},
        "moved": dict(run.moved),
        "kinds": dict(run.kinds),
        "writes": dict(run.writes),
        "exceptions": dict(run.exceptions),
        "guard": run.breach,
        "plan": run.plan_id,
        "tasks": dict(run.tasks),
        "left_alone": dict(run.left_alone),
        "outside": dict(run.outside),
    }


def _check_systems(engine: Engine) -> None:
    missing = [system for system in engine.policy.systems if system not in engine.crms]
    if missing:
        raise EngineError(
            f"the policy names {' and '.join(missing)}, which is not connected: connect it, or take it out of the policy's systems"
        )


@contextmanager
def _lease(engine: Engine) -> Iterator[Lease]:
    """The lease, given back at the end; one that ran out meanwhile is another run's already, which verifies what was in flight."""
    lease = _acquired(engine)
    try:
        yield lease
    finally:
        with suppress(LeaseLost):
            engine.ledger.lease.release(lease)


def _acquired(engine: Engine) -> Lease:
    settings = engine.settings
    for _ in range(settings.lease_wait_seconds + 1):
        lease = engine.ledger.lease.acquire(LEASE, settings.holder, engine.wall(), settings.lease_seconds)
        if lease is not None:
            return lease
        engine.sleep(1.0)
    raise Busy("another run is planning or writing; wait until it has ended, then start this one again")
