"""Turns, runs, leases, exceptions, switches, and the values that rows are made of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_makers import DAY, HOUR, NOW, decision, effect

from handoff.decision import EffectKind, Frame, Rep, prior_of
from handoff.turns import Turn
from ledger.codec import dump_decision, dump_prior, load_decision, load_prior, micros, moment, plain
from ledger.connection import normalised
from ledger.ledger import Ledger
from ledger.values import LedgerError, Unknown


@given(st.datetimes(timezones=st.timezones(), allow_imaginary=False).filter(lambda at: 1900 < at.year < 2200))
def test_times_come_back_to_the_microsecond_in_utc(at: datetime) -> None:
    assert moment(micros(at)) == at.astimezone(UTC)
    assert moment(micros(at)).tzinfo is UTC


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="this one has no time zone"):
        micros(datetime(2026, 1, 1))  # noqa: DTZ001


@given(st.text())
def test_plain_text_can_be_stored_and_only_broken_characters_are_lost(text: str) -> None:
    stored = plain(text)
    assert "\0" not in stored
    stored.encode()
    if text.isprintable():
        assert stored == text


def test_a_decision_survives_the_ledger_byte_for_byte() -> None:
    made = decision(
        effects=(effect(kind=EffectKind.NOTIFY)._replace(text="", subject=""),),
        exceptions=(("a", "b"),),
        override=("owner", "status"),
        review_at=NOW.astimezone(timezone(timedelta(hours=2))),
        out_of_scope="customer",
        fact_at=NOW,
        held_until=NOW + DAY,
    )
    again = load_decision(dump_decision(made))
    assert again == made
    assert dump_decision(again) == dump_decision(made._replace(review_at=again.review_at))
    assert load_prior(dump_prior(prior_of(made))) == prior_of(made)


def test_turns_are_logged_once_per_lead_and_episode(ledger: Ledger) -> None:
    assert ledger.turns.log("inbound", "a", "hubspot:contacts:1", 1, 1, NOW)
    assert not ledger.turns.log("inbound", "b", "hubspot:contacts:1", 1, 2, NOW)
    assert ledger.turns.log("inbound", "a", "hubspot:contacts:1", 2, 2, NOW)
    assert ledger.turns.log("other", "b", "hubspot:contacts:1", 1, 2, NOW)
    assert ledger.turns.counts() == {"inbound": {"a": 2}, "other": {"b": 1}}


def test_turns_of_a_plan_are_logged_in_their_order_and_those_logged_before_are_left_out(ledger: Ledger, rows: object) -> None:
    taken = [Turn("inbound", rep, f"hubspot:contacts:{number}", 1) for number, rep in enumerate("abab")]
    assert ledger.turns.log_all(taken[:1], 1, NOW) == 1
    assert ledger.turns.log_all(taken, 1, NOW) == 3
    assert ledger.turns.log_all([], 1, NOW) == 0
    assert ledger.turns.counts() == {"inbound": {"a": 2, "b": 2}}
    assert rows("SELECT lead FROM turns ORDER BY id") == [(turn.lead,) for turn in taken]  # type: ignore[operator]


def test_who_joins_or_returns_is_brought_to_the_pools_level_by_one_more_row_of_the_log(ledger: Ledger, rows: object) -> None:
    """Law 7: the log is append-only, and its sum is what counts."""
    ledger.turns.log("inbound", "a", "hubspot:contacts:1", 1, 1, NOW)
    for count in (5, 5, 3):
        ledger.turns.level("inbound", "new", count, 1, NOW)
    assert ledger.turns.counts() == {"inbound": {"a": 1, "new": 3}}
    assert ledger.turns.since(NOW) == {"a": 1}
    assert ledger.turns.since(NOW + HOUR) == {}
    logged = rows("SELECT rep, sum(taken), count(*) FROM turns GROUP BY rep ORDER BY rep")  # type: ignore[operator]
    assert logged == [("a", 1, 1), ("new", 3, 2)]


def test_a_run_has_a_beginning_and_an_end(ledger: Ledger) -> None:
    first = ledger.runs.start("sync_leads", "plan", NOW, policy_digest="p", by="ana@example.com")
    second = ledger.runs.start("sweep_silent", "apply", NOW)
    assert ledger.runs.get(first).state == "running"
    ledger.runs.finish(first, "done", {"moved": {"to_sales": 3}, "plan": None}, NOW + HOUR)
    ledger.runs.set_frame(first, "f")
    run = ledger.runs.get(first)
    assert (run.state, run.summary, run.finished_at, run.by, run.frame_digest) == (
        "done", {"moved": {"to_sales": 3}, "plan": None}, NOW + HOUR, "ana@example.com", "f",
    )  # fmt: skip
    assert [each.id for each in ledger.runs.list()] == [second, first]
    with pytest.raises(Unknown, match="there is no run 99"):
        ledger.runs.get(99)


def test_a_lease_has_one_holder_and_runs_out(ledger: Ledger) -> None:
    lease = ledger.lease.acquire("writer", "one", NOW, 60)
    assert lease is not None
    assert (lease.holder, lease.expires_at) == ("one", NOW + timedelta(seconds=60))
    assert ledger.lease.acquire("writer", "two", NOW, 60) is None
    longer = ledger.lease.renew(lease, NOW + timedelta(seconds=50), 60)
    assert ledger.lease.acquire("writer", "two", NOW + timedelta(seconds=70), 60) is None
    ledger.lease.release(longer)
    assert ledger.lease.acquire("writer", "two", NOW, 60) is not None


def test_an_exception_stands_once_until_a_run_finds_it_mended(ledger: Ledger) -> None:
    first, second, third = (ledger.runs.start("sync_leads", "plan", NOW) for _ in range(3))
    for run_id, at in ((first, NOW), (second, NOW + HOUR)):
        ledger.exceptions.report_many(
            [("hubspot:contacts:1", "unmapped_status", f"run {run_id}"), ("hubspot:contacts:2", "ambiguous", "")], run_id, at
        )
    (one, _) = ledger.exceptions.open_exceptions()
    assert (one.first_at, one.last_at, one.detail) == (NOW, NOW + HOUR, f"run {second}")
    ledger.exceptions.report("hubspot:contacts:1", "unmapped_status", "still", third, NOW + DAY)
    assert ledger.exceptions.resolve_missing(third, ["hubspot:contacts:1", "hubspot:contacts:3"], NOW + DAY) == 0
    assert ledger.exceptions.resolve_missing(third, ["hubspot:contacts:2"], NOW + DAY) == 1
    assert ledger.exceptions.counts() == {"unmapped_status": 1}
    ledger.exceptions.report("hubspot:contacts:2", "ambiguous", "again", third, NOW + 2 * DAY)
    assert ledger.exceptions.open_exceptions()[-1].first_at == NOW + 2 * DAY


def test_switches(ledger: Ledger) -> None:
    switches = ledger.switches
    assert (switches.paused(), switches.cut_over(), switches.pinned()) == ("", None, {})
    switches.pause("ana@example.com", NOW)
    assert switches.paused() == "paused by ana@example.com on 2026-11-21T09:00:00+00:00"
    switches.resume()
    assert switches.paused() == ""
    switches.set_cut_over(NOW)
    assert switches.cut_over() == NOW
    switches.pin("hubspot", "42")
    switches.pin("hubspot", "42")
    with pytest.raises(LedgerError, match="belongs to hubspot account 42, not 43"):
        switches.pin("hubspot", "43")
    assert switches.pinned() == {"hubspot": "42"}


def test_a_frame_is_kept_once_under_its_digest(ledger: Ledger) -> None:
    frame = Frame(
        {"a@example.com": Rep("a@example.com", "A", "sdr", True, {"hubspot": "7"})}, {"hubspot:7": "a@example.com"},
        {"nurture": {"salesforce": "00G"}},
        {"inbound": {"a@example.com": 3}}, {"a@example.com": 9}, {}, {"hubspot:contacts": NOW},
        {"hubspot:form": "present"}, {}, True, NOW, "f1",
    )  # fmt: skip
    for _ in range(2):
        ledger.switches.save_frame(frame)
    assert ledger.switches.frame("f1") == frame
    with pytest.raises(Unknown, match="no document with digest f2"):
        ledger.switches.frame("f2")
    with pytest.raises(ValueError, match="this one has none"):
        ledger.switches.save_document("policy", "", "{}")


URLS = [
    ("handoff.db", "sqlite+pysqlite:///handoff.db"),
    ("sqlite:////var/lib/handoff.db", "sqlite+pysqlite:////var/lib/handoff.db"),
    ("postgresql://me@host/db", "postgresql+psycopg://me@host/db"),
    ("postgres://me@host/db", "postgresql+psycopg://me@host/db"),
]


@pytest.mark.parametrize(("given_url", "expected"), URLS)
def test_what_a_ledger_url_means(given_url: str, expected: str) -> None:
    assert str(normalised(given_url)) == expected


@pytest.mark.parametrize(
    ("given_url", "says"), [("sqlite://", "must outlive the process"), ("mysql://host/db", "SQLite or PostgreSQL, not in mysql")]
)
def test_databases_that_do_not_do_are_refused_with_the_mend(given_url: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        normalised(given_url)
