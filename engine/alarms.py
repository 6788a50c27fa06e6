"""What a run itself tells: RevOps of the guard and of exceptions, on-call of hand-raises that nobody gets and of writes that keep failing.

Each kind at most once a day (on-call: once an hour), by the engine's clock. [R85]
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from engine.context import Message, NotSent
from engine.runs import Run

ALARMS = "alarms"
UNROUTED = frozenset({"nobody_to_give_to", "no_route"})
NOT_ROUTED_FOR = timedelta(minutes=15)
FAILING_FOR = timedelta(hours=1)
_FAILING = ("partial", "failed")
_PAUSE = {"revops": timedelta(days=1), "on_call": timedelta(hours=1)}


def raise_alarms(run: Run) -> None:
    """Sends what the run found. A channel that is missing or fails never fails the run."""
    notifier = run.engine.notifier
    if notifier is None or run.mode != "apply":
        return
    for kind, to, subject, text in _found(run):
        if not _due(run, kind, _PAUSE[to]):
            continue
        try:
            notifier.send(Message(to, to, subject, text))
        except NotSent as error:
            run.notes.append(f"{to} could not be told of '{subject}': {error}")
        else:
            _remember(run, kind)


def _found(run: Run) -> Iterator[tuple[str, str, str, str]]:
    if run.breach:
        yield "guard", "revops", f"The guard stopped run {run.id}", f"{run.breach}\nhandoff show {run.plan_id or ''}".strip()
    if run.exceptions:
        told = ", ".join(f"{number:,} {reason.replace('_', ' ')}" for reason, number in sorted(run.exceptions.items()))
        yield "exceptions", "revops", f"{sum(run.exceptions.values()):,} cases need a person", f"{told}\nhandoff exceptions lists them"
    standing = run.engine.ledger.exceptions.counts(since=run.engine.clock() - NOT_ROUTED_FOR)
    if waiting := sum(standing.get(reason, 0) for reason in UNROUTED):
        yield "unrouted", "on_call", f"{waiting:,} leads that must be routed have nobody", "handoff exceptions lists them and why"
    if run.stopped and _failing_since(run, run.engine.clock() - FAILING_FOR):
        words = "; ".join(f"{system}: {why}" for system, why in sorted(run.stopped.items()))
        yield "failing", "on_call", "Writes to a CRM have been failing for an hour", words


def _failing_since(run: Run, since: datetime) -> bool:
    """Whether every run that ended in the last hour was stopped by a CRM, and one of them was that long ago."""
    for one in run.engine.ledger.runs.list(limit=50):
        if one.mode == "apply" and one.finished_at is not None and (one.state not in _FAILING or one.finished_at < since):
            return one.state in _FAILING
    return False


def _told(run: Run) -> dict[str, str]:
    kept = run.engine.ledger.switches.get(ALARMS)
    return {str(name): str(at) for name, at in kept.items()} if isinstance(kept, dict) else {}


def _due(run: Run, kind: str, pause: timedelta) -> bool:
    """Whether this kind was not told within `pause`."""
    last = _told(run).get(kind)
    return last is None or run.engine.clock() - datetime.fromisoformat(last) >= pause


def _remember(run: Run, kind: str) -> None:
    """It is told. Only what arrived is remembered: an alarm may come twice when a run dies here, and is never lost to a channel that was
    down for a moment.
    """
    run.engine.ledger.switches.set(ALARMS, {**_told(run), kind: run.engine.clock().isoformat()})
