"""Company A's policy as shipped, with a frame that covers its sources: for tests of what the shipped rules do."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from handoff.assign import assign
from handoff.compiled import CompiledPolicy, compile_policy
from handoff.decide import decide
from handoff.decision import Decision, Frame, Prior, prior_of
from handoff.facts import Activity, Edit, Kind, LeadFacts
from mappings.load import load_policy
from tests.handoff.makers import GOOD_FIT, NOW, activity, frame, lead, record


@cache
def company_a(**changes: Any) -> CompiledPolicy:
    """The shipped policy, compiled once; `changes` replace fields of it."""
    return compile_policy(load_policy().model_copy(update=changes))


def covered(until: datetime = NOW, **changes: Any) -> Frame:
    """Everybody at work, every source the shipped policy names read up to `until`."""
    sources = company_a().policy.silence.sources
    return frame(coverage={f"{system}:{stream}": until for system, streams in sources.items() for stream in streams}, **changes)


def person(*activities: Activity, owner: str = "ann@x.example", edits: tuple[Edit, ...] = (), **fields: str) -> LeadFacts:
    """A lead of good fit that may be mailed, in Salesforce."""
    made = {**GOOD_FIT, "legal_basis": "Legitimate interest", "marketable": "true", "email": "p1@lead.example", **fields}
    return lead(record(owner=owner, fields=made), activities=activities, edits=edits)


def picks(option: str, at: datetime) -> Activity:
    """A person picks a status."""
    return activity(Kind.STATUS_EDIT, at, option, known_at=at)


def settle(
    prior: Prior | None, facts: LeadFacts, now: datetime = NOW, at: Frame | None = None, policy: CompiledPolicy | None = None
) -> Decision:
    """Decided and, where it is ready, given to somebody."""
    rules, others = policy or company_a(), at or covered(now)
    decision = decide(prior, facts, rules, others, now)
    return assign([decision], {facts.key: facts}, rules, others, now).decisions[0] if decision.ready else decision


def then(prior: Prior | None, facts: LeadFacts, now: datetime = NOW, **more: Any) -> Prior:
    """What the ledger keeps of it."""
    return prior_of(settle(prior, facts, now, **more))
