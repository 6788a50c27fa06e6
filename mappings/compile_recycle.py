"""Compiles last calls, recycling, alerts, reasons and the Stage 0 opportunity into the core's values."""

from __future__ import annotations

from typing import Any

from handoff import policy as core
from mappings import shapes
from mappings.conditions import Words
from mappings.files import Files, expand_stages
from mappings.shapes_recycle import ReasonsFile


def silence(shape: shapes.SilenceShape) -> core.Silence:
    """The clock of silence, with its last call."""
    found = shape.rep_sourced
    return core.Silence(
        days=shape.days,
        sources={system: tuple(streams) for system, streams in shape.sources.items()},
        max_lag_hours=shape.max_lag_hours,
        target_account_days=shape.target_account_days,
        last_call=core.LastCall(**shape.last_call.model_dump()) if shape.last_call is not None else None,
        rep_sourced=tuple(sorted(source.strip().casefold() for source in found.sources)) if found is not None else (),
        rep_sourced_days=found.days if found is not None else None,
    )


def recycling(files: Files, words: Words) -> dict[str, Any]:
    """Parts of the policy by field name."""
    sweep: shapes.SweepFile = files.shapes["sweep"]
    stages: shapes.StagesFile = files.shapes["stages"]
    return {
        "recycle": core.Recycle(**sweep.recycle.model_dump()) if sweep.recycle is not None else core.Recycle(),
        "alerts": tuple(
            core.Alert(
                name=alert.name,
                stages=expand_stages(alert.stages, stages.stages),
                when=words.compile(alert.when, f"alerts.{alert.name}.when"),
                says=alert.says,
                where=files.where("sweep", "alerts", number),
            )
            for number, alert in enumerate(sweep.alerts)
        ),
        "opportunity": core.Opportunity(**stages.opportunity.model_dump(), where=files.where("stages", "opportunity")),
        **_reasons(files),
    }


def _reasons(files: Files) -> dict[str, Any]:
    shape: ReasonsFile = files.shapes["reasons"]
    codes = {
        name: core.ReasonCode(
            name=name,
            label=reason.label,
            action=reason.action,
            wake_days=reason.wake_days,
            before_days=reason.before_days,
            words=tuple(reason.words),
            where=files.where("reasons", "reasons", name),
        )
        for name, reason in shape.reasons.items()
    }
    return {"reasons": codes, "wake_days": {name: code.wake_days for name, code in codes.items() if code.wake_days is not None}}
