"""The rules of a policy as the process document tells them."""

from __future__ import annotations

from collections.abc import Iterator

from handoff.policy import Policy, Transition
from mappings.reference import words


def plain(name: str) -> str:
    """A rule's name as words."""
    return name.replace("_", " ")


def enters(stage: str, policy: Policy) -> Iterator[str]:
    """Rules that lead into a stage from another one, the backlog's own apart; into the waiting stage also those that found no rep."""
    for rule in policy.transitions:
        if rule.adoption_only or not set(rule.from_stages) - {stage}:
            continue
        if rule.to == stage:
            yield plain(rule.name)
        elif stage == policy.waiting_stage and rule.wait_next_step:
            yield f"{plain(rule.name)}, while no rep has room"


def leaves_by(stage: str, policy: Policy) -> Iterator[str]:
    """Per stage that can come next, the rules that lead there, the backlog's own apart."""
    ways: dict[str, list[str]] = {}
    for rule in policy.transitions:
        if stage in rule.from_stages and rule.to not in (stage, "same") and not rule.adoption_only:
            ways.setdefault(rule.to, []).append(plain(rule.name))
    yield from (f"*{policy.stages[target].label}*: {', '.join(names)}" for target, names in ways.items())


def rule_rows(policy: Policy) -> Iterator[tuple[str, ...]]:
    """Every rule of the table: number, name, from, to, condition, and what else it does."""
    for number, rule in enumerate(policy.transitions, 1):
        yield (str(number), f"**{plain(rule.name)}**", _from(rule, policy), _to(rule, policy), words(rule.when), "; ".join(_then(rule)))


def _from(rule: Transition, policy: Policy) -> str:
    leaving = {name for name, stage in policy.stages.items() if not stage.final}
    if set(rule.from_stages) == leaving:
        return "any"
    return ", ".join(policy.stages[name].label for name in rule.from_stages)


def _to(rule: Transition, policy: Policy) -> str:
    return "stays, a new step begins" if rule.to == "same" else policy.stages[rule.to].label


def whose(rule: Transition) -> str:
    """Who gets the lead of a rule that needs an owner."""
    if rule.pool:
        return f"pool {plain(rule.pool)}"
    return "whoever knows the lead, else by routing" if rule.to_previous_owner else "by routing"


def _then(rule: Transition) -> Iterator[str]:
    yield f"“{rule.next_step}”"
    if rule.ready:
        yield f"needs an owner: {whose(rule)}"
    if rule.task is not None:
        yield f"task “{rule.task.subject}”"
    if rule.nurture:
        yield "joins a nurture group, or is held"
    if rule.may_override_person:
        yield f"may change a person's {' and '.join(rule.may_override_person)} on a newer fact"
