"""Which flow runs wait for a person, seen in any list of runs without opening one: the run's name says it, and a tag filters by it.

By type such a run is Completed: its process has ended, it holds no slot, and Resume would approve nothing (docs/adr/0015).
"""

from __future__ import annotations

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterTags
from prefect.runtime import flow_run

from engine.context import Engine
from engine.report import RunSummary, Status

NEEDS_APPROVAL = "needs-approval"
_SAYS = {
    Status.NEEDS_APPROVAL: (NEEDS_APPROVAL, "plan {plan} waits for approval"),
    Status.PAUSED: ("paused", "writes are paused"),
    Status.PARTIAL: ("partial", "partly written"),
}
_PLAN = "plan-"
_MOST = 200


def mark(summary: RunSummary) -> None:
    """Name and tag the run of this process for what a person must do; nothing where nobody must."""
    if summary.status not in _SAYS:
        return
    tag, words = _SAYS[summary.status]
    plan = {f"{_PLAN}{summary.plan_id}"} if summary.plan_id and tag == NEEDS_APPROVAL else set()
    kept = {name for name in flow_run.tags if not name.startswith(_PLAN)}
    name = f"{_own_name(str(flow_run.name))}: {words.format(plan=summary.plan_id)}"
    with get_client(sync_client=True) as client:
        client.update_flow_run(flow_run.id, name=name, tags=sorted({*kept, tag, *plan}))


def unmark(engine: Engine) -> None:
    """Take the mark off runs whose plan was approved, replaced whole or too old by now."""
    tagged = FlowRunFilter(tags=FlowRunFilterTags(all_=[NEEDS_APPROVAL]))
    with get_client(sync_client=True) as client:
        for run in client.read_flow_runs(flow_run_filter=tagged, limit=_MOST):
            plans = [int(tag.removeprefix(_PLAN)) for tag in run.tags if tag.startswith(_PLAN)]
            if not any(engine.ledger.outbox.waits(plan, engine.clock()) for plan in plans):
                tags = [tag for tag in run.tags if tag != NEEDS_APPROVAL]
                client.update_flow_run(run.id, name=f"{_own_name(run.name)}: its plan no longer waits", tags=tags)


def _own_name(name: str) -> str:
    """A run's name without what was added to it: a retried run has it from its first attempt."""
    return name.split(": ", 1)[0]
