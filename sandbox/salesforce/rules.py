"""Assignment rules and validation rules of the org, kept in the store as JSON so that snapshots hold them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

from sandbox.salesforce.exceptions import RowError
from sandbox.salesforce.rows import Row
from sandbox.store import Store

_DDL = """
CREATE TABLE IF NOT EXISTS sf_rule (
    kind TEXT NOT NULL, sobject TEXT NOT NULL, name TEXT NOT NULL, definition TEXT NOT NULL, PRIMARY KEY (kind, name))
"""
Test = Callable[[Any, Any], bool]
_TESTS: dict[str, Test] = {
    "equals": lambda value, wanted: _fold(value) == _fold(wanted),
    "not_equals": lambda value, wanted: _fold(value) != _fold(wanted),
    "starts_with": lambda value, wanted: str(value or "").lower().startswith(str(wanted).lower()),
    "in": lambda value, wanted: _fold(value) in [_fold(one) for one in wanted],
    "blank": lambda value, _wanted: value is None,
    "not_blank": lambda value, _wanted: value is not None,
}


def _fold(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def holds(conditions: Iterable[Mapping[str, Any]], row: Row) -> bool:
    """Whether all conditions {"field", "operator", "value"} hold for a row."""
    return all(_TESTS[condition["operator"]](row.get(condition["field"]), condition.get("value")) for condition in conditions)


def check_conditions(conditions: Iterable[Mapping[str, Any]]) -> None:
    """ValueError names an operator that does not exist."""
    for condition in conditions:
        if condition["operator"] not in _TESTS:
            message = f"rule operator {condition['operator']!r} is unknown; there are: {', '.join(sorted(_TESTS))}"
            raise ValueError(message)


class Rules:
    """Validation rules say what a record may not be; an assignment rule says who owns it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.script(_DDL)
        self._known: dict[tuple[str, str], list[dict[str, Any]]] = {}
        store.on_restore(self._known.clear)

    def put(self, kind: str, sobject: str, name: str, definition: Mapping[str, Any]) -> None:
        """Add or replace the rule of that kind and name."""
        self._store.execute("REPLACE INTO sf_rule VALUES (?, ?, ?, ?)", (kind, sobject, name, orjson.dumps(definition).decode()))
        self._known.clear()

    def drop(self, kind: str, name: str) -> None:
        """Take a rule away."""
        self._store.execute("DELETE FROM sf_rule WHERE kind = ? AND name = ?", (kind, name))
        self._known.clear()

    def validate(self, sobject: str, row: Row) -> None:
        """RowError FIELD_CUSTOM_VALIDATION_EXCEPTION of the first validation rule that the row breaks."""
        for rule in self._of("validation", sobject):
            if holds(rule["conditions"], row):
                raise RowError("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule["message"], [rule["field"]] if rule.get("field") else [])

    def owner(self, sobject: str, row: Row, *, is_new: bool) -> str | None:
        """The owner an active assignment rule gives, or None where none does.

        Without an active rule a new record goes to the default owner, where one is set (Salesforce Help 000395506).
        """
        for rule in self._of("assignment", sobject):
            if not rule["active"]:
                return rule.get("default_owner_id") if is_new else None
            for entry in rule["entries"]:
                if holds(entry["conditions"], row):
                    return str(entry["owner_id"])
            return rule.get("default_owner_id")
        return None

    def duplicate_fields(self, sobject: str, *, alerts_too: bool) -> list[list[str]]:
        """The fields of each duplicate rule that applies: those that block, and those that only alert."""
        return [list(rule["fields"]) for rule in self._of("duplicate", sobject) if rule["block"] or alerts_too]

    def _of(self, kind: str, sobject: str) -> list[dict[str, Any]]:
        key = (kind, sobject)
        if key not in self._known:
            rows = self._store.rows("SELECT definition FROM sf_rule WHERE kind = ? AND sobject = ? ORDER BY rowid", key)
            self._known[key] = [orjson.loads(row[0]) for row in rows]
        return self._known[key]
