"""Builds the frame: everything about the others that a decision may read, frozen, digested and stored before a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from connectors.protocol import Person
from engine.accounts import named_accounts
from engine.context import Engine
from engine.rollout import cut_over
from engine.sources import stopped_sources
from engine.work import work_in_hand
from handoff.decision import Frame, Rep
from handoff.digest import digest
from handoff.policy import Policy, RoleWords
from ledger.values import Source
from mappings.people import account_owners as accounts_of
from mappings.people import with_people

PERSON = "person"
STALE_AFTER = timedelta(days=30)
MORE = "asked_more"


def build_frame(engine: Engine, *, adopting: bool = False) -> Frame:
    """The frame as of the engine's clock, stored under its digest. Asks each CRM for its people (once per connector)."""
    people = people_now(engine)
    ledger, now, midnight = engine.ledger, engine.clock(), last_midnight(engine)
    reps, owners = _reps(engine, people), owners_of(people)
    account_owners, imported = work_in_hand(engine, reps, midnight)
    frame = Frame(
        reps=reps,
        owners=owners,
        queues=queues_of(people),
        turns=ledger.turns.counts(),
        open_leads=ledger.leads.open_by_owner(),
        new_today=ledger.turns.since(midnight),
        coverage=ledger.facts.coverage(),
        health=health(ledger.facts.sources(), now),
        target_accounts=named_accounts(engine, owners) | accounts_of(engine.people),
        adopting=adopting,
        new_this_week=ledger.turns.since(last_monday(engine)),
        asked_more=asked_more(engine),
        cut_over=cut_over(engine),
        account_owners=account_owners,
        stopped_sources=stopped_sources(engine),
        imported_today=imported,
        exclusions=engine.exclusions,
    )
    frame = replace(frame, digest=digest(frame))
    ledger.switches.save_frame(frame)
    return frame


def reps_now(engine: Engine) -> dict[str, Rep]:
    """Everybody who can own leads, by key, as the CRMs and the people file say."""
    return _reps(engine, people_now(engine))


def people_now(engine: Engine) -> dict[str, Sequence[Person]]:
    """Everybody and every queue that can own records, per CRM."""
    return {system: crm.people() for system, crm in engine.crms.items()}


def _reps(engine: Engine, people: Mapping[str, Iterable[Person]]) -> dict[str, Rep]:
    return with_people(reps_of(people, engine.policy), engine.people)


def reps_of(people: Mapping[str, Iterable[Person]], policy: Policy) -> dict[str, Rep]:
    """One rep per e-mail over all CRMs. Active where the first CRM of the policy that knows the person says so."""
    found: dict[str, Rep] = {}
    for system in policy.systems:
        listed = [person for person in people.get(system, ()) if person.type == PERSON and person.key]
        by_id = {person.id: person.key for person in listed}
        for person in sorted(listed, key=lambda person: (not person.active, person.id)):
            known = found.get(person.key)
            if known is None:
                found[person.key] = _rep(person, system, by_id, policy)
            elif system not in known.ids:
                found[person.key] = _more(known, person, system, policy)
    return dict(sorted(found.items()))


def _rep(person: Person, system: str, by_id: Mapping[str, str], policy: Policy) -> Rep:
    role = role_of(policy.roles, (person.role, *person.teams))
    zone = person.time_zone or policy.company.time_zone
    return Rep(person.key, person.name, role, person.active, {system: person.id}, zone, by_id.get(person.manager_id, ""))


def role_of(roles: Iterable[RoleWords], names: Iterable[str]) -> str:
    """Which of our roles a CRM's role, profile and team names say: the first entry with one of its words in a name, else `other`."""
    told = [f" {' '.join(name.casefold().replace('-', ' ').replace('_', ' ').split())} " for name in names if name]
    for entry in roles:
        if any(f" {word.casefold()} " in name or f" {word.casefold()}s " in name for word in entry.words for name in told):
            return entry.role
    return "other"


def _more(known: Rep, person: Person, system: str, policy: Policy) -> Rep:
    """A second CRM adds its id, and a role where the first had none."""
    role = known.role if known.role != "other" else role_of(policy.roles, (person.role, *person.teams))
    return replace(known, ids={**known.ids, system: person.id}, role=role)


def owners_of(people: Mapping[str, Iterable[Person]]) -> dict[str, str]:
    """ "system:vendor id" -> rep key or `queue:<name>`."""
    return {
        f"{system}:{person.id}": person.key if person.type == PERSON else f"queue:{person.name}"
        for system, listed in sorted(people.items())
        for person in listed
    }


def queues_of(people: Mapping[str, Iterable[Person]]) -> dict[str, dict[str, str]]:
    """Queue name -> system -> vendor id."""
    queues: dict[str, dict[str, str]] = {}
    for system, listed in sorted(people.items()):
        for person in listed:
            if person.type != PERSON:
                queues.setdefault(person.name, {})[system] = person.id
    return queues


def health(sources: Mapping[str, Source], now: datetime) -> dict[str, str]:
    """ "system:kind" -> present, or stale when nothing of it was learned for 30 days; what never arrived is absent (law 6)."""
    return {name: "stale" if source.last_known_at < now - STALE_AFTER else "present" for name, source in sorted(sources.items())}


def last_midnight(engine: Engine) -> datetime:
    """When the company's date of today began."""
    zone = ZoneInfo(engine.policy.company.time_zone)
    return datetime.combine(engine.clock().astimezone(zone).date(), time.min, zone)


def last_monday(engine: Engine) -> datetime:
    """When the company's present week began."""
    zone = ZoneInfo(engine.policy.company.time_zone)
    today = engine.clock().astimezone(zone).date()
    return datetime.combine(today - timedelta(days=today.weekday()), time.min, zone)


def asked_more(engine: Engine) -> dict[str, int]:
    """Rep -> leads asked for on top of the bounds (`handoff more`); a request counts on the company's date of its day only."""
    kept = engine.ledger.switches.get(MORE)
    today = engine.clock().astimezone(ZoneInfo(engine.policy.company.time_zone)).date().isoformat()
    if not isinstance(kept, dict) or kept.get("day") != today:
        return {}
    return {str(rep): int(number) for rep, number in sorted(kept["reps"].items())}
