"""The journal: every write to either CRM, field by field, with its author; kept in the store, so snapshots hold it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sandbox.author import Author
from sandbox.store import Store

_DDL = """
CREATE TABLE IF NOT EXISTS journal (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, wall REAL NOT NULL, vendor TEXT NOT NULL, object TEXT NOT NULL, id TEXT NOT NULL,
    field TEXT NOT NULL, old TEXT, new TEXT, author_kind TEXT NOT NULL, author TEXT NOT NULL, app_id TEXT);
CREATE INDEX IF NOT EXISTS journal_record ON journal (vendor, object, id);
"""
_COLUMNS = ("seq", "at", "wall", "vendor", "object", "id", "field", "old", "new", "author_kind", "author", "app_id")


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
        """Append one row for each (field, old, new); values as text."""
        stamp, wall = at.isoformat(timespec="milliseconds"), time.time()
        self._store.append(
            f"INSERT INTO journal ({', '.join(_COLUMNS[1:])}) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
            [
                (stamp, wall, vendor, object_type, record_id, name, old, new, author.kind, author.name, author.app_id)
                for name, old, new in changes
            ],
        )

    def read(
        self,
        vendor: str | None = None,
        object_type: str | None = None,
        record_id: str | None = None,
        author: str | None = None,
        after: int = 0,
        limit: int = 1000,
    ) -> list[dict[str, Any]]:
        """Rows in order after sequence number `after`; `author` matches the author's name or kind."""
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
        return [dict(zip(_COLUMNS, row, strict=True)) for row in self._store.rows(sql, [*parameters, limit])]
