"""The SQL store behind both vendors: one SQLite connection, nestable transactions, named snapshots."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

# Raised whenever a table changes its meaning.
_FORMAT = 2
_MOST_WAITING = 20_000
"""Rows that wait for the end of a transaction; a long one writes them in between, so that a big world is not held in memory."""


class Store:
    """One SQLite database, in memory by default; every call runs on the event loop's thread, so there is one writer."""

    def __init__(self, path: str | None = None) -> None:
        self._connection = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False, cached_statements=512)
        self._depth = 0
        self._queue: list[tuple[str, Sequence[Any]]] = []
        self._queued_done = 0
        self.undone = 0
        """How often something was rolled back or restored: what was read before an undoing may not hold after it."""
        self._snapshots: dict[str, sqlite3.Connection] = {}
        self._on_restore: list[Callable[[], None]] = []
        self._check_format(path)
        for pragma in ("journal_mode=MEMORY", "synchronous=OFF", "temp_store=MEMORY", "cache_size=-65536"):
            self._connection.execute(f"PRAGMA {pragma}")

    def _check_format(self, path: str | None) -> None:
        """ValueError for a file that another version of the sandbox has written."""
        is_new = self.scalar("SELECT COUNT(*) FROM sqlite_master") == 0
        if not is_new and self.scalar("PRAGMA user_version") != _FORMAT:
            message = f"the world in {path} was written by another version of the sandbox; remove the file and seed a world anew"
            raise ValueError(message)
        self._connection.execute(f"PRAGMA user_version = {_FORMAT}")

    def script(self, ddl: str) -> None:
        """Run CREATE statements (use IF NOT EXISTS: a file database is opened again)."""
        self._connection.executescript(ddl)

    def function(self, name: str, arguments: int, implementation: Callable[..., Any]) -> None:
        """Make a deterministic Python function callable from SQL."""
        self._connection.create_function(name, arguments, implementation, deterministic=True)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run one statement."""
        return self._connection.execute(sql, parameters)

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run one statement for each row."""
        self._connection.executemany(sql, rows)

    def append(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Like executemany, but inside a transaction the rows wait for its end; who reads those tables calls `flush` first."""
        if self._depth == 0:
            self._connection.executemany(sql, rows)
        else:
            self._queue.extend([(sql, row) for row in rows])

    def flush(self) -> None:
        """Write the rows that wait."""
        waiting: dict[str, list[Sequence[Any]]] = {}
        for sql, row in self._queue[self._queued_done :]:
            waiting.setdefault(sql, []).append(row)
        for sql, rows in waiting.items():
            self._connection.executemany(sql, rows)
        self._queued_done = len(self._queue)

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return self._connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """The first row of a query, or None."""
        found: tuple[Any, ...] | None = self._connection.execute(sql, parameters).fetchone()
        return found

    def scalar(self, sql: str, parameters: Sequence[Any] = ()) -> Any:
        """The first column of the first row, or None."""
        found = self.row(sql, parameters)
        return None if found is None else found[0]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; nests by savepoints, so an inner failure that is caught undoes the inner part only."""
        name = f"level_{self._depth}"
        self._connection.execute("BEGIN" if self._depth == 0 else f"SAVEPOINT {name}")
        queued, done = len(self._queue), self._queued_done
        self._depth += 1
        try:
            yield
            if self._depth == 1 or (self._depth == 2 and len(self._queue) > _MOST_WAITING):
                self.flush()
        except BaseException:
            self._depth -= 1
            self.undone += 1
            # What was queued before and flushed inside is undone with the inner part, so it waits again.
            del self._queue[queued:]
            self._queued_done = done
            if self._depth == 0:
                self._connection.execute("ROLLBACK")
            else:
                self._connection.execute(f"ROLLBACK TO {name}")
                self._connection.execute(f"RELEASE {name}")
            raise
        self._depth -= 1
        if self._depth:
            self._connection.execute(f"RELEASE {name}")
            if self._depth == 1 and self._queued_done == len(self._queue):
                self._forget_queue()
            return
        self._forget_queue()
        self._connection.execute("COMMIT")

    def _forget_queue(self) -> None:
        """What is written is kept no longer: only with no inner transaction open, whose undoing would need it again."""
        self._queue.clear()
        self._queued_done = 0

    def joined(self) -> AbstractContextManager[None]:
        """A transaction, or the one that is open already: for writes of which nothing is caught before that one ends."""
        return nullcontext() if self._depth else self.transaction()

    def on_restore(self, callback: Callable[[], None]) -> None:
        """Ask to be called after a restore, to drop what was cached from the tables."""
        self._on_restore.append(callback)

    def snapshot(self, name: str) -> None:
        """Copy the whole database under `name`, replacing an older copy of that name."""
        old = self._snapshots.pop(name, None)
        if old is not None:
            old.close()
        copy = sqlite3.connect("", check_same_thread=False)  # a temporary file that is gone when it is closed (sqlite.org/inmemorydb.html)
        self._connection.backup(copy)
        self._snapshots[name] = copy

    def restore(self, name: str) -> None:
        """Put the database back to the copy `name`; KeyError names the copies there are."""
        if name not in self._snapshots:
            message = f"no snapshot named {name!r}; there are: {', '.join(sorted(self._snapshots)) or 'none'}"
            raise KeyError(message)
        self._snapshots[name].backup(self._connection)
        self.undone += 1
        for callback in self._on_restore:
            callback()

    def close(self) -> None:
        """Close the connection and drop the snapshots."""
        for copy in self._snapshots.values():
            copy.close()
        self._snapshots.clear()
        self._connection.close()
