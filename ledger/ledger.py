"""The ledger: everything that must be remembered, in one file or one PostgreSQL database."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from handoff.vocabulary import PERSONAL_FIELDS
from ledger.accounts import Accounts
from ledger.connection import Database
from ledger.effects import Effects
from ledger.exceptions import Exceptions
from ledger.facts import Facts
from ledger.leads import Leads
from ledger.lease import Leases
from ledger.outbox import Outbox
from ledger.people import ACCOUNT_OBJECTS, LINK_FIELDS, Keeping
from ledger.runs import Runs
from ledger.switches import Switches
from ledger.turns import Turns


class Ledger:
    """The parts of one open ledger. Safe to share between threads; several processes may open the same one.

    `personal` are the canonical fields that live in `people` alone.
    """

    def __init__(self, database: Database, keeping: Keeping) -> None:
        self._database = database
        self.personal = keeping.personal
        self.facts = Facts(database, keeping)
        self.leads = Leads(database, keeping)
        self.outbox = Outbox(database, keeping)
        self.effects = Effects(database)
        self.turns = Turns(database)
        self.runs = Runs(database)
        self.lease = Leases(database)
        self.exceptions = Exceptions(database)
        self.switches = Switches(database)
        self.accounts = Accounts(database)

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def open_ledger(
    url: str | Path,
    *,
    personal: frozenset[str] = PERSONAL_FIELDS,
    link_fields: frozenset[str] = LINK_FIELDS,
    account_objects: Mapping[str, str] = ACCOUNT_OBJECTS,
) -> Ledger:
    """Open a ledger, making it or bringing it to this version's tables first.

    `url` is a path, `sqlite:///file.db` or `postgresql://user@host/name`. `personal` are the canonical fields that live in `people` alone
    (e-mail always does). Raises ValueError for another kind of database, SQLAlchemyError when it cannot be reached.
    """
    return Ledger(Database(url), Keeping(personal | {"email"}, link_fields, dict(account_objects)))
