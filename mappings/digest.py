"""The policy's digest: one text for all its rules, the same on every machine.

It covers the compiled values, resolved holidays, the free-mail list and the public-suffix list. It leaves out what
changes no decision: line numbers, version, signatures. So a signature does not make every lead due again, and a comment does not either.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from handoff.policy import Policy
from handoff.vocabulary import CARRIERS

_LEFT_OUT = frozenset({"where", "digest", "approvals", "version", "rules", "unsigned"})
_UNSET = {"personal": False, "carriers": dict(CARRIERS)}
"""These count where a company sets them. Where it does not, a policy has the digest that it had before there were such things."""


def policy_digest(policy: Policy) -> str:
    """SHA-256 in hex."""
    text = json.dumps(_without(policy.model_dump(mode="json")), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def with_digest(policy: Policy) -> Policy:
    """The same policy, with its digest."""
    return policy.model_copy(update={"digest": policy_digest(policy)})


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without(child) for key, child in value.items() if key not in _LEFT_OUT and _UNSET.get(key, ...) != child}
    if isinstance(value, list):
        return [_without(child) for child in value]
    return value
