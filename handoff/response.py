"""The response clock: business minutes a lead has waited for its first human response.

It runs in the offered stage, on offers of ours, until a person calls, writes, meets the lead or picks a status that accepts; an automated
step does not stop it. A hand-raise has one clock from the moment it asked, across re-routes; everything else starts anew with each offer,
or with the task's due time in a backlog that is spread over days. An absence of the owner does not count. What a hand-raise waited before
we offered it at all is not booked to a rep once it is longer than the first re-route: then the clock starts with the offer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from handoff.calendar import Calendar, seconds_of
from handoff.policy_routing import Cadence, HandRaise

if TYPE_CHECKING:
    from handoff.case import Case

MINUTE = 60
Windows = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Clock:
    """A running clock. Times are seconds since 1970; `away` are the owner's absences since the offer, in order and apart."""

    kind: str  # hand_raise or offer
    start: int
    offered: int  # since when the present owner has the lead
    away: Windows
    waived: int  # business seconds that do not count
    cadence: Cadence
    due: dict[str, int] = field(default_factory=dict)  # signal -> from when it is true


@dataclass(frozen=True, slots=True)
class Marks:
    """Business minutes at which something is due; None: never."""

    remind: int | None  # counted from the offer once the lead was re-routed
    late: int | None
    reroute: int | None
    manager: int | None
    final: int | None


def waited_seconds(calendar: Calendar, start: int, now: int, away: Windows = (), waived: int = 0) -> int:
    """Business seconds in [start, now) outside the `away` windows, less `waived`; never below 0."""
    total = calendar.business_seconds(start, now) - waived
    for begins, ends in away:
        total -= calendar.business_seconds(max(start, begins), min(now, ends))
    return max(0, total)


def reached(calendar: Calendar, start: int, seconds: int, away: Windows = (), waived: int = 0) -> int:
    """The earliest instant at which `waited_seconds` is `seconds`."""
    wanted = seconds + waived
    for begins, ends in away:
        if begins >= calendar.add_business_seconds(start, wanted):
            break
        wanted += calendar.business_seconds(max(start, begins), ends)
    return calendar.add_business_seconds(start, wanted)


def apart(windows: Iterable[tuple[int, int]], since: int) -> Windows:
    """The windows after `since`, in order, overlapping ones made one."""
    made: list[tuple[int, int]] = []
    for begins, ends in sorted((max(begins, since), ends) for begins, ends in windows):
        if ends <= begins:
            continue
        if made and begins <= made[-1][1]:
            made[-1] = (made[-1][0], max(ends, made[-1][1]))
        else:
            made.append((begins, ends))
    return tuple(made)


def hand_raise_start(calendar: Calendar, asked: int, clock: HandRaise) -> int:
    """When a hand-raise's clock starts: at once, or out of hours so that the agreed minutes after opening are the response time."""
    if calendar.is_open(asked):
        return asked
    head_start = max(0, clock.respond_after_opening_minutes - clock.respond_minutes) * MINUTE
    return calendar.next_opening(asked) + head_start


def clock_of(case: Case) -> Clock | None:
    """The clock that runs for a lead, with what falls due on it; None where nobody waits for a first response."""
    clock = _running(case)
    if clock is not None:
        clock.due.update(_due(case, clock))
    return clock


def _running(case: Case) -> Clock | None:
    prior = case.prior
    if prior.offered_at is None or prior.stage != case.policy.policy.offered_stage or case["touch.human_since_offer"]:
        return None
    cadence = case.cadence
    if cadence is None:
        return None
    offered = _held_since(case)
    rep = case.frame.reps.get(case.owner)
    away = apart(rep.away, offered) if rep is not None and rep.away else ()
    if cadence.clock == "hand_raise":
        asked = _unanswered(case)
        if asked is not None:
            start = hand_raise_start(case.policy.calendar, asked, case.policy.policy.hand_raise)
            return Clock("hand_raise", start, offered, away, prior.waived_seconds, cadence)
        cadence = case.policy.cadences.get("", cadence)
    return Clock("offer", _offer_start(case, cadence, offered, away), offered, away, 0, cadence)


def _offer_start(case: Case, cadence: Cadence, offered: int, away: Windows) -> int:
    """The offer, or the due time of its task where that is later than the offer would lapse: no task lapses before it is due."""
    due = case.prior.due_at
    if due is None or cadence.accept_minutes is None:
        return offered
    lapses = reached(case.policy.calendar, offered, cadence.accept_minutes * MINUTE, away)
    return seconds_of(due) if seconds_of(due) >= lapses else offered


def _held_since(case: Case) -> int:
    """Since when the present owner has the lead: the offer, the cut-over, or a person's own choice of owner."""
    prior, edited = case.prior, case.history.owner_edited
    moments = [seconds_of(at) for at in (prior.offered_at, prior.adopted_at) if at is not None]
    moments += [
        seconds_of(edit.at) for edit in case.facts.edits if edit.field == "owner" and edit.author == "person" and edit.at <= case.now
    ]
    return max(moments) if edited is None else max(*moments, edited)


def _unanswered(case: Case) -> int | None:
    """When the hand-raise that the offer answers was made; None when a person has answered it since."""
    raised = case.prior.hand_raise_at
    if raised is None:
        return None
    at = seconds_of(raised)
    if case.history.touches and case.history.touches[0] >= at:
        return None
    adopted = case.prior.adopted_at
    return at if adopted is None else max(at, seconds_of(adopted))


def marks_of(case: Case, clock: Clock) -> Marks:
    """What falls due when on a running clock."""
    cadence, reroutes, agreed = clock.cadence, case.prior.reroutes, case.policy.policy.hand_raise
    most = len(agreed.reroute_after_minutes)
    if clock.kind == "hand_raise":
        again = agreed.reroute_after_minutes[reroutes] if reroutes < most else None
        final = agreed.manager_queue_after_minutes
        return Marks(cadence.remind_minutes, cadence.respond_minutes, again, agreed.manager_after_minutes, final)
    accept = cadence.accept_minutes
    if accept is None:
        return Marks(cadence.remind_minutes, cadence.respond_minutes, None, None, None)
    left = max(0, most - reroutes)
    return Marks(
        cadence.remind_minutes, cadence.respond_minutes, accept if left else None, accept if reroutes else None, accept * (left + 1)
    )


def _moment(case: Case, clock: Clock, minutes: int, *, own: bool = False) -> int:
    """When `minutes` are waited. `own`: no earlier than the owner has had the lead for the time in which a response is due."""
    calendar = case.policy.calendar
    at = reached(calendar, clock.start, minutes * MINUTE, clock.away, clock.waived)
    if own and clock.kind == "hand_raise":
        at = max(at, reached(calendar, clock.offered, (clock.cadence.respond_minutes or 1) * MINUTE, clock.away))
    return at


def _remind_at(case: Case, clock: Clock, minutes: int) -> int:
    """A re-routed lead's new owner is reminded after having it for so long, whoever had it before."""
    if case.prior.reroutes and clock.kind == "hand_raise":
        return reached(case.policy.calendar, clock.offered, minutes * MINUTE, clock.away)
    return _moment(case, clock, minutes)


def _due(case: Case, clock: Clock) -> Iterator[tuple[str, int]]:
    """Signal -> the instant from which it is true."""
    marks = marks_of(case, clock)
    if marks.remind is not None:
        yield "response.remind", _remind_at(case, clock, marks.remind)
    if marks.late is not None:
        yield "response.late", _moment(case, clock, marks.late)
    if marks.manager is not None:
        yield "response.escalate", _moment(case, clock, marks.manager)
    if marks.final is not None:
        yield "acceptance.exhausted", _moment(case, clock, marks.final, own=True)
        yield "acceptance.due", _moment(case, clock, marks.final if marks.reroute is None else marks.reroute, own=True)


def minute_moments(case: Case, minutes: Iterable[int]) -> list[int]:
    """When `response.minutes` reaches each number that a rule compares it with."""
    clock = case.clock
    return [] if clock is None else [_moment(case, clock, number) for number in minutes]


def waived_at_offer(case: Case, asked: int | None, now: int) -> int:
    """`waived_seconds` of an offer made now that answers the hand-raise of `asked`.

    A new hand-raise starts with none, unless it reached nobody for as long as the first re-route takes: that delay is ours, not a rep's.
    An offer that goes on with the same hand-raise adds the absence of who had the lead before.
    """
    calendar, agreed, prior = case.policy.calendar, case.policy.policy.hand_raise, case.prior
    if asked is None:
        return 0
    if prior.hand_raise_at is None or seconds_of(prior.hand_raise_at) != asked:
        adopted = prior.adopted_at
        since = asked if adopted is None else max(asked, min(now, seconds_of(adopted)))
        late = calendar.business_seconds(hand_raise_start(calendar, since, agreed), now)
        return late if agreed.reroute_after_minutes and late >= agreed.reroute_after_minutes[0] * MINUTE else 0
    rep = case.frame.reps.get(case.owner)
    if rep is None or not rep.away or prior.offered_at is None:
        return prior.waived_seconds
    windows = apart(rep.away, _held_since(case))
    return prior.waived_seconds + sum(calendar.business_seconds(begins, min(now, ends)) for begins, ends in windows)


def awaits_acceptance(case: Case) -> bool:
    """Whether the response clock answers for the owner's delay, so that neglect does not answer for it as well."""
    return case.clock is not None and "acceptance.due" in case.clock.due


def _minutes(case: Case) -> int | None:
    clock = case.clock
    if clock is None:
        return None
    return waited_seconds(case.policy.calendar, clock.start, case.now_s, clock.away, clock.waived) // MINUTE


def _passed(signal: str) -> Callable[[Case], bool]:
    def value(case: Case) -> bool:
        at = None if case.clock is None else case.clock.due.get(signal)
        return at is not None and case.now_s >= at

    return value


RESPONSE_SIGNALS = ("response.remind", "response.late", "response.escalate", "acceptance.due", "acceptance.exhausted")
VALUES: Mapping[str, Callable[[Case], bool | int | str | None]] = {
    "response.clock": lambda case: "none" if case.clock is None else case.clock.kind,
    "response.minutes": _minutes,
    **{signal: _passed(signal) for signal in RESPONSE_SIGNALS},
}
