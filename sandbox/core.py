"""The sandbox: everything two emulated companies share, built once and handed to the vendors, the control plane and the pages."""

from __future__ import annotations

import importlib
import random
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sandbox.apps import App, Apps
from sandbox.author import SYSTEM, Author
from sandbox.clock import BusinessClock
from sandbox.counters import Counters
from sandbox.faults import Fault, FaultPlan
from sandbox.journal import Journal
from sandbox.store import Store
from sandbox.switches import CORE_SWITCHES, Switch, Switches

__all__ = ["DEFAULT_NOW", "SYSTEM", "App", "Apps", "Author", "Fault", "Sandbox"]

DEFAULT_NOW = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
VENDORS = ("hubspot", "salesforce")


class Sandbox:
    """One sandbox. `limits` is a set of named numbers in the manner of `switches` (declared by each vendor's limits.py as LIMITS).

    A vendor folder offers `models.HubSpot(sandbox)` / `models.Salesforce(sandbox)`, `switches.SWITCHES`, `limits.LIMITS` and
    `urls.routes(sandbox)`;
    the control plane offers `models.Control(sandbox)`.
    """

    def __init__(self, seed: int = 0, now: datetime = DEFAULT_NOW, db_path: str | None = None) -> None:
        self.seed = seed
        self.rng = random.Random(seed)
        self.store = Store(db_path)
        self.clock = BusinessClock(now)
        self.switches = Switches([*CORE_SWITCHES, *_declared("switches", "SWITCHES")])
        self.limits = Switches(_declared("limits", "LIMITS"))
        self.faults = FaultPlan()
        self.counters = Counters()
        self.journal = Journal(self.store)
        self.apps = Apps()
        self.base_url = "http://127.0.0.1"
        self._snapshot_times: dict[str, datetime] = {}
        self.hubspot: Any = _part("hubspot.models", "HubSpot", self)
        self.salesforce: Any = _part("salesforce.models", "Salesforce", self)
        self.control: Any = _part("control.models", "Control", self)

    def snapshot(self, name: str) -> None:
        """Keep the records of both CRMs, the journal and the clock under `name`."""
        self.store.snapshot(name)
        self._snapshot_times[name] = self.clock.now()

    def restore(self, name: str) -> None:
        """Put records, journal and clock back; switches, faults, counters and apps stay as they are."""
        self.store.restore(name)
        self.clock.set(self._snapshot_times[name])

    def close(self) -> None:
        """Release the store."""
        self.store.close()


def _declared(module: str, attribute: str) -> list[Switch]:
    found: list[Switch] = []
    for vendor in (*VENDORS, "control"):
        loaded = load(f"{vendor}.{module}")
        declared: Iterable[Switch] = getattr(loaded, attribute, ()) if loaded is not None else ()
        found.extend(declared)
    return found


def _part(module: str, name: str, sandbox: Sandbox) -> Any:
    loaded = load(module)
    return None if loaded is None else getattr(loaded, name)(sandbox)


def load(module: str) -> Any:
    """The module `sandbox.<module>`, or None where that part is not installed; a broken part raises."""
    full = f"sandbox.{module}"
    try:
        return importlib.import_module(full)
    except ModuleNotFoundError as missing:
        if missing.name is not None and (full == missing.name or full.startswith(missing.name + ".")):
            return None
        raise
