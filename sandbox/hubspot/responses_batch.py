"""Batches of up to 100 records: all or nothing, unless every input carries a trace id of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.hubspot import exceptions, shapes
from sandbox.hubspot.exceptions import HubSpotError
from sandbox.hubspot.responses import Call, Reply, View
from sandbox.hubspot.responses_records import create_from, find_row, properties_of, update_from
from sandbox.hubspot.values import iso

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sandbox.hubspot.records import Row

Input = dict[str, Any]
MAX_INPUTS = 100


def read(call: Call) -> Reply:
    """POST .../batch/read: what is missing is reported in a 207."""
    body, inputs = call.json(), call.inputs(MAX_INPUTS)
    id_property = str(body.get("idProperty") or "")
    ids = list(dict.fromkeys(_id_of(each) for each in inputs))
    view = View.from_body(call, body)
    archived = call.flag("archived")
    live, missing = [], []
    for text, row in zip(ids, _rows(call, ids, id_property), strict=True):
        if row is None or (row.archived is not None) != archived:
            missing.append(text)
        else:
            live.append(row)
    errors = [exceptions.some_not_found(call.kind.label, missing)] if missing else []
    return _complete(call, 200, view.show_all(live), errors)


def create(call: Call) -> Reply:
    """POST .../batch/create."""
    return _write(call, 201, call.inputs(MAX_INPUTS), lambda each: create_from(call, each))


def update(call: Call) -> Reply:
    """POST .../batch/update."""
    inputs = call.inputs(MAX_INPUTS)
    _refuse_duplicates(inputs)
    missing_code = call.portal.sandbox.switches.get("hubspot.batch_update_missing")
    if missing_code == "207" and not _trace_ids(inputs):
        return _update_what_exists(call, inputs)
    rows = _rows_of(call, inputs)
    return _write(call, 200, inputs, lambda each: _update_input(call, each, rows[_id_of(each)]))


def upsert(call: Call) -> Reply:
    """POST .../batch/upsert, by idProperty; each result says whether it is `new`. By e-mail there is no partial success."""
    inputs = call.inputs(MAX_INPUTS)
    _refuse_duplicates(inputs)
    partial = all(each.get("idProperty") != "email" for each in inputs)
    return _write(call, 200, inputs, lambda each: _upsert_input(call, each), partial=partial)


def archive(call: Call) -> Reply:
    """POST .../batch/archive: 204."""
    for each in call.inputs(MAX_INPUTS):
        row = find_row(call, _id_of(each), "")
        if row is not None:
            call.portal.archive(call.kind.plural, row.id, call.author)
    return Reply(204)


def _rows(call: Call, ids: Sequence[str], id_property: str) -> list[Row | None]:
    if id_property and id_property != "hs_object_id":
        return [find_row(call, text, id_property) for text in ids]
    return call.portal.records.survivors(call.kind, [shapes.whole(text) or 0 for text in ids])


def _rows_of(call: Call, inputs: Sequence[Input]) -> dict[str, Row | None]:
    """The record behind each input's id; two ids that lead to one survivor share one row."""
    by_property: dict[str, list[str]] = {}
    for each in inputs:
        by_property.setdefault(str(each.get("idProperty") or ""), []).append(_id_of(each))
    return {text: row for name, ids in by_property.items() for text, row in zip(ids, _rows(call, ids, name), strict=True)}


def _update_input(call: Call, each: Input, row: Row | None) -> dict[str, Any]:
    if row is None or row.archived is not None:
        entry = exceptions.some_not_found(call.kind.label, [_id_of(each)])
        raise exceptions.refusal(400, entry["message"], "OBJECT_NOT_FOUND", context=entry["context"])
    return update_from(call, row, properties_of(each))


def _update_what_exists(call: Call, inputs: Sequence[Input]) -> Reply:
    rows = _rows_of(call, inputs)
    missing = [text for text, row in rows.items() if row is None or row.archived is not None]
    reply = _write(
        call, 200, [each for each in inputs if _id_of(each) not in missing], lambda each: _update_input(call, each, rows[_id_of(each)])
    )
    if not missing:
        return reply
    return _complete(call, 200, reply.body["results"], [exceptions.some_not_found(call.kind.label, missing)])


def _upsert_input(call: Call, each: Input) -> dict[str, Any]:
    name, value = str(each.get("idProperty") or ""), _id_of(each)
    row = find_row(call, value, name)
    if row is not None:
        return {**update_from(call, row, properties_of(each)), "new": False}
    if not name or name == "hs_object_id":
        raise exceptions.object_not_found(value)
    return {**create_from(call, {**each, "properties": {name: value, **properties_of(each)}}), "new": True}


def _write(call: Call, status: int, inputs: Sequence[Input], one: Callable[[Input], dict[str, Any]], *, partial: bool = True) -> Reply:
    traces = _trace_ids(inputs) if partial else []
    results: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    with call.portal.one_stamp(), call.portal.sandbox.store.transaction():
        for position, each in enumerate(inputs):
            try:
                _refuse_planned_row(call, position)
                shown = one(each)
            except HubSpotError as refused:
                if not traces or not isinstance(refused.body, dict):
                    raise
                errors.append(_error_entry(refused.body, traces[position]))
            else:
                results.append({**shown, "objectWriteTraceId": traces[position]} if traces else shown)
    return _complete(call, status, results, errors)


def _refuse_planned_row(call: Call, position: int) -> None:
    """A fault of the kind `rows` refuses the first so many records of the request."""
    if call.fault is not None and call.fault.action == "rows" and position < call.fault.rows:
        raise exceptions.refusal(423, "The record is locked by another write. Try again in 2 seconds.", call.fault.code or "LOCKED")


def _trace_ids(inputs: Sequence[Input]) -> list[str]:
    """The trace ids, where every input has one of its own; else none."""
    traces = [str(each.get("objectWriteTraceId") or "") for each in inputs]
    return traces if all(traces) and len(set(traces)) == len(traces) else []


def _error_entry(body: Mapping[str, Any], trace: str) -> dict[str, Any]:
    entry = {key: value for key, value in body.items() if key != "correlationId"}
    return {**entry, "context": {**entry.get("context", {}), "objectWriteTraceId": [trace]}}


def _refuse_duplicates(inputs: Sequence[Input]) -> None:
    ids = [_id_of(each) for each in inputs]
    twice = sorted({text for text in ids if ids.count(text) > 1}) if len(set(ids)) < len(ids) else []
    if twice:
        raise exceptions.duplicate_ids(twice)


def _id_of(each: Input) -> str:
    if each.get("id") is None:
        raise exceptions.invalid_json("Some required fields were not set: [id]")
    return str(each["id"])


def _complete(call: Call, status: int, results: list[dict[str, Any]], errors: list[dict[str, Any]]) -> Reply:
    now = iso(call.portal.now_ms())
    body: dict[str, Any] = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
    if errors:
        body |= {"numErrors": len(errors), "errors": errors}
    return Reply(207 if errors else status, body)
