"""A recursive-descent SOQL parser that refuses everything it does not know.

Source of the grammar: "SOQL SELECT Syntax" in the SOQL and SOSL Reference. AND and OR mixed without parentheses are refused.
"""

from __future__ import annotations

from sandbox.salesforce.soql.conditions import parse_condition
from sandbox.salesforce.soql.cursor import Cursor
from sandbox.salesforce.soql.errors import SoqlError, malformed
from sandbox.salesforce.soql.syntax import Aggregate, Condition, Fields, Ordering, Path, Select

MAX_STATEMENT_CHARACTERS = 100_000
MAX_OFFSET = 2000
AGGREGATES = ("COUNT", "COUNT_DISTINCT", "MIN", "MAX", "SUM", "AVG")
FIELD_GROUPS = ("ALL", "STANDARD", "CUSTOM")
MAX_ROWS_OF_UNBOUNDED_FIELDS = 200
_CLAUSES = {"FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "FOR", "WITH", "USING", "ALL", "UPDATE"}
_UNKNOWN_CLAUSES = {"HAVING", "FOR", "WITH", "USING", "UPDATE"}


def parse(text: str) -> Select:
    """The syntax tree of one query. Raises SoqlError."""
    if len(text) > MAX_STATEMENT_CHARACTERS:
        raise malformed(f"SOQL statements cannot be longer than {MAX_STATEMENT_CHARACTERS} characters.")
    cursor = Cursor(text)
    select = parse_select(cursor, nested=False)
    if cursor.peek.kind != "end":
        raise cursor.unexpected()
    return select


def parse_select(cursor: Cursor, *, nested: bool) -> Select:
    """One SELECT; `nested` when it stands in parentheses (child subquery or semi-join)."""
    at = cursor.peek.at
    cursor.expect_word("SELECT")
    items = _items(cursor, nested=nested)
    cursor.expect_word("FROM")
    name = cursor.expect("name")
    alias = _alias(cursor)
    where: Condition | None = None
    if cursor.take_word("WHERE"):
        where = parse_condition(cursor, parse_select)
    group_by = _group_by(cursor)
    order_by = _order_by(cursor)
    limit, offset = _window(cursor)
    _refuse_unknown_clause(cursor)
    select = Select(items, name.text, name.at, alias, where, group_by, order_by, limit, offset, at)
    _check(select)
    return select


def _items(cursor: Cursor, *, nested: bool) -> tuple[Path | Aggregate | Fields | Select, ...]:
    items = [_item(cursor, nested=nested)]
    while cursor.take_mark(","):
        items.append(_item(cursor, nested=nested))
    return tuple(items)


def _item(cursor: Cursor, *, nested: bool) -> Path | Aggregate | Fields | Select:
    token = cursor.peek
    if token.text == "(":
        if nested:
            raise malformed("Nesting of semi join sub-selects is not supported", token.at)
        cursor.take_mark("(")
        query = parse_select(cursor, nested=True)
        cursor.expect_mark(")")
        return query
    if token.word == "TYPEOF":
        raise malformed("unexpected token: 'TYPEOF' (this sandbox does not know TYPEOF)", token.at)
    name = cursor.expect("name")
    if name.word in _CLAUSES and cursor.peek.text != "(":
        raise malformed(f"unexpected token: '{name.text}'", name.at)
    if cursor.peek.text == "(":
        return _fields(cursor, name.at) if name.word == "FIELDS" else _aggregate(cursor, name.text, name.at)
    return Path(tuple(name.text.split(".")), name.at, _item_alias(cursor))


def _fields(cursor: Cursor, at: int) -> Fields:
    cursor.take_mark("(")
    group = cursor.expect("name")
    if group.word not in FIELD_GROUPS:
        raise malformed(f"unexpected token: '{group.text}' (FIELDS takes {', '.join(FIELD_GROUPS)})", group.at)
    cursor.expect_mark(")")
    return Fields(group.word, at)


def _item_alias(cursor: Cursor) -> str | None:
    if cursor.peek.kind == "name" and cursor.peek.word not in _CLAUSES | {"ASC", "DESC", "NULLS"}:
        return cursor.expect("name").text
    return None


def _aggregate(cursor: Cursor, function: str, at: int) -> Aggregate:
    word = function.upper()
    if word not in AGGREGATES:
        raise malformed(f"unexpected token: '{function}' (this sandbox knows the functions {', '.join(AGGREGATES)})", at)
    cursor.take_mark("(")
    argument = None
    if cursor.peek.text != ")":
        name = cursor.expect("name")
        argument = Path(tuple(name.text.split(".")), name.at)
    elif word != "COUNT":
        raise cursor.unexpected()
    cursor.expect_mark(")")
    return Aggregate(word, argument, _item_alias(cursor), at)


def _alias(cursor: Cursor) -> str | None:
    if cursor.peek.kind == "name" and cursor.peek.word not in _CLAUSES and "." not in cursor.peek.text:
        return cursor.expect("name").text
    if cursor.peek.text == ",":
        raise malformed("unexpected token: ',' (this sandbox does not know joins by alias)", cursor.peek.at)
    return None


def _group_by(cursor: Cursor) -> tuple[Path, ...]:
    if not cursor.take_words("GROUP", "BY"):
        return ()
    paths: list[Path] = []
    while not paths or cursor.take_mark(","):
        name = cursor.expect("name")
        if cursor.peek.text == "(":
            raise malformed(f"unexpected token: '{name.text}' (this sandbox groups by plain fields only)", name.at)
        paths.append(Path(tuple(name.text.split(".")), name.at))
    return tuple(paths)


def _order_by(cursor: Cursor) -> tuple[Ordering, ...]:
    if not cursor.take_words("ORDER", "BY"):
        return ()
    terms: list[Ordering] = []
    while not terms or cursor.take_mark(","):
        terms.append(_ordering(cursor))
    return tuple(terms)


def _ordering(cursor: Cursor) -> Ordering:
    name = cursor.expect("name")
    path: Path | Aggregate = Path(tuple(name.text.split(".")), name.at)
    if cursor.peek.text == "(":
        path = _aggregate(cursor, name.text, name.at)
    descending = cursor.take_word("DESC")
    if not descending:
        cursor.take_word("ASC")
    nulls_first = True
    if cursor.take_word("NULLS"):
        if cursor.take_word("LAST"):
            nulls_first = False
        else:
            cursor.expect_word("FIRST")
    return Ordering(path, descending, nulls_first)


def _window(cursor: Cursor) -> tuple[int | None, int | None]:
    limit = _count(cursor) if cursor.take_word("LIMIT") else None
    if not cursor.take_word("OFFSET"):
        return limit, None
    at = cursor.peek.at
    offset = _count(cursor)
    if offset > MAX_OFFSET:
        raise SoqlError("NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {MAX_OFFSET}", at)
    return limit, offset


def _count(cursor: Cursor) -> int:
    token = cursor.expect("number")
    if not token.text.isdigit():
        raise malformed(f"unexpected token: '{token.text}'", token.at)
    return int(token.text)


def _refuse_unknown_clause(cursor: Cursor) -> None:
    if cursor.peek.word == "ALL":
        raise malformed("ALL ROWS not allowed in this context", cursor.peek.at)
    if cursor.peek.word in _UNKNOWN_CLAUSES:
        raise malformed(f"unexpected token: '{cursor.peek.text}' (this sandbox does not know this clause)", cursor.peek.at)


def _check(select: Select) -> None:
    seen: set[str] = set()
    for item in select.items:
        if isinstance(item, Fields):
            _check_fields(select, item)
        elif isinstance(item, Path):
            if item.alias is not None and not select.is_aggregate:
                raise malformed(f"unexpected token: '{item.alias}'", item.at)
            if item.text.lower() in seen:
                raise malformed(f"duplicate field selected: {item.text}", item.at)
            seen.add(item.text.lower())
        elif isinstance(item, Aggregate) and item.argument is None and (len(select.items) > 1 or select.group_by):
            raise malformed("Grouped field should not be aggregated: COUNT() must stand alone", item.at)
        elif isinstance(item, Aggregate) and item.argument is None and select.order_by:
            raise malformed("Only aggregate expressions use field aliasing or ordering with COUNT()", item.at)
    if select.is_aggregate and any(isinstance(item, (Select, Fields)) for item in select.items):
        raise malformed("Aggregate expressions cannot be mixed with child subqueries", select.at)


def _check_fields(select: Select, item: Fields) -> None:
    """Source: SOQL and SOSL Reference, "FIELDS()": only STANDARD is bounded, the others need a LIMIT."""
    if item.group != "STANDARD" and (select.limit is None or select.limit > MAX_ROWS_OF_UNBOUNDED_FIELDS):
        raise malformed(f"The SOQL FIELDS function must have a LIMIT of at most {MAX_ROWS_OF_UNBOUNDED_FIELDS}", item.at)
