"""The same tests on SQLite and PostgreSQL.

PostgreSQL is the server HANDOFF_TEST_POSTGRES_URL names, or a throw-away cluster of the installed one.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import OperationalError

from ledger.ledger import Ledger, open_ledger


def _missing(why: str) -> None:
    if "postgres" in os.environ.get("HANDOFF_TESTS_REQUIRE", ""):
        pytest.fail(why)
    pytest.skip(why)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _cluster(binaries: Path, home: str) -> Iterator[URL]:
    """A server of our own: it refuses to run as root, so it runs as `postgres` then."""
    account = "postgres" if os.geteuid() == 0 else None
    if account:
        shutil.chown(home, account)
    data, port = f"{home}/data", _free_port()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "user": account, "cwd": home}
    subprocess.run([binaries / "initdb", "-D", data, "-A", "trust", "-U", "handoff", "-E", "UTF8", "--no-sync"], check=True, **quiet)
    options = ["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-p", str(port), "-k", home, "-c", "max_connections=60"]
    server = subprocess.Popen([binaries / "postgres", "-D", data, *options], **quiet)
    try:
        url = URL.create("postgresql+psycopg", "handoff", None, "127.0.0.1", port, "postgres")
        _wait(url, server)
        yield url
    finally:
        server.terminate()
        server.wait(30)


def _wait(url: URL, server: subprocess.Popen[bytes]) -> None:
    engine = create_engine(url)
    for _ in range(300):
        assert server.poll() is None, "the PostgreSQL server ended while it was starting"
        try:
            with engine.connect():
                engine.dispose()
                return
        except OperationalError:
            time.sleep(0.1)
    raise AssertionError("the PostgreSQL server did not answer within 30 s")


@pytest.fixture(scope="session")
def postgres() -> Iterator[URL]:
    """A server where databases can be made."""
    given = os.environ.get("HANDOFF_TEST_POSTGRES_URL")
    if given:
        yield make_url(given).set(drivername="postgresql+psycopg")
        return
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or [Path(name) for name in [shutil.which("initdb")] if name]
    if not found:
        _missing("PostgreSQL is not installed")
    with tempfile.TemporaryDirectory(prefix="handoff-pg-", ignore_cleanup_errors=True) as home:
        yield from _cluster(found[-1].parent, home)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty ledger in a file, to be copied: making the tables takes longer than most tests."""
    path = tmp_path_factory.mktemp("ledger") / "empty.db"
    open_ledger(path).close()
    return path


@pytest.fixture(scope="session")
def migrated_database(postgres: URL) -> Iterator[URL]:
    """An empty ledger on the server, to be copied."""
    with _database(postgres) as made:
        open_ledger(made.render_as_string(hide_password=False)).close()
        yield made


@contextmanager
def _database(server: URL, template: str = "template1") -> Iterator[URL]:
    name = f"handoff_{uuid.uuid4().hex[:12]}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    try:
        yield server.set(database=name)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'new.db'}"
        return
    with _database(request.getfixturevalue("postgres")) as made:
        yield made.render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty ledger of its own for one test."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "handoff.db")
        yield f"sqlite:///{tmp_path / 'handoff.db'}"
        return
    template = request.getfixturevalue("migrated_database").database
    with _database(request.getfixturevalue("postgres"), template) as made:
        yield made.render_as_string(hide_password=False)


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    """An open, empty ledger."""
    with open_ledger(url) as opened:
        yield opened


@pytest.fixture
def rows(url: str) -> Iterator[Callable[[str], list[tuple[object, ...]]]]:
    """What the tables really hold: for laws about storage."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg") if url.startswith("postgres") else url)

    def fetch(query: str) -> list[tuple[object, ...]]:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    yield fetch
    engine.dispose()
