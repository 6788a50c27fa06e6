"""What the reps of a pool can carry, and what follows: how many leads a month can be worked, and which intent bar to propose for next week.

A proposal, never a change: both teams sign the new bar or leave it. Only intent moves, by one step and within the policy's limits; the fit
bar is read nowhere here. All sums are whole numbers, and each comes with its words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from handoff.calendar import DAY_SECONDS, Calendar
from handoff.decision import Rep
from handoff.policy import Capacity, Policy, Pool
from handoff.turns import belongs

WORK_DAYS_A_MONTH = 21
WEEK_SECONDS = 7 * DAY_SECONDS
DEFAULT_SPREAD = 10  # business days over which a lead is worked, where no cadence says it
HUNGRY_PERCENT = 80  # below this share of the room, reps are hungry


@dataclass(frozen=True, slots=True)
class Room:
    """What a pool can take: new leads in a week, and in a month of 21 working days. `words` is the sum."""

    week: int
    month: int
    words: str


@dataclass(frozen=True, slots=True)
class Load:
    """What asks for the room in a week: hand-raises, newly qualified leads, and MQLs that wait already."""

    hand_raises: int
    arriving: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """The intent bar to sign for next week (equal to `bar` when it should stay): the sums in words, and what follows from them."""

    bar: int
    proposed: int
    sums: tuple[str, ...]
    told: str


def members(pool: Pool, reps: Mapping[str, Rep]) -> tuple[Rep, ...]:
    """Who takes turns in a pool and works here."""
    return tuple(rep for _, rep in sorted(reps.items()) if rep.active and belongs(rep, pool))


def spread_days(policy: Policy) -> int:
    """Business days over which a scored lead is worked: the longest cadence of the lead types that wait for room."""
    types = {rule.lead_type for rule in policy.transitions if rule.wait_next_step}
    return max((cadence.over_business_days for cadence in policy.cadences if cadence.lead_type in types), default=0) or DEFAULT_SPREAD


def new_a_day(rep: Rep, pool: Pool, spread: int, work_days: int) -> int | None:
    """New leads a rep can take on a working day: the tightest of the day's, the week's and the open bound; None: no bound at all."""
    bounds = [rep.new_per_day if rep.new_per_day is not None else pool.new_per_day]
    held = rep.open_cap if rep.open_cap is not None else pool.open_cap
    bounds.append(None if held is None else held // spread)
    bounds.append(None if pool.new_per_week is None else pool.new_per_week // max(1, work_days))
    known = [bound for bound in bounds if bound is not None]
    return min(known, default=None)


def room_of(policy: Policy, pool: Pool, reps: Mapping[str, Rep], calendar: Calendar, now: int) -> Room | None:
    """The room of a pool from now on; None where a member has no bound, so that nothing limits the pool."""
    work_days, spread = len(policy.company.work_days), spread_days(policy)
    people = members(pool, reps)
    per_day = {rep.key: new_a_day(rep, pool, spread, work_days) for rep in people}
    if not people or any(bound is None for bound in per_day.values()):
        return None
    bounds = {key: bound for key, bound in per_day.items() if bound is not None}
    lost = {rep.key: days for rep in people if (days := days_away(rep, calendar, now, work_days))}
    week = sum(bounds[rep.key] * (work_days - lost.get(rep.key, 0)) for rep in people)
    month = sum(bounds.values()) * WORK_DAYS_A_MONTH
    return Room(week, month, _sum(bounds, lost, work_days, week))


def days_away(rep: Rep, calendar: Calendar, now: int, work_days: int) -> int:
    """Working days of the next seven days on which a rep is absent, a part of one counted whole; at most `work_days`."""
    end = now + WEEK_SECONDS
    seconds = sum(calendar.business_seconds(max(now, begins), min(end, ends)) for begins, ends in rep.away)
    return min(work_days, -(-seconds // calendar.day_seconds))


def _sum(bounds: Mapping[str, int], lost: Mapping[str, int], work_days: int, week: int) -> str:
    groups = Counter(bounds.values())
    told = " + ".join(f"{count} {'rep' if count == 1 else 'reps'} x {bound} a day" for bound, count in sorted(groups.items(), reverse=True))
    away = f", less {sum(lost.values())} days of absence" if lost else ""
    return f"{told} x {work_days} days{away} = {week:,} new leads a week"


def month_sum(room: Room, bounds: Sequence[int], arriving: int) -> str:
    """How many of a month's new leads can be worked, and that the rest must be nurtured."""
    groups = Counter(bounds)
    told = " + ".join(f"{count} x {bound}" for bound, count in sorted(groups.items(), reverse=True))
    factors = f"({told})" if len(groups) > 1 else told
    held = f"{factors} x {WORK_DAYS_A_MONTH} = {room.month:,}"
    if arriving <= room.month:
        return f"{held} new leads a month can be worked, and {arriving:,} arrive: there is room for all of them"
    return f"{held} of {arriving:,} new leads a month can be worked; the other {arriving - room.month:,} must be nurtured"


def bounds_of(policy: Policy, pool: Pool, reps: Mapping[str, Rep]) -> tuple[int, ...]:
    """New leads a day of each member; those without a bound are left out."""
    work_days, spread = len(policy.company.work_days), spread_days(policy)
    found: Iterable[int | None] = (new_a_day(rep, pool, spread, work_days) for rep in members(pool, reps))
    return tuple(bound for bound in found if bound is not None)


def propose(bar: int, limits: Capacity, room: Room, load: Load) -> Proposal:
    """Next week's intent bar: a step up when more leads qualify than there is room for, a step down when reps are hungry, within limits."""
    asked = load.hand_raises + load.arriving + load.waiting
    sums = (
        f"room: {room.words}",
        f"asked for: {load.hand_raises:,} hand-raises, {load.arriving:,} newly qualified, {load.waiting:,} waiting = {asked:,}",
    )
    if asked > room.week:
        proposed = max(bar, min(limits.highest, bar + limits.step))
        told = f"{asked - room.week:,} too many"
    elif not load.waiting and asked * 100 < room.week * HUNGRY_PERCENT:
        proposed = min(bar, max(limits.lowest, bar - limits.step))
        told = f"room for {room.week - asked:,} more and nobody waits"
    else:
        return Proposal(bar, bar, sums, f"in balance: the intent bar stays at {bar}")
    within = f"{limits.lowest} to {limits.highest}"
    if proposed == bar:
        return Proposal(bar, bar, sums, f"{told}, but the intent bar is at its limit of {bar} ({within})")
    way = "raise" if proposed > bar else "lower"
    return Proposal(
        bar, proposed, sums, f"{told}: {way} the intent bar from {bar} to {proposed} ({within}), for both teams to sign; fit stays"
    )
