"""What every connector must do when it reads: conformance over HTTP, run on each CRM."""

from __future__ import annotations

import threading
from datetime import timedelta
from itertools import islice

import pytest
from crm_bench import DAY, Bench, union

from connectors.protocol import Change, Cursor, Refused
from handoff.facts import Actor, Kind, Ref, State


@pytest.mark.carriers
def test_identity_names_the_account(bench: Bench) -> None:
    """Which account the credentials open, and where a person looks at a lead."""
    identity = bench.open().identity()
    assert identity.account_id == str(
        bench.manifest["credentials"][bench.seller].get("portal_id") or bench.manifest["credentials"]["salesforce"]["org_id"]
    )
    assert identity.record_url.format(object=bench.lead_object, id="1").startswith("http")
    assert identity.user_id


@pytest.mark.carriers
def test_another_account_than_the_pinned_one_is_refused_before_anything_is_written(bench: Bench) -> None:
    """The message names both accounts; no write reaches the CRM."""
    pin = {"portal_id": 1} if bench.seller == "hubspot" else {"org_id": "00D000000000001AAA"}
    crm = bench.open(**pin)
    ref = next(iter(bench.leads(bench.open())))
    with pytest.raises(Refused) as refused:
        crm.write([Change(ref, {"status": bench.status})])
    assert refused.value.reason == "wrong_account"
    assert str(next(iter(pin.values()))) in str(refused.value)
    assert bench.sandbox.journal.read(vendor=bench.seller, author="product") == []


@pytest.mark.carriers
def test_people_include_those_who_left(bench: Bench) -> None:
    """Records still point at departed owners, so they must be known, as departed."""
    people = {person.key: person for person in bench.open().people()}
    for planted in bench.manifest["people"]:
        assert people[planted["email"]].active is planted["active"]
    assert any(not person.active for person in people.values())


@pytest.mark.carriers
def test_first_load_brings_every_record_once(bench: Bench) -> None:
    """Nothing lost, nothing doubled; the last page says until when the stream is covered."""
    pages = bench.pages(bench.open(), bench.lead_object)
    refs = union(pages)
    assert len(refs) == len(set(refs))
    assert {ref.id for ref in refs} == bench.live_ids()
    assert pages[-1].covered_until is not None
    assert all(page.covered_until is None for page in pages[:-1])


def test_a_page_that_nobody_asked_for_says_so(bench: Bench) -> None:
    """So that the fewest calls a run needs are never more than it made. What is asked once (fields, coverage) is asked before."""
    crm = bench.open()
    for stream in crm.streams():
        bench.pages(crm, stream)
    for stream in crm.streams():
        before = sum(crm.calls_made().values())
        asked = sum(page.asked for page in bench.pages(crm, stream))
        assert asked <= sum(crm.calls_made().values()) - before, stream


@pytest.mark.carriers
def test_an_interrupted_load_goes_on_where_it_stood(bench: Bench) -> None:
    """Whatever page the process died after, the stored cursor brings the rest and only the rest."""
    bench.sandbox.switches.set("salesforce.page_size", 37)
    whole = set(union(bench.pages(bench.open(), bench.lead_object)))
    walk = bench.open().pull(bench.lead_object, None, bench.sandbox.clock.now())
    before = list(islice(walk, 1))
    after = bench.pages(bench.open(), bench.lead_object, before[-1].cursor)
    assert set(union(before)) | set(union(after)) == whole
    assert not set(union(before)) & set(union(after))


@pytest.mark.carriers
def test_increments_bring_what_changed_and_little_else(bench: Bench) -> None:
    """After a quiet day one edit is one record."""
    crm = bench.open()
    ref = bench.some(crm, 1)[0]
    cursor = bench.pages(crm, bench.lead_object)[-1].cursor
    bench.later(86_400)
    cursor = bench.pages(crm, bench.lead_object, cursor)[-1].cursor
    bench.later(86_400)
    bench.edit(ref, "status", bench.status)
    fresh = bench.leads(crm, cursor)
    assert set(fresh) == {ref}
    assert fresh[ref].fields["status"] == bench.status
    assert fresh[ref].modified_at >= bench.sandbox.clock.now() - DAY


@pytest.mark.carriers
def test_a_cursor_of_another_field_set_starts_afresh(bench: Bench) -> None:
    """A field added later was not pulled yet, which is not the same as missing."""
    crm = bench.open()
    cursor = bench.pages(crm, bench.lead_object)[-1].cursor
    bench.later(86_400)
    stale = Cursor(cursor.system, cursor.stream, "another-set", cursor.position)
    assert set(union(bench.pages(crm, bench.lead_object, stale))) == set(bench.leads(crm))


@pytest.mark.carriers
def test_more_than_ten_thousand_records_of_one_instant(bench: Bench) -> None:
    """Bulk jobs stamp tens of thousands alike; no page edge and no cap on results may hide one."""
    crm = bench.open()
    cursor = bench.pages(crm, bench.lead_object)[-1].cursor
    twins = bench.add_alike(10_050)
    refs = union(bench.pages(crm, bench.lead_object, cursor))
    assert set(twins) <= set(refs)
    assert len(refs) == len(set(refs))


@pytest.mark.carriers
def test_streams_cover_the_same_moment_and_none_goes_backward(bench: Bench) -> None:
    """Coverage is what the silence rules stand on: never in the future, never behind the last pull."""
    crm = bench.open()
    first = {stream: bench.pages(crm, stream)[-1] for stream in crm.streams()}
    now = bench.later(7_200)
    for stream, page in first.items():
        again = bench.pages(crm, stream, page.cursor)[-1]
        assert page.covered_until is not None
        assert again.covered_until is not None
        assert page.covered_until <= again.covered_until <= now


def test_what_people_do_becomes_activity_with_the_right_side(bench: Bench) -> None:
    """A connected call, a mail, a reply and a form, each about its lead, dated, and with a key that stays the same."""
    crm = bench.open()
    ref = bench.some(crm, 1)[0]
    cursors = {stream: bench.pages(crm, stream)[-1].cursor for stream in crm.streams()}
    bench.later(86_400)
    bench.act(ref, "log_call", outcome="connected", seconds=300)
    bench.act(ref, "send_email")
    bench.lead_does(ref, "reply")
    bench.lead_does(ref, "form", form="demo")
    bench.later(60)
    found = [one for one in bench.activities(crm, cursors) if one.about == ref and one.occurred_at >= bench.sandbox.clock.now() - DAY]
    told = {(one.kind, one.actor, one.outcome) for one in found}
    assert (Kind.CALL, Actor.REP, "connected") in told
    assert (Kind.EMAIL, Actor.REP, "") in told
    assert any(one.kind is Kind.REPLY and one.actor is Actor.LEAD for one in found)
    assert any(one.kind in (Kind.FORM, Kind.CAMPAIGN) and one.actor is Actor.LEAD for one in found)
    assert all(one.key.startswith(f"{bench.system}:") for one in found)
    assert {one.key for one in found} <= {one.key for one in bench.activities(bench.open())}


def test_a_meeting_ahead_is_scheduled_and_later_it_has_been(bench: Bench) -> None:
    """A future date is never activity: the booking is. When its start passes, the meeting is read again although nobody touched it."""
    crm = bench.open()
    ref = bench.some(crm, 1)[0]
    stream = "meetings" if bench.seller == "hubspot" else "Event"
    cursor = bench.pages(crm, stream)[-1].cursor
    start = bench.sandbox.clock.now() + 2 * DAY
    bench.lead_does(ref, "meeting_booked", start=start.isoformat())
    page = bench.pages(crm, stream, cursor)[-1]
    booked = next(one for one in page.activities if one.about == ref)
    assert (booked.outcome, booked.due_at) == ("scheduled", start)
    assert booked.occurred_at < start
    bench.later(3 * 86_400)
    past = next(one for one in bench.pages(crm, stream, page.cursor)[-1].activities if one.about == ref)
    assert past.key == booked.key
    assert past.outcome in ("held", "unknown")
    assert past.occurred_at == start


def test_records_that_leave_are_followed(bench: Bench) -> None:
    """A merged record points at its survivor, a deleted one is gone; both within the next pull."""
    crm = bench.open()
    survivor, other, deleted = bench.some(crm, 3)
    cursors = {stream: bench.pages(crm, stream)[-1].cursor for stream in crm.streams()}
    bench.later(600)
    bench.merge(survivor, other)
    bench.remove(deleted)
    bench.later(600)
    gone = {one.ref: one for stream in crm.streams() for page in bench.pages(crm, stream, cursors[stream]) for one in page.gone}
    assert gone[other].state is State.MERGED
    assert gone[other].follows == survivor
    assert gone[deleted].state in (State.ARCHIVED, State.DELETED)
    read = crm.read([survivor, other, deleted], ["status"])
    assert read[survivor].state is State.LIVE
    assert (read[other].state, read[other].follows) == (State.MERGED, survivor)
    assert deleted not in read


def test_a_clock_that_was_set_back_an_hour_stops_no_pull_and_loses_nothing(bench: Bench) -> None:
    """Every stream answers meanwhile, and who is deleted then is found when the clock has caught up."""
    crm = bench.open()
    deleted, *_ = bench.some(crm, 1)
    cursors = {stream: bench.pages(crm, stream)[-1].cursor for stream in crm.streams()}
    bench.sandbox.clock.set(bench.sandbox.clock.now() - timedelta(hours=1))
    bench.remove(deleted)
    for stream in crm.streams():
        cursors[stream] = bench.pages(crm, stream, cursors[stream])[-1].cursor
    bench.later(2 * 3600)
    gone = {one.ref for stream in crm.streams() for page in bench.pages(crm, stream, cursors[stream]) for one in page.gone}
    assert deleted in gone


@pytest.mark.carriers
def test_looking_works_before_our_own_fields_exist(bench: Bench) -> None:
    """Look and plan need read scopes only and no setup; what is missing is named."""
    crm = bench.open("reader")
    assert bench.leads(crm)
    missing = {canonical for object_name, canonical in crm.missing_own_fields() if object_name == bench.lead_object}
    assert "handoff_stage" in missing
    assert crm.fields(bench.lead_object)["handoff_stage"].exists is False
    ref = next(iter(bench.leads(crm)))
    assert "handoff_stage" not in crm.read([ref], ["status", "handoff_stage"])[ref].fields


@pytest.mark.carriers
def test_own_fields_are_made_once_by_an_administrator(bench: Bench) -> None:
    """Setup says what it made; a second setup makes nothing; old cursors stay good, for nothing old can be missed."""
    before = bench.pages(bench.open(), bench.lead_object)[-1].cursor
    crm = bench.ready()
    assert bench.open().missing_own_fields() == ()
    bench.later(86_400)
    assert len(union(bench.pages(bench.open(), bench.lead_object, before))) < len(bench.leads(crm))


@pytest.mark.carriers
def test_without_setup_rights_nothing_is_made(bench: Bench) -> None:
    """The product's own credentials cannot change the account's schema; the message names the right that lacks."""
    with pytest.raises(Refused) as refused:
        bench.open().create_own_fields()
    assert refused.value.reason == "scope"
    assert (f"crm.schemas.{bench.lead_object}.write" if bench.seller == "hubspot" else "Modify Metadata") in str(refused.value)
    assert bench.open().missing_own_fields()


@pytest.mark.carriers
def test_an_unmapped_field_is_refused_with_the_mend(bench: Bench) -> None:
    """A typo in a field name is not silently an absent value."""
    crm = bench.open()
    with pytest.raises(Refused, match=f"mappings/{bench.system}.yaml"):
        crm.read([next(iter(bench.leads(crm)))], ["stauts"])


@pytest.mark.carriers
def test_calls_are_counted_as_the_crm_counts_them(bench: Bench) -> None:
    """`calls_made` is the truth: the sandbox counted the same number, retries and tokens included."""
    crm = bench.open()
    bench.sandbox.counters.reset()
    bench.fault("status", status=503, body="<html>out of order</html>", content_type="text/html", after=2)
    bench.activities(crm)
    crm.people()
    assert sum(crm.calls_made().values()) == bench.made()


@pytest.mark.carriers
def test_several_threads_share_one_connector(bench: Bench) -> None:
    """Streams are pulled side by side; together they bring what they bring alone, and metadata is asked for once."""
    alone = sorted(one.key for one in bench.activities(bench.open()))
    crm, found = bench.open(), []
    threads = [threading.Thread(target=lambda s=stream: found.extend(bench.pages(crm, s))) for stream in crm.streams()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.key for page in found for one in page.activities) == alone
    calls = crm.calls_made()
    assert calls.get("token", 1) == 1
    assert calls.get("account", 1) == 1


@pytest.mark.carriers
def test_personal_values_are_only_in_fields_marked_personal(bench: Bench) -> None:
    """What the ledger must keep apart is known by the map: no e-mail address stands in any other field of a lead."""
    personal = bench.field_map.personal()
    for record in bench.leads(bench.open()).values():
        for name, value in record.fields.items():
            assert name in personal or "@" not in value, name


@pytest.mark.carriers
def test_refs_can_be_printed_and_parsed(bench: Bench) -> None:
    """A ref survives its text form."""
    for ref in bench.leads(bench.open()):
        assert Ref.parse(str(ref)) == ref
