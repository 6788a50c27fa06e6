"""Fast loading of whole worlds: rows go in as given, with derived fields and audit stamps, and nothing else."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from sandbox.salesforce.activity import refresh_last_activity
from sandbox.salesforce.derive import derive
from sandbox.salesforce.org import Org
from sandbox.salesforce.rows import Row, timestamp
from sandbox.salesforce.schema import SObject

BATCH_ROWS = 5000
Loaded = tuple[Mapping[str, Any], datetime, datetime]


class BulkLoad:
    """Loads rows of one object. Field names are canonical; values are Python's, dates and stamps text or aware datetimes."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def load(self, sobject_name: str, rows: Iterable[Loaded]) -> list[str]:
        """Insert in batches; answers the ids. KeyError names a field that does not exist."""
        sobject = self._org.catalog.of(sobject_name)
        known = {field.name for field in sobject.fields.values()}
        defaults = self._defaults(sobject)
        ids: list[str] = []
        parents: set[str | None] = set()
        with self._org.store.transaction():
            for batch in _batches(rows):
                ready = [self._row(sobject, one, defaults, known) for one in batch]
                ids.extend(self._org.rows.insert_many(sobject.name, ready))
                if sobject.name in ("Task", "Event"):
                    parents |= {row.get(key) for row in ready for key in ("WhoId", "WhatId")}
            refresh_last_activity(self._org, parents, None)
        return ids

    def _row(self, sobject: SObject, loaded: Loaded, defaults: Row, known: set[str]) -> Row:
        fields, created, modified = loaded
        row = {**defaults, **{name: timestamp(value) if isinstance(value, datetime) else value for name, value in fields.items()}}
        if not row.keys() <= known:
            message = f"{sobject.name} has no field {sorted(row.keys() - known)}"
            raise KeyError(message)
        derive(self._org, sobject.name, row, None, created)
        stamps = (("CreatedDate", created), ("LastModifiedDate", modified), ("SystemModstamp", modified))
        row.update({name: timestamp(at) for name, at in stamps if name in known and name not in fields})
        if "LastModifiedById" in known and "LastModifiedById" not in fields:
            row["LastModifiedById"] = row["CreatedById"]
        return row

    def _defaults(self, sobject: SObject) -> Row:
        defaults: Row = {field.name: field.default for field in sobject.fields.values() if field.default is not None}
        for name in ("OwnerId", "CreatedById"):
            if sobject.field(name):
                defaults[name] = self._org.system_user_id
        return defaults


def _batches(rows: Iterable[Loaded]) -> Iterator[list[Loaded]]:
    iterator = iter(rows)
    while batch := list(itertools.islice(iterator, BATCH_ROWS)):
        yield batch
