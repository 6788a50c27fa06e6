"""What becomes of a lead that marketing has: the group that mails it, or a hold with a review date where it may not be mailed."""

from __future__ import annotations

from datetime import datetime, timedelta

from handoff.calendar import moment_of
from handoff.case import Case
from handoff.compiled import Row
from handoff.reasons import wake_at
from handoff.signals import hold_of


def nurture_place(case: Case, row: Row) -> tuple[str, str, datetime | None]:
    """(group, hold, review date) of a row: who may not be mailed is held until a review; else the first group that takes the lead."""
    days = row.rule.review_days
    if row.rule.nurture:
        hold = hold_of(case)
        if hold is not None:
            return "", hold.name, _in_days(case, hold.review_days)
        return _group(case), "", wake_at(case) if days is None else _in_days(case, days)
    return "", "", None if days is None else _in_days(case, days)


def _group(case: Case) -> str:
    """The first group that takes the lead; a persona's own group goes before the ones that give way to it."""
    own = case.persona.persona.group if case.persona is not None else ""
    found = next((rule for rule in case.policy.groups if rule.check(case) is None), None)
    if found is None:
        return ""
    return own if own and found.persona_first else found.name


def _in_days(case: Case, days: int) -> datetime:
    """The opening hour on the company's date `days` from now."""
    calendar = case.policy.calendar
    return moment_of(calendar.opening_on(calendar.local_date(case.now_s) + timedelta(days=days)))
