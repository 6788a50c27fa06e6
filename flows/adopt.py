"""Taking over a company's backlog, once."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from engine.adopt import adopt as adopt_backlog
from flows.stage_work import run_verb


@flow(name="adopt", flow_run_name="adopt")
def adopt() -> State:
    """Take stages, statuses and owners as they are, start every clock now, write nothing, and plan the backlog for approval."""
    return run_verb("adopt", adopt_backlog)
