"""Records in SQL: one row a record, its properties as one JSON text; reads by id, unique value and id range."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import orjson

from sandbox.hubspot.values import iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sandbox.hubspot.object_types import ObjectType
    from sandbox.store import Store

_DDL = """
CREATE TABLE IF NOT EXISTS hs_record (
    key INTEGER PRIMARY KEY, created INTEGER NOT NULL, modified INTEGER NOT NULL, archived INTEGER, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS hs_unique (type INTEGER, prop TEXT, value TEXT, id INTEGER, PRIMARY KEY (type, prop, value)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hs_redirect (key INTEGER PRIMARY KEY, id INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS hs_sequence (type INTEGER PRIMARY KEY, next INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS hs_forgotten (email TEXT PRIMARY KEY);
"""
_SHIFT = 44
_MASK = (1 << _SHIFT) - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def key_of(number: int, record_id: int) -> int:
    """The row key: type and id in one integer, so that one type's records lie together in id order."""
    return (number << _SHIFT) | record_id


@dataclass(slots=True)
class Row:
    """One record as stored. Times are epoch milliseconds; `data` holds the properties that are set."""

    id: int
    created: int
    modified: int
    archived: int | None
    data: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """One record as the model API hands it out; `properties` includes the id and the dates. Times are aware, UTC."""

    id: str
    properties: dict[str, str]
    created_at: datetime
    updated_at: datetime
    archived: bool


class Records:
    """The tables behind every object type."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.script(_DDL)

    def next_id(self, kind: ObjectType) -> int:
        """A new id of the type."""
        found = self._store.scalar("SELECT next FROM hs_sequence WHERE type = ?", (kind.number,)) or kind.first_id
        self.reserve(kind, found)
        return int(found)

    def reserve(self, kind: ObjectType, record_id: int) -> None:
        """Never give out ids up to `record_id`."""
        sql = "INSERT INTO hs_sequence VALUES (?,?) ON CONFLICT (type) DO UPDATE SET next = MAX(next, excluded.next)"
        self._store.execute(sql, (kind.number, record_id + 1))

    def resolve(self, kind: ObjectType, record_id: int) -> int:
        """The id of the survivor where `record_id` was merged away, else itself."""
        found = self._store.scalar("SELECT id FROM hs_redirect WHERE key = ?", (key_of(kind.number, record_id),))
        return record_id if found is None else int(found)

    def resolve_many(self, kind: ObjectType, ids: Sequence[int]) -> list[int]:
        """`resolve` for each id, in one query."""
        keys = [key_of(kind.number, record_id) for record_id in ids]
        moved = dict(self._store.rows(f"SELECT key, id FROM hs_redirect WHERE key IN ({','.join('?' * len(keys))})", keys))
        return [moved.get(key, record_id) for key, record_id in zip(keys, ids, strict=True)] if moved else list(ids)

    def redirect(self, kind: ObjectType, old: int, survivor: int) -> None:
        """From now on `old` and what led to it leads to `survivor`."""
        low, high = key_of(kind.number, 0), key_of(kind.number + 1, 0)
        self._store.execute("UPDATE hs_redirect SET id = ? WHERE id = ? AND key >= ? AND key < ?", (survivor, old, low, high))
        self._store.execute("INSERT OR REPLACE INTO hs_redirect VALUES (?,?)", (key_of(kind.number, old), survivor))

    def fetch(self, kind: ObjectType, record_id: int) -> Row | None:
        """The record, archived or not, or None."""
        found = self._store.row("SELECT created, modified, archived, data FROM hs_record WHERE key = ?", (key_of(kind.number, record_id),))
        return None if found is None else Row(record_id, found[0], found[1], found[2], orjson.loads(found[3]))

    def survivor(self, kind: ObjectType, record_id: int) -> Row | None:
        """The record, or the one it was merged into; a record that was merged away has no row any more."""
        row = self.fetch(kind, record_id)
        if row is None:
            resolved = self.resolve(kind, record_id)
            row = None if resolved == record_id else self.fetch(kind, resolved)
        return row

    def survivors(self, kind: ObjectType, ids: Sequence[int]) -> list[Row | None]:
        """`survivor` of each id, in one query where none was merged away."""
        found = self.fetch_many(kind, ids)
        missing = [record_id for record_id in ids if record_id not in found]
        if not missing:
            return [found[record_id] for record_id in ids]
        leads_to = dict(zip(missing, self.resolve_many(kind, missing), strict=True))
        found = self.fetch_many(kind, list(leads_to.values())) | found
        return [found.get(leads_to.get(record_id, record_id)) for record_id in ids]

    def fetch_many(self, kind: ObjectType, ids: Sequence[int]) -> dict[int, Row]:
        """The records there are among `ids`, by id."""
        keys = [key_of(kind.number, record_id) for record_id in ids]
        sql = f"SELECT key, created, modified, archived, data FROM hs_record WHERE key IN ({','.join('?' * len(keys))})"
        return {
            key & _MASK: Row(key & _MASK, created, modified, gone, orjson.loads(data))
            for key, created, modified, gone, data in self._store.rows(sql, keys)
        }

    def page(self, kind: ObjectType, after: int, limit: int, *, archived: bool) -> list[Row]:
        """Up to `limit` records from id `after` on, in id order."""
        sql = (
            "SELECT key, created, modified, archived, data FROM hs_record WHERE key >= ? AND key < ? "
            f"AND archived IS {'NOT ' if archived else ''}NULL ORDER BY key LIMIT ?"
        )
        found = self._store.rows(sql, (key_of(kind.number, after), key_of(kind.number + 1, 0), limit))
        return [Row(key & _MASK, created, modified, gone, orjson.loads(data)) for key, created, modified, gone, data in found]

    def scan(self, kind: ObjectType) -> Iterator[Row]:
        """Every live record in id order, a thousand at a time."""
        after = 0
        while rows := self.page(kind, after, 1000, archived=False):
            yield from rows
            after = rows[-1].id + 1

    def count(self, kind: ObjectType) -> int:
        """How many live records there are."""
        sql = "SELECT COUNT(*) FROM hs_record WHERE key >= ? AND key < ? AND archived IS NULL"
        return int(self._store.scalar(sql, (key_of(kind.number, 0), key_of(kind.number + 1, 0))))

    def insert(self, kind: ObjectType, rows: Iterable[Row]) -> None:
        """Store new records, replacing those of the same id."""
        self._store.executemany(
            "INSERT OR REPLACE INTO hs_record VALUES (?,?,?,?,?)",
            [(key_of(kind.number, row.id), row.created, row.modified, row.archived, orjson.dumps(row.data)) for row in rows],
        )

    def save(self, kind: ObjectType, row: Row) -> None:
        """Store a changed record."""
        sql = "UPDATE hs_record SET created = ?, modified = ?, archived = ?, data = ? WHERE key = ?"
        self._store.execute(sql, (row.created, row.modified, row.archived, orjson.dumps(row.data), key_of(kind.number, row.id)))

    def delete(self, kind: ObjectType, record_id: int) -> None:
        """Remove a record with its unique values."""
        self._store.execute("DELETE FROM hs_record WHERE key = ?", (key_of(kind.number, record_id),))
        self._store.execute("DELETE FROM hs_unique WHERE type = ? AND id = ?", (kind.number, record_id))

    def holder(self, kind: ObjectType, name: str, value: str) -> int | None:
        """The id of the record that holds a unique value, or None."""
        found = self._store.scalar("SELECT id FROM hs_unique WHERE type = ? AND prop = ? AND value = ?", (kind.number, name, value.lower()))
        return None if found is None else int(found)

    def claim(self, kind: ObjectType, name: str, values: Iterable[tuple[str, int]]) -> None:
        """Record (value, id) pairs of a unique property."""
        rows = [(kind.number, name, value.lower(), record_id) for value, record_id in values]
        self._store.executemany("INSERT OR REPLACE INTO hs_unique VALUES (?,?,?,?)", rows)

    def release(self, kind: ObjectType, name: str, value: str) -> None:
        """Free a unique value."""
        self._store.execute("DELETE FROM hs_unique WHERE type = ? AND prop = ? AND value = ?", (kind.number, name, value.lower()))

    def forget_email(self, email: str) -> None:
        """Block an address for ever (GDPR delete)."""
        self._store.execute("INSERT OR IGNORE INTO hs_forgotten VALUES (?)", (email.lower(),))

    def is_forgotten(self, email: str) -> bool:
        """Whether the address is blocked."""
        return self._store.row("SELECT 1 FROM hs_forgotten WHERE email = ?", (email.lower(),)) is not None


def to_record(kind: ObjectType, row: Row) -> Record:
    """The model API's view of a stored record."""
    return Record(str(row.id), row.data | own_properties(kind, row), as_time(row.created), as_time(row.modified), row.archived is not None)


def own_properties(kind: ObjectType, row: Row) -> dict[str, str]:
    """The properties that come from the row itself: id and dates."""
    created, modified = iso(row.created), iso(row.modified)
    own = {"hs_object_id": str(row.id), kind.created_property: created}
    if kind.plural == "deals":
        own["hs_createdate"] = created
        own["createdate"] = row.data.get("createdate", created)
    for name in kind.modified_properties:
        own[name] = modified
    return own


def as_time(ms: int) -> datetime:
    """The aware time of epoch milliseconds."""
    return _EPOCH + timedelta(milliseconds=ms)
