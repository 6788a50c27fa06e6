"""Notices through the engine: once, at their time, never about the backlog; what cannot be told is known."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from engine_worlds import Place

from engine.context import Engine, Message, NoChannel, NotSent
from engine.deliver import TOO_LATE, UNCERTAIN, digest_text, is_quiet
from engine.digests import send_digests
from engine.report import RunSummary
from engine.sync import sync
from handoff.decision import Effect, EffectKind
from handoff.facts import Ref
from ledger.values import EffectRow

ANNA = Ref("salesforce", "Lead", "s-anna")
EVENING = timedelta(hours=12)  # ten in the morning in New York becomes ten at night


@dataclass
class Recorder:
    """Keeps what it is given; raises `fails` instead when set."""

    sent: list[Message] = field(default_factory=list)
    fails: Exception | None = None

    def send(self, message: Message) -> None:
        if self.fails is not None:
            raise self.fails
        self.sent.append(message)


class Died(BaseException):
    """The process ends here."""


def telling(company: Place, recorder: Recorder) -> Engine:
    return replace(company.engine, notifier=recorder)


def synced(company: Place, recorder: Recorder) -> RunSummary:
    return sync(telling(company, recorder), "apply")


@pytest.fixture
def settled(company: Place) -> Place:
    """A company after its adoption, with one lead in nurture."""
    company.person("anna")
    company.adopted()
    company.world.now += timedelta(minutes=5)
    return company


@pytest.mark.requirement("R79", "R80", "R81")
def test_a_hand_raise_is_told_at_once_and_only_once(settled: Place) -> None:
    recorder = Recorder()
    settled.asks(ANNA)
    summary = synced(settled, recorder)
    (message,) = recorder.sent
    assert message.subject.startswith("Call now: demo request")
    assert (message.audience, summary.counts.told) == ("rep", 1)
    for _ in range(3):
        settled.world.now += timedelta(minutes=5)
        synced(settled, recorder)
    assert len([one for one in recorder.sent if one.subject.startswith("Call now")]) == 1


def test_the_backlog_pages_nobody(company: Place) -> None:
    company.asks(company.person("anna"), days_ago=3)
    company.adopted()
    recorder = Recorder()
    synced(company, recorder)
    assert [one for one in recorder.sent if one.audience in ("rep", "manager")] == []


def test_without_a_channel_the_summary_says_so_and_nothing_is_poured_out_later(settled: Place) -> None:
    settled.asks(ANNA)
    summary = synced(settled, Recorder(fails=NoChannel("no channel is set for rep")))
    assert (summary.counts.told, summary.counts.unheard) == (0, 1)
    later = Recorder()
    synced(settled, later)
    assert [one for one in later.sent if one.audience == "rep"] == []


@pytest.mark.requirement("R85")
def test_a_channel_that_fails_is_tried_again_and_listed_after_an_hour(settled: Place) -> None:
    settled.salesforce.edit(ANNA, {"status": "Closed - Not Converted"})
    settled.world.now += timedelta(minutes=5)
    broken = Recorder(fails=NotSent("the block did not take it"))
    synced(settled, broken)
    assert TOO_LATE not in settled.ledger.exceptions.counts()
    settled.world.now += timedelta(hours=23)
    send_digests(telling(settled, broken))
    assert settled.ledger.exceptions.counts()[TOO_LATE] == 1
    mended = Recorder()
    send_digests(telling(settled, mended))
    assert [one.subject for one in mended.sent if one.audience == "marketing"] == ["1 lead for you today"]


@pytest.mark.requirement("R85")
def test_a_notice_whose_sender_died_is_not_sent_twice_but_listed(settled: Place) -> None:
    settled.asks(ANNA)
    with pytest.raises(Died):
        synced(settled, Recorder(fails=Died()))  # type: ignore[arg-type]
    settled.seconds += 400  # the dead run's lease has run out
    recorder = Recorder()
    synced(settled, recorder)
    assert [one for one in recorder.sent if one.audience == "rep"] == []
    assert settled.ledger.exceptions.counts()[UNCERTAIN] == 1


def test_quiet_hours_are_kept_but_not_for_somebody_who_waits(settled: Place) -> None:
    """A hand-raise comes at any hour; the digest of a re-opened lead waits for the morning where the rep is."""
    settled.world.now += EVENING
    settled.asks(ANNA)
    recorder = Recorder()
    synced(settled, recorder)
    assert len([one for one in recorder.sent if one.audience == "rep"]) == 1


def test_a_digest_comes_once_in_the_morning(settled: Place) -> None:
    """One message with everything that came since yesterday; here what sales has closed."""
    settled.salesforce.edit(ANNA, {"status": "Closed - Not Converted"})
    settled.world.now += timedelta(minutes=5)
    recorder = Recorder()
    synced(settled, recorder)
    assert [one for one in recorder.sent if one.audience == "marketing"] == []
    settled.world.now += timedelta(days=1)
    send_digests(telling(settled, recorder))
    send_digests(telling(settled, recorder))
    assert [one.subject for one in recorder.sent if one.audience == "marketing"] == ["1 lead for you today"]


def test_a_long_digest_says_how_many_more() -> None:
    rows = [
        EffectRow(number, Effect(EffectKind.NOTIFY, "l", "n", number, None, "", f"lead {number}"), "planned", 1, "", "", None)
        for number in range(15)
    ]
    assert digest_text(rows).splitlines()[-1] == "and 3 more"


@pytest.mark.parametrize(("hour", "quiet"), [(3, True), (8, False), (12, False), (18, False), (19, True), (23, True)])
def test_quiet_hours_pass_midnight(hour: int, quiet: bool, settled: Place) -> None:
    at = settled.world.now.replace(hour=hour).time()
    assert is_quiet(at, settled.policy.telling) is quiet


@pytest.mark.requirement("R85")
def test_an_alarm_that_did_not_arrive_is_raised_again_by_the_next_run(settled: Place) -> None:
    """A channel that was down for a moment must not silence an alarm for the rest of the day."""
    settled.salesforce.edit(ANNA, {"status": "Unheard of"})
    settled.world.now += timedelta(minutes=5)
    told = synced(settled, Recorder(fails=NotSent("the channel is down")))
    assert any("revops could not be told" in note for note in told.notes)
    for expected in (1, 0):  # told now, and not again on the same day
        settled.world.now += timedelta(minutes=15)
        recorder = Recorder()
        synced(settled, recorder)
        assert len([one for one in recorder.sent if one.audience == "revops"]) == expected
