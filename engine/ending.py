"""Being told to end: `kill` becomes an ordinary way out of a run, on which the lease is given back and the run's end is recorded."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def ends_on_sigterm() -> Iterator[None]:
    """Inside the block SIGTERM raises SystemExit (128 + its number) in the main thread, where it would end the process without a word.

    Whoever has a handler keeps it: Prefect turns the signal into an exception of its own (TerminationSignal), the demo's supervisor, too.
    """
    unhandled = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if unhandled:
        signal.signal(signal.SIGTERM, _end)
    try:
        yield
    finally:
        if unhandled:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _end(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
