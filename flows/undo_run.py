"""Taking a run back."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from engine.undo import undo
from flows.stage_work import run_verb


@flow(name="undo-run", flow_run_name="undo-{run_id}")
def undo_run(run_id: str) -> State:
    """Restore what a run changed wherever nobody has edited since, close its tasks, and hold those leads until they are released.

    Args:
        run_id: The run's number in handoff's own summary (not Prefect's id), for example 12.
    """
    return run_verb("undo_run", lambda engine: undo(engine, run_id=run_id))
