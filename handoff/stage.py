"""The transition table and the passage of time.

`walk` reads the rows of the lead's stage in the table's order; the first whose condition holds fires, and every row before it is traced
with the test that decided against it. `next_look` is the earliest moment at which the answer could differ although nothing new is
learned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from handoff import last_call, reasons, recycle
from handoff.calendar import DAY_SECONDS, seconds_of
from handoff.case import Case
from handoff.compiled import Block, Row, Trial
from handoff.counters import leaves
from handoff.decision import Reason
from handoff.intent import falls_below
from handoff.match import MOST_ANSWERS
from handoff.response import minute_moments
from handoff.signals import BASES, base_of, covered, latest_status_edit, neglect_bar, settles_at, steps_of_offer, taken_in_hand

COVERED = frozenset({"sunset.due", "silence.report"})  # these wait for the sources as silence does
GIVEN_BACK = frozenset({"status.event", "reason.given"})
EDITED_SINCE = ("no", "adopting", "is", "true", "edited since by a person")
RECHECK_SECONDS = 900  # a source lags a little behind a deadline: look again soon
FARTHEST_DAYS = 3650  # a date typed in error: no deadline follows from it
LONGEST_LOOK_DAYS = 90  # nobody is left unseen for longer


class Walk(NamedTuple):
    """The row that fires (None: stay), with the trace of the rows that lost before it."""

    row: Row | None
    because: list[Reason]


def walk(case: Case) -> Walk:
    """The first row of the lead's stage that holds. Unknown never fires."""
    lost: list[Reason] = []
    for block in case.policy.blocks[case.prior.stage]:
        answer = case[block.signal] if block.signal else None
        for before, row, check in block.answers.get(answer) or _trials(block, answer, case):
            if before:
                lost.extend(before)
            if row is None:
                continue
            verdict = EDITED_SINCE if row.adoption_only and taken_in_hand(case, row) else check(case)
            if verdict is None:
                return Walk(row, lost)
            lost.append(("lost", row.name, *verdict))
    return Walk(None, lost)


def _trials(block: Block, answer: object, case: Case) -> tuple[Trial, ...]:
    """What is left of a block to try; kept per answer, because most rows lose most leads by their first test."""
    found: list[Trial] = []
    before: list[Reason] = []
    for row in block.rows:
        told = row.guard(case) if block.signal else ("unknown",)
        if told is not None and told[0] == "no":
            before.append(("lost", row.name, *told))
        else:
            found.append((tuple(before), row, row.rest if told is None else row.check))
            before = []
    if before:
        found.append((tuple(before), None, block.rows[0].check))
    if len(block.answers) < MOST_ANSWERS:
        block.answers[answer] = tuple(found)
    return tuple(found)


def fact_at(case: Case, row: Row) -> int:
    """When the fact behind a fired row happened: a hand-raise, a status a person picked, an engagement; else now (a clock ran out)."""
    if any(signal.startswith("hand_raise.") for signal in row.reads) and case.history.hand_raises:
        return case.history.hand_raises[0]
    if row.reads & GIVEN_BACK and (edit := latest_status_edit(case)) is not None:
        return edit[0]
    if "intent.new" in row.reads and case.history.engagements:
        return case.history.engagements[0][0]
    return case.now_s


def next_look(case: Case) -> int:
    """Seconds since 1970 of the next deadline after `case.now`, at most 90 days away."""
    now = case.now_s
    moments = [now + LONGEST_LOOK_DAYS * DAY_SECONDS]
    watch = case.policy.watches[case.prior.stage]
    for signal, days in watch.days:
        moments.extend(DEADLINES[signal](case, days))
    if case.clock is not None:
        moments.extend(case.clock.due.values())
        moments.extend(minute_moments(case, watch.minutes))
    if watch.cadence:
        moments.extend(_cadence_ends(case))
    review = case.prior.review_at
    if watch.review and review is not None:
        moments.append(seconds_of(review))
    if watch.next_step:
        moments.extend(case.history.open_steps)
    if case.history.later is not None:
        moments.append(case.history.later)
    if watch.intent_falls and case.history.engagements:
        moments.extend(_falling(case, watch.intent_levels))
    if watch.counts and case.history.events:
        moments.extend([moment for signal in watch.counts if (moment := leaves(case, signal)) is not None])
    if watch.settles:
        moments.append(settles_at(case))
    return min([moment for moment in moments if moment > now])


def alerts(case: Case) -> tuple[tuple[str, str], ...]:
    """What stands on the exceptions list for the lead as it is now: (name, what to do)."""
    return tuple([(alert.name, alert.says) for alert in case.policy.alerts[case.prior.stage] if alert.check(case) is None])


Deadlines = Callable[[Case, tuple[int, ...]], list[int]]
"""When the answer of a whole-day signal may change, in seconds, given the days rules compare it with."""


def _of_last_call(signal: str) -> Deadlines:
    def deadlines(case: Case, _: tuple[int, ...]) -> list[int]:
        moments = last_call.moments(case, signal)
        return moments + _uncovered(case, moments) if moments else moments

    return deadlines


def _of_recycling(signal: str) -> Deadlines:
    def deadlines(case: Case, days: tuple[int, ...]) -> list[int]:
        moments = recycle.moments(case, signal, days)
        return moments + _uncovered(case, moments) if signal in COVERED else moments

    return deadlines


def _since(signal: str) -> Deadlines:
    """Whole days since a moment that is not a typing error."""
    base_of = BASES[signal]

    def deadlines(case: Case, days: tuple[int, ...]) -> list[int]:
        base = base_of(case)
        if base is None or base > case.now_s + FARTHEST_DAYS * DAY_SECONDS:
            return []
        return [base + number * DAY_SECONDS for number in days]

    return deadlines


def _silent_days(case: Case, days: tuple[int, ...]) -> list[int]:
    moments = _since("silent_days")(case, days)
    return moments + _uncovered(case, moments)


def _idle_days(case: Case, days: tuple[int, ...]) -> list[int]:
    base = base_of(case, "idle_business_days")
    if base is None or base > case.now_s + FARTHEST_DAYS * DAY_SECONDS:
        return []
    return [case.policy.calendar.add_business_days(base, number) for number in days]


def _neglect(case: Case, _: tuple[int, ...]) -> list[int]:
    bar = neglect_bar(case)
    return [] if bar is None else _idle_days(case, (bar,))


DEADLINES: Mapping[str, Deadlines] = {
    **{signal: _since(signal) for signal in BASES},
    "silent_days": _silent_days,
    "idle_business_days": _idle_days,
    "neglect.due": _neglect,
    "reason.missing_days": reasons.moments,
    **{signal: _of_recycling(signal) for signal in recycle.VALUES},
    **{signal: _of_last_call(signal) for signal in last_call.VALUES},
}


def _cadence_ends(case: Case) -> list[int]:
    """When the touches made so far have been spread over the days the cadence asks for."""
    cadence = case.cadence
    if cadence is None or not cadence.over_business_days:
        return []
    steps, _ = steps_of_offer(case)
    return [case.policy.calendar.add_business_days(steps[-1], cadence.over_business_days)] if steps else []


def _uncovered(case: Case, deadlines: list[int]) -> list[int]:
    """Silence that is due by the clock but not by what is covered yet: look again soon, or as soon as a stalled source may be back."""
    if not any(deadline <= case.now_s for deadline in deadlines):
        return []
    until = covered(case)
    if until is None:
        return [case.now_s + DAY_SECONDS // 4]
    return [case.now_s + RECHECK_SECONDS] if any(until < deadline <= case.now_s for deadline in deadlines) else []


def _falling(case: Case, levels: tuple[int, ...]) -> list[int]:
    """When the score falls below the next of these levels; those further down come later."""
    below = [level for level in levels if level <= case.intent.score]
    moment = falls_below(case.policy.intent, case.history.engagements, case.now_s, max(below)) if below else None
    return [] if moment is None else [moment]
