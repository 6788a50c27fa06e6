"""The regular run: pull what changed, decide, assign, write."""

from __future__ import annotations

from typing import Literal

from prefect import flow
from prefect.client.schemas.objects import State

from engine.sync import sync
from flows.stage_work import run_verb


@flow(name="sync-leads", flow_run_name="sync-leads-{mode}")
def sync_leads(mode: Literal["plan", "apply"] = "plan") -> State:
    """Pull what changed in HubSpot and Salesforce, decide each lead's stage, owner and next step, and write the difference.

    Args:
        mode: "plan" only shows what would be written; "apply" writes it, within the guard's limits.
    """
    return run_verb("sync_leads", lambda engine: sync(engine, mode=mode), skip_when_late=True)
