"""Whom sales works now, as far as telling accounts apart needs it; and how many leads each source has brought."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from handoff.decision import Prior
from ledger.codec import load_prior, loads, micros, moment
from ledger.connection import Database
from ledger.schema import leads, people, records, versions
from ledger.values import Role

_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Worked:
    """One lead that a rep works: `fields` are canonical, the primary record's first, those of its account with the prefix `account_`."""

    lead: str
    owner: str
    prior: Prior
    fields: Mapping[str, str]


class Accounts:
    """Reads over all leads, one query each; rows stream, so memory does not grow with the number of leads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def worked(self) -> Iterator[Worked]:
        """Every lead with sales that a person owns, by its settled decision, in the order of the leads."""
        account, its_version = records.alias("account"), versions.alias("account_version")
        query = (
            select(leads.c.key, leads.c.owner, leads.c.prior, versions.c.body)
            .add_columns(people.c.body.label("own"), its_version.c.body.label("account"))
            .select_from(leads)
            .join(records, records.c.lead_id == leads.c.id)
            .join(versions, versions.c.id == records.c.version_id)
            .outerjoin(people, people.c.id == versions.c.person_id)
            .outerjoin(account, account.c.ref == records.c.account_ref)
            .outerjoin(its_version, its_version.c.id == account.c.version_id)
            .where(leads.c.sales, leads.c.merged_into.is_(None), leads.c.prior.is_not(None))
            .where(leads.c.owner != "", ~leads.c.owner.startswith("queue:"))
            .order_by(leads.c.id, records.c.role != Role.PRIMARY.value, records.c.id)
        )
        with self._database.read() as connection:
            known: Worked | None = None
            for row in connection.execution_options(yield_per=_AT_ONCE).execute(query):
                fields = _fields(row.body, row.own, row.account)
                if known is not None and known.lead == row.key:
                    known = Worked(row.key, row.owner, known.prior, {**fields, **known.fields})
                    continue
                if known is not None:
                    yield known
                known = Worked(row.key, row.owner, load_prior(row.prior), fields)
            if known is not None:
                yield known

    def arrivals(self, since: datetime) -> Iterator[tuple[int, datetime, str]]:
        """(lead row, create date in its CRM, source) of every record with a source created since; a lead may come several times."""
        query = (
            select(records.c.lead_id, versions.c.created_at, versions.c.body)
            .join(versions, versions.c.id == records.c.version_id)
            .where(versions.c.created_at >= micros(since), records.c.lead_id.is_not(None))
        )
        with self._database.read() as connection:
            for row in connection.execution_options(yield_per=_AT_ONCE).execute(query):
                source = str(loads(row.body).get("source", "")).strip()
                if source:
                    yield row.lead_id, moment(row.created_at), source


def _fields(body: str, own: str | None, account: str | None) -> dict[str, str]:
    fields: dict[str, str] = loads(body)
    if own is not None:
        fields.update(loads(own))
    return fields | ({f"account_{name}": value for name, value in loads(account).items()} if account is not None else {})
