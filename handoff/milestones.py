"""The dates of a lead's cycles, taken at each move. A cycle begins when sales gets the lead; its dates are taken once, the first counts."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from handoff.calendar import moment_of, seconds_of
from handoff.case import Case
from handoff.compiled import Row
from handoff.decision import Prior, Side
from handoff.facts import Actor, Kind
from handoff.reasons import given, text_code
from handoff.recycle import YEAR_DAYS

LONGEST_NAME = 255


def taken(case: Case, row: Row, after: Prior, *, waits: bool = False) -> Prior:
    """`after` with its milestones. `waits`: the lead was ready but waits for a rep, so `row` has not led where it points."""
    policy, prior = case.policy.policy, case.prior
    held, holds = (policy.stages[stage].side == Side.SALES for stage in (prior.stage, after.stage))
    now = moment_of(case.now_s)
    if row.rule.continues and not waits:
        return _told(row, after, now)
    made = after._replace(last_call_at=None, first_touch_at=prior.first_touch_at or _first_touch(case))
    if holds and (not held or (prior.cycle == 0 and after.stage == policy.offered_stage)):
        made = _begun(case, made, now)
    if after.stage == policy.waiting_stage:
        made = made._replace(mql_at=now)
    said = given(case)
    if holds:
        made = _held(case, made, now)
    elif held:
        made = made._replace(keeps=0, reason_code="")
    back = not holds and policy.stages[prior.stage].side != Side.MARKETING and policy.stages[after.stage].side == Side.MARKETING
    if back and not row.adoption_only:
        made = made._replace(recycled_at=made.recycled_at or now)
    return made if said is None else made._replace(reason_code=said)


def _told(row: Row, after: Prior, now: datetime) -> Prior:
    """A last call was given, or the owner has kept the lead."""
    if "kept" in row.reads:
        return after._replace(keeps=after.keeps + 1, last_call_at=None)
    return after._replace(last_call_at=now) if "last_call.due" in row.reads else after


def _begun(case: Case, after: Prior, now: datetime) -> Prior:
    """A new cycle: sales gets the lead. Who takes a lead up without marketing's offer has no date of qualification."""
    prior, policy = case.prior, case.policy.policy
    today = case.policy.calendar.local_date(case.now_s)
    recent = tuple(day for day in prior.cycle_starts if date.fromisoformat(day) > today - timedelta(days=YEAR_DAYS))
    waited = prior.mql_at if prior.stage == policy.waiting_stage else None
    return after._replace(
        cycle=prior.cycle + 1,
        cycle_starts=(*recent, today.isoformat()),
        mql_at=(waited or now) if after.stage == policy.offered_stage else None,
        sal_at=None,
        sql_at=None,
        recycled_at=None,
        first_touch_at=None,
        campaign=campaign_of(case),
        keeps=0,
        reason_code=_standing(case),
    )


def _held(case: Case, after: Prior, now: datetime) -> Prior:
    policy = case.policy.policy
    accepted = after.stage in (policy.accepted_stage, policy.qualified_stage)
    return after._replace(
        sal_at=after.sal_at or (now if accepted else None),
        sql_at=after.sql_at or (now if after.stage == policy.qualified_stage else None),
        keeps=0 if after.stage == policy.offered_stage else after.keeps,
        reason_code=_standing(case) if case.prior.rev == 0 else after.reason_code,
    )


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
