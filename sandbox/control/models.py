"""The state of the control plane: which world is loaded, and everything that moves when the clock does."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.control import automation
from sandbox.control.credentials import register_apps
from sandbox.control.exceptions import BadRequestError, NotFoundError
from sandbox.control.marketing import Marketing
from sandbox.control.memory import Memory
from sandbox.core import DEFAULT_NOW, Sandbox
from sandbox.world.registry import WORLDS

CATCH_UP_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Moved:
    """What a move of the clock set off."""

    now: datetime
    mailed: dict[str, int] = field(default_factory=dict)
    not_mailed: dict[str, dict[str, int]] = field(default_factory=dict)
    automation: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"now": self.now.isoformat(), "mailed": self.mailed, "not_mailed": self.not_mailed, "automation": self.automation}


class Control:
    """The control plane of one sandbox. `manifest` is empty until a world is seeded."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._memory = Memory(sandbox)
        self.marketing = Marketing(sandbox)
        self.manifest: dict[str, Any] = self._memory.manifest()
        if self.manifest:
            register_apps(sandbox, self.manifest)
            sandbox.clock.set(self._memory.last_moment(sandbox.clock.now()))
        self._settled = sandbox.clock.now()

    def seed(
        self,
        *,
        world: str = "company_a",
        seed: int = 0,
        leads: int = 12_000,
        crms: Sequence[str] = ("hubspot", "salesforce"),
        epoch: datetime | None = None,
    ) -> dict[str, Any]:
        """Empty the sandbox, fill it with a world, and return the manifest.

        Raises NotFoundError for an unknown world and BadRequestError for a size or CRM it lacks, with the sandbox left as it was.
        """
        if world not in WORLDS:
            raise NotFoundError(f"no world named {world!r}; there are: {', '.join(sorted(WORLDS))}")
        try:
            WORLDS[world].check(seed=seed, leads=leads, crms=tuple(crms), epoch=epoch)
        except ValueError as refusal:
            raise BadRequestError(str(refusal)) from refusal
        self.reset()
        self.manifest = WORLDS[world].build(self._sandbox, seed=seed, leads=leads, crms=tuple(crms), epoch=epoch)
        self._memory.keep_manifest(self.manifest)
        self._settled = self._sandbox.clock.now()
        register_apps(self._sandbox, self.manifest)
        return self.manifest

    def reset(self) -> None:
        """An empty sandbox with default switches and limits, no faults, no apps, no rules and no counts."""
        box = self._sandbox
        self._memory.empty()
        for settings in (box.switches, box.limits):
            settings.reset()
        box.faults.clear()
        box.counters.reset()
        box.apps.clear()
        box.rng.seed(box.seed)
        box.clock.set(DEFAULT_NOW)
        box.hubspot.limiter.reset()
        box.salesforce.reset_usage()
        self.manifest = {}
        self.marketing.teach([])

    def restore(self, name: str) -> None:
        """Put records, journal and clock back to a snapshot. Raises NotFoundError when there is none of that name."""
        try:
            self._sandbox.restore(name)
        except KeyError as unknown:
            raise NotFoundError(str(unknown.args[0])) from unknown
        self.manifest = self._memory.manifest()
        self._settled = self._sandbox.clock.now()
        register_apps(self._sandbox, self.manifest)

    def catch_up(self) -> None:
        """Where the clock ticks with the wall: let marketing and the other automation do what has come due, at most once a minute."""
        now = self._sandbox.clock.now()
        if not self._sandbox.clock.follows_wall or not self.manifest:
            self._settled = now
        elif now - self._settled >= CATCH_UP_EVERY:
            automation.play(self._sandbox, self.manifest, self._settled, now)
            self.marketing.mail(self._settled, now)
            self._memory.keep_moment(now)
            self._settled = now

    def move_clock(self, to: datetime, *, quiet: bool = False) -> Moved:
        """Set the business clock. Forward moves let marketing mail and the other automation write, in between and at their own times."""
        start = self._sandbox.clock.now()
        if quiet or to <= start:
            self._set_clock(to)
            return Moved(to)
        written = automation.play(self._sandbox, self.manifest, start, to)
        mailed, not_mailed = self.marketing.mail(start, to)
        self._set_clock(to)
        return Moved(to, mailed, not_mailed, written)

    def advance(self, seconds: float, *, quiet: bool = False) -> Moved:
        """Move the clock forward by so many seconds."""
        if seconds < 0:
            raise BadRequestError("advance_seconds must not be negative; use set to go back")
        return self.move_clock(self._sandbox.clock.now() + timedelta(seconds=seconds), quiet=quiet)

    def _set_clock(self, to: datetime) -> None:
        self._sandbox.clock.set(to)
        self._memory.keep_moment(to)
        self._settled = to
