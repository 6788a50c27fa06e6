"""Room and load of the reps as the ledger has them, and a rep's own request for more leads today."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from engine.context import Engine, NotApplicable
from engine.frame import MORE, asked_more, build_frame
from handoff.calendar import Calendar, seconds_of
from handoff.capacity import Load, Proposal, bounds_of, month_sum, propose, room_of
from handoff.decision import Frame, Prior

WEEK = timedelta(days=7)
QUARTER = timedelta(days=90)
MONTHS = 3


@dataclass(frozen=True, slots=True)
class Report:
    """One pool's sums: what a month holds, and the bar proposed for next week. None where nothing bounds the pool."""

    pool: str
    month: str
    proposal: Proposal | None

    def lines(self) -> list[str]:
        """What a person reads."""
        told = [f"{self.pool.replace('_', ' ')}: {self.month}"]
        return told if self.proposal is None else [*told, *(f"  {line}" for line in (*self.proposal.sums, self.proposal.told))]


def capacity(engine: Engine, frame: Frame | None = None) -> Report:
    """The sums of the pool that takes whoever has no line of their own (the last route). Reads the ledger, asks the CRMs for people."""
    policy, now = engine.policy, engine.clock()
    at = frame or build_frame(engine)
    pool = policy.pools[policy.routes[-1].pool]
    room = room_of(policy, pool, at.reps, Calendar(policy.company), seconds_of(now))
    if room is None:
        return Report(pool.name, "nobody takes turns there, or nothing bounds what they take (routing.yaml, pools)", None)
    arriving = engine.ledger.leads.first_seen_since(now - QUARTER) // MONTHS
    told = month_sum(room, bounds_of(policy, pool, at.reps), arriving)
    return Report(pool.name, told, propose(policy.intent.bar, policy.capacity, room, load(engine, now)))


def load(engine: Engine, now: datetime) -> Load:
    """What asks for room: the last seven days' hand-raises and qualified leads, and the MQLs that wait."""
    policy, leads, since = engine.policy, engine.ledger.leads, now - WEEK
    types = {rule.lead_type for rule in policy.transitions if rule.wait_next_step}
    counts: Counter[str] = Counter()
    for keys in leads.shards(engine.settings.shard_size):
        for prior in leads.prior(keys).values():
            counts[_asks(prior, policy.waiting_stage, types, since)] += 1
    return Load(counts["hand_raise"], counts["arriving"], counts["waiting"])


def _asks(prior: Prior, waiting_stage: str, types: set[str], since: datetime) -> str:
    if prior.stage == waiting_stage:
        return "arriving" if prior.since >= since else "waiting"
    if prior.hand_raise_at is not None and prior.hand_raise_at >= since:
        return "hand_raise"
    return "arriving" if prior.lead_type in types and prior.offered_at is not None and prior.offered_at >= since else ""


def ask_more(engine: Engine, rep: str, number: int) -> str:
    """A rep asks for `number` more leads than the bounds allow, today; asking again replaces the number. Raises NotApplicable."""
    key = rep.strip().casefold()
    people = {person.key for crm in engine.crms.values() for person in crm.people() if person.active and person.key}
    if key not in people:
        raise NotApplicable(f"nobody active has the address {rep}: use the e-mail address that the person logs in to the CRM with")
    if number < 0:
        raise NotApplicable(f"{number} is no number of leads: 0 takes a request back")
    asked = asked_more(engine) | {key: number}
    day = engine.clock().astimezone(ZoneInfo(engine.policy.company.time_zone)).date().isoformat()
    engine.ledger.switches.set(MORE, {"day": day, "reps": {name: count for name, count in asked.items() if count}})
    return day
