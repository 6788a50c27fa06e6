"""Approving a plan."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from engine.apply_plan import apply_plan as apply_approved
from flows.stage_work import run_verb


@flow(name="apply-plan", flow_run_name="apply-{plan_id}")
def apply_plan(plan_id: int, approved_by: str) -> State:
    """Write an approved plan. The approval is recorded with name, time and the plan's digest.

    Args:
        plan_id: The plan's number as the run that made it printed it, for example 3.
        approved_by: Who answers for it: a name or an e-mail address.
    """
    return run_verb("apply_plan", lambda engine: apply_approved(engine, plan_id=plan_id, approved_by=approved_by))
