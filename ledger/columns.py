"""What the ledger's tables are made of: columns, partial indexes, and the metadata they belong to."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import BigInteger, Boolean, Column, ColumnElement, ForeignKey, Integer, MetaData, Text, TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

metadata = MetaData()

ID = BigInteger().with_variant(Integer, "sqlite")


def own_id() -> Column[int]:
    """The row's own number."""
    return Column("id", ID, primary_key=True, autoincrement=True)


def needs(name: str, target: str) -> Column[int]:
    """The number of a row that must be there."""
    return Column(name, ID, ForeignKey(target), nullable=False)


def words(name: str, default: str = "") -> Column[str]:
    """Text that is blank rather than null."""
    return Column(name, Text, nullable=False, server_default=default)


def only(condition: ColumnElement[bool] | TextClause, on_postgresql: TextClause | None = None) -> dict[str, Any]:
    """A partial index. SQLite has no booleans, so its condition may read differently."""
    return {"sqlite_where": condition, "postgresql_where": condition if on_postgresql is None else on_postgresql}


def flag(name: str) -> dict[str, Any]:
    """A partial index of the rows where a boolean column is true."""
    return only(text(f"{name} = 1"), text(name))


def among(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Whether the column's value is in the list given as the parameter `name`: one parameter, however long the list is.

    SQLAlchemy's own `in_` writes a statement of its own with a parameter per value, which costs more than the look-up itself.
    """
    return _Among(column, bindparam(name, type_=_List(isinstance(column.type, Text))))


class _List(TypeDecorator[Any]):
    """A list in one parameter: JSON text for SQLite, an array for PostgreSQL."""

    impl = Text
    cache_ok = True

    def __init__(self, texts: bool) -> None:
        super().__init__()
        self.texts = texts

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return Text() if dialect.name == "sqlite" else ARRAY(Text() if self.texts else BigInteger())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return orjson.dumps(list(value)).decode() if dialect.name == "sqlite" else list(value)


class _Among(FunctionElement[bool]):
    """`column IN list`; see `among`."""

    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> Any:  # noqa: ARG002 (SQLAlchemy's signature)
        # SQLAlchemy would compare it with 1 where a database has no booleans, and SQLite would then use no index.
        return self


@compiles(_Among, "sqlite")
def _in_json(element: _Among, compiler: SQLCompiler, **more: Any) -> str:
    column, values = (compiler.process(clause, **more) for clause in element.clauses)
    return f"({column} IN (SELECT value FROM json_each({values})))"


@compiles(_Among, "postgresql")
def _in_array(element: _Among, compiler: SQLCompiler, **more: Any) -> str:
    column, values = (compiler.process(clause, **more) for clause in element.clauses)
    return f"({column} = ANY ({values}))"
