"""Counts: how often a lead did something lately, for rules such as "clicks in two mails within a month".

`mails` counts each mail once: by its name or id where the source tells, else by the day (UTC), because two clicks on two days are two mails
more often than not. A click without a mail's name on a day on which a named mail was clicked is taken for the same click.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from handoff.calendar import DAY_SECONDS
from handoff.policy import Count

SIGNAL = "count."

Event = tuple[int, str, str]
"""(seconds since 1970, kind of engagement, subject as the source gave it)."""


@dataclass(frozen=True, slots=True)
class CountRule:
    """One compiled count."""

    kinds: frozenset[str]
    distinct: str
    seconds: int


def compile_counts(counts: Mapping[str, Count]) -> dict[str, CountRule]:
    """Signal name -> count."""
    return {f"{SIGNAL}{name}": CountRule(frozenset(one.kinds), one.distinct, one.within_days * DAY_SECONDS) for name, one in counts.items()}


def count(case: Any, signal: str) -> int:
    """The value of `count.<name>` at the case's moment."""
    rule: CountRule = case.policy.counts[signal]
    return _distinct(rule.distinct, list(_inside(rule, case.history.events, case.now_s)))


def _inside(rule: CountRule, events: Iterable[Event], now: int) -> Iterable[Event]:
    return (event for event in events if event[1] in rule.kinds and now - event[0] < rule.seconds)


def _distinct(what: str, events: list[Event]) -> int:
    if what == "events":
        return len(events)
    if what == "days":
        return len({at // DAY_SECONDS for at, _, _ in events})
    named = {subject.strip().casefold() for _, _, subject in events if subject.strip()}
    known = {at // DAY_SECONDS for at, _, subject in events if subject.strip()}
    return len(named) + len({at // DAY_SECONDS for at, _, subject in events if not subject.strip()} - known)


def leaves(case: Any, signal: str) -> int | None:
    """When the next event leaves the window of a count; None when none is inside."""
    rule: CountRule = case.policy.counts[signal]
    return min((at + rule.seconds for at, _, _ in _inside(rule, case.history.events, case.now_s)), default=None)
