"""A policy without one of its parts, to show that a case stands or falls with it.

A part is a path of names in the compiled policy: `transitions.silent`, `intent.kinds.free trial`, `silence.days.sal`, `scope.customer`.
A number or a text at the end of the path is blanked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from handoff.policy import Policy

_NAMES = ("name", "lead_type", "role", "team")


def taken_out(policy: Policy, part: str) -> Policy:
    """The policy without `part`. Raises LookupError where the policy has nothing of that name."""
    made = _without(policy, part.split("."), part)
    if not isinstance(made, Policy):
        raise LookupError(f"'{part}' is the whole policy")
    return made


def _without(value: Any, path: list[str], part: str) -> Any:
    step, rest = path[0], path[1:]
    if isinstance(value, BaseModel):
        if step not in type(value).model_fields:
            raise LookupError(f"'{part}': there is no '{step}' here; there are {', '.join(type(value).model_fields)}")
        found = getattr(value, step)
        return value.model_copy(update={step: _without(found, rest, part) if rest else _blank(found)})
    if isinstance(value, Mapping):
        return _from_mapping(value, path, part)
    if isinstance(value, tuple):
        return _from_list(value, path, part)
    raise LookupError(f"'{part}': nothing can be taken out of {value!r}")


def _from_mapping(value: Mapping[str, Any], path: list[str], part: str) -> dict[str, Any]:
    key = next((name for name in value if ".".join(path) == name or path[0] == name), None)
    if key is None:
        raise LookupError(f"'{part}': there is no '{path[0]}' here; there are {', '.join(value)}")
    rest = path[1:] if key == path[0] else []
    return {name: _without(found, rest, part) if rest and name == key else found for name, found in value.items() if rest or name != key}


def _from_list(value: tuple[Any, ...], path: list[str], part: str) -> tuple[Any, ...]:
    named = [entry for entry in value if path[0] in (*(getattr(entry, name, None) for name in _NAMES), entry)]
    if not named:
        known = [str(next((getattr(entry, name) for name in _NAMES if hasattr(entry, name)), entry)) for entry in value]
        raise LookupError(f"'{part}': there is no '{path[0]}' here; there are {', '.join(known)}")
    if len(path) == 1:
        return tuple(entry for entry in value if entry not in named)
    return tuple(_without(entry, path[1:], part) if entry in named else entry for entry in value)


def _blank(value: Any) -> Any:
    """Nothing, in the shape of what stood there."""
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return 0
    if isinstance(value, str):
        return ""
    if isinstance(value, tuple):
        return ()
    return {} if isinstance(value, Mapping) else None
