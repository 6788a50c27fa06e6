"""Owners, in one ordered pass over everybody who is ready: hottest first, then first seen.

An active owner is kept unless the fired rule releases it; then the named account's or the previous owner; else the pool takes turns.
Whoever has taken the fewest turns per weight is next; who joins or comes back starts at the pool's level, so that nobody catches up at
the leads' expense. Inactive people never get a lead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from handoff.accounts import active_worker, key_of_case
from handoff.availability import Room, at_work_from, away_until, calendar_in, moment_text
from handoff.calendar import moment_of, seconds_of
from handoff.case import Case, open_case
from handoff.compiled import CompiledPolicy, Row
from handoff.decide import owner_stands, route_of
from handoff.decision import Decision, Frame, Reason, Rep, prior_of
from handoff.facts import LeadFacts
from handoff.freeze import holds as freeze_holds
from handoff.offer import offered, told_of, waiting, with_sales
from handoff.plan import CREATES_LEADS
from handoff.policy import Pool
from handoff.sla import due_at
from handoff.turns import Level as Level
from handoff.turns import Queue, belongs
from handoff.turns import Turn as Turn

MANY = 2
Place = tuple[int, int, int, str, str]
"""Negated heat, ISO create date, lead key."""


@dataclass(frozen=True, slots=True)
class AssignResult:
    """Decisions in the order given, the ready ones settled; the turns they took and the levels of who joined."""

    decisions: tuple[Decision, ...]
    turns: tuple[Turn, ...]
    levels: tuple[Level, ...] = ()


def assign(
    decisions: Sequence[Decision], facts_by_lead: Mapping[str, LeadFacts], policy: CompiledPolicy, frame: Frame, now: datetime
) -> AssignResult:
    """Give every ready decision an owner, or leave it waiting with the reason. `facts_by_lead` needs the ready leads only.

    Whoever cannot hold everybody in memory feeds a `Desk` part by part, in the order of `place_in_line`: the decisions are the same.
    """
    desk = Desk(policy, frame, now)
    ready = sorted((d for d in decisions if d.ready), key=place_in_line)
    settled = {decision.lead: desk.settle(decision, facts_by_lead[decision.lead]) for decision in ready}
    return AssignResult(tuple(settled.get(d.lead, d) if d.ready else d for d in decisions), desk.taken(), desk.levels())


def place_in_line(decision: Decision) -> Place:
    """Where a ready decision stands in the pass: hottest first, then first seen, then by lead key. No two leads have the same place."""
    hand_raise, intent, fit = decision.heat
    return -hand_raise, -intent, -fit, *decision.first_seen


class Desk:
    """The state of one pass: turns, what each rep was given today, staggered places. It grows with pools and people, not with leads,
    as long as its turns are `taken`.

    Feed it ready decisions in the order of `place_in_line`, each once.
    """

    def __init__(self, policy: CompiledPolicy, frame: Frame, now: datetime) -> None:
        self.policy = policy
        # Who works which account: this pass adds the owners it gives, so that a second person of an account finds the first one's owner.
        self._workers = dict(frame.account_owners)
        self.frame = replace(frame, account_owners=self._workers)
        self.now = now
        self._turns: list[Turn] = []
        self._queues: dict[str, Queue] = {}
        self._room = Room(frame, policy.policy.capacity)
        self._staggered: dict[str, int] = {}
        self._imported = frame.imported_today
        self._taken_up: set[str] = set()  # accounts whose first person was given to somebody in this pass

    def taken(self) -> tuple[Turn, ...]:
        """The turns taken since this was asked last, in their order."""
        turns, self._turns = tuple(self._turns), []
        return turns

    def levels(self) -> tuple[Level, ...]:
        """Credits of who joined or came back, pool by pool."""
        return tuple(Level(name, rep, count) for name, queue in sorted(self._queues.items()) for rep, count in sorted(queue.lifted.items()))

    def settle(self, decision: Decision, facts: LeadFacts) -> Decision:
        """One ready decision: offered to somebody, or waiting."""
        case = open_case(prior_of(decision), facts, self.policy, self.frame, self.now)
        case.owner = decision.owner
        row = self.policy.by_name[decision.transition]
        kept = self._kept(decision, case, row)
        stopped = () if kept else self._stopped(case, row)
        if stopped:
            return waiting(decision, case, row, stopped, ())
        decision = self._by_account(decision, case, row)
        if kept:
            full = self._full(self.frame.reps[kept], self.policy.policy.pools.get(decision.pool), case, row)
            if full:
                return waiting(decision, case, row, (("skipped", kept, full), ("waits", kept, "for its owner")), ())
            return self._offer(decision, case, row, kept, (("kept", kept, "active owner"),))
        told: tuple[Reason, ...] = ()
        if case.owner in self.frame.reps and self._away_from(case, row):
            told = (("skipped", case.owner, self._able(self.frame.reps[case.owner], case)),)
        preferred = self.frame.reps.get(decision.preferred_owner)
        if preferred is not None:
            reason = self._able(preferred, case) or self._released(preferred, decision, case)
            if not reason:
                return self._offer(decision, case, row, preferred.key, (*told, ("given", preferred.key, "named account or previous owner")))
            told = (*told, ("skipped", preferred.key, reason))
        return self._by_turn(decision, case, row, told)

    def _kept(self, decision: Decision, case: Case, row: Row) -> str:
        """The owner who keeps the lead, "" when it is to be given to somebody."""
        rep = self.frame.reps.get(case.owner)
        if rep is None or not rep.active or decision.release_owner:
            return ""
        if owner_stands(case, row):
            return rep.key
        if self._away_from(case, row) or self._field(rep, case):
            return ""
        return rep.key if rep.role in self.policy.policy.keep_owner_roles else ""

    def _away_from(self, case: Case, row: Row) -> bool:
        """Whether somebody who asked would wait for an owner who is away: another one answers."""
        rep = self.frame.reps.get(case.owner)
        return rep is not None and self._urgent(case, row) and away_until(rep, case.now_s) is not None

    def _urgent(self, case: Case, row: Row) -> bool:
        """A hand-raise that is to be answered within minutes; a backlog spread over days is none."""
        task = row.rule.task
        asked = "hand_raise.waiting" in row.reads or case["response.clock"] == "hand_raise"
        return asked and task is not None and task.due in ("clock", "business_minutes")

    def _able(self, rep: Rep, case: Case) -> str:
        """Why a rep cannot take this lead at all, "" when nothing stands against it."""
        if not rep.active:
            return "inactive"
        ends = away_until(rep, case.now_s)
        if ends is not None:
            return f"away until {moment_text(ends, self._wall(rep))}"
        if self._field(rep, case):
            return "field rep, and the lead has asked for nothing"
        system = self._system(case)
        return "" if not system or rep.ids.get(system) else f"no user in {system}"

    def _field(self, rep: Rep, case: Case) -> bool:
        """Whether a field rep would get a lead that has asked for nothing."""
        return any(belongs(rep, pool) for pool in self.policy.field_pools) and bool(case["content_lead"])

    def _stopped(self, case: Case, row: Row) -> tuple[Reason, ...]:
        """Why nobody gets this lead today: a freeze, or enough imported leads for one day. Who has asked is never stopped."""
        freeze = freeze_holds(case, row)
        if freeze is not None:
            return (("waits", "freeze", freeze.name),)
        most = self.policy.policy.intake.imports_per_day
        if case["imported"] and not self._exempt(case, row) and self._imported >= most:
            return (("waits", "imports", f"{most} imported leads today"),)
        return ()

    def _by_account(self, decision: Decision, case: Case, row: Row) -> Decision:
        """The route anew, where this pass has given somebody of the lead's account to a rep."""
        if not self._taken_up or key_of_case(case) not in self._taken_up:
            return decision
        pool, preferred, told = route_of(case, row)
        return decision._replace(pool=pool, preferred_owner=preferred, because=(*decision.because, told))

    def _system(self, case: Case) -> str:
        """Where the owner will be written: the record of record, or the CRM in which the Lead is to be created."""
        if self._creates(case):
            return self.policy.policy.systems[0]
        return case.record.ref.system if case.record is not None else ""

    def _creates(self, case: Case) -> bool:
        first = self.policy.policy.systems[0]
        return first in CREATES_LEADS and all(record.ref.system != first for record in case.routed)

    def _wall(self, rep: Rep) -> ZoneInfo:
        return calendar_in(self.policy.policy.company, rep.time_zone or self.policy.policy.company.time_zone).zone

    def _by_turn(self, decision: Decision, case: Case, row: Row, told: tuple[Reason, ...] = ()) -> Decision:
        pool = self.policy.policy.pools.get(decision.pool)
        if pool is None:
            return waiting(decision, case, row, (*told, ("waits", "no pool", decision.pool)), (("no_route", row.name),))
        queue = self._queues.setdefault(pool.name, Queue(pool, self.frame))
        known = {step[1] for step in told}
        skipped: list[Reason] = [*told, *(step for step in queue.inactive if step[1] not in known)]
        able: list[Rep] = []
        full: list[tuple[Rep, str]] = []
        for rep in queue.members:
            reason = self._able(rep, case) or self._released(rep, decision, case)
            held = "" if reason else self._room.full(rep, pool, hand_raise=self._exempt(case, row))
            if reason and rep.key not in known:
                skipped.append(("skipped", rep.key, reason))
            elif held:
                full.append((rep, held))
            elif not reason:
                able.append(rep)
        if not able and self._exempt(case, row):
            able, full = [rep for rep, _ in full], []
        skipped += [("skipped", rep.key, held) for rep, held in full]
        chosen = queue.next(self._first_at_work(able, case, row, skipped))
        if chosen is None:
            nobody = (("nobody_to_give_to", pool.name),) if self._exempt(case, row) or not queue.members else ()
            return waiting(decision, case, row, (*skipped, ("waits", pool.name, "nobody has room")), nobody)
        skipped.append(("turn", chosen.key, queue.turns[chosen.key], chosen.weight))
        queue.turns[chosen.key] += 1
        self._turns.append(Turn(pool.name, chosen.key, decision.lead, case.prior.episode + 1))
        return self._offer(decision, case, row, chosen.key, tuple(skipped))

    def _first_at_work(self, able: list[Rep], case: Case, row: Row, skipped: list[Reason]) -> list[Rep]:
        """For somebody who asked: those at work now, else those who open first; the others are skipped with the reason."""
        if len(able) < MANY or not self._urgent(case, row):
            return able
        company = self.policy.policy.company
        opens = {rep.key: at_work_from(rep, case.now_s, company) for rep in able}
        first = min(opens.values())
        late = [rep for rep in able if opens[rep.key] > first]
        skipped += [("skipped", rep.key, f"at work from {moment_text(opens[rep.key], self._wall(rep))}") for rep in late]
        return [rep for rep in able if opens[rep.key] == first]

    def _exempt(self, case: Case, row: Row) -> bool:
        """Hand-raises are never held back by a daily bound, nor are leads that sales holds already and that cannot wait with marketing."""
        held = with_sales(case) and not row.rule.wait_next_step
        return held or "hand_raise.waiting" in row.reads

    def _full(self, rep: Rep, pool: Pool | None, case: Case, row: Row) -> str:
        """Which bound keeps a lead waiting for its own owner; nobody takes a hand-raise from who has it already."""
        return "" if self._exempt(case, row) else self._room.full(rep, pool, hand_raise=False)

    def _released(self, rep: Rep, decision: Decision, case: Case) -> str:
        had = rep.key in case.prior.tried or (decision.release_owner and rep.key == case.owner)
        return "had it before" if had else ""

    def _offer(self, decision: Decision, case: Case, row: Row, owner: str, because: tuple[Reason, ...]) -> Decision:
        """The lead is given to `owner`, and whoever comes later in this pass finds it with him."""
        made = offered(decision, case, row, owner, because, self._due(case, row, owner), creates=self._creates(case))
        self._room.give(owner, case.owner if with_sales(case) else "")
        self._imported += bool(case["imported"])
        if (key := key_of_case(case)) and not active_worker(key, self.frame):
            self._workers[key] = owner
            self._taken_up.add(key)
        return told_of(made, case, row)

    def _due(self, case: Case, row: Row, owner: str) -> datetime | None:
        task = row.rule.task
        if task is None:
            return None
        now, start, place = seconds_of(self.now), seconds_of(self.now), 0
        if task.due == "staggered":
            place = self._staggered.get(owner, 0)
            self._staggered[owner] = place + 1
        elif "hand_raise.waiting" in row.reads and case.history.hand_raises:
            start = case.history.hand_raises[0]
            if case.prior.adopted_at is not None:
                start = max(start, min(now, seconds_of(case.prior.adopted_at)))
        return moment_of(due_at(task, start, now, place, self.policy.calendar, self.policy.policy.hand_raise))
