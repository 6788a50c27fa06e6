"""Leases with a fencing token: who may plan and write. A holder that was away too long finds its token refused."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, insert, select, update

from ledger.codec import micros, moment
from ledger.connection import Database
from ledger.schema import leases
from ledger.values import Lease, LeaseLost

_HELD = select(leases.c.name).where(leases.c.token == bindparam("mine"), leases.c.holder != "")


class Leases:
    """One row per lease name. Times are the caller's wall clock; tokens decide, so a business clock that stands still does no harm."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def acquire(self, name: str, holder: str, now: datetime, seconds: int) -> Lease | None:
        """The lease with a token larger than every earlier one, or None while somebody else holds it."""
        until = micros(now + timedelta(seconds=seconds))
        with self._database.write() as connection:
            row = connection.execute(select(leases).where(leases.c.name == name)).one_or_none()
            if row is None:
                connection.execute(insert(leases).values(name=name, holder=holder, token=1, expires_at=until))
                return Lease(name, holder, 1, moment(until))
            if row.holder and row.expires_at > micros(now):
                return None
            token = row.token + 1
            connection.execute(update(leases).where(leases.c.name == name).values(holder=holder, token=token, expires_at=until))
        return Lease(name, holder, token, moment(until))

    def renew(self, lease: Lease, now: datetime, seconds: int) -> Lease:
        """The same lease for longer. Raises LeaseLost when somebody else has it."""
        until = micros(now + timedelta(seconds=seconds))
        with self._database.write() as connection:
            require(connection, lease.token)
            connection.execute(update(leases).where(leases.c.name == lease.name).values(expires_at=until))
        return Lease(lease.name, lease.holder, lease.token, moment(until))

    def release(self, lease: Lease) -> None:
        """Give the lease back. Raises LeaseLost when somebody else has it."""
        with self._database.write() as connection:
            require(connection, lease.token)
            connection.execute(update(leases).where(leases.c.name == lease.name).values(holder=""))


def require(connection: Connection, token: int) -> None:
    """Raises LeaseLost unless this token is the holder's."""
    held = connection.execute(_HELD, {"mine": token}).first()
    if held is None:
        raise LeaseLost(
            "another run has taken over (this one was away for longer than its lease): stop; the other goes on where this ended"
        )
