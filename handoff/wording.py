"""The sentences people read: a policy's templates filled with whole, impersonal values. A name that is not known reads as nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from handoff.calendar import DAY_SECONDS, seconds_of
from handoff.case import Case
from handoff.fit import disqualifier
from handoff.matrix import cell_of
from handoff.milestones import campaign_of
from handoff.reasons import code
from handoff.records import QUEUE

LONGEST_TEXT = 255  # a Salesforce text field
MOST_LINES = 12
SHOWN = 3


class Words(dict[str, str]):
    """Template values of one move: what is passed in, then the case's, computed when a template names them."""

    def __init__(self, case: Case, given: Mapping[str, str]) -> None:
        super().__init__(given)
        self._case = case

    def __missing__(self, name: str) -> str:
        made = _VALUES.get(name)
        value = made(self._case) if made is not None else self._case.fields.get(name, "")
        self[name] = value
        return value


def sentence(template: str, words: Words) -> str:
    """One line of at most 255 characters. Raises ValueError when the template is malformed."""
    text = " ".join(template.format_map(words).split())
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"


def brief(lines: tuple[str, ...], words: Words) -> str:
    """A task's text, at most 12 lines; a line of which nothing is known is left out."""
    filled = [sentence(line, words) for line in lines]
    return "\n".join([line for line in filled if line][:MOST_LINES])


def owner_name(owner: str, case: Case) -> str:
    """A rep's or queue's name as people know it."""
    if owner.startswith(QUEUE):
        return owner.removeprefix(QUEUE)
    rep = case.frame.reps.get(owner)
    return rep.name if rep is not None else ""


def day_text(moment: datetime | None, case: Case) -> str:
    """The company's date of a moment, YYYY-MM-DD."""
    return case.policy.calendar.local_date(seconds_of(moment)).isoformat() if moment is not None else ""


def time_text(moment: datetime | None, case: Case) -> str:
    """Date, hour and zone on the company's wall."""
    return moment.astimezone(case.policy.calendar.zone).strftime("%Y-%m-%d %H:%M %Z") if moment is not None else ""


def _signal(name: str) -> Callable[[Case], str]:
    def value(case: Case) -> str:
        found = case[name]
        return "" if found is None else str(found)

    return value


def _fit_why(case: Case) -> str:
    known = [(step[2], step[3], step[1]) for step in case.fit.because if step[0] == "fit" and isinstance(step[2], int)]
    best = sorted(known, key=lambda answer: (-answer[0], str(answer[2])))[:SHOWN]
    return ", ".join(f"{name} {points}/{weight}" for points, weight, name in best)


def _latest_signals(case: Case) -> str:
    newest = case.history.engagements[:SHOWN]
    return ", ".join(f"{_plain(kind.name)} {_ago((case.now_s - at) // DAY_SECONDS)}" for at, _, kind in newest)


def _ago(days: int) -> str:
    return "today" if days == 0 else "yesterday" if days == 1 else f"{days} days ago"


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _hand_raise(case: Case) -> str:
    return next((_plain(kind.name) for _, _, kind in case.history.engagements if kind.hand_raise), "")


def _hand_raise_on(case: Case) -> str:
    raises = case.history.hand_raises
    return case.policy.calendar.local_date(raises[0]).isoformat() if raises else ""


def _status(case: Case) -> str:
    return case.record.fields.get("status", "") if case.record is not None else ""


def _reason_code(case: Case) -> str:
    known = code(case)
    return known.label if known is not None else "no reason given"


def _of_cell(part: str) -> Callable[[Case], str]:
    def value(case: Case) -> str:
        cell = cell_of(case)
        return "" if cell is None else str(getattr(cell, part))

    return value


_VALUES: Mapping[str, Callable[[Case], str]] = {
    "status": _status,
    "campaign": campaign_of,
    "fit": lambda case: case.fit.band,
    "fit_why": _fit_why,
    "intent": lambda case: case.intent.band,
    "signals": _latest_signals,
    "hand_raise": _hand_raise,
    "hand_raise_on": _hand_raise_on,
    "hand_raise_days": _signal("hand_raise.age_days"),
    "waited": _signal("response.minutes"),
    "age_days": _signal("age_days"),
    "untouched_days": _signal("untouched_days"),
    "silent_days": _signal("silent_days"),
    "idle_business_days": _signal("idle_business_days"),
    "touches": _signal("touch.since_stage"),
    "reroutes": _signal("reroutes"),
    "owner": lambda case: owner_name(case.owner, case),
    "previous_owner": lambda case: owner_name(case.prior.previous_owner, case),
    "from_stage": lambda case: case.policy.policy.stages[case.prior.stage].label,
    "reason_code": _reason_code,
    "persona": lambda case: "" if case.persona is None else case.persona.persona.label,
    "links": lambda case: "" if case.persona is None else " · ".join(case.persona.persona.links),
    "cell": _of_cell("label"),
    "cell_step": _of_cell("next_step"),
    "cycle": lambda case: str(case.prior.cycle),
    "keeps": lambda case: str(case.prior.keeps + 1),
    "why_not": lambda case: _plain(disqualifier(case.policy.fit, case)),
}
