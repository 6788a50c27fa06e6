"""What must hold of spam, imports, rollout, freezes, units, and of who works in the field."""

from __future__ import annotations

from collections.abc import Iterator

from handoff.condition import Condition
from handoff.policy import Policy
from mappings import shapes
from mappings.compile import Files, leaves
from mappings.domains import EVERYBODYS
from mappings.problems import Problem
from mappings.rule_space import first_takers


def intake_holds(policy: Policy, files: Files) -> Iterator[Problem]:
    """Lists that are lists of domains, days in their order, a team where one is asked for."""
    yield from _rollout(files)
    yield from _freezes(files)
    yield from _domains(policy, files)


def field_reps_are_spared(policy: Policy, files: Files) -> Iterator[Problem]:
    """No route may give a lead that has asked for nothing to a field rep; and what says who somebody is reads fields alone. [R56]"""
    yield from _fields_alone(policy)
    fields = {name for name, pool in policy.pools.items() if pool.field}
    if not fields:
        return
    takers = first_takers([(route.name, route.when) for route in policy.routes], "content_lead", True)
    for number, route in enumerate(policy.routes):
        to_field = route.pool in fields or (route.to_account_owner and not route.to_account_worker)
        if to_field and route.name in takers:
            where = files.where("routing", "routes", number)
            what = f"could give a lead that has asked for nothing to a field rep ({takers[route.name]})"
            mend = "add content_lead: false, and above it a line with content_lead: true for a pool without field: true"
            yield Problem(where, f"routes.{route.name}", what, mend)


def _rollout(files: Files) -> Iterator[Problem]:
    rollout = files.shapes["policy"].rollout
    where = files.where("policy", "rollout")
    if rollout.mode == "team" and not rollout.team:
        yield Problem(where, "rollout.team", "names nobody, so nothing would ever be written", "add team: [e-mail, e-mail]")
    for email in rollout.team:
        if "@" not in email:
            what = f"is a list of e-mail addresses, not '{email}'"
            yield Problem(where, "rollout.team", what, "write the address the person logs in with")
    if rollout.mode != "share" and rollout.percent != 100:
        what = f"says {rollout.percent} percent, which counts in mode: share only"
        yield Problem(where, "rollout.percent", what, "say mode: share, or take percent out")


def _freezes(files: Files) -> Iterator[Problem]:
    company: shapes.CompanyFile = files.shapes["company"]
    for number, freeze in enumerate(company.freezes):
        if freeze.until < freeze.from_:
            where = files.where("company", "freezes", number)
            yield Problem(where, f"freezes.{freeze.name}", f"ends on {freeze.until}, before it begins", "write the earlier day as from")


def _domains(policy: Policy, files: Files) -> Iterator[Problem]:
    for file, path, domain in _listed(files):
        where = files.where(file, *path.split("."))
        if "." not in domain or "@" in domain or " " in domain:
            what, mend = f"is a list of domains, not '{domain}'", "write what stands in an address after the @, such as rival.example"
            yield Problem(where, path, what, mend)
        elif not path.endswith("except") and domain.casefold() in policy.company.free_mail_domains:
            mend = "take it out; HANDOFF_EXCLUSIONS may name single addresses there"
            yield Problem(where, path, f"'{domain}' {EVERYBODYS}", mend)


def _listed(files: Files) -> Iterator[tuple[str, str, str]]:
    """(file, path, domain) of everything that says by domain whom to leave alone, or whom not."""
    scope: shapes.ScopeFile = files.shapes["scope"]
    disposable = scope.spam.disposable
    yield from (("company", "own_domains", domain) for domain in files.shapes["company"].own_domains)
    yield from (("scope", "competitor_domains", domain) for domain in scope.competitor_domains)
    yield from (("scope", "spam.disposable.also", domain) for domain in disposable.also)
    yield from (("scope", "spam.disposable.except", domain) for domain in disposable.except_)


def _fields_alone(policy: Policy) -> Iterator[Problem]:
    """These are asked of a lead before anything else is known of it, or of leads that nobody decides just now."""
    asked = {"takes": policy.takes, "imports": policy.intake.imported, "senior_people": policy.senior}
    for name, condition in asked.items():
        if condition is None:
            continue
        if condition.always:
            yield Problem(condition.where, f"{name}.when", "is true for everybody", f"say whom, or take {name} out")
        yield from _no_signal(condition, f"{name}.when")


def _no_signal(condition: Condition, path: str) -> Iterator[Problem]:
    for test in leaves(condition):
        if test.signal:
            yield Problem(test.where, path, f"'{test.signal}' has no place here: this says who somebody is, by fields", "use a field")
