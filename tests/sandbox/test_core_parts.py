"""Clock, store, switches, faults, counters and journal, each on its own."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.author import Author
from sandbox.clock import BusinessClock
from sandbox.core import Sandbox
from sandbox.faults import Fault, FaultPlan
from sandbox.hubspot import object_types
from sandbox.journal import Journal
from sandbox.store import Store
from sandbox.switches import Switch, Switches

T0 = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)


def test_the_clock_stands_still() -> None:
    clock = BusinessClock(T0)
    assert clock.now() == clock.now() == T0


def test_stamps_are_distinct_ordered_and_never_ahead_of_now() -> None:
    clock = BusinessClock(T0)
    stamps = [clock.stamp() for _ in range(5)]
    assert stamps == sorted(set(stamps))
    assert clock.now() == stamps[-1] == T0 + timedelta(milliseconds=5)


def test_stamps_are_distinct_while_the_clock_follows_the_wall() -> None:
    clock = BusinessClock(T0)
    clock.follow_wall()
    stamps = [clock.stamp() for _ in range(50)]
    assert stamps == sorted(set(stamps))


def test_the_clock_refuses_a_time_without_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        BusinessClock(datetime(2026, 1, 1))  # noqa: DTZ001 - the refusal of it is what is tested


def test_a_failed_inner_transaction_undoes_the_inner_part_only() -> None:
    store = Store()
    store.script("CREATE TABLE t (x INTEGER)")
    with store.transaction():
        store.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(RuntimeError):
            _insert_and_fail(store)
    assert store.rows("SELECT x FROM t") == [(1,)]


def test_queued_rows_follow_the_transaction_they_were_queued_in() -> None:
    store = Store()
    store.script("CREATE TABLE t (x INTEGER)")
    insert = "INSERT INTO t VALUES (?)"
    with store.transaction():
        store.append(insert, [(1,)])
        with pytest.raises(RuntimeError):
            _queue_flush_and_fail(store, insert)
        store.append(insert, [(3,)])
        assert store.rows("SELECT x FROM t") == []
    assert store.rows("SELECT x FROM t ORDER BY x") == [(1,), (3,)]


def test_a_joined_write_goes_with_the_transaction_that_is_open() -> None:
    store = Store()
    store.script("CREATE TABLE t (x INTEGER)")
    with store.joined():
        store.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(RuntimeError), store.transaction():
        with store.joined():
            store.execute("INSERT INTO t VALUES (2)")
        raise RuntimeError
    assert store.rows("SELECT x FROM t") == [(1,)]


def test_a_world_of_another_version_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "world.db"
    with contextlib.closing(sqlite3.connect(path)) as older:
        older.execute("CREATE TABLE journal (seq INTEGER PRIMARY KEY, field TEXT)")
    with pytest.raises(ValueError, match=r"world\.db was written by another version"):
        Store(str(path))


def test_a_world_of_this_version_opens_again(tmp_path: Path) -> None:
    path = str(tmp_path / "world.db")
    store = Store(path)
    store.script("CREATE TABLE t (x INTEGER)")
    store.close()
    Store(path).close()


def _queue_flush_and_fail(store: Store, insert: str) -> None:
    with store.transaction():
        store.append(insert, [(2,)])
        store.flush()
        assert store.rows("SELECT x FROM t ORDER BY x") == [(1,), (2,)]
        raise RuntimeError


def _insert_and_fail(store: Store) -> None:
    with store.transaction():
        store.execute("INSERT INTO t VALUES (2)")
        raise RuntimeError


def test_restore_puts_records_journal_and_clock_back() -> None:
    sandbox = Sandbox(now=T0)
    rep = Author(kind="person", name="rep")
    contact = sandbox.hubspot.create("contacts", {"firstname": "A"}, rep)
    sandbox.snapshot("before")
    sandbox.clock.advance(3600)
    sandbox.hubspot.update("contacts", contact, {"firstname": "B"}, rep)
    sandbox.hubspot.set_options("contacts", "hs_lead_status", [("X", "X")])
    sandbox.restore("before")
    assert sandbox.hubspot.get("contacts", contact).properties["firstname"] == "A"
    assert sandbox.clock.now() < T0 + timedelta(minutes=1)
    assert sandbox.journal.read("hubspot")[-1]["new"] == "A"
    assert sandbox.hubspot.schema.of(object_types.CONTACTS)["hs_lead_status"].options[0].value == "NEW"
    sandbox.close()


def test_the_journal_can_be_read_from_the_middle_of_a_write() -> None:
    store = Store()
    journal, rep = Journal(store), Author(kind="person", name="rep")
    journal.write("hubspot", "contacts", "1", [("a", None, "1"), ("b", "0", "2"), ("c", None, None)], rep, T0)
    journal.write("hubspot", "contacts", "2", [], rep, T0)
    journal.write("hubspot", "contacts", "2", [("d", None, "4")], rep, T0)
    told = [(entry["seq"], entry["id"], entry["field"], entry["old"], entry["new"]) for entry in journal.read()]
    assert told == [(1, "1", "a", None, "1"), (2, "1", "b", "0", "2"), (3, "1", "c", None, None), (4, "2", "d", None, "4")]
    assert [entry["seq"] for entry in journal.read(after=1, limit=2)] == [2, 3]
    assert [entry["seq"] for entry in journal.read(record_id="2", after=1)] == [4]
    assert journal.read(limit=0) == []


def test_an_unknown_snapshot_is_named() -> None:
    with pytest.raises(KeyError, match="no snapshot named 'x'"):
        Store().restore("x")


def test_an_unknown_switch_lists_the_names_there_are() -> None:
    switches = Switches([Switch("a.b", False, "m")])
    with pytest.raises(KeyError, match=r"a\.b"):
        switches.get("a.c")
    with pytest.raises(ValueError, match="takes a bool"):
        switches.set("a.b", "yes")


def test_every_switch_of_the_sandbox_says_what_it_means() -> None:
    sandbox = Sandbox()
    assert all(each["meaning"] for each in sandbox.switches.describe() + sandbox.limits.describe())
    sandbox.close()


def test_faults_are_matched_in_order_and_counted() -> None:
    plan = FaultPlan()
    plan.add(Fault("delay", "hubspot", "GET", "/crm/*", every=2, times=None, seconds=1))
    taken = [plan.take("hubspot", "GET", "/crm/v3/x") is not None for _ in range(4)] + [
        plan.take("salesforce", "GET", "/crm/v3/x") is not None
    ]
    assert taken == [False, True, False, True, False]
    assert (plan.describe()[0]["seen"], plan.describe()[0]["fired"]) == (4, 2)


def test_an_unknown_fault_action_is_refused() -> None:
    with pytest.raises(ValueError, match="there are: status"):
        Fault("explode")  # type: ignore[arg-type]


def test_journal_pages_by_sequence_and_filters_by_author() -> None:
    sandbox = Sandbox()
    sandbox.hubspot.create("contacts", {"firstname": "A"}, Author(kind="person", name="rep"))
    sandbox.hubspot.create("contacts", {"firstname": "B"}, Author(kind="app", name="product", app_id="1"))
    rows = sandbox.journal.read("hubspot", author="app")
    assert [row["new"] for row in rows if row["field"] == "firstname"] == ["B"]
    assert sandbox.journal.read(after=rows[-1]["seq"]) == []
    sandbox.close()
