"""Turns field paths into SQL expressions: columns of the queried object, and look-ups of parents by their id."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Protocol

from sandbox.salesforce.catalog import Catalog
from sandbox.salesforce.schema import Field, SObject
from sandbox.salesforce.soql.errors import SoqlError
from sandbox.salesforce.soql.syntax import Path

ADVICE = "Please reference your WSDL or the describe call for the appropriate names."
MAX_PARENT_LEVELS = 5
# What the pseudo-object behind a reference to several objects (Owner, Who, What) has. Source: Object Reference, "Name".
NAME_FIELDS = frozenset(
    {
        "id", "name", "type", "firstname", "lastname", "email", "title", "phone", "isactive", "username", "alias",
        "profileid", "userroleid", "profile", "userrole",
    }
)  # fmt: skip


class Sight(Protocol):
    """What the asking user may see."""

    def field(self, sobject: SObject, name: str) -> Field | None:
        """The field, if it exists and the user may read it."""

    def can_read(self, sobject: SObject) -> bool:
        """Whether the user may read the object at all."""


@dataclass(frozen=True)
class Column:
    """An SQL expression with the field it stands for."""

    sql: str
    field: Field


@dataclass
class Scope:
    """One FROM: its object, its SQL alias, and the alias the query text gave."""

    catalog: Catalog
    sight: Sight
    sobject: SObject
    table: str
    alias: str | None = None
    serial: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def column(self, path: Path) -> Column:
        """The expression of a path. Raises SoqlError INVALID_FIELD."""
        parts = self.strip(path)
        if len(parts) - 1 > MAX_PARENT_LEVELS:
            raise SoqlError("INVALID_FIELD", f"The field path '{path.text}' has more than {MAX_PARENT_LEVELS} levels", path.at)
        found = self._resolve(self.sobject, self.table, parts, path)
        if len(parts) > 1 and found.field.is_text:
            return Column(f"{found.sql} COLLATE NOCASE", found.field)
        return found

    def strip(self, path: Path) -> tuple[str, ...]:
        """The parts of a path without the alias or the object's own name in front."""
        first = path.parts[0].lower()
        own = {self.alias.lower()} if self.alias else set()
        return path.parts[1:] if len(path.parts) > 1 and first in own | {self.sobject.name.lower()} else path.parts

    def reference(self, sobject: SObject, relationship: str, path: Path) -> Field:
        """The foreign key behind a parent relationship of `sobject`."""
        for candidate in sobject.fields.values():
            if (candidate.relationship or "").lower() == relationship.lower() and self.sight.field(sobject, candidate.name):
                return candidate
        raise SoqlError(
            "INVALID_FIELD",
            f"Didn't understand relationship '{relationship}' in field path. If you are attempting to use a custom relationship, "
            f"be sure to append the '__r' after the custom relationship name. {ADVICE}",
            path.at,
        )

    def _resolve(self, sobject: SObject, table: str, parts: tuple[str, ...], path: Path) -> Column:
        if len(parts) == 1:
            found = self.sight.field(sobject, parts[0])
            if found is None:
                raise no_such_column(parts[0], sobject.name, path.at)
            return Column(f'{table}."{found.name}"', found)
        key = self.reference(sobject, parts[0], path)
        return self._parent(key, f'{table}."{key.name}"', parts[1:], path)

    def _parent(self, key: Field, key_sql: str, rest: tuple[str, ...], path: Path) -> Column:
        if len(key.reference_to) == 1:
            return self._look_up(self.catalog.of(key.reference_to[0]), key_sql, rest, path)
        if rest[0].lower() not in NAME_FIELDS:
            raise no_such_column(rest[0], "Name", path.at)
        if rest[0].lower() == "type" and len(rest) == 1:
            return Column(self._type_of(key, key_sql), Field("Type", "picklist", "Type", length=40))
        return self._first_of(key, key_sql, rest, path)

    def _first_of(self, key: Field, key_sql: str, rest: tuple[str, ...], path: Path) -> Column:
        found: list[Column] = []
        for name in key.reference_to:
            target = self.catalog.of(name)
            if target.field(rest[0]) is not None or any((f.relationship or "").lower() == rest[0].lower() for f in target.fields.values()):
                found.append(self._look_up(target, key_sql, rest, path))
        if not found:
            return Column("NULL", Field(rest[-1], "string", rest[-1]))
        listed = ", ".join(column.sql for column in found)
        return Column(f"coalesce({listed}, NULL)", found[-1].field)

    def _look_up(self, target: SObject, key_sql: str, rest: tuple[str, ...], path: Path) -> Column:
        alias = f"{self.table}p{next(self.serial)}"
        inner = self._resolve(target, alias, rest, path)
        return Column(f'(SELECT {inner.sql} FROM "sf_{target.name}" AS {alias} WHERE {alias}."Id" = {key_sql})', inner.field)

    def _type_of(self, key: Field, key_sql: str) -> str:
        cases = " ".join(
            f"WHEN '{self.catalog.of(name).prefix}' THEN '{'Queue' if name == 'Group' else name}'" for name in key.reference_to
        )
        return f"CASE substr({key_sql}, 1, 3) {cases} END"


def no_such_column(name: str, entity: str, at: int) -> SoqlError:
    """INVALID_FIELD for a field that does not exist, or that the user may not see."""
    return SoqlError(
        "INVALID_FIELD",
        f"No such column '{name}' on entity '{entity}'. If you are attempting to use a custom field, "
        f"be sure to append the '__c' after the custom field name. {ADVICE}",
        at,
    )


def no_such_type(name: str, at: int | None) -> SoqlError:
    """INVALID_TYPE for an object that does not exist, or that the user may not see."""
    return SoqlError(
        "INVALID_TYPE",
        f"sObject type '{name}' is not supported. If you are attempting to use a custom object, "
        f"be sure to append the '__c' after the entity name. {ADVICE}",
        at,
    )
