"""Criteria must be specific, the fit gate must not bend, and every list that picks one must catch everybody."""

from __future__ import annotations

from collections.abc import Iterator

from handoff.condition import Condition, Operator, Test
from handoff.decision import Side
from handoff.policy import Policy, Transition
from mappings.check_stages import signals
from mappings.compile import Files, leaves
from mappings.problems import Problem

PERSONA_SIGNALS = frozenset({"own_domain", "free_mail", "target_account"})
SCOPE_SIGNALS = frozenset(
    {
        *("deal.open", "deal.won", "own_domain", "free_mail", "target_account"),
        *("spam.likely", "competitor_domain", "excluded", "imported", "touch.ever"),
    }
)
FIT_SIGNALS = frozenset({"own_domain", "free_mail", "target_account"})
HOLD_SIGNALS = frozenset({"sunset.due", "own_domain", "free_mail", "silent_days", "sent_days", "target_account"})
ASKED_OR_KNOWN = frozenset({"hand_raise.waiting", "status.event", "owner.state", "neglect.due", "offer.ours", "review.due", "reason.given"})
"""Why a lead may be offered without the fit bar: it asked, a person did it, or sales had it already."""


def rules_are_specific(policy: Policy, files: Files) -> Iterator[Problem]:
    """Vague criteria, gates that bend, gaps, and rules that an earlier one hides."""
    yield from _vague_rules(policy)
    yield from _vague_scoring(policy)
    yield from _gate(policy)
    yield from _allowed(policy)
    yield from _gaps(policy, files)
    yield from _adoption(policy)


def _only_presence(condition: Condition) -> bool:
    tests = list(leaves(condition))
    return bool(tests) and all(test.op in (Operator.KNOWN, Operator.UNKNOWN) for test in tests)


def _vague_rules(policy: Policy) -> Iterator[Problem]:
    for rule in policy.transitions:
        path = f"rules.{rule.name}.when"
        if rule.when.always:
            yield Problem(rule.where, path, "is true for everybody in these stages", "say for whom: a signal, a field, a number of days")
        elif _only_presence(rule.when):
            what = "is vague: it only asks whether something is filled in"
            yield Problem(rule.when.where, path, what, "say which values count, for example budget: [confirmed, planned]")
        if not rule.reason.strip() or not rule.next_step.strip():
            yield Problem(
                rule.where, f"rules.{rule.name}", "says no reason or no next step", "write the line that a rep will read on the record"
            )


def _vague_scoring(policy: Policy) -> Iterator[Problem]:
    for attribute in policy.fit.attributes:
        for band in attribute.bands:
            path = f"fit.{attribute.name}.{band.label}"
            if band.when.always or _only_presence(band.when):
                what = "is vague: it gives points for anything that is filled in"
                yield Problem(band.when.where, path, what, "say which values count; use otherwise: for all the others")
    for name, condition in policy.fit.disqualifiers.items():
        if condition.always or any(test.op is Operator.UNKNOWN for test in leaves(condition)):
            what = "shuts people out for what nobody knows about them"
            yield Problem(condition.where, f"fit.disqualifiers.{name}", what, "name known values; missing data never counts against a lead")


def _gate(policy: Policy) -> Iterator[Problem]:
    """From marketing to sales goes who passes fit, who asked, or whom a person chose; nothing else (law: the fit gate does not bend)."""
    marketing = {name for name, stage in policy.stages.items() if stage.side is not Side.SALES}
    for rule in policy.transitions:
        target = policy.stages.get(rule.to)
        if target is None or target.side is not Side.SALES or not marketing & set(rule.from_stages):
            continue
        if not (signals(rule) & ASKED_OR_KNOWN or _demands(rule, "fit.passes") or _deal(rule)):
            what = "hands leads to sales past the fit bar"
            yield Problem(
                rule.where, f"rules.{rule.name}", what, "add fit.passes: true; capacity may hold a lead back, it never lowers the bar"
            )


def _deal(rule: Transition) -> bool:
    return bool(signals(rule) & {"deal.open", "deal.won"})


def _demands(rule: Transition, signal: str) -> bool:
    """Whether the rule can only fire when the signal is true (a test on the top level, outside any and none)."""
    return any(isinstance(test, Test) and test.signal == signal and test.value is True for test in rule.when.all)


def _allowed(policy: Policy) -> Iterator[Problem]:
    for scope in policy.scope:
        yield from _only(scope.when, SCOPE_SIGNALS, f"leave_alone.{scope.name}", "scope is decided before stages and scores")
    for attribute in policy.fit.attributes:
        for band in attribute.bands:
            yield from _only(
                band.when,
                FIT_SIGNALS,
                f"fit.{attribute.name}.{band.label}",
                "fit says who somebody is, not what they did or how busy reps are",
            )
    for name, condition in policy.fit.disqualifiers.items():
        yield from _only(
            condition, FIT_SIGNALS, f"fit.disqualifiers.{name}", "fit says who somebody is, not what they did or how busy reps are"
        )
    for persona in policy.personas:
        yield from _only(persona.when, PERSONA_SIGNALS, f"personas.{persona.name}", "a persona says who somebody is, not what they did")
        for attribute in persona.attributes:
            for band in attribute.bands:
                path = f"personas.{persona.name}.{attribute.name}.{band.label}"
                yield from _only(band.when, FIT_SIGNALS, path, "fit says who somebody is, not what they did or how busy reps are")
    for hold in policy.holds:
        yield from _only(hold.when, HOLD_SIGNALS, f"holds.{hold.name}", "a hold says who may not be mailed")


def _only(condition: Condition, allowed: frozenset[str], path: str, why: str) -> Iterator[Problem]:
    for test in leaves(condition):
        if test.signal and test.signal not in allowed:
            yield Problem(test.where, path, f"'{test.signal}' has no place here: {why}", f"use fields, or {', '.join(sorted(allowed))}")


def _gaps(policy: Policy, files: Files) -> Iterator[Problem]:
    if not policy.routes[-1].when.always:
        what = "leads that no line fits would get nobody"
        yield Problem(policy.routes[-1].when.where, "routes", what, "end the list with {name: everybody_else, when: always, pool: ...}")
    if not policy.groups[-1].when.always:
        what = "leads that no line fits would join no group and never be mailed"
        yield Problem(policy.groups[-1].when.where, "groups", what, "end the list with {name: general, when: always}")
    early = [("routing", "routes", number, rule.name) for number, rule in enumerate(policy.routes[:-1]) if rule.when.always]
    early += [("sweep", "groups", number, group.name) for number, group in enumerate(policy.groups[:-1]) if group.when.always]
    for file, name, number, entry in early:
        what = f"'{entry}' catches everybody, so what stands below it never counts"
        yield Problem(files.where(file, name, number), name, what, "move it to the end")
    for scope in policy.scope:
        if scope.when.always:
            yield Problem(scope.when.where, f"leave_alone.{scope.name}", "leaves everybody alone", "say whom")


def _adoption(policy: Policy) -> Iterator[Problem]:
    """A rule marked adoption_only must ask for it, so that the table reads true."""
    for rule in policy.transitions:
        asks = _demands(rule, "adopting")
        if rule.adoption_only and not asks:
            yield Problem(rule.where, f"rules.{rule.name}", "is adoption_only, but its condition does not say so", "add adopting: true")
        if asks and not rule.adoption_only:
            yield Problem(rule.where, f"rules.{rule.name}", "fires only at adoption, but is not marked so", "add adoption_only: true")
