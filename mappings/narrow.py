"""The same policy for fewer CRMs: one rule book, run on HubSpot alone or on Salesforce alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from handoff.policy import Policy
from mappings.digest import with_digest


def narrowed(policy: Policy, systems: Collection[str]) -> Policy:
    """`policy` reading and writing only `systems`, with its own digest; itself when it names no other.

    Without this a CRM that is not connected would keep every silence unknown, for its activity is never covered.
    Raises ValueError when none of the policy's systems is left.
    """
    left = tuple(system for system in policy.systems if system in systems)
    if not left:
        raise ValueError(f"the policy is for {' and '.join(policy.systems)}, not for {' and '.join(sorted(systems)) or 'no CRM at all'}")
    if left == policy.systems:
        return policy
    sources = {field: tuple(system for system in order if system in left) for field, order in policy.sources.items()}
    restricted = policy.model_copy(
        update={
            "systems": left,
            "sources": {field: order for field, order in sources.items() if order},
            "statuses": _only(policy.statuses, left),
            "stages": {name: stage.model_copy(update={"project": _only(stage.project, left)}) for name, stage in policy.stages.items()},
            "silence": policy.silence.model_copy(update={"sources": _only(policy.silence.sources, left)}),
        }
    )
    return with_digest(restricted)


def _only(by_system: Mapping[str, Any], systems: Collection[str]) -> dict[str, Any]:
    return {system: value for system, value in by_system.items() if system in systems}
