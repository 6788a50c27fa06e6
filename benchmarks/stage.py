"""One sandbox with Company A at one size, and what every section needs of it: engines, limits on and off, the backlog played."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from benchmarks.tape import Replay, Tape, limit_seconds, replay
from cli.processes import Children
from cli.sandbox_control import Sandbox, environment, sandbox_at, start_sandbox
from cli.theatre import settings_from
from engine.adopt import adopt
from engine.apply_plan import apply_plan
from engine.context import Engine
from engine.report import RunSummary
from engine.setup import setup
from engine.sweep import sweep
from engine.sync import sync
from runtime.open import open_engine
from runtime.settings import Settings

SYSTEMS = ("hubspot", "salesforce")
RATES = ("hubspot.ten_secondly", "hubspot.searches_per_second", "hubspot.daily", "salesforce.daily_requests")
UNLIMITED = 1_000_000_000
CALLS_PER_10_SECONDS, SEARCHES_PER_SECOND = 190, 5
PLANNED, APPLIED = "planned", "applied"
DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Played:
    """One real run under the vendors' limits: its summary, the sandbox's count of the product's calls, the least time the limits allow,
    and the same calls in a bare loop without limits."""

    summary: RunSummary
    made: Mapping[str, int]
    limit_seconds: float
    bare: Replay

    @property
    def bound_seconds(self) -> float:
        """The larger of the limits' own time and the bare loop's."""
        return max(self.limit_seconds, self.bare.seconds)


class Stage:
    """Company A with `leads` leads. Sections may apply plans: who does puts the world back with `restored`. Use `staged`."""

    def __init__(self, leads: int, home: Path, children: Children, say: Callable[[str], None]) -> None:
        self.leads, self.home, self.children, self._say = leads, home, children, say
        home.mkdir(parents=True)
        self.sandbox, self.manifest = _world(children, home, leads)
        self._defaults = {one["name"]: one["default"] for one in self.sandbox.get("/limits")["limits"]}
        with self.engine("product") as engine, self.engine("admin", home="admin") as admin:
            setup(engine, admin.crms, apply=True)

    def settings(self, role: str, *, home: str = "ledger", writes: str = "off", fast: bool = False) -> Settings:
        """Settings of one role with its ledger in the folder `home`; `fast` takes the product's own throttle away."""
        found = settings_from(self.environment(role, home=home, writes=writes))
        return found.model_copy(update={"hubspot_calls_per_10_seconds": UNLIMITED // 1000}) if fast else found

    def environment(self, role: str, *, home: str, writes: str = "off") -> dict[str, str]:
        """The same as `HANDOFF_*` values."""
        return environment(self.manifest, self.sandbox, self.home / home, role=role, writes=writes)

    @contextlib.contextmanager
    def engine(self, role: str, *, home: str = "ledger", writes: str = "off", fast: bool = False) -> Iterator[Engine]:
        """An engine of this process."""
        with open_engine(self.settings(role, home=home, writes=writes, fast=fast)) as engine:
            yield engine

    @contextlib.contextmanager
    def limits_off(self) -> Iterator[None]:
        """No rate limits while the block runs, so that code is measured and not waiting."""
        self.sandbox.put("/limits", dict.fromkeys(RATES, UNLIMITED))
        try:
            yield
        finally:
            self.sandbox.put("/limits", {name: self._defaults[name] for name in RATES})

    @contextlib.contextmanager
    def restored(self) -> Iterator[None]:
        """Puts the world back to where the plan was made when the block ends."""
        _ = self.planned
        try:
            yield
        finally:
            self.sandbox.post("/restore", {"name": PLANNED})

    def copied_ledger(self, name: str, of: str = "ledger") -> str:
        """A folder with a copy of a ledger as it is now."""
        (self.home / name).mkdir(exist_ok=True)
        with (
            contextlib.closing(sqlite3.connect(self.home / of / "ledger.db")) as source,
            contextlib.closing(sqlite3.connect(self.home / name / "ledger.db")) as target,
        ):
            source.backup(target)
        return name

    @cached_property
    def planned(self) -> Played:
        """The first pull and the backlog's plan, limits enforced. The ledger in `ledger` is the one it left."""
        return self._play("first pull and backlog plan", adopt, ledger="ledger", leaves=PLANNED)

    @cached_property
    def applied(self) -> Played:
        """The planned backlog, approved and written, limits enforced; the world is put back after it, the ledger in `applied` stays."""
        plan, ledger = self.planned.summary.plan_id, self.copied_ledger("applied")
        verb = partial(apply_plan, plan_id=plan, approved_by="benchmark")
        return self._play("apply of the backlog", verb, ledger=ledger, begins=PLANNED, leaves=APPLIED)

    @cached_property
    def followed(self) -> Mapping[str, Played]:
        """The runs after the backlog, limits enforced: the sync right after it, and those of the next day. The world is put back."""
        _ = self.applied
        ledger = self.copied_ledger("followed", of="applied")
        sync_now, sweep_now = partial(sync, mode="apply"), partial(sweep, mode="apply")
        again = self._play("sync again", sync_now, ledger=ledger, begins=APPLIED, leaves="again")
        next_day = self._play("sync next day", sync_now, ledger=ledger, begins="again", leaves="next day", later=DAY_SECONDS)
        swept = self._play("sweep next day", sweep_now, ledger=ledger, begins="next day", leaves="swept")
        return {"sync again": again, "sync next day": next_day, "sweep next day": swept}

    def _play(
        self, name: str, verb: Callable[[Engine], RunSummary], *, ledger: str, leaves: str, begins: str = "", later: int = 0
    ) -> Played:
        """One run from the snapshot `begins` (from the world as it is without one) to the snapshot `leaves`, `later` seconds later."""
        self._say(f"  {self.leads:,} leads: {name}, limits enforced")
        tape = Tape(self.home / f"{leaves}.tape")
        with self._begun(begins, later):
            self.sandbox.post("/counters/reset")
            with self.engine("product", home=ledger, writes="on") as engine, tape.recording():
                summary = verb(engine)
            made = self._calls_made()
            self.sandbox.post("/snapshot", {"name": leaves})
        with self._begun(begins, later):
            return self._played(summary, made, tape)

    @contextlib.contextmanager
    def _begun(self, name: str, later: int) -> Iterator[None]:
        """The world of a snapshot, `later` seconds later; where the backlog was planned again when the block ends."""
        if not name:
            yield
            return
        self.sandbox.post("/restore", {"name": name})
        if later:
            self.sandbox.post("/clock", {"advance_seconds": later})
        try:
            yield
        finally:
            self.sandbox.post("/restore", {"name": PLANNED})

    def _calls_made(self) -> dict[str, int]:
        counters = self.sandbox.get("/counters")
        return {system: int(found["by_app"].get("product", {}).get("made", 0)) for system, found in counters.items()}

    def _played(self, summary: RunSummary, made: Mapping[str, int], tape: Tape) -> Played:
        with self.limits_off():
            bare = replay(tape, self.sandbox.url)
        return Played(summary, made, limit_seconds(tape, CALLS_PER_10_SECONDS, SEARCHES_PER_SECOND), bare)


@contextlib.contextmanager
def staged(leads: int, home: Path, children: Children, say: Callable[[str], None]) -> Iterator[Stage]:
    """A stage whose sandbox has ended, and whose world is forgotten, when the block is left."""
    already = len(children.running)
    say(f"  {leads:,} leads: building the world")
    try:
        yield Stage(leads, home, children, say)
    finally:
        while len(children.running) > already:
            children.running.pop().stop()
        shutil.rmtree(home, ignore_errors=True)


def _world(children: Children, home: Path, leads: int) -> tuple[Sandbox, Mapping[str, Any]]:
    child, ready = start_sandbox(children, home)
    sandbox = sandbox_at(children, child, ready)
    manifest = sandbox.post("/seed", {"world": "company_a", "seed": 7, "leads": leads, "crms": list(SYSTEMS)})
    return sandbox, manifest
