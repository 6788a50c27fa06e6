"""Append-only versions of records. A record that did not change is not written again; a stale snapshot is not believed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, delete, select, update

from handoff.facts import Record, State
from ledger.bulk import insert_rows, update_rows
from ledger.codec import digest, dump_fields, loads, micros, moment
from ledger.columns import among
from ledger.connection import in_chunks
from ledger.edits import FOUND_AT_SIGHT, found_on, note_edits, note_found
from ledger.people import Keeping, address, store_own
from ledger.schema import identifiers, leads, people, records, versions
from ledger.values import GoneLike


class Told(NamedTuple):
    """What a record says, as it is kept: its values without the personal ones, both as text, the address, and a digest of everything."""

    others: Mapping[str, str]
    body: str
    own: str
    email: str | None
    digest: str


@dataclass(frozen=True, slots=True)
class Change:
    """One record about to get a new version."""

    row: Row[Any]
    record: Record
    told: Told
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
_OVER = update(versions).where(among(versions.c.id, "ids")).values(gone_seq=bindparam("the_seq"))
_LEFT = select(versions.c.record_id, versions.c.state, versions.c.left_at).where(
    among(versions.c.record_id, "ids"), versions.c.left_at.is_not(None)
)
_CURRENT = select(versions.c.record_id, versions.c.id).where(among(versions.c.record_id, "ids"), versions.c.gone_seq.is_(None))
_UNNAMED = delete(identifiers).where(among(identifiers.c.record_id, "ids"))
_MINE = select(records.c.lead_id).where(among(records.c.id, "ids"), records.c.lead_id.is_not(None))
_THEIRS = select(records.c.lead_id).where(among(records.c.account_ref, "refs"), records.c.lead_id.is_not(None))
_CHANGED = update(leads).where(among(leads.c.id, "ids")).values(facts_rev=leads.c.facts_rev + 1)


def known_rows(connection: Connection, refs: Iterable[str]) -> dict[str, Row[Any]]:
    """Ref text -> the record's row joined with its current version; refs never seen are absent."""
    return {row.ref: row for part in in_chunks(refs) for row in connection.execute(_KNOWN, {"refs": part}).all()}


def ensure_rows(connection: Connection, refs: Iterable[str]) -> dict[str, Row[Any]]:
    """As `known_rows`; refs never seen get a row of their own first, without a version."""
    wanted = sorted(set(refs))
    rows = known_rows(connection, wanted)
    missing = [ref for ref in wanted if ref not in rows]
    if missing:
        insert_rows(connection, records, ("ref",), [(ref,) for ref in missing])
        rows |= known_rows(connection, missing)
    return rows


def ensure_ids(connection: Connection, refs: Iterable[str]) -> dict[str, int]:
    """Ref text -> the record's row id; refs never seen get a row of their own first."""
    wanted = set(refs)
    found = _ids(connection, wanted)
    missing = sorted(wanted - found.keys())
    if missing:
        insert_rows(connection, records, ("ref",), [(ref,) for ref in missing])
        found |= _ids(connection, missing)
    return found


def _ids(connection: Connection, refs: Iterable[str]) -> dict[str, int]:
    return {ref: number for part in in_chunks(refs) for ref, number in connection.execute(_IDS, {"refs": part}).tuples().all()}


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
        told = _told(record, row.erased, keeping)
        if row.version_id is not None and told.digest == row.digest:
            if modified > row.modified_at:
                newer.append((modified, row.id))
        elif _believed(row, record.state, modified):
            changes.append(Change(row, record, told, resolve=ref not in same_person))
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


def _told(record: Record, erased: bool, keeping: Keeping) -> Told:
    others, own = keeping.split(record.fields)
    if erased:
        own = {}
    body, personal = dump_fields(others), dump_fields(own) if own else ""
    printed = digest(body, personal, record.state, str(record.follows or ""), str(micros(record.created_at)))
    return Told(others, body, personal, address(own), printed)


def _told_before(connection: Connection, ids: Sequence[int]) -> set[tuple[int, str, int]]:
    return {(row.record_id, row.state, row.left_at) for row in connection.execute(_LEFT, {"ids": list(ids)}).all()}


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
    return Change(row, record, _told(record, row.erased, keeping), at)


def _append(connection: Connection, keeping: Keeping, changes: Sequence[Change], seq: int, now: datetime) -> None:
    if not changes:
        return
    old = [change.row.version_id for change in changes if change.row.version_id is not None]
    if old:
        connection.execute(_OVER, {"ids": old, "the_seq": seq})
    fresh = store_own(connection, [(change.row.id, change.told.email, change.told.own) for change in changes if _has_new_own(change)])
    known_at = micros(now)
    insert_rows(
        connection,
        versions,
        _VERSION,
        [(change.row.id, seq, known_at, *_life(change), change.told.body, _person_id(change, fresh)) for change in changes],
    )
    _point(connection, keeping, changes)
    _index_identifiers(connection, keeping, changes)
    made = [change for change in changes if change.row.version_id is None and change.record.ref.object in FOUND_AT_SIGHT]
    note_found(connection, {change.row.id: found_on(change.record) for change in made})
    note_edits(connection, {change.row.id: (change.record.fields, micros(change.record.modified_at)) for change in changes}, seq)


def _has_new_own(change: Change) -> bool:
    return bool(change.told.own) and change.told.own != change.row.own


def _person_id(change: Change, fresh: Mapping[int, int]) -> int | None:
    """Where the version's personal values stand: in a new row, in the one of the version before, or nowhere."""
    if not change.told.own:
        return None
    found: int | None = fresh.get(change.row.id, change.row.person_id)
    return found


_VERSION = ("record_id", "known_seq", "known_at", "created_at", "modified_at", "state", "left_at", "follows", "body", "person_id")


def _life(change: Change) -> tuple[int, int, str, int | None, str | None]:
    record = change.record
    follows = None if record.follows is None else str(record.follows)
    return micros(record.created_at), micros(record.modified_at), str(record.state), change.left_at, follows


def _point(connection: Connection, keeping: Keeping, changes: Sequence[Change]) -> None:
    """The record's own row names its current version."""
    versions_of = dict(connection.execute(_CURRENT, {"ids": [change.row.id for change in changes]}).tuples().all())
    values = [
        (
            versions_of[change.row.id],
            micros(change.record.modified_at),
            change.told.digest,
            keeping.account_ref(change.record.ref.system, change.record.fields),
            change.row.stored_rev + _touch(change),
            change.row.id,
        )
        for change in changes
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


def _index_identifiers(connection: Connection, keeping: Keeping, changes: Sequence[Change]) -> None:
    known = [change.row.id for change in changes if change.row.version_id is not None]
    if known:
        connection.execute(_UNNAMED, {"ids": known})
    rows = [
        (change.row.id, name, part)
        for change in changes
        for name in sorted(keeping.link_fields & change.told.others.keys())
        for part in change.told.others[name].replace(",", ";").split(";")
        if part
    ]
    insert_rows(connection, identifiers, ("record_id", "field", "value"), rows)


def dirty(connection: Connection, changes: Iterable[Change], record_ids: Iterable[int]) -> None:
    """Mark the leads of changed records, of records with new activities, and of changed accounts as due."""
    refs, ids = [str(change.record.ref) for change in changes], set(record_ids)
    ids |= {change.row.id for change in changes}
    found = set(connection.execute(_MINE, {"ids": list(ids)}).scalars()) if ids else set()
    if refs:
        found |= set(connection.execute(_THEIRS, {"refs": refs}).scalars())
    raise_marks(connection, found)


def raise_marks(connection: Connection, lead_ids: Iterable[int]) -> None:
    """Count one more change for each lead."""
    for part in in_chunks(sorted(lead_ids)):
        connection.execute(_CHANGED, {"ids": part})
