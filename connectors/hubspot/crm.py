"""HubSpot as the engine sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from connectors.account import HubSpotAccount
from connectors.clocks import Clocks
from connectors.hubspot import history, records
from connectors.hubspot.creates import OBJECTS, Creates
from connectors.hubspot.portal import Portal
from connectors.hubspot.schema import Schema
from connectors.hubspot.setup import Setup
from connectors.hubspot.streams import Puller
from connectors.hubspot.writes import BATCH, Writes, batches, by_object
from connectors.protocol import (
    Change,
    Cursor,
    FieldInfo,
    Identity,
    NewRecord,
    Op,
    Outcome,
    Page,
    Person,
    Refused,
    Verified,
)
from handoff.facts import Record, Ref
from mappings.fields import FieldMap


class HubSpotCrm:
    """The objects of one portal that a field map names. Nothing is sent before it is asked for; account, properties and people once.

    Two adapters may be open in one portal, for contacts and for Lead objects: the second is given the first one's `portal`, so that
    both go through one pool, under the same limits.
    """

    def __init__(self, account: HubSpotAccount, field_map: FieldMap, clocks: Clocks, portal: Portal | None = None) -> None:
        self.system: str = field_map.system
        self.portal = portal or Portal(account, clocks)
        self.client = self.portal.client if portal is None else portal.client.twin()
        self._now = clocks.now
        self._map = field_map
        self.schema = Schema(self.client, field_map)
        self._puller = Puller(self.client, self.schema, field_map)
        self._writes = Writes(self.client, self.schema)
        self._setup = Setup(self.client, self.schema, field_map)
        self._creates = Creates(self.client, self.schema, self._writes)

    def identity(self) -> Identity:
        """The portal behind the token. Raises Refused(reason="wrong_account") when another one is pinned in the settings."""
        return self.portal.identity(self.system)

    def people(self) -> tuple[Person, ...]:
        """All owners and queues, departed ones included."""
        return self.portal.people()

    def fields(self, object_name: str) -> Mapping[str, FieldInfo]:
        """What the portal says of every mapped property of `object_name`."""
        return self.schema.fields(object_name)

    def streams(self) -> tuple[str, ...]:
        """Streams in the order to pull them."""
        return self._puller.names()

    def pull(self, stream: str, cursor: Cursor | None, now: datetime) -> Iterator[Page]:
        """Pages of `stream` since `cursor`."""
        self.identity()
        yield from self._puller.pull(stream, cursor, now)

    def read(self, refs: Sequence[Ref], fields: Sequence[str]) -> Mapping[Ref, Record]:
        """Fresh values by batch read."""
        return self._writes.read(refs, fields, self._now())

    def write(self, changes: Sequence[Change]) -> tuple[Outcome, ...]:
        """One batch update (two where fields are cleared first)."""
        if not changes:
            return ()
        _refuse_mixed(changes)
        self.identity()
        return self._writes.write(changes)

    def verify(self, refs: Sequence[Ref], fields: Sequence[str], since: datetime) -> Mapping[Ref, Verified]:
        """Read back with property history; edits are entries of others at or after `since`."""
        self.identity()
        found: dict[Ref, Verified] = {}
        now = self._now()
        for object_name, asked in by_object(refs):
            specs = self.schema.pick(object_name, fields)
            names, known = sorted(spec.name for spec in specs.values()), records.columns(specs)
            for batch in batches(asked):
                rows = {str(row["id"]): row for row in self._writes.read_rows(object_name, batch, names, names)}
                for ref in batch:
                    row = rows.get(ref.id)
                    found[ref] = (
                        Verified(records.record(object_name, row, known, now), history.edits(row, specs, since, self.portal.app_id))
                        if row is not None
                        else Verified(None)
                    )
        return found

    def create(self, records_: Sequence[NewRecord]) -> tuple[Outcome, ...]:
        """Create tasks, deals or Lead objects. Raises Refused(reason="object") for anything else: contacts are made by marketing."""
        for record in records_:
            self._creatable(record.object)
        self.identity()
        return self._creates.create(records_, self._now()) if records_ else ()

    def find(self, object_name: str, unique_keys: Sequence[str], about: Sequence[Ref] = ()) -> Mapping[str, Ref]:
        """Records of ours by unique key; `about` is needed only where the portal has no unique property on tasks."""
        return self._creates.find(self._creatable(object_name), unique_keys, about)

    def batch_size(self, object_name: str, op: Op) -> int:  # noqa: ARG002 - one size here
        """100 for every object and operation."""
        return BATCH

    def calls_made(self) -> Mapping[str, int]:
        """HTTP requests sent, per route family, retries included."""
        return self.client.calls_made()

    def missing_own_fields(self) -> tuple[tuple[str, str], ...]:
        """Own properties the portal does not have."""
        return self._setup.missing()

    def create_own_fields(self, for_user: str = "") -> tuple[str, ...]:  # noqa: ARG002 - HubSpot shows properties to every app with the scope
        """Make the missing own properties."""
        self.identity()
        return self._setup.create()

    def quota_left(self) -> float | None:
        """Share of the day's requests that is left, where HubSpot says."""
        return self.client.quota_left()

    def close(self) -> None:
        """Release connections."""
        self.client.close()

    def _creatable(self, object_name: str) -> str:
        """The vendor's object, where the field map of this adapter has it."""
        creatable = {ours: theirs for ours, theirs in OBJECTS.items() if self._map.fields(theirs)}
        if object_name not in creatable:
            words = " and ".join(creatable.values())
            raise Refused(f"HubSpot: handoff creates {words} here, not {object_name}; contacts come from marketing", "object")
        return creatable[object_name]


def _refuse_mixed(changes: Sequence[Change]) -> None:
    refs = [change.ref for change in changes]
    if len({ref.object for ref in refs}) > 1 or len(set(refs)) < len(refs) or len(refs) > BATCH:
        raise ValueError(f"one write carries at most {BATCH} different records of one object")
