"""Owners, in one ordered pass over everybody who is ready: hottest first, then first seen.

An active owner is kept unless the fired rule releases it; then the named account's or the previous owner; else the pool takes turns.
Whoever has taken the fewest turns per weight is next; who joins or comes back starts at the pool's level, so that nobody catches up at
the leads' expense. Inactive people never get a lead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import lcm

from handoff.calendar import moment_of, seconds_of
from handoff.case import Case, open_case
from handoff.compiled import CompiledPolicy, Row
from handoff.decide import owner_stands, task_of, words_of
from handoff.decision import Decision, Effect, EffectKind, Frame, Reason, Rep, Side, prior_of
from handoff.facts import LeadFacts
from handoff.notices import with_move
from handoff.nurture import nurture_place
from handoff.plan import CREATED_OBJECTS
from handoff.policy import Pool
from handoff.sla import due_at
from handoff.stage import next_look
from handoff.wording import day_text, sentence, time_text


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn taken in a pool, for the append-only log."""

    pool: str
    rep: str
    lead: str
    episode: int


@dataclass(frozen=True, slots=True)
class Level:
    """Turns credited, not taken: who joins or comes back starts here."""

    pool: str
    rep: str
    count: int


@dataclass(frozen=True, slots=True)
class AssignResult:
    """Decisions in the order given, the ready ones settled; the turns they took and the levels of who joined."""

    decisions: tuple[Decision, ...]
    turns: tuple[Turn, ...]
    levels: tuple[Level, ...] = ()


def assign(
    decisions: Sequence[Decision], facts_by_lead: Mapping[str, LeadFacts], policy: CompiledPolicy, frame: Frame, now: datetime
) -> AssignResult:
    """Give every ready decision an owner, or leave it waiting with the reason. `facts_by_lead` needs the ready leads only."""
    desk = Desk(policy, frame, now)
    ready = sorted((d for d in decisions if d.ready), key=lambda d: (tuple(-part for part in d.heat), d.first_seen))
    settled = {decision.lead: desk.settle(decision, facts_by_lead[decision.lead]) for decision in ready}
    return AssignResult(tuple(settled.get(d.lead, d) if d.ready else d for d in decisions), tuple(desk.turns), desk.levels())


class _Queue:
    """The turns of one pool. Turns are compared per weight in whole numbers."""

    def __init__(self, pool: Pool, frame: Frame) -> None:
        self.pool = pool
        members = sorted((rep for rep in frame.reps.values() if belongs(rep, pool)), key=lambda rep: rep.key)
        self.members = tuple(rep for rep in members if rep.active)
        self.inactive: tuple[Reason, ...] = tuple(("skipped", rep.key, "inactive") for rep in members if not rep.active)
        self.unit = lcm(*(max(1, rep.weight) for rep in self.members)) if self.members else 1
        logged = frame.turns.get(pool.name, {})
        self.turns = {rep.key: logged.get(rep.key, 0) for rep in self.members}
        self.lifted: dict[str, int] = {}
        self._lift(logged)

    def per_weight(self, rep: Rep) -> int:
        """Turns taken so far, made comparable across weights."""
        return self.turns[rep.key] * (self.unit // max(1, rep.weight))

    def _lift(self, logged: Mapping[str, int]) -> None:
        """Nobody starts more than one turn per weight behind the pool."""
        if not self.members:
            return
        level = max(self.per_weight(rep) for rep in self.members) - self.unit
        for rep in self.members:
            step = self.unit // max(1, rep.weight)
            behind = level - self.per_weight(rep)
            if behind > 0 or (rep.key not in logged and logged):
                credit = -(-max(0, behind) // step)
                if credit:
                    self.turns[rep.key] += credit
                    self.lifted[rep.key] = credit

    def next(self, able: Iterable[Rep]) -> Rep | None:
        """Who is next among those able to take the lead."""
        return min(able, key=lambda rep: (self.per_weight(rep), rep.key), default=None)


def belongs(rep: Rep, pool: Pool) -> bool:
    """Whether a person is a member of a pool, active or not."""
    return rep.role in pool.roles or rep.key in pool.keys


class Desk:
    """The state of one pass: turns, what each rep was given today, staggered places."""

    def __init__(self, policy: CompiledPolicy, frame: Frame, now: datetime) -> None:
        self.policy = policy
        self.frame = frame
        self.now = now
        self.turns: list[Turn] = []
        self._queues: dict[str, _Queue] = {}
        self._given = dict(frame.new_today)
        self._staggered: dict[str, int] = {}

    def levels(self) -> tuple[Level, ...]:
        """Credits of who joined or came back, pool by pool."""
        return tuple(Level(name, rep, count) for name, queue in sorted(self._queues.items()) for rep, count in sorted(queue.lifted.items()))

    def settle(self, decision: Decision, facts: LeadFacts) -> Decision:
        """One ready decision: offered to somebody, or waiting."""
        case = open_case(prior_of(decision), facts, self.policy, self.frame, self.now)
        case.owner = decision.owner
        row = self.policy.by_name[decision.transition]
        kept = self._kept(decision, case, row)
        if kept:
            full = self._full(self.frame.reps[kept], self.policy.policy.pools.get(decision.pool), case, row)
            if full:
                return self._wait(decision, case, row, (("skipped", kept, full), ("waits", kept, "for its owner")), ())
            return self._offer(decision, case, row, kept, (("kept", kept, "active owner"),))
        preferred = self.frame.reps.get(decision.preferred_owner)
        if preferred is not None and not self._able(preferred, case) and not self._released(preferred, decision, case):
            return self._offer(decision, case, row, preferred.key, (("given", preferred.key, "named account or previous owner"),))
        return self._by_turn(decision, case, row)

    def _kept(self, decision: Decision, case: Case, row: Row) -> str:
        """The owner who keeps the lead, "" when it is to be given to somebody."""
        rep = self.frame.reps.get(case.owner)
        if rep is None or not rep.active or decision.release_owner:
            return ""
        if owner_stands(case, row):
            return rep.key
        return rep.key if rep.role in self.policy.policy.keep_owner_roles else ""

    def _able(self, rep: Rep, case: Case) -> str:
        """Why a rep cannot take this lead at all, "" when nothing stands against it."""
        if not rep.active:
            return "inactive"
        system = self._system(case)
        return "" if not system or rep.ids.get(system) else f"no user in {system}"

    def _system(self, case: Case) -> str:
        """Where the owner will be written: the record of record, or the CRM in which the Lead is to be created."""
        if self._creates(case):
            return self.policy.policy.systems[0]
        return case.record.ref.system if case.record is not None else ""

    def _creates(self, case: Case) -> bool:
        first = self.policy.policy.systems[0]
        return CREATED_OBJECTS.get(first) == "Lead" and all(record.ref.system != first for record in case.routed)

    def _by_turn(self, decision: Decision, case: Case, row: Row) -> Decision:
        pool = self.policy.policy.pools.get(decision.pool)
        if pool is None:
            return self._wait(decision, case, row, (("waits", "no pool", decision.pool),), (("no_route", row.name),))
        queue = self._queues.setdefault(pool.name, _Queue(pool, self.frame))
        skipped: list[Reason] = list(queue.inactive)
        able: list[Rep] = []
        for rep in queue.members:
            reason = self._able(rep, case) or self._full(rep, pool, case, row) or self._released(rep, decision, case)
            if reason:
                skipped.append(("skipped", rep.key, reason))
            else:
                able.append(rep)
        chosen = queue.next(able)
        if chosen is None:
            nobody = (("nobody_to_give_to", pool.name),) if self._exempt(case, row) or not queue.members else ()
            return self._wait(decision, case, row, (*skipped, ("waits", pool.name, "nobody has room")), nobody)
        skipped.append(("turn", chosen.key, queue.turns[chosen.key], chosen.weight))
        queue.turns[chosen.key] += 1
        self.turns.append(Turn(pool.name, chosen.key, decision.lead, case.prior.episode + 1))
        return self._offer(decision, case, row, chosen.key, tuple(skipped))

    def _exempt(self, case: Case, row: Row) -> bool:
        """Hand-raises are never held back by a daily bound, nor are leads that sales holds already and that cannot wait with marketing."""
        held = self.policy.policy.stages[case.prior.stage].side == Side.SALES and not row.rule.wait_next_step
        return held or "hand_raise.waiting" in row.reads

    def _full(self, rep: Rep, pool: Pool | None, case: Case, row: Row) -> str:
        if pool is None or pool.new_per_day is None or self._exempt(case, row) or self._given.get(rep.key, 0) < pool.new_per_day:
            return ""
        return f"{pool.new_per_day} new today"

    def _released(self, rep: Rep, decision: Decision, case: Case) -> str:
        return "had it before" if decision.release_owner and rep.key == case.owner else ""

    def _wait(
        self, decision: Decision, case: Case, row: Row, because: tuple[Reason, ...], exceptions: tuple[tuple[str, str], ...]
    ) -> Decision:
        """Nobody has room: where the row says how, the lead waits in the waiting stage; else it stays where it is."""
        policy, prior = self.policy.policy, case.prior
        stage = policy.stages[policy.waiting_stage]
        told = replace(decision, because=(*decision.because, *because), exceptions=(*decision.exceptions, *exceptions))
        if not row.rule.wait_next_step or prior.stage == stage.name:
            return told
        group, hold, review = nurture_place(case, row)
        words = words_of(case, stage.name, case.owner, {"group": group, "hold": hold, "review_on": day_text(review, case), "due": ""})
        waiting = replace(
            told,
            stage=stage.name,
            since=moment_of(seconds_of(self.now)),
            episode=prior.episode + 1,
            rev=prior.rev + 1,
            side=stage.side,
            lead_type=row.rule.lead_type or prior.lead_type,
            nurture_group=group,
            review_at=review,
            due_at=None,
            offered_at=None,
            next_step=sentence(row.rule.wait_next_step, words),
            reason=sentence(row.rule.wait_reason or row.rule.reason, words),
            fit_band=case.fit.band,
            intent_band=case.intent.band,
            unchanged=False,
            override=(),
            release_owner="",
            told=(),
        )
        midnight = self.policy.calendar.next_midnight(seconds_of(self.now))
        return replace(waiting, next_look_at=moment_of(min(midnight, next_look(case.after(prior_of(waiting))))))

    def _offer(self, decision: Decision, case: Case, row: Row, owner: str, because: tuple[Reason, ...]) -> Decision:
        """The lead enters the row's stage under `owner`, with its task and, where the CRM of sales has no record of it, a new one."""
        policy, prior, rule = self.policy.policy, case.prior, row.rule
        name = prior.stage if rule.to == "same" else rule.to
        since, episode = moment_of(seconds_of(self.now)), prior.episode + 1
        due = self._due(case, row, owner)
        words = words_of(case, name, owner, {"group": "", "hold": "", "review_on": "", "due": time_text(due, case)})
        created = (Effect(EffectKind.CREATE_LEAD, decision.lead, row.name, episode),) if self._creates(case) else ()
        raised = case.history.hand_raises
        offered = replace(
            decision,
            stage=name,
            since=since,
            episode=episode,
            rev=prior.rev + 1,
            side=policy.stages[name].side,
            owner=owner,
            previous_owner=case.owner if case.owner != owner and case.owner in self.frame.reps else prior.previous_owner,
            lead_type=rule.lead_type or prior.lead_type,
            next_step=sentence(rule.next_step, words),
            nurture_group="",
            due_at=due,
            review_at=None,
            offered_at=since,
            hand_raise_at=moment_of(raised[0]) if raised else prior.hand_raise_at,
            reroutes=self._reroutes(case, row),
            ready=False,
            fit_band=case.fit.band,
            intent_band=case.intent.band,
            reason=sentence(rule.reason, words),
            unchanged=False,
            effects=(*created, *task_of(case, row, episode, due, words)),
            because=(*decision.because, *because),
            release_owner=decision.release_owner if owner != case.owner else "",
        )
        self._given[owner] = self._given.get(owner, 0) + 1
        after = prior_of(offered)
        notices = with_move(case, row.name, after, words)
        told = tuple(notice.transition for notice in notices)
        look = moment_of(next_look(case.after(replace(after, told=told))))
        return replace(offered, effects=(*offered.effects, *notices), told=told, next_look_at=look)

    def _reroutes(self, case: Case, row: Row) -> int:
        if row.rule.counts_as_reroute:
            return case.prior.reroutes + 1
        return case.prior.reroutes if self.policy.policy.stages[case.prior.stage].side == Side.SALES else 0

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
