"""Associations: which records belong together and by which type; each link is stored in both directions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.hubspot import object_types

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sandbox.hubspot.object_types import ObjectType
    from sandbox.store import Store

_DDL = """
CREATE TABLE IF NOT EXISTS hs_assoc (from_type INTEGER, from_id INTEGER, to_type INTEGER, to_id INTEGER, link INTEGER,
    PRIMARY KEY (from_type, from_id, to_type, to_id, link)) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class LinkType:
    """One association type of a pair of object types; `inverse` is the type id seen from the other side."""

    from_type: str
    to_type: str
    type_id: int
    inverse: int
    label: str | None = None

    @property
    def is_single(self) -> bool:
        """Whether a record of `from_type` has at most one link of this type (a contact's primary company)."""
        return self.type_id in _SINGLE


# (from, to, type id, inverse, label); the first row of a pair is its default.
# Source: 'Associations v4 guide', tables of HubSpot-defined types.
_PAIRS = (
    ("contacts", "companies", 279, 280, None),
    ("contacts", "companies", 1, 2, "Primary"),
    ("contacts", "deals", 4, 3, None),
    ("contacts", "contacts", 449, 449, None),
    ("contacts", "calls", 193, 194, None),
    ("contacts", "emails", 197, 198, None),
    ("contacts", "meetings", 199, 200, None),
    ("contacts", "notes", 201, 202, None),
    ("contacts", "tasks", 203, 204, None),
    ("contacts", "communications", 82, 81, None),
    ("contacts", "leads", 609, 608, None),
    ("contacts", "leads", 579, 578, "Primary"),
    ("companies", "deals", 342, 341, None),
    ("companies", "deals", 6, 5, "Primary"),
    ("companies", "calls", 181, 182, None),
    ("companies", "emails", 185, 186, None),
    ("companies", "meetings", 187, 188, None),
    ("companies", "notes", 189, 190, None),
    ("companies", "tasks", 191, 192, None),
    ("companies", "communications", 88, 87, None),
    ("companies", "leads", 611, 610, None),
    ("companies", "companies", 450, 450, None),
    ("deals", "calls", 205, 206, None),
    ("deals", "emails", 209, 210, None),
    ("deals", "meetings", 211, 212, None),
    ("deals", "notes", 213, 214, None),
    ("deals", "tasks", 215, 216, None),
    ("deals", "communications", 86, 85, None),
    ("leads", "calls", 596, 597, None),
    ("leads", "emails", 598, 599, None),
    ("leads", "meetings", 600, 601, None),
    ("leads", "tasks", 602, 603, None),
    ("leads", "communications", 604, 605, None),
    ("leads", "notes", 854, 855, None),
)


# A contact's primary company, a deal's primary company, a lead's primary contact.
_SINGLE = frozenset({1, 5, 578})


def _both_ways() -> dict[tuple[str, str], list[LinkType]]:
    found: dict[tuple[str, str], list[LinkType]] = {}
    for left, right, there, back, label in _PAIRS:
        found.setdefault((left, right), []).append(LinkType(left, right, there, back, label))
        if left != right:
            found.setdefault((right, left), []).append(LinkType(right, left, back, there, label))
    return found


_LINKS = _both_ways()


def link_types(from_type: ObjectType, to_type: ObjectType) -> list[LinkType]:
    """The association types of a pair, default first; empty where the pair cannot be associated."""
    return _LINKS.get((from_type.plural, to_type.plural), [])


def link_type(from_type: ObjectType, to_type: ObjectType, type_id: int) -> LinkType | None:
    """The association type with that id, seen from `from_type`."""
    return next((link for link in link_types(from_type, to_type) if link.type_id == type_id), None)


class Associations:
    """The table of links."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.script(_DDL)

    def add(self, from_type: ObjectType, from_id: int, to_type: ObjectType, to_id: int, link: LinkType) -> bool:
        """Associate two records; a labelled link brings the default one along. Whether it was new."""
        if link.is_single:
            self._demote(from_type, from_id, to_type, link)
        elif link.inverse in _SINGLE:
            self._demote(to_type, to_id, from_type, LinkType(link.to_type, link.from_type, link.inverse, link.type_id, link.label))
        links = {link, link_types(from_type, to_type)[0]}
        before = self._linked(from_type.number, from_id, to_type.number, to_id)
        for each in links:
            self._store.execute(
                "INSERT OR IGNORE INTO hs_assoc VALUES (?,?,?,?,?)", (from_type.number, from_id, to_type.number, to_id, each.type_id)
            )
            self._store.execute(
                "INSERT OR IGNORE INTO hs_assoc VALUES (?,?,?,?,?)", (to_type.number, to_id, from_type.number, from_id, each.inverse)
            )
        return not before

    def load(self, from_type: ObjectType, to_type: ObjectType, link: LinkType, pairs: Iterable[tuple[int, int]]) -> None:
        """Associate many pairs at once."""
        default = link_types(from_type, to_type)[0]
        rows = [
            row
            for from_id, to_id in pairs
            for each in {link, default}
            for row in (
                (from_type.number, from_id, to_type.number, to_id, each.type_id),
                (to_type.number, to_id, from_type.number, from_id, each.inverse),
            )
        ]
        self._store.executemany("INSERT OR IGNORE INTO hs_assoc VALUES (?,?,?,?,?)", rows)

    def remove(self, from_type: ObjectType, from_id: int, to_type: ObjectType, to_id: int, link: LinkType | None = None) -> None:
        """Take away one link, or all links of the two records."""
        for each in [link] if link else link_types(from_type, to_type):
            sql = "DELETE FROM hs_assoc WHERE from_type = ? AND from_id = ? AND to_type = ? AND to_id = ? AND link = ?"
            self._store.execute(sql, (from_type.number, from_id, to_type.number, to_id, each.type_id))
            self._store.execute(sql, (to_type.number, to_id, from_type.number, from_id, each.inverse))

    def remove_all(self, kind: ObjectType, record_id: int) -> None:
        """Take away every link of a record."""
        self._store.execute(
            "DELETE FROM hs_assoc WHERE (to_type, to_id, from_type, from_id) IN "
            "(SELECT from_type, from_id, to_type, to_id FROM hs_assoc WHERE from_type = ? AND from_id = ?)",
            (kind.number, record_id),
        )
        self._store.execute("DELETE FROM hs_assoc WHERE from_type = ? AND from_id = ?", (kind.number, record_id))

    def move(self, kind: ObjectType, old: int, new: int) -> None:
        """Give every link of `old` to `new` (merge)."""
        for to_number, to_id, type_id in self._store.rows(
            "SELECT to_type, to_id, link FROM hs_assoc WHERE from_type = ? AND from_id = ?", (kind.number, old)
        ):
            to_type = object_types.BY_NUMBER[to_number]
            link = link_type(kind, to_type, type_id)
            if link is not None and (not link.is_single or not self.ids(kind, new, to_type, link.type_id)):
                self.add(kind, new, to_type, to_id, link)
        self.remove_all(kind, old)

    def ids(self, from_type: ObjectType, from_id: int, to_type: ObjectType, type_id: int | None = None) -> list[int]:
        """The records of `to_type` that belong to one record, in id order."""
        sql = "SELECT DISTINCT to_id FROM hs_assoc WHERE from_type = ? AND from_id = ? AND to_type = ?" + (
            "" if type_id is None else " AND link = ?"
        )
        parameters = [from_type.number, from_id, to_type.number, *([] if type_id is None else [type_id])]
        return [int(to_id) for (to_id,) in self._store.rows(sql + " ORDER BY to_id", parameters)]

    def read(self, from_type: ObjectType, ids: Sequence[int], to_type: ObjectType) -> dict[int, dict[int, list[int]]]:
        """{from id: {to id: [type ids]}} for the ids that have any."""
        found: dict[int, dict[int, list[int]]] = {}
        marks = ",".join("?" * len(ids))
        where = f"from_type = ? AND to_type = ? AND from_id IN ({marks})"
        sql = f"SELECT from_id, to_id, link FROM hs_assoc WHERE {where} ORDER BY from_id, to_id, link"
        for from_id, to_id, type_id in self._store.rows(sql, (from_type.number, to_type.number, *ids)):
            found.setdefault(from_id, {}).setdefault(to_id, []).append(type_id)
        return found

    def _demote(self, from_type: ObjectType, from_id: int, to_type: ObjectType, link: LinkType) -> None:
        for to_id in self.ids(from_type, from_id, to_type, link.type_id):
            self.remove(from_type, from_id, to_type, to_id, link)

    def _linked(self, from_number: int, from_id: int, to_number: int, to_id: int) -> bool:
        sql = "SELECT 1 FROM hs_assoc WHERE from_type = ? AND from_id = ? AND to_type = ? AND to_id = ? LIMIT 1"
        return self._store.row(sql, (from_number, from_id, to_number, to_id)) is not None
