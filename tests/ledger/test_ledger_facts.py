"""Facts: stored once, versioned, never lost and never believed when stale (laws 1, 3, 4, 6, 12)."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_makers import CONTACT, DAY, HOUR, KEY, LEAD, NOW, activity, claim, due, lead_of, line, load, page, plan, record, results, token

from connectors.protocol import Gone
from handoff.facts import Kind, Ref, State
from ledger.ledger import Ledger, open_ledger
from ledger.values import Link, Role

Rows = Callable[[str], list[tuple[object, ...]]]


def test_a_page_stored_twice_changes_nothing(ledger: Ledger, rows: Rows) -> None:
    first = page(record(status="new", email="Ana@Example.com"), activity(), until=NOW)
    assert ledger.facts.store_page(first, NOW) == (CONTACT,)
    before = [rows(f"SELECT * FROM {name} ORDER BY 1, 2") for name in ("record_versions", "people", "activities", "sources")]
    assert ledger.facts.store_page(first, NOW + HOUR) == ()
    assert [rows(f"SELECT * FROM {name} ORDER BY 1, 2") for name in ("record_versions", "people", "activities", "sources")] == before


def test_a_changed_record_gets_a_new_version_and_the_old_one_stays_known(ledger: Ledger) -> None:
    key = lead_of(ledger, record(status="new"))
    ledger.facts.store_page(page(record(status="working", modified=NOW)), NOW + HOUR)
    assert load(ledger, key).facts.fields["status"] == "working"
    then = load(ledger, key, as_of=NOW).facts
    assert then.fields["status"] == "new"
    assert then.records[0].known_at == NOW


def test_no_look_ahead_for_activities_links_and_deletions(ledger: Ledger) -> None:
    """Law 6: as of a moment, only what was known at that moment counts."""
    key = lead_of(ledger, record(), now=NOW)
    later = NOW + HOUR
    ledger.facts.store_page(page(activity(at=NOW - DAY), record(LEAD, status="new")), later)
    ledger.leads.link([Link(LEAD, key, Role.MIRROR)], later)
    ledger.facts.store_page(page(Gone(Ref("hubspot", "calls", "1"), State.DELETED, later)), later + HOUR)
    then, between, after = (load(ledger, key, as_of=at).facts for at in (NOW, later, later + HOUR))
    assert (len(then.activities), len(then.records)) == (0, 1)
    assert (len(between.activities), len(between.records)) == (1, 2)
    assert (len(after.activities), len(after.records)) == (0, 2)
    assert load(ledger, key).facts == after


def test_a_stale_snapshot_is_not_believed(ledger: Ledger) -> None:
    lead_of(ledger, record(status="working", modified=NOW))
    assert ledger.facts.store_page(page(record(status="new", modified=NOW - HOUR)), NOW) == ()
    assert load(ledger).facts.fields["status"] == "working"


def test_touching_a_record_without_changing_a_field_makes_no_version_but_counts_as_seen(ledger: Ledger) -> None:
    lead_of(ledger, record(status="new", modified=NOW - DAY))
    assert ledger.facts.store_page(page(record(status="new", modified=NOW)), NOW) == ()
    assert ledger.facts.store_page(page(record(status="old snapshot", modified=NOW - HOUR)), NOW) == ()
    assert load(ledger).facts.records[0].modified_at == NOW - DAY


def test_a_blank_field_and_an_absent_field_are_one_value(ledger: Ledger) -> None:
    lead_of(ledger, record(status="new", phone=""))
    assert ledger.facts.store_page(page(record(status="new", modified=NOW)), NOW) == ()
    assert "phone" not in load(ledger).facts.fields


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(6)), cuts=st.lists(st.integers(1, 6), max_size=3), again=st.integers(0, 5))
def test_facts_do_not_depend_on_order_page_size_or_duplicates(
    order: list[int], cuts: list[int], again: int, migrated_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Law 1: the same things told in any order, on any pages, some of them twice, are the same facts."""
    told = [
        record(status="new", modified=NOW - 3 * HOUR),
        record(status="working", modified=NOW - 2 * HOUR),
        record(status="qualified", modified=NOW - HOUR),
        record(LEAD, status="Open", modified=NOW - HOUR),
        activity("hubspot:calls:1"),
        activity("hubspot:calls:2", at=NOW - 2 * DAY),
    ]
    shuffled = [told[place] for place in [*order, again]]
    edges = sorted({0, len(shuffled), *cuts})
    with open_ledger(shutil.copy(migrated_file, tmp_path_factory.mktemp("order"))) as ledger:
        for start, end in pairwise(edges):
            ledger.facts.store_page(page(*shuffled[start:end]), NOW)
        ledger.leads.link([Link(CONTACT, KEY, Role.PRIMARY), Link(LEAD, KEY, Role.MIRROR)], NOW)
        facts = load(ledger).facts
    assert [each.fields for each in facts.records] == [{"status": "qualified"}, {"status": "Open"}]
    assert [each.key for each in facts.activities] == ["hubspot:calls:1", "hubspot:calls:2"]


def test_a_page_that_cannot_be_stored_leaves_nothing_and_no_cursor(ledger: Ledger, rows: Rows) -> None:
    """Law 4: a cursor moves only past what is durably stored."""
    broken = activity()._replace(occurred_at=NOW.replace(tzinfo=None))
    with pytest.raises(ValueError, match="no time zone"):
        ledger.facts.store_page(page(record(), broken), NOW)
    assert rows("SELECT * FROM records") == []
    assert ledger.facts.cursor("hubspot", "contacts", "f1") is None


def test_a_new_field_set_has_its_own_cursor_and_is_not_covered_until_it_was_pulled(ledger: Ledger) -> None:
    ledger.facts.store_page(page(position="p1", until=NOW), NOW)
    assert ledger.facts.coverage() == {"hubspot:contacts": NOW}
    ledger.facts.store_page(page(position="q1", digest="f2"), NOW)
    assert (ledger.facts.cursor("hubspot", "contacts", "f1"), ledger.facts.cursor("hubspot", "contacts", "f2")) == ("p1", "q1")
    assert ledger.facts.coverage() == {}
    ledger.facts.store_page(page(position="q2", digest="f2", until=NOW + HOUR), NOW)
    assert ledger.facts.coverage() == {"hubspot:contacts": NOW + HOUR}


def test_coverage_never_goes_back(ledger: Ledger) -> None:
    ledger.facts.store_page(page(until=NOW), NOW)
    ledger.facts.store_page(page(until=NOW - HOUR), NOW)
    ledger.facts.store_page(page(until=None), NOW)
    assert ledger.facts.coverage() == {"hubspot:contacts": NOW}


DEPARTURES = [
    pytest.param(Gone(CONTACT, State.MERGED, NOW, Ref("hubspot", "contacts", "9")), id="merged into another"),
    pytest.param(Gone(CONTACT, State.ARCHIVED, NOW), id="archived"),
    pytest.param(
        Gone(CONTACT, State.CONVERTED, NOW - 30 * DAY, Ref("salesforce", "Contact", "003")), id="converted, told with a date only"
    ),
]


@pytest.mark.parametrize("gone", DEPARTURES)
def test_a_record_that_left_stays_gone_when_a_lagging_index_still_shows_it(ledger: Ledger, gone: Gone) -> None:
    lead_of(ledger, record(status="new"))
    assert ledger.facts.store_page(page(gone), NOW) == (CONTACT,)
    assert ledger.facts.store_page(page(gone), NOW) == ()
    assert ledger.facts.store_page(page(record(status="new")), NOW) == ()
    found = ledger.facts.records([CONTACT])[CONTACT]
    assert (found.state, found.follows, found.fields) == (gone.state, gone.follows, {"status": "new"})


def test_a_restored_record_lives_again_and_an_old_deletion_does_not_take_it_back(ledger: Ledger) -> None:
    lead_of(ledger, record(status="new"))
    gone = Gone(CONTACT, State.ARCHIVED, NOW)
    ledger.facts.store_page(page(gone), NOW)
    assert ledger.facts.store_page(page(record(status="new", modified=NOW + HOUR)), NOW + HOUR) == (CONTACT,)
    assert ledger.facts.store_page(page(gone), NOW + HOUR) == ()
    assert ledger.facts.records([CONTACT])[CONTACT].state == State.LIVE


def test_a_merge_is_not_forgotten_when_the_loser_is_also_listed_as_archived(ledger: Ledger) -> None:
    lead_of(ledger, record())
    into = Ref("hubspot", "contacts", "9")
    ledger.facts.store_page(page(Gone(CONTACT, State.MERGED, NOW, into)), NOW)
    ledger.facts.store_page(page(Gone(CONTACT, State.ARCHIVED, NOW + HOUR)), NOW)
    assert ledger.facts.records([CONTACT])[CONTACT].follows == into


def test_a_departure_told_before_the_record_itself_still_holds(ledger: Ledger) -> None:
    ledger.facts.store_page(page(Gone(CONTACT, State.DELETED, NOW)), NOW)
    assert ledger.facts.touched(10) == ()
    assert ledger.facts.store_page(page(record(status="new", modified=NOW - HOUR)), NOW) == ()
    assert ledger.facts.records([CONTACT])[CONTACT].state == State.DELETED


def test_a_change_while_the_resolver_works_is_not_lost(ledger: Ledger) -> None:
    ledger.facts.store_page(page(record(status="new")), NOW)
    seen = ledger.facts.touched(10)
    ledger.facts.store_page(page(record(status="working", modified=NOW)), NOW)
    ledger.facts.clear_touched(seen)
    assert [item.ref for item in ledger.facts.touched(10)] == [CONTACT]
    ledger.facts.clear_touched(ledger.facts.touched(10))
    assert ledger.facts.touched(10) == ()


def test_records_are_found_by_email_in_any_case_and_by_each_linked_id(ledger: Ledger) -> None:
    other = Ref("hubspot", "contacts", "2")
    ledger.facts.store_page(
        page(record(email="Ana@Example.com"), record(other, email="old@example.com", merged_ids="7;8"), record(LEAD, hubspot_id="1")), NOW
    )
    ledger.facts.store_page(page(record(other, email="ana@example.com", merged_ids="8", modified=NOW)), NOW)
    assert ledger.facts.carrying(["ANA@example.com "]) == {CONTACT, other}
    assert ledger.facts.carrying(["old@example.com"]) == set()
    assert ledger.facts.naming(["hubspot_id"], ["1"]) == {LEAD}
    assert ledger.facts.naming(["merged_ids"], ["7"]) == set()
    assert ledger.facts.naming(["hubspot_id", "merged_ids"], ["1", "8"]) == {LEAD, other}
    with pytest.raises(ValueError, match="'status' is not indexed"):
        ledger.facts.naming(["status"], ["new"])


def test_personal_values_are_in_one_table_and_erasure_leaves_none(ledger: Ledger, rows: Rows, url: str) -> None:
    """Law 12: one delete forgets a person; neither old versions nor a later pull bring the values back."""
    secret = {"email": "ana@secret.example", "first_name": "Anaxyz", "phone": "+34999"}
    lead_of(ledger, record(status="new", **secret))
    ledger.facts.store_page(page(record(status="working", modified=NOW, **secret)), NOW)
    ledger.facts.erase(KEY, NOW)
    ledger.facts.store_page(page(record(status="qualified", modified=NOW + HOUR, **secret)), NOW)
    assert load(ledger).facts.fields == {"status": "qualified"}
    assert load(ledger, as_of=NOW).facts.records[0].fields.get("email") is None
    assert ledger.leads.find("ana@secret.example") == ()
    for (name,) in rows(_TABLES[url.startswith("sqlite")]):
        stored = str(rows(f"SELECT * FROM {name}"))
        assert not any(value in stored for value in secret.values()), name


_TABLES = {
    True: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
    False: "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
}


def test_the_id_of_an_erased_person_is_never_given_to_somebody_else(ledger: Ledger) -> None:
    lead_of(ledger, record(email="ana@example.com"))
    ledger.facts.erase(KEY, NOW)
    other = Ref("hubspot", "contacts", "2")
    ledger.facts.store_page(page(record(other, email="bo@example.com")), NOW)
    assert "email" not in load(ledger).facts.fields


def test_a_changed_account_makes_its_leads_due(ledger: Ledger) -> None:
    company = Ref("hubspot", "companies", "7")
    lead_of(ledger, record(account="7"))
    plan(ledger)
    ledger.leads.settle([KEY])
    assert due(ledger) == []
    ledger.facts.store_page(page(record(company, name="Acme", domain="acme.example")), NOW)
    assert due(ledger) == [KEY]
    assert load(ledger).facts.fields["account_name"] == "Acme"
    assert ledger.facts.records([company])[company].fields["domain"] == "acme.example"


def test_a_value_somebody_put_where_we_wrote_is_an_edit_until_we_write_again(ledger: Ledger) -> None:
    """Law 3."""
    lead_of(ledger, record(LEAD, owner="005A"))
    held = token(ledger)
    plan(ledger, line(LEAD, "owner", "005B"))
    ledger.outbox.finish(held, results(claim(ledger, held, LEAD)), NOW, [record(LEAD, owner="005B", modified=NOW)], ["owner"])
    assert load(ledger).facts.edits == ()
    assert load(ledger).facts.fields["owner"] == "005B"
    ledger.facts.store_page(page(record(LEAD, owner="005C", modified=NOW + HOUR)), NOW + HOUR)
    (edit,) = load(ledger).facts.edits
    assert (edit.field, edit.value, edit.at, edit.author) == ("owner", "005C", NOW + HOUR, "person")
    ledger.facts.store_page(page(record(LEAD, owner="005C", company="x", modified=NOW + DAY)), NOW + DAY)
    assert load(ledger).facts.edits == (edit,), "a later change of another field does not make the edit younger"
    ledger.facts.store_page(page(record(LEAD, owner="005B", modified=NOW + 2 * DAY)), NOW + 2 * DAY)
    assert load(ledger).facts.edits == ()
    assert ledger.outbox.flips([LEAD], NOW) == {(LEAD, "owner"): 1}


def test_field_history_says_when_an_edit_happened_and_whether_a_person_did_it(ledger: Ledger) -> None:
    lead_of(ledger, record(LEAD, status="Open"))
    held = token(ledger)
    plan(ledger, line(LEAD, "status", "Working"))
    ledger.outbox.finish(held, results(claim(ledger, held, LEAD)), NOW, [record(LEAD, status="Working", modified=NOW)], ["status"])
    history = activity("salesforce:history:1", LEAD, NOW + timedelta(minutes=5), Kind.STATUS_EDIT, subject="Nurture", automated=True)
    ledger.facts.store_page(page(record(LEAD, status="Nurture", modified=NOW + HOUR), history), NOW + HOUR)
    (edit,) = load(ledger).facts.edits
    assert (edit.at, edit.author) == (NOW + timedelta(minutes=5), "automation")


def test_our_own_read_back_makes_nobody_due_and_a_foreign_value_does(ledger: Ledger) -> None:
    lead_of(ledger, record(LEAD, owner="005A"))
    held = token(ledger)
    plan(ledger, line(LEAD, "owner", "005B"))
    ledger.outbox.finish(held, results(claim(ledger, held, LEAD)), NOW, [record(LEAD, owner="005B", modified=NOW)], ["owner"])
    assert due(ledger) == []
    pulled = record(LEAD, owner="005B", modified=NOW)
    assert ledger.facts.store_page(page(pulled), NOW) == (), "the pull-back is the fact that was read back"
    ledger.outbox.finish(held, [], NOW + HOUR, [record(LEAD, owner="005Z", modified=NOW + HOUR)], ["owner"])
    assert due(ledger) == [KEY]


def test_text_no_database_can_hold_loses_only_what_is_broken(ledger: Ledger) -> None:
    lead_of(ledger, record(company="Ac\x00me \ud83d", first_name="Jos\u00e9 \u738b"))
    ledger.facts.store_page(page(activity(subject="a\x00b\ud83d")), NOW)
    facts = load(ledger).facts
    assert facts.fields["first_name"] == "Jos\u00e9 \u738b"
    assert facts.fields["company"].startswith("Ac")
    assert facts.activities[0].subject == "ab"


def test_threads_storing_the_same_pages_at_once_store_them_once(ledger: Ledger, rows: Rows) -> None:
    pages = [
        page(*(record(Ref("hubspot", "contacts", str(number)), status="new") for number in range(start, start + 20))) for start in (0, 10)
    ]
    failures: list[Exception] = []

    def work() -> None:
        try:
            for each in pages:
                ledger.facts.store_page(each, NOW)
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert rows("SELECT count(*) FROM record_versions") == [(30,)]
