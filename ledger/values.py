"""What the ledger hands out and takes in. Frozen; all datetimes aware UTC.

LedgerError
├── EmptyLedger   the ledger's file is there and holds nothing: it was cut short
├── LeaseLost     the caller's fencing token is no longer the holder's: stop, write nothing more
├── PlanRefused   this plan cannot be approved as it is (expired, superseded, another digest)
└── Unknown       there is no such lead, plan, run or effect in this ledger
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from handoff.decision import Decision, Effect, Prior
from handoff.facts import Activity, LeadFacts, Record, Ref, State
from handoff.plan import Creation, Line


class LedgerError(Exception):
    """Base of everything the ledger raises about its content. Database faults come through as SQLAlchemy's own errors."""


class EmptyLedger(LedgerError):
    """The file of the ledger is there and holds nothing, not even its tables; a new one would forget what was decided and written."""


class NewerLedger(LedgerError):
    """A newer version made these tables; this one would not understand them."""


class LeaseLost(LedgerError):
    """Somebody else holds the lease now, or it ran out: stop and write nothing more."""


class PlanRefused(LedgerError):
    """The plan cannot be approved as it is; the message says why and what to do."""


class Unknown(LedgerError):
    """There is no such lead, plan, run or effect in this ledger."""


class GoneLike(Protocol):
    """The part of `connectors.protocol.Gone` that the ledger reads. (The ledger and the connectors do not import each other.)"""

    @property
    def ref(self) -> Ref: ...
    @property
    def state(self) -> State: ...
    @property
    def at(self) -> datetime: ...
    @property
    def follows(self) -> Ref | None: ...


class Missing(NamedTuple):
    """A record that is not there any more, as of the last time it is known to have changed."""

    ref: Ref
    at: datetime
    state: State = State.DELETED
    follows: Ref | None = None


class CursorLike(Protocol):
    """The part of `connectors.protocol.Cursor` that the ledger reads."""

    @property
    def system(self) -> str: ...
    @property
    def stream(self) -> str: ...
    @property
    def fields_digest(self) -> str: ...
    @property
    def position(self) -> str: ...


class PageLike(Protocol):
    """The part of `connectors.protocol.Page` that the ledger reads."""

    @property
    def records(self) -> Sequence[Record]: ...
    @property
    def activities(self) -> Sequence[Activity]: ...
    @property
    def gone(self) -> Sequence[GoneLike]: ...
    @property
    def cursor(self) -> CursorLike: ...
    @property
    def covered_until(self) -> datetime | None: ...


class Role(StrEnum):
    """What a record is to its lead."""

    PRIMARY = "primary"
    MIRROR = "mirror"  # the same human in another CRM
    DUPLICATE = "duplicate"  # the same human once more in the same CRM; never routed
    AMBIGUOUS = "ambiguous"  # the links contradict each other; held and reported


@dataclass(frozen=True, slots=True)
class Link:
    """One record belongs to one lead. `lead` is a lead key (the text of a ref)."""

    ref: Ref
    lead: str
    role: Role


class Touched(NamedTuple):
    """A record the resolver has not seen since it changed. `rev` says which change, so that clearing cannot lose a newer one."""

    ref: Ref
    rev: int


class Mark(NamedTuple):
    """Which facts a decision is made of: `rev` counts the lead's own changes, `seq` is the ledger's tick at loading (for replay)."""

    rev: int
    seq: int


class Loaded(NamedTuple):
    """One lead as it stands (or stood): hand `prior` and `facts` to `decide`, and `mark` back to `save_decisions`."""

    prior: Prior | None
    facts: LeadFacts
    mark: Mark


class Past(NamedTuple):
    """One decision that took force. `written_at`: when all of it stood in the CRMs; None where nothing had to be written."""

    at: datetime
    decision: Decision
    written_at: datetime | None


class Moved(NamedTuple):
    """One decision that changed something, and what became of it: planned, written, refused or unwritten.

    Unwritten is what a later decision replaced, or what got too old. Written is what the lead is by, also where no CRM had to be written.
    """

    at: datetime
    decision: Decision
    became: str


@dataclass(frozen=True, slots=True)
class Replay:
    """Everything one past decision was made of, as it was known then. Policy and frame are found by their digests."""

    decision: Decision
    prior: Prior | None
    facts: LeadFacts
    decided_at: datetime
    policy_digest: str
    frame_digest: str
    run: int


@dataclass(frozen=True, slots=True)
class Source:
    """How one kind of activity of one CRM has arrived so far: how many, the latest vendor time, and when we learned of it."""

    count: int
    last_at: datetime
    last_known_at: datetime


class LineState(StrEnum):
    """Life of a plan line: proposed -> open -> in_flight -> done, conflict, refused or gone; superseded or expired before it flies."""

    PROPOSED = "proposed"
    OPEN = "open"
    IN_FLIGHT = "in_flight"
    DONE = "done"
    CONFLICT = "conflict"
    REFUSED = "refused"
    GONE = "gone"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class NewPlan:
    """One part of a plan. `decided` are the keys of every lead decided afresh: their open lines are superseded even where none is new."""

    lines: tuple[Line, ...] = ()
    creations: tuple[Creation, ...] = ()
    effects: tuple[Effect, ...] = ()
    decided: tuple[str, ...] = ()
    summary: Mapping[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One saved plan. `state` is proposed, approved or expired; `left_out` counts leads whose earlier lines were still in flight.

    `lines` are fields to write, `creations` records and tasks to create, `notices` those to send.
    """

    id: int
    run: int
    state: str
    created_at: datetime
    expires_at: datetime
    digest: str
    summary: Mapping[str, int | str]
    lines: int
    creations: int
    notices: int
    left_out: int
    approved_by: str
    approved_at: datetime | None


class LineRow(NamedTuple):
    """One line of the outbox with its life. `id` grows in the order planned; `detail` is the CRM's code where it refused."""

    id: int
    plan: int
    run: int
    state: LineState
    line: Line
    detail: str
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class CreationRow:
    """One record to create once. `ref` is the new record when it is done. Values of an erased person are gone."""

    id: int
    plan: int
    run: int
    state: LineState
    creation: Creation
    ref: Ref | None
    detail: str
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Batch:
    """Claimed rows of one (system, object, operation), grouped by record so that a batch is packed full. Empty: nothing to do."""

    rows: Mapping[Ref, tuple[LineRow, ...]]
    creations: tuple[CreationRow, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.rows or self.creations)


class LineResult(NamedTuple):
    """What became of one claimed line. `at` is the record's modified time read back (CRM time); `open` puts the line back for later."""

    id: int
    state: LineState
    at: datetime | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class CreationResult:
    """What became of one claimed creation; `ref` is the record that exists now."""

    id: int
    state: LineState
    ref: Ref | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class OwnWrite:
    """The last value of ours that was read back from a record's field, and the record's modified time then."""

    value: str | None
    at: datetime


ROOT = "lead"  # the canonical object other creations wait for; tasks and the like belong to a record that stands
TASK = "task"  # the canonical object of a task: it stands beside its lead's decision and never holds it up
PLANNED = "planned"  # an effect that waits; its key is not taken yet
TAKEN = ("in_flight", "done")  # states in which an effect's key is taken


@dataclass(frozen=True, slots=True)
class EffectRow:
    """One effect with its life: planned, in_flight, done or refused (did not happen)."""

    id: int
    effect: Effect
    state: str
    plan: int | None
    ref: str
    detail: str
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Run:
    """One run. `state` is running, done, failed, withheld or whatever the engine calls its end; `summary` are counts and short words."""

    id: int
    kind: str
    mode: str
    state: str
    started_at: datetime
    finished_at: datetime | None
    policy_digest: str
    frame_digest: str
    by: str
    summary: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to plan and write until `expires_at`. `token` only ever grows; a smaller one is refused."""

    name: str
    holder: str
    token: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ExceptionRow:
    """Something that needs a person. `subject` is a lead key or a ref; `detail` holds no personal data."""

    subject: str
    reason: str
    detail: str
    run: int
    first_at: datetime
    last_at: datetime
    resolved_at: datetime | None
