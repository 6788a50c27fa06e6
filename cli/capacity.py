"""`handoff capacity` and `handoff more`: what reps can carry, and who asked for more today."""

from __future__ import annotations

from cli.verbs import say
from runtime.open import open_engine
from runtime.settings import Settings


def capacity() -> int:
    """The sums and the proposed bar, in words."""
    from engine.capacity import capacity as run

    with open_engine(Settings()) as engine:
        report = run(engine)
    for line in report.lines():
        say(line)
    return 0


def more(rep: str, number: int) -> int:
    """Record a rep's request for today."""
    from engine.capacity import ask_more

    with open_engine(Settings()) as engine:
        day = ask_more(engine, rep, number)
    say(f"{rep} gets {number} more leads on {day}, from the next sync on" if number else f"{rep} gets what the bounds allow again")
    return 0
