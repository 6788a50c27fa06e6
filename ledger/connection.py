"""How the ledger reaches its database: one connection per call from a pool, one transaction per call, writers one after another.

SQLite: WAL, `BEGIN IMMEDIATE` for writers, 30 s of patience, foreign keys on, `synchronous = FULL` (a claimed line must survive
a power cut, or its write could be sent twice). PostgreSQL: an advisory lock gives writers the same order,
readers see one snapshot. Pages of a pull are not waited for (ADR 0014).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from ledger.codec import micros
from ledger.schema import ticks
from ledger.values import EmptyLedger, NewerLedger

_T = TypeVar("_T")
# Errors quote their statement but never its parameters: those are personal values when `people` is written (law: least said).
_SHARED: dict[str, Any] = {"pool_size": 8, "max_overflow": 8, "hide_parameters": True}
_PATIENCE_SECONDS = 30
_BEING_MADE_SECONDS = 2.0
"""How long a file without its tables is another process's, which is making it; afterwards it was cut short."""
_CHUNK = 5000
_FAMILIES = ("sqlite", "postgresql", "postgres")
_WRITER_LOCK = 0x68616E646F6666  # "handoff": one ledger per PostgreSQL database
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    f"PRAGMA busy_timeout={_PATIENCE_SECONDS * 1000}",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-32768",
    "PRAGMA wal_autocheckpoint=8000",
)
_TICK = insert(ticks).returning(ticks.c.seq)
HEAD = "0002"
"""The newest revision in `ledger/migrations`. Known here so that a ledger that is up to date opens without Alembic: importing it takes
longer than opening the ledger, and every flow run is a process of its own."""
# Alembic's `op` and `context` are process-wide, so two threads must not migrate at once.
_migrating = threading.Lock()


def normalised(url: str | Path) -> URL:
    """A database URL from a path or a URL. Raises ValueError for a database the ledger does not support, with the mend."""
    parsed = _parsed(str(url))
    family = parsed.get_backend_name()
    if family == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise ValueError("the ledger must outlive the process: give it a file, for example sqlite:///handoff.db")
        return parsed.set(drivername="sqlite+pysqlite")
    if family in _FAMILIES:
        return parsed.set(drivername="postgresql+psycopg")
    raise ValueError(
        f"the ledger keeps itself in SQLite or PostgreSQL, not in {family}: use sqlite:///file.db or postgresql://user@host/name"
    )


def _parsed(words: str) -> URL:
    if "://" not in words and words.partition(":")[0] not in _FAMILIES:
        words = f"sqlite:///{words}"
    try:
        return make_url(words)
    except (ArgumentError, ValueError):
        # What they say would repeat parts of the URL, and those may be parts of its password.
        raise ValueError(
            "the ledger's address is not readable: write sqlite:///file.db or postgresql://user:password@host:5432/name, "
            "with @ : / % in a password as %40 %3A %2F %25"
        ) from None


class Database:
    """Pools and transactions. `read`, `write` and `write_page` are the only ways in."""

    def __init__(self, url: str | Path) -> None:
        target = normalised(url)
        self.is_sqlite = target.get_backend_name() == "sqlite"
        if self.is_sqlite:
            _refuse_emptied(Path(str(target.database)))
        self._engine = _sqlite_engine(target) if self.is_sqlite else create_engine(target, **_SHARED, pool_pre_ping=True)
        if self.is_sqlite:
            self._reader: Engine = self._engine
            self._writer: Engine = self._engine.execution_options(handoff_begin=("PRAGMA synchronous=FULL", "BEGIN IMMEDIATE"))
            self._page_writer: Engine = self._engine.execution_options(handoff_begin=("PRAGMA synchronous=NORMAL", "BEGIN IMMEDIATE"))
        else:
            self._reader = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            self._writer = self._page_writer = self._engine
        # Threads of this process take turns here: SQLite would let each sleep for up to 0.1 s after the other has ended.
        self._turn = threading.RLock()
        self._upgrade()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent snapshot."""
        with self._reader.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that no other writer overlaps; rolled back whole when the block raises."""
        with self._turn, self._writer.connect() as connection, connection.begin():
            if not self.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITER_LOCK})
            yield connection

    @contextmanager
    def write_page(self) -> Iterator[Connection]:
        """As `write`, for what a CRM can tell again: the disk is not waited for. A power cut may take this transaction, whole and with
        those after it, until a `write` is over; what `write` stored stands on everything before it."""
        with self._turn, self._page_writer.connect() as connection, connection.begin():
            if not self.is_sqlite:
                connection.execute(text("SET LOCAL synchronous_commit = off"))
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITER_LOCK})
            yield connection

    def close(self) -> None:
        """Close every pooled connection."""
        self._engine.dispose()

    def _upgrade(self) -> None:
        with self.read() as connection:
            if _revisions(connection) == [HEAD]:
                return
        with _migrating, self.write() as connection:
            _migrate(connection)


def _refuse_emptied(file: Path) -> None:
    """Raises EmptyLedger for a file that holds nothing and goes on to hold nothing."""
    step = 0.1
    for _ in range(round(_BEING_MADE_SECONDS / step)):
        if not file.is_file() or file.stat().st_size:
            return
        time.sleep(step)
    raise EmptyLedger(
        f"the ledger {file} is there and empty: it was cut short (a full disk, a copy that broke off). Put the latest back-up in its place"
        " and run handoff reconcile; remove the file only where nothing was ever written with it"
    )


def in_chunks(values: Iterable[_T]) -> Iterator[list[_T]]:
    """The distinct values in order, in lists for one statement each; nothing for none, so that nothing is sent.

    What a statement sends and fetches is in memory at once: about 3 MB for a list of this length, 17 MB for one of 100,000 keys. A caller
    may name as many leads as a plan holds.
    """
    ordered = list(dict.fromkeys(values))
    for start in range(0, len(ordered), _CHUNK):
        yield ordered[start : start + _CHUNK]


def tick(connection: Connection, now: datetime) -> int:
    """The next number of the ledger's own counter. Facts known at the same instant keep their order by it."""
    return int(connection.execute(_TICK, {"at": micros(now)}).scalar_one())


def _revisions(connection: Connection) -> list[str]:
    """What Alembic's own table says; nothing for a database it never saw."""
    if not inspect(connection).has_table("alembic_version"):
        return []
    return list(connection.execute(text("SELECT version_num FROM alembic_version")).scalars())


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError:
        found = ", ".join(_revisions(connection))
        msg = f"the ledger was written by a newer handoff (tables {found}, this one knows {HEAD}): update handoff, or name another ledger"
        raise NewerLedger(msg) from None


def _sqlite_engine(target: URL) -> Engine:
    engine = create_engine(target, connect_args={"timeout": _PATIENCE_SECONDS, "check_same_thread": False}, **_SHARED)

    @event.listens_for(engine, "connect")
    def configure(raw: Any, _record: Any) -> None:
        # The driver must not open transactions by itself: `begin` below says which kind.
        raw.isolation_level = None
        for pragma in _PRAGMAS:
            raw.execute(pragma)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        for statement in connection.get_execution_options().get("handoff_begin", ("BEGIN",)):
            connection.exec_driver_sql(statement)

    return engine
