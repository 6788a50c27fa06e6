"""Personas and counts hold together, and the handover lies with sales."""

from __future__ import annotations

from collections.abc import Iterator

from handoff.decision import Side
from handoff.facts import Kind
from handoff.match import leaves_of
from handoff.personas import profile
from handoff.policy import Policy
from mappings.check_names import unknown
from mappings.files import Files
from mappings.problems import Problem, did_you_mean

WHOLE = 100


def personas_and_counts_hold(policy: Policy, files: Files) -> Iterator[Problem]:
    """What scoring.yaml says besides fit and intent, and `handover_at`."""
    yield from _personas(policy, files)
    yield from _groups(policy, files)
    yield from _counts(policy, files)
    yield from _handover(policy, files)


def counts_are_read(policy: Policy, _files: Files) -> Iterator[Problem]:
    """A count that no rule asks for is a mistake in one of the two."""
    conditions = [*(rule.when for rule in policy.transitions), *(g.when for g in policy.groups), *(r.when for r in policy.routes)]
    read = {test.signal for condition in conditions for test, _ in leaves_of(condition)}
    for name, count in policy.counts.items():
        if f"count.{name}" not in read:
            yield Problem(count.where, f"counts.{name}", "no rule reads it", f"name count.{name} in a rule, or take it out")


def _personas(policy: Policy, files: Files) -> Iterator[Problem]:
    known = {attribute.name for attribute in policy.fit.attributes}
    seen: set[str] = set()
    for number, persona in enumerate(policy.personas):
        path = f"personas.{persona.name}"
        if persona.name in seen or persona.name == "none":
            what = "the name stands twice" if persona.name in seen else "'none' says that a lead has no persona"
            yield Problem(persona.where, path, what, "give it a name of its own")
        seen.add(persona.name)
        for place, attribute in enumerate(persona.attributes):
            where = files.where("scoring", "personas", number, "attributes", place)
            if attribute.name not in known:
                yield Problem(where, path, f"unknown attribute '{attribute.name}'", did_you_mean(attribute.name, sorted(known)))
                continue
            points = [band.points for band in attribute.bands]
            if max(*points, attribute.otherwise) != attribute.weight:
                what = f"'{attribute.name}' gives at most {max(*points, attribute.otherwise)} of its weight {attribute.weight}"
                yield Problem(where, path, what, "give the best answer all the points, and none more")
        total = sum(attribute.weight for attribute in profile(policy.fit, persona))
        if total != WHOLE:
            yield Problem(persona.where, path, f"its weights add up to {total}, not to 100", "change a weight")


def _groups(policy: Policy, files: Files) -> Iterator[Problem]:
    gives_way = any(group.persona_first for group in policy.groups)
    for number, persona in enumerate(policy.personas):
        where = files.where("scoring", "personas", number, "group")
        if persona.group and not gives_way:
            what = f"its group '{persona.group}' is never used: no group in sweep.yaml gives way to it"
            yield Problem(where, f"personas.{persona.name}.group", what, "add persona_first: true to the groups that shall")


def _counts(policy: Policy, files: Files) -> Iterator[Problem]:
    kinds = {kind.name: kind for kind in policy.intent.kinds}
    for name, count in policy.counts.items():
        where = files.where("scoring", "counts", name, "kinds")
        for kind in count.kinds:
            if kind not in kinds:
                yield unknown(where, f"counts.{name}.kinds", "kind of engagement", kind, list(kinds))
            elif count.distinct == "mails" and kinds[kind].activity != Kind.CLICK:
                what = f"'{kind}' is no click in a mail, so its mails cannot be told apart"
                yield Problem(where, f"counts.{name}", what, "count days or events, or clicks")
        if count.within_days > policy.horizon_days:
            what = f"{count.within_days} days cannot be counted: activity is kept for {policy.horizon_days} days"
            yield Problem(count.where, f"counts.{name}", what, "choose fewer days, or raise history_days in policy.yaml")


def _handover(policy: Policy, files: Files) -> Iterator[Problem]:
    stage, where = policy.stages.get(policy.handover_at), files.where("policy", "handover_at")
    if stage is None:
        yield unknown(where, "handover_at", "stage", policy.handover_at, policy.stages)
    elif stage.side is not Side.SALES:
        what = f"'{policy.handover_at}' is not with sales, so nobody there could be late"
        yield Problem(where, "handover_at", what, "name the first stage in which sales owes the next step")
