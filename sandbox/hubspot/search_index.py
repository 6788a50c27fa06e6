"""The search side: a second view of the records that trails behind the writes, and per-property indexes made when first searched by.

Reads by id never use it; that is why a search may miss what a GET already shows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sandbox.hubspot.records import Row, own_properties
from sandbox.hubspot.values import comparable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sandbox.hubspot.history import History
    from sandbox.hubspot.object_types import ObjectType
    from sandbox.hubspot.records import Records
    from sandbox.hubspot.schema import Schema
    from sandbox.store import Store

_DDL = """
CREATE TABLE IF NOT EXISTS hs_doc (type INTEGER, id INTEGER, created INTEGER, modified INTEGER, PRIMARY KEY (type, id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS hs_doc_modified ON hs_doc (type, modified, id);
CREATE TABLE IF NOT EXISTS hs_index (type INTEGER, prop TEXT, id INTEGER, value, PRIMARY KEY (type, prop, id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS hs_index_value ON hs_index (type, prop, value, id);
CREATE TABLE IF NOT EXISTS hs_indexed (type INTEGER, prop TEXT, PRIMARY KEY (type, prop));
CREATE TABLE IF NOT EXISTS hs_pending (type INTEGER, id INTEGER, due INTEGER, PRIMARY KEY (type, id)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS hs_pending_due ON hs_pending (type, due);
"""
COLUMNS = {
    "hs_object_id": "d.id",
    "createdate": "d.created",
    "hs_createdate": "d.created",
    "lastmodifieddate": "d.modified",
    "hs_lastmodifieddate": "d.modified",
}


class SearchIndex:
    """Keeps hs_doc and hs_index; a write is noted with the business time from which search may see it."""

    def __init__(self, store: Store, records: Records, past: History, schema: Schema) -> None:
        self._store, self._records, self._past, self._schema = store, records, past, schema
        store.script(_DDL)

    def note(self, kind: ObjectType, ids: Iterable[int], due: int) -> None:
        """These records changed; search sees it from `due` (epoch ms) on."""
        sql = "INSERT INTO hs_pending VALUES (?,?,?) ON CONFLICT (type, id) DO UPDATE SET due = MAX(due, excluded.due)"
        self._store.append(sql, [(kind.number, record_id, due) for record_id in ids])

    def bring_up(self, kind: ObjectType, now: int) -> None:
        """Let in every noted change that is due."""
        self._store.flush()
        due = [record_id for (record_id,) in self._store.rows("SELECT id FROM hs_pending WHERE type = ? AND due <= ?", (kind.number, now))]
        if not due:
            return
        indexed = self._indexed(kind)
        with self._store.transaction():
            for start in range(0, len(due), 500):
                self._refresh(kind, due[start : start + 500], indexed)
            self._store.execute("DELETE FROM hs_pending WHERE type = ? AND due <= ?", (kind.number, now))

    def load(self, kind: ObjectType, rows: Iterable[Row]) -> None:
        """Take in many new records at once; property indexes of the type are made anew when next searched by."""
        self._store.execute("DELETE FROM hs_index WHERE type = ?", (kind.number,))
        self._store.execute("DELETE FROM hs_indexed WHERE type = ?", (kind.number,))
        self._put_docs(kind, rows)

    def ensure(self, kind: ObjectType, name: str) -> None:
        """Make the index of one property, once; records whose latest change is not due yet go in with the value they had before it."""
        if name in self._indexed(kind):
            return
        visible = {record_id for (record_id,) in self._store.rows("SELECT id FROM hs_doc WHERE type = ?", (kind.number,))}
        sql = "SELECT id, hs_doc.modified FROM hs_pending JOIN hs_doc USING (type, id) WHERE type = ?"
        waiting = dict(self._store.rows(sql, (kind.number,)))
        with self._store.transaction():
            rows = (row for row in self._records.scan(kind) if row.id in visible)
            self._put_values(kind, name, (self._as_seen(kind, name, row, waiting) for row in rows))
            self._store.execute("INSERT INTO hs_indexed VALUES (?,?)", (kind.number, name))

    def _as_seen(self, kind: ObjectType, name: str, row: Row, waiting: Mapping[int, int]) -> Row:
        if row.id not in waiting:
            return row
        value = self._past.value_at(kind, row, name, waiting[row.id])
        return replace(row, data={**row.data, name: value} if value else {n: v for n, v in row.data.items() if n != name})

    def forget(self, kind: ObjectType, name: str) -> None:
        """Drop the index of a property whose definition changed."""
        self._store.execute("DELETE FROM hs_index WHERE type = ? AND prop = ?", (kind.number, name))
        self._store.execute("DELETE FROM hs_indexed WHERE type = ? AND prop = ?", (kind.number, name))

    def _indexed(self, kind: ObjectType) -> list[str]:
        return [name for (name,) in self._store.rows("SELECT prop FROM hs_indexed WHERE type = ?", (kind.number,))]

    def _refresh(self, kind: ObjectType, ids: list[int], indexed: list[str]) -> None:
        found = self._records.fetch_many(kind, ids)
        live = [row for row in found.values() if row.archived is None]
        gone = [(kind.number, record_id) for record_id in ids if record_id not in found or found[record_id].archived is not None]
        self._store.executemany("DELETE FROM hs_doc WHERE type = ? AND id = ?", gone)
        self._put_docs(kind, live)
        for name in indexed:
            self._store.executemany(
                "DELETE FROM hs_index WHERE type = ? AND prop = ? AND id = ?", [(kind.number, name, record_id) for record_id in ids]
            )
            self._put_values(kind, name, live)

    def _put_docs(self, kind: ObjectType, rows: Iterable[Row]) -> None:
        self._store.executemany(
            "INSERT OR REPLACE INTO hs_doc VALUES (?,?,?,?)", ((kind.number, row.id, row.created, row.modified) for row in rows)
        )

    def _put_values(self, kind: ObjectType, name: str, rows: Iterable[Row]) -> None:
        definition = self._schema.of(kind).get(name)
        is_own = name in own_properties(kind, _EMPTY)
        values = ((row.id, own_properties(kind, row).get(name) if is_own else row.data.get(name)) for row in rows)
        pairs = ((record_id, comparable(definition, value)) for record_id, value in values if value)
        self._store.executemany(
            "INSERT OR REPLACE INTO hs_index VALUES (?,?,?,?)",
            [(kind.number, name, record_id, value) for record_id, value in pairs if value is not None],
        )


_EMPTY = Row(0, 0, 0, None)
