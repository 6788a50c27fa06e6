"""Rows of sObjects in the store: plain reads and writes of already checked values, no rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sandbox.salesforce.catalog import Catalog
from sandbox.salesforce.ids import make_id, serial_of
from sandbox.salesforce.schema import SObject
from sandbox.store import Store

Row = dict[str, Any]
MAX_KEYS_PER_QUERY = 500


@lru_cache(maxsize=4096)
def timestamp(at: datetime) -> str:
    """A dateTime as REST gives it: UTC, whole seconds, `2026-01-01T00:00:00.000+0000`."""
    return at.astimezone(UTC).isoformat(timespec="seconds")[:19] + ".000+0000"


class Rows:
    """Row access by object and id; ids have 18 characters, values are Python's (bool, int, float, str, None)."""

    def __init__(self, store: Store, catalog: Catalog) -> None:
        self._store = store
        self._catalog = catalog
        self._serials: dict[str, int] = {}
        self._holders: dict[str, Row] = {}
        self._served: dict[str, frozenset[str]] = {}
        self._holders_of = (0, 0)
        store.on_restore(self._serials.clear)

    def next_ids(self, sobject: SObject, count: int) -> list[str]:
        """So many new ids, in order. An id that was given out is not given out again, even if its save failed."""
        if sobject.name not in self._serials:
            last = self._store.scalar(f'SELECT max("Id") FROM "sf_{sobject.name}"')
            self._serials[sobject.name] = 1 if last is None else serial_of(last) + 1
        first = self._serials[sobject.name]
        self._serials[sobject.name] = first + count
        return [make_id(sobject.prefix, serial) for serial in range(first, first + count)]

    def get(self, sobject_name: str, record_id: str | None) -> Row | None:
        """One row, deleted or not, or None."""
        if record_id is None:
            return None
        sobject = self._catalog.of(sobject_name)
        found = self._store.row(sobject.get_sql, (record_id,))
        return None if found is None else _with_booleans([dict(zip(sobject.names, found, strict=True))], sobject.booleans)[0]

    def holder(self, owner_id: str) -> Row | None:
        """The row of a user, or of the queue behind a queue's id; not to be changed.

        Every save asks for owners, and they seldom change: rows are kept until a user or queue is written, or something is undone.
        """
        self._drop_undone()
        if owner_id not in self._holders:
            found = self.get("Group" if owner_id.startswith("00G") else "User", owner_id)
            if found is None:
                return None
            self._holders[owner_id] = found
        return self._holders[owner_id]

    def served(self, queue_id: str) -> frozenset[str]:
        """The objects whose records a queue may own, kept as `holder` keeps rows."""
        self._drop_undone()
        if queue_id not in self._served:
            self._served[queue_id] = frozenset(row["SobjectType"] for row in self.find("QueueSobject", "QueueId", [queue_id]))
        return self._served[queue_id]

    def find(self, sobject_name: str, field: str, values: Sequence[Any], columns: Sequence[str] = ()) -> list[Row]:
        """Rows whose field is one of the values (in any order), deleted ones too."""
        sobject = self._catalog.of(sobject_name)
        names = tuple(sobject.fields[name.lower()].name for name in columns) or sobject.names
        listed = ", ".join(f'"{name}"' for name in names) if columns else sobject.select_list
        booleans = tuple(name for name in sobject.booleans if name in names)
        found: list[Row] = []
        for start in range(0, len(values), MAX_KEYS_PER_QUERY):
            part = values[start : start + MAX_KEYS_PER_QUERY]
            sql = f'SELECT {listed} FROM "sf_{sobject.name}" WHERE "{field}" IN ({",".join("?" * len(part))})'
            found.extend(dict(zip(names, row, strict=True)) for row in self._store.rows(sql, part))
        return _with_booleans(found, booleans)

    def insert(self, sobject_name: str, values: Mapping[str, Any]) -> str:
        """Add one row; gives it an id where it has none."""
        return self.insert_many(sobject_name, [values])[0]

    def insert_many(self, sobject_name: str, rows: Iterable[Mapping[str, Any]]) -> list[str]:
        """Add rows of one object; answers their ids."""
        sobject = self._catalog.of(sobject_name)
        given = list(rows)
        self._forget_holders(sobject)
        missing = sum(row.get("Id") is None for row in given)
        fresh = iter(self.next_ids(sobject, missing) if missing else ())
        filled = [{**sobject.absent, **row, "Id": row.get("Id") or next(fresh)} for row in given]
        names = sobject.names
        self._store.executemany(sobject.insert_sql, [[row[name] for name in names] for row in filled])
        return [row["Id"] for row in filled]

    def update(self, sobject_name: str, record_id: str, values: Mapping[str, Any]) -> None:
        """Set columns of one row."""
        sobject = self._catalog.of(sobject_name)
        self._forget_holders(sobject)
        listed = ", ".join([f'"{name}" = ?' for name in values])
        self._store.execute(f'UPDATE "sf_{sobject.name}" SET {listed} WHERE "Id" = ?', [*values.values(), record_id])

    def delete(self, sobject_name: str, record_id: str) -> None:
        """Remove a row for good (setup objects have no recycle bin)."""
        sobject = self._catalog.of(sobject_name)
        self._forget_holders(sobject)
        self._store.execute(f'DELETE FROM "sf_{sobject.name}" WHERE "Id" = ?', (record_id,))

    def _forget_holders(self, written: SObject) -> None:
        if written.name in ("User", "Group", "QueueSobject"):
            self._holders.clear()
            self._served.clear()

    def _drop_undone(self) -> None:
        state = (self._store.undone, self._catalog.version)
        if state != self._holders_of:
            self._holders.clear()
            self._served.clear()
            self._holders_of = state


def _with_booleans(rows: list[Row], names: tuple[str, ...]) -> list[Row]:
    for row in rows:
        for name in names:
            row[name] = bool(row[name])
    return rows
