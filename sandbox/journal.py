"""The journal: every write to either CRM, field by field, with its author; kept in the store, so snapshots hold it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

import orjson

from sandbox.author import Author
from sandbox.store import Store

# One row a write, since a write of twenty fields is one insert then; `seq` numbers the fields and stands for the last of them.
_DDL = """
CREATE TABLE IF NOT EXISTS journal (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, wall REAL NOT NULL, vendor TEXT NOT NULL, object TEXT NOT NULL, id TEXT NOT NULL,
    changes BLOB NOT NULL, author_kind TEXT NOT NULL, author TEXT NOT NULL, app_id TEXT);
CREATE INDEX IF NOT EXISTS journal_record ON journal (vendor, object, id);
"""
_INSERT = "INSERT INTO journal VALUES ((SELECT ifnull(max(seq), 0) FROM journal) + ?,?,?,?,?,?,?,?,?,?)"
_COLUMNS = ("seq", "at", "wall", "vendor", "object", "id", "changes", "author_kind", "author", "app_id")


class Journal:
    """Append-only. Creation, deletion, merge and association are fields named '(created)', '(archived)', '(merged)', '(associated)'."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.script(_DDL)

    def write(
        self,
        vendor: str,
        object_type: str,
        record_id: str,
        changes: Iterable[tuple[str, str | None, str | None]],
        author: Author,
        at: datetime,
    ) -> None:
        """Append an entry for each (field, old, new); values as text."""
        listed = list(changes)
        if listed:
            stamp, told = at.isoformat(timespec="milliseconds"), orjson.dumps(listed)
            row = (len(listed), stamp, time.time(), vendor, object_type, record_id, told, author.kind, author.name, author.app_id)
            self._store.append(_INSERT, [row])

    def read(
        self,
        vendor: str | None = None,
        object_type: str | None = None,
        record_id: str | None = None,
        author: str | None = None,
        after: int = 0,
        limit: int = 1000,
    ) -> list[dict[str, Any]]:
        """Entries in order after sequence number `after`; `author` matches the author's name or kind."""
        self._store.flush()
        clauses, parameters = ["seq > ?"], [after]  # type: tuple[list[str], list[Any]]
        for column, wanted in (("vendor", vendor), ("object", object_type), ("id", record_id)):
            if wanted is not None:
                clauses.append(f"{column} = ?")
                parameters.append(wanted)
        if author is not None:
            clauses.append("(author = ? OR author_kind = ?)")
            parameters += [author, author]
        sql = f"SELECT {', '.join(_COLUMNS)} FROM journal WHERE {' AND '.join(clauses)} ORDER BY seq LIMIT ?"
        found = (entry for row in self._store.execute(sql, [*parameters, limit]) for entry in _entries(row) if entry["seq"] > after)
        return list(found if limit < 0 else islice(found, limit))


def _entries(row: tuple[Any, ...]) -> Iterator[dict[str, Any]]:
    """One entry for each field of a write."""
    last, at, wall, vendor, object_type, record_id, told, author_kind, author, app_id = row
    changes = orjson.loads(told)
    for seq, (field, old, new) in enumerate(changes, last - len(changes) + 1):
        yield {
            "seq": seq, "at": at, "wall": wall, "vendor": vendor, "object": object_type, "id": record_id,
            "field": field, "old": old, "new": new, "author_kind": author_kind, "author": author, "app_id": app_id,
        }  # fmt: skip
