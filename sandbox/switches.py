"""Named switches: one for every point of vendor behaviour that is not verified, with its default, meaning and source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Switch:
    """A point that can be set. `choices` empty means any value of the default's type (None: any type)."""

    name: str
    default: Any
    meaning: str
    source: str = ""
    choices: tuple[Any, ...] = ()


class Switches:
    """A closed set of switches; an unknown name or a value of the wrong kind is an error that names what is allowed."""

    def __init__(self, declared: Iterable[Switch]) -> None:
        self._declared: dict[str, Switch] = {}
        for switch in declared:
            if switch.name in self._declared:
                message = f"switch {switch.name!r} is declared twice; rename one"
                raise ValueError(message)
            self._declared[switch.name] = switch
        self._in_force: dict[str, Any] = {}
        self.reset()

    def get(self, name: str) -> Any:
        """The value in force."""
        return self._in_force[name] if name in self._in_force else self._known(name).default

    def set(self, name: str, value: Any) -> None:
        """Set a value; KeyError for an unknown name, ValueError for a value of the wrong kind."""
        switch = self._known(name)
        if switch.choices and value not in switch.choices:
            message = f"switch {name!r} takes one of {list(switch.choices)}, got {value!r}"
            raise ValueError(message)
        if not switch.choices and switch.default is not None and not _same_kind(switch.default, value):
            message = f"switch {name!r} takes a {type(switch.default).__name__}, got {value!r}"
            raise ValueError(message)
        self._in_force[name] = value

    def reset(self) -> None:
        """Back to the defaults."""
        self._in_force = {name: switch.default for name, switch in self._declared.items()}

    def describe(self) -> list[dict[str, Any]]:
        """Every switch with its value, as JSON-ready dicts."""
        return [
            {
                "name": s.name,
                "value": self.get(s.name),
                "default": s.default,
                "meaning": s.meaning,
                "source": s.source,
                "choices": list(s.choices),
            }
            for s in self._declared.values()
        ]

    def _known(self, name: str) -> Switch:
        if name not in self._declared:
            message = f"unknown switch {name!r}; there are: {', '.join(sorted(self._declared))}"
            raise KeyError(message)
        return self._declared[name]


def _same_kind(default: Any, value: Any) -> bool:
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    if isinstance(default, (int, float)):
        return isinstance(value, (int, float))
    return isinstance(value, type(default))


CORE_SWITCHES = (
    Switch("core.latency_ms", 0, "wall-clock milliseconds added to every vendor call", "measured distances between continents"),
)
