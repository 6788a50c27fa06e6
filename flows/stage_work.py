"""What every flow does around one verb of the engine: open it, run its phases as tasks, publish the summary, name the final state.

No task result is persisted and none is cached: a retried run asks the ledger what is left to do. (Prefect's cached results
would feed a retry hours later with stale reads.)
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice

from prefect import get_run_logger
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed

from engine.context import Engine
from engine.report import RunSummary, Status
from engine.show import planned_leads
from flows.credentials import settings_with_blocks
from flows.marks import courtesy, mark, state_name, unmark
from flows.notifier import notifier_of
from flows.tasks import PrefectTasks
from runtime.open import open_engine
from runtime.summaries import keep_summary

_LATE = timedelta(minutes=30)
_ROWS_SHOWN = 500


def too_late() -> bool:
    """Whether this run was scheduled so long ago that a younger one will do its work.

    After a pause the worker executes every missed run, oldest first; only the newest has something to do.
    """
    scheduled = flow_run.scheduled_start_time
    return flow_run.run_count == 1 and bool(scheduled) and datetime.now(UTC) - scheduled > _LATE


def run_verb(title: str, verb: Callable[[Engine], RunSummary], *, skip_when_late: bool = False) -> State:
    """Open the engine from environment and blocks, run `verb`, publish its summary; the final state is named for what a person must do."""
    if skip_when_late and too_late():
        return Completed(name="Skipped", message="this run was scheduled over 30 minutes ago; the next one does its work")
    settings = settings_with_blocks()
    with open_engine(settings, label=str(flow_run.id), executor=PrefectTasks(), notifier=notifier_of(settings)) as engine:
        summary = verb(engine)
        planned = _planned_rows(engine, summary)
        keep_summary(engine, str(flow_run.id), summary)
        unmark(engine, summary)
    publish(title, summary, planned)
    mark(summary)
    return Completed(name=state_name(summary.status), message=summary.lines()[0])


def _planned_rows(engine: Engine, summary: RunSummary) -> list[dict[str, str]]:
    """The first leads of a plan that waits for a person, to be read in the UI before it is approved."""
    if not summary.plan_id or (summary.status is not Status.NEEDS_APPROVAL and summary.mode != "plan"):
        return []
    return [lead.row() for lead in islice(planned_leads(engine, summary.plan_id), _ROWS_SHOWN)]


def publish(title: str, summary: RunSummary, planned: list[dict[str, str]]) -> None:
    """The summary as a Markdown artifact; the plan that waits and what needs a person as tables. None holds names or addresses of leads."""
    logger = get_run_logger()
    for line in summary.lines():
        logger.info(line)
    with courtesy("the summary is not shown in the UI"):
        _show(title.replace("_", "-"), summary, planned)


def _show(key: str, summary: RunSummary, planned: list[dict[str, str]]) -> None:
    create_markdown_artifact("```\n" + "\n".join(summary.lines()) + "\n```", key=key, description=summary.lines()[0])
    if planned:
        how = f"; approve with apply-plan, or handoff apply {summary.plan_id}" if summary.waits or summary.mode == "plan" else ""
        told = f"The first {len(planned)} leads of plan {summary.plan_id}{how}"
        create_table_artifact(planned, key=f"{key}-plan", description=told)
    rows = [{"reason": reason, "cases": count} for reason, count in sorted(summary.exceptions.items())]
    if rows:
        create_table_artifact(rows[:_ROWS_SHOWN], key=f"{key}-needs-you", description="What needs a person")
