"""What comes in: imported lists, sources that suddenly bring far too many, content leads, and senior people nobody has called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handoff.accounts import named_owner
from handoff.calendar import DAY_SECONDS
from handoff.decision import Side
from handoff.facts import Activity, Kind
from handoff.touches import SAME_FACT_SECONDS, History

if TYPE_CHECKING:
    from handoff.case import Case


def imported(case: Case) -> bool:
    """Whether the lead came by an uploaded list."""
    check = case.policy.imported
    return check is not None and check(case) is None


def without_uploaded_requests(case: Case) -> None:
    """A list's own "asked for a demo" is somebody's word about the lead, no request of the lead: it came within a day of the upload, as a
    campaign response without a form. Requests by form, and later ones, count."""
    history: History = case.history
    if not history.hand_raises or case.policy.imported is None or not imported(case):
        return
    uploaded = int(case.facts.first_seen.timestamp()) + DAY_SECONDS
    forms = [_at(activity) for activity in case.facts.activities if activity.kind == Kind.FORM]
    history.hand_raises = [at for at in history.hand_raises if at > uploaded or any(abs(at - form) <= SAME_FACT_SECONDS for form in forms)]


def _at(activity: Activity) -> int:
    return int(activity.occurred_at.timestamp())


def content_lead(case: Case) -> bool:
    """Whether the lead has asked for nothing: no request waits, and it is not with sales because of one. [R52]"""
    if case["hand_raise.waiting"]:
        return False
    with_sales = case.policy.policy.stages[case.prior.stage].side == Side.SALES
    return not (with_sales and case.prior.lead_type in case.policy.asked_types)


def source_stopped(case: Case) -> bool:
    """Whether the lead is new and its source brings far more than it usually does."""
    stopped = case.frame.stopped_sources
    if not stopped or case.prior.rev or case.prior.stage != case.policy.policy.first_stage:
        return False
    return case.fields.get("source", "").strip().casefold() in stopped


def senior_untouched(case: Case) -> bool:
    """A senior person at a named account whom nobody has called, written to or met. [R57]"""
    senior = case.policy.senior
    return senior is not None and not case.history.touches and senior(case) is None and named_owner(case) is not None
