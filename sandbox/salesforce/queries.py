"""Runs SOQL: pages, locators, child subqueries, and records in the form REST gives them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sandbox.salesforce.exceptions import ApiError
from sandbox.salesforce.ids import make_id
from sandbox.salesforce.org import Org
from sandbox.salesforce.rights import Access
from sandbox.salesforce.rows import MAX_KEYS_PER_QUERY
from sandbox.salesforce.soql.parser import parse
from sandbox.salesforce.soql.plan import Asker, Branch, ChildPlan, Leaf, Plan, plan_query
from sandbox.salesforce.virtual import fill_virtual

_DDL = """
CREATE TEMP TABLE IF NOT EXISTS sf_cursor (
    serial INTEGER NOT NULL, position INTEGER NOT NULL, id TEXT NOT NULL, PRIMARY KEY (serial, position)) WITHOUT ROWID
"""
_LOCATOR_PREFIX = "01g"
Record = dict[str, Any]


@dataclass
class _Cursor:
    serial: int
    user_id: str
    plan: Plan
    version: str
    total: int
    page: int
    used_at: float


@dataclass(frozen=True)
class Page:
    """One page; `locator` (such as 01g...-2000) is None on the last."""

    total: int
    records: list[Record]
    locator: str | None


class Queries:
    """Queries of one org. Raises SoqlError and ApiError."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._cursors: dict[str, _Cursor] = {}
        self._serial = 0
        org.store.script(_DDL)
        org.store.on_restore(self._drop_all)

    def run(
        self, soql: str, access: Access, *, version: str, batch: int | None = None, all_rows: bool = False, tooling: bool = False
    ) -> Page:
        """The first page of a query."""
        plan = self._plan(soql, access, all_rows=all_rows)
        if plan.sobject.tooling and not tooling:
            raise ApiError(400, "INVALID_TYPE", f"sObject type '{plan.sobject.name}' is not supported; ask the Tooling API")
        fill_virtual(self._org, plan, access)
        if plan.is_aggregate:
            return self._aggregate(plan)
        page = self._page_size(batch, plan)
        window = page + 1 if plan.limit is None else min(page + 1, plan.limit)
        rows = self._rows(plan, f"{plan.order} LIMIT {window} OFFSET {plan.offset}")
        if len(rows) <= page:
            return Page(len(rows), self._records(plan, rows, version), None)
        cursor = self._open(plan, access.user_id, version, page)
        return Page(cursor.total, self._records(plan, rows[:page], version), self._locator(cursor, page))

    def more(self, locator: str, access: Access) -> Page:
        """The page behind a locator."""
        name, _, position_text = locator.partition("-")
        cursor = self._cursors.get(name)
        idle = self._org.switches.get("salesforce.cursor_idle_seconds")
        if cursor is None or cursor.user_id != access.user_id or not position_text.isdigit() or time.monotonic() - cursor.used_at > idle:
            raise ApiError(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        cursor.used_at = time.monotonic()
        start = int(position_text)
        fill_virtual(self._org, cursor.plan, access)
        rows = self._cursor_rows(cursor, start)
        following = start + cursor.page
        return Page(
            cursor.total,
            self._records(cursor.plan, rows, cursor.version),
            self._locator(cursor, following) if following < cursor.total else None,
        )

    def all_records(self, soql: str, user_id: str, *, all_rows: bool = False) -> list[Record]:
        """Every record of a query, for the sandbox's own use: a user that no field-level security binds."""
        plan = self._plan(soql, self._org.rights.of(user_id), all_rows=all_rows)
        window = f" LIMIT {-1 if plan.limit is None else plan.limit} OFFSET {plan.offset}"
        return self._records(plan, self._rows(plan, plan.order + ("" if plan.is_count else window)), "v66.0")

    def expire_locators(self) -> None:
        """Forget every cursor, as the vendor may."""
        self._drop_all()

    def _plan(self, soql: str, access: Access, *, all_rows: bool) -> Plan:
        today = self._org.clock.now().astimezone(access.zone).date()
        hide = not all_rows and bool(self._org.switches.get("salesforce.query_hides_archived"))
        return plan_query(Asker(self._org.catalog, access, today, access.zone, all_rows, hide), parse(soql))

    def _page_size(self, batch: int | None, plan: Plan) -> int:
        fixed = int(self._org.switches.get("salesforce.page_size"))
        most = int(self._org.limits.get("salesforce.query_page_records"))
        if any(isinstance(node, ChildPlan) for node in plan.nodes):
            most = min(most, MAX_KEYS_PER_QUERY)
        return fixed or min(max(batch or most, 200), most)

    def _rows(self, plan: Plan, tail: str) -> list[tuple[Any, ...]]:
        sql = f"SELECT {', '.join(plan.columns)} FROM {plan.source} WHERE {plan.where}{plan.group}{tail}"
        return self._org.store.rows(sql, plan.where_parameters)

    def _aggregate(self, plan: Plan) -> Page:
        if plan.is_count:
            counted = int(self._rows(plan, "")[0][0])
            return Page(counted if plan.limit is None else min(counted, plan.limit), [], None)
        limit = -1 if plan.limit is None else plan.limit
        rows = self._rows(plan, f"{plan.order} LIMIT {limit} OFFSET {plan.offset}")
        return Page(len(rows), self._records(plan, rows, ""), None)

    # --- cursors
    def _open(self, plan: Plan, user_id: str, version: str, page: int) -> _Cursor:
        self._serial += 1
        limit = -1 if plan.limit is None else plan.limit
        ordered = f'SELECT t0."Id" AS id FROM {plan.source} WHERE {plan.where}{plan.order} LIMIT {limit} OFFSET {plan.offset}'
        done = self._org.store.execute(
            f"INSERT INTO sf_cursor SELECT {self._serial}, row_number() OVER () - 1, id FROM ({ordered})", plan.where_parameters
        )
        cursor = _Cursor(self._serial, user_id, plan, version, done.rowcount, page, time.monotonic())
        self._evict(user_id)
        self._cursors[make_id(_LOCATOR_PREFIX, self._serial)] = cursor
        return cursor

    def _evict(self, user_id: str) -> None:
        own = [name for name, cursor in self._cursors.items() if cursor.user_id == user_id]
        for name in own[: max(0, len(own) + 1 - int(self._org.switches.get("salesforce.cursors_per_user")))]:
            self._org.store.execute("DELETE FROM sf_cursor WHERE serial = ?", (self._cursors.pop(name).serial,))

    def _locator(self, cursor: _Cursor, position: int) -> str:
        return f"{make_id(_LOCATOR_PREFIX, cursor.serial)}-{position}"

    def _cursor_rows(self, cursor: _Cursor, start: int) -> list[tuple[Any, ...]]:
        plan = cursor.plan
        sql = (
            f'SELECT {", ".join(plan.columns)} FROM sf_cursor AS c CROSS JOIN {plan.source} ON t0."Id" = c.id '
            "WHERE c.serial = ? AND c.position >= ? AND c.position < ? ORDER BY c.position"
        )
        return self._org.store.rows(sql, (cursor.serial, start, start + cursor.page))

    def _drop_all(self) -> None:
        self._cursors.clear()
        self._org.store.execute("DELETE FROM sf_cursor")

    # --- records
    def _records(self, plan: Plan, rows: Sequence[tuple[Any, ...]], version: str) -> list[Record]:
        if plan.is_aggregate:
            return [{"attributes": {"type": "AggregateResult"}, **_fill(plan.nodes, row, self, version)} for row in rows]
        name = plan.sobject.name
        base = f"/services/data/{version}{'/tooling' if plan.sobject.tooling else ''}/sobjects/{name}/"
        fill = plan.filler or partial(_fill, plan.nodes, queries=self, version=version)
        records = [{"attributes": {"type": name, "url": base + str(row[0])}, **fill(row)} for row in rows]
        for node in plan.nodes:
            if isinstance(node, ChildPlan):
                self._children(node, [row[0] for row in rows], records, version)
        return records

    def _children(self, node: ChildPlan, parent_ids: list[str], records: list[Record], version: str) -> None:
        plan = node.plan
        by_parent: dict[str, list[tuple[Any, ...]]] = {}
        for start in range(0, len(parent_ids), MAX_KEYS_PER_QUERY):
            part = parent_ids[start : start + MAX_KEYS_PER_QUERY]
            sql = (
                f'SELECT {", ".join(plan.columns)}, t0."{node.parent_key}" FROM {plan.source} '
                f'WHERE {plan.where} AND t0."{node.parent_key}" IN ({",".join("?" * len(part))}){plan.order}'
            )
            for row in self._org.store.rows(sql, [*plan.where_parameters, *part]):
                by_parent.setdefault(row[-1], []).append(row)
        for parent_id, record in zip(parent_ids, records, strict=True):
            found = by_parent.get(parent_id, [])[: node.limit]
            listed = {"totalSize": len(found), "done": True, "records": self._records(plan, found, version)}
            record[node.key] = listed if found else None

    def type_of(self, record_id: str, fallback: str) -> str:
        """The object an id belongs to, for the url of a parent."""
        found = self._org.catalog.by_prefix(record_id)
        return found.name if found is not None else fallback


def _fill(nodes: Sequence[Leaf | Branch | ChildPlan], row: tuple[Any, ...], queries: Queries, version: str) -> Record:
    record: Record = {}
    for node in nodes:
        if isinstance(node, Leaf):
            value = row[node.index]
            record[node.key] = bool(value) if node.is_boolean and value is not None else value
        elif isinstance(node, Branch):
            key = row[node.index]
            record[node.key] = None if key is None else _parent(node, row, str(key), queries, version)
        else:
            record[node.key] = None
    return record


def _parent(node: Branch, row: tuple[Any, ...], key: str, queries: Queries, version: str) -> Record:
    url = f"/services/data/{version}/sobjects/{queries.type_of(key, node.type_name)}/{key}"
    return {"attributes": {"type": node.type_name, "url": url}, **_fill(node.nodes, row, queries, version)}
