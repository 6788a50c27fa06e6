"""Resolve: which records are the same human. Only what changed is looked at, together with everything its ids and addresses reach."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from itertools import islice

from engine.context import Engine
from handoff.facts import Activity, Actor, Kind, LeadFacts, Record, Ref, State
from handoff.identity import UNCLEAR, Resolution, Standing, address_of, named_ids
from handoff.identity import Link as Found
from handoff.identity import resolve as unite
from handoff.touches import MET
from ledger.values import Link, Role

HUMANS = frozenset({"contacts", "leads", "Lead", "Contact"})
PARTS_AHEAD = 10
"""How many parts are known ahead, as (record, revision): what one part reaches need not be resolved again in another."""
POINTING = ("hubspot_id", "contact_id", "salesforce_lead_id", "merged_ids", "converted_to")


def resolve(engine: Engine, renew: Callable[[], None] = lambda: None) -> int:
    """Links every record that was touched since the last time. Returns how many records of people were looked at. `renew` as in `pull`."""
    facts, at_once = engine.ledger.facts, engine.settings.shard_size
    looked = 0
    while touched := {item.ref: item for item in facts.touched(PARTS_AHEAD * at_once)}:
        while touched:
            renew()
            part = tuple(islice(touched, at_once))
            # What a part reaches is a closed set: everyone in it was resolved together with all that he reaches himself.
            done = [touched.pop(ref) for ref in {**dict.fromkeys(part), **_resolve_part(engine, part)} if ref in touched]
            facts.clear_touched(done)
            looked += sum(item.ref.object in HUMANS for item in done)
    return looked


def in_words(engine: Engine, listed: Sequence[tuple[str, str, str]], facts: Mapping[str, LeadFacts]) -> list[tuple[str, str, str]]:
    """Exceptions (lead, reason, detail) as a person can act on them: an ambiguous one says which records contradict each other."""
    unclear = {lead for lead, reason, detail in listed if reason == UNCLEAR and not detail}
    records = {record.ref: record for lead in unclear for record in facts[lead].records if record.ref.object in HUMANS}
    if not records:
        return list(listed)
    reached = _reach(engine, tuple(records.values()))
    keys = {ref: link.lead for ref, link in engine.ledger.facts.linked(reached).items()}
    words = {lead: detail for lead, _, detail in unite(tuple(reached.values()), keys, None, engine.compiled.carriers).problems}
    return [(lead, reason, words.get(lead, detail) if lead in unclear else detail) for lead, reason, detail in listed]


def _resolve_part(engine: Engine, part: Sequence[Ref]) -> Mapping[Ref, Record]:
    """Links the people of a part and all whom they reach; returns these records."""
    facts = engine.ledger.facts
    people = [record for record in facts.records(_with_former(engine, part)).values() if record.ref.object in HUMANS]
    if not people:
        return {}
    records = _reach(engine, people)
    linked = facts.linked(records)
    several = _several(records.values(), engine.compiled.carriers)
    standing = _standings(engine, {link.lead for ref, link in linked.items() if ref in several}) if several else {}
    found = unite(tuple(records.values()), {ref: link.lead for ref, link in linked.items()}, standing, engine.compiled.carriers)
    _store(engine, found, linked)
    return records


def _with_former(engine: Engine, part: Sequence[Ref]) -> Sequence[Ref]:
    """The part and, where a record of it was ambiguous, all that are: once it is mended nothing leads from it to whom it contradicted."""
    was = engine.ledger.facts.linked(part)
    return (*part, *engine.ledger.leads.ambiguous()) if any(link.role is Role.AMBIGUOUS for link in was.values()) else part


def _reach(engine: Engine, people: Sequence[Record]) -> dict[Ref, Record]:
    """The closed set around some records: whom they name by id, who names them, who shares their address, and so on."""
    records = {record.ref: record for record in people}
    fresh: list[Record] = list(people)
    asked: set[str] = set()
    while fresh:
        fresh = list(_neighbours(engine, fresh, records, asked))
        records.update({record.ref: record for record in fresh})
    return records


def _neighbours(engine: Engine, fresh: Sequence[Record], known: Mapping[Ref, Record], asked: set[str]) -> Iterable[Record]:
    facts = engine.ledger.facts
    addresses = {address for record in fresh if (address := address_of(record))} - asked
    ids = {record.ref.id for record in fresh} - asked
    asked.update(addresses, ids)
    reached = {ref for record in fresh for ref, _ in named_ids(record)}
    reached |= facts.carrying(sorted(addresses)) | facts.naming(POINTING, sorted(ids))
    return facts.records(sorted(ref for ref in reached - known.keys() if ref.object in HUMANS)).values()


def _several(records: Iterable[Record], carriers: Container[str]) -> set[Ref]:
    """Live records that share their address with another of the same CRM: only these need a primary."""
    groups: dict[tuple[str, str], list[Ref]] = {}
    for record in records:
        if record.state is State.LIVE and record.ref.object in carriers and (address := address_of(record)):
            groups.setdefault((record.ref.system, address), []).append(record.ref)
    return {ref for group in groups.values() if len(group) > 1 for ref in group}


def _standings(engine: Engine, keys: Iterable[str]) -> dict[Ref, Standing]:
    """What decides which record is the primary: an open opportunity, an active owner, the latest touch."""
    policy = engine.policy
    loaded = engine.ledger.leads.load(sorted(keys), engine.clock(), policy.systems, policy.sources)
    active = {f"{system}:{person.id}" for system, crm in engine.crms.items() for person in crm.people() if person.active}
    standing: dict[Ref, Standing] = {}
    for one in loaded:
        for record in one.facts.records:
            mine = [activity for activity in one.facts.activities if activity.about == record.ref]
            standing[record.ref] = Standing(
                open_opportunity=any(a.kind is Kind.DEAL and a.outcome == "open" for a in mine),
                active_owner=f"{record.ref.system}:{record.fields.get('owner', '')}" in active,
                last_touch_at=max((a.occurred_at for a in mine if _is_touch(a)), default=None),
            )
    return standing


def _is_touch(activity: Activity) -> bool:
    if activity.actor is not Actor.REP or activity.ours:
        return False
    return activity.kind in (Kind.CALL, Kind.EMAIL) or (activity.kind is Kind.MEETING and activity.outcome in MET)


def _store(engine: Engine, found: Resolution, linked: Mapping[Ref, Link]) -> None:
    """Links that changed, then aliases; problems go with the role and are reported when the lead is decided."""
    now = engine.clock()
    changed = [_link(link) for link in found.links if _is_new(link, linked.get(link.ref))]
    for old, new in found.aliases:
        engine.ledger.leads.alias(old, new, now)
        engine.ledger.exceptions.resolve_missing(0, [old], now)  # nobody is decided under that key any more
    engine.ledger.leads.link(changed, now)
    # Whose link stays is not decided again, and has to name a record that joined or left the contradiction, too.
    engine.ledger.exceptions.reword(UNCLEAR, {lead: detail for lead, _, detail in found.problems})


def _is_new(found: Found, known: Link | None) -> bool:
    return known is None or (found.lead, found.role) != (known.lead, known.role)


def _link(found: Found) -> Link:
    return Link(found.ref, found.lead, Role(found.role))
