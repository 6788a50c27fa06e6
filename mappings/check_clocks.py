"""Clocks, capacity and routes must hold together, and none of them may bend the fit gate."""

from __future__ import annotations

from collections.abc import Iterator

from handoff.condition import Test
from handoff.policy import Policy
from mappings.compile import Files, conditions_of, leaves
from mappings.problems import Problem, did_you_mean
from mappings.shapes import SweepFile

WHOLE = 100


def clocks_hold_together(policy: Policy, files: Files) -> Iterator[Problem]:
    """Minutes rise, touches suffice for calls, capacity leaves fit alone, routes name people who exist."""
    yield from _cadences(policy, files)
    yield from _answered_once(policy)
    yield from _capacity(policy, files)
    yield from _held_by_capacity(policy)
    yield from _routes(policy, files)
    yield from _kinds(policy)


def _cadences(policy: Policy, files: Files) -> Iterator[Problem]:
    shape: SweepFile = files.shapes["sweep"]
    for number, cadence in enumerate(shape.cadences):
        where, path = files.where("sweep", "cadences", number), f"cadences.{cadence.lead_type or 'others'}"
        minutes = (cadence.remind_minutes, cadence.respond_minutes, cadence.accept_minutes)
        if cadence.clock == "hand_raise" and any(one is not None for one in minutes):
            what = "says minutes that stand in routing.yaml, hand_raises, already"
            yield Problem(where, path, what, "take them out here: a hand-raise has one clock")
        for early, late, what in (("remind_minutes", "accept_minutes", "reminded"), ("respond_minutes", "accept_minutes", "expected")):
            first, last = getattr(cadence, early), getattr(cadence, late)
            if first is not None and last is not None and first > last:
                yield Problem(
                    where, path, f"is {what} after {first} minutes, when the offer has lapsed at {last}", f"make {early} at most {last}"
                )
        if cadence.calls > cadence.touches:
            what = f"asks for {cadence.calls} calls in {cadence.touches} touches"
            yield Problem(where, path, what, "raise touches, or ask for fewer calls")
    clock = policy.hand_raise
    if clock.remind_minutes > min((*clock.reroute_after_minutes, clock.manager_queue_after_minutes)):
        what = f"reminds after {clock.remind_minutes} minutes, when another rep has the lead already"
        yield Problem(files.where("routing", "hand_raises"), "hand_raises", what, "remind before the first re-route")


def _answered_once(policy: Policy) -> Iterator[Problem]:
    """An offer that lapses must be taken up by a rule, or nobody would notice."""
    if policy.offered_stage not in policy.stages:
        return
    for clock in sorted({cadence.clock for cadence in policy.cadences if cadence.accept_minutes is not None}):
        for signal in ("acceptance.due", "acceptance.exhausted"):
            if any(_reads(rule.when.all, signal) and _on_clock(rule.when.all, clock) for rule in policy.transitions):
                continue
            what = f"offers lapse on the clock '{clock}', and no rule reads {signal}"
            mend = f"add a rule from {policy.offered_stage} with response.clock: {clock} and {signal}: true, or take accept_minutes out"
            yield Problem(policy.stages[policy.offered_stage].where, f"stages.{policy.offered_stage}", what, mend)


def _on_clock(tests: tuple[object, ...], clock: str) -> bool:
    """Whether a rule can fire on a clock: it names it, or none."""
    named = [test.value for test in tests if isinstance(test, Test) and test.signal == "response.clock"]
    return all(clock == value or (isinstance(value, tuple) and clock in value) for value in named)


def _reads(tests: tuple[object, ...], signal: str) -> bool:
    return any(isinstance(test, Test) and test.signal == signal and test.value is True for test in tests)


def _capacity(policy: Policy, files: Files) -> Iterator[Problem]:
    limits, bar = policy.capacity, policy.intent.bar
    if limits.moves != "intent.bar":
        what = f"capacity may not read or change '{limits.moves}'"
        mend = "write moves: intent.bar; how busy reps are never says who is the right person, so fit stays as it was signed"
        yield Problem(files.where("routing", "capacity", "moves"), "capacity.moves", what, mend)
    if not limits.lowest <= bar <= limits.highest:
        what = f"the bar of {bar} in scoring.yaml lies outside {limits.lowest} to {limits.highest}"
        yield Problem(files.where("routing", "capacity"), "capacity", what, "choose limits around the bar that both teams signed")
    for name, pool in policy.pools.items():
        if pool.new_per_day is not None and pool.new_per_week is not None and pool.new_per_day > pool.new_per_week:
            what = f"allows {pool.new_per_day} a day, but {pool.new_per_week} in the whole week"
            yield Problem(files.where("routing", "pools", name), f"pools.{name}", what, "raise new_per_week, or lower new_per_day")


def _held_by_capacity(policy: Policy) -> Iterator[Problem]:
    """Whom capacity may hold back has passed fit: letting somebody wait is no way around the bar."""
    for rule in policy.transitions:
        if rule.wait_next_step and not _reads(rule.when.all, "fit.passes"):
            what = "lets leads wait for room that have not passed fit"
            yield Problem(rule.where, f"rules.{rule.name}", what, "add fit.passes: true; capacity holds back, it never lowers the bar")


def _routes(policy: Policy, files: Files) -> Iterator[Problem]:
    for number, route in enumerate(policy.routes):
        if route.to_account_owner and route.to_pair:
            what = "goes to the account's owner and to that owner's pair"
            yield Problem(files.where("routing", "routes", number), f"routes.{route.name}", what, "keep one of the two")


def _kinds(policy: Policy) -> Iterator[Problem]:
    known = {kind.name for kind in policy.intent.kinds if kind.points}
    for condition in conditions_of(policy):
        for test in leaves(condition):
            wanted = test.value if isinstance(test.value, tuple) else (test.value,)
            for name in wanted if test.signal == "intent.latest" else ():
                if isinstance(name, str) and name not in known:
                    what = f"'intent.latest' is never '{name}': no kind of engagement with points has that name"
                    yield Problem(test.where, "intent.latest", what, did_you_mean(name, sorted(known)))
