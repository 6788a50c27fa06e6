"""Why a person gave a lead back, in the policy's codes, and what follows from it.

The reason stands in the status a person picks (its meaning names a code) or in the record's own reason field (a code's name, its label, or
words the policy lists for it). A text that says nothing ("bad") is the code whose action is `correct`: the lead stays closed and its
owner is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from handoff.calendar import moment_of, seconds_of
from handoff.decision import Side
from handoff.policy import Policy, ReasonCode
from handoff.policy_scoring import has_words
from handoff.signals import Signal, latest_status_edit

if TYPE_CHECKING:
    from handoff.case import Case

REASON_FIELD = "disqualification_reason"
GIVES_BACK = frozenset({"nurture", "disqualified"})
NONE = "none"


def plain(text: str) -> str:
    """Letters and digits in lower case, one blank between words."""
    return " ".join("".join(letter if letter.isalnum() else " " for letter in text.casefold()).split())


def code_of_text(policy: Policy, text: str) -> str:
    """The code that a typed reason means: its name or label, else the first with one of its words in it; "" when none does."""
    said = plain(text)
    if not said:
        return ""
    for name, code in policy.reasons.items():
        if said in (plain(name), plain(code.label)):
            return name
    return next((name for name, code in policy.reasons.items() if any(has_words(said, plain(words)) for words in code.words)), "")


def text_code(case: Case) -> str:
    """The code in the record's reason field, "" when it is blank or says nothing."""
    text = case.fields.get(REASON_FIELD, "")
    return code_of_text(case.policy.policy, text) if text else ""


def to_ask(policy: Policy) -> str:
    """The code of who gave no usable reason, "" when the policy has none."""
    return next((name for name, code in policy.reasons.items() if code.action == "correct"), "")


def asked(case: Case) -> bool:
    """Whether the lead was closed without a usable reason, and nobody has named one since."""
    known = case.policy.policy.reasons.get(case.prior.reason_code)
    return known is not None and known.action == "correct" and case.policy.policy.stages[case.prior.stage].side != Side.SALES


def _closing(case: Case) -> str | None:
    """The code behind a status a person picked in this stage; None when no such pick gave the lead back."""
    edit = latest_status_edit(case) if case["status.event"] in GIVES_BACK else None
    if edit is None or edit[1] is None:
        return None
    typed, meant = text_code(case), edit[1].reason
    if typed:
        return typed
    unclear = bool(case.fields.get(REASON_FIELD)) and edit[1].event == "disqualified"
    return to_ask(case.policy.policy) if unclear else meant


def given(case: Case) -> str | None:
    """The code given in this stage: by a status, by the reason field alone, or in answer to the question; None when none was."""
    closing = _closing(case)
    if closing is not None:
        return closing
    if REASON_FIELD not in case.fields or case.prior.rev == 0:
        return None
    held = case.policy.policy.stages[case.prior.stage].side == Side.SALES
    if not held and not asked(case):
        return None
    typed = text_code(case)
    return typed if typed and typed != case.prior.reason_code else None


def _code(case: Case) -> str:
    return given(case) or case.prior.reason_code or NONE


def code(case: Case) -> ReasonCode | None:
    """The reason that holds now."""
    return case.policy.policy.reasons.get(case["reason.code"])


def _action(case: Case) -> Signal:
    known = code(case)
    return NONE if known is None else known.action


def _missing_days(case: Case) -> Signal:
    if not asked(case) or case["reason.given"]:
        return None
    return case.policy.calendar.business_days(seconds_of(case.prior.since), case.now_s)


def wake_at(case: Case) -> datetime | None:
    """The wake date that follows from the reason just given: the agreed date less the code's days, else the days from now."""
    known = code(case) if case["reason.given"] else None
    if known is None:
        return None
    calendar = case.policy.calendar
    today = calendar.local_date(case.now_s)
    stated = _stated(case) if known.before_days is not None else None
    if stated is not None and stated > today:
        early = stated - timedelta(days=known.before_days or 0)
        return moment_of(calendar.opening_on(early if early > today else stated))
    days = known.wake_days if known.wake_days is not None else case.policy.policy.wake_days.get(known.name)
    return None if days is None else moment_of(calendar.opening_on(today + timedelta(days=days)))


def _stated(case: Case) -> date | None:
    try:
        return date.fromisoformat(case.fields.get("follow_up_on", "")[:10])
    except ValueError:
        return None


def moments(case: Case, days: tuple[int, ...]) -> list[int]:
    """When a missing reason has been missing for these business days."""
    return [case.policy.calendar.add_business_days(seconds_of(case.prior.since), number) for number in days] if asked(case) else []


VALUES: Mapping[str, Callable[[Case], Signal]] = {
    "reason.given": lambda case: given(case) is not None,
    "reason.code": _code,
    "reason.action": _action,
    "reason.missing_days": _missing_days,
}
