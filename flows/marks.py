"""Which flow runs wait for a person, seen in any list of runs without opening one: the run's name says it, and a tag filters by it.

By type such a run is Completed: its process has ended, it holds no slot, and Resume would approve nothing (docs/adr/0015).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from httpx import HTTPError
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterTags
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import PrefectException
from prefect.runtime import flow_run

from engine.context import Engine
from engine.report import RunSummary, Status


@dataclass(frozen=True, slots=True)
class Mark:
    """What a status is called in Prefect: the state's name, the tag, the words in the run's name, and those that follow when it is over."""

    state: str
    tag: str
    says: str
    over: str


MARKS: Mapping[Status, Mark] = {
    Status.NEEDS_APPROVAL: Mark("NeedsApproval", "needs-approval", "plan {plan} waits for approval", "its plan no longer waits"),
    Status.PAUSED: Mark("Paused", "paused", "writes are paused", "writes go on again"),
    Status.PARTIAL: Mark("Partial", "partial", "partly written", "a later run wrote the rest"),
}
_PLAN = "plan-"
_MOST = 200
_LOG = logging.getLogger("handoff.marks")


def state_name(status: Status) -> str:
    """The name of the final state: what a person must do, or Completed."""
    return MARKS[status].state if status in MARKS else "Completed"


def mark(summary: RunSummary) -> None:
    """Name and tag the run of this process for what a person must do; nothing where nobody must."""
    if summary.status not in MARKS:
        return
    one = MARKS[summary.status]
    with courtesy("runs are not marked as they should be"), get_client(sync_client=True) as client:
        plan = {f"{_PLAN}{summary.plan_id}"} if summary.plan_id and summary.status is Status.NEEDS_APPROVAL else set()
        kept = {name for name in flow_run.tags if not name.startswith(_PLAN)}
        name = f"{_own_name(str(flow_run.name))}: {one.says.format(plan=summary.plan_id)}"
        client.update_flow_run(flow_run.id, name=name, tags=sorted({*kept, one.tag, *plan}))


def unmark(engine: Engine, summary: RunSummary) -> None:
    """Take the marks that are over off all runs; `summary` is of the run that has just ended."""
    with courtesy("runs are not marked as they should be"), get_client(sync_client=True) as client:
        for status, one in MARKS.items():
            tagged = FlowRunFilter(tags=FlowRunFilterTags(all_=[one.tag]))
            for run in client.read_flow_runs(flow_run_filter=tagged, limit=_MOST):
                if not _stands(status, run, engine, summary):
                    tags = [tag for tag in run.tags if tag != one.tag]
                    client.update_flow_run(run.id, name=f"{_own_name(run.name)}: {one.over}", tags=tags)


def _stands(status: Status, run: FlowRun, engine: Engine, summary: RunSummary) -> bool:
    """A plan waits until it is approved, replaced whole or too old; a pause until it ends; a rest until a run that may write is through."""
    if status is Status.NEEDS_APPROVAL:
        plans = [int(tag.removeprefix(_PLAN)) for tag in run.tags if tag.startswith(_PLAN)]
        return any(engine.ledger.outbox.waits(plan, engine.clock()) for plan in plans)
    if status is Status.PAUSED:
        return bool(engine.ledger.switches.paused())
    return summary.mode == "plan" or summary.status not in (Status.DONE, Status.NOTHING_TO_DO)


@contextmanager
def courtesy(loss: str) -> Iterator[None]:
    """What is only shown: where Prefect's API does not take it, `loss` is logged, and the run, which has written by then, goes on."""
    try:
        yield
    except (HTTPError, PrefectException, RuntimeError) as error:  # RuntimeError is the client's word for a server that is not there
        _LOG.warning("%s: Prefect's API does not answer (%s)", loss, type(error).__name__)


def _own_name(name: str) -> str:
    """A run's name without what was added to it: a retried run has it from its first attempt."""
    return name.split(": ", 1)[0]
