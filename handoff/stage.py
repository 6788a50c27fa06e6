"""The transition table and the passage of time.

`walk` reads the rows of the lead's stage in the table's order; the first whose condition holds fires, and every row before it is traced
with the test that decided against it. `next_look` is the earliest moment at which the answer could differ although nothing new is
learned.
"""

from __future__ import annotations

from dataclasses import dataclass

from handoff import last_call, reasons, recycle
from handoff.calendar import DAY_SECONDS, seconds_of
from handoff.case import Case
from handoff.compiled import Block, Item, Row
from handoff.counters import leaves
from handoff.decision import Reason
from handoff.intent import falls_below
from handoff.match import MOST_ANSWERS
from handoff.response import minute_moments
from handoff.signals import base_of, latest_status_edit, neglect_bar, settles_at, steps_of_offer, taken_in_hand
from handoff.silence import covered_until

LAST_CALLS = frozenset(last_call.VALUES)
COVERED = frozenset({"sunset.due", "silence.report"})  # these wait for the sources as silence does
GIVEN_BACK = frozenset({"status.event", "reason.given"})
NOT_ADOPTING = ("no", "adopting", "is", "true", False)
EDITED_SINCE = ("no", "adopting", "is", "true", "edited since by a person")
RECHECK_SECONDS = 900  # a source lags a little behind a deadline: look again soon
FARTHEST_DAYS = 3650  # a date typed in error: no deadline follows from it
LONGEST_LOOK_DAYS = 90  # nobody is left unseen for longer


@dataclass(frozen=True, slots=True)
class Walk:
    """The row that fires (None: stay), with the trace of the rows that lost before it."""

    row: Row | None
    because: tuple[Reason, ...]


def walk(case: Case) -> Walk:
    """The first row of the lead's stage that holds. Unknown never fires."""
    lost: list[Reason] = []
    for block in case.policy.blocks[case.prior.stage]:
        items: tuple[Item, ...] = block.rows
        if block.signal:
            answer = case[block.signal]
            all_lost, items = block.answers.get(answer) or _at_first_test(block, answer, case)
            if all_lost:
                lost.extend(items)  # type: ignore[arg-type]
                continue
        for item in items:
            if isinstance(item, tuple):
                lost.append(item)
                continue
            told = _lost(item, case)
            if told is None:
                return Walk(item, tuple(lost))
            lost.append(told)
    return Walk(None, tuple(lost))


def _lost(row: Row, case: Case) -> Reason | None:
    """The trace of a row that loses, None when it fires."""
    if row.adoption_only and not case.frame.adopting:
        return ("lost", row.name, *NOT_ADOPTING)
    if row.adoption_only and taken_in_hand(case, row):
        return ("lost", row.name, *EDITED_SINCE)
    verdict = row.check(case)
    return None if verdict is None else ("lost", row.name, *verdict)


def _at_first_test(block: Block, answer: object, case: Case) -> tuple[bool, tuple[Item, ...]]:
    """Which rows of a block lose by their first test; kept per answer, because most rows lose most leads that way."""
    verdicts = [(row, row.guard(case)) for row in block.rows]
    items = tuple(("lost", row.name, *told) if told is not None and told[0] == "no" else row for row, told in verdicts)
    settled = (all(isinstance(item, tuple) for item in items), items)
    if len(block.answers) < MOST_ANSWERS:
        block.answers[answer] = settled
    return settled


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
        moments.extend(_deadlines(case, signal, days))
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
    moments.extend(moment for signal in watch.counts if (moment := leaves(case, signal)) is not None)
    if watch.settles:
        moments.append(settles_at(case))
    return min(moment for moment in moments if moment > now)


def alerts(case: Case) -> tuple[tuple[str, str], ...]:
    """What stands on the exceptions list for the lead as it is now: (name, what to do)."""
    return tuple((alert.name, alert.says) for alert in case.policy.alerts[case.prior.stage] if alert.check(case) is None)


def _deadlines(case: Case, signal: str, days: tuple[int, ...]) -> list[int]:
    if signal in LAST_CALLS:
        moments = last_call.moments(case, signal)
        return moments + _uncovered(case, moments) if moments else moments
    if signal == "reason.missing_days":
        return reasons.moments(case, days)
    if signal in recycle.VALUES:
        moments = recycle.moments(case, signal, days)
        return moments + (_uncovered(case, moments) if signal in COVERED else [])
    base = base_of(case, signal)
    if signal == "neglect.due":
        days = _bar(neglect_bar(case))
    if base is None or not days or base > case.now_s + FARTHEST_DAYS * DAY_SECONDS:
        return []
    if signal in ("idle_business_days", "neglect.due"):
        calendar = case.policy.calendar
        return [calendar.add_business_days(base, number) for number in days]
    moments = [base + number * DAY_SECONDS for number in days]
    if signal == "silent_days":
        moments += _uncovered(case, moments)
    return moments


def _cadence_ends(case: Case) -> list[int]:
    """When the touches made so far have been spread over the days the cadence asks for."""
    cadence = case.cadence
    if cadence is None or not cadence.over_business_days:
        return []
    steps, _ = steps_of_offer(case)
    return [case.policy.calendar.add_business_days(steps[-1], cadence.over_business_days)] if steps else []


def _bar(days: int | None) -> tuple[int, ...]:
    return () if days is None else (days,)


def _uncovered(case: Case, deadlines: list[int]) -> list[int]:
    """Silence that is due by the clock but not by what is covered yet: look again soon, or as soon as a stalled source may be back."""
    if not any(deadline <= case.now_s for deadline in deadlines):
        return []
    covered = covered_until(case.policy.policy.silence, case.frame, case.policy.policy.systems, case.now)
    if covered is None:
        return [case.now_s + DAY_SECONDS // 4]
    covered_s = seconds_of(covered)
    return [case.now_s + RECHECK_SECONDS] if any(covered_s < deadline <= case.now_s for deadline in deadlines) else []


def _falling(case: Case, levels: tuple[int, ...]) -> list[int]:
    """When the score falls below the next of these levels; those further down come later."""
    below = [level for level in levels if level <= case.intent.score]
    moment = falls_below(case.policy.intent, case.history.engagements, case.now_s, max(below)) if below else None
    return [] if moment is None else [moment]
