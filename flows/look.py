"""The read-only look."""

from __future__ import annotations

from prefect import flow, get_run_logger
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed

from engine.look import look as look_at
from flows.credentials import settings_with_blocks
from flows.tasks import PrefectTasks
from runtime.open import open_engine


@flow(name="look", flow_run_name="look")
def look() -> State:
    """Read both CRMs and say what is wrong: who was never called, who sits in limbo, who belongs to people who left. Writes nothing."""
    with open_engine(settings_with_blocks(), label=str(flow_run.id), executor=PrefectTasks()) as engine:
        report = look_at(engine)
    for line in report.lines():
        get_run_logger().info(line)
    create_markdown_artifact("```\n" + "\n".join(report.lines()) + "\n```", key="look", description="What is wrong in the CRMs")
    return Completed(message=report.lines()[0])
