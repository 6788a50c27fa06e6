"""The small shared parts: throttle, retry, loop guard, redaction, values, markers, SOQL text, field history."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.account import HubSpotAccount, SalesforceAccount
from connectors.clocks import Clocks
from connectors.hubspot import history
from connectors.hubspot.errors import row_reason
from connectors.loop_guard import LoopGuard
from connectors.marker import key_in, marked
from connectors.protocol import Interrupted, Person, Refused, TryLater
from connectors.redaction import redact
from connectors.registry import CONNECTORS, open_crm
from connectors.retry import LONGEST_WAIT_SECONDS, Retry, Sending
from connectors.salesforce import history as salesforce_history
from connectors.salesforce import soql
from connectors.throttle import Throttle
from connectors.values import epoch_ms, instant, instant_text, whole_number, without_scheme
from mappings.fields import FieldSpec, FieldType, load_field_map


class Clock:
    """Monotonic seconds that pass only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.slept.append(seconds)
        self.now += seconds


_REQUESTS = st.tuples(st.floats(0, 3), st.floats(0, 2), st.floats(0, 1))
"""Seconds before a request, seconds it takes, and the part of these after which it arrives at the CRM."""


@given(st.integers(1, 8), st.lists(_REQUESTS, min_size=1, max_size=60))
def test_no_window_ever_holds_more_than_the_limit(limit: int, requests: list[tuple[float, float, float]]) -> None:
    """Whatever the rhythm of requests, and however long each is on its way, any 10 seconds of the CRM see at most `limit` of them."""
    clock, arrivals = Clock(), []
    throttle = Throttle(limit, 10.0, lambda: clock.now, clock.sleep)
    for pause, takes, arrives_after in requests:
        clock.now += pause
        with throttle.turn():
            arrivals.append(clock.now + takes * arrives_after)
            clock.now += takes
    for start in range(len(arrivals) - limit):
        assert arrivals[start + limit] - arrivals[start] >= 10.0 - 1e-6


def test_a_throttle_that_is_not_full_never_waits() -> None:
    """A rate limit costs nothing below it."""
    clock = Clock()
    throttle = Throttle(5, 10.0, lambda: clock.now, clock.sleep)
    for _ in range(5):
        with throttle.turn():
            pass
    assert clock.slept == []
    with throttle.turn():
        pass
    assert clock.slept == [pytest.approx(10.0)]


def test_a_request_under_way_keeps_its_place() -> None:
    """Several threads share one limit: what was not answered yet may be counted at any moment until it is."""
    clock = Clock()
    throttle = Throttle(2, 10.0, lambda: clock.now, clock.sleep)
    with throttle.turn(), throttle.turn():
        clock.now += 3.0
    with throttle.turn():
        assert clock.slept == [pytest.approx(10.0)]


def test_what_others_sent_counts_as_soon_as_the_crm_tells_of_it() -> None:
    """A run that follows another one waits instead of being refused; its own requests are not counted twice."""
    clock = Clock()
    throttle = Throttle(10, 10.0, lambda: clock.now, clock.sleep)
    for left in (3, 2, 1, 0):
        with throttle.turn() as taken:
            throttle.heard(left, taken)
    assert clock.slept == []
    clock.now += 4.0
    with throttle.turn():
        assert clock.slept == [pytest.approx(6.0)]


def test_a_slow_reply_invents_nobody_elses_requests() -> None:
    """What the CRM counted when a request arrived is held against what we had sent by then, not against what is left when it answered."""
    clock = Clock()
    throttle = Throttle(10, 10.0, lambda: clock.now, clock.sleep)
    for _ in range(8):
        with throttle.turn():
            pass
    clock.now += 9.0
    with throttle.turn() as taken:
        clock.now += 2.5
        throttle.heard(1, taken)  # said of the moment at which it arrived: eight of ours, and itself
    for _ in range(9):
        with throttle.turn():
            pass
    assert clock.slept == []


def test_threads_share_one_limit_though_some_of_their_requests_fail() -> None:
    """Nobody waits for ever, no place is lost, and no window sees more than the limit."""
    throttle = Throttle(5, 0.05, time.monotonic, time.sleep)
    sent: list[float] = []

    def send(number: int) -> None:
        with contextlib.suppress(ValueError), throttle.turn():
            sent.append(time.monotonic())
            if number % 5 == 0:
                raise ValueError

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, range(60)))
    sent.sort()
    assert len(sent) == 60
    assert all(later - earlier >= 0.05 for earlier, later in zip(sent, sent[5:], strict=False))


def test_a_held_throttle_lets_nobody_pass() -> None:
    """When the CRM says that a limit is reached, everybody who shares it waits."""
    clock = Clock()
    throttle = Throttle(100, 10.0, lambda: clock.now, clock.sleep)
    throttle.hold(4.0)
    with throttle.turn():
        pass
    assert clock.slept == [pytest.approx(4.0)]


class Flaky:
    """Fails as told, then answers."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.calls = 0

    def __call__(self) -> str:
        """The next failure, or the answer."""
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)
        return "answer"


@pytest.mark.parametrize(
    ("failures", "sending", "calls", "outcome"),
    [
        ([TryLater("x")], Sending.READ, 2, "answer"),
        ([TryLater("x")], Sending.CREATE, 2, "answer"),  # nothing was decided: a create may be sent again
        ([Interrupted("x")], Sending.UPDATE, 2, "answer"),
        ([Interrupted("x")], Sending.CREATE, 1, Interrupted),
        ([Refused("x")], Sending.READ, 1, Refused),
        ([TryLater("x", LONGEST_WAIT_SECONDS + 1)], Sending.READ, 1, TryLater),
        ([TryLater("x")] * 9, Sending.READ, 4, TryLater),
    ],
)
def test_what_is_sent_again(failures: list[Exception], sending: Sending, calls: int, outcome: object) -> None:
    """Retry by meaning, and a bounded number of times."""
    flaky, clock = Flaky(*failures), Clock()
    retry = Retry(clock.sleep, attempts=4)
    if isinstance(outcome, str):
        assert retry.call(flaky, sending) == outcome
    else:
        with pytest.raises(outcome):  # type: ignore[call-overload]
            retry.call(flaky, sending)
    assert flaky.calls == calls


def test_stated_waits_grow_with_the_attempt_and_stay_bounded() -> None:
    """One second, two, three ...; never more than the longest wait."""
    clock = Clock()
    with pytest.raises(TryLater):
        Retry(clock.sleep, attempts=8).call(Flaky(*[TryLater("x", 15.0)] * 9), Sending.READ)
    assert clock.slept == [15.0, 30.0, 45.0, 60.0, 60.0, 60.0, 60.0]


@given(st.integers(0, 40), st.integers(1, 25))
def test_a_cursor_that_comes_round_is_noticed(lead_in: int, period: int) -> None:
    """Cycles of any length, after any beginning, within a bounded number of steps."""
    guard = LoopGuard("walk")
    steps = [step if step < lead_in else lead_in + (step - lead_in) % period for step in range(9 * lead_in + 8 * period + 8)]
    with pytest.raises(Refused) as refused:
        deque((guard.step(str(step)) for step in steps), maxlen=0)
    assert refused.value.reason == "loop"


def test_cursors_that_move_are_left_alone() -> None:
    """A long honest walk raises nothing."""
    guard = LoopGuard("walk")
    for step in range(5_000):
        assert guard.step(str(step)) == str(step)


@pytest.mark.parametrize(
    "words",
    [
        "token pat-na1-0a1b2c3d-4e5f-6789-abcd-ef0123456789 was not accepted",
        "Authorization: Bearer abc.def.ghi",
        "session 00D5g0000000001!AQEAQabc.def_ghi is over",
        'body {"access_token":"s3cr3t-value","scope":"api"}',
        "form client_secret=s3cr3t-value&grant_type=x",
        "mail to Jörg.Müller+x@firma.example failed",
        "call +44 20 7946 0958 back",
        "assertion eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrZXkifQ.c2lnbmF0dXJl",
    ],
)
def test_nothing_secret_or_personal_leaves(words: str) -> None:
    """Tokens, sessions, secrets, e-mail addresses and phone numbers are taken out; the rest of the words stays."""
    shown = redact(words)
    for hidden in ("0a1b2c3d", "abc.def.ghi", "AQEAQ", "s3cr3t", "firma.example", "7946", "eyJhbGci"):
        assert hidden not in shown
    assert shown.split()[0] in words


def test_redacted_words_are_short() -> None:
    """A page of HTML does not fill the log."""
    assert len(redact("x" * 10_000)) == 300


def test_hubspots_embedded_errors_are_unfolded() -> None:
    """The message holds JSON: code, property and words come out, people do not."""
    message = 'Property values were not valid: [{"isValid":false,"message":"a@b.example was bad","error":"INVALID_EMAIL","name":"email"}]'
    assert row_reason({"category": "VALIDATION_ERROR", "message": message}) == "INVALID_EMAIL email: (e-mail) was bad"


@pytest.mark.parametrize("key", ["task|hubspot:contacts:1|hand raise|1", "with ] bracket", "100% sure", "a%20b", "ключ"])
def test_a_marker_gives_its_key_back(key: str) -> None:
    """Whatever the key holds, and wherever the text ends."""
    assert key_in(marked("Call them.\nAsk for the budget.", key)) == key
    assert key_in(f"<p>{marked('', key)}</p>") == key
    assert key_in("Somebody else's task [handoff] x") == ""


@given(st.datetimes(timezones=st.just(UTC)).filter(lambda moment: 1971 <= moment.year <= 2100))
def test_instants_keep_their_milliseconds(naive: datetime) -> None:
    """Text and epoch forms are exact to the millisecond."""
    moment = naive.replace(microsecond=naive.microsecond // 1000 * 1000)
    assert instant(instant_text(moment)) == moment
    assert datetime.fromtimestamp(epoch_ms(moment) // 1000, UTC).replace(microsecond=epoch_ms(moment) % 1000 * 1000) == moment


@pytest.mark.parametrize(
    ("text", "plain"), [("240.0", "240"), ("2.4E2", "240"), ("1.5", "1.5"), ("-0.0", "0"), ("nan", "nan"), ("1,000", "1,000"), ("", "")]
)
def test_numbers_are_plain(text: str, plain: str) -> None:
    """Whole numbers lose their point; what is no number stays."""
    assert whole_number(text) == plain


@pytest.mark.parametrize("address", ["https://www.Acme.example/about?x=1", "acme.example", "HTTP://acme.example:8080", " acme.example "])
def test_a_domain_is_a_bare_host(address: str) -> None:
    """Both CRMs' accounts match by domain."""
    assert without_scheme(address) == "acme.example"


def test_soql_takes_no_foreign_text() -> None:
    """Ids are checked, texts are escaped, moments are whole seconds."""
    with pytest.raises(ValueError, match="not a Salesforce record id"):
        soql.ids(["00Q') OR Name != ('"])
    assert soql.texts(["O'Brien \\ x"]) == r"('O\'Brien \\ x')"
    assert soql.moment(datetime(2026, 1, 2, 3, 4, 5, 999, UTC)) == "2026-01-02T03:04:05Z"


@pytest.mark.parametrize(
    ("source", "app", "ours", "author"),
    [
        ("INTEGRATION", "17", True, "integration"),
        ("INTEGRATION", "18", False, "integration"),
        ("INTEGRATION", None, True, "integration"),  # HubSpot names no app: an own write must not be undone
        ("CRM_UI", "userId:5", False, "person"),
        ("AUTOMATION_PLATFORM", "enrollmentId:1", False, "automation"),
        ("SALESFORCE", None, False, "integration"),
        ("SOMETHING_NEW", "17", False, "automation"),
    ],
)
def test_who_wrote_in_hubspot(source: str, app: str | None, ours: bool, author: str) -> None:
    """By source type, and our own app id; an unknown source is never ours."""
    entry = {"sourceType": source, "sourceId": app, "timestamp": "2026-01-01T00:00:00.000Z", "value": "x"}
    assert history.is_ours(entry, "17") is ours
    assert history.author_of(entry) == author


@pytest.mark.parametrize(
    ("source", "source_id", "via"),
    [
        ("INTEGRATION", "18", "INTEGRATION 18"),
        ("SALESFORCE", "Salesforce Connector", "SALESFORCE"),
        ("AUTOMATION_PLATFORM", "enrollmentId:1", "AUTOMATION_PLATFORM"),
        ("CRM_UI", "userId:5", ""),
    ],
)
def test_an_edit_names_the_app_and_never_a_person(source: str, source_id: str, via: str) -> None:
    """HubSpot's source type, with the id where it is an app's."""
    entry = {"sourceType": source, "sourceId": source_id, "timestamp": "2026-01-01T00:00:00.000Z", "value": "x"}
    specs = {"status": FieldSpec(name="hs_lead_status", type=FieldType.PICKLIST)}
    (edit,) = history.edits({"propertiesWithHistory": {"hs_lead_status": [entry]}}, specs, datetime(2026, 1, 1, tzinfo=UTC), "17")
    assert edit.via == via


def test_salesforce_users_are_tools_by_the_map_or_by_their_profile() -> None:
    """A tool is known by name; a person stays unnamed; a queue writes nothing."""
    people = (
        Person("1", "ann@acme.example", "Ann", True),
        Person("2", "steps@acme.example", "Steps", True),
        Person("3", "sync@acme.example", "Sync", True, teams=("integration",)),
        Person("4", "queue:Nurture", "Nurture", True, type="queue"),
    )
    found = salesforce_history.author_kinds(people, ("steps@acme.example",))
    assert found == {"1": ("person", ""), "2": ("integration", "Steps"), "3": ("integration", "Sync")}


def test_history_edits_start_at_the_asked_moment() -> None:
    """`since` is inclusive; what is older was known at the re-read."""
    spec = FieldSpec(name="hs_lead_status", type=FieldType.PICKLIST)
    entries = [{"sourceType": "CRM_UI", "timestamp": f"2026-01-01T00:00:0{second}.000Z", "value": str(second)} for second in (3, 2, 1)]
    row = {"propertiesWithHistory": {"hs_lead_status": entries}}
    found = history.edits(row, {"status": spec}, datetime(2026, 1, 1, 0, 0, 2, tzinfo=UTC), "17")
    assert [edit.value for edit in found] == ["2", "3"]


def test_the_registry_knows_its_crms() -> None:
    """One line per CRM; an unknown name and another CRM's account are told."""
    assert set(CONNECTORS) == {"hubspot", "hubspot_leads", "salesforce"}
    hubspot = HubSpotAccount(token="pat-na1-x")
    clocks = Clocks(lambda: datetime.now(UTC), lambda: datetime.now(UTC), lambda: 0.0, lambda _: None)
    with pytest.raises(KeyError, match="hubspot, hubspot_leads, salesforce"):
        open_crm("dynamics", hubspot, load_field_map("hubspot"), clocks)
    with pytest.raises(TypeError, match="SalesforceAccount"):
        open_crm("salesforce", hubspot, load_field_map("salesforce"), clocks)


def test_an_account_without_a_way_in_is_refused() -> None:
    """Client secret, or key and user name."""
    with pytest.raises(ValueError, match="client_secret, or private_key"):
        SalesforceAccount(instance_url="https://x.my.salesforce.com", client_id="x", private_key="k")


def test_of_two_changes_with_one_time_stamp_the_later_one_comes_last() -> None:
    """Else the value somebody replaced at once would look like the one that stands, and we would put it back over theirs."""
    spec = FieldSpec(name="hs_lead_status", type=FieldType.TEXT)
    same = "2026-01-01T00:00:03.000Z"
    entries = [{"timestamp": same, "value": value, "sourceType": "CRM_UI"} for value in ("OPEN", "NEW")]  # HubSpot: newest first
    row = {"propertiesWithHistory": {"hs_lead_status": entries}}
    since = datetime(2026, 1, 1, tzinfo=UTC)
    assert [edit.value for edit in history.edits(row, {"status": spec}, since, "17")] == ["NEW", "OPEN"]

    rows = [
        {"Id": f"017{number}", "Field": "Status", "NewValue": value, "CreatedById": "005x", "CreatedDate": "2026-01-01T00:00:03.000+0000"}
        for number, value in ((2, "Open"), (1, "New"))
    ]
    told = salesforce_history.edits(
        {"Histories": {"records": rows}}, {"status": FieldSpec(name="Status", type=FieldType.TEXT)}, since, "005us", {}
    )
    assert [edit.value for edit in told] == ["New", "Open"]
