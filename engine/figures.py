"""The figures a company is judged by: who asked and was never called, who is in limbo, who sits with people who left. They count people.

Pure functions over one person's facts, the stage they are in now and the roster. Written apart from the rules that move leads, so that the
figures can disagree with them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.report import Figures
from handoff.case import Case
from handoff.decision import Prior, Side
from handoff.facts import Kind, LeadFacts
from handoff.records import departure, latest_send, owner_of, owner_state
from handoff.scope import left_out
from handoff.touches import History

LIMBO_AGE = timedelta(days=30)
HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Standing:
    """How one person stands at one moment. `left_out` names why somebody is out of scope; `on_hold` names the hold."""

    left_out: str = ""
    hot: bool = False
    limbo: bool = False
    inactive_owner: bool = False
    without_owner: bool = False
    on_hold: str = ""


def standing(case: Case) -> Standing:
    """How the person of a case stands now, by the case's prior (ledger, record or first sight), not where rules would move them."""
    reason = departure(case.facts, case.routed) or left_out(case)
    if reason:
        return Standing(left_out=reason)
    facts, prior, now = case.facts, case.prior, case.now
    owner = owner_state(owner_of(case.record, case.frame), case.frame)
    planned = owner == "active" and has_dated_task(facts)
    stage = case.policy.policy.stages.get(prior.stage)
    sales = stage is not None and stage.side is Side.SALES
    return Standing(
        hot=is_hot(case.history) and not planned,
        limbo=in_limbo(facts, prior, case.history, now) and not planned,
        # Before there is a policy some statuses have no meaning yet; who sits with a person who left is no less stranded for it.
        inactive_owner=(sales or not case["status.mapped"]) and owner == "departed",
        without_owner=sales and owner not in ("active", "queue"),
        on_hold=hold_reason(facts, prior),
    )


def figures(standings: Iterable[Standing]) -> Figures:
    """Sums people; reasons for being left out and holds are counted by name."""
    totals: Counter[str] = Counter()
    holds: Counter[str] = Counter()
    out: Counter[str] = Counter()
    for one in standings:
        if one.left_out:
            out[one.left_out] += 1
            continue
        totals["in_scope"] += 1
        for name in ("hot", "limbo", "inactive_owner", "without_owner"):
            totals[name] += bool(getattr(one, name))
        if one.on_hold:
            holds[one.on_hold] += 1
    return Figures(
        totals["in_scope"], totals["hot"], totals["limbo"], totals["inactive_owner"], totals["without_owner"], dict(holds), dict(out)
    )


def has_dated_task(facts: LeadFacts) -> bool:
    """An open task with a due date, whoever made it. Overdue is still open; stamped a moment after our clock is there, too."""
    return any(a.kind is Kind.TASK and a.outcome == "open" and a.due_at is not None for a in facts.activities)


def is_hot(history: History) -> bool:
    """A hand-raiser whom no human has touched since the last hand-raise. Automated steps are no answer."""
    if not history.hand_raises:
        return False
    return not any(touch > history.hand_raises[0] for touch in history.touches)


def in_limbo(facts: LeadFacts, prior: Prior, history: History, now: datetime) -> bool:
    """30 days or older, last touch and last send both over 30 days ago or never, and no wake or review date."""
    limit = now - LIMBO_AGE
    if facts.first_seen > limit or has_review(facts, prior):
        return False
    sent = latest_send(facts)
    if sent is not None and limit <= sent <= now:
        return False
    moments = (*history.steps[:1], *((history.last_send,) if history.last_send is not None else ()))
    return not any(moment >= limit.timestamp() for moment in moments)


def has_review(facts: LeadFacts, prior: Prior) -> bool:
    """A wake or review date on the record, or (blank means see the ledger) in the ledger."""
    return any(record.fields.get("handoff_review") for record in facts.records) or prior.review_at is not None


def hold_reason(facts: LeadFacts, prior: Prior) -> str:
    """`bounced`, `opted_out`... when the person's next step is a hold, else empty."""
    steps = [record.fields.get("handoff_next_step", "") for record in facts.records] + [prior.next_step]
    step = next((text for text in steps if text), "")
    if not step.lower().startswith(HOLD):
        return ""
    return step[len(HOLD) :].lstrip(" :").strip() or HOLD
