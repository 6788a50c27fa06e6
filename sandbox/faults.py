"""The fault plan: what goes wrong, on which call, how often; matched and counted in order, so a run can be repeated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal

FaultAction = Literal["status", "reset", "lost_reply", "truncate", "delay", "rows", "expire_token", "late_commit", "empty"]
ACTIONS = ("status", "reset", "lost_reply", "truncate", "delay", "rows", "expire_token", "late_commit", "empty")


@dataclass(frozen=True)
class Fault:
    """One planned fault.

    It skips the first `after` matching calls, then fires on each (or each `every`-th) matching call, `times` times (None: for ever).
    status: reply with `status`, `body`, `headers`, `content_type`, no work done. reset: close the connection before the work.
    lost_reply: do the work, then close. truncate: half of the body, then close. delay: wait `seconds` first. empty: do the work, send
    no body.
    rows: the vendor refuses `rows` records of the request with `code`. expire_token: the vendor answers as for an expired token.
    late_commit: HubSpot: what the request writes becomes visible to searches only `seconds` of business time later. Salesforce: from this
    request on, the next `rows` saves by somebody else (automation, person) commit `seconds` of business time after their stamp.
    """

    action: FaultAction
    vendor: str = "*"
    method: str = "*"
    path: str = "*"
    after: int = 0
    times: int | None = 1
    every: int | None = None
    status: int = 500
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json;charset=utf-8"
    seconds: float = 0.0
    rows: int = 1
    code: str = ""

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            message = f"unknown fault action {self.action!r}; there are: {', '.join(ACTIONS)}"
            raise ValueError(message)


class FaultPlan:
    """Faults in order; the first that fires on a call is applied, and every fault that matches counts the call."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._seen: list[int] = []
        self._fired: list[int] = []

    def add(self, fault: Fault) -> None:
        """Append a fault to the plan."""
        self._faults.append(fault)
        self._seen.append(0)
        self._fired.append(0)

    def clear(self) -> None:
        """Forget every fault and every count."""
        self._faults.clear()
        self._seen.clear()
        self._fired.clear()

    def take(self, vendor: str, method: str, path: str) -> Fault | None:
        """The fault that fires on this call, or None; counts the call."""
        chosen: Fault | None = None
        for index, fault in enumerate(self._faults):
            if not _matches(fault, vendor, method, path):
                continue
            self._seen[index] += 1
            if chosen is None and self._is_due(index):
                self._fired[index] += 1
                chosen = fault
        return chosen

    def describe(self) -> list[dict[str, Any]]:
        """The plan with what each fault has seen and done."""
        return [
            {**asdict(fault), "headers": dict(fault.headers), "seen": seen, "fired": fired}
            for fault, seen, fired in zip(self._faults, self._seen, self._fired, strict=True)
        ]

    def _is_due(self, index: int) -> bool:
        fault = self._faults[index]
        turn = self._seen[index] - fault.after
        if turn <= 0 or (fault.times is not None and self._fired[index] >= fault.times):
            return False
        return fault.every is None or turn % fault.every == 0


def _matches(fault: Fault, vendor: str, method: str, path: str) -> bool:
    return fnmatchcase(vendor, fault.vendor) and fnmatchcase(method.upper(), fault.method.upper()) and fnmatchcase(path, fault.path)
