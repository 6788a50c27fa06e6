"""The objects and fields of this org as they are now: the standard ones, and what was added, changed or taken away since."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, fields, replace
from typing import Any

import orjson

from sandbox.salesforce.schema import NUMBER_TYPES, Choice, Field, SObject, standard_objects
from sandbox.store import Store

_DDL = """
CREATE TABLE IF NOT EXISTS sf_field (sobject TEXT NOT NULL, name TEXT NOT NULL, definition TEXT, PRIMARY KEY (sobject, name));
"""
_BINARY_TYPES = frozenset({"id", "reference", "datetime", "date", "time", "anyType"})
_INDEXED_REFERENCES = frozenset(
    {"OwnerId", "WhoId", "WhatId", "ConvertedContactId", "MasterRecordId", "UserOrGroupId", "RelationId", "ActivityId"}
)


def column_ddl(field: Field) -> str:
    """The SQL column of a field. Text compares without case, as SOQL does; ids and stamps compare byte by byte."""
    if field.type == "boolean":
        return f'"{field.name}" INTEGER NOT NULL DEFAULT 0'
    if field.type in NUMBER_TYPES:
        return f'"{field.name}" {"INTEGER" if field.type == "int" else "REAL"}'
    if field.type == "id":
        return f'"{field.name}" TEXT PRIMARY KEY'
    binary = field.type in _BINARY_TYPES or field.case_sensitive
    return f'"{field.name}" TEXT{"" if binary else " COLLATE NOCASE"}'


class Catalog:
    """Objects by name in any case. Changes are kept in the store, so that a snapshot holds them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.version = 0
        self._objects: dict[str, SObject] = {}
        self._by_prefix: dict[str, str] = {}
        store.script(_DDL)
        self.reload()
        store.on_restore(self.reload)

    def reload(self) -> None:
        """Read the changes from the store again and make the tables that are missing."""
        self._objects = dict(standard_objects())
        self._by_prefix = {found.prefix: name for name, found in reversed(self._objects.items())}
        for sobject, name, definition in self._store.rows("SELECT sobject, name, definition FROM sf_field ORDER BY rowid"):
            found = self._objects[sobject.lower()]
            changed = found.without_field(name) if definition is None else found.with_field(_decode(definition))
            self._objects[sobject.lower()] = changed
        for sobject_now in self._objects.values():
            self._create_table(sobject_now)
        self.version += 1

    def __iter__(self) -> Iterator[SObject]:
        return iter(self._objects.values())

    def get(self, name: str) -> SObject | None:
        """The object of that name in any case."""
        return self._objects.get(name.lower())

    def of(self, name: str) -> SObject:
        """The object of that name; KeyError when there is none."""
        found = self.get(name)
        if found is None:
            message = f"no sObject named {name!r}"
            raise KeyError(message)
        return found

    def by_prefix(self, record_id: str) -> SObject | None:
        """The object an id belongs to."""
        name = self._by_prefix.get(record_id[:3])
        return None if name is None else self._objects[name]

    def child(self, parent: str, relationship: str) -> tuple[SObject, Field] | None:
        """The child object and its foreign key behind a child relationship such as Lead.Histories."""
        wanted = relationship.lower()
        for sobject, field in self.children(parent):
            if (field.child_relationship or "").lower() == wanted:
                return sobject, field
        return None

    def children(self, parent: str) -> Iterator[tuple[SObject, Field]]:
        """Every (child object, foreign key) that points to `parent`."""
        for sobject in self:
            for field in sobject.fields.values():
                if parent in field.reference_to and not sobject.virtual:
                    yield sobject, field

    def put_field(self, sobject_name: str, field: Field) -> None:
        """Add a field, or replace its definition."""
        sobject = self.of(sobject_name)
        is_new = sobject.field(field.name) is None
        if is_new and field.name not in self._columns(sobject):
            self._store.execute(f'ALTER TABLE "sf_{sobject.name}" ADD COLUMN {column_ddl(field)}')
            if field.default is not None:
                self._store.execute(f'UPDATE "sf_{sobject.name}" SET "{field.name}" = ?', (field.default,))
        if field.external_id or field.id_lookup or field.unique:
            self._index(sobject, field.name)
        self._remember(sobject.name, field.name, orjson.dumps(asdict(field)).decode())
        self._objects[sobject.name.lower()] = sobject.with_field(field)
        self.version += 1

    def change_field(self, sobject_name: str, field_name: str, **changes: Any) -> None:
        """Change attributes of a field, such as `tracked=True`; KeyError when there is none."""
        field = self.of(sobject_name).field(field_name)
        if field is None:
            message = f"no field {field_name!r} on {sobject_name}"
            raise KeyError(message)
        self.put_field(sobject_name, replace(field, **changes))

    def remove_field(self, sobject_name: str, field_name: str) -> None:
        """Take a field away: queries answer INVALID_FIELD from now on."""
        sobject = self.of(sobject_name)
        self._remember(sobject.name, field_name, None)
        self._objects[sobject.name.lower()] = sobject.without_field(field_name)
        self.version += 1

    def _remember(self, sobject: str, name: str, definition: str | None) -> None:
        self._store.execute(
            "INSERT INTO sf_field VALUES (?, ?, ?) ON CONFLICT (sobject, name) DO UPDATE SET definition = excluded.definition",
            (sobject, name, definition),
        )

    def _columns(self, sobject: SObject) -> set[str]:
        return {row[1] for row in self._store.rows(f'PRAGMA table_info("sf_{sobject.name}")')}

    def _create_table(self, sobject: SObject) -> None:
        if sobject.virtual:
            columns = ", ".join(column_ddl(f).replace(" PRIMARY KEY", "") for f in sobject.fields.values())
            self._store.execute(f'CREATE TEMP TABLE IF NOT EXISTS "sf_{sobject.name}" ({columns})')
            return
        columns = ", ".join(column_ddl(f) for f in sobject.fields.values())
        self._store.execute(f'CREATE TABLE IF NOT EXISTS "sf_{sobject.name}" ({columns}) WITHOUT ROWID')
        for name in sorted({sobject.stamp, "CreatedDate"} & {f.name for f in sobject.fields.values()}):
            self._index(sobject, name, "Id")
        for field in sobject.fields.values():
            is_key = field.type == "reference" and (field.child_relationship is not None or field.name in _INDEXED_REFERENCES)
            if is_key or (field.id_lookup and field.type != "id") or field.unique:
                self._index(sobject, field.name)

    def _index(self, sobject: SObject, *columns: str) -> None:
        name = "_".join(("ix", sobject.name, *columns))
        listed = ", ".join(f'"{column}"' for column in columns)
        self._store.execute(f'CREATE INDEX IF NOT EXISTS "{name}" ON "sf_{sobject.name}" ({listed})')


def _decode(definition: str) -> Field:
    values = orjson.loads(definition)
    values["choices"] = tuple(Choice(**choice) for choice in values["choices"])
    values["reference_to"] = tuple(values["reference_to"])
    return Field(**{field.name: values[field.name] for field in fields(Field) if field.name in values})
