"""A process that is told to end (SIGTERM) while a run writes or pulls.

`python told_to_end.py FOLDER METHOD THREADS` says how it ended, as JSON.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path

from engine_worlds import Place, place

from engine.adopt import adopt
from engine.apply_plan import apply_plan
from engine.context import Engine, Threads
from engine.sync import sync

NAMES = ("anna", "bert", "carl", "dora", "emil", "fritz", "gert", "hans")


def main(folder: Path, method: str, threads: int) -> None:
    """Ends a run at its second call of `method`, then lets another run go on at once, in the same second of real time."""
    company = place(folder)
    for name in NAMES:
        company.asks(company.person(name), days_ago=20)
    made = adopt(company.engine)
    told = end_at_second(company, method)
    ended: object = None
    try:
        if method == "write":
            apply_plan(threaded(company, threads), made.plan_id, "me")
        else:
            sync(threaded(company, threads), "apply")
    except SystemExit as end:
        ended = end.code
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join(30)
    said = [(run.kind, run.state, run.summary.get("error")) for run in company.ledger.runs.list(1)]
    told[:] = [-1000]
    apply_plan(company.engine, made.plan_id, "me")
    company.sync()
    again = company.sync()
    sys.stdout.write(json.dumps({"ended": ended, "said": said, "tasks": len(company.tasks()), "lines": again.counts.lines}))


def threaded(company: Place, threads: int) -> Engine:
    """An engine with as many threads, one request each."""
    return replace(company.engine, executor=Threads(threads)) if threads > 1 else company.engine


def end_at_second(company: Place, method: str) -> list[int]:
    """Both CRMs count their calls of a method together; the second sends SIGTERM to this process."""
    seen = [0]

    def before(called: str, _: int) -> None:
        seen[0] += called.startswith(method)
        if seen[0] == 2 and called.startswith(method):
            os.kill(os.getpid(), signal.SIGTERM)

    for crm in company.crms.values():
        crm.before_call = before
    return seen


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
