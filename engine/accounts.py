"""Named accounts: which domains belong to whom, noted from the accounts' own flag while they are pulled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.context import Engine
from handoff.facts import Record, State

ACCOUNTS = {"hubspot": "companies", "salesforce": "Account"}
NAMED = "named_accounts"


def note_accounts(engine: Engine, records: Iterable[Record]) -> None:
    """Keeps domain and owner of every account that is flagged as a target; one that no longer is, is forgotten. Called before the page
    is stored, so that a crash in between notes it twice and never not at all."""
    accounts = [record for record in records if record.ref.object == ACCOUNTS.get(record.ref.system)]
    if not accounts:
        return
    name = f"{NAMED}:{accounts[0].ref.system}"
    kept = engine.ledger.switches.get(name)
    before: dict[str, list[str]] = dict(kept) if isinstance(kept, dict) else {}
    named = dict(before)
    for account in accounts:
        named.pop(str(account.ref), None)
        domain = domain_of(account.fields.get("domain", ""))
        if account.fields.get("target_account") == "true" and domain and account.state is State.LIVE:
            named[str(account.ref)] = [domain, f"{account.ref.system}:{account.fields.get('owner', '')}"]
    if named != before:
        engine.ledger.switches.set(name, named)


def named_accounts(engine: Engine, owners: Mapping[str, str]) -> dict[str, str]:
    """Domain -> the owner's rep key. Two records of one domain: the first by record wins; an owner nobody knows is left out."""
    found: dict[str, str] = {}
    noted = [kept for system in sorted(engine.crms) if isinstance(kept := engine.ledger.switches.get(f"{NAMED}:{system}"), dict)]
    for _, (domain, owner_id) in sorted(item for kept in noted for item in kept.items()):
        owner = owners.get(owner_id, "")
        if owner and not owner.startswith("queue:"):
            found.setdefault(domain, owner)
    return found


def domain_of(text: str) -> str:
    """`https://www.Acme.example/about` -> `acme.example`."""
    host = text.strip().lower().partition("://")[2] or text.strip().lower()
    return host.partition("/")[0].partition(":")[0].removeprefix("www.")
