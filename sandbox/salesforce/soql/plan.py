"""A parsed query as SQL, together with the shape of the records it answers with."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.salesforce.catalog import Catalog
from sandbox.salesforce.schema import Field, SObject
from sandbox.salesforce.soql.errors import SoqlError, malformed
from sandbox.salesforce.soql.filters import Filter
from sandbox.salesforce.soql.scope import Column, Scope, Sight, no_such_column, no_such_type
from sandbox.salesforce.soql.syntax import Aggregate, Fields, Ordering, Path, Select


@dataclass
class Leaf:
    """A value: its key in the record and its position in the SQL row."""

    key: str
    index: int
    is_boolean: bool


@dataclass
class Branch:
    """A parent record: null when the foreign key at `index` is; `type_name` is `Name` for references to several objects."""

    key: str
    index: int
    type_name: str
    nodes: list[Leaf | Branch] = field(default_factory=list)


@dataclass
class ChildPlan:
    """A child subquery: its key in the parent record, and the plan that selects by foreign key `parent_key`."""

    key: str
    plan: Plan
    parent_key: str
    limit: int | None


@dataclass
class Plan:
    """`SELECT {columns} FROM {source} WHERE {where} {order}`; column 0 is the Id unless rows are aggregates."""

    sobject: SObject
    columns: list[str] = field(default_factory=list)
    nodes: list[Leaf | Branch | ChildPlan] = field(default_factory=list)
    where: str = "1"
    where_parameters: list[Any] = field(default_factory=list)
    group: str = ""
    order: str = ""
    limit: int | None = None
    offset: int = 0
    is_count: bool = False
    is_aggregate: bool = False

    @cached_property
    def filler(self) -> Callable[[Sequence[Any]], dict[str, Any]] | None:
        """Makes a record of an SQL row, where all nodes are values; None where there are parents or children."""
        leaves = [node for node in self.nodes if isinstance(node, Leaf)]
        if len(leaves) < len(self.nodes) or len(leaves) < 2:
            return None
        keys, pick = [leaf.key for leaf in leaves], itemgetter(*(leaf.index for leaf in leaves))
        booleans = [leaf.key for leaf in leaves if leaf.is_boolean]

        def fill(row: Sequence[Any]) -> dict[str, Any]:
            record = dict(zip(keys, pick(row), strict=True))
            for key in booleans:
                if record[key] is not None:
                    record[key] = bool(record[key])
            return record

        return fill

    @property
    def source(self) -> str:
        """The FROM part."""
        return f'"sf_{self.sobject.name}" AS t0'


@dataclass(frozen=True)
class Asker:
    """Who asks, and when: sight, the day in the user's time zone, and whether deleted and archived rows count."""

    catalog: Catalog
    sight: Sight
    today: date
    zone: ZoneInfo
    all_rows: bool = False
    hide_archived: bool = True


def plan_query(asker: Asker, select: Select) -> Plan:
    """The plan of a whole query. Raises SoqlError."""
    sobject = asker.catalog.get(select.sobject)
    if sobject is None or not asker.sight.can_read(sobject):
        raise no_such_type(select.sobject, select.sobject_at)
    return _Planner(asker, sobject, all_rows=asker.all_rows).plan(select)


@dataclass
class _Planner:
    asker: Asker
    sobject: SObject
    all_rows: bool
    parent: SObject | None = None

    def plan(self, select: Select) -> Plan:
        scope = Scope(self.asker.catalog, self.asker.sight, self.sobject, "t0", select.alias)
        plan = Plan(self.sobject, limit=select.limit, offset=select.offset or 0, is_count=select.is_count, is_aggregate=select.is_aggregate)
        if select.is_aggregate:
            self._aggregate_columns(plan, scope, select)
        else:
            self._record_columns(plan, scope, select)
        criteria = Filter(self.asker.today, self.asker.zone, self._semi_join)
        plan.where = self._where(scope, criteria, select)
        plan.where_parameters = criteria.parameters
        plan.order = self._order(scope, select.order_by)
        return plan

    def _record_columns(self, plan: Plan, scope: Scope, select: Select) -> None:
        plan.columns.append('t0."Id"')
        branches: dict[tuple[str, ...], Branch] = {}
        for item in select.items:
            if isinstance(item, Select):
                plan.nodes.append(self._child(item))
            elif isinstance(item, Path):
                self._path(plan, scope, item, branches)
            elif isinstance(item, Fields):
                self._fields(plan, scope, item, select)

    def _fields(self, plan: Plan, scope: Scope, item: Fields, select: Select) -> None:
        named = {path.text.lower() for path in select.items if isinstance(path, Path)}
        for found in self.sobject.fields.values():
            if self.asker.sight.field(self.sobject, found.name) is None or (
                item.group != "ALL" and found.custom is (item.group == "STANDARD")
            ):
                continue
            if found.name.lower() in named:
                raise malformed(f"duplicate field selected: {found.name}", item.at)
            self._path(plan, scope, Path((found.name,), item.at), {})

    def _path(self, plan: Plan, scope: Scope, path: Path, branches: dict[tuple[str, ...], Branch]) -> None:
        parts = scope.strip(path)
        if len(parts) == 1 and self.asker.sight.field(self.sobject, parts[0]) is None:
            raise no_such_column(parts[0], self.sobject.name, path.at)
        column = scope.column(path)
        nodes: list[Any] = plan.nodes
        for depth in range(1, len(parts)):
            nodes = self._branch(plan, scope, Path(parts[:depth], path.at), nodes, branches).nodes
        plan.columns.append(column.sql)
        nodes.append(Leaf(column.field.name, len(plan.columns) - 1, column.field.type == "boolean"))

    def _branch(self, plan: Plan, scope: Scope, path: Path, nodes: list[Any], branches: dict[tuple[str, ...], Branch]) -> Branch:
        known = tuple(part.lower() for part in path.parts)
        if known in branches:
            return branches[known]
        key = self._key_field(scope, path)
        key_column = scope.column(Path((*path.parts[:-1], key.name), path.at))
        plan.columns.append(key_column.sql)
        type_name = key.reference_to[0] if len(key.reference_to) == 1 else "Name"
        branches[known] = Branch(key.relationship or "", len(plan.columns) - 1, type_name)
        nodes.append(branches[known])
        return branches[known]

    def _key_field(self, scope: Scope, path: Path) -> Field:
        sobject = self.sobject
        for part in path.parts[:-1]:
            sobject = self.asker.catalog.of(scope.reference(sobject, part, path).reference_to[-1])
        return scope.reference(sobject, path.parts[-1], path)

    def _child(self, select: Select) -> ChildPlan:
        found = self.asker.catalog.child(self.sobject.name, select.sobject)
        if found is None or not self.asker.sight.can_read(found[0]):
            raise SoqlError(
                "INVALID_TYPE",
                f"Didn't understand relationship '{select.sobject}' in FROM part of query call. If you are attempting to use a custom "
                "relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe "
                "call for the appropriate names.",
                select.sobject_at,
            )
        child, key = found
        if select.offset is not None or select.is_aggregate:
            raise malformed("OFFSET and aggregates are not allowed in a child subquery", select.at)
        plan = _Planner(self.asker, child, self.all_rows, self.sobject).plan(select)
        limit, plan.limit = plan.limit, None
        return ChildPlan(key.child_relationship or "", plan, key.name, limit)

    def _aggregate_columns(self, plan: Plan, scope: Scope, select: Select) -> None:
        grouped = {_known(scope, path): scope.column(path) for path in select.group_by}
        plan.group = f" GROUP BY {', '.join(column.sql for column in grouped.values())}" if grouped else ""
        serial = itertools.count()
        for item in select.items:
            if isinstance(item, Aggregate):
                column = self._aggregate(scope, item)
                key = item.alias or f"expr{next(serial)}"
            else:
                assert isinstance(item, Path)
                if _known(scope, item) not in grouped:
                    raise malformed(f"Field must be grouped or aggregated: {item.text}", item.at)
                column = grouped[_known(scope, item)]
                key = item.alias or column.field.name
            plan.columns.append(column.sql)
            plan.nodes.append(Leaf(key, len(plan.columns) - 1, column.field.type == "boolean"))

    def _aggregate(self, scope: Scope, item: Aggregate) -> Column:
        if item.argument is None:
            return Column("count(*)", Field("expr0", "int", "count"))
        column = scope.column(item.argument)
        if item.function in ("COUNT", "COUNT_DISTINCT"):
            distinct = "DISTINCT " if item.function == "COUNT_DISTINCT" else ""
            return Column(f"count({distinct}{column.sql})", Field("expr0", "int", "count"))
        if item.function in ("SUM", "AVG") and column.field.type not in ("int", "double", "currency", "percent"):
            raise malformed(f"field {item.argument.text} does not support aggregate operator {item.function}", item.at)
        return Column(f"{item.function.lower()}({column.sql})", column.field)

    def _where(self, scope: Scope, criteria: Filter, select: Select) -> str:
        terms = self._standing(scope.sobject, scope.table)
        if select.where is not None:
            terms.append(criteria.sql(scope, select.where))
        return " AND ".join(terms) or "1"

    def _standing(self, sobject: SObject, table: str) -> list[str]:
        if self.all_rows:
            return []
        terms = [f'{table}."IsDeleted" = 0'] if sobject.has_deletes else []
        if self.asker.hide_archived and sobject.field("IsArchived") is not None:
            terms.append(f'{table}."IsArchived" = 0')
        return terms

    def _semi_join(self, criteria: Filter, select: Select) -> str:
        sobject = self.asker.catalog.get(select.sobject)
        if sobject is None or not self.asker.sight.can_read(sobject):
            raise no_such_type(select.sobject, select.sobject_at)
        if len(select.items) != 1 or not isinstance(select.items[0], Path) or select.order_by or select.limit is not None:
            raise malformed("A semi join sub-select selects one id field, without ORDER BY and LIMIT", select.at)
        table = f"s{len(criteria.parameters)}_{select.at}"
        scope = Scope(self.asker.catalog, self.asker.sight, sobject, table, select.alias)
        column = scope.column(select.items[0])
        if column.field.type not in ("id", "reference"):
            raise malformed(f"The selected field '{select.items[0].text}' in the semi join sub-select is no id", select.at)
        terms = [f"{column.sql} IS NOT NULL", *self._standing(sobject, table)]
        if select.where is not None:
            terms.append(criteria.sql(scope, select.where))
        return f'SELECT {column.sql} FROM "sf_{sobject.name}" AS {table} WHERE {" AND ".join(terms)}'

    def _order(self, scope: Scope, terms: Sequence[Ordering]) -> str:
        listed = [self._ordering(scope, term) for term in terms]
        return f" ORDER BY {', '.join(listed)}" if listed else ""

    def _ordering(self, scope: Scope, term: Ordering) -> str:
        if isinstance(term.path, Aggregate):
            column = self._aggregate(scope, term.path)
        else:
            column = scope.column(term.path)
            if not column.field.filterable:
                raise SoqlError("INVALID_FIELD", f"field '{column.field.name}' can not be sorted in a query call", term.path.at)
        direction = " DESC" if term.descending else ""
        # SQLite keeps to an index only in its own order of nulls, which is first for ASC and last for DESC.
        usual = term.nulls_first != term.descending
        nulls = "" if usual or not column.field.nillable else f" NULLS {'FIRST' if term.nulls_first else 'LAST'}"
        return f"{column.sql}{direction}{nulls}"


def _known(scope: Scope, path: Path) -> tuple[str, ...]:
    """A path as it is compared: each use of a parent's field is SQL of its own."""
    return tuple(part.lower() for part in scope.strip(path))
