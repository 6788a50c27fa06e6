"""Many rows by one prepared statement, for what a run does per line: SQLAlchemy's own work per row costs more than the database's.

Values go to the driver as they are, so they must be plain: text, whole numbers, booleans, None.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import Connection, Table

_Rows = Sequence[tuple[str | int | None, ...]]


def insert_rows(connection: Connection, table: Table, names: tuple[str, ...], rows: _Rows) -> None:
    """Insert rows whose values stand in the order of `names`."""
    if rows:
        connection.exec_driver_sql(_insert(table.name, names, _mark(connection)), list(rows))


def update_rows(connection: Connection, table: Table, names: tuple[str, ...], keys: tuple[str, ...], rows: _Rows) -> None:
    """Set `names` where `keys` hold; the values of a row stand in the order of `names`, then `keys`."""
    if rows:
        connection.exec_driver_sql(_update(table.name, names, keys, _mark(connection)), list(rows))


def _mark(connection: Connection) -> str:
    return "?" if connection.dialect.name == "sqlite" else "%s"


@lru_cache(maxsize=64)
def _insert(table: str, names: tuple[str, ...], mark: str) -> str:
    columns = ", ".join(f'"{name}"' for name in names)
    return f"INSERT INTO {table} ({columns}) VALUES ({', '.join([mark] * len(names))})"


@lru_cache(maxsize=64)
def _update(table: str, names: tuple[str, ...], keys: tuple[str, ...], mark: str) -> str:
    values = ", ".join(f'"{name}" = {mark}' for name in names)
    return f"UPDATE {table} SET {values} WHERE {' AND '.join(f'{name} = {mark}' for name in keys)}"
