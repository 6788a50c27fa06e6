"""What a portal has beside records: owners, pipelines, lists with their members, forms, validation rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from sandbox.hubspot.values import iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sandbox.store import Store

_DDL = """
CREATE TABLE IF NOT EXISTS hs_owner (id INTEGER PRIMARY KEY, email TEXT, first TEXT, last TEXT, type TEXT, user_id INTEGER,
    archived INTEGER,
    created INTEGER, updated INTEGER, teams BLOB);
CREATE TABLE IF NOT EXISTS hs_thing (sort TEXT, id TEXT, doc BLOB, PRIMARY KEY (sort, id));
CREATE TABLE IF NOT EXISTS hs_member (list TEXT, at INTEGER, record INTEGER, PRIMARY KEY (list, at, record)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS hs_member_record ON hs_member (record);
"""
FIRST_OWNER_ID, FIRST_USER_ID = 61_000_001, 9_500_001
_DEAL_STAGES = (
    ("appointmentscheduled", "Appointment Scheduled", "0.2"),
    ("qualifiedtobuy", "Qualified To Buy", "0.4"),
    ("presentationscheduled", "Presentation Scheduled", "0.6"),
    ("decisionmakerboughtin", "Decision Maker Bought-In", "0.8"),
    ("contractsent", "Contract Sent", "0.9"),
    ("closedwon", "Closed Won", "1.0"),
    ("closedlost", "Closed Lost", "0.0"),
)
_LEAD_STAGES = (
    ("new-stage-id", "New", "NEW"),
    ("attempting-stage-id", "Attempting", "IN_PROGRESS"),
    ("connected-stage-id", "Connected", "IN_PROGRESS"),
    ("qualified-stage-id", "Qualified", "QUALIFIED"),
    ("unqualified-stage-id", "Disqualified", "UNQUALIFIED"),
)


@dataclass(frozen=True)
class Owner:
    """One owner. Times are epoch milliseconds."""

    id: int
    email: str
    first: str
    last: str
    type: str
    user_id: int | None
    archived: bool
    created: int
    updated: int
    teams: Sequence[Mapping[str, Any]] = ()

    def as_json(self, *, keep_user_id: bool) -> dict[str, Any]:
        """As the owners API answers it; a deactivated owner may have lost `userId`."""
        body: dict[str, Any] = {
            "id": str(self.id),
            "email": self.email,
            "type": self.type,
            "firstName": self.first,
            "lastName": self.last,
            "userId": self.user_id,
            "userIdIncludingInactive": self.user_id,
            "createdAt": iso(self.created),
            "updatedAt": iso(self.updated),
            "archived": self.archived,
            "teams": list(self.teams),
        }
        if self.user_id is None:
            del body["userId"], body["userIdIncludingInactive"]
        elif self.archived and not keep_user_id:
            del body["userId"]
        return body


class Directory:
    """Owners in a table of their own, other definitions as JSON documents by sort and id."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.script(_DDL)
        self._cached: dict[str, list[dict[str, Any]]] = {}
        store.on_restore(self._cached.clear)
        self._owner_by_id: dict[int, Owner] = {}
        store.on_restore(self._owner_by_id.clear)
        if not self.things("pipeline:deals"):
            self.put("pipeline:deals", "default", _pipeline("default", "Sales Pipeline", [_deal_stage(*stage) for stage in _DEAL_STAGES]))
            self.put(
                "pipeline:leads",
                "lead-pipeline-id",
                _pipeline("lead-pipeline-id", "Lead pipeline", [_lead_stage(*stage) for stage in _LEAD_STAGES]),
            )

    def add_owner(self, owner: Owner) -> None:
        """Store an owner, replacing one of that id."""
        self._owner_by_id.clear()
        self._store.execute(
            "INSERT OR REPLACE INTO hs_owner VALUES (?,?,?,?,?,?,?,?,?,?)",
            (
                owner.id,
                owner.email,
                owner.first,
                owner.last,
                owner.type,
                owner.user_id,
                int(owner.archived),
                owner.created,
                owner.updated,
                orjson.dumps(owner.teams),
            ),
        )

    def next_owner(self) -> tuple[int, int]:
        """A free owner id and a free user id."""
        owner = self._store.scalar("SELECT MAX(id) FROM hs_owner") or FIRST_OWNER_ID - 1
        user = self._store.scalar("SELECT MAX(user_id) FROM hs_owner") or FIRST_USER_ID - 1
        return owner + 1, user + 1

    def owner(self, owner_id: int) -> Owner | None:
        """One owner, deactivated or not."""
        if owner_id in self._owner_by_id:
            return self._owner_by_id[owner_id]
        for found in self._owners("id = ?", (owner_id,)):
            self._owner_by_id[owner_id] = found
            return found
        return None

    def owner_of_user(self, user_id: int) -> Owner | None:
        """The owner behind a user id."""
        return next(iter(self._owners("user_id = ?", (user_id,))), None)

    def owners(self, *, archived: bool, email: str | None = None, after: int = 0, limit: int = 1_000_000) -> list[Owner]:
        """Owners of one listing from id `after` on, in id order."""
        where, parameters = "archived = ? AND id >= ?", [int(archived), after]  # type: tuple[str, list[Any]]
        if email:
            where, parameters = where + " AND email = ?", [*parameters, email]
        return self._owners(f"{where} ORDER BY id LIMIT {limit}", parameters)

    def put(self, sort: str, thing_id: str, doc: Mapping[str, Any]) -> None:
        """Store a definition of a sort: 'pipeline:deals', 'list', 'form', 'validation:contacts', 'condition:contacts'."""
        sql = "INSERT INTO hs_thing VALUES (?,?,?) ON CONFLICT (sort, id) DO UPDATE SET doc = excluded.doc"
        self._store.execute(sql, (sort, thing_id, orjson.dumps(doc)))
        self._cached.pop(sort, None)

    def thing(self, sort: str, thing_id: str) -> dict[str, Any] | None:
        """One definition, or None."""
        found = self._store.scalar("SELECT doc FROM hs_thing WHERE sort = ? AND id = ?", (sort, thing_id))
        return None if found is None else orjson.loads(found)

    def things(self, sort: str) -> list[dict[str, Any]]:
        """All definitions of a sort, oldest first."""
        if sort not in self._cached:
            self._cached[sort] = [
                orjson.loads(doc) for (doc,) in self._store.rows("SELECT doc FROM hs_thing WHERE sort = ? ORDER BY rowid", (sort,))
            ]
        return self._cached[sort]

    def add_members(self, list_id: str, members: Iterable[tuple[int, int]]) -> None:
        """Add (record id, joined at, epoch ms) to a list; who is a member already keeps the first date."""
        known = {record for (record,) in self._store.rows("SELECT record FROM hs_member WHERE list = ?", (list_id,))}
        self._store.executemany(
            "INSERT INTO hs_member VALUES (?,?,?)", [(list_id, at, record) for record, at in members if record not in known]
        )

    def remove_members(self, list_id: str, records: Iterable[int]) -> None:
        """Take records off a list."""
        self._store.executemany("DELETE FROM hs_member WHERE list = ? AND record = ?", [(list_id, record) for record in records])

    def members(self, list_id: str) -> list[tuple[int, int]]:
        """(joined at, record id) in the order of joining."""
        return [
            (at, record)
            for at, record in self._store.rows("SELECT at, record FROM hs_member WHERE list = ? ORDER BY at, record", (list_id,))
        ]

    def memberships(self, record: int) -> list[tuple[str, int]]:
        """(list id, joined at) of a record."""
        return [(name, at) for name, at in self._store.rows("SELECT list, at FROM hs_member WHERE record = ? ORDER BY list", (record,))]

    def _owners(self, where: str, parameters: Sequence[Any]) -> list[Owner]:
        rows = self._store.rows(f"SELECT * FROM hs_owner WHERE {where}", parameters)
        return [
            Owner(i, email, first, last, kind, user, bool(gone), made, moved, orjson.loads(teams))
            for i, email, first, last, kind, user, gone, made, moved, teams in rows
        ]


def _pipeline(pipeline_id: str, label: str, stages: list[dict[str, Any]]) -> dict[str, Any]:
    stages = [{**stage, "displayOrder": order} for order, stage in enumerate(stages)]
    return {
        "id": pipeline_id,
        "label": label,
        "displayOrder": 0,
        "archived": False,
        "createdAt": iso(0),
        "updatedAt": iso(0),
        "stages": stages,
    }


def _deal_stage(stage_id: str, label: str, probability: str) -> dict[str, Any]:
    closed = "true" if probability in ("1.0", "0.0") else "false"
    return _stage(stage_id, label, {"isClosed": closed, "probability": probability})


def _lead_stage(stage_id: str, label: str, category: str) -> dict[str, Any]:
    return _stage(stage_id, label, {"leadState": category, "isClosed": "true" if category in ("QUALIFIED", "UNQUALIFIED") else "false"})


def _stage(stage_id: str, label: str, metadata: dict[str, str]) -> dict[str, Any]:
    return {
        "id": stage_id,
        "label": label,
        "metadata": metadata,
        "archived": False,
        "createdAt": iso(0),
        "updatedAt": iso(0),
        "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
    }
