"""The dates of a lead's cycles, taken at each move. A cycle begins when sales gets the lead; its dates are taken once, the first counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from handoff.calendar import moment_of, seconds_of
from handoff.case import Case
from handoff.compiled import Row
from handoff.decision import Prior, Side
from handoff.facts import Actor, Kind
from handoff.reasons import given, text_code
from handoff.recycle import YEAR_DAYS
from handoff.signals import latest_status_edit

LONGEST_NAME = 255


def taken(case: Case, row: Row, after: Prior) -> Prior:
    """`after` with its milestones."""
    return after._replace(**milestones(case, row, after))


def milestones(case: Case, row: Row, after: Prior, *, waits: bool = False) -> dict[str, Any]:
    """What a move changes of a lead's dates and codes, by their names in `Prior` and `Decision`; `after` is the lead after the move.

    `waits`: the lead was ready but waits for a rep, so `row` has not led where it points.
    """
    now = moment_of(case.now_s)
    if row.rule.continues and not waits:
        return _told(row, after, now)
    policy, prior = case.policy.policy, case.prior
    held, holds = (policy.stages[stage].side == Side.SALES for stage in (prior.stage, after.stage))
    dates: dict[str, Any] = {"last_call_at": None, "first_touch_at": prior.first_touch_at or _first_touch(case)}
    if holds and (not held or (prior.cycle == 0 and after.stage == policy.offered_stage)):
        dates.update(_begun(case, after.stage, now))
    if after.stage == policy.waiting_stage:
        dates["mql_at"] = now
    if holds:
        dates.update(_held(case, after, dates, now))
    elif held:
        dates.update(keeps=0, reason_code="")
    back = not holds and policy.stages[prior.stage].side != Side.MARKETING and policy.stages[after.stage].side == Side.MARKETING
    if back and not row.adoption_only:
        dates["recycled_at"] = after.recycled_at or now
    if (said := given(case)) is not None and not _found_unstated(case, said):
        dates["reason_code"] = said
    return dates


def _found_unstated(case: Case, said: str) -> bool:
    """A lead of the backlog that was closed without a reason before the cut-over: nobody is asked why, or everybody would be at once."""
    code, cut_over = case.policy.policy.reasons.get(said), case.prior.adopted_at
    if code is None or code.action != "correct" or cut_over is None:
        return False
    edit = latest_status_edit(case)
    return edit is None or edit[0] <= seconds_of(cut_over)


def _told(row: Row, after: Prior, now: datetime) -> dict[str, Any]:
    """A last call was given, or the owner has kept the lead."""
    if "kept" in row.reads:
        return {"keeps": after.keeps + 1, "last_call_at": None}
    return {"last_call_at": now} if "last_call.due" in row.reads else {}


def _begun(case: Case, stage: str, now: datetime) -> dict[str, Any]:
    """A new cycle: sales gets the lead. Who takes a lead up without marketing's offer has no date of qualification."""
    prior, policy = case.prior, case.policy.policy
    today = case.policy.calendar.local_date(case.now_s)
    recent = tuple(day for day in prior.cycle_starts if date.fromisoformat(day) > today - timedelta(days=YEAR_DAYS))
    waited = prior.mql_at if prior.stage == policy.waiting_stage else None
    return {
        "cycle": prior.cycle + 1,
        "cycle_starts": (*recent, today.isoformat()),
        "mql_at": (waited or now) if stage == policy.offered_stage else None,
        "sal_at": None,
        "sql_at": None,
        "recycled_at": None,
        "first_touch_at": None,
        "campaign": campaign_of(case),
        "keeps": 0,
        "reason_code": _standing(case),
    }


def _held(case: Case, after: Prior, dates: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Sales has the lead: when it accepted and qualified it, the first time in this cycle; `dates` are those of a cycle that has begun."""
    policy = case.policy.policy
    order = list(policy.stages)
    implied = order.index(policy.qualified_stage) > order.index(policy.accepted_stage)  # in some dialects qualified comes first
    accepted = after.stage == policy.accepted_stage or (implied and after.stage == policy.qualified_stage)
    made: dict[str, Any] = {
        "sal_at": dates.get("sal_at", after.sal_at) or (now if accepted else None),
        "sql_at": dates.get("sql_at", after.sql_at) or (now if after.stage == policy.qualified_stage else None),
    }
    if after.stage == policy.offered_stage:
        made["keeps"] = 0
    if case.prior.rev == 0:
        made["reason_code"] = _standing(case)
    return made


def _standing(case: Case) -> str:
    """The reason that stands on the record when sales gets the lead: only a different one, given later, is news."""
    known = case.policy.policy.reasons.get(case.prior.reason_code)
    return text_code(case) or ("" if known is not None and known.action == "correct" else case.prior.reason_code)


def _first_touch(case: Case) -> datetime | None:
    """The first call, mail or meeting by a person since the offer."""
    if case.prior.offered_at is None:
        return None
    offered = seconds_of(case.prior.offered_at)
    first = min((at for at in case.history.touches if at >= offered), default=None)
    return None if first is None else moment_of(first)


def campaign_of(case: Case) -> str:
    """The campaign answered last, else the one the record names."""
    for activity in case.facts.activities:
        if activity.kind is Kind.CAMPAIGN and activity.actor is Actor.LEAD and activity.subject and activity.known_at <= case.now:
            return activity.subject[:LONGEST_NAME]
    return case.fields.get("campaign", "")[:LONGEST_NAME]
