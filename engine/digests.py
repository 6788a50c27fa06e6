"""The morning's messages: what people are to be told today and need not hear at once."""

from __future__ import annotations

from engine.context import Engine
from engine.report import RunSummary
from engine.runs import running, summary
from engine.sync import finish


def send_digests(engine: Engine) -> RunSummary:
    """Tells everybody whose morning has come; reads and writes no CRM record. Raises Busy, WrongAccount, CrmError."""
    with running(engine, "send-digests", "apply") as run:
        finish(run)
        return summary(run)
