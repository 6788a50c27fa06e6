"""What the control plane keeps in the store: the manifest and the last set of the clock, so that a database file can be opened again."""

from datetime import datetime
from typing import Any

import orjson

from sandbox.core import Sandbox

_DDL = "CREATE TABLE IF NOT EXISTS control_memory (name TEXT PRIMARY KEY, value TEXT NOT NULL)"
EMPTY = "(empty)"


class Memory:
    """Named texts in the store, and the way back to an empty store."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._store = sandbox.store
        self._has_empty = False
        self._store.script(_DDL)
        if not self.manifest():
            self._store.snapshot(EMPTY)
            self._has_empty = True

    def manifest(self) -> dict[str, Any]:
        """The manifest of the world in the store, {} for none."""
        text = self._get("manifest")
        found: dict[str, Any] = orjson.loads(text) if text else {}
        return found

    def keep_manifest(self, manifest: dict[str, Any]) -> None:
        """Remember the manifest."""
        self._put("manifest", orjson.dumps(manifest).decode())

    def keep_moment(self, moment: datetime) -> None:
        """Remember where the clock was set to."""
        self._put("clock", moment.isoformat())

    def last_moment(self, otherwise: datetime) -> datetime:
        """The later of the last set of the clock and the last write, for a store opened again."""
        written = self._store.scalar("SELECT MAX(at) FROM journal")
        kept = [datetime.fromisoformat(text) for text in (self._get("clock"), written) if text]
        return max(kept, default=otherwise)

    def empty(self) -> None:
        """Empty the store: back to the tables as a new sandbox makes them."""
        if not self._has_empty:
            self._rebuild()
        self._store.restore(EMPTY)

    def _rebuild(self) -> None:
        """A store that was opened with a world in it has no empty copy yet: take the tables of a new sandbox."""
        blank = Sandbox()
        for (name,) in self._store.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"):
            self._store.execute(f'DROP TABLE "{name}"')
        for (sql,) in blank.store.rows("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type DESC"):
            self._store.execute(sql)
        for (name,) in blank.store.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"):
            rows = blank.store.rows(f'SELECT * FROM "{name}"')
            if rows:
                self._store.executemany(f'INSERT INTO "{name}" VALUES ({",".join("?" * len(rows[0]))})', rows)
        blank.close()
        self._store.snapshot(EMPTY)
        self._has_empty = True

    def _get(self, name: str) -> str | None:
        found: str | None = self._store.scalar("SELECT value FROM control_memory WHERE name = ?", (name,))
        return found

    def _put(self, name: str, value: str) -> None:
        self._store.execute(
            "INSERT INTO control_memory VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value)
        )
