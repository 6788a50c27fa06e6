"""WHERE as SQL. SOQL logic has two values: `!=` and `NOT IN` keep empty fields, and NOT of an unknown is true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.salesforce.ids import normalize
from sandbox.salesforce.rows import timestamp
from sandbox.salesforce.schema import NUMBER_TYPES, Field
from sandbox.salesforce.soql.dates import day_range, start_of_day
from sandbox.salesforce.soql.errors import SoqlError, malformed
from sandbox.salesforce.soql.scope import Column, Scope
from sandbox.salesforce.soql.syntax import Comparison, Condition, Either, Literal, Membership, Not, Path, Select

_ORDERED_TYPES = NUMBER_TYPES | {"date", "datetime"}
_MAX_NUMBER = 2**63 - 1
SemiJoin = Callable[["Filter", Select], str]


@dataclass
class Filter:
    """Collects SQL parameters while it translates. `today` and `zone` are the asking user's."""

    today: date
    zone: ZoneInfo
    semi_join: SemiJoin
    parameters: list[Any] = field(default_factory=list)

    def sql(self, scope: Scope, condition: Condition) -> str:
        """The condition as SQL. Raises SoqlError."""
        if isinstance(condition, Comparison):
            return self._comparison(self._filterable(scope, condition.path), condition)
        if isinstance(condition, Membership):
            return self._membership(scope, condition)
        if isinstance(condition, Not):
            return f"NOT ifnull(({self.sql(scope, condition.term)}), 0)"
        word = " OR " if isinstance(condition, Either) else " AND "
        return "(" + word.join(self.sql(scope, term) for term in condition.terms) + ")"

    def _filterable(self, scope: Scope, path: Path) -> Column:
        column = scope.column(path)
        if not column.field.filterable:
            raise SoqlError("INVALID_FIELD", f"field '{column.field.name}' can not be filtered in a query call", path.at)
        return column

    def _comparison(self, column: Column, comparison: Comparison) -> str:
        operator, literal = comparison.operator, comparison.value
        if operator == "LIKE":
            return self._like(column, literal)
        value = literal_value(column.field, literal)
        if operator in ("<", "<=", ">", ">=") and (value is None or column.field.type == "boolean"):
            raise SoqlError("INVALID_FIELD", f"invalid operator on {column.field.type} field", comparison.path.at)
        if literal.kind == "relative":
            return self._relative(column, operator, literal)
        if value is None:
            return f"{column.sql} IS {'NOT ' if operator == '!=' else ''}NULL"
        if operator == "!=":
            self.parameters.append(value)
            return f"ifnull({column.sql} <> ?, 1)"
        self.parameters.append(value)
        return f"{column.sql} {operator} ?"

    def _like(self, column: Column, literal: Literal) -> str:
        if not column.field.is_text:
            raise SoqlError("INVALID_FIELD", f"invalid operator on {column.field.type} field", literal.at)
        self.parameters.append(literal.like)
        return f"{column.sql} LIKE ? ESCAPE '\\'"

    def _relative(self, column: Column, operator: str, literal: Literal) -> str:
        try:
            bounds = [_bound(column.field, day, self.zone) for day in day_range(str(literal.value), self.today)]
        except (OverflowError, ValueError):
            raise malformed(f"Invalid date: {literal.value}", literal.at) from None
        if operator in ("=", "!="):
            # Twice in the text, so twice among the parameters where the expression itself has some (it has none).
            self.parameters += bounds
            inside = f"({column.sql} >= ? AND {column.sql} < ?)"
            return inside if operator == "=" else f"NOT ifnull({inside}, 0)"
        self.parameters.append(bounds[0] if operator in ("<", ">=") else bounds[1])
        return f"{column.sql} {'<' if operator in ('<', '<=') else '>='} ?"

    def _membership(self, scope: Scope, membership: Membership) -> str:
        column = self._filterable(scope, membership.path)
        if membership.query is not None:
            if column.field.type not in ("id", "reference"):
                raise malformed(f"The left operand '{membership.path.text}' of IN must be an id or a reference", membership.path.at)
            inner = self.semi_join(self, membership.query)
            return f"ifnull({column.sql} NOT IN ({inner}), 1)" if membership.negated else f"{column.sql} IN ({inner})"
        return self._listed(column, membership)

    def _listed(self, column: Column, membership: Membership) -> str:
        for literal in membership.values:
            if literal.kind == "relative":
                raise malformed(f"unexpected token: '{literal.value}' (relative dates do not go into IN)", literal.at)
        values = [literal_value(column.field, literal) for literal in membership.values]
        present = [value for value in values if value is not None]
        self.parameters += present
        inside = (
            f"ifnull({column.sql} IN ({','.join('?' * len(present))}), 0)"
            if None in values
            else f"{column.sql} IN ({','.join('?' * len(present))})"
        )
        if None in values:
            inside = f"({inside} OR {column.sql} IS NULL)"
        return f"NOT ifnull({inside}, 0)" if membership.negated else inside


def _bound(target: Field, day: date, zone: ZoneInfo) -> str:
    return day.isoformat() if target.type == "date" else timestamp(start_of_day(day, zone))


def literal_value(target: Field, literal: Literal) -> Any:
    """The literal in the form the column keeps. Raises SoqlError INVALID_FIELD when it is not of the field's type."""
    if literal.kind == "null" and target.type != "boolean":
        return None
    if target.type in ("id", "reference") and literal.kind == "string":
        return _id_value(str(literal.value), literal.at)
    wanted = _kinds(target)
    if literal.kind not in wanted:
        quoted = "should be enclosed in quotes" if "string" in wanted else "should not be enclosed in quotes"
        kind = {"datetime": "dateTime", "id": "ID", "reference": "ID"}.get(target.type, "string" if target.is_text else target.type)
        raise SoqlError(
            "INVALID_FIELD", f"value of filter criterion for field '{target.name}' must be of type {kind} and {quoted}", literal.at
        )
    if literal.kind == "datetime":
        return timestamp(parse_datetime(str(literal.value), literal.at))
    if literal.kind == "date":
        return _date_value(str(literal.value), literal.at)
    if literal.kind == "boolean":
        return int(bool(literal.value))
    if isinstance(literal.value, int) and abs(literal.value) > _MAX_NUMBER:
        raise malformed(f"Invalid number: {literal.value}", literal.at)
    return literal.value or None if literal.kind == "string" else literal.value


def _kinds(target: Field) -> tuple[str, ...]:
    if target.type in ("date", "datetime"):
        return (target.type, "relative")
    if target.type in NUMBER_TYPES:
        return ("number",)
    return ("boolean",) if target.type == "boolean" else ("string",)


def _id_value(text: str, at: int) -> str | None:
    if not text:
        return None
    found = normalize(text)
    if found is None:
        raise SoqlError("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {text}", at)
    return found


def _date_value(text: str, at: int) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise malformed(f"line 1:{at} Invalid date: {text}", at) from None


def parse_datetime(text: str, at: int) -> datetime:
    """A dateTime literal as an aware time; fractions are cut, since stored stamps have whole seconds."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise malformed(f"Invalid datetime: {text}", at) from None
