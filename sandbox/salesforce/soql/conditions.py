"""Parses WHERE: comparisons, IN, LIKE, NOT, parentheses; AND and OR only apart."""

from __future__ import annotations

from collections.abc import Callable

from sandbox.salesforce.soql.cursor import Cursor
from sandbox.salesforce.soql.dates import COUNTED, NAMED
from sandbox.salesforce.soql.errors import malformed
from sandbox.salesforce.soql.syntax import Comparison, Condition, Either, Every, Literal, Membership, Not, Path, Select
from sandbox.salesforce.soql.tokens import Token, like_pattern, unescape

SelectParser = Callable[..., Select]
_MULTI_SELECT = {"INCLUDES", "EXCLUDES"}


def parse_condition(cursor: Cursor, parse_select: SelectParser) -> Condition:
    """Terms joined by one connective. Raises SoqlError when AND and OR are mixed without parentheses."""
    terms = [_term(cursor, parse_select)]
    joined_by = ""
    while cursor.peek.word in ("AND", "OR"):
        word = cursor.peek
        if joined_by and word.word != joined_by:
            raise malformed(f"unexpected token: '{word.text}'", word.at)
        joined_by = word.word
        cursor.advance()
        terms.append(_term(cursor, parse_select))
    if len(terms) == 1:
        return terms[0]
    return Every(tuple(terms)) if joined_by == "AND" else Either(tuple(terms))


def _term(cursor: Cursor, parse_select: SelectParser) -> Condition:
    if cursor.take_mark("("):
        inner = parse_condition(cursor, parse_select)
        cursor.expect_mark(")")
        return inner
    if cursor.take_word("NOT"):
        return Not(_term(cursor, parse_select))
    name = cursor.expect("name")
    if cursor.peek.text == "(":
        raise malformed(f"unexpected token: '{name.text}' (this sandbox does not know functions in WHERE)", name.at)
    return _predicate(cursor, Path(tuple(name.text.split(".")), name.at), parse_select)


def _predicate(cursor: Cursor, path: Path, parse_select: SelectParser) -> Condition:
    token = cursor.peek
    if token.kind == "operator":
        cursor.advance()
        operator = "!=" if token.text == "<>" else token.text
        return Comparison(path, operator, parse_literal(cursor.advance()))
    if cursor.take_word("LIKE"):
        literal = parse_literal(cursor.advance())
        if literal.kind != "string":
            raise malformed("LIKE needs a quoted string", literal.at)
        return Comparison(path, "LIKE", literal)
    if token.word in _MULTI_SELECT:
        raise malformed(f"unexpected token: '{token.text}' (this sandbox has no multi-select picklists)", token.at)
    negated = cursor.take_word("NOT")
    cursor.expect_word("IN")
    return _membership(cursor, path, parse_select, negated=negated)


def _membership(cursor: Cursor, path: Path, parse_select: SelectParser, *, negated: bool) -> Membership:
    cursor.expect_mark("(")
    if cursor.peek.word == "SELECT":
        query = parse_select(cursor, nested=True)
        cursor.expect_mark(")")
        return Membership(path, negated, (), query)
    values = [parse_literal(cursor.advance())]
    while cursor.take_mark(","):
        values.append(parse_literal(cursor.advance()))
    cursor.expect_mark(")")
    return Membership(path, negated, tuple(values), None)


def parse_literal(token: Token) -> Literal:
    """A value; raises SoqlError when the token is none."""
    if token.kind == "string":
        return Literal("string", unescape(token), token.at, like_pattern(token))
    if token.kind in ("date", "datetime"):
        return Literal(token.kind, token.text, token.at)
    if token.kind == "number":
        return Literal("number", float(token.text) if "." in token.text else int(token.text), token.at)
    if token.word in ("TRUE", "FALSE"):
        return Literal("boolean", token.word == "TRUE", token.at)
    if token.word == "NULL":
        return Literal("null", None, token.at)
    if token.word in NAMED:
        return Literal("relative", token.word, token.at)
    if token.kind == "counted" and token.text.split(":")[0].upper() in COUNTED:
        return Literal("relative", token.text.upper(), token.at)
    raise malformed(f"unexpected token: '{token.text}'", token.at)
