"""The worlds there are, by name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.world import company_a


@dataclass(frozen=True)
class World:
    """One world: `check` raises ValueError for parameters it cannot serve, `build` fills an empty sandbox and answers the manifest."""

    check: Callable[..., None]
    build: Callable[..., dict[str, Any]]


WORLDS = {"company_a": World(company_a.check, company_a.build)}
