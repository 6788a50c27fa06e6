"""Runs, and how many leads moved in the last 24 hours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, case, func, insert, select, union_all, update

from ledger.codec import dumps, loads, maybe_moment, micros, moment
from ledger.connection import Database
from ledger.schema import creations, lines, live, plans, runs
from ledger.values import LineState, Run, Unknown

_DAY = 86_400_000_000
"""Microseconds."""


class Runs:
    """One row per run. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, kind: str, mode: str, now: datetime, policy_digest: str = "", by: str = "") -> int:
        """A new run's id; its state is running until `finish`."""
        values = {"kind": kind, "mode": mode, "started_at": micros(now), "policy_digest": policy_digest}
        with self._database.write() as connection:
            query = insert(runs).values(**values, by=by, state="running").returning(runs.c.id)
            return int(connection.execute(query).scalar_one())

    def finish(self, run_id: int, state: str, summary: Mapping[str, object], now: datetime) -> None:
        """Record a run's end and its counts. `summary` holds no personal data."""
        with self._database.write() as connection:
            values = {"state": state, "summary": dumps(dict(summary)), "finished_at": micros(now)}
            connection.execute(update(runs).where(runs.c.id == run_id).values(values))

    def set_frame(self, run_id: int, frame_digest: str) -> None:
        """Record which frame a run decided with (the last, where it planned several times)."""
        with self._database.write() as connection:
            connection.execute(update(runs).where(runs.c.id == run_id).values(frame_digest=frame_digest))

    def get(self, run_id: int) -> Run:
        """One run. Raises Unknown."""
        with self._database.read() as connection:
            row = connection.execute(select(runs).where(runs.c.id == run_id)).one_or_none()
        if row is None:
            raise Unknown(f"there is no run {run_id}; use the number that the run printed at its end")
        return _run(row)

    def list(self, limit: int = 50) -> tuple[Run, ...]:
        """The latest runs, newest first."""
        with self._database.read() as connection:
            rows = connection.execute(select(runs).order_by(runs.c.id.desc()).limit(limit)).all()
        return tuple(_run(row) for row in rows)

    def endings(self, kinds: Iterable[str]) -> Iterator[tuple[datetime, datetime | None, str]]:
        """Start, end and state of every writing run of these kinds, oldest first."""
        query = select(runs.c.started_at, runs.c.finished_at, runs.c.state).where(runs.c.kind.in_(sorted(kinds)), runs.c.mode == "apply")
        with self._database.read() as connection:
            for row in connection.execute(query.order_by(runs.c.id)):
                yield moment(row.started_at), maybe_moment(row.finished_at), row.state

    def daily_frames(self) -> tuple[tuple[datetime, str], ...]:
        """When the last run of each day (UTC) began that decided anything, and the digest of its frame, oldest first."""
        last = select(func.max(runs.c.id)).where(runs.c.frame_digest != "").group_by(runs.c.started_at // _DAY)
        with self._database.read() as connection:
            rows = connection.execute(select(runs.c.started_at, runs.c.frame_digest).where(runs.c.id.in_(last)).order_by(runs.c.id)).all()
        return tuple((moment(row.started_at), row.frame_digest) for row in rows)

    def latest_frame(self) -> str:
        """The digest of the frame the latest run decided with; "" before the first."""
        query = select(runs.c.frame_digest).where(runs.c.frame_digest != "").order_by(runs.c.id.desc()).limit(1)
        with self._database.read() as connection:
            return str(connection.execute(query).scalar() or "")

    def moves(self, now: datetime) -> dict[str, int]:
        """Kind of move -> leads, in the 24 hours before `now` and still to be written. Plans a person approved do not count."""
        since = micros(now - timedelta(hours=24))
        # What ended apart from the rest of its record: `moves` are those of the lines that are done.
        ended = {lines: (lines.c.state == LineState.DONE) | (lines.c.fates != ""), creations: creations.c.state == LineState.DONE}
        words = {lines: lines.c.moves, creations: creations.c.move}
        moved = [
            select(words[table].label("moves"), table.c.lead_id)
            .join(plans, plans.c.id == table.c.plan_id)
            .where(plans.c.approved_by == "", plans.c.state == "approved", condition)
            for table in (lines, creations)
            for condition in (ended[table] & (table.c.finished_at >= since), live(table))
        ]
        each = union_all(*moved).subquery()
        with self._database.read() as connection:
            kinds: dict[str, set[str]] = {}
            for together in connection.execute(select(each.c.moves.distinct())).scalars():
                for kind in together.split():
                    kinds.setdefault(kind, set()).add(together)
            counts = [func.count(case((each.c.moves.in_(sorted(kinds[kind])), each.c.lead_id)).distinct()) for kind in sorted(kinds)]
            numbers = connection.execute(select(*counts)).one() if counts else ()
        return dict(zip(sorted(kinds), numbers, strict=True))


def _run(row: Row[Any]) -> Run:
    return Run(
        row.id,
        row.kind,
        row.mode,
        row.state,
        moment(row.started_at),
        maybe_moment(row.finished_at),
        row.policy_digest,
        row.frame_digest,
        row.by,
        loads(row.summary),
    )
