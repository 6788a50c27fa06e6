"""What a long command is doing, on standard error while a person sits in front of it; nothing in a pipe, a log or JSON."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from engine.context import Engine, silent
from runtime.open import open_engine
from runtime.settings import Settings

PHASES = {
    "recover": "looking at what earlier runs left",
    "pull": "reading the CRMs; the first time this takes longest",
    "resolve": "finding out which records are the same person",
    "decide": "deciding what follows for each lead",
    "count": "counting",
    "apply": "writing",
    "hold": "holding the leads",
}
"""The phases of a run that may take long, in a person's words; what is over at once is not told."""


def progress_on(stream: TextIO) -> Callable[[str], object]:
    """Tells the phases on a terminal, and nothing elsewhere."""
    if not stream.isatty():
        return silent

    def tell(phase: str) -> None:
        if phase in PHASES:
            print(f"{PHASES[phase]} ...", file=stream, flush=True)

    return tell


@contextmanager
def engine_in_sight(settings: Settings | None = None) -> Iterator[Engine]:
    """An engine as `open_engine` makes it, whose phases are told."""
    with open_engine(settings or Settings(), progress=progress_on(sys.stderr)) as engine:
        yield engine
