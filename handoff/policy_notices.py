"""The part of the policy that says who is told what."""

from __future__ import annotations

from datetime import time
from typing import Literal

from handoff.condition import Condition, Frozen


class Notice(Frozen):
    """Who is told what: with a move by one of the rules in `on`, or once per episode when `when` begins to hold in one of `stages`.

    `to` is a person (rep: the owner after the move, owner_before: the one it leaves, manager: the owner's, account_owner) or an audience
    (marketing, revops, on_call).
    `digest` notices are put together, one message per person and day. `quiet` ones wait for the end of the person's quiet hours.
    """

    name: str
    to: Literal["rep", "owner_before", "manager", "account_owner", "marketing", "revops", "on_call"]
    how: Literal["now", "digest"] = "now"
    quiet: bool = True
    on: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    when: Condition | None = None
    subject: str
    lines: tuple[str, ...]
    where: str = ""


class Telling(Frozen):
    """All notices, and when people are not disturbed: times of day in the person's own zone."""

    notices: tuple[Notice, ...] = ()
    quiet_from: time = time(19)
    quiet_until: time = time(7, 30)
    digest_at: time = time(8, 30)
    reps_by_name: Literal["managers", "everyone"] = "managers"  # in reports of who was late
