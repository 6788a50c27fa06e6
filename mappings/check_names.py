"""Every stage, pool, reason, brief, system and text value that a policy names must exist."""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from handoff.facts import Kind
from handoff.policy import Policy
from handoff.vocabulary import MOVES, PERSONAL_FIELDS, TEMPLATE_VALUES
from mappings import shapes
from mappings.business_days import calendar_problem
from mappings.compile import Files
from mappings.problems import Problem, did_you_mean

SYSTEMS = ("hubspot", "hubspot_leads", "salesforce")


def names_exist(policy: Policy, files: Files) -> Iterator[Problem]:
    """All names that stand for something declared elsewhere."""
    yield from _company(files)
    yield from _agreement(policy, files)
    yield from _rules(policy, files)
    yield from _texts(files)
    yield from _routing(policy, files)
    yield from _sweep(policy, files)
    yield from _subjects(policy, files)
    yield from _guard(policy, files)


def is_time_zone(name: str) -> bool:
    """Whether the time-zone database knows the name."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def unknown(where: str, path: str, kind: str, name: str, known: Iterable[str]) -> Problem:
    """`unknown stage 'x'`, with the nearest name."""
    return Problem(where, path, f"unknown {kind} '{name}'", did_you_mean(name, list(known)))


def _company(files: Files) -> Iterator[Problem]:
    company: shapes.CompanyFile = files.shapes["company"]
    if not is_time_zone(company.time_zone):
        yield Problem(
            files.where("company", "time_zone"),
            "time_zone",
            f"unknown time zone '{company.time_zone}'",
            "use a name such as America/New_York",
        )
    if wrong := calendar_problem(company.holidays):
        yield Problem(
            files.where("company", "holidays", "country"), "holidays.country", wrong, "use the two letters of ISO 3166, such as US or DE"
        )
    if company.opens >= company.closes:
        yield Problem(
            files.where("company", "closes"), "closes", f"closes at {company.closes}, not after it opens at {company.opens}", "swap the two"
        )


def _agreement(policy: Policy, files: Files) -> Iterator[Problem]:
    for name in ("first_stage", "waiting_stage", "offered_stage"):
        stage = getattr(policy, name)
        if stage not in policy.stages:
            yield unknown(files.where("policy", name), name, "stage", stage, policy.stages)
    for number, system in enumerate(policy.systems):
        if system not in SYSTEMS:
            yield unknown(files.where("policy", "systems", number), "systems", "system", system, SYSTEMS)
        elif system in policy.systems[:number]:
            yield Problem(files.where("policy", "systems", number), "systems", f"'{system}' stands twice", "name each CRM once")
    if "hubspot_leads" in policy.systems and "hubspot" not in policy.systems:
        what = "hubspot_leads without hubspot: a Lead object says nothing of the person, whose record is the contact"
        yield Problem(files.where("policy", "systems"), "systems", what, "write [hubspot_leads, hubspot]")
    for field, systems in policy.sources.items():
        for system in systems:
            if system not in policy.systems:
                yield unknown(files.where("policy", "sources", field), f"sources.{field}", "system", system, policy.systems)
    signed = {approval.team for approval in policy.approvals}
    for team in ("sales", "marketing"):
        if team not in signed:
            what = f"{team} has not signed this policy"
            yield Problem(
                files.where("policy", "approvals"),
                "approvals",
                what,
                f"let {team} review it, then add {{team: {team}, by: name, on: date}}",
            )


def _rules(policy: Policy, files: Files) -> Iterator[Problem]:
    shape: shapes.StagesFile = files.shapes["stages"]
    seen: dict[str, str] = {}
    for number, rule in enumerate(policy.transitions):
        path = f"rules.{rule.name}"
        for stage in (*rule.from_stages, *(() if rule.to == "same" else (rule.to,))):
            if stage not in policy.stages:
                yield unknown(rule.where, path, "stage", stage, [*policy.stages, "same", "any", "sales", "marketing"])
        if rule.pool and rule.pool not in policy.pools:
            yield unknown(files.where("stages", "rules", number, "pool"), f"{path}.pool", "pool", rule.pool, policy.pools)
        brief = shape.rules[number].task
        if brief and brief not in shape.tasks:
            yield unknown(files.where("stages", "rules", number, "task"), f"{path}.task", "task", brief, shape.tasks)
        if rule.name in seen:
            yield Problem(rule.where, path, "the name stands twice", f"give it its own name (the first is at {seen[rule.name]})")
        seen.setdefault(rule.name, rule.where)
    used = {rule.task for rule in shape.rules}
    for name in shape.tasks:
        if name not in used:
            yield Problem(
                files.where("stages", "tasks", name),
                f"tasks.{name}",
                "no rule gives this task",
                "name it in a rule's task:, or take it out",
            )


def _texts(files: Files) -> Iterator[Problem]:
    shape: shapes.StagesFile = files.shapes["stages"]
    for number, rule in enumerate(shape.rules):
        for key in ("next_step", "reason"):
            yield from _template(getattr(rule, key), files.where("stages", "rules", number, key), f"rules.{rule.name}.{key}")
    for key in ("next_step", "reason"):
        yield from _template(getattr(shape.waiting, key), files.where("stages", "waiting", key), f"waiting.{key}")
    for name, task in shape.tasks.items():
        yield from _template(task.subject, files.where("stages", "tasks", name, "subject"), f"tasks.{name}.subject")
        for number, line in enumerate(task.lines):
            yield from _template(line, files.where("stages", "tasks", name, "lines", number), f"tasks.{name}.lines")
        due = [key for key, value in task.due.model_dump().items() if value not in (None, False)]
        if len(due) != 1:
            mend = "keep one of minutes, business_minutes, business_days, staggered: true"
            yield Problem(files.where("stages", "tasks", name, "due"), f"tasks.{name}.due", f"says {len(due)} due times", mend)


def _template(text: str, where: str, path: str) -> Iterator[Problem]:
    try:
        names = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError:
        yield Problem(where, path, "has an unmatched brace", "write {name} for a value, and no other braces")
        return
    for name in names:
        if name in PERSONAL_FIELDS:
            yield Problem(
                where,
                path,
                f"'{{{name}}}' is personal; these texts are kept in the ledger",
                "take it out: the text stands on the person's own record",
            )
        elif name not in TEMPLATE_VALUES:
            yield unknown(where, path, "value", f"{{{name}}}", [f"{{{known}}}" for known in TEMPLATE_VALUES])


def _routing(policy: Policy, files: Files) -> Iterator[Problem]:
    for number, route in enumerate(policy.routes):
        path = f"routes.{route.name}"
        if route.pool and route.pool not in policy.pools:
            yield unknown(files.where("routing", "routes", number, "pool"), f"{path}.pool", "pool", route.pool, policy.pools)
        if not route.pool and not route.to_account_worker:
            what = "names no pool" if not (route.to_account_owner or route.to_pair) else "has no pool for when the account's owner has left"
            yield Problem(files.where("routing", "routes", number), path, what, f"add pool: one of {', '.join(policy.pools)}")
    for name, pool in policy.pools.items():
        if not pool.roles and not pool.keys:
            yield Problem(files.where("routing", "pools", name), f"pools.{name}", "has no members", "add roles: [sdr], or people: [e-mail]")


def _sweep(policy: Policy, files: Files) -> Iterator[Problem]:
    for stage in policy.silence.days:
        if stage not in policy.stages:
            yield unknown(files.where("sweep", "silence", "days", stage), "silence.days", "stage", stage, policy.stages)
        elif policy.stages[stage].side != "sales":
            what = f"stage '{stage}' is not with sales, so nobody there can wait for an answer"
            yield Problem(files.where("sweep", "silence", "days", stage), "silence.days", what, "take it out, or make it a stage of sales")
    for system in policy.systems:
        if not policy.silence.sources.get(system):
            what = f"no activity source of {system} is named, so silence there would be a guess"
            yield Problem(files.where("sweep", "silence", "sources"), "silence.sources", what, f"add {system}: [its activity streams]")
    for system, streams in policy.silence.sources.items():
        known = files.objects.get(system, ())  # streams bear the names of the vendor's objects
        for stream in streams:
            if stream not in known:
                yield unknown(
                    files.where("sweep", "silence", "sources", system), f"silence.sources.{system}", "activity stream", stream, known
                )
    types = {cadence.lead_type for cadence in policy.cadences}
    if "" not in types:
        mend = 'add {lead_type: "", touches: 6, idle_business_days: 5}'
        yield Problem(files.where("sweep", "cadences"), "cadences", "there is no entry for leads without a lead type", mend)
    for rule in policy.transitions:
        if rule.lead_type and rule.lead_type not in types:
            what = f"lead type '{rule.lead_type}' has no cadence in sweep.yaml"
            yield Problem(rule.where, f"rules.{rule.name}.lead_type", what, did_you_mean(rule.lead_type, sorted(types - {""})))
    for number, cadence in enumerate(policy.cadences):
        for stage in cadence.idle_by_stage:
            if stage not in policy.stages:
                yield unknown(
                    files.where("sweep", "cadences", number), f"cadences.{cadence.lead_type}.idle_by_stage", "stage", stage, policy.stages
                )


def _subjects(policy: Policy, files: Files) -> Iterator[Problem]:
    intent = policy.intent
    known = {Kind.FORM: intent.forms, Kind.CAMPAIGN: intent.campaigns, Kind.VISIT: intent.pages}
    for number, kind in enumerate(intent.kinds):
        names = [entry.name for entry in known.get(Kind(kind.activity), ())]
        for subject in kind.subjects:
            if subject not in names:
                yield unknown(
                    files.where("scoring", "intent", "kinds", number),
                    f"intent.kinds.{kind.name}",
                    f"kind of {kind.activity}",
                    subject,
                    names,
                )
    for part in ("forms", "campaigns", "pages"):
        for entry in getattr(intent, part):
            if not entry.ids and not entry.words:
                yield Problem(entry.where, f"intent.{part}.{entry.name}", "fits nothing", "add ids: [...] or words: [...]")


def _guard(policy: Policy, files: Files) -> Iterator[Problem]:
    for move in MOVES:
        if move not in policy.guard.per_mille:
            what = f"'{move}' has no limit, so one run could do it to everybody"
            yield Problem(files.where("guard", "limits"), "limits", what, f"add {move}: {{percent: 2, at_least: 50}}")
