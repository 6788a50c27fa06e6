"""How much the reps can carry, and what follows for a month's leads, as the process document tells it."""

from __future__ import annotations

from collections.abc import Iterator

from handoff.calendar import Calendar
from handoff.capacity import WORK_DAYS_A_MONTH, bounds_of, month_sum, room_of
from handoff.decision import Rep
from handoff.policy import Policy, Pool
from mappings.reference import table
from mappings.shapes_routing import ExpectsShape

NO_BOUND = "no bound"


def capacity_part(policy: Policy, expects: ExpectsShape | None) -> Iterator[str]:
    """The pools with their bounds, the month's sum, and how far hand-raises and the weekly proposal may go."""
    yield "\n### Pools, and how much a rep can take\n"
    head = ("pool", "who", "open leads", "new a day", "new a week")
    yield table(head, (_pool(pool) for pool in policy.pools.values()))
    agreed, waiting = policy.capacity, policy.stages[policy.waiting_stage].label.lower()
    yield (
        f"\nA rep's own numbers in people.csv go before the pool's. Who qualifies while nobody has room waits as {waiting}, hottest first."
        f" Who asked may fill a rep up to {agreed.hand_raises_percent} % of the bounds, and is given out all the same when everybody is"
        f" full. Once a week the intent bar may be proposed anew, by {agreed.step} points, between {agreed.lowest} and {agreed.highest},"
        " for both teams to sign; the fit bar stays. [R45, R47, R48, R50, R51]\n"
    )
    yield f"**The sum** [R49]: {capacity_sum(policy, expects)}.\n"


def capacity_sum(policy: Policy, expects: ExpectsShape | None) -> str:
    """Reps x new leads a day x working days of the pool that takes whoever has no line of their own (the last route)."""
    pool = policy.pools[policy.routes[-1].pool]
    reps = _stand_ins(pool, expects.reps if expects is not None else 1)
    room = room_of(policy, pool, reps, Calendar(policy.company), 0)
    if room is None:
        return f"nothing bounds what the pool {_plain(pool.name)} takes"
    bounds = bounds_of(policy, pool, reps)
    if expects is not None:
        return f"{month_sum(room, bounds, expects.new_leads_a_month)} (reps x new leads a day x working days)"
    return (
        f"each of the {_plain(pool.name)} can work {bounds[0]} x {WORK_DAYS_A_MONTH} = {bounds[0] * WORK_DAYS_A_MONTH:,} new leads a month"
    )


def _stand_ins(pool: Pool, number: int) -> dict[str, Rep]:
    """People with the pool's own bounds: those it names, else `number` of its role."""
    keys = pool.keys or tuple(f"rep {place}" for place in range(1, number + 1))
    role = pool.roles[0] if pool.roles else ""
    return {key: Rep(key=key, name="", role=role, active=True, ids={}) for key in keys}


def _pool(pool: Pool) -> tuple[str, ...]:
    who = ", ".join([*(f"every active {role}" for role in pool.roles), *(f"{len(pool.keys)} people by name" for _ in pool.keys[:1])])
    asked = " (only leads that asked for something)" if pool.field else ""
    return _plain(pool.name), f"{who}{asked}", *(_bound(number) for number in (pool.open_cap, pool.new_per_day, pool.new_per_week))


def _bound(number: int | None) -> str:
    return NO_BOUND if number is None else f"at most {number}"


def _plain(name: str) -> str:
    return name.replace("_", " ")
