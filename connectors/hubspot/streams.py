"""What exists in HubSpot and how its pages become facts.

First load by list (100 a page, straight from the records). Increments by search in a time window that starts an overlap before the last
pull, walked by record id: never by offset, so neither the cap of 10,000 results nor records that leave the result set while it is read
can hide one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from connectors.hubspot import activities, records
from connectors.hubspot.client import HubSpotClient
from connectors.hubspot.schema import Schema
from connectors.loop_guard import LoopGuard
from connectors.protocol import Cursor, Page
from connectors.values import digest_of, epoch_ms, instant, instant_text
from handoff.facts import Record
from mappings.fields import FieldMap, FieldSpec

LIST_PAGE = 100
SEARCH_PAGE = 200
ASSOCIATIONS_BATCH = 1_000
# Index lag: "may take a few moments" (developers.hubspot.com, "Search the CRM"); connectors that lost rows hold back or re-read one hour
# (estuary/connectors pull 2210). What was changed within the overlap is read again; what was changed in the last minute is not called
# covered.
OVERLAP = timedelta(hours=1)
USUAL_LAG = timedelta(seconds=60)
CONTACT = "contact_id"  # our field for the contact of a Lead object


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream.

    The object, the property that says when a record changed, whether its rows are about contacts (engagements, deals, Lead objects), and
    whether they become activities of these or stand for themselves.
    """

    object_name: str
    modified: str = "hs_lastmodifieddate"
    about_contacts: bool = False
    becomes_activity: bool = True
    archived: bool = False
    also: str = ""  # a property whose date, once it has passed, changes what the row means


STREAMS: Mapping[str, Stream] = {
    "companies": Stream("companies"),
    "contacts": Stream("contacts", modified="lastmodifieddate"),
    "deals": Stream("deals", about_contacts=True),
    "calls": Stream("calls", about_contacts=True),
    "emails": Stream("emails", about_contacts=True),
    "meetings": Stream("meetings", about_contacts=True, also="hs_meeting_start_time"),
    "tasks": Stream("tasks", about_contacts=True),
    "contacts.archived": Stream("contacts", archived=True),
    records.LEADS: Stream(records.LEADS, about_contacts=True, becomes_activity=False),
    f"{records.LEADS}.archived": Stream(records.LEADS, archived=True),
}


class Puller:
    """Walks one stream after another; keeps nothing between pulls but what the schema knows."""

    def __init__(self, client: HubSpotClient, schema: Schema, field_map: FieldMap) -> None:
        self._client = client
        self._schema = schema
        self._map = field_map

    def names(self) -> tuple[str, ...]:
        """Streams whose object is mapped, in the order to pull them."""
        return tuple(name for name, stream in STREAMS.items() if self._map.fields(stream.object_name))

    def pull(self, name: str, cursor: Cursor | None, now: datetime) -> Iterator[Page]:
        """Pages since `cursor`; a cursor of another field set starts the stream afresh."""
        specs = self._schema.specs(STREAMS[name].object_name)
        walk = _Walk(name, STREAMS[name], specs, records.columns(specs), now)
        position = orjson.loads(cursor.position) if cursor is not None and cursor.fields_digest == walk.fields_digest else {}
        if walk.stream.archived:
            yield from self._archived(walk)
        elif "since" in position or "walk" in position:
            yield from self._increments(walk, position)
        else:
            yield from self._first_load(walk, position.get("load") or {"started": instant_text(now)})

    def _first_load(self, walk: _Walk, state: Mapping[str, str]) -> Iterator[Page]:
        guard, after, started = LoopGuard(f"HubSpot list of {walk.name}"), state.get("after", ""), state["started"]
        while True:
            reply = self._list(walk, after)
            after = _next(reply)
            rows = reply.get("results") or ()
            about = self._inline(walk, rows) if walk.stream.about_contacts else {}
            if not after:
                yield self._page(walk, rows, about, {"since": started}, instant(started))
                return
            yield self._page(walk, rows, about, {"load": {"started": started, "after": guard.step(after)}})

    def _increments(self, walk: _Walk, position: Mapping[str, Any]) -> Iterator[Page]:
        started = instant_text(walk.now)
        state = position.get("walk") or {"from": instant_text(instant(position["since"]) - OVERLAP), "started": started, "last_id": "0"}
        guard, last_id, started = LoopGuard(f"HubSpot search of {walk.name}"), state["last_id"], state["started"]
        more = True
        while more:
            rows, more = self._search_block(walk, state["from"], last_id)
            about = self._contacts_of(walk, rows) if walk.stream.about_contacts and rows else {}
            if not more:
                yield self._page(walk, rows, about, {"since": started}, instant(started) - USUAL_LAG)
                return
            last_id = guard.step(str(rows[-1]["id"]))
            yield self._page(walk, rows, about, {"walk": {**state, "last_id": last_id}})

    def _archived(self, walk: _Walk) -> Iterator[Page]:
        """The whole listing each time: it has no filter, and HubSpot empties it after 90 days."""
        guard, after = LoopGuard(f"HubSpot list of archived {walk.stream.object_name}"), ""
        while True:
            reply = self._list(walk, after)
            gone = tuple(records.archived(walk.stream.object_name, row) for row in reply.get("results") or ())
            after = _next(reply)
            cursor = walk.cursor({"since": instant_text(walk.now)})
            yield Page(walk.name, (), (), gone, cursor, None if after else walk.now)
            if not after:
                return
            guard.step(after)

    def _list(self, walk: _Walk, after: str) -> Mapping[str, Any]:
        params = [("limit", str(LIST_PAGE)), ("archived", str(walk.stream.archived).lower())]
        params += [("properties", "hs_object_id" if walk.stream.archived else ",".join(walk.properties))]
        params += [("associations", "contacts")] if walk.stream.about_contacts else []
        params += [("after", after)] if after else []
        reply: Mapping[str, Any] = self._client.get(f"{walk.name}.list", self._client.paths.objects(walk.stream.object_name), params)
        return reply

    def _search_block(self, walk: _Walk, since: str, last_id: str) -> tuple[list[Mapping[str, Any]], bool]:
        """Rows after `last_id`, and whether there are more. Where associations are needed, up to 1,000 rows share one association call."""
        block: list[Mapping[str, Any]] = []
        wanted = ASSOCIATIONS_BATCH if walk.stream.about_contacts else SEARCH_PAGE
        while True:
            reply = self._client.search(
                f"{walk.name}.search", self._client.paths.objects(walk.stream.object_name, "/search"), walk.search(since, last_id)
            )
            found = reply.get("results") or []
            block.extend(found)
            more = bool(_next(reply)) and bool(found)
            if not more or len(block) + SEARCH_PAGE > wanted:
                return block, more
            last_id = str(found[-1]["id"])

    def _inline(self, walk: _Walk, rows: Sequence[Mapping[str, Any]]) -> dict[str, Sequence[str]]:
        """Record id -> contact ids, as the list says. Which of several is a Lead object's own has to be asked for."""
        found = {str(row["id"]): _inline_contacts(row) for row in rows}
        unclear = [row for row in rows if not walk.stream.becomes_activity and len(found[str(row["id"])]) > 1]
        return {**found, **self._contacts_of(walk, unclear)} if unclear else found

    def _contacts_of(self, walk: _Walk, rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Sequence[str]]:
        """Record id -> contact ids, a primary one first. Records without a contact are absent from the reply."""
        path = self._client.paths.associations(walk.stream.object_name, "contacts", "/batch/read")
        reply = self._client.read_associations(f"{walk.name}.associations", path, {"inputs": [{"id": str(row["id"])} for row in rows]})
        return {str(row["from"]["id"]): _primary_first(row.get("to") or ()) for row in reply.get("results") or ()}

    def _page(
        self,
        walk: _Walk,
        rows: Sequence[Mapping[str, Any]],
        about: Mapping[str, Sequence[str]],
        position: Mapping[str, Any],
        covered: datetime | None = None,
    ) -> Page:
        cursor = walk.cursor(position)
        if walk.stream.about_contacts and walk.stream.becomes_activity:
            done = tuple(activities.of_rows(walk.stream.object_name, rows, about, walk.columns, self._map.calls, walk.now))
            return Page(walk.name, (), done, (), cursor, covered)
        found = tuple(_with_contact(records.record(walk.stream.object_name, row, walk.columns, walk.now), about) for row in rows)
        if walk.stream.object_name != "contacts":
            return Page(walk.name, found, (), (), cursor, covered)
        done = tuple(activity for contact in found for activity in activities.of_contact(contact, walk.now))
        return Page(walk.name, found, done, tuple(gone for row in rows for gone in records.merged(row)), cursor, covered)


@dataclass(frozen=True, slots=True)
class _Walk:
    """One pull of one stream: what is asked for, and when."""

    name: str
    stream: Stream
    specs: Mapping[str, FieldSpec]
    columns: records.Columns
    now: datetime

    @property
    def properties(self) -> list[str]:
        """Vendor names, sorted: the mapped ones that exist, and what tells of merges."""
        merges = {records.MERGED_IDS} if self.stream.object_name == "contacts" else set()
        return sorted({spec.name for spec in self.specs.values()} | merges)

    @property
    def fields_digest(self) -> str:
        """Names the field set. Own fields are left out: setup creates them blank, so nothing old is missed."""
        return digest_of(spec.name for spec in self.specs.values() if not spec.own)

    def cursor(self, position: Mapping[str, Any]) -> Cursor:
        """The cursor at `position`."""
        return Cursor(records.system_of(self.stream.object_name), self.name, self.fields_digest, orjson.dumps(position).decode())

    def search(self, since: str, last_id: str) -> Mapping[str, Any]:
        """One page of the window: changed since, with an id above the last one seen."""
        beyond = {"propertyName": "hs_object_id", "operator": "GT", "value": last_id}
        groups = [{"filters": [{"propertyName": self.stream.modified, "operator": "GTE", "value": _ms(since)}, beyond]}]
        if self.stream.also:
            passed = {"propertyName": self.stream.also, "operator": "BETWEEN", "value": _ms(since), "highValue": str(epoch_ms(self.now))}
            groups.append({"filters": [passed, beyond]})
        order = [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]
        return {"filterGroups": groups, "sorts": order, "properties": self.properties, "limit": SEARCH_PAGE}


def _ms(text: str) -> str:
    return str(epoch_ms(instant(text)))


def _next(reply: Mapping[str, Any]) -> str:
    return str(((reply.get("paging") or {}).get("next") or {}).get("after") or "")


def _inline_contacts(row: Mapping[str, Any]) -> Sequence[str]:
    listed = ((row.get("associations") or {}).get("contacts") or {}).get("results") or ()
    return _unique(str(entry["id"]) for entry in listed)


def _primary_first(to: Sequence[Mapping[str, Any]]) -> Sequence[str]:
    return _unique(str(one["toObjectId"]) for one in sorted(to, key=_is_primary, reverse=True))


def _is_primary(one: Mapping[str, Any]) -> bool:
    return any(kind.get("typeId") == records.PRIMARY_CONTACT for kind in one.get("associationTypes") or ())


def _with_contact(record: Record, about: Mapping[str, Sequence[str]]) -> Record:
    """A Lead object names the contact it stands for; what the list said of it is no property of its own."""
    contacts = about.get(record.ref.id)
    return record._replace(fields={**record.fields, CONTACT: contacts[0]}) if contacts else record


def _unique(ids: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ids))
