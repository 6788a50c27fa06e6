"""The child whose memory is measured: `python -m benchmarks.child REQUEST ANSWER` does one piece of work in a process of its own."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from benchmarks.tape import Call, listening
from cli.theatre import settings_from
from engine.context import Engine
from engine.planning import plan_round
from engine.pull import refresh
from engine.runs import running
from runtime.open import open_engine
from runtime.settings import Settings

MIB = 2**20


def main(request: Path, answer: Path) -> None:
    """Reads what to do, does it, and writes the peaks down as JSON, in MiB."""
    asked = json.loads(request.read_text())
    answer.write_text(json.dumps(measured(settings_from(asked["settings"]), asked["kind"])))


def measured(settings: Settings, kind: str) -> dict[str, float]:
    """Peaks before and after the work, and the largest reply a CRM sent meanwhile."""
    largest = 0

    def heard(call: Call) -> None:
        nonlocal largest
        largest = max(largest, call.reply_bytes)

    # Neither waiting for limits nor the throttle changes what is held in memory.
    with open_engine(settings.model_copy(update={"hubspot_calls_per_10_seconds": 1_000_000})) as engine, listening(heard):
        before = peak_bytes()
        WORK[kind](engine)
        return {"before": before / MIB, "peak": peak_bytes() / MIB, "largest_reply": largest / MIB}


def peak_bytes() -> int:
    """The most memory this process held at once.

    Linux says it for this program alone in VmHWM; `ru_maxrss` (in KiB, on macOS in bytes) also counts what the parent held before `exec`.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) * 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _pull(engine: Engine) -> None:
    refresh(engine)


def _decide(engine: Engine) -> None:
    """Frame, decide, assign and plan of everything in the ledger, as a sync in plan mode does it after its pull."""
    with running(engine, "sync-leads", "plan") as run:
        plan_round(run)


WORK = {"pull": _pull, "decide": _decide}

if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
