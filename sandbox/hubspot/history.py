"""Property history in SQL: one row a write, with every property it set.

The value that a record was created with is not stored; its entry is made from the record's creation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from sandbox.hubspot.records import key_of
from sandbox.hubspot.values import iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sandbox.hubspot.object_types import ObjectType
    from sandbox.hubspot.records import Row
    from sandbox.store import Store

_DDL = """
CREATE TABLE IF NOT EXISTS hs_history (
    seq INTEGER PRIMARY KEY, key INTEGER, at INTEGER, source TEXT, source_id TEXT, source_label TEXT, user_id INTEGER, changes BLOB);
CREATE INDEX IF NOT EXISTS hs_history_record ON hs_history (key);
"""
_INSERT = "INSERT INTO hs_history (key, at, source, source_id, source_label, user_id, changes) VALUES (?,?,?,?,?,?,?)"
_MAX_KEYS_PER_QUERY = 500


class Write(NamedTuple):
    """One write to a record. `at` is epoch milliseconds; `changes` holds (value, the value before or None) by property."""

    at: int
    source: str
    source_id: str | None
    source_label: str | None
    user_id: int | None
    changes: Mapping[str, tuple[str, str | None]]

    def told(self) -> dict[str, Any]:
        """What propertiesWithHistory says of each value of this write, beside the value."""
        found: dict[str, Any] = {"timestamp": iso(self.at), "sourceType": self.source}
        if self.source_id is not None:
            found["sourceId"] = self.source_id
        if self.source_label is not None:
            found["sourceLabel"] = self.source_label
        if self.user_id is not None:
            found["updatedByUserId"] = self.user_id
        return found


Entry = tuple[str, Write]


class Version(NamedTuple):
    """One entry of a property's history as the model API hands it out. `at` is epoch milliseconds."""

    at: int
    value: str
    source: str
    source_id: str | None
    source_label: str | None
    user_id: int | None

    @classmethod
    def of(cls, value: str, write: Write) -> Version:
        """A value with what is known of the write that set it."""
        return cls(write.at, value, write.source, write.source_id, write.source_label, write.user_id)


class History:
    """The table behind the history of every object type."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.script(_DDL)

    def add(self, kind: ObjectType, writes: Iterable[tuple[int, Write]]) -> None:
        """Append writes by record id, in the order of their time."""
        self._store.append(_INSERT, [(key_of(kind.number, i), *write[:-1], orjson.dumps(write.changes)) for i, write in writes])

    def forget(self, kind: ObjectType, record_id: int) -> None:
        """Remove every write to a record."""
        self._store.flush()
        self._store.execute("DELETE FROM hs_history WHERE key = ?", (key_of(kind.number, record_id),))

    def writes(self, kind: ObjectType, ids: Sequence[int]) -> dict[int, list[Write]]:
        """The writes to each record, newest first."""
        self._store.flush()
        by_key: dict[int, list[Write]] = {key_of(kind.number, record_id): [] for record_id in ids}
        keys = list(by_key)
        for start in range(0, len(keys), _MAX_KEYS_PER_QUERY):
            part = keys[start : start + _MAX_KEYS_PER_QUERY]
            sql = (
                "SELECT key, at, source, source_id, source_label, user_id, changes FROM hs_history "
                f"WHERE key IN ({','.join('?' * len(part))}) ORDER BY at DESC, seq DESC"
            )
            for key, at, source, source_id, label, user_id, changes in self._store.rows(sql, part):
                by_key[key].append(Write(at, source, source_id, label, user_id, orjson.loads(changes)))
        return {record_id: by_key[key_of(kind.number, record_id)] for record_id in ids}

    def value_at(self, kind: ObjectType, row: Row, name: str, at: int) -> str | None:
        """The property's value as it was at `at` (epoch ms), by its history; None where it had none."""
        value: str | None = row.data.get(name)
        for write in self.writes(kind, [row.id])[row.id]:
            if write.at <= at:
                break
            if name in write.changes:
                value = write.changes[name][1]
        return value


def entries_of(row: Row, writes: Iterable[Write], names: Sequence[str], depth: int) -> dict[str, list[Entry]]:
    """The history of each property out of a record's writes, newest first, at most `depth` entries: each a value with its write."""
    found: dict[str, list[Entry]] = {name: [] for name in names}
    before_all: dict[str, str | None] = {}
    for write in writes:
        for name, (value, before) in write.changes.items():
            kept = found.get(name)
            if kept is not None and len(kept) < depth:
                kept.append((value, write))
                before_all[name] = before
    born = _creation(row)
    for name, entries in found.items():
        first = before_all[name] if entries else row.data.get(name)
        if first and len(entries) < depth:
            entries.append((first, born))
    return found


def shown(found: Mapping[str, Sequence[Entry]]) -> dict[str, list[dict[str, Any]]]:
    """Entries as propertiesWithHistory answers them; what is said of a write is made once, since it sets many properties."""
    told: dict[int, dict[str, Any]] = {}
    answer: dict[str, list[dict[str, Any]]] = {}
    for name, entries in found.items():
        answer[name] = listed = []
        for value, write in entries:
            of_write = told.get(id(write))
            if of_write is None:
                of_write = told[id(write)] = write.told()
            listed.append({"value": value, **of_write})
    return answer


def _creation(row: Row) -> Write:
    """The write behind a value that stands since the record was created."""
    user = row.data.get("hs_object_source_user_id")
    source, label = row.data.get("hs_object_source") or "UNKNOWN", row.data.get("hs_object_source_detail_1")
    return Write(row.created, source, row.data.get("hs_object_source_id"), label, int(user) if user else None, {})
