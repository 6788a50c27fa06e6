"""The base agreement as the process document tells it: which leads are passed, with what as a minimum, how, with which campaign."""

from __future__ import annotations

from collections.abc import Iterator

from handoff.decision import Side
from handoff.policy import Policy, Transition
from mappings.process_rules import plain, whose
from mappings.reference import table, words

CAMPAIGN = "{campaign}"


def agreement_part(policy: Policy) -> Iterator[str]:
    """One row per rule that hands a lead to sales, those of the backlog apart."""
    yield "\n## The base agreement: what marketing passes to sales\n"
    yield (
        "Each line is one kind of lead that is passed. The least it must bring is the condition; nothing less is handed over. The"
        " campaign that was answered last stands on every lead's record (Handoff campaign), and in the brief where it says so."
        " [R45, R75, R76]\n"
    )
    head = ("which leads", "the least", "passed to", "with the brief", "campaign in the brief", "first answer is late")
    yield table(head, (_row(rule, policy) for rule in handing_over(policy)))


def handing_over(policy: Policy) -> Iterator[Transition]:
    """The rules that lead into the hand-over from a stage that is not sales' own, the backlog's apart."""
    outside = {name for name, stage in policy.stages.items() if stage.side is not Side.SALES}
    for rule in policy.transitions:
        if rule.to == policy.offered_stage and not rule.adoption_only and outside & set(rule.from_stages):
            yield rule


def _row(rule: Transition, policy: Policy) -> tuple[str, ...]:
    brief = "none" if rule.task is None else f"“{rule.task.subject}”"
    named = rule.task is not None and any(CAMPAIGN in line for line in rule.task.lines)
    minutes = next((one.respond_minutes for one in policy.cadences if one.lead_type == rule.lead_type), None)
    late = "no mark" if minutes is None else f"after {minutes} business minutes"
    return f"**{plain(rule.name)}**", words(rule.when), whose(rule), brief, "yes" if named else "no", late
