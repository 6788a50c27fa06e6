"""No dead ends: every stage can be reached and left, time alone always leads on, and no rule fires again on its own result."""

from __future__ import annotations

from collections.abc import Iterator

from handoff.decision import Side
from handoff.policy import Policy, Transition
from mappings.compile import Files, leaves
from mappings.problems import Problem

TIME_SIGNALS = frozenset(
    {
        "age_days",
        "stage_days",
        "untouched_days",
        "sent_days",
        "silent_days",
        "silence.due",
        "idle_business_days",
        "neglect.due",
        "review.due",
        "last_call.due",
        "sunset.due",
        "hand_raise.age_days",
        "fit.settled",
        "response.minutes",
        "acceptance.due",
        "acceptance.exhausted",
    }
)
ENDS_ITSELF = frozenset(
    {
        *("stage_days", "status.event", "intent.new", "hand_raise.waiting", "neglect.due", "deal.lost_since_stage"),
        *("touch.human_since_offer", "acceptance.due", "acceptance.exhausted"),
        *("last_call.due", "kept", "reason.given"),
    }
)
"""Signals that a new episode of a stage makes false."""


def no_dead_ends(policy: Policy, files: Files) -> Iterator[Problem]:
    """Reachable, leavable, bounded in time, and without loops of its own."""
    yield from _unreachable(policy)
    yield from _stuck(policy)
    yield from _timeless(policy)
    yield from _reviews(policy)
    yield from _loops(policy)
    yield from _owners(policy)
    yield from _offers(policy, files)


def _target(rule: Transition, stage: str) -> str:
    return stage if rule.to == "same" else rule.to


def _unreachable(policy: Policy) -> Iterator[Problem]:
    entered = {policy.first_stage, *policy.lifecycle.values()}
    entered |= {stage for meanings in policy.statuses.values() for meaning in meanings.values() for stage in (meaning.stage, meaning.later)}
    entered |= {rule.to for rule in policy.transitions}
    entered |= {policy.waiting_stage} if any(rule.wait_next_step for rule in policy.transitions) else set()
    for name, stage in policy.stages.items():
        if name not in entered:
            yield Problem(
                stage.where,
                f"stages.{name}",
                "nobody ever gets here: no rule and no status leads to it",
                "add a rule with to: or take the stage out",
            )


def _stuck(policy: Policy) -> Iterator[Problem]:
    for name, stage in policy.stages.items():
        out = [rule for rule in policy.transitions if name in rule.from_stages and _target(rule, name) != name]
        if not out and not stage.final:
            yield Problem(
                stage.where,
                f"stages.{name}",
                "nobody ever leaves: no rule leads out of it",
                "add a rule with it in from:, or say final: true",
            )
        if out and stage.final:
            yield Problem(
                stage.where, f"stages.{name}", f"is final, but rule '{out[0].name}' leads out of it", "take final: true or the rule out"
            )


def _timeless(policy: Policy) -> Iterator[Problem]:
    for name, stage in policy.stages.items():
        rules = [rule for rule in policy.transitions if name in rule.from_stages and not rule.adoption_only]
        if stage.final or not rules or any(signals(rule) & TIME_SIGNALS for rule in rules):
            continue
        what = "a lead could stay for ever: every rule here waits for somebody to do something"
        yield Problem(
            stage.where, f"stages.{name}", what, "add a rule on untouched_days, stage_days, silence.due, neglect.due or review.due"
        )


def _reviews(policy: Policy) -> Iterator[Problem]:
    """A date that is set and never read again is a dead end."""
    read = {stage for rule in policy.transitions if "review.due" in signals(rule) for stage in rule.from_stages}
    for rule in policy.transitions:
        targets = set(rule.from_stages) if rule.to == "same" else {rule.to}
        for stage in sorted(targets & set(policy.stages)):
            if (rule.review_days is not None or rule.nurture) and stage not in read and not rule.ready and not rule.continues:
                what = f"sets a review date in stage '{stage}', and no rule there reads review.due"
                yield Problem(rule.where, f"rules.{rule.name}", what, f"add a rule from {stage} with review.due: true")


def _loops(policy: Policy) -> Iterator[Problem]:
    """A rule that ends where it began must read something that its own firing changes (law: the next plan is empty)."""
    for rule in policy.transitions:
        again = [stage for stage in rule.from_stages if _target(rule, stage) == stage]
        if again and not signals(rule) & _changed_by(rule):
            what = f"would fire again at once in stage '{again[0]}': nothing it reads is changed by it"
            yield Problem(
                rule.where, f"rules.{rule.name}", what, "read what it changes, for example stage_days, task.open: false or review.due: true"
            )


def _changed_by(rule: Transition) -> frozenset[str]:
    changed = set(ENDS_ITSELF)
    if rule.task is not None:
        changed.add("task.open")
    if rule.review_days is not None or rule.nurture:
        changed |= {"review.due", "nurture.planned"}
    if rule.nurture:
        changed.add("nurture.enrolled")
    if rule.ready:
        changed |= {"owner.state", "offer.ours"}
    return frozenset(changed)


def _owners(policy: Policy) -> Iterator[Problem]:
    for rule in policy.transitions:
        target = policy.stages.get(rule.to)
        if target is not None and target.owner == "queue" and not rule.release_owner and rule.to not in rule.from_stages:
            what = f"moves to '{rule.to}', whose owner is the queue, without releases_owner"
            yield Problem(rule.where, f"rules.{rule.name}", what, "add releases_owner: true; an owner is taken only by a rule that says so")
        if rule.ready and target is not None and target.side is not Side.SALES:
            yield Problem(
                rule.where, f"rules.{rule.name}", f"needs an owner in sales, but '{rule.to}' is not with sales", "take needs_owner out"
            )


def _offers(policy: Policy, files: Files) -> Iterator[Problem]:
    offered = policy.stages.get(policy.offered_stage)
    if offered is not None and offered.side is not Side.SALES:
        yield Problem(
            files.where("policy", "offered_stage"),
            "offered_stage",
            f"'{policy.offered_stage}' is not with sales",
            "name the stage in which sales has it",
        )
    for rule in policy.transitions:
        if rule.ready and rule.to != policy.offered_stage:
            what = f"needs an owner, but leads to '{rule.to}'"
            yield Problem(
                rule.where,
                f"rules.{rule.name}",
                what,
                f"leads get their owner on the way to '{policy.offered_stage}': to: {policy.offered_stage}",
            )


def signals(rule: Transition) -> frozenset[str]:
    """The signals that a rule's condition reads."""
    return frozenset(test.signal for test in leaves(rule.when) if test.signal)
