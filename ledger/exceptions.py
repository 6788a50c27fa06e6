"""The exceptions list: what needs a person, once per subject and reason, until a run finds it mended.

Every record of a contradiction stands on it, so that each can be asked about; a person mends them all at once, so that they count once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Text, bindparam, case, cast, func, insert, select, update

from handoff.identity import UNCLEAR
from ledger.codec import maybe_moment, micros, moment, plain
from ledger.columns import among
from ledger.connection import Database, in_chunks
from ledger.schema import exceptions
from ledger.values import ExceptionRow

# What a person mends at once: a contradiction, whose records all have the same words, or else the one subject.
_MATTER = case(((exceptions.c.reason == UNCLEAR) & (exceptions.c.detail != ""), exceptions.c.detail), else_=cast(exceptions.c.id, Text))


class Exceptions:
    """Open and resolved exceptions. `subject` is a lead key or a ref; `detail` holds no personal data. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def report(self, subject: str, reason: str, detail: str, run_id: int, now: datetime) -> None:
        """Report one; the same subject and reason stay one exception with its first time."""
        self.report_many([(subject, reason, detail)], run_id, now)

    def report_many(self, rows: Sequence[tuple[str, str, str]], run_id: int, now: datetime) -> None:
        """Report several (subject, reason, detail)."""
        told = {(subject, reason): plain(detail) for subject, reason, detail in rows}
        if not told:
            return
        with self._database.write() as connection:
            query = select(exceptions.c.id, exceptions.c.subject, exceptions.c.reason).where(
                exceptions.c.resolved_at.is_(None), among(exceptions.c.subject, "subjects")
            )
            standing = {(row.subject, row.reason): row.id for row in connection.execute(query, {"subjects": [key[0] for key in told]})}
            again = [{"the_id": standing[key], "the_detail": detail} for key, detail in told.items() if key in standing]
            if again:
                seen = update(exceptions).where(exceptions.c.id == bindparam("the_id"))
                connection.execute(seen.values(detail=bindparam("the_detail"), run_id=run_id, last_at=micros(now)), again)
            shared = {"run_id": run_id, "first_at": micros(now), "last_at": micros(now)}
            new = [{"subject": key[0], "reason": key[1], "detail": detail, **shared} for key, detail in told.items() if key not in standing]
            if new:
                connection.execute(insert(exceptions), new)

    def reword(self, reason: str, told: Mapping[str, str]) -> None:
        """New details by subject, where the subject stands on the list for this reason; its times stay."""
        if not told:
            return
        query = update(exceptions).where(
            exceptions.c.resolved_at.is_(None), exceptions.c.reason == reason, exceptions.c.subject == bindparam("the_subject")
        )
        rows = [{"the_subject": subject, "the_detail": plain(detail)} for subject, detail in told.items()]
        with self._database.write() as connection:
            connection.execute(query.values(detail=bindparam("the_detail")), rows)

    def resolve_missing(self, run_id: int, subjects: Iterable[str], now: datetime) -> int:
        """Of the subjects this run looked at, exceptions it did not report again are mended; returns how many."""
        count = 0
        query = (
            update(exceptions)
            .where(
                exceptions.c.resolved_at.is_(None),
                exceptions.c.run_id != run_id,
                among(exceptions.c.subject, "subjects"),
            )
            .values(resolved_at=micros(now))
        )
        with self._database.write() as connection:
            for part in in_chunks(subjects):
                count += connection.execute(query, {"subjects": part}).rowcount
        return count

    def open_exceptions(self, limit: int = 1000, *, subject: str = "", reason: str = "") -> tuple[ExceptionRow, ...]:
        """The oldest first, at most `limit`: all, or those of one subject or one reason."""
        asked = [column == value for column, value in ((exceptions.c.subject, subject), (exceptions.c.reason, reason)) if value]
        query = select(exceptions).where(exceptions.c.resolved_at.is_(None), *asked).order_by(exceptions.c.id).limit(limit)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return tuple(
            ExceptionRow(
                row.subject, row.reason, row.detail, row.run_id, moment(row.first_at), moment(row.last_at), maybe_moment(row.resolved_at)
            )
            for row in rows
        )

    def counts(self, since: datetime | None = None) -> dict[str, int]:
        """Reason -> what a person has to mend, a contradiction once; with `since`, what has been open since then or longer."""
        query = (
            select(exceptions.c.reason, func.count(_MATTER.distinct()))
            .where(exceptions.c.resolved_at.is_(None))
            .group_by(exceptions.c.reason)
        )
        if since is not None:
            query = query.where(exceptions.c.first_at <= micros(since))
        with self._database.read() as connection:
            return dict(connection.execute(query.order_by(exceptions.c.reason)).tuples().all())
