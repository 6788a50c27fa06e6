"""The daily sweep: leads whose deadline came without anything new, silent ones first of all."""

from __future__ import annotations

from typing import Literal

from prefect import flow
from prefect.client.schemas.objects import State

from engine.sweep import sweep
from flows.stage_work import run_verb


@flow(name="sweep-silent", flow_run_name="sweep-silent-{mode}")
def sweep_silent(mode: Literal["plan", "apply"] = "plan") -> State:
    """Look at every lead whose deadline has come: return silent ones to nurture, re-route neglected ones, re-open reviews.

    Args:
        mode: "plan" only shows what would be written; "apply" writes it, within the guard's limits.
    """
    return run_verb("sweep_silent", lambda engine: sweep(engine, mode=mode), skip_when_late=True)
