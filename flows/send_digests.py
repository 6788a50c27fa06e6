"""The morning digest: one message per person with what came to them and need not be heard at once."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State

from engine.digests import send_digests as send
from flows.stage_work import run_verb


@flow(name="send-digests", flow_run_name="send-digests")
def send_digests() -> State:
    """Send every notice whose time has come: digests in each person's morning, and what waited for the end of quiet hours."""
    return run_verb("send_digests", send, skip_when_late=True)
