"""The clocks of a connector, handed in: below `runtime/` nobody reads one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Clocks:
    """`now` (aware UTC) says when something was learned: beside a sandbox it is the business clock, which may stand still or be set.

    `wall` (aware UTC) is the time that the vendor's login server has. `monotonic` (seconds) and `sleep` pace the requests.
    """

    now: Callable[[], datetime]
    wall: Callable[[], datetime]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
