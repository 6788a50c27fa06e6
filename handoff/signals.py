"""The signals a rule may ask for: each one a function of a case, by the names of `handoff.vocabulary.SIGNALS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from handoff.accounts import named_owner, worker
from handoff.calendar import DAY_SECONDS, seconds_of
from handoff.facts import Edit
from handoff.fit import disqualifier
from handoff.handover import clock_hangs
from handoff.intake import content_lead, imported, senior_untouched, source_stopped
from handoff.lasting import once
from handoff.matrix import cell_of
from handoff.personas import NOBODY
from handoff.policy import Meaning
from handoff.records import latest_send, owner_state
from handoff.response import VALUES as RESPONSE
from handoff.response import awaits_acceptance
from handoff.silence import clock_start, covered_until, idle_business_days, idle_since, silent_days, silent_since
from handoff.spam import excluded_by, listed, spam_sign
from handoff.territory import VALUES as TERRITORY

if TYPE_CHECKING:
    from handoff.case import Case
    from handoff.compiled import Named, Row

Signal = bool | int | str | None
HOUR_SECONDS = 3600


def _days_since(case: Case, at: int | None) -> int | None:
    return None if at is None else max(0, (case.now_s - at) // DAY_SECONDS)


def base_of(case: Case, signal: str) -> int | None:
    """From when a whole-day signal counts, in seconds; None when it cannot be known."""
    return BASES[signal](case)


def _untouched_since(case: Case) -> int:
    times = [seconds_of(case.facts.first_seen), *case.history.steps[:1], *_steered(case)]
    sent = last_sent(case)
    return max(times) if sent is None else max(*times, sent)


@once
def started(case: Case) -> int:
    """From when the clocks of silence and neglect may run, in seconds."""
    return clock_start(case.prior, case.facts, case.history)


def _silent_since(case: Case) -> int:
    return silent_since(started(case), case.history)


def _steered(case: Case) -> list[int]:
    """When a person last gave the lead its owner, who works here, or its status: that is a touch of the record."""
    if not case.facts.edits:
        return []
    names = ("owner", "status") if owner_state(case.owner, case.frame) == "active" else ("status",)
    return [seconds_of(edit.at) for name in names for edit in persons_edits(case, name)]


def settles_at(case: Case) -> int:
    """When an unknown fit is acted on although data might still arrive."""
    return seconds_of(case.facts.first_seen) + case.policy.policy.fit.settle_hours * HOUR_SECONDS


def _fit_settled(case: Case) -> Signal:
    return case.fit.score is not None or bool(case["fit.disqualified"]) or case.now_s >= settles_at(case)


def _cell(case: Case) -> Signal:
    cell = cell_of(case)
    return None if cell is None else cell.name


@once
def last_sent(case: Case) -> int | None:
    """The newest marketing delivery, from activities and from the records' own stamp; one dated later than now is not believed."""
    stamped = latest_send(case.facts)
    at = seconds_of(stamped) if stamped is not None and stamped <= case.now else None
    seen = case.history.last_send
    return at if seen is None else seen if at is None else max(at, seen)


def _idle_base(case: Case) -> int | None:
    if not clock_hangs(case.policy.policy, case.prior.stage):
        return None
    return idle_since(started(case), case.prior, case.history)


BASES: Mapping[str, Callable[[Case], int | None]] = {
    "age_days": lambda case: seconds_of(case.facts.first_seen),
    "stage_days": lambda case: seconds_of(case.prior.since),
    "touch.days_ago": lambda case: case.history.touches[0] if case.history.touches else None,
    "untouched_days": _untouched_since,
    "sent_days": lambda case: last_sent(case),
    "silent_days": _silent_since,
    "silence.due": _silent_since,
    "idle_business_days": _idle_base,
    "neglect.due": _idle_base,
    "hand_raise.age_days": lambda case: case.history.hand_raises[0] if case.history.hand_raises else None,
}


def _day_signal(name: str) -> Callable[[Case], Signal]:
    return lambda case: _days_since(case, base_of(case, name))


@once
def covered(case: Case) -> int | None:
    """Up to when every source of activity is known, in seconds; None when one is not."""
    until = covered_until(case.policy.policy.silence, case.frame, case.policy.policy.systems, case.now)
    return None if until is None else seconds_of(until)


def _silent_days(case: Case) -> Signal:
    return silent_days(_silent_since(case), covered(case))


@once
def silence_bar(case: Case) -> int | None:
    """Days of silence that return a lead of this stage; None where the stage is never silent."""
    silence = case.policy.policy.silence
    days = silence.days.get(case.prior.stage)
    if days is None or is_rep_sourced(case):
        return None
    if silence.target_account_days is not None and case["target_account"]:
        return silence.target_account_days
    return days


@once
def is_rep_sourced(case: Case) -> bool:
    """Whether sales found the lead itself: silence then moves it nowhere."""
    sources = case.policy.policy.silence.rep_sourced
    return bool(sources) and case.fields.get("source", "").strip().casefold() in sources


def _idle_days(case: Case) -> Signal:
    base = base_of(case, "idle_business_days")
    return None if base is None else idle_business_days(case.policy.calendar, base, case.now_s)


def neglect_bar(case: Case) -> int | None:
    """Business days after which the owner of a lead in this stage counts as idle."""
    cadence = case.cadence
    return None if cadence is None else cadence.idle_by_stage.get(case.prior.stage, cadence.idle_business_days)


def _neglect_due(case: Case) -> Signal:
    if case["response.clock"] != "none" and awaits_acceptance(case):
        return False  # the response clock answers for the same delay
    bar, days = neglect_bar(case), case["idle_business_days"]
    return None if bar is None or days is None else days >= bar


def _touches_due_met(case: Case) -> Signal:
    cadence = case.cadence
    if cadence is None:
        return None
    steps, calls = steps_of_offer(case)
    if len(steps) < cadence.touches or len(calls) < cadence.calls:
        return False
    return not cadence.over_business_days or case.policy.calendar.business_days(steps[-1], case.now_s) >= cadence.over_business_days


def steps_of_offer(case: Case) -> tuple[list[int], list[int]]:
    """Touches and, of them, calls since the offer (an adopted lead: since it was first seen), newest first; automated ones count."""
    since = seconds_of(case.prior.offered_at or case.facts.first_seen)
    return [at for at in case.history.steps if at >= since], [at for at in case.history.calls if at >= since]


def _intent_new(case: Case) -> Signal:
    """Newer than the stage, or learned after it began although it is a little older (a CRM's own lag)."""
    since, lag, learned = seconds_of(case.prior.since), case.policy.lag_seconds, case.history.learned
    first = since if case.prior.rev == 0 else since + 1  # a new lead's first form has the instant of its creation
    return any(
        kind.points and (at >= first or (at > since - lag and seconds_of(learned[key]) > since))
        for at, key, kind in case.history.engagements
    )


def _hand_raise_waiting(case: Case) -> Signal:
    raises = case.history.hand_raises
    if not raises:
        return False
    if case.history.touches and case.history.touches[0] >= raises[0]:
        return False
    return case.prior.hand_raise_at is None or raises[0] > seconds_of(case.prior.hand_raise_at)


def _touched_since_stage(case: Case) -> Signal:
    since = seconds_of(case.prior.since)
    return sum(1 for at in case.history.steps if at > since)


def _human_since_offer(case: Case) -> Signal:
    offered = seconds_of(case.prior.offered_at or case.prior.since)
    if case.history.touches and case.history.touches[0] > offered:
        return True
    return bool(case["status.event"] == "accepted")


def latest_status_edit(case: Case) -> tuple[int, Meaning | None] | None:
    """When a person last picked a status after the stage began, and what it means (None: no meaning assigned or cleared)."""
    since, lag = seconds_of(case.prior.since), case.policy.lag_seconds
    found: list[tuple[int, str, str]] = [
        (at, system, option)
        for at, system, option, known in case.history.status_edits
        if at > since or (at > since - lag and known > since)
    ]
    if case.record is not None:
        system = case.record.ref.system
        found += [(at, system, edit.value or "") for edit in persons_edits(case, "status") if (at := seconds_of(edit.at)) > since]
    if not found:
        return None
    at, system, option = max(found)
    return at, case.policy.policy.statuses.get(system, {}).get(option)


def persons_edits(case: Case, field: str) -> list[Edit]:
    """Edits by a person to one field of the record of record, up to now."""
    return [edit for edit in case.facts.edits if edit.field == field and edit.author == "person" and edit.at <= case.now]


def taken_in_hand(case: Case, row: Row) -> bool:
    """Whether a person has given the lead an owner, or a status that says something else, which this row would take away.

    A row of the adoption goes by what was found then; a later edit is the newer fact, and stands.
    """
    if "owner" in row.override and owner_state(case.owner, case.frame) == "active" and persons_edits(case, "owner"):
        return True
    if "status" not in row.override or case.record is None:
        return False
    system, shows = case.record.ref.system, case.policy.policy.shows
    return any(not shows(system, edit.value or "", row.rule.to) for edit in persons_edits(case, "status"))


def _status_event(case: Case) -> Signal:
    if not case.history.status_edits and not case.facts.edits:
        return "none"
    edit = latest_status_edit(case)
    return "none" if edit is None or edit[1] is None else edit[1].event


def _status_mapped(case: Case) -> Signal:
    statuses = case.policy.policy.statuses
    for record in case.routed:
        status = record.fields.get("status")
        if status and status not in statuses.get(record.ref.system, {}):
            return False
    return True


@once
def hold_of(case: Case) -> Named | None:
    """The first hold that is known to apply."""
    return next((rule for rule in case.policy.holds if rule.check(case) is None), None)


def email_domain(case: Case) -> str:
    """The domain of the lead's address in lower case, "" when there is none."""
    return case.fields.get("email", "").rpartition("@")[2].strip().lower()


def _domain_in(domain: str, listed: tuple[str, ...]) -> Signal:
    return any(domain == one or domain.endswith(f".{one}") for one in listed) if domain else False


def _previous_active(case: Case) -> Signal:
    rep = case.frame.reps.get(case.prior.previous_owner)
    return rep is not None and rep.active


def deal_open(case: Case) -> bool:
    """An open deal that somebody works on; the Stage 0 deal of our own becomes one when a person moves it on."""
    history, made = case.history, case.policy.policy.opportunity
    return history.deal_open or any(stage != made.stage for stage in history.our_deals)


def _lost_since_stage(case: Case) -> Signal:
    lost = case.history.deal_lost
    return lost is not None and lost > seconds_of(case.prior.since) and not deal_open(case)


def _task_open(case: Case) -> Signal:
    """An open dated task. One just planned counts before it is pulled back: the episode has a due time and no newer task is known."""
    history = case.history
    if history.our_task_open or len(history.open_steps) > len(history.meetings_ahead):
        return True
    known = history.our_task_known
    return case.prior.due_at is not None and (known is None or known < seconds_of(case.prior.since))


VALUES: Mapping[str, Callable[[Case], Signal]] = {
    "age_days": _day_signal("age_days"),
    "stage_days": _day_signal("stage_days"),
    "fit.score": lambda case: case.fit.score,
    "fit.band": lambda case: case.fit.band,
    "fit.passes": lambda case: None if case.fit.score is None else case.fit.score >= case.policy.fit.bar,
    "fit.disqualified": lambda case: bool(disqualifier(case.policy.fit, case)),
    "fit.settled": _fit_settled,
    "persona": lambda case: NOBODY if case.persona is None else case.persona.persona.name,
    "matrix.cell": _cell,
    "intent.score": lambda case: case.intent.score,
    "intent.passes": lambda case: case.intent.score >= case.policy.intent.bar,
    "intent.new": _intent_new,
    "intent.latest": lambda case: next((kind.name for _, _, kind in case.history.engagements if kind.points), None),
    "hand_raise.ever": lambda case: bool(case.history.hand_raises),
    "hand_raise.waiting": _hand_raise_waiting,
    "hand_raise.age_days": _day_signal("hand_raise.age_days"),
    "touch.ever": lambda case: bool(case.history.touches),
    "touch.days_ago": _day_signal("touch.days_ago"),
    "touch.since_stage": _touched_since_stage,
    "touch.human_since_offer": _human_since_offer,
    "untouched_days": _day_signal("untouched_days"),
    "sent_days": _day_signal("sent_days"),
    "silent_days": _silent_days,
    "idle_business_days": _idle_days,
    "neglect.due": _neglect_due,
    "touches_due_met": _touches_due_met,
    "next_step.open": lambda case: bool(case.history.open_steps),
    "task.open": _task_open,
    "offer.ours": lambda case: case.prior.offered_at is not None,
    "owner.state": lambda case: owner_state(case.owner, case.frame),
    "owner.released": lambda case: bool(case.prior.previous_owner) and owner_state(case.owner, case.frame) in ("none", "queue"),
    "status.event": _status_event,
    "status.mapped": _status_mapped,
    "contactable": lambda case: hold_of(case) is None,
    "nurture.enrolled": lambda case: bool(case.prior.nurture_group),
    "nurture.planned": lambda case: bool(case.prior.nurture_group) or case.prior.review_at is not None,
    "deal.open": deal_open,
    "deal.won": lambda case: case.history.deal_won,
    "deal.lost_since_stage": _lost_since_stage,
    "own_domain": lambda case: _domain_in(email_domain(case), case.policy.policy.company.own_domains),
    "free_mail": lambda case: _domain_in(email_domain(case), case.policy.policy.company.free_mail_domains),
    "review.due": lambda case: case.prior.review_at is not None and case.now >= case.prior.review_at,
    "reroutes": lambda case: case.prior.reroutes,
    "adopting": lambda case: case.frame.adopting,
    "account.worked": lambda case: bool(worker(case)),
    "content_lead": content_lead,
    "senior_untouched": senior_untouched,
    "spam.likely": lambda case: bool(spam_sign(case)),
    "competitor_domain": lambda case: listed(email_domain(case), case.policy.competitors),
    "excluded": lambda case: bool(excluded_by(case.fields, case.frame.exclusions)),
    "imported": imported,
    "source.stopped": source_stopped,
    "target_account": lambda case: named_owner(case) is not None,
    "previous_owner.active": _previous_active,
    **RESPONSE,
    **TERRITORY,
}
