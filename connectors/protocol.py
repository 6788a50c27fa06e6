"""What a CRM adapter offers the engine. HubSpot and Salesforce implement it with the same file names; one conformance suite runs on both.

The errors tell the caller what to do, not what HTTP said:

    CrmError
    ├── TryLater      nothing was decided; try again after `after_seconds` (rate limit, outage, lock)
    ├── Refused       this request can never succeed as it is (credentials, scope, wrong portal, unknown field)
    └── Interrupted   the reply was lost in the middle of a write: look before you send it again
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from handoff.facts import Activity, Edit, Record, Ref, State


class CrmError(Exception):
    """Base of everything a connector raises. The message names the CRM, the thing and the mend; never a token, never a person."""


class TryLater(CrmError):
    """Nothing was decided; the same call may succeed after `after_seconds`."""

    def __init__(self, message: str, after_seconds: float = 0.0) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds


class Refused(CrmError):
    """The CRM will never accept this request as it is. `reason` is a short code.

    One of: refused, credentials, expired, scope, wrong_account, field, object, conflict, limit, loop.
    """

    def __init__(self, message: str, reason: str = "refused") -> None:
        super().__init__(message)
        self.reason = reason


class Interrupted(CrmError):
    """The connection broke after a write was sent; whether it was done is unknown until somebody looks."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a stream stands. `position` is the connector's own (JSON text); `fields_digest` names the field set it was pulled with."""

    system: str
    stream: str
    fields_digest: str
    position: str


@dataclass(frozen=True, slots=True)
class Gone:
    """A record that left: deleted, archived, merged away (into `follows`) or converted (to `follows`)."""

    ref: Ref
    state: State
    at: datetime
    follows: Ref | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a stream. `cursor` may be stored once the page is durably stored; the last page carries `covered_until`.

    `covered_until` is CRM time, aware UTC, with the CRM's usual lag taken off already. `absent` says why this source does not exist in
    the account (an object that is not there, or that we may not read): its page is empty and covers nothing, for what is kept from us may
    hold anything; a policy that goes by such a source calls nobody silent. `asked`: whether a request brought the page.
    """

    stream: str
    records: tuple[Record, ...]
    activities: tuple[Activity, ...]
    gone: tuple[Gone, ...]
    cursor: Cursor
    covered_until: datetime | None = None
    absent: str = ""
    asked: bool = True


@dataclass(frozen=True, slots=True)
class Identity:
    """Which account the credentials open. `account_id` is the portal id or the 18-character org id.

    `kind` is production, sandbox or test.
    """

    system: str
    account_id: str
    kind: str
    time_zone: str
    record_url: str  # template for str.format with `object` and `id`: where a person looks at a lead
    user_id: str = ""  # whom our writes are booked to, where the CRM says
    scopes: tuple[str, ...] = ()  # granted rights where the CRM says; empty when it does not


@dataclass(frozen=True, slots=True)
class Person:
    """One owner or user. `key` is the e-mail in lower case without a sandbox's `.invalid`; `type` is person or queue."""

    id: str
    key: str
    name: str
    active: bool
    type: str = "person"
    time_zone: str = ""
    role: str = ""
    manager_id: str = ""
    teams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """What the CRM says of one field we map or own. `options` are the values it accepts (empty: not a picklist)."""

    name: str  # canonical
    vendor_name: str
    exists: bool
    readable: bool = True
    writable: bool = False
    type: str = ""
    options: tuple[str, ...] = ()
    tracked: bool = False  # the CRM keeps a history of it
    unique: bool = False


class Op(StrEnum):
    """What a batch does."""

    UPDATE = "update"
    CREATE = "create"


@dataclass(frozen=True, slots=True)
class Change:
    """New values for one record.

    Canonical field -> CRM string, None clears. `clear_first` are fields that must be blanked in a first request.
    """

    ref: Ref
    values: Mapping[str, str | None]
    clear_first: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A record to create once. `unique_key` finds it again after a lost reply; `about` are records it belongs to (a task's lead)."""

    object: str  # canonical object: lead, task or deal
    unique_key: str
    values: Mapping[str, str | None]
    about: tuple[Ref, ...] = ()


class Fate(StrEnum):
    """What became of one row of a batch."""

    DONE = "done"
    REFUSED = "refused"  # permanently, with a reason
    RETRY = "retry"  # this row may succeed later (lock, limit)
    GONE = "gone"  # deleted, merged or converted meanwhile


@dataclass(frozen=True, slots=True)
class Outcome:
    """Per row, in the order sent. `ref` is the record (the new one for a create).

    `reason` is the CRM's code and words, without personal data.
    """

    fate: Fate
    ref: Ref | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Verified:
    """One record read back after a write, with the edits others made to the asked fields since the asked moment (from field history)."""

    record: Record | None
    edits: tuple[Edit, ...] = field(default=())
    history_kept: bool = True  # False: this CRM keeps no history of these fields, so an edit inside the write cannot be told


class Crm(Protocol):
    """One CRM account. Every method may raise TryLater (retries are used up), Refused or, for writes, Interrupted."""

    system: str

    def identity(self) -> Identity:
        """Which account this is. Cheap; called before everything else."""
        ...

    def people(self) -> tuple[Person, ...]:
        """All owners, users and queues, departed ones included."""
        ...

    def fields(self, object_name: str) -> Mapping[str, FieldInfo]:
        """Canonical name -> what the CRM says, for every mapped and own field of `object_name` (vendor object: contacts, Lead...)."""
        ...

    def streams(self) -> tuple[str, ...]:
        """Names of the streams in the order to pull them; all of them feed facts."""
        ...

    def pull(self, stream: str, cursor: Cursor | None, now: datetime) -> Iterator[Page]:
        """All pages of `stream` since `cursor` (None: everything). Yields at least one page, the last with `covered_until` or `absent`."""
        ...

    def read(self, refs: Sequence[Ref], fields: Sequence[str]) -> Mapping[Ref, Record]:
        """Fresh values straight from the records (never from an index); missing refs are gone. Any number of refs; packed inside."""
        ...

    def write(self, changes: Sequence[Change]) -> tuple[Outcome, ...]:
        """Update, all of one object. At most `batch_size(object)` changes; no ref twice. One outcome per change, in order."""
        ...

    def verify(self, refs: Sequence[Ref], fields: Sequence[str], since: datetime) -> Mapping[Ref, Verified]:
        """Read back after a write, with edits by others (author is not us) to `fields` since `since` (CRM time)."""
        ...

    def create(self, records: Sequence[NewRecord]) -> tuple[Outcome, ...]:
        """Create, all of one object; a record whose unique key exists already is found, not doubled. One outcome per record, in order."""
        ...

    def find(self, object_name: str, unique_keys: Sequence[str], about: Sequence[Ref] = ()) -> Mapping[str, Ref]:
        """Unique key -> record, for creates whose reply was lost. `object_name` is canonical: lead or task.

        `about` are the records they belong to; needed only where the CRM has no unique field on tasks and a marker in the text is the key.
        """
        ...

    def batch_size(self, object_name: str, op: Op) -> int:
        """How many rows one write request carries."""
        ...

    def calls_made(self) -> Mapping[str, int]:
        """HTTP requests sent by this instance, per route family, retries included."""
        ...

    def missing_own_fields(self) -> tuple[tuple[str, str], ...]:
        """(object, canonical field) of every own field the account does not have, or does not show to these credentials."""
        ...

    def create_own_fields(self, for_user: str = "") -> tuple[str, ...]:
        """Make the missing own fields, with an administrator's credentials; what was done, one line each.

        `for_user` is the run-time user's id (`identity().user_id`), who gets the permission set where the CRM has such a thing.
        Raises Refused(reason="scope") when these credentials may not.
        """
        ...

    def quota_left(self) -> float | None:
        """Share (0 to 1) of the account's daily requests that is left; None when the CRM has not said."""
        ...

    def close(self) -> None:
        """Release connections."""
        ...
