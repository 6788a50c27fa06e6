"""Which records are the same human: explicit ids first, then the e-mail address. Pure: records in, links out.

Records that name each other by id, or share an address, are one lead; several may belong to one other (HubSpot's Lead objects, of whom the
newest counts). Inside one CRM one of them is the primary (an open opportunity, then an active owner, then the latest touch, then the
oldest), the others are duplicates and are never routed. Where the links contradict each other, or people with different names share a
mailbox, the records are ambiguous: each stands alone, is reported and moved by nobody.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from handoff.facts import Record, Ref, State
from handoff.records import ROUTED_OBJECTS

PRIMARY, MIRROR, DUPLICATE, AMBIGUOUS = "primary", "mirror", "duplicate", "ambiguous"
UNCLEAR = "ambiguous_identity"
"""The reason under which every record of a contradiction stands on the list of exceptions, all of them with the same words."""
LINK_FIELDS: Mapping[tuple[str, str], tuple[str, str, str]] = {
    # (object, field holding an id) -> (system, object, what it says) of the record it names
    ("Lead", "hubspot_id"): ("hubspot", "contacts", "same"),
    ("Contact", "hubspot_id"): ("hubspot", "contacts", "same"),
    ("leads", "contact_id"): ("hubspot", "contacts", "of"),
    ("contacts", "salesforce_lead_id"): ("salesforce", "Lead", "same"),
    ("contacts", "salesforce_contact_id"): ("salesforce", "Contact", "same"),
    ("Lead", "converted_to"): ("salesforce", "Contact", "follows"),
    ("contacts", "merged_ids"): ("hubspot", "contacts", "follows"),
}
_NAMES = {of: tuple((field, *named) for (object_name, field), named in LINK_FIELDS.items() if object_name == of) for of, _ in LINK_FIELDS}
ROLE_MAILBOXES = frozenset(
    {
        *("info", "sales", "office", "contact", "hello", "admin", "support", "team", "mail", "service"),
        *("enquiries", "inquiries", "billing", "marketing"),
    }
)
NEWEST_COUNTS = frozenset({"leads"})  # a person has a Lead object for every time somebody tried
EARLIEST = datetime.min.replace(tzinfo=UTC)
MOST_NAMED = 6
CORRECT = "these contradict each other; correct the ids, or merge what is one person"
OWN_ADDRESS = "give each person an address of their own, or merge what is one person"


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides which of several records is the primary."""

    open_opportunity: bool = False
    active_owner: bool = False
    last_touch_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """One record belongs to one lead; `role` is primary, mirror, duplicate or ambiguous."""

    ref: Ref
    lead: str
    role: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """`aliases` are (old lead key, key it is united into); `problems` are (lead key, reason code, detail).

    A detail names records and says what to do, without personal values.
    """

    links: tuple[Link, ...]
    aliases: tuple[tuple[str, str], ...] = ()
    problems: tuple[tuple[str, str, str], ...] = ()


def resolve(
    records: Sequence[Record],
    keys: Mapping[Ref, str] | None = None,
    standing: Mapping[Ref, Standing] | None = None,
    carriers: Container[str] = ROUTED_OBJECTS,
) -> Resolution:
    """Unite `records` (a closed set: everything reachable by id or address from any of them). `keys` are the lead keys known so far.

    The order of `records` never matters. A record that stands alone is the primary of its own lead.
    """
    known, stands = keys or {}, standing or {}
    ordered = sorted(records, key=_age)
    clusters, contradicted = _clusters(ordered)
    links: list[Link] = []
    aliases: list[tuple[str, str]] = []
    problems: list[tuple[str, str, str]] = []
    for cluster in clusters:
        reason = _contradiction(cluster) if any(record.ref in contradicted for record in cluster) else _shared_mailbox(cluster)
        if reason:
            for record in cluster:
                key = known.get(record.ref, str(record.ref))
                links.append(Link(record.ref, key, AMBIGUOUS))
                problems.append((key, UNCLEAR, reason))
            continue
        key, others = _key_of(cluster, known)
        aliases.extend((other, key) for other in others)
        links.extend(_roles(cluster, key, stands, carriers))
    return Resolution(tuple(links), tuple(aliases), tuple(problems))


def address_of(record: Record) -> str:
    """The e-mail address as it is compared: trimmed, lower case; "" when there is none."""
    address = record.fields.get("email", "")
    return address.strip().lower() if address else ""


def named_ids(record: Record) -> Iterable[tuple[Ref, str]]:
    """Records this one names by id, with `same`, `follows`, or `of` for one of several that belong to it."""
    for field, system, target, says in _NAMES.get(record.ref.object, ()):
        named = record.fields.get(field)
        for part in re.split(r"[;,]", named) if named else ():
            if part.strip():
                yield Ref(system, target, part.strip()), says
    if record.follows is not None:
        yield record.follows, "follows"


def _age(record: Record) -> tuple[datetime, str, str, str]:
    return record.created_at, record.ref.system, record.ref.id, record.ref.object


class _Union:
    """Union-find over refs; the representative is the first in order of age."""

    def __init__(self, refs: Iterable[Ref]) -> None:
        self.parent = {ref: ref for ref in refs}
        self.order = {ref: place for place, ref in enumerate(self.parent)}

    def find(self, ref: Ref) -> Ref:
        while self.parent[ref] != ref:
            self.parent[ref] = self.parent[self.parent[ref]]
            ref = self.parent[ref]
        return ref

    def unite(self, one: Ref, other: Ref) -> None:
        first, second = sorted((self.find(one), self.find(other)), key=lambda ref: self.order[ref])
        self.parent[second] = first


def _clusters(ordered: Sequence[Record]) -> tuple[list[list[Record]], frozenset[Ref]]:
    """Groups of one human each, and the records whose explicit links contradict each other or the address."""
    here = {record.ref: record for record in ordered}
    union = _Union(here)
    partners: dict[tuple[Ref, str, str], set[Ref]] = {}
    for record in ordered:
        for other, says in named_ids(record):
            if other not in here:
                continue
            union.unite(record.ref, other)
            if says == "same":
                partners.setdefault((record.ref, other.system, other.object), set()).add(other)
                partners.setdefault((other, record.ref.system, record.ref.object), set()).add(record.ref)
    # What was deleted or merged away still says whose it was, and contradicts nobody: it cannot be corrected any more.
    several = [(ref, others) for (ref, _, _), others in partners.items() if sum(here[other].state == State.LIVE for other in others) > 1]
    contradicted = {ref for one, others in several for ref in (one, *others)}
    contradicted |= _address_contradictions(ordered, here, partners, union)
    grouped: dict[Ref, list[Record]] = {}
    for record in ordered:
        grouped.setdefault(union.find(record.ref), []).append(record)
    return list(grouped.values()), frozenset(contradicted)


def _address_contradictions(
    ordered: Sequence[Record], here: Mapping[Ref, Record], partners: Mapping[tuple[Ref, str, str], set[Ref]], union: _Union
) -> set[Ref]:
    """Unite by address; an address that leads to another live record than the explicit id does is a contradiction."""
    contradicted: set[Ref] = set()
    by_address: dict[str, list[Record]] = {}
    for record in ordered:
        if address := address_of(record):
            by_address.setdefault(address, []).append(record)
    for same in (group for group in by_address.values() if len(group) > 1):
        for record in same:
            for other in same:
                named = partners.get((record.ref, other.ref.system, other.ref.object), set())
                live = other.state == State.LIVE and all(here[ref].state == State.LIVE for ref in named)
                # Where the named record has this very address, too, the other one is merely a duplicate of it.
                alike = any(address_of(here[ref]) == address_of(other) for ref in named)
                if named and live and not alike and other.ref not in named and record.ref.system != other.ref.system:
                    contradicted |= {record.ref, other.ref, *named}
        for record in same[1:]:
            union.unite(same[0].ref, record.ref)
    return contradicted


def _contradiction(cluster: Sequence[Record]) -> str:
    """Which records of the cluster name which, or share an address, and what to do about it; no address is told."""
    here = {record.ref for record in cluster}
    told = [f"{record.ref} names {other}" for record in cluster for other, says in named_ids(record) if says == "same" and other in here]
    alike: dict[str, list[str]] = {}
    for record in cluster:
        alike.setdefault(address_of(record), []).append(str(record.ref))
    told += [f"{' and '.join(refs)} have one address" for address, refs in alike.items() if address and len(refs) > 1]
    return f"{_listed(told, '; ')}: {CORRECT}"


def _listed(words: Sequence[str], between: str) -> str:
    more = len(words) - MOST_NAMED
    return between.join(words[:MOST_NAMED]) + (f"{between}and {more} more" if more > 0 else "")


def _shared_mailbox(cluster: Sequence[Record]) -> str:
    """Which records belong to people with different names who share a role mailbox ("info@"), and what to do; "" when none do."""
    names: dict[str, set[tuple[str, str]]] = {}
    for record in cluster if len(cluster) > 1 else ():
        local = re.split(r"[.+@_-]", address_of(record), maxsplit=1)[0]
        name = (record.fields.get("first_name", "").strip().casefold(), record.fields.get("last_name", "").strip().casefold())
        if local in ROLE_MAILBOXES and any(name) and record.state == State.LIVE:
            names.setdefault(address_of(record), set()).add(name)
    shared = {address for address, people in names.items() if len(people) > 1}
    refs = [str(record.ref) for record in cluster if address_of(record) in shared]
    return f"{_listed(refs, ', ')} share a mailbox under different names: {OWN_ADDRESS}" if refs else ""


def _key_of(cluster: Sequence[Record], known: Mapping[Ref, str]) -> tuple[str, tuple[str, ...]]:
    """The lead's key (the oldest known one, else the first-seen record) and the keys it replaces.

    A Lead object brings no key but its own along: given to another contact it goes over to his lead, and unites nobody.
    """
    told = ((record, known[record.ref]) for record in cluster if record.ref in known)
    found = list(dict.fromkeys(key for record, key in told if record.ref.object not in NEWEST_COUNTS or key == str(record.ref)))
    if not found:
        return str(cluster[0].ref), ()
    own = [str(record.ref) for record in cluster if str(record.ref) in found]
    key = own[0] if own else found[0]
    return key, tuple(other for other in found if other != key)


def _roles(cluster: Sequence[Record], key: str, stands: Mapping[Ref, Standing], carriers: Container[str]) -> Iterable[Link]:
    """Per CRM one primary among the live routed records; in the CRMs after the first it is called a mirror."""
    best: dict[str, Record] = {}
    for record in cluster:
        if record.state == State.LIVE and record.ref.object in carriers:
            present = best.get(record.ref.system)
            if present is None or _rank(record, stands) < _rank(present, stands):
                best[record.ref.system] = record
    first = min(best.values(), key=_age).ref if best else cluster[0].ref
    for record in cluster:
        if record.ref == first:
            yield Link(record.ref, key, PRIMARY)
        elif record.state == State.LIVE and record.ref.object in carriers and best[record.ref.system].ref != record.ref:
            yield Link(record.ref, key, DUPLICATE)
        else:
            yield Link(record.ref, key, MIRROR)


def _rank(record: Record, stands: Mapping[Ref, Standing]) -> tuple[float, bool, bool, float, tuple[datetime, str, str, str]]:
    """Smaller is better: open opportunity, active owner, latest touch, then the oldest record; of Lead objects the newest."""
    standing = stands.get(record.ref, Standing())
    touched = standing.last_touch_at or EARLIEST
    newest = -record.created_at.timestamp() if record.ref.object in NEWEST_COUNTS else 0.0
    return (
        newest,
        not standing.open_opportunity,
        not standing.active_owner,
        -touched.timestamp() if touched != EARLIEST else 0.0,
        _age(record),
    )
