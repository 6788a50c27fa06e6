"""Search: the request checked against HubSpot's rules, compiled to SQL over the search index, and paged by offset.

Source: developers.hubspot.com 'Search the CRM'; how operators treat records without the property as measured by other projects.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.hubspot import exceptions, object_types
from sandbox.hubspot.search_index import COLUMNS
from sandbox.hubspot.values import comparable

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

    from sandbox.hubspot.object_types import ObjectType
    from sandbox.hubspot.schema import Property, Schema
    from sandbox.hubspot.search_index import SearchIndex
    from sandbox.store import Store
    from sandbox.switches import Switches

OPERATORS = (
    "IN",
    "NOT_HAS_PROPERTY",
    "LT",
    "EQ",
    "GT",
    "NOT_IN",
    "GTE",
    "CONTAINS_TOKEN",
    "HAS_PROPERTY",
    "LTE",
    "NOT_CONTAINS_TOKEN",
    "BETWEEN",
    "NEQ",
)
MAX_GROUPS, MAX_FILTERS_A_GROUP, MAX_FILTERS = 5, 6, 18
MAX_PAGE, MAX_TOTAL, MAX_QUERY_CHARACTERS = 200, 10_000, 3_000
_COMPARE = {"EQ": "=", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}
_NARROW_WINDOW = 20_000
_TEXT_PROPERTIES = {
    "contacts": ("firstname", "lastname", "email", "phone", "company"),
    "companies": ("name", "domain", "website", "phone"),
    "deals": ("dealname", "pipeline", "dealstage", "description", "dealtype"),
    "leads": ("hs_lead_name",),
    "tasks": ("hs_task_subject", "hs_task_body"),
    "notes": ("hs_note_body",),
    "calls": ("hs_call_title", "hs_call_body"),
    "emails": ("hs_email_subject",),
    "meetings": ("hs_meeting_title", "hs_meeting_body"),
    "communications": ("hs_communication_body",),
    "users": ("hs_email", "hs_given_name", "hs_family_name"),
}


@dataclass(frozen=True)
class Clause:
    """A piece of SQL with its parameters."""

    sql: str
    parameters: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Found:
    """One page: ids in order, the total, and the offset of the next page or None."""

    ids: list[int]
    total: int
    next_after: int | None


class Search:
    """Runs searches of one portal."""

    def __init__(self, store: Store, schema: Schema, index: SearchIndex, switches: Switches, rng: random.Random) -> None:
        self._store, self._schema, self._index, self._switches, self._rng = store, schema, index, switches, rng

    def run(self, kind: ObjectType, body: Mapping[str, Any], now: int) -> Found:
        """The page that `body` asks for; HubSpotError 400 for a request outside the rules. `now` is epoch milliseconds."""
        limit, after = self._page_of(body)
        where = self._where(kind, body)
        order = self._order(kind, body.get("sorts") or [])
        self._index.bring_up(kind, now)
        table = "hs_doc d INDEXED BY hs_doc_modified" if self._window_is_narrow(kind, body) else "hs_doc d"
        total = self._store.scalar(f"SELECT COUNT(*) FROM {table} WHERE d.type = {kind.number} AND ({where.sql})", where.parameters)
        page = self._store.rows(
            f"SELECT d.id FROM {table} {order.sql} WHERE d.type = {kind.number} AND ({where.sql}) "
            f"ORDER BY {self._order_by(kind, body)} LIMIT ? OFFSET ?",
            (*order.parameters, *where.parameters, limit, after),
        )
        return Found([record_id for (record_id,) in page], total, after + limit if limit and after + limit < total else None)

    def _page_of(self, body: Mapping[str, Any]) -> tuple[int, int]:
        limit, after = body.get("limit", 10), body.get("after") or 0
        if (
            not isinstance(limit, int)
            or limit < 0
            or (limit > MAX_PAGE and self._switches.get("hubspot.search_limit_over_200") == "refuse")
        ):
            raise exceptions.invalid(f"Invalid input: limit must be between 0 and {MAX_PAGE}, got {limit}")
        if not re.fullmatch(r"\d{1,9}", str(after)):
            raise exceptions.invalid(f"Invalid input: after must be an integer formatted as a string, got {after!r}")
        limit = min(limit, MAX_PAGE)
        if int(after) + limit > MAX_TOTAL:
            raise exceptions.invalid(
                f"The search results are limited to {MAX_TOTAL} total results for any given query; page beyond it was asked for."
            )
        return limit, int(after)

    def _where(self, kind: ObjectType, body: Mapping[str, Any]) -> Clause:
        groups = body.get("filterGroups") or ([{"filters": body["filters"]}] if body.get("filters") else [])
        sizes = [len(group.get("filters") or []) for group in groups]
        if len(groups) > MAX_GROUPS or max(sizes, default=0) > MAX_FILTERS_A_GROUP or sum(sizes) > MAX_FILTERS:
            raise exceptions.invalid(
                f"There are too many filters: at most {MAX_GROUPS} filterGroups with {MAX_FILTERS_A_GROUP} filters each "
                f"and {MAX_FILTERS} in all."
            )
        alternatives = [_all([self._filter(kind, each) for each in group.get("filters") or []]) for group in groups]
        parts = (
            [Clause(" OR ".join(f"({a.sql})" for a in alternatives), tuple(p for a in alternatives for p in a.parameters))]
            if alternatives
            else []
        )
        query = str(body.get("query") or "")
        if len(query) > MAX_QUERY_CHARACTERS:
            raise exceptions.invalid(f"query is too long: at most {MAX_QUERY_CHARACTERS} characters")
        parts += [self._text(kind, word) for word in query.lower().split()]
        return _all(parts)

    def _filter(self, kind: ObjectType, raw: Mapping[str, Any]) -> Clause:
        name, operator = str(raw.get("propertyName") or ""), raw.get("operator")
        if operator not in OPERATORS:
            raise exceptions.invalid_json(f"Enum type must be one of: [{', '.join(OPERATORS)}]")
        if name.startswith("associations."):
            return _associated(kind, name, operator, raw)
        definition = self._schema.of(kind).get(name)
        if definition is None:
            raise exceptions.invalid(f'Property "{name}" does not exist')
        if operator in ("IN", "NOT_IN"):
            values = [self._value(definition, value, lower=False) for value in _list(raw, "values")]
        elif operator == "BETWEEN":
            values = [self._value(definition, _single(raw, "value")), self._value(definition, _single(raw, "highValue"))]
        elif operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
            values = []
        elif operator in ("CONTAINS_TOKEN", "NOT_CONTAINS_TOKEN"):
            values = [_single(raw, "value").lower()]
        else:
            values = [self._value(definition, _single(raw, "value"))]
        if name in COLUMNS and _is_column(kind, name):
            return _column_clause(COLUMNS[name], operator, values)
        self._index.ensure(kind, name)
        return _index_clause(kind, name, operator, values)

    def _value(self, definition: Property, raw: Any, *, lower: bool = True) -> Any:
        text = str(raw).lower() if isinstance(raw, bool) else str(raw)
        is_date = definition.type in ("datetime", "date")
        if is_date and not self._switches.get("hubspot.search_iso_dates") and not re.fullmatch(r"-?\d+", text):
            raise exceptions.invalid(f"Filter value {text!r} of {definition.name} is not a time in epoch milliseconds")
        if definition.type == "string" and not lower:
            return text
        value = comparable(definition, text)
        if value is None:
            raise exceptions.invalid(f"Filter value {text!r} is not valid for {definition.type} property {definition.name}")
        return value

    def _text(self, kind: ObjectType, word: str) -> Clause:
        parts = []
        for name in _TEXT_PROPERTIES[kind.plural]:
            self._index.ensure(kind, name)
            parts.append(_index_clause(kind, name, "CONTAINS_TOKEN", [f"*{word}*"]))
        return Clause(" OR ".join(part.sql for part in parts), tuple(p for part in parts for p in part.parameters))

    def _order(self, kind: ObjectType, sorts: list[Any]) -> Clause:
        name, _descending = _sort(sorts)
        if not name:
            return Clause("")
        if name not in self._schema.of(kind):
            raise exceptions.invalid(f'Property "{name}" does not exist')
        if name in COLUMNS and _is_column(kind, name):
            return Clause("")
        self._index.ensure(kind, name)
        return Clause("LEFT JOIN hs_index s ON s.type = d.type AND s.prop = ? AND s.id = d.id", (name,))

    def _order_by(self, kind: ObjectType, body: Mapping[str, Any]) -> str:
        name, descending = _sort(body.get("sorts") or [])
        column = "d.created" if not name else COLUMNS[name] if name in COLUMNS and _is_column(kind, name) else "s.value"
        tie = "d.id"
        if self._switches.get("hubspot.search_shuffle_ties") and column != "d.id":
            tie = f"((d.id + {self._rng.getrandbits(20)}) * {self._rng.getrandbits(30) | 1}) % 1000003"
        direction = " DESC" if descending else ""
        return f"d.id{direction}" if column == "d.id" else f"{column}{direction}, {tie}"

    def _window_is_narrow(self, kind: ObjectType, body: Mapping[str, Any]) -> bool:
        """Whether the one filter group bounds the modified date to few enough records to walk that index instead of the ids."""
        groups = body.get("filterGroups") or []
        if len(groups) != 1:
            return False
        bounds = {f["operator"]: f for f in groups[0].get("filters") or [] if COLUMNS.get(f.get("propertyName", "")) == "d.modified"}
        low = next((bounds[o] for o in ("GTE", "GT", "BETWEEN", "EQ") if o in bounds), None)
        if low is None:
            return False
        high = next((bounds[o].get("highValue") or bounds[o].get("value") for o in ("LTE", "LT", "BETWEEN") if o in bounds), 1 << 60)
        if not str(low["value"]).isdigit() or not str(high).isdigit():
            return False
        sql = f"SELECT COUNT(*) FROM (SELECT 1 FROM hs_doc WHERE type = ? AND modified >= ? AND modified <= ? LIMIT {_NARROW_WINDOW + 1})"
        return bool(self._store.scalar(sql, (kind.number, int(low["value"]), int(high))) <= _NARROW_WINDOW)


def register_functions(store: Store) -> None:
    """Give the database the token match of CONTAINS_TOKEN."""
    store.function("has_token", 2, has_token)


def has_token(value: Any, pattern: str) -> bool:
    """Whether a value holds the token; `*` stands for any characters. Both are lower case."""
    text = str(value)
    expression = re.escape(pattern).replace(r"\*", r"\S*")
    return re.search(rf"(?<!\w){expression}(?!\w)" if "*" not in pattern else expression, text) is not None


def _all(parts: list[Clause]) -> Clause:
    if not parts:
        return Clause("1")
    return Clause(" AND ".join(f"({part.sql})" for part in parts), tuple(p for part in parts for p in part.parameters))


def _column_clause(column: str, operator: str, values: list[Any]) -> Clause:
    if operator in _COMPARE:
        return Clause(f"{column} {_COMPARE[operator]} ?", tuple(values))
    marks = ",".join("?" * len(values))
    forms = {
        "NEQ": f"{column} <> ?",
        "BETWEEN": f"{column} BETWEEN ? AND ?",
        "IN": f"{column} IN ({marks})",
        "NOT_IN": f"{column} NOT IN ({marks})",
        "HAS_PROPERTY": "1",
        "NOT_HAS_PROPERTY": "0",
        "CONTAINS_TOKEN": f"CAST({column} AS TEXT) = ?",
        "NOT_CONTAINS_TOKEN": f"CAST({column} AS TEXT) <> ?",
    }
    return Clause(forms[operator], tuple(values))


def _index_clause(kind: ObjectType, name: str, operator: str, values: list[Any]) -> Clause:
    marks = ",".join("?" * len(values))
    tests = {
        **{op: f"value {sign} ?" for op, sign in _COMPARE.items()},
        "NEQ": "value = ?",
        "BETWEEN": "value BETWEEN ? AND ?",
        "IN": f"value IN ({marks})",
        "NOT_IN": f"value IN ({marks})",
        "HAS_PROPERTY": "1",
        "NOT_HAS_PROPERTY": "1",
        "CONTAINS_TOKEN": "has_token(value, ?)",
        "NOT_CONTAINS_TOKEN": "has_token(value, ?)",
    }
    member = "NOT IN" if operator.startswith(("N",)) else "IN"
    sql = f"d.id {member} (SELECT id FROM hs_index WHERE type = {kind.number} AND prop = ? AND {tests[operator]})"
    return Clause(sql, (name, *values))


def _associated(kind: ObjectType, name: str, operator: str, raw: Mapping[str, Any]) -> Clause:
    other = object_types.find(name.partition(".")[2])
    if other is None or operator not in ("EQ", "IN"):
        raise exceptions.invalid(f"Filter on {name} with operator {operator} is not supported; use EQ with an id")
    ids = [_number(value) for value in (_list(raw, "values") if operator == "IN" else [_single(raw, "value")])]
    marks = ",".join("?" * len(ids))
    return Clause(
        f"d.id IN (SELECT to_id FROM hs_assoc WHERE from_type = {other.number} AND to_type = {kind.number} AND from_id IN ({marks}))",
        tuple(ids),
    )


def _sort(sorts: list[Any]) -> tuple[str, bool]:
    if len(sorts) > 1:
        raise exceptions.invalid("Only one sort is supported")
    if not sorts:
        return "", False
    rule = sorts[0]
    if not isinstance(rule, dict):
        return str(rule).removeprefix("-"), str(rule).startswith("-")
    direction = rule.get("direction", "ASCENDING")
    if direction not in ("ASCENDING", "DESCENDING"):
        raise exceptions.invalid_json("Enum type must be one of: [ASCENDING, DESCENDING]")
    return str(rule.get("propertyName") or ""), direction == "DESCENDING"


def _is_column(kind: ObjectType, name: str) -> bool:
    if kind.plural == "deals" and name == "createdate":
        return False
    return name == "hs_object_id" or name == kind.created_property or name in kind.modified_properties or name == "hs_createdate"


def _single(raw: Mapping[str, Any], key: str) -> str:
    value = raw.get(key)
    if value is None or isinstance(value, (list, dict)):
        raise exceptions.invalid(f"Filter on {raw.get('propertyName')} with operator {raw.get('operator')} needs a {key}")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _list(raw: Mapping[str, Any], key: str) -> list[Any]:
    values = raw.get(key)
    if not isinstance(values, list) or not values:
        raise exceptions.invalid(f"Filter on {raw.get('propertyName')} with operator {raw.get('operator')} needs a list of {key}")
    return values


def _number(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise exceptions.invalid(f"{value!r} is not a number") from None
