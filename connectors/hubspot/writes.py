"""Writing to HubSpot: packed batches with an outcome per row, creates that are found again, and reading back with history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.hubspot import errors, records
from connectors.hubspot.client import HubSpotClient
from connectors.hubspot.schema import Schema
from connectors.protocol import Change, Fate, Outcome, Refused
from connectors.retry import Sending
from handoff.facts import Record, Ref, State

BATCH = 100  # developers.hubspot.com, "Batch": 100 inputs for objects


class Writes:
    """Reads and updates by id. Rows carry a write trace id, so that one bad row is its own and not the whole batch's."""

    def __init__(self, client: HubSpotClient, schema: Schema) -> None:
        self._client = client
        self._schema = schema

    def read(self, refs: Sequence[Ref], fields: Sequence[str], now: datetime) -> dict[Ref, Record]:
        """Fresh values, any number of refs; a missing record is absent; a merged one is MERGED and follows its survivor."""
        found: dict[Ref, Record] = {}
        for object_name, asked in by_object(refs):
            known = records.columns(self._schema.pick(object_name, fields))
            for batch in batches(asked):
                rows = self.read_rows(object_name, batch, sorted(known))
                found |= _matched(
                    batch, {records.ref(object_name, row["id"]): (row, records.record(object_name, row, known, now)) for row in rows}
                )
        return found

    def read_rows(
        self, object_name: str, refs: Sequence[Ref], properties: Sequence[str], history: Sequence[str] = ()
    ) -> list[Mapping[str, Any]]:
        """One batch read of at most 100 records; ids that do not exist are left out."""
        wanted = [*properties, *([records.MERGED_IDS] if object_name == "contacts" else [])]
        body: dict[str, Any] = {"inputs": [{"id": ref.id} for ref in refs], "properties": wanted, "propertiesWithHistory": list(history)}
        family = f"{object_name}.batch.read"
        reply = self._client.post(family, self._client.paths.objects(object_name, "/batch/read"), body, Sending.READ)
        if any(error.get("category") != "OBJECT_NOT_FOUND" for error in reply.get("errors") or ()):
            # Such a row is there and was not read: left out, it would count as gone.
            raise errors.lost(family, "some records were not read", Sending.READ, sent=True)
        return list(reply["results"])

    def write(self, changes: Sequence[Change]) -> tuple[Outcome, ...]:
        """One outcome per change, in order.

        Fields to be blanked first go in a request of their own: the lifecycle stage only moves forward otherwise.
        """
        object_name = changes[0].ref.object
        clear = {index: dict.fromkeys(change.clear_first) for index, change in enumerate(changes) if change.clear_first}
        outcomes: dict[int, Outcome] = {}
        if clear:
            cleared = self._update(object_name, {index: (changes[index].ref, values) for index, values in clear.items()})
            outcomes = {index: outcome for index, outcome in cleared.items() if outcome.fate is not Fate.DONE}
        rest = {index: (change.ref, change.values) for index, change in enumerate(changes) if index not in outcomes}
        outcomes |= self._update(object_name, rest)
        return tuple(outcomes[index] for index in range(len(changes)))

    def _update(self, object_name: str, rows: Mapping[int, tuple[Ref, Mapping[str, str | None]]]) -> dict[int, Outcome]:
        if not rows:
            return {}
        inputs = {index: self._input(object_name, index, ref, values) for index, (ref, values) in rows.items()}
        try:
            reply = self._client.post(
                f"{object_name}.batch.update",
                self._client.paths.objects(object_name, "/batch/update"),
                {"inputs": list(inputs.values())},
                Sending.UPDATE,
            )
        except Refused as error:
            return self._apart(object_name, rows, error)
        done = {str(row["id"]) for row in reply.get("results") or ()}
        failed = row_errors(reply)
        return {index: _outcome(ref, done, failed.get(str(index)), failed) for index, (ref, _) in rows.items()}

    def _apart(self, object_name: str, rows: Mapping[int, tuple[Ref, Mapping[str, str | None]]], error: Refused) -> dict[int, Outcome]:
        """A batch refused as a whole, although its rows are traced: halve it until the bad row stands alone."""
        if error.reason not in ("field", "object", "conflict", "refused"):
            raise error
        if len(rows) == 1:
            fate = Fate.GONE if error.reason == "object" else Fate.REFUSED
            return {index: Outcome(fate, ref, str(error)) for index, (ref, _) in rows.items()}
        order = sorted(rows)
        halves = (order[: len(order) // 2], order[len(order) // 2 :])
        parts = [self._update(object_name, {index: rows[index] for index in half}) for half in halves]
        return {**parts[0], **parts[1]}

    def _input(self, object_name: str, index: int, ref: Ref, values: Mapping[str, str | None]) -> dict[str, Any]:
        specs = self._schema.pick_writable(object_name, list(values))
        properties = {spec.name: records.to_vendor(spec, values[canonical]) for canonical, spec in specs.items()}
        return {"id": ref.id, "objectWriteTraceId": str(index), "properties": properties}


def row_errors(reply: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Write trace id or record id -> error, of a 207 reply."""
    found: dict[str, Mapping[str, Any]] = {}
    for error in reply.get("errors") or ():
        context = error.get("context") or {}
        for name in ("objectWriteTraceId", "ids", "id"):
            listed = context.get(name) or ()
            for trace in [listed] if isinstance(listed, str) else listed:
                found[f"{'' if name == 'objectWriteTraceId' else 'id:'}{trace}"] = error
    return found


def by_object(refs: Sequence[Ref]) -> Iterator[tuple[str, list[Ref]]]:
    """Refs grouped by object, duplicates taken out (a doubled id is refused with the whole batch)."""
    grouped: dict[str, dict[Ref, None]] = {}
    for ref in refs:
        grouped.setdefault(ref.object, {})[ref] = None
    for object_name, members in grouped.items():
        yield object_name, list(members)


def batches(refs: Sequence[Ref]) -> Iterator[Sequence[Ref]]:
    """Runs of at most 100."""
    for start in range(0, len(refs), BATCH):
        yield refs[start : start + BATCH]


def _matched(asked: Sequence[Ref], rows: Mapping[Ref, tuple[Mapping[str, Any], Record]]) -> dict[Ref, Record]:
    """Records by the ref asked for. A merged-away id answers with its survivor under the survivor's id."""
    found = {ref: rows[ref][1] for ref in asked if ref in rows}
    for survivor, (row, record) in rows.items():
        merged_ids = str((row.get("properties") or {}).get(records.MERGED_IDS) or "").split(";")
        for ref in asked:
            if ref not in found and ref.id in merged_ids:
                found[ref] = Record(ref, {}, record.created_at, record.modified_at, record.known_at, State.MERGED, survivor)
    return found


def _outcome(ref: Ref, done: set[str], error: Mapping[str, Any] | None, errors_by_trace: Mapping[str, Mapping[str, Any]]) -> Outcome:
    error = error or errors_by_trace.get(f"id:{ref.id}")
    if error is not None:
        fate = Fate.GONE if error.get("category") == "OBJECT_NOT_FOUND" else Fate.REFUSED
        return Outcome(fate, ref, errors.row_reason(error))
    if ref.id in done:
        return Outcome(Fate.DONE, ref)
    return Outcome(Fate.GONE, ref, "HubSpot did not answer for this record: it was deleted or merged meanwhile")
