"""What became of every hand-over to a rep: when it was due, when a person answered, and how long the lead had waited. Pure.

The agreed time is the cadence's of the lead's type, in business minutes on the clock the response rules use (`handoff.response`), and never
before the due time of the lead's own task: a backlog is spread over days. Not booked to the rep: absences, what a hand-raise waited before
we offered it, the time until the offer stood in the CRMs, and outages of ours or a vendor's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from handoff.calendar import Calendar, seconds_of
from handoff.compiled import CompiledPolicy
from handoff.decision import Decision, Frame, Prior, Side
from handoff.facts import LeadFacts
from handoff.records import departure, routed_records
from handoff.response import MINUTE, Windows, apart, hand_raise_start, reached, waited_seconds
from handoff.touches import read_history
from ledger.values import Past

BROKEN = frozenset({"failed", "lost", "partial"})
"""How a run ends when one CRM could not be reached, or we ourselves could not go on."""
WELL = frozenset({"done", "nothing_to_do", "needs_approval"})
BY_PERSON = frozenset({"status.event", "reason.given"})
"""Signals of rules that answer a person's own entry in the CRM."""


class Result(StrEnum):
    """How a hand-over ended for its rep. `TAKEN_BACK`: the lead left in time and unanswered, by nobody's fault."""

    IN_TIME = "in time"
    LATE = "late"
    NONE = "none"
    WAITING = "waiting"
    TAKEN_BACK = "taken back"


@dataclass(frozen=True, slots=True)
class HandOver:
    """One lead given to one rep ("": a queue or nobody). Times are seconds since 1970; `minutes` are business minutes until the answer."""

    lead: str
    rep: str
    offered: int
    due: int | None
    answered: int | None
    ended: int | None
    minutes: int | None
    late_minutes: int

    def result(self, now: int) -> Result:
        """In time when nothing was agreed. Who never answered is judged by whether the agreed time had gone by."""
        if self.answered is not None:
            return Result.LATE if self.due is not None and self.answered > self.due else Result.IN_TIME
        if self.due is not None and (now if self.ended is None else self.ended) > self.due:
            return Result.NONE
        return Result.WAITING if self.ended is None else Result.TAKEN_BACK


@dataclass(frozen=True, slots=True)
class Clocks:
    """What hand-overs are measured with: the present frame, absences by rep, outages. Windows are in seconds since 1970."""

    compiled: CompiledPolicy
    frame: Frame
    away: Mapping[str, Windows]
    outages: Windows
    now: datetime


class _Promise(NamedTuple):
    start: int
    away: Windows
    waived: int
    due: int | None


def outages(endings: Iterable[tuple[datetime, datetime | None, str]], now: datetime) -> Windows:
    """From a run that broke off until the next one that ended well; one that still lasts ends now."""
    found: list[tuple[int, int]] = []
    since: int | None = None
    for started, finished, state in endings:
        if state in BROKEN and since is None:
            since = seconds_of(started)
        elif state in WELL and since is not None:
            found.append((since, seconds_of(finished or started)))
            since = None
    return tuple(found if since is None else [*found, (since, seconds_of(now))])


def absences(frames: Iterable[tuple[datetime, Frame]], latest: Frame, calendar: Calendar) -> dict[str, Windows]:
    """Rep -> when they were away: of each day's frame that day's part, because people.csv forgets an absence that is over, and all that
    is said now.
    """
    found = {key: list(rep.away) for key, rep in latest.reps.items() if rep.away}
    for at, frame in frames:
        begins = calendar.midnight(calendar.local_date(seconds_of(at)))
        ends = calendar.next_midnight(begins)
        for key, rep in frame.reps.items():
            for since, until in rep.away:
                if (part := (max(since, begins), min(until, ends)))[0] < part[1]:
                    found.setdefault(key, []).append(part)
    return {key: apart(windows, 0) for key, windows in found.items()}


def hand_overs(facts: LeadFacts, prior: Prior | None, past: Sequence[Past], clocks: Clocks) -> list[HandOver]:
    """Every offer of a lead, oldest first. One that was undone is none."""
    offered_stage = clocks.compiled.policy.offered_stage
    touches: list[int] | None = None
    made: list[HandOver] = []
    before: datetime | None = None
    for place, one in enumerate(past):
        decision, offered_at = one.decision, one.decision.offered_at
        fresh, before = offered_at != before, offered_at
        if not fresh or offered_at is None or decision.stage != offered_stage or _undone(place, past, prior):
            continue
        if touches is None:
            touches = read_history(facts.activities, clocks.now, clocks.compiled.intent, clocks.frame.owners).touches[::-1]
        made.append(_hand_over(facts, one, _end(past[place + 1 :], decision), touches, clocks))
    return made


def _undone(place: int, past: Sequence[Past], prior: Prior | None) -> bool:
    """Whether the lead went on from another stage than this decision led to: somebody took the run back."""
    if place + 1 < len(past):
        return past[place + 1].decision.from_stage != past[place].decision.stage
    return prior is None or prior.stage != past[place].decision.stage


def _end(later: Sequence[Past], offer: Decision) -> Past | None:
    """What ended the offer: another stage, or another offer."""
    return next((one for one in later if one.decision.stage != offer.stage or one.decision.offered_at != offer.offered_at), None)


def _hand_over(facts: LeadFacts, offer: Past, end: Past | None, touches: Sequence[int], clocks: Clocks) -> HandOver:
    decision, calendar = offer.decision, clocks.compiled.calendar
    now = seconds_of(clocks.now)
    offered = seconds_of(decision.offered_at or offer.at)
    ended = seconds_of(end.at) if end is not None else now if departure(facts, routed_records(facts, clocks.compiled.carriers)) else None
    promise = _promise(offer, offered, clocks)
    answered = _answered(touches, offered, ended, end, clocks)
    waited = None if answered is None else waited_seconds(calendar, promise.start, answered, promise.away, promise.waived) // MINUTE
    late = 0 if promise.due is None else waited_seconds(calendar, promise.due, now, promise.away) // MINUTE
    rep = decision.owner if decision.owner in clocks.frame.reps else ""
    return HandOver(decision.lead, rep, offered, promise.due, answered, ended, waited, late)


def _answered(touches: Sequence[int], offered: int, ended: int | None, end: Past | None, clocks: Clocks) -> int | None:
    """The first call, mail or meeting by a person during the offer, or the entry in the CRM with which somebody took or returned it."""
    first = next((at for at in touches if at >= offered and (ended is None or at <= ended)), None)
    if first is not None or end is None:
        return first
    row = clocks.compiled.by_name.get(end.decision.transition)
    entered = row is not None and bool(row.reads & BY_PERSON)
    accepted = end.decision.side is Side.SALES and end.decision.stage != clocks.compiled.policy.offered_stage
    if not entered and not accepted:
        return None
    fact = end.decision.fact_at
    return seconds_of(fact) if fact is not None and offered <= seconds_of(fact) <= seconds_of(end.at) else seconds_of(end.at)


def _promise(offer: Past, offered: int, clocks: Clocks) -> _Promise:
    """When the clock began, what of it does not count, and when an answer was due."""
    decision, compiled, calendar = offer.decision, clocks.compiled, clocks.compiled.calendar
    cadence = compiled.cadences.get(decision.lead_type) or compiled.cadences.get("")
    arrived = offered if offer.written_at is None else max(offered, seconds_of(offer.written_at))
    away = apart([*clocks.away.get(decision.owner, ()), *clocks.outages, (offered, arrived)], offered)
    start, waived = offered, 0
    if cadence is not None and cadence.clock == "hand_raise" and decision.hand_raise_at is not None:
        asked = max(seconds_of(at) for at in (decision.hand_raise_at, decision.adopted_at) if at is not None)
        start, waived = hand_raise_start(calendar, asked, compiled.policy.hand_raise), decision.waived_seconds
    marks = [] if decision.due_at is None else [seconds_of(decision.due_at)]
    if cadence is not None and cadence.respond_minutes is not None:
        agreed = cadence.respond_minutes * MINUTE
        marks += [reached(calendar, start, agreed, away, waived), reached(calendar, offered, agreed, away)]
    return _Promise(start, away, waived, max(marks, default=None))
