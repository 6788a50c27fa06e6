"""From rows to `LeadFacts`: a shard of leads in four queries, now or as it was known at an earlier tick."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, func, or_, select

from handoff.facts import Activity, Actor, Edit, Kind, LeadFacts, Record, Ref, State
from handoff.identity import UNCLEAR
from ledger.codec import load_prior, loads, maybe_moment, micros, moment, shared_moment
from ledger.columns import among
from ledger.connection import in_chunks
from ledger.facts import RECORD, record_of
from ledger.people import Keeping
from ledger.schema import activities, edits, leads, links, people, records, ticks, versions
from ledger.values import Loaded, Mark, Role

HORIZON = timedelta(days=400)
HORIZON_ACTIVITIES = 200
_ROLES: dict[str, int] = {Role.PRIMARY: 0, Role.MIRROR: 1, Role.AMBIGUOUS: 2, Role.DUPLICATE: 3}
_KINDS = {kind.value: kind for kind in Kind}
_ACTORS = {actor.value: actor for actor in Actor}
_ACTIVITY = ("key", "kind", "actor", "occurred_at", "known_at", "subject", "outcome", "due_at", "by", "ours", "automated")
_HISTORY = {"status": Kind.STATUS_EDIT, "owner": Kind.OWNER_EDIT}


@dataclass(frozen=True, slots=True)
class Order:
    """Which CRM is believed: `systems` in general (record of record first), `sources` per field; a system not named there is no source."""

    systems: tuple[str, ...]
    sources: Mapping[str, tuple[str, ...]]


def load_leads(
    connection: Connection,
    keeping: Keeping,
    ids: Mapping[str, int],
    keys: Sequence[str],
    now: datetime,
    order: Order,
    seq: int | None = None,
) -> list[Loaded]:
    """Facts of `keys` in their order, each once; leads without a record are left out. With `seq`, only what was known at that tick."""
    wanted = sorted({ids[key] for key in keys if key in ids})
    rows, done, events, standing = {}, defaultdict(list), defaultdict(list), defaultdict(list)
    for chunk in in_chunks(wanted):
        part = {"ids": chunk}
        rows.update({row.id: row for row in connection.execute(_LEADS, part).all()})
        for row in connection.execute(_records_query(seq), part).all():
            done[row[0]].append((row[1], record_of(row[2:])))
        for row in connection.execute(_activities_query(now, seq), part).all():
            events[row[0]].append(row)
        for row in connection.execute(_edits_query(seq), part).all():
            standing[row.lead_id].append(row)
    accounts = _accounts(connection, keeping, (record for found in done.values() for _, record in found), seq)
    latest = connection.execute(select(func.coalesce(func.max(ticks.c.seq), 0))).scalar_one() if seq is None else seq
    shard = _Shard(keeping, order, accounts)
    return [
        Loaded(
            None if row.prior is None else load_prior(row.prior),
            shard.facts(row.key, done[row.id], events[row.id], standing[row.id]),
            Mark(row.facts_rev, latest),
        )
        for lead_id in dict.fromkeys(ids[key] for key in keys if key in ids)
        if (row := rows[lead_id]).id in done
    ]


_LEADS = select(leads.c.id, leads.c.key, leads.c.prior, leads.c.facts_rev).where(among(leads.c.id, "ids"))


def _known_at(table: Table, seq: int) -> ColumnElement[bool]:
    return (table.c.known_seq <= seq) & or_(table.c.gone_seq.is_(None), table.c.gone_seq > seq)


def _members(seq: int | None) -> tuple[Any, Any, Any, ColumnElement[bool]]:
    """(lead column, role column, what to join, condition): who belonged to the leads."""
    if seq is None:
        return records.c.lead_id, records.c.role, records, among(records.c.lead_id, "ids")
    source = records.join(links, links.c.record_id == records.c.id)
    return links.c.lead_id, links.c.role, source, among(links.c.lead_id, "ids") & _known_at(links, seq)


def _records_query(seq: int | None) -> Select[Any]:
    lead, role, source, condition = _members(seq)
    return select(lead, role, *RECORD).select_from(_with_values(source, seq)).where(condition)


def _with_values(source: Any, seq: int | None) -> Any:
    """`source` joined with the version that is or was current, and its personal values."""
    current = versions.c.id == records.c.version_id if seq is None else (versions.c.record_id == records.c.id) & _known_at(versions, seq)
    return source.join(versions, current).outerjoin(people, people.c.id == versions.c.person_id)


def _activities_query(now: datetime, seq: int | None) -> Select[Any]:
    lead, _, source, condition = _members(seq)
    current = activities.c.gone_seq.is_(None) if seq is None else _known_at(activities, seq)
    return (
        select(lead.label("lead_id"), records.c.ref, *(activities.c[name] for name in _ACTIVITY))
        .select_from(source.join(activities, activities.c.record_id == records.c.id))
        .where(condition, current, activities.c.occurred_at >= micros(now - HORIZON))
    )


def _edits_query(seq: int | None) -> Select[Any]:
    lead, _, source, condition = _members(seq)
    current = edits.c.gone_seq.is_(None) if seq is None else _known_at(edits, seq)
    joined = source.join(edits, edits.c.record_id == records.c.id)
    return select(lead.label("lead_id"), records.c.ref, edits).select_from(joined).where(condition, current)


def _accounts(connection: Connection, keeping: Keeping, found: Iterable[Record], seq: int | None) -> dict[str, dict[str, str]]:
    """Ref text of each account that a record names -> its fields as they are joined in."""
    refs = sorted({ref for record in found if (ref := keeping.account_ref(record.ref.system, record.fields)) is not None})
    own = people.c.body.label("own")
    query = select(records.c.ref, versions.c.body, own).select_from(_with_values(records, seq)).where(among(records.c.ref, "refs"))
    accounts: dict[str, dict[str, str]] = {}
    for part in in_chunks(refs):
        for ref, body, own in connection.execute(query, {"refs": part}).all():
            fields = loads(body) if own is None else {**loads(body), **loads(own)}
            accounts[ref] = {f"account_{name}": value for name, value in fields.items()}
    return accounts


class _Shard:
    """What the leads of one shard share while their facts are put together."""

    def __init__(self, keeping: Keeping, order: Order, accounts: Mapping[str, Mapping[str, str]]) -> None:
        self._keeping, self._order, self._accounts = keeping, order, accounts
        self._refs: dict[str, Ref] = {}
        self._rank = {system: place for place, system in enumerate(order.systems)}

    def facts(self, key: str, found: list[tuple[str, Record]], events: list[Row[Any]], standing: list[Row[Any]]) -> LeadFacts:
        if len(found) > 1:
            found.sort(key=self._place)
        mine = tuple([record for _, record in found])
        duplicates = tuple([record.ref for role, record in found if role == Role.DUPLICATE])
        happened = _activities(events, self._refs)
        return LeadFacts(
            key=key,
            records=mine,
            fields=self._merged([record for role, record in found if role != Role.DUPLICATE] or mine),
            activities=happened,
            first_seen=min([record.created_at for record in mine]),
            edits=self._edits(mine, duplicates, standing, happened) if standing else (),
            problems=(UNCLEAR,) if any(role == Role.AMBIGUOUS for role, _ in found) else (),
            duplicates=duplicates,
        )

    def _place(self, pair: tuple[str, Record]) -> tuple[int, bool, int, Ref]:
        role, record = pair
        return _ROLES.get(role, 9), record.state is not State.LIVE, self._rank.get(record.ref.system, 9), record.ref

    def _merged(self, mine: Sequence[Record]) -> dict[str, str]:
        """First known value wins, live records before converted ones; others (deleted, merged, archived) only when nothing else is left."""
        counted = [record for record in mine if record.state is State.LIVE or record.state is State.CONVERTED] or list(mine)
        if len(counted) > 1:
            counted.sort(key=lambda record: (self._rank.get(record.ref.system, 9), record.state is not State.LIVE))
        per_system: dict[str, dict[str, str]] = {}
        for record in reversed(counted):
            values = per_system.setdefault(record.ref.system, {})
            values.update(self._account_fields(record))
            values.update(record.fields)
        merged: dict[str, str] = {}
        for system in sorted(per_system, key=lambda name: -self._rank.get(name, 9)):
            merged.update(per_system[system])
        for field, systems in self._order.sources.items():
            self._prefer(merged, per_system, field, systems)
        return merged

    @staticmethod
    def _prefer(merged: dict[str, str], per_system: Mapping[str, Mapping[str, str]], field: str, systems: tuple[str, ...]) -> None:
        for system in systems:
            if field in per_system.get(system, ()):
                merged[field] = per_system[system][field]
                return
        merged.pop(field, None)

    def _account_fields(self, record: Record) -> Mapping[str, str]:
        ref = self._keeping.account_ref(record.ref.system, record.fields)
        return self._accounts.get(ref, {}) if ref is not None else {}

    def _edits(
        self, mine: Sequence[Record], duplicates: Sequence[Ref], standing: Sequence[Row[Any]], happened: Sequence[Activity]
    ) -> tuple[Edit, ...]:
        """Edits on the record of record: the lead's live record in the first system that has one."""
        live = [record.ref for record in mine if record.state == State.LIVE and record.ref not in duplicates]
        if not live:
            return ()
        chosen = min(live, key=lambda ref: self._rank.get(ref.system, 9))
        found = [Edit(row.field, row.value, moment(row.at), row.author) for row in standing if row.ref == str(chosen)]
        return tuple(sorted((_dated(edit, chosen, happened) for edit in found), key=lambda edit: edit.field))


def _dated(edit: Edit, ref: Ref, happened: Sequence[Activity]) -> Edit:
    """The CRM's field history knows better than the record when a value was put there, and whether a person did it."""
    kind = _HISTORY.get(edit.field)
    for event in happened:
        if event.kind == kind and event.about == ref and event.subject == (edit.value or "") and not event.ours:
            return edit._replace(at=event.occurred_at, author="automation" if event.automated else "person")
    return edit


def _activities(events: list[Row[Any]], refs: dict[str, Ref]) -> tuple[Activity, ...]:
    """Newest first, each key once, at most the horizon's number. Ties are ordered by key and record: the order says nothing of arrival."""
    if len(events) > 1:
        events.sort(key=_newest)
    seen: set[str] = set()
    unique = (row for row in events if not (row[2] in seen or seen.add(row[2])))  # type: ignore[func-returns-value]
    return tuple(_activity(row, refs) for row in islice(unique, HORIZON_ACTIVITIES))


def _newest(row: Row[Any]) -> tuple[int, str, str]:
    return -row[5], row[2], row[1]


def _activity(row: Row[Any], refs: dict[str, Ref]) -> Activity:
    # Unpacked in one step: this runs for every activity of every lead that is looked at.
    _, ref, key, kind, actor, occurred_at, known_at, subject, outcome, due_at, by, ours, automated = row
    about = refs.get(ref) or refs.setdefault(ref, Ref.parse(ref))
    return Activity(
        key,
        _KINDS[kind],
        _ACTORS[actor],
        about,
        moment(occurred_at),
        shared_moment(known_at),
        subject,
        outcome,
        maybe_moment(due_at),
        by,
        ours,
        automated,
    )
