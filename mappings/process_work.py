"""Routing, service levels, feedback and nurture as the process document tells them."""

from __future__ import annotations

from collections.abc import Iterator

from handoff.policy import Cadence, Policy, ReasonCode, RouteRule
from mappings.reference import table, words

EVERYBODY = "every other lead"


def routing_part(policy: Policy) -> Iterator[str]:
    """Who gets a lead, in order, and how much a rep can take."""
    yield "\n## Who gets a lead\n"
    yield (
        "The first line that holds decides. Within a pool people take strict turns; who has left, is away or is full is passed over, and"
        " the reason is on record. An active owner keeps the lead. [R48, R55-R68, R111]\n"
    )
    yield table(("line", "when", "goes to"), ((route.name.replace("_", " "), words(route.when), _goes(route)) for route in policy.routes))


def _goes(route: RouteRule) -> str:
    if route.to_account_worker:
        return "the rep who works somebody of the same account, else the next line decides"
    first = "the account's owner" if route.to_account_owner else "the rep paired with the account's owner" if route.to_pair else ""
    return ", else ".join(part for part in (first, route.pool.replace("_", " ")) if part)


def cadence_part(policy: Policy) -> Iterator[str]:
    """First response, touches, when an owner counts as idle."""
    raised = policy.hand_raise
    yield "\n## Service level of sales\n"
    yield (
        f"Who asks for a demo, a call or a price is answered within {raised.respond_minutes} minutes of business time, out of hours within"
        f" {raised.respond_after_opening_minutes} minutes of opening, counted from the request. A request found unanswered after"
        f" {raised.aged_after_days} days has its own brief; after {raised.reconfirm_after_days} days the first step is to ask whether it"
        f" still stands. A backlog is spread, {raised.per_rep_per_day} a day per rep, hottest first. The CRM's own calls, mails and"
        " meetings are the proof. [R33, R69-R78, R106, R123]\n"
    )
    yield from _clocks(policy)
    head = ("lead type", "touches before it may go back", "reminded", "late", "lapses", "owner counts as idle after")
    yield table(head, (_cadence(cadence, policy) for cadence in policy.cadences))


def _clocks(policy: Policy) -> Iterator[str]:
    """The marks of the two clocks, in business minutes."""
    raised = policy.hand_raise
    again = " and ".join(f"{minutes}" for minutes in raised.reroute_after_minutes)
    times = len(raised.reroute_after_minutes)
    yield (
        f"A request has one clock, across re-routes: its owner is reminded after {raised.remind_minutes} business minutes, it goes to"
        f" another rep after {again}, the manager is told after {raised.manager_after_minutes} and has it after"
        f" {raised.manager_queue_after_minutes}. Every other lead's clock starts anew with each offer: where nobody has worked it by the"
        f" time below, it lapses and goes to another rep, {times} times at most; the manager is told from the second lapse on and has it"
        " after the last. An absence does not count. Minutes below are business minutes. [R69, R73, R77, R78, R87]\n"
    )


def _cadence(cadence: Cadence, policy: Policy) -> tuple[str, ...]:
    stages = ", ".join(f"{days} as {policy.stages[stage].label.lower()}" for stage, days in cadence.idle_by_stage.items())
    idle = f"{cadence.idle_business_days} business {'day' if cadence.idle_business_days == 1 else 'days'}" + (
        f" ({stages})" if stages else ""
    )
    marks = (cadence.remind_minutes, cadence.respond_minutes, cadence.accept_minutes)
    told = ("never" if minutes is None else f"after {minutes}" for minutes in marks)
    return cadence.lead_type.replace("_", " ") or EVERYBODY, _touches(cadence), *told, idle


def _touches(cadence: Cadence) -> str:
    calls = f", {cadence.calls} of them calls" if cadence.calls else ""
    return f"{cadence.touches}{calls}" + (f", over {cadence.over_business_days} business days" if cadence.over_business_days else "")


def reasons_part(policy: Policy) -> Iterator[str]:
    """What a status a person picks means, and what each reason leads to."""
    yield "\n## What sales says, and what follows\n"
    yield "Every reason has an action. “Bad” is no reason: nobody learns from it. [R86-R97, R99, R100, R104]\n"
    yield table(("reason", "what follows"), ((code.label, _action(code)) for code in policy.reasons.values()))
    rows = (
        (system, option, meaning.event.replace("_", " "), policy.stages[meaning.stage].label)
        for system, options in policy.statuses.items()
        for option, meaning in options.items()
    )
    yield "\nWhat each status option means when a person picks it:\n"
    yield table(("CRM", "option", "says", "stage of a lead found in it"), rows)


def _action(code: ReasonCode) -> str:
    told = {
        "nurture": "nurture by marketing",
        "suppress": "no sales work any more",
        "reroute": "to another rep",
        "merge": "records are put together by a person",
        "correct": "the owner is asked for a reason",
    }[code.action]
    return f"{told}, looked at again after {code.wake_days} days" if code.wake_days else told


def nurture_part(policy: Policy) -> Iterator[str]:
    """Silence, groups and holds."""
    silence = policy.silence
    named = f"; {silence.target_account_days} days for named accounts" if silence.target_account_days else ""
    days = ", ".join(f"{number} days as {policy.stages[stage].label.lower()}" for stage, number in silence.days.items())
    sources = "; ".join(f"{system}: {', '.join(names)}" for system, names in silence.sources.items())
    yield "\n## Back to marketing\n"
    yield (
        f"Silent is a lead without a sign of life for {days}{named}, when the touches were made and no meeting, dated task or sequence lies"
        f" ahead. What was not read is not silence: these sources must be read up to the deadline ({sources}). [R7, R8, R98, R101-R107]\n"
    )
    yield table(("nurture group", "who"), ((group.name, words(group.when)) for group in policy.groups))
    yield "\nWho may not be mailed is held until a date instead [R96]:\n"
    yield table(("hold", "when", "looked at again after"), ((one.name, words(one.when), f"{one.review_days} days") for one in policy.holds))


def scope_part(policy: Policy) -> Iterator[str]:
    """Who is left alone."""
    yield "\n## Who is left alone\n"
    yield "Never moved, never re-assigned, never given a task; counted in every run. [R16]\n"
    yield table(("who", "when"), ((rule.name.replace("_", " "), words(rule.when)) for rule in policy.scope))
