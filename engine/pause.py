"""The pause switch: while it is on, runs plan and write nothing. Undo still writes: pausing and taking back go together."""

from __future__ import annotations

from engine.context import Engine


def pause(engine: Engine, on: bool, by: str) -> None:
    """Pauses or resumes every later run, and every batch of the runs that are under way. `by` is recorded."""
    if on:
        engine.ledger.switches.pause(by, engine.clock())
    else:
        engine.ledger.switches.resume()
