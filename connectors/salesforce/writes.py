"""Writing to Salesforce: collections of 200 with an outcome per row, locked rows sent again, creates that are found again, reading back
with history.

Every write says `Sforce-Auto-Assign: FALSE`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.protocol import Change, Fate, Outcome
from connectors.retry import Sending
from connectors.salesforce import errors, records, soql
from connectors.salesforce.client import SAVE_DUPLICATES, SalesforceClient
from connectors.salesforce.schema import Schema
from handoff.facts import Record, Ref

BATCH = 200  # REST API guide, "sObject Collections"
ROW_TRIES = 4
_FIRST_ROW_WAIT_SECONDS = 1.0

Rows = Mapping[int, Mapping[str, Any]]


class Writes:
    """Reads and updates by id."""

    def __init__(self, client: SalesforceClient, schema: Schema, sleep: Callable[[float], None]) -> None:
        self._client = client
        self._schema = schema
        self._sleep = sleep

    def read(self, refs: Sequence[Ref], fields: Sequence[str], now: datetime) -> dict[Ref, Record]:
        """Fresh values, any number of refs; deleted records are absent, merged and converted ones say where they went."""
        found: dict[Ref, Record] = {}
        for object_name, asked in _by_object(refs):
            known = records.columns(self._schema.pick(object_name, fields))
            for row in self.read_rows(object_name, asked, list(known)):
                record = records.record(object_name, row, known, now)
                if not row.get("IsDeleted") or record.follows is not None:
                    found[record.ref] = record
        return found

    def read_rows(self, object_name: str, refs: Sequence[Ref], fields: Sequence[str], child: str = "") -> list[Mapping[str, Any]]:
        """Rows by id, 200 a query; deleted ones included. `child` is a child subquery."""
        standing = [name for name in records.STANDING if name in self._schema.describe(object_name).vendor_fields]
        wanted = ["Id", "CreatedDate", "SystemModstamp", *standing, *fields, *([child] if child else [])]
        rows: list[Mapping[str, Any]] = []
        for chunk in soql.chunks([ref.id for ref in refs]):
            rows.extend(self._client.rows(f"query.{object_name}.by_id", soql.select(wanted, object_name, f"Id IN {soql.ids(chunk)}")))
        return rows

    def write(self, changes: Sequence[Change]) -> tuple[Outcome, ...]:
        """One outcome per change, in order. Salesforce sets any value over any other, so `clear_first` needs no request of its own."""
        object_name = changes[0].ref.object
        rows = {index: {**self.values(object_name, change.values), "id": change.ref.id} for index, change in enumerate(changes)}
        results = self.save("PATCH", object_name, rows, SAVE_DUPLICATES, Sending.UPDATE)
        return tuple(Outcome(fate, changes[index].ref, reason) for index, (fate, _, reason) in sorted(results.items()))

    def save(
        self, method: str, object_name: str, rows: Rows, headers: Mapping[str, str], sending: Sending
    ) -> dict[int, tuple[Fate, str, str]]:
        """Row number -> (fate, record id, reason). Rows that found a lock are sent again, fewer and later each time."""
        results: dict[int, tuple[Fate, str, str]] = {}
        left = dict(rows)
        for attempt in range(ROW_TRIES):
            if attempt:
                self._sleep(_FIRST_ROW_WAIT_SECONDS * 2.0 ** (attempt - 1))
            results |= self._save_once(method, object_name, left, headers, sending)
            left = {index: row for index, row in left.items() if results[index][0] is Fate.RETRY}
            if not left:
                break
        return results

    def values(self, object_name: str, values: Mapping[str, str | None]) -> dict[str, Any]:
        """Vendor field -> JSON value. Raises Refused for fields that are read only or not there yet."""
        specs = self._schema.pick_writable(object_name, list(values))
        return {spec.name: records.to_vendor(spec, values[canonical]) for canonical, spec in specs.items()}

    def _save_once(
        self, method: str, object_name: str, rows: Rows, headers: Mapping[str, str], sending: Sending
    ) -> dict[int, tuple[Fate, str, str]]:
        body = {"allOrNone": False, "records": [{"attributes": {"type": object_name}, **row} for row in rows.values()]}
        family = f"collections.{'update' if method == 'PATCH' else 'create'}.{object_name}"
        reply = self._client.save(family, method, "composite/sobjects", body, headers, sending)
        if not isinstance(reply, list) or len(reply) != len(rows):
            raise errors.lost(family, "a reply with another number of rows than was sent", sending, sent=True)
        return {index: _result(result) for index, result in zip(rows, reply, strict=True)}


def _result(result: Mapping[str, Any]) -> tuple[Fate, str, str]:
    if result.get("success"):
        return Fate.DONE, str(result["id"]), ""
    fate, reason = errors.row_fate(result.get("errors") or ())
    return fate, "", reason


def _by_object(refs: Sequence[Ref]) -> list[tuple[str, list[Ref]]]:
    grouped: dict[str, dict[Ref, None]] = {}
    for ref in refs:
        grouped.setdefault(ref.object, {})[ref] = None
    return [(object_name, list(members)) for object_name, members in grouped.items()]
