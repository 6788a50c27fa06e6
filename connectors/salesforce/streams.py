"""What exists in Salesforce and how its pages become facts.

Every stream is one query ordered by its stamp and id, deleted and archived rows included. A walk that is interrupted, or whose locator
died, goes on after the last (stamp, id) it stored; increments overlap, because a transaction stamps its rows before it commits them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from connectors.protocol import Cursor, Gone, Page, Refused, TryLater
from connectors.salesforce import activities, errors, records, soql
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.schema import Description, Schema
from connectors.values import digest_of, instant, instant_text
from handoff.facts import State
from mappings.fields import FieldMap, FieldSpec

# Rows become visible with older stamps than what was read already (late commits); the widely used look-back is 600 s (airbyte source-
# salesforce).
OVERLAP = timedelta(seconds=600)
DELETED_WINDOW = timedelta(days=14, hours=23)  # getDeleted reaches back 15 days
_COVERED_WINDOW = timedelta(minutes=3)  # getUpdated wants more than one minute between start and end
_SHORTEST_WINDOW = timedelta(minutes=1)  # of getDeleted: start and end must lie further apart
_COVERED_AGE = timedelta(seconds=60)
LOCATOR_RESTARTS = 5


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream. `extra` are selected beside the mapped fields where the object has them (child subqueries by relationship name)."""

    object_name: str
    stamp: str = "SystemModstamp"
    is_record: bool = False
    required: bool = False
    extra: tuple[str, ...] = ()
    children: Mapping[str, str] | None = None
    where: str = ""
    also: str = ""  # a field whose date, once it has passed, changes what the row means
    authored: bool = False  # who saved the row matters


STREAMS: Mapping[str, Stream] = {
    "Account": Stream("Account", is_record=True),
    "Lead": Stream("Lead", is_record=True),
    "Contact": Stream("Contact", is_record=True),
    "Opportunity": Stream(
        "Opportunity", extra=("ContactId",), children={"OpportunityContactRoles": "(SELECT ContactId FROM OpportunityContactRoles)"}
    ),
    "Task": Stream("Task", required=True, children={"EmailMessages": "(SELECT Id FROM EmailMessages)"}, authored=True),
    "Event": Stream("Event", also="StartDateTime", authored=True),
    "EmailMessage": Stream(
        "EmailMessage", children={"EmailMessageRelations": "(SELECT RelationId, RelationType FROM EmailMessageRelations)"}, authored=True
    ),
    "CampaignMember": Stream("CampaignMember", extra=("Campaign.Name",)),
    "ListEmailIndividualRecipient": Stream("ListEmailIndividualRecipient"),
}


def streams_of(field_map: FieldMap) -> dict[str, Stream]:
    """All streams of an org, in the order to pull them: of the object that carries leads also its history and what was deleted of it."""
    carrier, history = field_map.lead_object, f"{field_map.lead_object}History"
    status = field_map.fields(carrier).get("status")
    changed = ",".join(f"'{name}'" for name in (*((status.name,) if status is not None else ()), "Owner"))
    return {
        **STREAMS,
        carrier: Stream(carrier, is_record=True, required=True),
        history: Stream(history, stamp="CreatedDate", where=f"Field IN ({changed})", authored=True),
        deleted_of(carrier): Stream(carrier, required=True),
    }


def deleted_of(carrier: str) -> str:
    """The stream of what was deleted of an object."""
    return f"{carrier}.deleted"


class Puller:
    """Walks one stream after another."""

    def __init__(self, client: SalesforceClient, schema: Schema, field_map: FieldMap, horizon_days: int) -> None:
        self._client = client
        self._schema = schema
        self._map = field_map
        self._carrier = field_map.lead_object
        self._streams = streams_of(field_map)
        self._horizon = timedelta(days=horizon_days)
        self._covered: tuple[datetime, datetime] | None = None
        self._lock = threading.Lock()

    def names(self) -> tuple[str, ...]:
        """Streams whose object is mapped, in the order to pull them."""
        return tuple(name for name, stream in self._streams.items() if self._map.fields(stream.object_name))

    def pull(self, name: str, cursor: Cursor | None, now: datetime) -> Iterator[Page]:
        """Pages since `cursor`; a cursor of another field set starts the stream afresh.

        A stream whose object is not there is one page that says so.
        """
        stream = self._streams[name]
        described = self._schema.describe(stream.object_name)
        if described.absent and stream.required:
            instead = "; where Contacts carry the lead, say so in salesforce.yaml: carrier: Contact" if stream.object_name == "Lead" else ""
            raise Refused(f"{described.absent}; handoff needs it{instead}", "object")
        specs = self._schema.specs(stream.object_name)
        walk = _Walk(name, stream, described, specs, records.columns(specs), now)
        position = orjson.loads(cursor.position) if cursor is not None and cursor.fields_digest == walk.fields_digest else {}
        if described.absent:
            # Not there and not readable look alike from outside: nothing is known of it, so nothing is covered.
            yield Page(name, (), (), (), walk.cursor({"since": instant_text(now)}), absent=described.absent, asked=False)
        elif name == deleted_of(self._carrier):
            yield self._deleted(walk, position)
        else:
            yield from self._walk(walk, position)

    def _walk(self, walk: _Walk, position: Mapping[str, Any]) -> Iterator[Page]:
        covered = self._covered_until(walk.now)
        state = dict(position.get("walk") or {"from": self._start(walk, position), "covered": instant_text(covered)})
        for _ in range(LOCATOR_RESTARTS):
            try:
                yield from self._query(walk, state)
                return
            except errors.LocatorExpired:
                continue
        raise TryLater(f"Salesforce {walk.name}: the query locator expired {LOCATOR_RESTARTS} times in one pull")

    def _query(self, walk: _Walk, state: dict[str, str]) -> Iterator[Page]:
        """One query from `state` on, which moves with every page."""
        pending: Sequence[Mapping[str, Any]] | None = None
        for rows in self._client.pages(f"query.{walk.name}", walk.query(state)):
            if pending:
                state |= {"stamp": pending[-1][walk.stream.stamp], "id": pending[-1]["Id"]}
                yield self._page(walk, pending, {"walk": state})
            pending = rows
        covered = instant(state["covered"])
        yield self._page(walk, pending or (), {"since": state["covered"]}, covered)

    def _start(self, walk: _Walk, position: Mapping[str, Any]) -> str:
        if "since" in position:
            return soql.moment(instant(position["since"]) - OVERLAP)
        return "" if walk.stream.is_record else soql.moment(walk.now - self._horizon)

    def _covered_until(self, now: datetime) -> datetime:
        """How far increments are complete: `latestDateCovered` is held back to the start of any long transaction.

        Asked once for all streams that are pulled together; an answer that is a little old only claims less.
        """
        with self._lock:
            if self._covered is None or not timedelta(0) <= now - self._covered[0] <= _COVERED_AGE:
                self._covered = (now, self._ask_covered(now))
            return self._covered[1]

    def _ask_covered(self, now: datetime) -> datetime:
        window = {"start": soql.moment(now - _COVERED_WINDOW), "end": soql.moment(now)}
        try:
            reply = self._client.get("updated", f"sobjects/{self._carrier}/updated/", window)
        except Refused:
            return now - OVERLAP
        return min(now, instant(reply["latestDateCovered"]))

    def _page(self, walk: _Walk, rows: Sequence[Mapping[str, Any]], position: Mapping[str, Any], covered: datetime | None = None) -> Page:
        there = [row for row in rows if not row.get("IsDeleted")]
        gone = tuple(records.gone(walk.stream.object_name, row) for row in rows if row.get("IsDeleted") and "SystemModstamp" in row)
        cursor = walk.cursor(position)
        if walk.stream.is_record:
            found = tuple(records.record(walk.stream.object_name, row, walk.columns, walk.now) for row in there)
            return Page(walk.name, found, (), gone, cursor, covered)
        our_user = self._client.login.user_id
        done = tuple(
            activity
            for row in there
            for activity in activities.of_row(walk.stream.object_name, row, walk.columns, self._map, our_user, walk.now)
        )
        return Page(walk.name, (), done, gone, cursor, covered)

    def _deleted(self, walk: _Walk, position: Mapping[str, Any]) -> Page:
        """Who was deleted since, those purged from the recycle bin too. The first load has nothing that could be gone."""
        covered = self._covered_until(walk.now)
        cursor = walk.cursor({"since": instant_text(covered)})
        if "since" not in position:
            return Page(walk.name, (), (), (), cursor, covered, asked=False)
        start = max(instant(position["since"]) - OVERLAP, walk.now - DELETED_WINDOW)
        if walk.now - start <= _SHORTEST_WINDOW:  # a clock that was set back: what it has read is not read again, and nothing is lost
            return Page(walk.name, (), (), (), walk.cursor(position), covered, asked=False)
        window = {"start": soql.moment(start), "end": soql.moment(walk.now)}
        reply = self._client.get("deleted", f"sobjects/{self._carrier}/deleted/", window) or {}
        rows = {str(row["id"]): instant(row["deletedDate"]) for row in reply.get("deletedRecords") or ()}
        survivors = self._survivors(tuple(rows))
        gone = tuple(
            Gone(
                records.ref(self._carrier, key),
                State.MERGED if key in survivors else State.DELETED,
                at,
                records.ref_of_id(survivors.get(key)),
            )
            for key, at in rows.items()
        )
        return Page(walk.name, (), (), gone, cursor, covered)

    def _survivors(self, deleted: Sequence[str]) -> Mapping[str, str]:
        """Who was merged away -> into whom."""
        found: dict[str, str] = {}
        for chunk in soql.chunks(deleted):
            query = soql.select(["Id", "MasterRecordId"], self._carrier, f"Id IN {soql.ids(chunk)} AND MasterRecordId != null")
            found |= {str(row["Id"]): str(row["MasterRecordId"]) for row in self._client.rows("query.merged", query)}
        return found


@dataclass(frozen=True, slots=True)
class _Walk:
    """One pull of one stream: what is asked for, and when."""

    name: str
    stream: Stream
    described: Description
    specs: Mapping[str, FieldSpec]
    columns: records.Columns
    now: datetime

    @property
    def fields_digest(self) -> str:
        """Names the field set. Own fields are left out: setup creates them blank, so nothing old is missed."""
        return digest_of(spec.name for spec in self.specs.values() if not spec.own)

    def cursor(self, position: Mapping[str, Any]) -> Cursor:
        """The cursor at `position`."""
        return Cursor(records.SYSTEM, self.name, self.fields_digest, orjson.dumps(position).decode())

    def query(self, state: Mapping[str, str]) -> str:
        """The query from `state` on: everything since `from`, after (stamp, id) where a walk goes on."""
        stamp = self.stream.stamp
        since = f"{stamp} >= {state['from']}" if state.get("from") else ""
        if since and self.stream.also:
            passed = f"({self.stream.also} >= {state['from']} AND {self.stream.also} <= {soql.moment(self.now)})"
            since = f"({since} OR {passed})"
        at = soql.moment(instant(state["stamp"])) if "stamp" in state else ""
        after = f"({stamp} > {at} OR ({stamp} = {at} AND Id > '{state['id']}'))" if at else ""
        where = " AND ".join(part for part in (since, after, self.stream.where) if part)
        return soql.select(self._fields(), self.stream.object_name, where, f"{stamp} ASC, Id ASC")

    def _fields(self) -> list[str]:
        standard = [
            "Id",
            "CreatedDate",
            self.stream.stamp,
            "SystemModstamp",
            *records.STANDING,
            *(("CreatedById",) if self.stream.authored else ()),
        ]
        plain = [name for name in standard if name in self.described.vendor_fields]
        mapped = sorted(spec.name for canonical, spec in self.specs.items() if not (canonical == "body" and "handoff_key" in self.specs))
        related = [
            name for name in self.stream.extra if name.partition(".")[0] + ("Id" if "." in name else "") in self.described.vendor_fields
        ]
        authors = ["CreatedBy.Email"] if self.stream.authored and "CreatedById" in self.described.vendor_fields else []
        children = [query for relation, query in (self.stream.children or {}).items() if relation in self.described.children]
        return [*plain, *mapped, *related, *authors, *children]
