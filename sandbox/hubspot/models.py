"""One HubSpot portal: the model API that the HTTP layer, the worlds and the control plane all use. Synchronous, no HTTP."""

from __future__ import annotations

import random
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sandbox.hubspot import exceptions, object_types, rollups, schema
from sandbox.hubspot.associations import Associations, link_type, link_types
from sandbox.hubspot.directory import Directory, Owner
from sandbox.hubspot.history import History, Version, entries_of
from sandbox.hubspot.limits import Limiter
from sandbox.hubspot.loading import Loading
from sandbox.hubspot.merging import Merging
from sandbox.hubspot.records import Records, to_record
from sandbox.hubspot.search import Search, register_functions
from sandbox.hubspot.search_index import SearchIndex
from sandbox.hubspot.validation import Validation
from sandbox.hubspot.values import iso, to_ms
from sandbox.hubspot.writing import Writing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sandbox.author import Author
    from sandbox.core import Sandbox
    from sandbox.hubspot.object_types import ObjectType
    from sandbox.hubspot.records import Record

DEFAULT_PORTAL_ID = 7654321
Link = tuple[str, str | int, int]


class HubSpot:
    """The portal. Refused writes raise HubSpotError, whose text is HubSpot's message."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._shared_stamp: int | None = None
        self.portal_id = DEFAULT_PORTAL_ID
        self.rng = random.Random(sandbox.seed ^ 0x4855)
        self.limiter = Limiter(sandbox.limits, sandbox.switches, self.rng)
        register_functions(sandbox.store)
        self.schema = schema.Schema(sandbox.store)
        self.records = Records(sandbox.store)
        self.past = History(sandbox.store)
        self.associations = Associations(sandbox.store)
        self.directory = Directory(sandbox.store)
        self.index = SearchIndex(sandbox.store, self.records, self.past, self.schema)
        self.search = Search(sandbox.store, self.schema, self.index, sandbox.switches, self.rng)
        self.validation = Validation(self.schema, self.directory, sandbox.switches, self.portal_id)
        self.writing = Writing(self)
        self.merging = Merging(self)
        self.loading = Loading(self)

    def now_ms(self) -> int:
        """The business time in epoch milliseconds."""
        return to_ms(self.sandbox.clock.now())

    def stamp_ms(self, at: datetime | None) -> int:
        """The time of a write: `at`, or the next stamp of the business clock."""
        if at is None and self._shared_stamp is not None:
            return self._shared_stamp
        return to_ms(at or self.sandbox.clock.stamp())

    @contextmanager
    def one_stamp(self) -> Iterator[None]:
        """Where the switch says so, every write inside gets the same time."""
        if not self.sandbox.switches.get("hubspot.batch_one_stamp"):
            yield
            return
        self._shared_stamp = self.stamp_ms(None)
        try:
            yield
        finally:
            self._shared_stamp = None

    def create(
        self,
        object_type: str,
        properties: Mapping[str, Any],
        author: Author,
        at: datetime | None = None,
        associations: Iterable[Link] = (),
        record_id: int | str | None = None,
    ) -> str:
        """Create a record with (to_type, to_id, type_id) associations, seen from the new record; its id."""
        wanted = None if record_id is None else int(record_id)
        with self.sandbox.store.transaction():
            return str(self.writing.create(object_types.get(object_type), properties, author, self.stamp_ms(at), associations, wanted).id)

    def update(
        self, object_type: str, record_id: str | int, properties: Mapping[str, Any], author: Author, at: datetime | None = None
    ) -> None:
        """Write properties; '' clears."""
        with self.sandbox.store.transaction():
            self.writing.update(object_types.get(object_type), int(record_id), properties, author, self.stamp_ms(at))

    def get(self, object_type: str, record_id: str | int) -> Record | None:
        """The record (the survivor of a merged one), archived or not, or None."""
        kind = object_types.get(object_type)
        row = self.records.survivor(kind, int(record_id))
        return None if row is None else to_record(kind, row)

    def find(self, object_type: str, **equals: str) -> list[Record]:
        """Live records whose properties equal all that is given, in id order; not subject to the index lag."""
        kind = object_types.get(object_type)
        name, value = next(iter(equals.items()))
        definition = self.schema.of(kind).get(name)
        if definition is not None and (definition.unique or name == "email"):
            holder = self.records.holder(kind, name, value)
            rows = [row for row in [self.records.fetch(kind, holder)] if row] if holder else []
        else:
            rows = list(self.records.scan(kind))
        return [to_record(kind, row) for row in rows if row.archived is None and all(row.data.get(n) == v for n, v in equals.items())]

    def archive(self, object_type: str, record_id: str | int, author: Author, at: datetime | None = None) -> None:
        """Archive a record; one that does not exist is left alone, as by HubSpot."""
        with self.sandbox.store.transaction():
            self.writing.archive(object_types.get(object_type), int(record_id), author, self.stamp_ms(at))

    def merge(self, object_type: str, primary: str | int, secondary: str | int, author: Author, at: datetime | None = None) -> str:
        """Merge `secondary` into `primary`; the survivor's id."""
        with self.sandbox.store.transaction():
            return str(self.merging.merge(object_types.get(object_type), int(primary), int(secondary), author, self.stamp_ms(at)))

    def gdpr_delete(self, record_id: str | int, author: Author, at: datetime | None = None) -> None:
        """Delete a contact for good."""
        with self.sandbox.store.transaction():
            self.merging.gdpr_delete(int(record_id), author, self.stamp_ms(at))

    def associate(
        self, from_type: str, from_id: str | int, to_type: str, to_id: str | int, type_id: int | None = None, author: Author | None = None
    ) -> None:
        """Associate two records by an association type id (None: the pair's default)."""
        start, end = object_types.get(from_type), object_types.get(to_type)
        link = link_types(start, end)[0] if type_id is None else link_type(start, end, type_id)
        if link is None:
            raise exceptions.invalid(f"invalid association type {type_id} from {from_type} to {to_type}")
        with self.sandbox.store.transaction():
            self.writing.associate(start, int(from_id), end, int(to_id), link, author or self.writing.system, self.now_ms())

    def load(self, object_type: str, rows: Iterable[Sequence[Any]]) -> list[str]:
        """Bulk load of (id | None, properties, created_at, updated_at, history | None); the ids.

        History is rows of (prop, value, at, source_type, source_id).

        Nothing is validated or derived, and nothing is journalled.
        """
        return self.loading.load(object_types.get(object_type), rows)

    def load_associations(
        self, from_type: str, to_type: str, pairs: Iterable[tuple[str | int, str | int]], type_id: int | None = None
    ) -> None:
        """Bulk load of links; neither journalled nor rolled up (see rebuild_rollups)."""
        self.loading.load_associations(object_types.get(from_type), object_types.get(to_type), pairs, type_id)

    def rebuild_rollups(self, object_type: str = "contacts") -> int:
        """Compute the activity properties of all records from their engagements, after a bulk load; how many records changed."""
        return self.loading.rebuild_rollups(object_types.get(object_type))

    def history(self, object_type: str, record_id: str | int, name: str) -> list[Version]:
        """A property's history, newest first, to the depth the switches set."""
        kind = object_types.get(object_type)
        row = self.records.survivor(kind, int(record_id))
        if row is None:
            return []
        entries = entries_of(row, self.past.writes(kind, [row.id])[row.id], [name], self.history_depth(kind))[name]
        return [Version.of(value, write) for value, write in entries]

    def history_depth(self, kind: ObjectType) -> int:
        """How many values of a property its history keeps."""
        switch = "hubspot.history_depth_contacts" if kind.plural == "contacts" else "hubspot.history_depth_others"
        return int(self.sandbox.switches.get(switch))

    def define_property(self, object_type: str, definition: Mapping[str, Any]) -> None:
        """Add a custom property in the API's JSON shape, and its group where missing; `readOnlyValue` keeps it for the system."""
        kind = object_types.get(object_type)
        made = schema.from_request({"groupName": "custom", **definition}, self.now_ms(), "^[a-z][a-z0-9_]*$", "")
        if made.group not in {group["name"] for group in self.schema.groups(kind)}:
            self.schema.save_group(kind, made.group, made.group.replace("_", " ").capitalize())
        self.schema.save(kind, replace(made, read_only=bool(definition.get("readOnlyValue"))))

    def set_options(self, object_type: str, name: str, options: Sequence[tuple[str, str]]) -> None:
        """Replace the options of an enumeration by (value, label) pairs in order (a portal's own statuses or stages)."""
        kind = object_types.get(object_type)
        found = tuple(schema.Option(value, label, order) for order, (value, label) in enumerate(options))
        self.schema.save(kind, replace(self.schema.of(kind)[name], options=found))

    def add_owner(
        self,
        email: str,
        first: str,
        last: str,
        archived: bool = False,
        user_id: int | None = None,
        owner_id: int | None = None,
        teams: Sequence[Mapping[str, Any]] = (),
        at: datetime | None = None,
    ) -> str:
        """Add an owner with the user object behind it; the owner id."""
        next_owner, next_user = self.directory.next_owner()
        stamp, user = self.stamp_ms(at), user_id or next_user
        owner = Owner(owner_id or next_owner, email, first, last, "PERSON", user, archived, stamp, stamp, tuple(teams))
        self.directory.add_owner(owner)
        profile = {
            "hs_internal_user_id": user,
            "hubspot_owner_id": owner.id,
            "hs_email": email,
            "hs_given_name": first,
            "hs_family_name": last,
            "hs_deactivated": str(archived).lower(),
        }
        with self.sandbox.store.transaction():
            self.writing.create(object_types.USERS, {k: str(v) for k, v in profile.items()}, self.writing.system, stamp)
        return str(owner.id)

    def deactivate_owner(self, owner_id: str | int, at: datetime | None = None) -> None:
        """Move an owner to the archived listing; records keep pointing at it."""
        owner = self.directory.owner(int(owner_id))
        if owner is None:
            message = f"no HubSpot owner {owner_id}"
            raise KeyError(message)
        self.directory.add_owner(replace(owner, archived=True, updated=self.stamp_ms(at)))

    def add_list(
        self, name: str, object_type: str, members: Iterable[tuple[str | int, datetime]] = (), uses_properties: Sequence[str] = ()
    ) -> str:
        """Add a list with (record id, joined at) members; the list id. `uses_properties` keeps those properties from being deleted."""
        list_id = str(len(self.directory.things("list")) + 1)
        now = iso(self.now_ms())
        doc = {
            "listId": list_id,
            "name": name,
            "objectTypeId": object_types.get(object_type).type_id,
            "processingType": "MANUAL",
            "listVersion": 1,
            "processingStatus": "COMPLETE",
            "createdAt": now,
            "updatedAt": now,
            "usesProperties": list(uses_properties),
        }
        self.directory.put("list", list_id, doc)
        self.directory.add_members(list_id, [(int(record_id), to_ms(at)) for record_id, at in members])
        return list_id

    def add_form(self, guid: str, name: str, form_type: str = "hubspot") -> None:
        """Add a form definition; contacts point at it by GUID in hs_calculated_form_submissions."""
        now = iso(self.now_ms())
        self.directory.put(
            "form", guid, {"id": guid, "name": name, "formType": form_type, "createdAt": now, "updatedAt": now, "archived": False}
        )

    def add_validation_rule(self, object_type: str, name: str, rule_type: str, arguments: Sequence[str] = ()) -> None:
        """Add an admin's property validation rule (ALPHA, ALPHANUMERIC, NUMERIC, MIN_LENGTH, MAX_LENGTH, REGEX are enforced)."""
        rule = {"propertyName": name, "ruleType": rule_type, "ruleArguments": list(arguments)}
        self.directory.put(f"validation:{object_types.get(object_type).plural}", f"{name}:{rule_type}", rule)

    def require_property(self, object_type: str, name: str, when: tuple[str, Sequence[str]] | None = None) -> None:
        """Demand a property of API writers from 2026-09 on: always on create, or whenever another property has one of the given values."""
        condition = None if when is None else {"property": when[0], "values": list(when[1])}
        self.directory.put(f"condition:{object_types.get(object_type).plural}", name, {"property": name, "when": condition})

    def settle(self) -> None:
        """Let calculated properties catch up with the business clock."""
        self.writing.settle(self.now_ms())

    def activities(self, kind: ObjectType, record_id: int, only: Sequence[str] = ()) -> list[rollups.Activity]:
        """The engagements of a record, of all types or of those named."""
        found = []
        for engagement in (each for each in object_types.ALL if each.is_engagement and (not only or each.plural in only)):
            ids = self.associations.ids(kind, record_id, engagement) if link_types(kind, engagement) else []
            rows = self.records.fetch_many(engagement, ids).values() if ids else ()
            found += [rollups.activity(engagement.plural, row.id, row.data, row.created) for row in rows if row.archived is None]
        return found
