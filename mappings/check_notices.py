"""Notices must be set off by something that there is, say something, and name nobody twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from string import Formatter

from handoff.policy import Notice, Policy
from handoff.vocabulary import NOTICE_VALUES
from mappings.compile import Files
from mappings.problems import Problem, did_you_mean


def notices_are_set_off(policy: Policy, files: Files) -> Iterator[Problem]:  # noqa: ARG001 (every check takes both)
    """Names exist, a notice has exactly one way of being set off, and its texts name only values that there are."""
    rules = [rule.name for rule in policy.transitions]
    for notice in policy.telling.notices:
        yield from _one(notice, policy, rules)
    for name, number in Counter(notice.name for notice in policy.telling.notices).items():
        if number > 1:
            where = [notice.where for notice in policy.telling.notices if notice.name == name][-1]
            yield Problem(where, f"notices.{name}", "stands twice", "give each notice a name of its own: it is told once per name")


def _one(notice: Notice, policy: Policy, rules: list[str]) -> Iterator[Problem]:
    path = f"notices.{notice.name}"
    by_clock = bool(notice.stages) and notice.when is not None
    if bool(notice.on) == by_clock or (notice.stages and notice.when is None) or (notice.when is not None and not notice.stages):
        what = "is set off by nothing, or by two things"
        yield Problem(notice.where, path, what, "write either on: [rules], or stages: [...] and when: ...")
    for name in notice.on:
        if name not in rules:
            yield Problem(notice.where, f"{path}.on", f"unknown rule '{name}'", did_you_mean(name, rules))
    for stage in notice.stages:
        if stage not in policy.stages:
            yield Problem(notice.where, f"{path}.stages", f"unknown stage '{stage}'", did_you_mean(stage, list(policy.stages)))
    if notice.when is not None and notice.when.always:
        yield Problem(notice.when.where, f"{path}.when", "tells everybody about everything", "say when: a signal or a number of days")
    for text in (notice.subject, *notice.lines):
        for value in _named(text):
            if value not in NOTICE_VALUES:
                yield Problem(notice.where, path, f"unknown value '{{{value}}}'", did_you_mean(value, list(NOTICE_VALUES)))


def _named(text: str) -> Iterator[str]:
    try:
        yield from (name for _, name, _, _ in Formatter().parse(text) if name)
    except ValueError:
        yield text
