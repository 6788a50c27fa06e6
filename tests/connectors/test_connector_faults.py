"""What every connector must do when something breaks: conformance over HTTP, run on each CRM."""

from __future__ import annotations

import json
import socket
import time
from datetime import UTC, datetime

import pytest
from crm_bench import Bench, union
from test_writing import change, task

from connectors.clocks import Clocks
from connectors.protocol import Fate, Interrupted, Refused, TryLater
from connectors.registry import open_crm

HTML = "<html><head><title>502 Bad Gateway</title></head></html>"
BURST = (
    '{"status":"error","message":"You have reached your ten_secondly_rolling limit.","errorType":"RATE_LIMIT",'
    '"policyName":"TEN_SECONDLY_ROLLING"}'
)
SECONDLY = '{"status":"error","message":"You have reached your secondly limit.","category":"RATE_LIMITS"}'
CONCURRENT = '[{"message":"ConcurrentRequests (Concurrent API Requests) Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]'
DAILY_HUBSPOT = '{"status":"error","message":"You have reached your daily limit.","errorType":"RATE_LIMIT","policyName":"DAILY"}'
DAILY_SALESFORCE = '[{"message":"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]'


def reads(bench: Bench) -> str:
    """The paths of the lead stream."""
    return "*/contacts" if bench.system == "hubspot" else "*/query*"


def read_family(bench: Bench) -> str:
    """The counter of those paths."""
    return "contacts.list" if bench.system == "hubspot" else "query.Lead"


def updates(bench: Bench) -> str:
    """The path of a batch update."""
    return "*/batch/update" if bench.system == "hubspot" else "*/composite/sobjects"


def creates(bench: Bench) -> str:
    """The path of a create."""
    return "*/tasks/batch/create" if bench.system == "hubspot" else "*/composite/sobjects"


@pytest.mark.parametrize("action", ["reset", "truncate", "empty", "nothing in it", "502 html", "limit"])
def test_a_read_survives_what_passes(bench: Bench, action: str) -> None:
    """Connection reset, half a reply, an empty one, an HTML error page, a rate limit: the same records as without, after a pause."""
    bench.sandbox.switches.set("salesforce.page_size", 60)
    whole = set(bench.leads(bench.open()))
    crm = bench.open()
    crm.identity()
    crm.fields(bench.lead_object)
    if action == "502 html":
        bench.fault("status", reads(bench), status=502, body=HTML, content_type="text/html", after=1, times=2)
    elif action == "nothing in it":
        bench.fault("status", reads(bench), status=200, body="{}", after=1)
    elif action == "limit" and bench.system == "hubspot":
        bench.fault("status", reads(bench), status=429, body=BURST, after=1)
    elif action == "limit":
        bench.fault("status", reads(bench), status=403, body=CONCURRENT, after=1)
    else:
        bench.fault(action, reads(bench), after=1)
    assert set(union(bench.pages(crm, bench.lead_object))) == whole
    assert sum(bench.sleeps) > 0


def test_what_does_not_pass_is_given_up_after_a_bounded_number_of_tries(bench: Bench) -> None:
    """An outage ends as TryLater; nobody waits for ever."""
    crm = bench.open(attempts=4)
    crm.identity()
    crm.fields(bench.lead_object)
    bench.fault("status", reads(bench), status=503, body=HTML, content_type="text/html", times=None)
    with pytest.raises(TryLater):
        bench.pages(crm, bench.lead_object)
    assert crm.calls_made()[read_family(bench)] == 4
    assert sum(bench.sleeps) < 60


def test_a_daily_limit_is_not_waited_out(bench: Bench) -> None:
    """It is for a later run: one call, no pause, and how long to wait."""
    crm = bench.open()
    crm.identity()
    crm.fields(bench.lead_object)
    status, body = (429, DAILY_HUBSPOT) if bench.system == "hubspot" else (403, DAILY_SALESFORCE)
    bench.fault("status", reads(bench), status=status, body=body, times=None)
    with pytest.raises(TryLater) as later:
        bench.pages(crm, bench.lead_object)
    assert later.value.after_seconds >= 600
    assert crm.calls_made()[read_family(bench)] == 1
    assert bench.sleeps == []


def test_a_refused_connection_says_so(bench: Bench) -> None:
    """Nobody listens: TryLater that names the CRM and never a secret."""
    crm = bench.open(attempts=2, base_url="http://127.0.0.1:9")
    with pytest.raises(TryLater) as later:
        crm.identity()
    assert bench.system in str(later.value).lower()
    for secret in _secrets(bench):
        assert secret not in str(later.value)


def _secrets(bench: Bench) -> list[str]:
    given = bench.manifest["credentials"][bench.system]
    return list(given["tokens"].values()) if bench.system == "hubspot" else [app["client_secret"] for app in given["apps"].values()]


def test_wrong_credentials_are_refused_at_once(bench: Bench) -> None:
    """No retry helps; the message says what to check and shows no secret."""
    wrong = {"token": "pat-na1-wrong"} if bench.system == "hubspot" else {"client_secret": "wrong-secret"}
    crm = bench.open(**wrong)
    with pytest.raises(Refused) as refused:
        crm.identity()
    assert refused.value.reason in ("credentials", "expired")
    assert not set(wrong.values()) & set(str(refused.value).split())
    assert bench.sleeps == []


@pytest.mark.parametrize("action", ["lost_reply", "truncate", "empty"])
def test_an_update_whose_reply_was_lost_is_done_once(bench: Bench, action: str) -> None:
    """The same values sent again change nothing; the row is done. A reply that says nothing of a record never means that it is gone."""
    crm = bench.ready()
    refs = bench.some(crm, 5)
    bench.fault(action, updates(bench))
    outcomes = crm.write([change(ref, handoff_stage="nurture") for ref in refs])
    assert {outcome.fate for outcome in outcomes} == {Fate.DONE}
    assert all(bench.stored(ref)[bench.vendor("handoff_stage")] == "nurture" for ref in refs)


def test_a_reply_without_rows_does_not_say_that_records_are_gone(bench: Bench) -> None:
    """Sent again, or left to the caller to look: never a record that is told to be gone because the reply did not name it."""
    crm = bench.ready()
    refs = bench.some(crm, 5)
    bench.fault("status", updates(bench), status=200, body="{}")
    try:
        outcomes = crm.write([change(ref, handoff_stage="nurture") for ref in refs])
    except Interrupted:
        return
    assert {outcome.fate for outcome in outcomes} == {Fate.DONE}


def test_a_record_that_could_not_be_read_is_not_told_to_be_gone(hubspot: Bench) -> None:
    """HubSpot answers 207 when some rows of a batch failed; only those it does not find are gone."""
    crm = hubspot.ready()
    refs = hubspot.some(crm, 2)
    body = {
        "status": "COMPLETE",
        "results": [],
        "numErrors": 1,
        "errors": [{"status": "error", "category": "INTERNAL", "message": "later"}],
    }
    hubspot.fault("status", "*/contacts/batch/read", status=207, body=json.dumps(body))
    with pytest.raises(TryLater):
        crm.read(refs, ["status"])


def test_an_update_that_never_gets_through_is_interrupted_not_failed(bench: Bench) -> None:
    """Whether it was done is unknown: the caller looks before it goes on."""
    crm = bench.ready()
    ref = bench.some(crm, 1)[0]
    bench.fault("lost_reply", updates(bench), times=None)
    with pytest.raises(Interrupted):
        crm.write([change(ref, handoff_stage="nurture")])


@pytest.mark.parametrize("action", ["lost_reply", "reset", "truncate", "empty", "502 html"])
def test_a_create_whose_reply_was_lost_makes_one_task(bench: Bench, action: str) -> None:
    """Done or not done, there is one task per key afterwards, and its ref is known."""
    crm = bench.ready()
    new = [task(bench, ref, f"task|{ref}|1") for ref in bench.some(crm, 6)]
    if action == "502 html":
        bench.fault("status", creates(bench), status=502, body=HTML, content_type="text/html")
    else:
        bench.fault(action, creates(bench))
    outcomes = crm.create(new)
    assert {outcome.fate for outcome in outcomes} == {Fate.DONE}
    assert len({outcome.ref for outcome in outcomes}) == 6
    assert bench.count(bench.task_object) == 6
    assert crm.find("task", [one.unique_key for one in new]) == {one.unique_key: got.ref for one, got in zip(new, outcomes, strict=True)}


def test_hubspot_waits_as_its_own_client_does(hubspot: Bench) -> None:
    """A search limit has no header and no policy name: one second times the attempt."""
    crm = hubspot.open()
    cursor = hubspot.pages(crm, "contacts")[-1].cursor
    hubspot.fault("status", "*/contacts/search", status=429, body=SECONDLY, times=3)
    hubspot.sleeps.clear()
    hubspot.pages(crm, "contacts", cursor)
    assert [pause for pause in hubspot.sleeps if pause >= 1][:3] == pytest.approx([1.0, 2.0, 3.0], abs=0.6)


def test_retry_after_is_honoured(hubspot: Bench) -> None:
    """Where HubSpot says how long, it is waited that long."""
    crm = hubspot.open()
    crm.fields("contacts")
    hubspot.fault("status", "*/contacts", status=429, body=BURST, headers={"Retry-After": "7"})
    hubspot.pages(crm, "contacts")
    assert max(hubspot.sleeps) == pytest.approx(7, abs=0.5)


def test_limits_enforced_by_the_crm_are_lived_with(hubspot: Bench) -> None:
    """With the real limits on and real pauses, every page arrives; the connector paces itself, so refusals stay the exception."""
    account = hubspot.account(search_limit_per_second=5, limit_per_10s=190)
    clocks = Clocks(hubspot.sandbox.clock.now, lambda: datetime.now(UTC), time.monotonic, time.sleep)
    paced = open_crm("hubspot", account, hubspot.field_map, clocks)
    hubspot.opened.append(paced)
    cursor = hubspot.pages(paced, "contacts")[-1].cursor
    hubspot.sandbox.limits.set("hubspot.searches_per_second", 5)
    hubspot.sandbox.limits.set("hubspot.ten_secondly", 190)
    hubspot.sandbox.counters.reset()
    found = [union(hubspot.pages(paced, "contacts", cursor)) for _ in range(8)]
    assert all(one == found[0] for one in found)
    assert hubspot.made() == paced.calls_made()["contacts.search"] < 12


def test_a_run_right_after_another_waits_instead_of_being_refused(hubspot: Bench) -> None:
    """What an earlier process sent with the same token still counts, and HubSpot's headers tell of it."""
    refs = hubspot.some(hubspot.open(), 1)
    hubspot.sandbox.limits.set("hubspot.ten_secondly", 20)
    hubspot.sandbox.hubspot.limiter.reset()

    def sleep(seconds: float) -> None:
        hubspot.sleeps.append(seconds)
        hubspot.sandbox.hubspot.limiter.reset()  # ten seconds have gone by

    for _ in range(2):
        clocks = Clocks(hubspot.sandbox.clock.now, lambda: datetime.now(UTC), hubspot.seconds, sleep)
        run = open_crm("hubspot", hubspot.account(limit_per_10s=20), hubspot.field_map, clocks)
        hubspot.opened.append(run)
        run.fields("contacts")
        hubspot.sandbox.counters.reset()
        before = sum(run.calls_made().values())
        for _ in range(15):
            run.read(refs, ["email"])
        assert sum(run.calls_made().values()) - before == 15
    assert hubspot.sleeps == [pytest.approx(10.0, abs=0.5)]


def test_a_token_without_scope_names_what_it_lacks(hubspot: Bench) -> None:
    """The message is what an administrator has to tick."""
    crm = hubspot.open("no_scope")
    assert crm.identity().account_id
    with pytest.raises(Refused, match=r"crm\.objects\.contacts\.read|crm\.schemas") as refused:
        hubspot.pages(crm, "contacts")
    assert refused.value.reason == "scope"


def test_an_expired_token_says_so(hubspot: Bench) -> None:
    """HubSpot's static tokens cannot be renewed by us."""
    with pytest.raises(Refused) as refused:
        hubspot.open("expired").identity()
    assert refused.value.reason == "expired"


def test_index_lag_hides_nothing_for_good(hubspot: Bench) -> None:
    """What search did not show yet is shown by a later pull: windows overlap by the known lag."""
    crm = hubspot.open()
    cursor = hubspot.pages(crm, "contacts")[-1].cursor
    hubspot.sandbox.switches.set("hubspot.search_lag_seconds", 1_800.0)
    hubspot.later(7_200)
    new = [hubspot.add_lead(f"late{number}@lag.example") for number in range(20)]
    hubspot.later(300)
    first = hubspot.pages(crm, "contacts", cursor)
    hubspot.later(2_400)
    second = hubspot.pages(crm, "contacts", first[-1].cursor)
    assert not set(new) <= set(union(first))
    assert set(new) <= set(union(first)) | set(union(second))


def test_late_commits_hide_nothing(salesforce: Bench) -> None:
    """A long transaction's rows appear later with older stamps: coverage is held back, and they arrive."""
    crm = salesforce.open()
    page = salesforce.pages(crm, "Lead")[-1]
    salesforce.later(3_600)
    started = salesforce.sandbox.clock.now()
    held = [salesforce.add_lead(f"held{number}@late.example", commit_after_seconds=1_200.0) for number in range(3)]
    salesforce.later(600)
    first = salesforce.pages(crm, "Lead", page.cursor)
    assert not set(held) & set(union(first))
    assert first[-1].covered_until is not None
    assert first[-1].covered_until <= started
    salesforce.later(1_200)
    assert set(held) <= set(union(salesforce.pages(crm, "Lead", first[-1].cursor)))


def test_an_expired_locator_starts_again_from_the_watermark(salesforce: Bench) -> None:
    """Nothing lost, nothing doubled."""
    salesforce.sandbox.switches.set("salesforce.page_size", 30)
    whole = sorted(union(salesforce.pages(salesforce.open(), "Lead")))
    body = '[{"message":"invalid query locator","errorCode":"INVALID_QUERY_LOCATOR"}]'
    salesforce.fault("status", "*/query/01g*", status=400, body=body, after=1, times=2)
    assert sorted(union(salesforce.pages(salesforce.open(), "Lead"))) == whole


def test_a_session_that_runs_out_is_renewed_once_and_the_owner_stays(salesforce: Bench) -> None:
    """The repeated update still says that no assignment rule may run: an active rule does not take the owner."""
    queue = salesforce.model.add_queue("Taken by the rule")
    salesforce.model.set_assignment_rule("Route", [{"conditions": [], "owner_id": queue}])
    crm = salesforce.ready()
    refs = salesforce.some(crm, 10)
    owners = {ref: salesforce.stored(ref)["OwnerId"] for ref in refs}
    tokens = crm.calls_made()["token"]
    salesforce.fault("expire_token", "*/composite/sobjects")
    outcomes = crm.write([change(ref, status="Working - Contacted") for ref in refs])
    assert {outcome.fate for outcome in outcomes} == {Fate.DONE}
    assert crm.calls_made()["token"] == tokens + 1
    assert {ref: salesforce.stored(ref)["OwnerId"] for ref in refs} == owners


def test_locked_rows_are_sent_again_and_only_they(salesforce: Bench) -> None:
    """UNABLE_TO_LOCK_ROW on some rows: those are retried after a pause; the last word is per row."""
    crm = salesforce.ready()
    refs = salesforce.some(crm, 10)
    salesforce.fault("rows", "*/composite/sobjects", rows=4, code="UNABLE_TO_LOCK_ROW")
    outcomes = crm.write([change(ref, handoff_stage="mql") for ref in refs])
    assert {outcome.fate for outcome in outcomes} == {Fate.DONE}
    assert sum(salesforce.sleeps) >= 1
    salesforce.fault("rows", "*/composite/sobjects", rows=4, code="UNABLE_TO_LOCK_ROW", times=None)
    fates = [outcome.fate for outcome in crm.write([change(ref, handoff_stage="nurture") for ref in refs])]
    assert fates.count(Fate.RETRY) == 4
    assert fates.count(Fate.DONE) == 6


def test_an_object_the_org_has_not_is_an_absent_source(salesforce: Bench) -> None:
    """No e-mail logging is no silence and no error: the page says what is absent."""
    salesforce.fault("status", "*/sobjects/EmailMessage/describe", status=404, body='[{"message":"gone","errorCode":"NOT_FOUND"}]')
    crm = salesforce.open()
    pages = salesforce.pages(crm, "EmailMessage")
    assert [page.absent != "" for page in pages] == [True]
    assert "EmailMessage" in pages[0].absent
    assert pages[0].covered_until is None  # what we may not read may hold anything (law 6)
    assert salesforce.pages(crm, "Task")[-1].absent == ""


def test_the_older_api_version_reads_and_writes_alike(hubspot: Bench) -> None:
    """One setting moves every path."""
    new, old = hubspot.ready(), hubspot.open(version="v3")
    assert hubspot.leads(old).keys() == hubspot.leads(new).keys()
    ref = hubspot.some(old, 1)[0]
    assert old.write([change(ref, handoff_stage="mql")])[0].fate is Fate.DONE
    assert [one.fate for one in old.create([task(hubspot, ref, "k")])] == [Fate.DONE]
    assert {person.key for person in old.people()} == {person.key for person in new.people()}


def test_a_crm_that_takes_the_call_and_never_answers_does_not_hang_the_run(bench: Bench) -> None:
    """Law 11: every request has a time-out; the SDKs have none of their own."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        crm = bench.open(base_url=address, read_timeout_seconds=0.2, attempts=2)
        with pytest.raises(TryLater):
            crm.identity()
