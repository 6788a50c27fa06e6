"""What should hold for one lead: a pure function of what it was, its facts, the policy, everything about the others, and the time.

In this order: scope, identity and unmapped statuses (held and reported), a hold by undo, then the transition table. A row that needs an
owner leaves the lead where it is and asks `assign` by `ready`. A move is walked on until nothing fires any more, so that the next run
finds nothing to do.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from handoff.accounts import named_owner, worker
from handoff.calendar import moment_of, seconds_of
from handoff.case import Case, open_case
from handoff.compiled import CompiledPolicy, Route, Row
from handoff.decision import Decision, Effect, EffectKind, Frame, Prior, Reason, Side, decision_of
from handoff.facts import LeadFacts
from handoff.freeze import after_freeze
from handoff.milestones import taken
from handoff.notices import by_clock, to_whom_it_concerns, with_move
from handoff.nurture import nurture_place
from handoff.records import QUEUE, departure, owner_state
from handoff.scope import left_out
from handoff.signals import latest_status_edit, persons_edits
from handoff.sla import due_at
from handoff.spam import spam_sign
from handoff.stage import alerts, fact_at, next_look, walk
from handoff.wording import Words, brief, day_text, owner_name, sentence, time_text

DEALS_IN = "hubspot"  # a Salesforce Lead has no account before its conversion, which makes the opportunity itself
MOST_STEPS = 4  # moves in one decision; a table that goes on longer runs in a circle
HELD_LOOK = timedelta(days=1)
NOTHING_GIVEN = {"group": "", "hold": "", "review_on": "", "due": ""}


def decide(prior: Prior | None, facts: LeadFacts, policy: CompiledPolicy, frame: Frame, now: datetime) -> Decision:
    """The decision on one lead at `now` (aware UTC). Surprises in the data become `exceptions`; only a broken policy raises."""
    case = open_case(prior, facts, policy, frame, now)
    gone = departure(facts, case.routed)
    outside = gone or left_out(case)
    if outside:
        look = None if gone else moment_of(next_look(case))
        because = (*scores(case), ("scope", outside))
        left = _stay(case, because, out_of_scope=outside, next_look_at=look, exceptions=_listed(case, outside))
        return left if gone else _told(left, to_whom_it_concerns(case, outside, Words(case, {})))
    problems = tuple((problem, "") for problem in facts.problems) + _unmapped(case)
    if problems:
        because = tuple(("held", reason, detail) for reason, detail in problems)
        return _stay(case, (*scores(case), *because), exceptions=problems, next_look_at=now + HELD_LOOK)
    held_until = case.prior.held_until
    if held_until is not None and now < held_until:
        return _stay(case, (*scores(case), ("held", "undo", held_until.isoformat())), next_look_at=held_until)
    if case["source.stopped"] and not case["hand_raise.waiting"]:
        stopped = (("source_stopped", case.fields.get("source", "")),)
        return _stay(case, (*scores(case), ("held", *stopped[0])), exceptions=stopped, next_look_at=now + HELD_LOOK)
    decision = _walk_on(case)
    if decision.unchanged or decision.ready or not policy.policy.company.freezes:
        return decision
    return after_freeze(case, decision, _stay(case, (), next_look_at=None))


def _listed(case: Case, rule: str) -> tuple[tuple[str, str], ...]:
    """Spam stands on the exceptions list with the sign that gave it away, so that a person can see a mistake; what sales found itself is
    never moved, only told of."""
    kind = next((scope.kind for scope in case.policy.policy.scope if scope.name == rule), "")
    if kind == "spam":
        return (("spam", spam_sign(case)),)
    return alerts(case) if kind == "rep_sourced" else ()


def first_stage(facts: LeadFacts, policy: CompiledPolicy, frame: Frame, now: datetime) -> Prior:
    """Where a lead stands by the CRMs alone, without deciding anything (for the read-only look)."""
    return open_case(None, facts, policy, frame, now).prior


def _unmapped(case: Case) -> tuple[tuple[str, str], ...]:
    if case["status.mapped"]:
        return ()
    statuses = case.policy.policy.statuses
    found = [(record.ref.system, record.fields.get("status", "")) for record in case.routed]
    unknown = [(system, status) for system, status in found if status and status not in statuses.get(system, {})]
    return tuple(("unmapped_status", f"{system}: {status}") for system, status in unknown)


def scores(case: Case) -> tuple[Reason, ...]:
    """The trace of both scores."""
    return (*case.fit.because, *case.intent.because)


def heat(case: Case) -> tuple[int, int, int]:
    """(a hand-raise waits, intent, fit): larger is hotter; unknown fit is the coldest."""
    fit = case.fit.score
    return (1 if case["hand_raise.waiting"] else 0, case.intent.score, -1 if fit is None else fit)


def _stay(
    case: Case,
    because: tuple[Reason, ...],
    *,
    next_look_at: datetime | None,
    out_of_scope: str = "",
    exceptions: tuple[tuple[str, str], ...] = (),
) -> Decision:
    """The lead as it is: nothing to write."""
    return _decision(case, Move(case.prior, exceptions=exceptions), because, next_look_at, out_of_scope=out_of_scope)


class Move(NamedTuple):
    """What a lead becomes: the next `prior`, and what the row behind it (None: it stays) does besides."""

    prior: Prior
    row: Row | None = None
    effects: tuple[Effect, ...] = ()
    override: tuple[str, ...] = ()
    exceptions: tuple[tuple[str, str], ...] = ()
    fact_at: datetime | None = None


class Asked(NamedTuple):
    """A row that needs an owner, and where to look for one."""

    row: Row
    pool: str
    preferred: str
    releases: bool
    override: tuple[str, ...]
    fact_at: datetime
    exceptions: tuple[tuple[str, str], ...]


def _decision(
    case: Case,
    move: Move,
    because: tuple[Reason, ...],
    next_look_at: datetime | None,
    *,
    out_of_scope: str = "",
    asked: Asked | None = None,
) -> Decision:
    """The decision on a case that becomes `move`; `case` is the lead as it was found. `asked` makes it ready for `assign`."""
    prior, row = move.prior, move.row
    owner = prior.owner if row is not None else case.owner
    released = row.name if row is not None and owner != case.owner else ""
    return decision_of(
        prior,
        owner=owner,
        pool=prior.pool if asked is None else asked.pool,
        lead=case.facts.key,
        side=case.policy.policy.stages[prior.stage].side,
        transition=asked.row.name if asked is not None else row.name if row is not None else "",
        ready=asked is not None,
        release_owner=released if asked is None else asked.row.name if asked.releases else "",
        heat=heat(case),
        first_seen=(case.facts.first_seen.isoformat(), case.facts.key),
        effects=move.effects,
        next_look_at=next_look_at,
        in_scope=not out_of_scope,
        out_of_scope=out_of_scope,
        unchanged=row is None,
        override=move.override if asked is None else asked.override,
        exceptions=move.exceptions if asked is None else asked.exceptions,
        because=because,
        from_stage=case.prior.stage,
        from_owner=case.owner,
        fact_at=move.fact_at if asked is None else asked.fact_at,
        preferred_owner="" if asked is None else asked.preferred,
    )


def _walk_on(first: Case) -> Decision:
    """Follow the table until nothing fires or a row asks for an owner."""
    case, because = first, [*first.fit.because, *first.intent.because]
    move = Move(first.prior)
    for _ in range(MOST_STEPS):
        walked = walk(case)
        because.extend(walked.because)
        if walked.row is None:
            because.append(("stay", case.prior.stage))
            if told := alerts(case):
                move = move._replace(exceptions=(*move.exceptions, *told))
            stays = _decision(first, move, tuple(because), moment_of(next_look(case)))
            return _told(stays, by_clock(case, Words(case, {})))
        because.append(("fired", walked.row.name, case.prior.stage, walked.row.rule.to, _by_author(case, walked.row)))
        if walked.row.rule.ready:
            asked, routed = _ask_for_owner(case, walked.row)
            look = min(next_look(case), case.policy.calendar.next_midnight(case.now_s))
            return _decision(first, move, (*because, routed), moment_of(look), asked=asked)
        move = _moved(case, walked.row)
        case = case.after(move.prior)
    circle = ("rules_in_a_circle", " -> ".join(str(step[1]) for step in because if step[0] == "fired"))
    return _stay(first, tuple(because), exceptions=(circle,), next_look_at=first.now + HELD_LOOK)


def _told(decision: Decision, notices: tuple[Effect, ...]) -> Decision:
    """The decision with notices that a clock sets off: nothing on the record changes by them."""
    if not notices:
        return decision
    told = (*decision.told, *(notice.transition for notice in notices))
    return decision._replace(effects=(*decision.effects, *notices), told=told)


def _by_author(case: Case, row: Row) -> str:
    return "a person's status" if "status.event" in row.reads and latest_status_edit(case) is not None else ""


def overrides(case: Case, row: Row) -> frozenset[str]:
    """Fields the row may take from a person: those it names, where its fact is newer than every edit of the field."""
    if not row.override or not case.facts.edits:
        return row.override
    newer = fact_at(case, row)
    late = {edit.field.removeprefix("handoff_") for edit in case.facts.edits if seconds_of(edit.at) > newer}
    return row.override - late


def owner_stands(case: Case, row: Row) -> bool:
    """Whether a person gave the lead its owner, who works here, and this row may not take it back."""
    given = owner_state(case.owner, case.frame) == "active" and persons_edits(case, "owner")
    return bool(given) and "owner" not in overrides(case, row)


def _ask_for_owner(case: Case, row: Row) -> tuple[Asked, Reason]:
    """Ready for sales: the lead stays where it is until `assign` finds somebody."""
    pool, preferred, routed = route_of(case, row)
    unrouted = () if pool or preferred else (("no_route", row.name),)
    releases = row.rule.release_owner and not owner_stands(case, row)
    fact = moment_of(fact_at(case, row))
    return Asked(row, pool, preferred, releases, tuple(sorted(overrides(case, row))), fact, unrouted), routed


def route_of(case: Case, row: Row) -> tuple[str, str, Reason]:
    """(pool, preferred owner, trace): the row's own pool, else the first routing rule that holds."""
    previous = case.prior.previous_owner
    if row.rule.to_previous_owner and returns_to(case):
        return row.rule.pool or _pool_of(case), previous, ("route", "previous owner", previous)
    if row.rule.pool:
        return row.rule.pool, "", ("route", row.name, row.rule.pool)
    for route in case.policy.routes:
        if route.check(case) is None:
            if route.to_account_worker:
                colleague = worker(case)
                if not colleague:
                    continue
                return route.pool or _pool_of(case), colleague, ("route", route.name, colleague)
            person = _person_of(case, route)
            if (route.to_account_owner or route.to_pair) and not route.pool and owner_state(person, case.frame) != "active":
                continue
            return route.pool, person, ("route", route.name, person or route.pool)
    return "", "", ("route", "none", None)


def _person_of(case: Case, route: Route) -> str:
    """The named account's owner, or the rep paired with that owner; "" where the route names neither. Who is away is skipped later."""
    owner = named_owner(case) if route.to_account_owner or route.to_pair else None
    if not owner or not route.to_pair:
        return owner or ""
    rep = case.frame.reps.get(owner)
    if rep is not None and rep.pair:
        return rep.pair
    return next((key for key, other in sorted(case.frame.reps.items()) if other.pair == owner), "")


def returns_to(case: Case) -> str:
    """The previous owner, while active and of a role that keeps leads; "" for nobody."""
    rep = case.frame.reps.get(case.prior.previous_owner)
    return rep.key if rep is not None and rep.active and rep.role in case.policy.policy.keep_owner_roles else ""


def _pool_of(case: Case) -> str:
    return next((route.pool for route in case.policy.routes if route.pool and route.check(case) is None), "")


def _moved(case: Case, row: Row) -> Move:
    """The lead after a row that needs no new owner."""
    prior, rule, policy = case.prior, row.rule, case.policy.policy
    name = prior.stage if rule.to == "same" else rule.to
    sales = policy.stages[name].side == Side.SALES
    owner = _owner_after(case, row, name)
    group, hold, review = nurture_place(case, row)
    due = moment_of(due_at(rule.task, case.now_s, case.now_s, 0, case.policy.calendar, policy.hand_raise)) if rule.task else None
    words = words_of(case, name, owner, group=group, hold=hold, review_on=day_text(review, case), due=time_text(due, case))
    after = prior._replace(
        stage=name,
        since=prior.since if rule.continues else moment_of(case.now_s),
        episode=prior.episode + 1,
        rev=prior.rev + 1,
        owner=owner,
        previous_owner=case.owner if owner != case.owner and case.owner in case.frame.reps else prior.previous_owner,
        pool=prior.pool if sales else "",
        lead_type=rule.lead_type or prior.lead_type,
        next_step=f"hold: {hold.replace('_', ' ')}" if hold else sentence(rule.next_step, words),
        nurture_group=group,
        due_at=(due or review) if rule.continues else due,
        review_at=(review or prior.review_at) if rule.continues else review,
        offered_at=prior.offered_at if sales else None,
        reroutes=prior.reroutes if sales else 0,
        tried=prior.tried if sales else (),
        waived_seconds=prior.waived_seconds if sales else 0,
        held_until=None,
        fit_band=case.fit.band,
        intent_band=case.intent.band,
        reason=sentence(rule.reason, words),
    )
    unplaced = (("no_nurture_group", row.name),) if rule.nurture and not group and not hold else ()
    after = taken(case, row, after)
    notices = with_move(case, row.name, after, words)
    kept = prior.told if rule.continues else ()
    after = after._replace(told=(*kept, *(notice.transition for notice in notices)))
    effects = (*task_of(case, row, after.episode, due, words), *deal_of(case, row, after.episode, words), *notices)
    return Move(after, row, effects, tuple(sorted(overrides(case, row))), unplaced, moment_of(fact_at(case, row)))


def words_of(case: Case, stage: str, owner: str, **given: str) -> Words:
    """Template values of a move to `stage` under `owner`; what is not given of group, hold, review_on and due is blank."""
    return Words(case, {**NOTHING_GIVEN, **given, "stage": case.policy.policy.stages[stage].label, "new_owner": owner_name(owner, case)})


def task_of(case: Case, row: Row, episode: int, due: datetime | None, words: Words) -> tuple[Effect, ...]:
    """The one task a transition creates."""
    task = row.rule.task
    if task is None:
        return ()
    text = brief(task.lines, words)
    return (Effect(EffectKind.TASK, case.facts.key, row.name, episode, due, text, sentence(task.subject, words)),)


def deal_of(case: Case, row: Row, episode: int, words: Words) -> tuple[Effect, ...]:
    """The Stage 0 opportunity of a transition, where the policy makes one and HubSpot knows the lead."""
    opportunity = case.policy.policy.opportunity
    there = any(record.ref.system == DEALS_IN for record in case.routed)
    if row.rule.creates != "opportunity" or not opportunity.create or not there or case.history.deal_open or case.history.our_deals:
        return ()
    return (Effect(EffectKind.CREATE_DEAL, case.facts.key, row.name, episode, subject=sentence(opportunity.name, words)),)


def _owner_after(case: Case, row: Row, stage: str) -> str:
    """An active owner is kept unless the row releases it; then the stage says: the nurture queue, nobody, or as it is."""
    wanted, releases = case.policy.policy.stages[stage].owner, row.rule.release_owner
    if owner_stands(case, row) or (not releases and (wanted in ("keep", "rep") or owner_state(case.owner, case.frame) == "active")):
        return case.owner
    queue = case.policy.policy.nurture_queue
    system = case.record.ref.system if case.record is not None else ""
    if wanted == "queue" and case.frame.queues.get(queue, {}).get(system):
        return f"{QUEUE}{queue}"
    return ""
