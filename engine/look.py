"""The read-only first look: what stands in the CRMs, in figures a head of sales understands, and which words are in use."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.context import Engine
from engine.figures import Standing, figures, standing
from engine.frame import build_frame
from engine.pull import refresh
from engine.report import Figures, LookReport
from engine.runs import made
from handoff.case import open_case
from handoff.decision import Frame
from handoff.facts import Kind, LeadFacts
from handoff.match import whole_number
from handoff.policy import kind_of_subject
from ledger.values import Loaded

SENIOR = re.compile(
    r"\b(vp|svp|evp|avp|vice president|president|chief|ceo|cfo|cto|cio|cmo|coo|cro|ciso|cpo|chro|partner|founder|owner)\b", re.I
)
LARGEST = 25
FORMS_SHOWN = 50


def look(engine: Engine) -> LookReport:
    """Pulls, resolves and counts. Works with a baseline policy and with read rights alone. Raises CrmError, WrongAccount."""
    calls, begun = made(engine), engine.monotonic()
    refresh(engine)
    pulled = engine.monotonic()
    engine.progress("count")
    seen = _Seen()
    frame = build_frame(engine)
    totals = figures(_standings(engine, frame, seen))
    unmapped = sorted((s, o) for s, options in seen.statuses.items() for o in options if o not in engine.policy.statuses.get(s, {}))
    return LookReport(
        figures=totals,
        senior_never_called=seen.senior_at_largest(),
        people=engine.ledger.leads.count(),
        records=engine.ledger.facts.count(),
        statuses={system: dict(sorted(options.items())) for system, options in sorted(seen.statuses.items())},
        unmapped=tuple(unmapped),
        forms=dict(sorted(seen.forms.items())),
        duplicates=seen.duplicates,
        problems=dict(sorted(seen.problems.items())),
        calls={system: number - calls.get(system, 0) for system, number in made(engine).items()},
        seconds={"pull": round(pulled - begun, 3), "count": round(engine.monotonic() - pulled, 3)},
        baseline=not engine.policy.approvals,
        senior_untouched=seen.overlooked,
    )


def figures_now(engine: Engine) -> Figures:
    """The figures by what the ledger knows now; pull first (`refresh`) to read the CRMs."""
    return figures(_standings(engine, build_frame(engine), _Seen()))


@dataclass(slots=True)
class _Seen:
    """Counted while the leads stream by; its size depends on words and accounts in use, not on leads."""

    statuses: dict[str, Counter[str]] = field(default_factory=dict)
    forms: dict[str, str] = field(default_factory=dict)
    problems: Counter[str] = field(default_factory=Counter)
    duplicates: int = 0
    largest: dict[str, int] = field(default_factory=dict)
    senior: Counter[str] = field(default_factory=Counter)
    overlooked: int = 0

    def account(self, name: str, employees: int) -> None:
        """Keeps the largest accounts by head count."""
        self.largest[name] = max(employees, self.largest.get(name, 0))
        if len(self.largest) > LARGEST:
            del self.largest[min(self.largest, key=lambda known: (self.largest[known], known))]

    def senior_at_largest(self) -> int:
        """Senior people who asked and were never called, at the largest accounts."""
        return sum(number for account, number in self.senior.items() if account in self.largest)


def _standings(engine: Engine, frame: Frame, seen: _Seen) -> Iterator[Standing]:
    """Everybody, shard by shard."""
    now = engine.clock()
    for one in everybody(engine):
        case = open_case(one.prior, one.facts, engine.compiled, frame, now)
        stands_now = standing(case)
        seen.overlooked += not stands_now.left_out and bool(case["senior_untouched"])
        _note(engine, seen, one.facts, stands_now)
        yield stands_now


def everybody(engine: Engine) -> Iterator[Loaded]:
    """All leads with their facts, in the order of their keys; one shard in memory."""
    policy, leads = engine.policy, engine.ledger.leads
    for keys in leads.shards(engine.settings.shard_size):
        yield from leads.load(keys, engine.clock(), policy.systems, policy.sources)


def _note(engine: Engine, seen: _Seen, facts: LeadFacts, stands_now: Standing) -> None:
    for record in facts.records:
        if status := record.fields.get("status"):
            seen.statuses.setdefault(record.ref.system, Counter())[status] += 1
    seen.duplicates += len(facts.duplicates)
    seen.problems.update(facts.problems)
    _note_forms(engine, seen, facts)
    account = facts.fields.get("account_name", "") or facts.fields.get("company", "")
    employees = whole_number(facts.fields.get("account_employees", "") or facts.fields.get("employees", "") or "0") or 0
    if account and employees:
        seen.account(account, employees)
    if stands_now.hot and account and SENIOR.search(facts.fields.get("title", "")):
        seen.senior[account] += 1


def _note_forms(engine: Engine, seen: _Seen, facts: LeadFacts) -> None:
    for activity in facts.activities:
        if activity.kind is Kind.FORM and activity.subject not in seen.forms and len(seen.forms) < FORMS_SHOWN:
            seen.forms[activity.subject] = kind_of_subject(activity.subject, engine.policy.intent.forms) or "nothing (not counted)"
