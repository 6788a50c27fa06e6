"""Facts: what a page brought is stored with its cursor in one transaction; a page stored twice changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, select

from handoff.facts import Activity, Record, Ref, State
from ledger import people as persons
from ledger.activities import remove_activities, store_activities
from ledger.bulk import insert_rows, update_rows
from ledger.codec import loads, maybe_micros, moment, shared_moment
from ledger.columns import among
from ledger.connection import Database, in_chunks, tick
from ledger.edits import foreign, found_on, note_found
from ledger.identity import lead_ids
from ledger.people import Keeping
from ledger.schema import identifiers, leads, people, records, sources, streams, versions
from ledger.values import GoneLike, Link, Missing, PageLike, Role, Source, Touched
from ledger.versions import dirty, ensure_ids, ensure_rows, known_rows, raise_marks, store_departures, store_records

_STATES = {state.value: state for state in State}
_ROLES = {role.value: role for role in Role}
RECORD = (
    records.c.ref,
    *(versions.c[name] for name in ("known_at", "created_at", "modified_at", "state", "follows", "body")),
    people.c.body.label("own"),
)
"""What `record_of` reads: a version of a record with its personal values."""
_RECORDS = (
    select(*RECORD)
    .join(versions, versions.c.id == records.c.version_id)
    .outerjoin(people, people.c.id == versions.c.person_id)
    .where(among(records.c.ref, "refs"))
)
_LINKED = (
    select(records.c.ref, leads.c.key, records.c.role).join(leads, leads.c.id == records.c.lead_id).where(among(records.c.ref, "refs"))
)
_CARRYING = (
    select(records.c.ref)
    .join(people, people.c.record_id == records.c.id)
    .join(versions, (versions.c.id == records.c.version_id) & (versions.c.person_id == people.c.id))
    .where(among(people.c.email, "emails"))
)
_NAMING = (
    select(records.c.ref)
    .join(identifiers, identifiers.c.record_id == records.c.id)
    .where(among(identifiers.c.field, "fields"), among(identifiers.c.value, "values"))
)
_STREAM, _STANDS = ("system", "stream", "fields_digest"), ("position", "covered_until", "stored_seq")
_COVERED = select(streams.c.covered_until).where(*(streams.c[name] == bindparam(name) for name in _STREAM))


class Facts:
    """Everything a CRM told us. Each method is one transaction."""

    def __init__(self, database: Database, keeping: Keeping) -> None:
        self._database, self._keeping = database, keeping

    def store_page(self, page: PageLike, now: datetime) -> tuple[Ref, ...]:
        """Store a page and its cursor; returns the records that changed. `now` becomes their known_at."""
        with self._database.write_page() as connection:
            seq = tick(connection, now)
            leaving, about = self._departed(connection, page.gone, seq)
            rows = ensure_rows(connection, [*map(_text, page.records), *(str(gone.ref) for gone in leaving)])
            changes = store_records(connection, self._keeping, rows, page.records, seq, now)
            if leaving:
                # Read again: the same page may bring a record and its departure.
                left = known_rows(connection, [str(gone.ref) for gone in leaving])
                changes += store_departures(connection, self._keeping, left, leaving, seq, now)
            about |= store_activities(connection, _ids_of(connection, page.activities, rows), page.activities, seq, now)
            dirty(connection, changes, about)
            _store_cursor(connection, page, seq)
        return tuple(dict.fromkeys(change.record.ref for change in changes))

    def _departed(self, connection: Connection, gone: Sequence[GoneLike], seq: int) -> tuple[list[GoneLike], set[int]]:
        """Split deletions into those of records (returned) and those of activities (done here, with the records they were about)."""
        if not gone:
            return [], set()
        keys, about = remove_activities(connection, [str(item.ref) for item in gone], seq)
        return [item for item in gone if str(item.ref) not in keys], about

    def cursor(self, system: str, stream: str, fields_digest: str) -> str | None:
        """The stored position of a stream for this field set, None when this set was never pulled."""
        query = select(streams.c.position).where(
            streams.c.system == system, streams.c.stream == stream, streams.c.fields_digest == fields_digest
        )
        with self._database.read() as connection:
            return connection.execute(query).scalar_one_or_none()

    def coverage(self) -> dict[str, datetime]:
        """ "system:stream" -> covered until (CRM time), by the field set pulled last; a stream still on its first pass is absent."""
        query = select(streams).order_by(streams.c.stored_seq)
        with self._database.read() as connection:
            latest = {f"{row.system}:{row.stream}": row.covered_until for row in connection.execute(query)}
        return {name: moment(until) for name, until in latest.items() if until is not None}

    def sources(self) -> dict[str, Source]:
        """ "system:kind" -> what has arrived so far; a kind that never arrived is absent."""
        with self._database.read() as connection:
            rows = connection.execute(select(sources)).all()
        return {f"{row.system}:{row.kind}": Source(row.seen, moment(row.last_at), moment(row.last_known_at)) for row in rows}

    def touched(self, limit: int) -> tuple[Touched, ...]:
        """Records that changed since the resolver saw them, oldest row first, at most `limit`."""
        query = select(records.c.ref, records.c.stored_rev).where(records.c.stored_rev != records.c.resolved_rev)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(records.c.id).limit(limit)).all()
        return tuple(Touched(Ref.parse(row.ref), row.stored_rev) for row in rows)

    def clear_touched(self, seen: Sequence[Touched]) -> None:
        """The resolver is done with these; a record that changed in between stays touched."""
        if not seen:
            return
        with self._database.write() as connection:
            update_rows(connection, records, ("resolved_rev",), ("ref",), [(item.rev, str(item.ref)) for item in seen])

    def records(self, refs: Iterable[Ref]) -> dict[Ref, Record]:
        """The current version of each record that is known; any object, accounts and deals included."""
        with self._database.read() as connection:
            rows = [row for part in in_chunks(map(str, refs)) for row in connection.execute(_RECORDS, {"refs": part}).all()]
        return {record.ref: record for record in map(record_of, rows)}

    def carrying(self, emails: Iterable[str]) -> set[Ref]:
        """The records that carry one of these addresses now."""
        wanted = [email.strip().lower() for email in emails if email.strip()]
        return self._refs(_CARRYING, "emails", wanted)

    def naming(self, fields: Sequence[str], values: Iterable[str]) -> set[Ref]:
        """The records that name one of `values` in one of `fields` (link fields); lists of ids are looked up by each id."""
        unknown = [field for field in fields if field not in self._keeping.link_fields]
        if unknown:
            raise ValueError(f"'{unknown[0]}' is not indexed; link fields are {', '.join(sorted(self._keeping.link_fields))}")
        return self._refs(_NAMING, "values", values, fields=list(fields))

    def flagged(self, field: str, value: str = "true") -> tuple[Record, ...]:
        """Live accounts whose `field` (one of the indexed link fields) has this value, by ref."""
        kinds = self._keeping.account_objects.items()
        found = self.records(ref for ref in self.naming([field], [value]) if (ref.system, ref.object) in kinds)
        return tuple(sorted((each for each in found.values() if each.state == State.LIVE), key=lambda each: each.ref))

    def linked(self, refs: Iterable[Ref]) -> dict[Ref, Link]:
        """Which lead each record belongs to now; unlinked records are absent."""
        names = {str(ref): ref for ref in refs}
        with self._database.read() as connection:
            rows = [row for part in in_chunks(names) for row in connection.execute(_LINKED, {"refs": part}).all()]
        return {(ref := names[name]): Link(ref, key, _ROLES[role]) for name, key, role in rows}

    def count(self) -> dict[str, int]:
        """ "system:object" -> records known to be live."""
        query = select(records.c.ref).join(versions, versions.c.id == records.c.version_id).where(versions.c.state == State.LIVE.value)
        totals: dict[str, int] = {}
        with self._database.read() as connection:
            for ref in connection.execution_options(yield_per=10_000).execute(query).scalars():
                name = ref.rpartition(":")[0]
                totals[name] = totals.get(name, 0) + 1
        return totals

    def latest(self, system: str, object_name: str, most: int) -> tuple[Ref, ...]:
        """The live records of one object that changed last in their CRM, newest first, at most `most`."""
        query = (
            select(records.c.ref)
            .join(versions, versions.c.id == records.c.version_id)
            .where(records.c.ref.startswith(f"{system}:{object_name}:", autoescape=True), versions.c.state == State.LIVE.value)
            .order_by(records.c.modified_at.desc(), records.c.id.desc())
            .limit(most)
        )
        with self._database.read() as connection:
            return tuple(Ref.parse(text) for text in connection.execute(query).scalars())

    def erase(self, lead_key: str, now: datetime) -> None:
        """Forget a lead's personal values, now and at later pulls. Raises Unknown for a key that is not there."""
        with self._database.write() as connection:
            persons.erase(connection, lead_ids(connection, [lead_key], strict=True)[lead_key], now)

    def _refs(self, query: Select[Any], name: str, values: Iterable[str], **more: list[str]) -> set[Ref]:
        with self._database.read() as connection:
            found = {ref for part in in_chunks(values) for ref in connection.execute(query, {name: part, **more}).scalars().all()}
        return set(map(Ref.parse, found))


def record_of(row: Sequence[Any]) -> Record:
    """The record value of a row of `RECORD`."""
    # Unpacked in one step: this runs for every record that is looked at.
    ref, known_at, created_at, modified_at, state, follows, body, own = row
    fields = loads(body)
    if own is not None:
        fields.update(loads(own))
    return Record(
        Ref.parse(ref),
        fields,
        moment(created_at),
        moment(modified_at),
        shared_moment(known_at),
        _STATES[state],
        None if follows is None else Ref.parse(follows),
    )


def store_verified(
    connection: Connection, keeping: Keeping, found: Sequence[Record], fields: Sequence[str], seq: int, now: datetime
) -> None:
    """A read-back of `fields` becomes the current fact; the records' other fields stay as they were.

    Leads are due again only where a value is not our own write.
    """
    rows = ensure_rows(connection, map(_text, found))
    before, merged, same_person = {}, [], set()
    telling = keeping.telling()
    for record in found:
        row = rows[str(record.ref)]
        old = {**loads(row.body or "{}"), **loads(row.own or "{}")}
        asked = {name: value for name in fields if (value := record.fields.get(name))}
        kept = {name: value for name, value in old.items() if name not in fields}
        before[row.id] = old
        created = record.created_at if row.created_at is None else moment(row.created_at)
        merged.append(record._replace(fields=kept | asked, created_at=created))
        if record.state == row.state and all(old.get(name) == asked.get(name) for name in telling.intersection(fields)):
            same_person.add(row.ref)
    # At our first write status and owner count as found, whether or not we set them: what differs from them later is somebody's edit.
    people = [record for record in merged if rows[str(record.ref)].lead_id is not None]
    note_found(connection, {rows[str(record.ref)].id: found_on(record) for record in people})
    changes = store_records(connection, keeping, rows, merged, seq, now, same_person=same_person)
    after = {change.row.id: change.record.fields for change in changes}
    others = foreign(connection, before, after) if after else set()
    left = {change.row.id for change in changes if change.record.state != State.LIVE}
    raise_marks(connection, {change.row.lead_id for change in changes if change.row.lead_id is not None and change.row.id in others | left})


def store_missing(connection: Connection, keeping: Keeping, missing: Sequence[Ref], seq: int, now: datetime) -> None:
    """Records that a read by id did not find have left, and so have activities; nobody said when. Any later change brings one back."""
    if not missing:
        return
    _, about = remove_activities(connection, map(str, missing), seq)
    rows = {ref: row for ref, row in known_rows(connection, map(str, missing)).items() if row.state == State.LIVE}
    left = [Missing(ref, moment(rows[str(ref)].modified_at)) for ref in missing if str(ref) in rows]
    dirty(connection, store_departures(connection, keeping, rows, left, seq, now), about)


def _text(record: Record) -> str:
    return str(record.ref)


def _ids_of(connection: Connection, done: Iterable[Activity], rows: Mapping[str, Row[Any]]) -> dict[Ref, int]:
    """The row ids of the records that activities are about; `rows` are those known already."""
    about = {ref: str(ref) for ref in {activity.about for activity in done}}
    ids = {name: rows[name].id for name in about.values() if name in rows}
    ids |= ensure_ids(connection, [name for name in about.values() if name not in rows])
    return {ref: ids[name] for ref, name in about.items()}


def _store_cursor(connection: Connection, page: PageLike, seq: int) -> None:
    cursor, until = page.cursor, maybe_micros(page.covered_until)
    name = (cursor.system, cursor.stream, cursor.fields_digest)
    row = connection.execute(_COVERED, dict(zip(_STREAM, name, strict=True))).one_or_none()
    if row is None:
        insert_rows(connection, streams, (*_STANDS, *_STREAM), [(cursor.position, until, seq, *name)])
        return
    covered = max((value for value in (row.covered_until, until) if value is not None), default=None)
    update_rows(connection, streams, _STANDS, _STREAM, [(cursor.position, covered, seq, *name)])
