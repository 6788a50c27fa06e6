"""What a run has to remember about each lead until its round of planning ends, in a file of its own: memory does not grow with leads.

SQLite keeps a database without a name in a temporary file that is deleted as soon as it is opened, and about 2 MB of it in memory
(sqlite.org/inmemorydb.html, "Temporary Databases"). Nothing of it outlives the run: what must be remembered is in the ledger.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from threading import Lock
from typing import Any, TypeVar

import orjson

from handoff.assign import Place, Turn

Move = tuple[str, str, str]
"""What a plan does with a lead: (rule, stage before, stage after)."""
EXEMPT = "exempt"
"""The set of leads whose routing the guard never withholds."""
T = TypeVar("T")

_TABLES = {
    "line": "hand_raise INT, intent INT, fit INT, created TEXT, lead TEXT, PRIMARY KEY (hand_raise, intent, fit, created, lead)",
    "asked": "lead TEXT PRIMARY KEY, rule TEXT, before TEXT, after TEXT",
    "moves": "lead TEXT PRIMARY KEY, rule TEXT, before TEXT, after TEXT",
    "sets": "name TEXT, lead TEXT, PRIMARY KEY (name, lead)",
    "turns": "number INTEGER PRIMARY KEY, pool TEXT, rep TEXT, lead TEXT, episode INTEGER",
}


class Scratch:
    """Notes of one run. `line` are leads that are ready, in the order in which they get owners; `asked` is what waiting plans do,
    `moves` and `turns` what this round's plans do; `sets` are sets of leads by name. Close it when the run ends.
    """

    def __init__(self) -> None:
        self._file = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._lock = Lock()
        self._file.execute("PRAGMA journal_mode = OFF")  # nothing is ever rolled back
        for name, columns in _TABLES.items():
            rowid = "" if name == "turns" else " WITHOUT ROWID"
            self._file.execute(f"CREATE TABLE {name} ({columns}){rowid}")

    def clear(self) -> None:
        """Forgets everything: a new round begins."""
        for name in _TABLES:
            self._do(f"DELETE FROM {name}")

    def close(self) -> None:
        """Ends the file."""
        self._file.close()

    def queue(self, places: Iterable[Place]) -> None:
        """Leads that are ready, by their places in line."""
        self._fill("INSERT OR IGNORE INTO line VALUES (?, ?, ?, ?, ?)", places)

    def in_line(self, size: int) -> Iterator[tuple[str, ...]]:
        """Keys of everybody in line, first place first, in shards of `size`."""
        query = "SELECT * FROM line WHERE (hand_raise, intent, fit, created, lead) > (?, ?, ?, ?, ?) ORDER BY 1, 2, 3, 4, 5 LIMIT ?"
        last: Sequence[Any] = (-(2**63), 0, 0, "", "")
        while rows := self._do(query, (*last, size)):
            yield tuple(row[4] for row in rows)
            last = rows[-1]

    def add(self, name: str, keys: Iterable[str]) -> None:
        """Puts leads into the set of this name."""
        self._fill("INSERT OR IGNORE INTO sets VALUES (?, ?)", ((name, key) for key in keys))

    def among(self, name: str, keys: Sequence[str]) -> set[str]:
        """Of these leads, those in the set of this name."""
        found = self._do("SELECT lead FROM sets WHERE name = ? AND lead IN (SELECT value FROM json_each(?))", (name, _json(keys)))
        return {row[0] for row in found}

    def forget(self, name: str) -> None:
        """Empties the set of this name."""
        self._do("DELETE FROM sets WHERE name = ?", (name,))

    def ask(self, moves: Mapping[str, Move]) -> None:
        """What a waiting plan does with whom. What is known of a lead already stays: the newest plan is told first."""
        self._fill("INSERT OR IGNORE INTO asked VALUES (?, ?, ?, ?)", ((lead, *move) for lead, move in moves.items()))

    def asked(self, keys: Sequence[str]) -> dict[str, Move]:
        """What waiting plans do with these leads; absent where none does anything."""
        found = self._do("SELECT * FROM asked WHERE lead IN (SELECT value FROM json_each(?))", (_json(keys),))
        return {lead: (rule, before, after) for lead, rule, before, after in found}

    def move(self, moves: Mapping[str, Move]) -> None:
        """What this round's plan does with whom."""
        self._fill("INSERT OR REPLACE INTO moves VALUES (?, ?, ?, ?)", ((lead, *move) for lead, move in moves.items()))

    def moves(self, size: int) -> Iterator[dict[str, Move]]:
        """What this round's plan does, in parts of `size` leads."""
        return self._parts(
            "SELECT * FROM moves WHERE lead > ? ORDER BY lead LIMIT ?",
            "",
            size,
            lambda rows: ({lead: (rule, before, after) for lead, rule, before, after in rows}, rows[-1][0]),
        )

    def take(self, turns: Iterable[Turn]) -> None:
        """Turns that this round's plan took, in their order."""
        rows = ((turn.pool, turn.rep, turn.lead, turn.episode) for turn in turns)
        self._fill("INSERT INTO turns (pool, rep, lead, episode) VALUES (?, ?, ?, ?)", rows)

    def turns(self, size: int, *, exempt: bool | None = None) -> Iterator[list[Turn]]:
        """The turns in their order, in parts of `size`: all, only those of leads in the set `EXEMPT`, or only the others'."""
        spared = f"(SELECT lead FROM sets WHERE name = '{EXEMPT}')"
        chosen = {None: "", True: f"AND lead IN {spared}", False: f"AND lead NOT IN {spared}"}[exempt]
        return self._parts(
            f"SELECT number, pool, rep, lead, episode FROM turns WHERE number > ? {chosen} ORDER BY number LIMIT ?",
            0,
            size,
            lambda rows: ([Turn(*row[1:]) for row in rows], rows[-1][0]),
        )

    def _parts(self, query: str, last: object, size: int, read: Callable[[list[Any]], tuple[T, object]]) -> Iterator[T]:
        while rows := self._do(query, (last, size)):
            part, last = read(rows)
            yield part

    def _fill(self, query: str, rows: Iterable[Sequence[Any]]) -> None:
        with self._lock:
            self._file.execute("BEGIN")
            self._file.executemany(query, rows)
            self._file.execute("COMMIT")

    def _do(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._lock:
            return self._file.execute(query, values).fetchall()


def _json(keys: Sequence[str]) -> str:
    """Keys go into a query as one list, because SQLite bounds the number of parameters."""
    return orjson.dumps(keys).decode()
