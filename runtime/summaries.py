"""Run summaries kept in the ledger under the name of the flow run that made them, so that whoever started it can read them."""

from __future__ import annotations

from pydantic import TypeAdapter

from engine.context import Engine
from engine.report import RunSummary

_SUMMARY = TypeAdapter(RunSummary)


def keep_summary(engine: Engine, label: str, summary: RunSummary) -> None:
    """Store `summary` under `label` (a flow run's id). It holds counts and rule names, no personal data."""
    engine.ledger.switches.save_document("summary", _name(label), _SUMMARY.dump_json(summary).decode())


def kept_summary(engine: Engine, label: str) -> RunSummary:
    """The summary stored under `label`. Raises the ledger's Unknown when there is none."""
    return _SUMMARY.validate_json(engine.ledger.switches.document(_name(label)))


def _name(label: str) -> str:
    return f"summary:{label}"
