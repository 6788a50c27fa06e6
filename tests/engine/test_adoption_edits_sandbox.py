"""Reps work on while the adoption's plan waits for its approval, over HTTP: what they typed on the Salesforce record stands."""

from __future__ import annotations

from pathlib import Path

import requests
from test_doctor_sandbox import Stage
from test_recycling_sandbox import stage as stage  # the fixture

from engine.adopt import adopt
from engine.apply_plan import apply_plan
from engine.frame import reps_now
from engine.sync import sync
from handoff.facts import Ref

FIELDS = ("owner", "status")


def _post(stage: Stage, path: str, **body: object) -> None:
    reply = requests.post(f"{stage.url}/_sandbox/{path}", json=body, timeout=60)
    assert reply.ok, reply.text


def _read(stage: Stage, folder: Path, refs: list[Ref]) -> dict[Ref, dict[str, str]]:
    with stage.engine(folder) as engine:
        found = engine.crms["salesforce"].read(refs, FIELDS)
    return {ref: dict(record.fields) for ref, record in found.items()}


def test_what_a_rep_types_between_adopt_and_apply_stands(stage: Stage, tmp_path: Path) -> None:
    with stage.engine(tmp_path) as engine:
        made = adopt(engine)
        reps = sorted((rep for rep in reps_now(engine).values() if rep.active and rep.role == "sdr"), key=lambda rep: rep.key)
        owners = {rep.ids["salesforce"]: rep for rep in reps}
        lines = engine.ledger.outbox.lines(plan_id=int(made.plan_id), limit=100_000)
        limbo = [row.line for row in lines if row.line.transition == "adopted_limbo" and row.line.object == "Lead" and row.line.ref]
        given = sorted({line.ref for line in limbo if line.field == "owner" and line.before in owners})
    assert len(given) >= 2, "limbo leads with a rep who works here"
    first, second = given[0], given[1]
    other = next(rep for rep in reps if rep.ids["salesforce"] != _read(stage, tmp_path, [first])[first]["owner"])
    new = {first: {"OwnerId": other.ids["salesforce"]}, second: {"Status": "Working - Contacted"}}
    for ref, fields in new.items():
        _post(stage, "act/rep", vendor="salesforce", object="Lead", id=ref.id, rep=other.key, action="edit", fields=fields)
    _post(stage, "clock", advance_seconds=600, quiet=True)
    typed = _read(stage, tmp_path, [first, second])
    with stage.engine(tmp_path) as engine:
        apply_plan(engine, made.plan_id, "revops@acme.example")
    assert _read(stage, tmp_path, [first, second]) == typed
    with stage.engine(tmp_path) as engine:
        sync(engine, "apply")
    assert _read(stage, tmp_path, [first, second]) == typed
