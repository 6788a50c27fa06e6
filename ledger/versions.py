"""Append-only versions of records. A record that did not change is not written again; a stale snapshot is not believed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from handoff.facts import Record, State
from ledger.bulk import insert_rows, update_rows
from ledger.codec import digest, dump_fields, loads, micros, moment
from ledger.columns import among
from ledger.connection import in_chunks
from ledger.edits import note_edits
from ledger.people import Keeping, person, store_people
from ledger.schema import identifiers, leads, people, records, versions
from ledger.values import GoneLike


@dataclass(frozen=True, slots=True)
class Change:
    """One record about to get a new version."""

    row: Row[Any]
    record: Record
    digest: str
    left_at: int | None = None
    resolve: bool = True


_KNOWN = (
    select(
        records.c.id,
        records.c.ref,
        records.c.lead_id,
        records.c.modified_at,
        records.c.digest,
        records.c.erased,
        records.c.version_id,
        records.c.stored_rev,
        versions.c.state,
        versions.c.left_at,
        versions.c.follows,
        versions.c.created_at,
        versions.c.body,
        versions.c.person_id,
        people.c.body.label("own"),
    )
    .outerjoin(versions, versions.c.id == records.c.version_id)
    .outerjoin(people, people.c.id == versions.c.person_id)
    .where(among(records.c.ref, "refs"))
)
_IDS = select(records.c.ref, records.c.id).where(among(records.c.ref, "refs"))
_CHANGED = update(leads).where(among(leads.c.id, "ids")).values(facts_rev=leads.c.facts_rev + 1)


def known_rows(connection: Connection, refs: Iterable[str]) -> dict[str, Row[Any]]:
    """Ref text -> the record's row joined with its current version; refs never seen are absent."""
    return {row.ref: row for part in in_chunks(refs) for row in connection.execute(_KNOWN, {"refs": part})}


def ensure_rows(connection: Connection, refs: Iterable[str]) -> dict[str, Row[Any]]:
    """As `known_rows`; refs never seen get a row of their own first, without a version."""
    wanted = sorted(set(refs))
    rows = known_rows(connection, wanted)
    missing = [{"ref": ref} for ref in wanted if ref not in rows]
    if missing:
        connection.execute(insert(records), missing)
        rows |= known_rows(connection, [row["ref"] for row in missing])
    return rows


def ensure_ids(connection: Connection, refs: Iterable[str]) -> dict[str, int]:
    """Ref text -> the record's row id; refs never seen get a row of their own first."""
    wanted = set(refs)
    found = {ref: number for part in in_chunks(sorted(wanted)) for ref, number in connection.execute(_IDS, {"refs": part}).tuples().all()}
    return found | {ref: row.id for ref, row in ensure_rows(connection, wanted - found.keys()).items()}


def store_records(
    connection: Connection,
    keeping: Keeping,
    rows: Mapping[str, Row[Any]],
    pulled: Sequence[Record],
    seq: int,
    now: datetime,
    *,
    same_person: Collection[str] = (),
) -> list[Change]:
    """Give every changed record its new version; returns the changes. Refs in `same_person` need not be resolved again."""
    changes: list[Change] = []
    newer: list[tuple[int, int]] = []
    for ref, record in _latest(pulled).items():
        row, modified = rows[ref], micros(record.modified_at)
        printed = _digest(record, row.erased, keeping)
        if row.version_id is not None and printed == row.digest:
            if modified > row.modified_at:
                newer.append((modified, row.id))
        elif _believed(row, record.state, modified):
            changes.append(Change(row, record, printed, resolve=ref not in same_person))
    update_rows(connection, records, ("modified_at",), ("id",), newer)
    _append(connection, keeping, changes, seq, now)
    return changes


def store_departures(
    connection: Connection, keeping: Keeping, rows: Mapping[str, Row[Any]], gone: Sequence[GoneLike], seq: int, now: datetime
) -> list[Change]:
    """Give records that left a last version with the values they had; a departure told twice, or taken back since, changes nothing."""
    told = _told_before(connection, [row.id for item in gone if (row := rows.get(str(item.ref))) is not None])
    changes = {}
    for item in gone:
        row, at = rows[str(item.ref)], micros(item.at)
        if (row.id, item.state, at) not in told and _departs(row, item, at):
            changes[row.ref] = _departure(row, item, at, keeping)
    _append(connection, keeping, list(changes.values()), seq, now)
    return list(changes.values())


def _latest(pulled: Sequence[Record]) -> dict[str, Record]:
    found: dict[str, Record] = {}
    for record in pulled:
        earlier = found.get(str(record.ref))
        if earlier is None or record.modified_at >= earlier.modified_at:
            found[str(record.ref)] = record
    return found


def _believed(row: Row[Any], state: State, modified: int) -> bool:
    if row.version_id is None:
        return True
    if row.state != State.LIVE and state == State.LIVE:
        # Overlapping windows and lagging indexes show a record for a while after it left; only a later change brings it back.
        return bool(modified > row.modified_at)
    return bool(modified >= row.modified_at)


def _digest(record: Record, erased: bool, keeping: Keeping) -> str:
    values = {name: value for name, value in record.fields.items() if value != ""}
    if erased:
        values = {name: value for name, value in values.items() if name not in keeping.personal}
    return digest(dump_fields(values), record.state, str(record.follows or ""), str(micros(record.created_at)))


def _told_before(connection: Connection, ids: Sequence[int]) -> set[tuple[int, str, int]]:
    query = select(versions.c.record_id, versions.c.state, versions.c.left_at).where(
        among(versions.c.record_id, "ids"), versions.c.left_at.is_not(None)
    )
    return {(row.record_id, row.state, row.left_at) for row in connection.execute(query, {"ids": list(ids)})}


def _departs(row: Row[Any], item: GoneLike, at: int) -> bool:
    if row.version_id is None or row.state == State.LIVE:
        return True
    if row.follows is not None and item.follows is None:
        return False  # A merged or converted record is archived too; where it went to says more.
    return row.left_at is None or bool(at >= row.left_at)


def _departure(row: Row[Any], item: GoneLike, at: int, keeping: Keeping) -> Change:
    fields = {**loads(row.body or "{}"), **loads(row.own or "{}")}
    created = item.at if row.created_at is None else moment(row.created_at)
    # The date of a conversion is a day without a time, so the later of the two says when this was true.
    modified = item.at if row.modified_at is None else max(item.at, moment(row.modified_at))
    record = Record(item.ref, fields, created, modified, item.at, item.state, item.follows)
    return Change(row, record, _digest(record, row.erased, keeping), at)


def _append(connection: Connection, keeping: Keeping, changes: Sequence[Change], seq: int, now: datetime) -> None:
    if not changes:
        return
    old = [change.row.version_id for change in changes if change.row.version_id is not None]
    if old:
        query = update(versions).where(among(versions.c.id, "ids")).values(gone_seq=seq)
        connection.execute(query, {"ids": old})
    parts = [keeping.split(change.record.fields) for change in changes]
    others = [part[0] for part in parts]
    persons = _persons(connection, changes, [{} if change.row.erased else part[1] for change, part in zip(changes, parts, strict=True)])
    known_at = micros(now)
    insert_rows(
        connection,
        versions,
        _VERSION,
        [
            (change.row.id, seq, known_at, *_life(change), dump_fields(other), person_id)
            for change, other, person_id in zip(changes, others, persons, strict=True)
        ],
    )
    _point(connection, keeping, changes, _current_ids(connection, changes))
    _index_identifiers(connection, keeping, changes, others)
    note_edits(connection, {change.row.id: (change.record.fields, micros(change.record.modified_at)) for change in changes}, seq)


def _persons(connection: Connection, changes: Sequence[Change], own: Sequence[Mapping[str, str]]) -> list[int | None]:
    rows = [person(values, record_id=change.row.id) for change, values in zip(changes, own, strict=True)]
    kept = [row is not None and row.body == change.row.own for change, row in zip(changes, rows, strict=True)]
    fresh = store_people(connection, [None if same else row for same, row in zip(kept, rows, strict=True)])
    return [change.row.person_id if same else new for change, same, new in zip(changes, kept, fresh, strict=True)]


_VERSION = ("record_id", "known_seq", "known_at", "created_at", "modified_at", "state", "left_at", "follows", "body", "person_id")


def _life(change: Change) -> tuple[int, int, str, int | None, str | None]:
    record = change.record
    follows = None if record.follows is None else str(record.follows)
    return micros(record.created_at), micros(record.modified_at), record.state.value, change.left_at, follows


def _current_ids(connection: Connection, changes: Sequence[Change]) -> list[int]:
    query = select(versions.c.record_id, versions.c.id).where(among(versions.c.record_id, "ids"), versions.c.gone_seq.is_(None))
    found = dict(connection.execute(query, {"ids": [change.row.id for change in changes]}).tuples().all())
    return [found[change.row.id] for change in changes]


def _point(connection: Connection, keeping: Keeping, changes: Sequence[Change], ids: Sequence[int]) -> None:
    values = [
        (
            version,
            micros(change.record.modified_at),
            change.digest,
            keeping.account_ref(change.record.ref.system, change.record.fields),
            change.row.stored_rev + _touch(change),
            change.row.id,
        )
        for change, version in zip(changes, ids, strict=True)
    ]
    update_rows(connection, records, ("version_id", "modified_at", "digest", "account_ref", "stored_rev"), ("id",), values)


def _touch(change: Change) -> int:
    """1 when the resolver has to look at the record again.

    A record that left before we ever saw it is only remembered so that a late page cannot revive it. A read-back of our own write is
    looked at again only where it changed what identity is read from.
    """
    if change.row.version_id is None:
        return 0 if change.left_at is not None else 1
    return 1 if change.resolve else 0


def _index_identifiers(connection: Connection, keeping: Keeping, changes: Sequence[Change], others: Sequence[Mapping[str, str]]) -> None:
    known = [change.row.id for change in changes if change.row.version_id is not None]
    if known:
        query = delete(identifiers).where(among(identifiers.c.record_id, "ids"))
        connection.execute(query, {"ids": known})
    rows = [
        {"record_id": change.row.id, "field": name, "value": part}
        for change, values in zip(changes, others, strict=True)
        for name in sorted(keeping.link_fields & values.keys())
        for part in values[name].replace(",", ";").split(";")
        if part
    ]
    if rows:
        connection.execute(insert(identifiers), rows)


def dirty(connection: Connection, changes: Iterable[Change], record_ids: Iterable[int]) -> None:
    """Mark the leads of changed records, of records with new activities, and of changed accounts as due."""
    refs, ids = [str(change.record.ref) for change in changes], set(record_ids)
    ids |= {change.row.id for change in changes}
    mine = select(records.c.lead_id).where(among(records.c.id, "ids"), records.c.lead_id.is_not(None))
    theirs = select(records.c.lead_id).where(among(records.c.account_ref, "refs"), records.c.lead_id.is_not(None))
    found = set(connection.execute(mine, {"ids": list(ids)}).scalars()) if ids else set()
    if refs:
        found |= set(connection.execute(theirs, {"refs": refs}).scalars())
    raise_marks(connection, found)


def raise_marks(connection: Connection, lead_ids: Iterable[int]) -> None:
    """Count one more change for each lead."""
    for part in in_chunks(sorted(lead_ids)):
        connection.execute(_CHANGED, {"ids": part})
