"""Bulk load: worlds of up to a million records, past validation, journal and roll-ups, which can be rebuilt afterwards."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from sandbox.hubspot import exceptions, object_types, rollups
from sandbox.hubspot.associations import link_type, link_types
from sandbox.hubspot.history import Write
from sandbox.hubspot.records import Row
from sandbox.hubspot.values import to_ms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sandbox.hubspot.models import HubSpot
    from sandbox.hubspot.object_types import ObjectType

_CHUNK = 5_000


class Loading:
    """Bulk loads of one portal."""

    def __init__(self, portal: HubSpot) -> None:
        self._portal = portal

    def load(self, kind: ObjectType, rows: Iterable[Sequence[Any]]) -> list[str]:
        """Store rows of (id | None, properties, created_at, updated_at, history | None); their ids."""
        ids: list[str] = []
        source = iter(rows)
        unique = self._portal.schema.unique_names(kind)
        with self._portal.sandbox.store.transaction():
            following = self._portal.records.next_id(kind)
            while chunk := list(islice(source, _CHUNK)):
                stored = []
                for record_id, properties, created_at, updated_at, _history in chunk:
                    chosen = following if record_id is None else int(record_id)
                    following = max(following, chosen + 1)
                    data = {name: value for name, value in properties.items() if value}
                    stored.append(Row(chosen, to_ms(created_at), to_ms(updated_at), None, data))
                self._store_chunk(kind, stored, [history for *_row, history in chunk], unique)
                ids += [str(row.id) for row in stored]
            self._portal.records.reserve(kind, following - 1)
        return ids

    def load_associations(
        self, start: ObjectType, end: ObjectType, pairs: Iterable[tuple[str | int, str | int]], type_id: int | None
    ) -> None:
        """Store links of one type."""
        link = link_types(start, end)[0] if type_id is None else link_type(start, end, type_id)
        if link is None:
            raise exceptions.invalid(f"invalid association type {type_id} from {start.label} to {end.label}")
        with self._portal.sandbox.store.transaction():
            self._portal.associations.load(start, end, link, ((int(left), int(right)) for left, right in pairs))

    def rebuild_rollups(self, kind: ObjectType) -> int:
        """Compute what engagements would have moved, for every record that has any; how many changed.

        Counters start at zero, modified dates stay.
        """
        now, changed = self._portal.now_ms(), 0
        with self._portal.sandbox.store.transaction():
            for record_id in self._with_engagements(kind):
                row = self._portal.records.fetch(kind, record_id)
                activities = sorted(self._portal.activities(kind, record_id), key=lambda a: (a.at, a.id)) if row else []
                if row is None or not activities:
                    continue
                before = dict(row.data)
                for counter in rollups.COUNTERS:
                    row.data.pop(counter, None)
                for each in activities:
                    row.data.update(rollups.absorb(kind.plural, row.data, each, now))
                row.data.update(rollups.next_activity(kind.plural, activities, now))
                row.data = {name: value for name, value in row.data.items() if value}
                if row.data != before:
                    changed += 1
                    self._portal.records.save(kind, row)
                    self._portal.index.note(kind, [row.id], now)
        return changed

    def _store_chunk(self, kind: ObjectType, stored: list[Row], histories: list[Any], unique: Sequence[str]) -> None:
        records = self._portal.records
        records.insert(kind, stored)
        for name in unique:
            records.claim(kind, name, [(row.data[name], row.id) for row in stored if row.data.get(name)])
        self._portal.past.add(
            kind, ((row.id, write) for row, history in zip(stored, histories, strict=True) if history for write in _writes(history))
        )
        self._portal.index.load(kind, stored)

    def _with_engagements(self, kind: ObjectType) -> list[int]:
        numbers = ",".join(str(each.number) for each in object_types.ALL if each.is_engagement)
        sql = f"SELECT DISTINCT from_id FROM hs_assoc WHERE from_type = ? AND to_type IN ({numbers})"
        return [record_id for (record_id,) in self._portal.sandbox.store.rows(sql, (kind.number,))]


def _writes(history: Iterable[Sequence[Any]]) -> Iterator[Write]:
    """Rows of (property, value, at, source type, source id) as writes: what one author set in one moment goes together."""
    write: Write | None = None
    changes: dict[str, tuple[str, str | None]] = {}
    for name, value, at, source_type, source_id in history:
        moment = to_ms(at)
        if write is None or name in changes or (moment, source_type, source_id) != write[:3]:
            if write is not None:
                yield write
            changes = {}
            write = Write(moment, source_type, source_id, None, None, changes)
        changes[name] = (value or "", None)
    if write is not None:
        yield write
