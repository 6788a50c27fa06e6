"""Turns checked policy files into the core's frozen `Policy`. Every value keeps the file and line it came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import time
from decimal import Decimal
from typing import Any, get_args

from handoff import policy as core
from handoff.condition import Condition, Test
from handoff.decision import Side
from mappings import shapes
from mappings.business_days import resolved_holidays
from mappings.compile_intake import calendar_of_freezes, intake, suffix_list
from mappings.compile_notices import telling
from mappings.compile_recycle import recycling, silence
from mappings.compile_routing import compile_cadence, compile_routing
from mappings.compile_scoring import matrix_of, scoring_of
from mappings.conditions import Words
from mappings.domains import free_mail_domains
from mappings.files import Files as Files
from mappings.files import expand_stages as expand_stages
from mappings.shapes_base import GroupShape
from mappings.shapes_routing import HandRaiseShape


def compile_policy(files: Files, words: Words) -> core.Policy:
    """The policy of `files`; mistakes in conditions are noted in `words.problems`. Its digest is still blank."""
    agreed: shapes.PolicyFile = files.shapes["policy"]
    statuses: shapes.StatusesFile = files.shapes["statuses"]
    sweep: shapes.SweepFile = files.shapes["sweep"]
    return core.Policy(
        name=agreed.name,
        version=agreed.version,
        approvals=tuple(core.Approval(team=entry.team, by=entry.by, on=entry.on, rules=entry.rules) for entry in agreed.approvals),
        company=_company(files.shapes["company"]),
        systems=tuple(agreed.systems),
        carriers=dict(files.carriers),
        sources={name: tuple(systems) for name, systems in agreed.sources.items()},
        first_stage=agreed.first_stage,
        offered_stage=agreed.offered_stage,
        accepted_stage=agreed.accepted_stage,
        qualified_stage=agreed.qualified_stage,
        waiting_stage=agreed.waiting_stage,
        stages=_stages(files),
        transitions=tuple(_transitions(files, words)),
        statuses={system: _meanings(files, system, options) for system, options in statuses.statuses.items()},
        lifecycle=dict(statuses.lifecycle),
        **intake(agreed, files.shapes["scope"], files.shapes["routing"], words),
        scope=tuple(_scope(files, words)),
        holds=tuple(
            core.HoldRule(name=hold.name, when=words.compile(hold.when, f"holds.{hold.name}.when"), review_days=hold.review_days)
            for hold in sweep.holds
        ),
        groups=tuple(
            core.NurtureGroup(name=group.name, when=_when(group, "groups", words), persona_first=group.persona_first)
            for group in sweep.groups
        ),
        nurture_queue=sweep.nurture_queue,
        handover_at=agreed.handover_at,
        **scoring_of(files, words),
        matrix=matrix_of(files),
        **compile_routing(files.shapes["routing"], words),
        **_sweep(sweep, files.shapes["routing"].hand_raises),
        guard=_guard(files.shapes["guard"]),
        telling=_telling(files, words),
        **recycling(files, words),
        horizon_days=agreed.history_days,
        horizon_activities=agreed.history_activities,
    )


def _when(entry: GroupShape, list_name: str, words: Words) -> Condition:
    return words.compile(entry.when, f"{list_name}.{entry.name}.when")


def _company(shape: shapes.CompanyFile) -> core.Company:
    order = list(get_args(shapes.DayName))
    return core.Company(
        name=shape.name,
        time_zone=shape.time_zone,
        work_days=tuple(sorted(order.index(day) for day in shape.work_days)),
        opens=time.fromisoformat(shape.opens),
        closes=time.fromisoformat(shape.closes),
        holidays=resolved_holidays(shape.holidays),
        own_domains=tuple(sorted(domain.casefold() for domain in shape.own_domains)),
        free_mail_domains=free_mail_domains(shape.free_mail),
        suffixes=suffix_list(),
        freezes=calendar_of_freezes(shape.freezes),
        placeholders=tuple(sorted({word.strip().casefold() for word in shape.left_blank})),
    )


def _stages(files: Files) -> dict[str, core.Stage]:
    shape: shapes.StagesFile = files.shapes["stages"]
    return {
        name: core.Stage(
            name=name,
            label=stage.label,
            side=Side(stage.side),
            meaning=stage.meaning,
            owner=stage.owner,
            project=stage.show,
            final=stage.final,
            where=files.where("stages", "stages", name),
        )
        for name, stage in shape.stages.items()
    }


def _transitions(files: Files, words: Words) -> Iterator[core.Transition]:
    shape: shapes.StagesFile = files.shapes["stages"]
    briefs = {name: _brief(task) for name, task in shape.tasks.items()}
    for number, rule in enumerate(shape.rules):
        yield core.Transition(
            name=rule.name,
            from_stages=expand_stages(rule.from_, shape.stages),
            to=rule.to,
            when=words.compile(rule.when, f"rules.{rule.name}.when"),
            ready=rule.needs_owner,
            lead_type=rule.lead_type,
            next_step=rule.next_step,
            reason=rule.reason,
            review_days=rule.review_days,
            nurture=rule.nurture,
            may_override_person=tuple(rule.overrides_person),
            release_owner=rule.releases_owner,
            adoption_only=rule.adoption_only,
            counts_as_reroute=rule.reroute,
            to_previous_owner=rule.to_previous_owner,
            continues=rule.continues,
            creates=rule.creates,
            wait_next_step=shape.waiting.next_step if rule.may_wait else "",
            wait_reason=shape.waiting.reason if rule.may_wait else "",
            task=briefs.get(rule.task),
            pool=rule.pool,
            where=files.where("stages", "rules", number),
        )


def _telling(files: Files, words: Words) -> core.Telling:
    stages = files.shapes["stages"].stages
    return telling(
        files.shapes["notices"], words, lambda names: expand_stages(names, stages), lambda number: files.where("notices", "notices", number)
    )


def _brief(task: shapes.TaskShape) -> core.TaskBrief:
    due = task.due
    if due.minutes is not None:
        return core.TaskBrief(subject=task.subject, lines=tuple(task.lines), due="clock", amount=due.minutes)
    if due.business_minutes is not None:
        return core.TaskBrief(subject=task.subject, lines=tuple(task.lines), due="business_minutes", amount=due.business_minutes)
    if due.business_days is not None:
        return core.TaskBrief(subject=task.subject, lines=tuple(task.lines), due="business_days", amount=due.business_days)
    return core.TaskBrief(subject=task.subject, lines=tuple(task.lines), due="staggered")


def _meanings(files: Files, system: str, options: Mapping[str, shapes.MeaningShape]) -> dict[str, core.Meaning]:
    return {
        option: core.Meaning(
            event=meaning.means,
            stage=meaning.stage,
            later=meaning.later,
            reason=meaning.reason,
            where=files.where("statuses", "statuses", system, option),
        )
        for option, meaning in options.items()
    }


def _scope(files: Files, words: Words) -> Iterator[core.ScopeRule]:
    shape: shapes.ScopeFile = files.shapes["scope"]
    for rule in shape.leave_alone:
        when = words.compile(rule.when, f"leave_alone.{rule.name}.when")
        yield core.ScopeRule(name=rule.name, kind=rule.kind, when=when, label=rule.label, hand_raise_to=rule.hand_raise_to)


def leaves(condition: Condition | Test) -> Iterator[Test]:
    """Every test in a condition."""
    if isinstance(condition, Test):
        yield condition
        return
    for part in (*condition.all, *condition.any, *condition.none):
        yield from leaves(part)


def conditions_of(policy: core.Policy) -> Iterator[Condition]:
    """Every condition of a policy."""
    yield from (rule.when for rule in policy.transitions)
    yield from (rule.when for rule in policy.scope)
    yield from (rule.when for rule in policy.holds)
    yield from (rule.when for rule in policy.groups)
    yield from (rule.when for rule in policy.routes)
    yield from (alert.when for alert in policy.alerts)
    yield from (notice.when for notice in policy.telling.notices if notice.when is not None)
    yield from (condition for condition in (policy.takes, policy.senior, policy.intake.imported) if condition is not None)
    yield from (band.when for attribute in policy.fit.attributes for band in attribute.bands)
    yield from policy.fit.disqualifiers.values()
    yield from (persona.when for persona in policy.personas)
    yield from (band.when for persona in policy.personas for attribute in persona.attributes for band in attribute.bands)


def _sweep(shape: shapes.SweepFile, clock: HandRaiseShape) -> dict[str, Any]:
    return {
        "cadences": tuple(compile_cadence(cadence, clock, shape.idle_by_stage) for cadence in shape.cadences),
        "silence": silence(shape.silence),
    }


def _guard(shape: shapes.GuardFile) -> core.Guard:
    return core.Guard(
        per_mille={move: int(Decimal(limit.percent) * 10) for move, limit in shape.limits.items()},
        floor={move: limit.at_least for move, limit in shape.limits.items()},
        tasks_per_rep_per_day=shape.tasks_per_rep_per_day,
    )
