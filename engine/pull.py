"""Pull: every stream of every CRM into the ledger, page by page; a cursor moves in the same transaction as its page (law 4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.protocol import Crm, Cursor, Page
from engine.bounds import LINKED, Rows, page_calls
from engine.context import Engine, EngineError, WrongAccount
from engine.resolve import resolve


@dataclass(frozen=True, slots=True)
class Pulled:
    """What one stream brought: `rows` handed over by the CRM, `touched` records that really changed, `needed` the fewest calls for it."""

    system: str
    stream: str
    rows: int
    touched: int
    needed: int
    covered_until: datetime | None


def pull(engine: Engine, rows: Rows, renew: Callable[[], None] = lambda: None) -> tuple[Pulled, ...]:
    """All streams, the CRMs side by side through the executor. `renew` is called before every page, from any thread: it keeps the run's
    lease, and raises when the run is over. Raises CrmError when a stream cannot be read to its end.
    """
    jobs = [(crm, stream) for crm in engine.crms.values() for stream in crm.streams()]
    names = [f"pull {crm.system} {stream}" for crm, stream in jobs]
    done = engine.executor.map(lambda job: _pull_stream(engine, job[0], job[1], renew), jobs, names)
    for one in done:
        rows.add(rows.pulled, one.system, one.stream, one.rows)
        rows.add(rows.pages, one.system, one.stream, one.needed)
    return tuple(done)


def _pull_stream(engine: Engine, crm: Crm, stream: str, renew: Callable[[], None]) -> Pulled:
    cursor = _cursor(engine, crm.system, stream)
    digest = cursor.fields_digest if cursor is not None else ""
    rows = touched = needed = 0
    covered: datetime | None = None
    before: Page | None = None
    for page in crm.pull(stream, cursor, engine.clock()):
        if before is not None and _repeats(before, page):
            raise EngineError(f"{crm.system} {stream}: the CRM hands out the same page again and again; nothing past it was read")
        renew()
        touched += len(engine.ledger.facts.store_page(page, engine.clock()))
        if page.cursor.fields_digest != digest:
            digest = page.cursor.fields_digest
            engine.ledger.switches.set(f"fields:{crm.system}:{stream}", digest)
        if before is None or before.absent != page.absent:
            _note_absent(engine, crm.system, page)
        rows += rows_of(page)
        related = bool(page.activities and not page.records) or (crm.system, stream) in LINKED
        if page.asked:
            needed += page_calls(crm.system, rows_of(page), first_load=cursor is None, related=related)
        covered, before = page.covered_until or covered, page
    return Pulled(crm.system, stream, rows, touched, needed, covered)


def _note_absent(engine: Engine, system: str, page: Page) -> None:
    """Keeps why a source cannot be read: it is covered never (law 6), and a sweep does not wait for it."""
    name = absent_switch(system, page.stream)
    if page.absent != (engine.ledger.switches.get(name) or ""):
        engine.ledger.switches.set(name, page.absent)


def absent_switch(system: str, stream: str) -> str:
    """The switch that holds why a stream could not be read when it was pulled last, "" when it could."""
    return f"absent:{system}:{stream}"


def rows_of(page: Page) -> int:
    """Rows of the CRM behind a page: records (with what they carry: activities, merged ids), or things done, each once, or what is gone."""
    return len(page.records) or len({activity.key for activity in page.activities}) or len(page.gone)


def _cursor(engine: Engine, system: str, stream: str) -> Cursor | None:
    """Where the stream stands for the field set it was pulled with last; the connector starts afresh when its field set is another now."""
    digest = engine.ledger.switches.get(f"fields:{system}:{stream}")
    if digest is None:
        return None
    position = engine.ledger.facts.cursor(system, stream, str(digest))
    return None if position is None else Cursor(system, stream, str(digest), position)


def _repeats(before: Page, page: Page) -> bool:
    """Two pages in a row with the same rows and the same cursor: a loop."""
    rows = bool(page.records or page.activities or page.gone)
    return rows and (before.cursor, before.records, before.activities, before.gone) == (
        page.cursor,
        page.records,
        page.activities,
        page.gone,
    )


def refresh(engine: Engine) -> int:
    """Checks the accounts, pulls and resolves, and nothing else. Returns how many records of people were looked at."""
    check_accounts(engine)
    engine.progress("pull")
    pull(engine, Rows())
    engine.progress("resolve")
    return resolve(engine)


def check_accounts(engine: Engine, *, writing: bool = False) -> None:
    """Refuses another account than the pinned one or the one this ledger was used with first, which it is bound to here; and, when
    something may be written, a production account that nobody allowed by name.

    Raises WrongAccount, CrmError.
    """
    bound = engine.ledger.switches.pinned()
    accounts = {system: crm.identity() for system, crm in engine.crms.items()}
    for system, found in accounts.items():
        pinned = engine.settings.pinned.get(system)
        if pinned is not None and found.account_id != pinned:
            raise WrongAccount(
                f"{system}: the credentials open account {found.account_id}, this installation is pinned to {pinned}; "
                f"use the right token, or change the pinned id if the account was replaced"
            )
        if bound.get(system, found.account_id) != found.account_id:
            raise WrongAccount(
                f"{system}: the credentials open account {found.account_id}, this ledger was made with {bound[system]}; "
                f"use that account's token, or start with a new ledger"
            )
        if writing and found.kind == "production" and system not in engine.settings.production:
            raise WrongAccount(f"{system}: account {found.account_id} is a production account; allow it by name in the settings first")
    for system in accounts.keys() - bound.keys():
        engine.ledger.switches.pin(system, accounts[system].account_id)


def coverage_is_fresh(engine: Engine) -> bool:
    """Whether every stream of every CRM was covered within the policy's stated lag, so that a sweep need not pull; absent ones aside."""
    oldest = engine.clock() - timedelta(hours=engine.policy.silence.max_lag_hours)
    covered = engine.ledger.facts.coverage()
    switches = engine.ledger.switches
    streams = [
        f"{crm.system}:{stream}"
        for crm in engine.crms.values()
        for stream in crm.streams()
        if not switches.get(absent_switch(crm.system, stream))
    ]
    return all(name in covered and covered[name] >= oldest for name in streams)
