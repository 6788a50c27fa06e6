"""Switches and documents: pause, cut-over, which accounts this ledger belongs to, and the frames and policies decisions were made with."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, insert, select

from handoff.decision import Frame
from ledger.codec import dump_frame, dumps, load_frame, loads
from ledger.connection import Database
from ledger.schema import documents, switches
from ledger.values import LedgerError, Unknown

_PAUSE, _CUT_OVER, _ACCOUNT = "pause", "cut_over", "account:"


class Switches:
    """Few small values that steer runs. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def paused(self) -> str:
        """Who paused writing and when, as a sentence; "" when nobody did."""
        value = self.get(_PAUSE)
        return "" if value is None else str(value)

    def pause(self, by: str, now: datetime) -> None:
        """No run writes from now on."""
        self.set(_PAUSE, f"paused by {by} on {now.isoformat(timespec='seconds')}")

    def resume(self) -> None:
        """Runs write again."""
        self.clear(_PAUSE)

    def cut_over(self) -> datetime | None:
        """When this company was adopted, None before."""
        value = self.get(_CUT_OVER)
        return None if value is None else datetime.fromisoformat(str(value))

    def set_cut_over(self, at: datetime) -> None:
        """Record the adoption."""
        self.set(_CUT_OVER, at.isoformat())

    def pinned(self) -> dict[str, str]:
        """System -> the account this ledger belongs to."""
        with self._database.read() as connection:
            rows = connection.execute(select(switches).where(switches.c.name.startswith(_ACCOUNT))).all()
        return {row.name.removeprefix(_ACCOUNT): str(loads(row.value)) for row in rows}

    def pin(self, system: str, account: str) -> None:
        """Bind this ledger to an account of a system. Raises LedgerError when it is bound to another."""
        known = self.pinned().get(system)
        if known is not None and known != account:
            raise LedgerError(f"this ledger belongs to {system} account {known}, not {account}: use that account's token, or a new ledger")
        self.set(f"{_ACCOUNT}{system}", account)

    def get(self, name: str) -> object:
        """The value of a switch, None when it is not set."""
        with self._database.read() as connection:
            value = connection.execute(select(switches.c.value).where(switches.c.name == name)).scalar_one_or_none()
        return None if value is None else loads(value)

    def set(self, name: str, value: object) -> None:
        """Set a switch to anything JSON can hold."""
        with self._database.write() as connection:
            connection.execute(delete(switches).where(switches.c.name == name))
            connection.execute(insert(switches).values(name=name, value=dumps(value)))

    def clear(self, name: str) -> None:
        """Unset a switch."""
        with self._database.write() as connection:
            connection.execute(delete(switches).where(switches.c.name == name))

    def save_frame(self, frame: Frame) -> None:
        """Keep a frame under its digest; a frame kept before is kept once."""
        self.save_document("frame", frame.digest, dump_frame(frame))

    def frame(self, digest: str) -> Frame:
        """The frame with this digest. Raises Unknown."""
        return load_frame(self.document(digest))

    def save_document(self, kind: str, digest: str, body: str) -> None:
        """Keep a text (a policy, a frame) under its digest, once."""
        if not digest:
            raise ValueError(f"a {kind} is kept under its digest, and this one has none")
        with self._database.write() as connection:
            if connection.execute(select(documents.c.kind).where(documents.c.digest == digest)).first() is None:
                connection.execute(insert(documents).values(kind=kind, digest=digest, body=body))

    def document(self, digest: str) -> str:
        """The text with this digest. Raises Unknown."""
        with self._database.read() as connection:
            body = connection.execute(select(documents.c.body).where(documents.c.digest == digest)).scalar_one_or_none()
        if body is None:
            raise Unknown(f"this ledger keeps no document with digest {digest}")
        return str(body)
