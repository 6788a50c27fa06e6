"""Opening: migrations come by themselves, say what the tables say, and survive being killed, copied, raced and shared between processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from ledger_makers import CONTACT, NOW, lead_of, load, page, record, told_and_done
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from ledger.connection import normalised
from ledger.ledger import open_ledger
from ledger.schema import metadata
from ledger.values import EmptyLedger, NewerLedger

ROOT = Path(__file__).parents[2]


def test_a_new_ledger_has_exactly_the_declared_tables_and_indexes(empty_url: str) -> None:
    open_ledger(empty_url).close()
    engine = create_engine(normalised(empty_url))
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
        names = connection.execute(text(_INDEXES[engine.dialect.name])).scalars().all()
    engine.dispose()
    assert differences == []
    assert {index.name for table in metadata.tables.values() for index in table.indexes} <= set(names)


_INDEXES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'index'",
    "postgresql": "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'",
}


def test_a_ledger_that_was_cut_to_nothing_is_no_new_one(tmp_path: Path) -> None:
    """A full disk or a copy that broke off: what was decided and written would be forgotten, and nobody would hear of it."""
    file = tmp_path / "ledger.db"
    open_ledger(file).close()
    file.write_bytes(b"")
    with pytest.raises(EmptyLedger, match="handoff reconcile") as refused:
        open_ledger(file)
    assert str(file) in str(refused.value)
    assert file.stat().st_size == 0
    file.unlink()
    open_ledger(file).close()


def test_a_ledger_that_another_process_is_just_making_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    file.touch()
    open_ledger(tmp_path / "other.db").close()
    maker = threading.Timer(0.3, lambda: (tmp_path / "other.db").replace(file))
    maker.start()
    open_ledger(file).close()
    maker.join()


def test_a_ledger_opens_again_with_what_it_held(url: str) -> None:
    with open_ledger(url) as ledger:
        lead_of(ledger, record(status="new", email="ana@example.com"))
        kept = load(ledger)
    with open_ledger(url) as ledger:
        assert load(ledger) == kept


def test_threads_opening_a_new_ledger_at_once_all_succeed(empty_url: str) -> None:
    failures: list[Exception] = []

    def work() -> None:
        try:
            with open_ledger(empty_url) as ledger:
                ledger.facts.store_page(page(record()), NOW)
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


_SHARED = """
import os, sys, time
sys.path.insert(0, sys.argv[2])
from ledger_makers import *
from ledger.ledger import open_ledger
with open_ledger(sys.argv[1]) as ledger:
    for number in range(20):
        ref = Ref("hubspot", "contacts", str(number % 10))
        ledger.facts.store_page(page(record(ref, status="new")), NOW)
        while (lease := ledger.lease.acquire("writer", str(os.getpid()), NOW, 3600)) is None:
            time.sleep(0.01)
        print("\\n".join(claimed(ledger, lease.token, most=1)), flush=True)
        ledger.lease.release(lease)
"""


def _process(source: str, url: str) -> subprocess.Popen[str]:
    tests = str(Path(__file__).parent)
    return subprocess.Popen([sys.executable, "-c", source, url, tests], cwd=ROOT, stdout=subprocess.PIPE, text=True)


def test_two_processes_share_a_ledger_and_every_effect_happens_once(url: str) -> None:
    """Law 5 between processes: whoever has the lease claims, and then it is the other's turn."""
    with open_ledger(url) as ledger:
        planned = told_and_done(ledger, 15)
    workers = [_process(_SHARED, url) for _ in range(2)]
    won = [key for worker in workers for key in worker.communicate(timeout=60)[0].split()]
    assert [worker.returncode for worker in workers] == [0, 0]
    assert sorted(won) == sorted(made.key for made in planned)


_KILLED = """
import sys
sys.path.insert(0, sys.argv[2])
from ledger_makers import *
from ledger.ledger import open_ledger
from ledger import facts
ledger = open_ledger(sys.argv[1])
stored = facts.store_records
def stop(*arguments):
    stored(*arguments)
    print("in the middle", flush=True)
    sys.stdin.read()
facts.store_records = stop
ledger.facts.store_page(page(record(status="half"), activity(), position="half"), NOW)
"""


def test_a_process_killed_in_the_middle_of_a_page_leaves_nothing_of_it(url: str) -> None:
    """Law 4: either the page with its cursor, or neither."""
    with open_ledger(url) as ledger:
        ledger.facts.store_page(page(position="before"), NOW)
    command = [sys.executable, "-c", _KILLED, url, str(Path(__file__).parent)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "in the middle\n"
        os.kill(worker.pid, signal.SIGKILL)
    with open_ledger(url) as ledger:
        assert ledger.facts.cursor("hubspot", "contacts", "f1") == "before"
        assert ledger.facts.records([CONTACT]) == {}
        assert ledger.facts.store_page(page(record(status="half"), position="half"), NOW) == (CONTACT,)


def test_an_unwritable_place_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="unable to open database file"):
        open_ledger(tmp_path / "no" / "such" / "folder" / "handoff.db")


def test_law_12_the_words_of_a_database_error_quote_no_value(url: str) -> None:
    with open_ledger(url) as ledger:
        ledger.facts.store_page(page(), NOW)
        engine = create_engine(normalised(url))
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE people RENAME COLUMN email TO gone"))
        engine.dispose()
        with pytest.raises(DBAPIError) as told:
            ledger.facts.store_page(page(record(email="jane@secret.example", last_name="Secretname")), NOW)
    words = f"{told.value} {told.value!r}".casefold()
    assert "people" in words
    assert "secret" not in words


_WAITING = {"sqlite": ("PRAGMA synchronous", 1, 2), "postgresql": ("SHOW synchronous_commit", "off", "on")}


def test_the_disk_is_waited_for_unless_a_page_is_stored(url: str) -> None:
    """Law 5 needs claims that survive a power cut; a page that does not survive takes its cursor with it (law 4)."""
    with open_ledger(url) as ledger:
        database = ledger._database
        asked, page_says, others_say = _WAITING["sqlite" if database.is_sqlite else "postgresql"]
        for opened, says in ((database.write_page, page_says), (database.write, others_say)) * 2:
            with opened() as connection:
                assert connection.exec_driver_sql(asked).scalar_one() == says


def test_a_ledger_of_a_newer_version_is_refused_in_words_and_left_as_it_is(url: str) -> None:
    """Going back to an older handoff must not end in the migration tool's own words, nor touch anything."""
    ours = "UPDATE alembic_version SET version_num = :found"
    with open_ledger(url) as ledger, ledger._database.write() as connection:
        connection.execute(text(ours), {"found": "9999"})
    with pytest.raises(NewerLedger, match="tables 9999"):
        open_ledger(url)
