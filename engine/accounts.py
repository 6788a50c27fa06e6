"""Named accounts: which domains belong to whom, by the accounts' own flag."""

from __future__ import annotations

from collections.abc import Mapping

from engine.context import Engine


def named_accounts(engine: Engine, owners: Mapping[str, str]) -> dict[str, str]:
    """Domain -> the owner's rep key. Two records of one domain: the first by record wins; an owner nobody knows is left out."""
    found: dict[str, str] = {}
    for account in engine.ledger.facts.flagged("target_account"):
        domain = domain_of(account.fields.get("domain", ""))
        owner = owners.get(f"{account.ref.system}:{account.fields.get('owner', '')}", "")
        if domain and owner and not owner.startswith("queue:"):
            found.setdefault(domain, owner)
    return found


def domain_of(text: str) -> str:
    """`https://www.Acme.example/about` -> `acme.example`."""
    host = text.strip().lower().partition("://")[2] or text.strip().lower()
    return host.partition("/")[0].partition(":")[0].removeprefix("www.")
