"""Salesforce as the engine sees it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from connectors.account import SalesforceAccount
from connectors.clocks import Clocks
from connectors.protocol import Change, Cursor, FieldInfo, Identity, NewRecord, Op, Outcome, Page, Person, Refused, Verified
from connectors.salesforce import history, records, soql
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.creates import Creates
from connectors.salesforce.people import OWNED_BY_QUEUES, people
from connectors.salesforce.schema import Schema
from connectors.salesforce.setup import Setup
from connectors.salesforce.streams import Puller
from connectors.salesforce.writes import BATCH, Writes
from handoff.facts import Record, Ref
from mappings.fields import FieldMap

_ORGANIZATION = ("Id", "IsSandbox", "OrganizationType", "TimeZoneSidKey", "TrialExpirationDate")


class SalesforceCrm:
    """One org. Nothing is sent before it is asked for; token, organization, descriptions and people are asked for once."""

    system = records.SYSTEM

    def __init__(self, account: SalesforceAccount, field_map: FieldMap, clocks: Clocks) -> None:
        self.client = SalesforceClient(account, clocks.wall, clocks.sleep)
        self.schema = Schema(self.client, field_map)
        self._account = account
        self._map = field_map
        self._now = clocks.now
        self._puller = Puller(self.client, self.schema, field_map, account.activity_horizon_days)
        self._writes = Writes(self.client, self.schema, clocks.sleep)
        self._setup = Setup(self.client, self.schema, field_map, account.api_version, clocks.sleep)
        self._creates = Creates(self.client, self.schema, self._writes, field_map.lead_object)
        self._identity: Identity | None = None
        self._people: tuple[Person, ...] | None = None
        self._lock = threading.RLock()

    def identity(self) -> Identity:
        """The org behind the credentials. Raises Refused(reason="wrong_account") when another one is pinned in the settings."""
        with self._lock:
            if self._identity is None:
                self._identity = self._ask_identity()
            return self._identity

    def people(self) -> tuple[Person, ...]:
        """All users and queues, departed ones included."""
        with self._lock:
            if self._people is None:
                self._people = people(self.client, queues=self._map.lead_object in OWNED_BY_QUEUES)
            return self._people

    def fields(self, object_name: str) -> Mapping[str, FieldInfo]:
        """What the org says of every mapped field of `object_name`."""
        return self.schema.fields(object_name)

    def streams(self) -> tuple[str, ...]:
        """Streams in the order to pull them."""
        return self._puller.names()

    def pull(self, stream: str, cursor: Cursor | None, now: datetime) -> Iterator[Page]:
        """Pages of `stream` since `cursor`."""
        self.identity()
        yield from self._puller.pull(stream, cursor, now)

    def read(self, refs: Sequence[Ref], fields: Sequence[str]) -> Mapping[Ref, Record]:
        """Fresh values by id."""
        return self._writes.read(refs, fields, self._now())

    def write(self, changes: Sequence[Change]) -> tuple[Outcome, ...]:
        """One collection update, and the locked rows again."""
        if not changes:
            return ()
        _refuse_mixed(changes)
        self.identity()
        return self._writes.write(changes)

    def verify(self, refs: Sequence[Ref], fields: Sequence[str], since: datetime) -> Mapping[Ref, Verified]:
        """Read back with the object's history as a child query. `history_kept` is about the fields people edit, not about our own."""
        self.identity()
        found: dict[Ref, Verified] = {ref: Verified(None) for ref in refs}
        for object_name in dict.fromkeys(ref.object for ref in refs):
            found |= self._verify([ref for ref in dict.fromkeys(refs) if ref.object == object_name], fields, since)
        return found

    def create(self, records_: Sequence[NewRecord]) -> tuple[Outcome, ...]:
        """Create Leads or tasks, one kind at a time."""
        if not records_:
            return ()
        if len({self._creatable(record.object) for record in records_}) > 1 or len(records_) > BATCH:
            raise ValueError(f"one create carries at most {BATCH} records of one object")
        self.identity()
        return self._creates.create(records_)

    def find(self, object_name: str, unique_keys: Sequence[str], about: Sequence[Ref] = ()) -> Mapping[str, Ref]:
        """Records by unique key; `about` is needed only where the org has no key field on tasks."""
        return self._creates.find(self._creatable(object_name), unique_keys, about)

    def batch_size(self, object_name: str, op: Op) -> int:  # noqa: ARG002 - one size here
        """200 for every object and operation."""
        return BATCH

    def calls_made(self) -> Mapping[str, int]:
        """HTTP requests sent, per route family, retries and token calls included."""
        return self.client.calls_made()

    def missing_own_fields(self) -> tuple[tuple[str, str], ...]:
        """Own fields the org does not have, or does not show to this user."""
        return self._setup.missing()

    def create_own_fields(self, for_user: str = "") -> tuple[str, ...]:
        """Deploy the missing own fields and give `for_user` the permission set."""
        self.identity()
        return self._setup.create(for_user)

    def quota_left(self) -> float | None:
        """Share of the day's requests that is left."""
        return self.client.quota_left()

    def close(self) -> None:
        """Release connections."""
        self.client.close()

    def _verify(self, refs: Sequence[Ref], fields: Sequence[str], since: datetime) -> dict[Ref, Verified]:
        object_name, now, our_user = refs[0].object, self._now(), self.client.login.user_id
        specs = self.schema.pick(object_name, fields)
        known = records.columns(specs)
        has_history = history.RELATION in self.schema.describe(object_name).children
        child = history.child_query(since) if has_history else ""
        rows = self._writes.read_rows(object_name, refs, [spec.name for spec in specs.values()], child)
        authors = history.author_kinds(self.people(), self._map.automated_authors) if history.foreign_authors(rows, our_user) else {}
        theirs = {spec.name for spec in specs.values() if not spec.own}
        kept = has_history and theirs <= self.schema.tracked(object_name)
        return {
            records.ref(object_name, row["Id"]): Verified(
                None if row.get("IsDeleted") else records.record(object_name, row, known, now),
                history.edits(row, specs, since, our_user, authors),
                kept,
            )
            for row in rows
        }

    def _ask_identity(self) -> Identity:
        row = self.client.rows("query.Organization", soql.select(_ORGANIZATION, "Organization"))[0]
        org, pinned = str(row["Id"]), self._account.org_id
        if pinned and org[:15] != pinned[:15]:
            raise Refused(f"Salesforce: the credentials open org {org}, the settings pin org {pinned}; change one of them", "wrong_account")
        test = row.get("TrialExpirationDate") or "Developer" in str(row.get("OrganizationType") or "")
        return Identity(
            system=self.system,
            account_id=org,
            kind="sandbox" if row.get("IsSandbox") else "test" if test else "production",
            time_zone=str(row.get("TimeZoneSidKey") or ""),
            record_url=f"{(self._account.base_url or self._account.instance_url).rstrip('/')}/lightning/r/{{object}}/{{id}}/view",
            user_id=self.client.login.user_id,
        )

    def _creatable(self, object_name: str) -> str:
        if object_name not in self._creates.objects:
            raise Refused(f"Salesforce: handoff creates leads and tasks, not {object_name}", "object")
        return self._creates.objects[object_name]


def _refuse_mixed(changes: Sequence[Change]) -> None:
    refs = [change.ref for change in changes]
    if len({ref.object for ref in refs}) > 1 or len(set(refs)) < len(refs) or len(refs) > BATCH:
        raise ValueError(f"one write carries at most {BATCH} different records of one object")
