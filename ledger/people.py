"""Personal values: which they are, how they are set apart from a record, and how they are forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from handoff.vocabulary import PERSONAL_FIELDS
from ledger.bulk import insert_rows
from ledger.codec import dump_fields, micros
from ledger.columns import among
from ledger.schema import leads, people, records

_NEWEST = select(people.c.record_id, func.max(people.c.id)).where(among(people.c.record_id, "ids")).group_by(people.c.record_id)
LINK_FIELDS = frozenset({"hubspot_id", "contact_id", "salesforce_lead_id", "merged_ids", "converted_to", "handoff_key", "target_account"})
ACCOUNT_OBJECTS = {"hubspot": "companies", "salesforce": "Account"}


@dataclass(frozen=True, slots=True)
class Keeping:
    """How facts are kept: personal names, fields records are found by (`naming`, `flagged`), and the object `account` names."""

    personal: frozenset[str] = PERSONAL_FIELDS
    link_fields: frozenset[str] = LINK_FIELDS
    account_objects: Mapping[str, str] = field(default_factory=lambda: dict(ACCOUNT_OBJECTS))

    def telling(self) -> frozenset[str]:
        """Fields that say who a record is, whom it belongs to, and which of two records of one human counts."""
        return self.personal | self.link_fields | {"account", "owner"}

    def split(self, values: Mapping[str, str | None]) -> tuple[dict[str, str], dict[str, str]]:
        """(other values, personal values). Blank values are absent in both."""
        known, own, personal = {}, {}, self.personal
        for name, value in values.items():
            if value:
                if name in personal:
                    own[name] = value
                else:
                    known[name] = value
        return known, own

    def account_ref(self, system: str, values: Mapping[str, str | None]) -> str | None:
        """The ref text of the account a record belongs to, None when it has none."""
        account = values.get("account")
        kind = self.account_objects.get(system)
        return f"{system}:{kind}:{account}" if account and kind else None


@dataclass(frozen=True, slots=True)
class Person:
    """Personal values of a lead on their way into the table."""

    lead_id: int
    email: str | None
    body: str


def person(own: Mapping[str, str], *, lead_id: int) -> Person | None:
    """A row for `people`, None when nothing personal is known."""
    return Person(lead_id, address(own), dump_fields(own)) if own else None


def address(own: Mapping[str, str]) -> str | None:
    """The e-mail address as it is looked up, None when there is none."""
    return own.get("email", "").strip().lower() or None


def store_people(connection: Connection, rows: Sequence[Person | None]) -> list[int | None]:
    """Ids of the new rows in the order given; None where there was nothing to store."""
    wanted = [row for row in rows if row is not None]
    if not wanted:
        return [None] * len(rows)
    values = [{"lead_id": row.lead_id, "email": row.email, "body": row.body} for row in wanted]
    ids = iter(connection.execute(insert(people).returning(people.c.id, sort_by_parameter_order=True), values).scalars())
    return [None if row is None else next(ids) for row in rows]


def store_own(connection: Connection, rows: Sequence[tuple[int, str | None, str]]) -> dict[int, int]:
    """Record id -> the id of its new row. `rows` are (record id, address, body), one per record, so that one look afterwards tells
    the ids; asking for them in order would cost a statement per row."""
    if not rows:
        return {}
    insert_rows(connection, people, ("record_id", "email", "body"), rows)
    return dict(connection.execute(_NEWEST, {"ids": [row[0] for row in rows]}).tuples().all())


def erase(connection: Connection, lead_id: int, now: datetime) -> None:
    """Forget every personal value of a lead: one delete. Its records are marked, so that a later pull does not bring the values back."""
    mine = select(records.c.id).where(records.c.lead_id == lead_id)
    connection.execute(delete(people).where(or_(people.c.lead_id == lead_id, people.c.record_id.in_(mine))))
    connection.execute(update(records).where(records.c.lead_id == lead_id).values(erased=True, digest=""))
    connection.execute(
        update(leads).where(leads.c.id == lead_id).values(erased_at=micros(now), facts_rev=leads.c.facts_rev + 1),
    )
