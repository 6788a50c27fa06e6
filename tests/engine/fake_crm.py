"""A CRM in memory that passes the `Crm` protocol: records with field history, activities, tasks by unique key, and faults on demand.

Every write gets its own millisecond stamp on the world's clock, as a CRM's do. It is honest: what was not sent is not changed, what was
refused is not stored, and a lost reply did its work.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from connectors.protocol import (
    Change,
    Cursor,
    Fate,
    FieldInfo,
    Gone,
    Identity,
    Interrupted,
    NewRecord,
    Op,
    Outcome,
    Page,
    Person,
    Refused,
    Verified,
)
from handoff.facts import Activity, Actor, Edit, Kind, Record, Ref, State
from handoff.tasks import outcome_of

US = "us"
OBJECTS = {"hubspot": ("contacts", "tasks"), "salesforce": ("Lead", "Task")}
OWN = tuple(
    f"handoff_{name}"
    for name in (
        "stage", "stage_since", "episode", "rev", "reason", "next_step", "due", "review", "nurture_group", "previous_owner", "lead_type",
        "fit", "intent", "hand_raise_at", "policy", "hands_off", "key", "keep", "suppressed",
        "cycle", "mql_at", "offered_at", "sal_at", "sql_at", "recycled_at", "first_touch_at", "campaign", "reason_code",
    )
)  # fmt: skip
WRITABLE = ("status", "owner", "lifecycle", "hubspot_id", "email", "first_name", "last_name", "company", *OWN)


class Killed(BaseException):
    """The process died here; nothing after it ran."""


@dataclass
class World:
    """The clock both CRMs share, and whether our process lives: one that died does nothing any more, not even tidy up.

    `stamp` gives each write its own time without moving the clock. `transactions` counts the ledger's; before the one numbered `dies_at`
    the process dies.
    """

    now: datetime
    stamps: int = 0
    dead: bool = False
    transactions: int = 0
    dies_at: int = 0

    def clock(self) -> datetime:
        """The business time, aware UTC."""
        return self.now

    def stamp(self) -> datetime:
        """A distinct, rising moment for one write."""
        self.stamps += 1
        return self.now + timedelta(milliseconds=self.stamps)

    def advance(self, **span: float) -> None:
        """Moves the clock."""
        self.now += timedelta(**span)
        self.stamps = 0


@dataclass
class Row:
    """One record with the history of its fields: (field, value, at, author)."""

    id: str
    fields: dict[str, str]
    created_at: datetime
    modified_at: datetime
    seq: int
    state: State = State.LIVE
    follows: Ref | None = None
    history: list[tuple[str, str | None, datetime, str]] = field(default_factory=list)


@dataclass
class FakeCrm:
    """One CRM. `before_call` is asked before, `after_call` after each call's work with the method's name and its running number."""

    system: str
    world: World
    staff: list[Person] = field(default_factory=list)
    rows: dict[str, Row] = field(default_factory=dict)
    tasks: dict[str, tuple[NewRecord, Row]] = field(default_factory=dict)
    activities: dict[str, tuple[int, Activity]] = field(default_factory=dict)
    left: list[tuple[int, Gone]] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    before_call: Callable[[str, int], None] = lambda method, number: None
    after_call: Callable[[str, int], None] = lambda method, number: None
    inside_write: Callable[[FakeCrm], None] | None = None
    after_clear: Callable[[FakeCrm], None] | None = None  # between the request that blanks fields and the one that sets them
    account_id: str = ""
    scopes: tuple[str, ...] = ()
    own_fields: bool = True
    more_fields: tuple[str, ...] = ()
    no_objects: tuple[str, ...] = ()  # streams whose object this account does not have
    keeps_history: bool = True
    quota: float | None = None
    page_rows: int = 3
    batch_rows: int = 4
    seq: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    writes: int = 0

    @property
    def lead_object(self) -> str:
        """The vendor's name of the lead object."""
        return OBJECTS[self.system][0]

    @property
    def task_object(self) -> str:
        """The vendor's name of the task object."""
        return OBJECTS[self.system][1]

    # What people do in the CRM -----------------------------------------------------------------------------------------------

    def add(self, fields: Mapping[str, str], *, created_at: datetime | None = None, by: str = "person", record_id: str = "") -> Ref:
        """A new lead record."""
        at = created_at or self.world.stamp()
        self.seq += 1
        record_id = record_id or f"{self.system[0]}{len(self.rows) + 1:04d}"
        row = Row(record_id, {k: v for k, v in fields.items() if v}, at, at, self.seq)
        row.history = [(name, value, at, by) for name, value in row.fields.items()]
        self.rows[record_id] = row
        return Ref(self.system, self.lead_object, record_id)

    def edit(self, ref: Ref, values: Mapping[str, str | None], by: str = "person") -> None:
        """Somebody writes fields; a value that does not change leaves no history. `by` is person, or a kind and a name: `automation X`."""
        row = self._row(ref)
        assert row is not None
        at = self.world.stamp()
        for name, value in values.items():
            if row.fields.get(name) == (value or None):
                continue
            row.history.append((name, value or None, at, by))
            if value:
                row.fields[name] = value
            else:
                row.fields.pop(name, None)
            row.modified_at = at
            self.seq += 1
            row.seq = self.seq

    def act(self, about: Ref, kind: Kind, actor: Actor, **more: object) -> Activity:
        """An activity happens; `at` defaults to now."""
        self.seq += 1
        at = more.pop("at", None) or self.world.stamp()
        assert isinstance(at, datetime)
        key = str(more.pop("key", "") or f"{self.system}:{kind}:{self.seq}")
        made = Activity(key, kind, actor, about, at, at, **more)  # type: ignore[arg-type]
        self.activities[key] = (self.seq, made)
        return made

    def remove(self, ref: Ref, state: State = State.DELETED, follows: Ref | None = None) -> None:
        """The record leaves: deleted, archived, merged away or converted."""
        self.seq += 1
        row = self.rows[ref.id]
        row.state, row.follows, row.seq = state, follows, self.seq
        self.left.append((self.seq, Gone(ref, state, self.world.stamp(), follows)))

    def _row(self, ref: Ref) -> Row | None:
        return self.tasks_by_id().get(ref.id) if ref.object == self.task_object else self.rows.get(ref.id)

    def value(self, ref: Ref, name: str) -> str | None:
        """What a person sees in the field."""
        row = self._row(ref)
        assert row is not None
        return row.fields.get(name)

    def _fault(self, hook: Callable[..., None], *told: object) -> None:
        """What a test wants to happen here; where it kills the process, nothing runs after it."""
        try:
            hook(*told)
        except Killed:
            self.world.dead = True
            raise

    # What the engine asks ----------------------------------------------------------------------------------------------------

    def _call(self, method: str) -> int:
        self.calls[method] += 1
        number = sum(self.calls.values())
        self._fault(self.before_call, method, number)
        return number

    def identity(self) -> Identity:
        self._call("account")
        return Identity(
            self.system,
            self.account_id or f"{self.system}-1",
            "test",
            "UTC",
            f"https://{self.system}.example/{{object}}/{{id}}",
            US,
            self.scopes,
        )

    def people(self) -> tuple[Person, ...]:
        self._call("owners")
        return tuple(self.staff)

    def fields(self, object_name: str) -> Mapping[str, FieldInfo]:
        self._call("describe")
        if object_name in self.no_objects:
            raise Refused(f"{self.system} has no {object_name}", "object")
        known = [name for name in (*WRITABLE, *self.more_fields) if self.own_fields or not name.startswith("handoff_")]
        return {name: FieldInfo(name, name, True, writable=True, tracked=name in ("status", "owner", "handoff_stage")) for name in known}

    def streams(self) -> tuple[str, ...]:
        return ("leads", "activity")

    def pull(self, stream: str, cursor: Cursor | None, now: datetime) -> Iterator[Page]:
        position = int(cursor.position) if cursor else 0
        if stream in self.no_objects:
            yield Page(stream, (), (), (), Cursor(self.system, stream, "none", "0"), absent=f"{self.system} has no {stream}")
            return
        found = self._since(stream, position)
        pages = [found[i : i + self.page_rows] for i in range(0, len(found), self.page_rows)] or [[]]
        for number, page in enumerate(pages):
            self._call(f"pull {stream}")
            position = max([position, *(seq for seq, _ in page)])
            last = number == len(pages) - 1
            mark = Cursor(self.system, stream, "fake", str(position))
            items = [item for _, item in page]
            yield Page(
                stream,
                tuple(item for item in items if isinstance(item, Record)),
                tuple(item for item in items if isinstance(item, Activity)),
                tuple(item for item in items if isinstance(item, Gone)),
                mark,
                now if last else None,
            )

    def _since(self, stream: str, position: int) -> list[tuple[int, Record | Activity | Gone]]:
        found: list[tuple[int, Record | Activity | Gone]] = []
        if stream == "activity":
            found += [(seq, made) for seq, made in self.activities.values() if seq > position]
            found += [(row.seq, self._task_activity(new, row)) for new, row in self.tasks.values() if row.seq > position]
        else:
            found += [(row.seq, self._record(row)) for row in self.rows.values() if row.seq > position and row.state is State.LIVE]
            found += [(seq, gone) for seq, gone in self.left if seq > position]
        return sorted(found, key=lambda pair: pair[0])

    def _record(self, row: Row, object_name: str = "") -> Record:
        return Record(
            Ref(self.system, object_name or self.lead_object, row.id),
            dict(row.fields),
            row.created_at,
            row.modified_at,
            self.world.now,
            row.state,
            row.follows,
        )

    def _task_activity(self, new: NewRecord, row: Row) -> Activity:
        due = row.fields.get("due_at")
        return Activity(
            key=f"{self.system}:{self.task_object}:{row.id}",
            kind=Kind.TASK,
            actor=Actor.REP,
            about=new.about[0],
            occurred_at=row.created_at,
            known_at=row.created_at,
            outcome=outcome_of(row.fields.get("subject", ""), closed=row.fields.get("status") == "completed", ours=True),
            due_at=datetime.fromisoformat(due) if due else None,
            by=row.fields.get("owner", ""),
            ours=True,
        )

    def read(self, refs: Sequence[Ref], fields: Sequence[str]) -> Mapping[Ref, Record]:
        self._call("read")
        rows = {ref: self._row(ref) for ref in refs}
        return {ref: self._record(row, ref.object) for ref, row in rows.items() if row is not None and row.state is State.LIVE}

    def write(self, changes: Sequence[Change]) -> tuple[Outcome, ...]:
        number = self._call("write")
        assert len(changes) <= self.batch_rows
        assert len({change.ref for change in changes}) == len(changes)
        if self.inside_write is not None:
            edit, self.inside_write = self.inside_write, None
            self._fault(edit, self)
        self._clear([change for change in changes if change.clear_first])
        outcomes = tuple(self._write_one(change) for change in changes)
        self._fault(self.after_call, "write", number)
        return outcomes

    def _clear(self, changes: Sequence[Change]) -> None:
        for change in changes:
            self.edit(change.ref, dict.fromkeys(change.clear_first), by=US)
        if changes and self.after_clear is not None:
            fault, self.after_clear = self.after_clear, None
            self._fault(fault, self)

    def _write_one(self, change: Change) -> Outcome:
        row = self._row(change.ref)
        if row is None or row.state is not State.LIVE:
            return Outcome(Fate.GONE, change.ref, "deleted")
        if change.ref.id in self.refuse:
            return Outcome(Fate.REFUSED, change.ref, self.refuse[change.ref.id])
        if self.system == "salesforce" and change.values.get("owner") in {person.id for person in self.staff if not person.active}:
            return Outcome(Fate.REFUSED, change.ref, "INACTIVE_OWNER_OR_USER")
        self.writes += 1
        self.edit(change.ref, change.values, by=US)
        return Outcome(Fate.DONE, change.ref)

    def tasks_by_id(self) -> dict[str, Row]:
        """Tasks by their record id."""
        return {row.id: row for _, row in self.tasks.values()}

    def verify(self, refs: Sequence[Ref], fields: Sequence[str], since: datetime) -> Mapping[Ref, Verified]:
        self._call("verify")
        return {ref: self._verified(ref, set(fields), since) for ref in refs}

    def _verified(self, ref: Ref, fields: set[str], since: datetime) -> Verified:
        row = self._row(ref)
        if row is None or row.state is not State.LIVE:
            return Verified(None)
        others = [e for e in row.history if e[0] in fields and e[2] >= since and e[3] != US]
        edits = tuple(Edit(name, value, at, *by.split(" ", 1)) for name, value, at, by in others) if self.keeps_history else ()
        return Verified(self._record(row, ref.object), edits, self.keeps_history)

    def create(self, records: Sequence[NewRecord]) -> tuple[Outcome, ...]:
        number = self._call("create")
        assert len(records) <= self.batch_rows
        outcomes = tuple(self._create_one(new) for new in records)
        self._fault(self.after_call, "create", number)
        return outcomes

    def _create_one(self, new: NewRecord) -> Outcome:
        found = self.find_now(new.object, new.unique_key)
        if found:
            return Outcome(Fate.DONE, found)
        if new.unique_key in self.refuse:
            return Outcome(Fate.REFUSED, None, self.refuse[new.unique_key])
        self.writes += 1
        if new.object == "lead":
            ref = self.add({k: v for k, v in new.values.items() if v} | {"handoff_key": new.unique_key}, by=US)
            return Outcome(Fate.DONE, ref)
        at = self.world.stamp()
        self.seq += 1
        row = Row(f"t{len(self.tasks) + 1:04d}", {k: v for k, v in new.values.items() if v}, at, at, self.seq)
        self.tasks[new.unique_key] = (new, row)
        return Outcome(Fate.DONE, Ref(self.system, self.task_object, row.id))

    def find_now(self, object_name: str, key: str) -> Ref | None:
        """The record with this unique key."""
        if object_name == "task":
            return Ref(self.system, self.task_object, self.tasks[key][1].id) if key in self.tasks else None
        ids = [row.id for row in self.rows.values() if row.fields.get("handoff_key") == key]
        return Ref(self.system, self.lead_object, ids[0]) if ids else None

    def find(self, object_name: str, unique_keys: Sequence[str], about: Sequence[Ref] = ()) -> Mapping[str, Ref]:
        self._call("find")
        found = {key: self.find_now(object_name, key) for key in unique_keys}
        return {key: ref for key, ref in found.items() if ref is not None}

    def batch_size(self, object_name: str, op: Op) -> int:
        return self.batch_rows

    def calls_made(self) -> Mapping[str, int]:
        return dict(self.calls)

    def missing_own_fields(self) -> tuple[tuple[str, str], ...]:
        self._call("describe")
        return () if self.own_fields else tuple((self.lead_object, name) for name in OWN)

    def create_own_fields(self, for_user: str = "") -> tuple[str, ...]:
        self.own_fields = True
        return tuple(f"made {name}" for name in OWN)

    def quota_left(self) -> float | None:
        return self.quota

    def close(self) -> None:
        """Nothing to release."""


def lost_reply(method: str, number: int) -> Callable[[str, int], None]:
    """The n-th call of a method does its work and then the connection breaks."""
    seen = Counter[str]()

    def after(called: str, _: int) -> None:
        seen[called] += 1
        if called == method and seen[called] == number:
            raise Interrupted(f"{method}: the reply was lost")

    return after


def killed_at(number: int) -> Callable[[str, int], None]:
    """The process dies at the n-th call of a CRM."""

    def before(_: str, running: int) -> None:
        if running == number:
            raise Killed

    return before


def utc(text: str) -> datetime:
    """`2026-11-02T09:00` as aware UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


__all__ = ["FakeCrm", "Killed", "Row", "World", "killed_at", "lost_reply", "replace", "utc"]
