"""What a ready lead becomes once it is known who takes it: offered with its task, or waiting with marketing."""

from __future__ import annotations

from datetime import datetime

from handoff.calendar import moment_of, seconds_of
from handoff.case import Case
from handoff.compiled import Row
from handoff.decide import task_of, words_of
from handoff.decision import Decision, Effect, EffectKind, Reason, Side, prior_of
from handoff.milestones import milestones
from handoff.notices import with_move
from handoff.nurture import nurture_place
from handoff.response import waived_at_offer
from handoff.stage import next_look
from handoff.wording import day_text, sentence, time_text


def waiting(
    decision: Decision, case: Case, row: Row, because: tuple[Reason, ...], exceptions: tuple[tuple[str, str], ...] = ()
) -> Decision:
    """Nobody has room: where the row says how, the lead waits in the waiting stage; else it stays where it is."""
    policy, prior = case.policy.policy, case.prior
    stage = policy.stages[policy.waiting_stage]
    told = decision._replace(because=(*decision.because, *because), exceptions=(*decision.exceptions, *exceptions))
    if not row.rule.wait_next_step or prior.stage == stage.name:
        return told
    group, hold, review = nurture_place(case, row)
    words = words_of(case, stage.name, case.owner, group=group, hold=hold, review_on=day_text(review, case))
    waits = told._replace(
        stage=stage.name,
        since=moment_of(case.now_s),
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
    midnight = case.policy.calendar.next_midnight(case.now_s)
    waits = waits._replace(**milestones(case, row, prior_of(waits), waits=True))
    return waits._replace(next_look_at=moment_of(min(midnight, next_look(case.after(prior_of(waits))))))


def offered(
    decision: Decision, case: Case, row: Row, owner: str, because: tuple[Reason, ...], due: datetime | None, *, creates: bool
) -> Decision:
    """The lead enters the row's stage under `owner`, with its task and, where the CRM of sales has no record of it (`creates`), a new one.

    Its notices and its next look come with `told_of`, once the desk has noted who took it.
    """
    prior, rule = case.prior, row.rule
    name = prior.stage if rule.to == "same" else rule.to
    episode, since = prior.episode + 1, moment_of(case.now_s)
    words = words_of(case, name, owner, due=time_text(due, case))
    created = (Effect(EffectKind.CREATE_LEAD, decision.lead, row.name, episode),) if creates else ()
    raised = case.history.hand_raises
    asked = moment_of(raised[0]) if raised else prior.hand_raise_at
    made = decision._replace(
        stage=name,
        since=since,
        episode=episode,
        rev=prior.rev + 1,
        side=case.policy.policy.stages[name].side,
        owner=owner,
        previous_owner=case.owner if case.owner != owner and case.owner in case.frame.reps else prior.previous_owner,
        lead_type=rule.lead_type or prior.lead_type,
        next_step=sentence(rule.next_step, words),
        nurture_group="",
        due_at=due,
        review_at=None,
        offered_at=since,
        hand_raise_at=asked,
        reroutes=_reroutes(case, row),
        tried=_tried(case, row),
        waived_seconds=waived_at_offer(case, None if asked is None else seconds_of(asked), case.now_s),
        ready=False,
        fit_band=case.fit.band,
        intent_band=case.intent.band,
        reason=sentence(rule.reason, words),
        unchanged=False,
        effects=(*created, *task_of(case, row, episode, due, words)),
        because=(*decision.because, *because),
        release_owner=decision.release_owner if owner != case.owner else "",
    )
    return made._replace(**milestones(case, row, prior_of(made)))


def told_of(made: Decision, case: Case, row: Row) -> Decision:
    """The offer with its notices and its next look."""
    after = prior_of(made)
    words = words_of(case, made.stage, made.owner, due=time_text(made.due_at, case))
    notices = with_move(case, row.name, after, words)
    told = tuple(notice.transition for notice in notices)
    look = moment_of(next_look(case.after(after._replace(told=told))))
    return made._replace(effects=(*made.effects, *notices), told=told, next_look_at=look)


def with_sales(case: Case) -> bool:
    """Whether sales holds the lead already."""
    return case.policy.policy.stages[case.prior.stage].side == Side.SALES


def _reroutes(case: Case, row: Row) -> int:
    if row.rule.counts_as_reroute:
        return case.prior.reroutes + 1
    return case.prior.reroutes if with_sales(case) else 0


def _tried(case: Case, row: Row) -> tuple[str, ...]:
    """Who had the lead in this cycle and let it lapse; whoever has it now joins them when a re-route takes it away."""
    tried = case.prior.tried if with_sales(case) else ()
    lapsed = row.rule.counts_as_reroute and case.owner in case.frame.reps and case.owner not in tried
    return (*tried, case.owner) if lapsed else tried
