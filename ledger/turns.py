"""Whose turn it is: an append-only log per pool, with running totals (law 7)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from handoff.turns import Turn
from ledger.codec import micros
from ledger.connection import Database
from ledger.schema import turn_counts, turns


class Turns:
    """Turns taken per pool and rep. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def log(self, pool: str, rep: str, lead: str, episode: int, run_id: int, now: datetime) -> bool:
        """Log one turn; False when this pool's turn for (lead, episode) was logged before."""
        return self.log_all([Turn(pool, rep, lead, episode)], run_id, now) == 1

    def log_all(self, taken: Iterable[Turn], run_id: int, now: datetime) -> int:
        """Log turns in their order; returns how many were not logged before."""
        with self._database.write() as connection:
            return sum(_log(connection, turn, run_id, now) for turn in taken)

    def level(self, pool: str, rep: str, count: int, run_id: int, now: datetime) -> None:
        """Who joins or returns starts at the pool's level: bring a rep's total to `count`, as one more row of the log."""
        with self._database.write() as connection:
            same = (turn_counts.c.pool == pool) & (turn_counts.c.rep == rep)
            total = connection.execute(select(turn_counts.c.taken).where(same)).scalar_one_or_none()
            if total is None or total != count:
                _append(connection, pool, rep, count - (total or 0), now, run_id)

    def since(self, at: datetime) -> dict[str, int]:
        """Rep -> turns taken at or after `at`, over all pools; levelling does not count."""
        query = select(turns.c.rep, func.sum(turns.c.taken)).where(turns.c.at >= micros(at), turns.c.lead.is_not(None))
        with self._database.read() as connection:
            return {rep: int(number) for rep, number in connection.execute(query.group_by(turns.c.rep).order_by(turns.c.rep))}

    def counts(self) -> dict[str, dict[str, int]]:
        """Pool -> rep -> turns taken."""
        found: dict[str, dict[str, int]] = {}
        with self._database.read() as connection:
            for row in connection.execute(select(turn_counts).order_by(turn_counts.c.pool, turn_counts.c.rep)):
                found.setdefault(row.pool, {})[row.rep] = row.taken
        return found


def _log(connection: Connection, turn: Turn, run_id: int, now: datetime) -> bool:
    mine = (turns.c.pool == turn.pool) & (turns.c.lead == turn.lead) & (turns.c.episode == turn.episode)
    if connection.execute(select(turns.c.id).where(mine)).first() is not None:
        return False
    _append(connection, turn.pool, turn.rep, 1, now, run_id, turn.lead, turn.episode)
    return True


def _append(
    connection: Connection, pool: str, rep: str, count: int, now: datetime, run_id: int, lead: str | None = None, episode: int | None = None
) -> None:
    values = {"pool": pool, "rep": rep, "taken": count, "lead": lead, "episode": episode, "run_id": run_id, "at": micros(now)}
    connection.execute(insert(turns).values(values))
    same = (turn_counts.c.pool == pool) & (turn_counts.c.rep == rep)
    if connection.execute(update(turn_counts).where(same).values(taken=turn_counts.c.taken + count)).rowcount == 0:
        connection.execute(insert(turn_counts).values(pool=pool, rep=rep, taken=count))
