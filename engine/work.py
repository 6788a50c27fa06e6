"""What is under way, as the frame tells it: who works which account, and how many imported leads sales was offered today."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import SimpleNamespace

from engine.context import Engine
from handoff.accounts import key_of
from handoff.decision import Rep


def work_in_hand(engine: Engine, reps: Mapping[str, Rep], midnight: datetime) -> tuple[dict[str, str], int]:
    """(account -> the active rep who was offered somebody of it first, imported leads offered since midnight)."""
    first: dict[str, tuple[str, str, str]] = {}
    imported = 0
    check = engine.compiled.imported
    for one in engine.ledger.accounts.worked():
        offered = one.prior.offered_at or one.prior.since
        if check is not None and offered >= midnight and one.prior.rev and check(SimpleNamespace(fields=one.fields)) is None:
            imported += 1
        rep = reps.get(one.owner)
        key = key_of(one.fields, engine.compiled) if rep is not None and rep.active else ""
        if key:
            claim = (offered.isoformat(), one.lead, one.owner)
            first[key] = min(first.get(key, claim), claim)
    return {key: owner for key, (_, _, owner) in sorted(first.items())}, imported
