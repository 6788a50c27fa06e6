"""One pass over a lead's activities: who touched whom, and when, in whole seconds since 1970.

A human touch is a call, a one-to-one e-mail or a meeting that took place, made by a person of the company: not ours, not an automated
step, not a task that was merely closed. A step is any touch, automated ones included; steps count towards a cadence, never as a first
response. What lies in the future of `now`, or was learned later, is not read; the earliest such moment is kept, because the lead must
be looked at again then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from handoff.calendar import DAY_SECONDS
from handoff.facts import TAKEN_BACK, Activity, Actor, Kind
from handoff.intent import Engagement, IntentRules

SAME_FACT_SECONDS = 300  # one form or one call, seen in two systems
ROBOT_CLICK_SECONDS = 10  # mail scanners click every link on delivery
CONNECTED = frozenset({"connected", "inbound"})
MET = frozenset({"held", "unknown", "no_show", "scheduled"})  # outcomes are rarely recorded: a past meeting took a person
# Looked up once: this module reads every activity of every lead.
BY_LEAD, BY_REP = Actor.LEAD, Actor.REP
SEND, FORM, REPLY, CALL, EMAIL, MEETING, TASK = Kind.SEND, Kind.FORM, Kind.REPLY, Kind.CALL, Kind.EMAIL, Kind.MEETING, Kind.TASK
DEAL = Kind.DEAL


@dataclass(slots=True)
class History:
    """What the rules ask of a lead's past. Lists are newest first; times are seconds since 1970."""

    touches: list[int] = field(default_factory=list)  # by a person
    steps: list[int] = field(default_factory=list)  # by a person or a sequence
    calls: list[int] = field(default_factory=list)  # those of the steps that are calls
    last_send: int | None = None
    last_sign: int | None = None  # the lead replied, spoke, met, asked or did what the policy counts as a sign of life
    engagements: list[Engagement] = field(default_factory=list)
    learned: dict[str, datetime] = field(default_factory=dict)  # activity key of an engagement or edit -> when it became known
    hand_raises: list[int] = field(default_factory=list)
    status_edits: list[tuple[int, str, str, int]] = field(default_factory=list)  # (at, system, option, known at)
    owner_edited: int | None = None
    open_steps: list[int] = field(default_factory=list)  # due times of a person's open dated tasks, starts of future meetings
    meetings_ahead: list[int] = field(default_factory=list)
    deal_open: bool = False
    our_deals: list[str] = field(default_factory=list)  # stages of the open deals this product made
    deal_won: bool = False
    deal_lost: int | None = None  # the newest loss
    our_task_open: bool = False  # a dated task of ours
    our_task_due: int | None = None  # the latest due time of an open task of ours
    engaged_at: int | None = None  # the newest thing the lead did itself, opens left out
    our_task_known: int | None = None  # when the newest task of ours became known
    events: list[tuple[int, str, str]] = field(default_factory=list)  # (at, kind, subject) of what counts ask for, oldest first
    subjects: dict[str, str] = field(default_factory=dict)  # activity key -> subject, of what counts ask for
    later: int | None = None  # the earliest moment at which a fact not read yet becomes readable


def read_history(activities: Sequence[Activity], now: datetime, rules: IntentRules, owners: Mapping[str, str]) -> History:
    """The history at `now`, whatever the order of `activities` and however often one is repeated."""
    history = History()
    made: list[tuple[int, str, str, bool]] = []
    engaged: list[Engagement] = []
    sends: list[int] = []
    for activity in _each_once(activities):
        if activity.known_at > now:
            _look_later(history, activity.known_at)
            continue
        kind, occurred_at = activity.kind, activity.occurred_at
        at = int(occurred_at.timestamp())
        if activity.ours and kind == TASK and activity.outcome != TAKEN_BACK:
            _our_task(history, activity)
        if occurred_at > now:
            _ahead(history, activity, at)
        elif kind == SEND:
            sends.append(at)
        elif activity.actor == BY_LEAD and kind != MEETING:
            if history.engaged_at is None or at > history.engaged_at:
                history.engaged_at = at
            _engages(history, activity, at, rules, engaged)
            if kind in (REPLY, FORM) or (kind == CALL and activity.outcome in CONNECTED):
                _sign(history, at)
        elif kind == DEAL and activity.ours and activity.outcome == "open":
            history.our_deals.append(activity.subject)
        elif not activity.ours or kind == DEAL:
            _by_company(history, activity, at, made, owners)
            if (kind in (CALL, MEETING)) and not activity.automated:
                _engages(history, activity, at, rules, engaged)
    if sends:
        history.last_send = max(sends)
    if made:
        _unite_touches(history, made)
    if engaged:
        _unite_engagements(history, engaged, sends)
    if history.status_edits:
        history.status_edits.sort(reverse=True)
    return history


def _each_once(activities: Sequence[Activity]) -> Iterable[Activity]:
    """Every activity once; nearly always that is the sequence itself."""
    if len({activity.key for activity in activities}) == len(activities):
        return activities
    return {activity.key: activity for activity in activities}.values()


def _look_later(history: History, moment: datetime) -> None:
    at = int(moment.timestamp()) + 1
    history.later = at if history.later is None else min(history.later, at)


def _ahead(history: History, activity: Activity, at: int) -> None:
    """A record dated later than now: a meeting ahead is a next step; everything else is not trusted before its time."""
    _look_later(history, activity.occurred_at)
    if activity.ours:
        return
    if activity.kind == MEETING and activity.outcome != "cancelled":
        history.open_steps.append(at)
        history.meetings_ahead.append(at)
    elif activity.kind == TASK and activity.outcome == "open" and activity.due_at is not None:
        history.open_steps.append(int(activity.due_at.timestamp()))


def _our_task(history: History, activity: Activity) -> None:
    known = int(activity.known_at.timestamp())
    if activity.outcome == "open" and activity.due_at is not None:
        due = int(activity.due_at.timestamp())
        history.our_task_due = due if history.our_task_due is None else max(due, history.our_task_due)
    history.our_task_open = history.our_task_open or (activity.outcome == "open" and activity.due_at is not None)
    history.our_task_known = known if history.our_task_known is None else max(known, history.our_task_known)


def _engages(history: History, activity: Activity, at: int, rules: IntentRules, engaged: list[Engagement]) -> None:
    """What the policy counts as engagement: of the lead alone, or of both in a conversation."""
    counted = rules.counted(activity.kind, activity.subject, activity.outcome)
    if counted is None:
        return
    engaged.append((at, activity.key, counted))
    if counted.name in rules.counted_names:
        history.subjects[activity.key] = activity.subject
    history.learned[activity.key] = activity.known_at
    if counted.breaks_silence or counted.hand_raise:
        _sign(history, at)


def _sign(history: History, at: int) -> None:
    if history.last_sign is None or at > history.last_sign:
        history.last_sign = at


def _by_company(history: History, activity: Activity, at: int, made: list[tuple[int, str, str, bool]], owners: Mapping[str, str]) -> None:
    kind, outcome = activity.kind, activity.outcome
    if (kind == MEETING and outcome in MET) or ((kind in (CALL, EMAIL)) and activity.actor == BY_REP):
        who = owners.get(f"{activity.about.system}:{activity.by}", activity.by)
        made.append((at, kind, who, activity.automated))
        if not activity.automated and ((kind == CALL and outcome in CONNECTED) or (kind == MEETING and outcome == "held")):
            _sign(history, at)
    elif kind == TASK:
        if outcome == "open" and activity.due_at is not None:
            history.open_steps.append(int(activity.due_at.timestamp()))
    elif kind == Kind.STATUS_EDIT:
        if not activity.automated:
            history.status_edits.append((at, activity.about.system, activity.subject, int(activity.known_at.timestamp())))
    elif kind == Kind.DEAL:
        _deal(history, outcome, at)
    elif kind == Kind.OWNER_EDIT and not activity.automated:
        history.owner_edited = at if history.owner_edited is None else max(at, history.owner_edited)


def _deal(history: History, outcome: str, at: int) -> None:
    history.deal_open = history.deal_open or outcome == "open"
    history.deal_won = history.deal_won or outcome == "won"
    if outcome == "lost":
        history.deal_lost = at if history.deal_lost is None else max(at, history.deal_lost)


def _unite_touches(history: History, made: list[tuple[int, str, str, bool]]) -> None:
    """One touch logged twice (a task and an e-mail, or in both CRMs) counts once; a person's record of it wins over the tool's."""
    kept: dict[tuple[str, str], tuple[int, int]] = {}  # (kind, who) -> (time, index in steps)
    steps: list[tuple[int, bool]] = []
    calls: list[int] = []
    for at, kind, who, automated in sorted(made):
        last = kept.get((kind, who))
        if last is not None and at - last[0] <= SAME_FACT_SECONDS:
            first, was_automated = steps[last[1]]
            steps[last[1]] = (first, was_automated and automated)
            continue
        kept[(kind, who)] = (at, len(steps))
        steps.append((at, automated))
        if kind == CALL:
            calls.append(at)
    history.steps = [at for at, _ in reversed(steps)]
    history.touches = [at for at, automated in reversed(steps) if not automated]
    history.calls = calls[::-1]


def _unite_engagements(history: History, engaged: list[Engagement], sends: list[int]) -> None:
    """The same form seen twice is one fact; clicks count once a day (UTC) and not as robots' clicks right after delivery."""
    last: dict[str, int] = {}
    kept: list[Engagement] = []
    engaged.sort(key=_when)
    if history.subjects:
        _unite_events(history, engaged, sends)
    for at, key, counted in engaged:
        before = last.get(counted.topic)
        if before is not None and at - before <= SAME_FACT_SECONDS:
            continue
        if counted.is_click:
            if before is not None and at // DAY_SECONDS == before // DAY_SECONDS:
                continue
            if _by_robot(at, sends):
                continue
        last[counted.topic] = at
        kept.append((at, key, counted))
        if counted.hand_raise:
            history.hand_raises.append(at)
    kept.reverse()
    history.hand_raises.reverse()
    history.engagements = kept


def _unite_events(history: History, engaged: list[Engagement], sends: list[int]) -> None:
    """What counts read: every event but mirrors and robots; two mails clicked on one day are two, unlike in the score."""
    last: dict[tuple[str, str], int] = {}
    for at, key, counted in engaged:
        subject = history.subjects.get(key)
        if subject is None or (counted.is_click and _by_robot(at, sends)):
            continue
        same = (counted.topic, subject if counted.is_click else "")
        before = last.get(same)
        if before is None or at - before > SAME_FACT_SECONDS:
            last[same] = at
            history.events.append((at, counted.name, subject))


def _by_robot(at: int, sends: list[int]) -> bool:
    return any(0 <= at - sent < ROBOT_CLICK_SECONDS for sent in sends)


def _when(engagement: Engagement) -> tuple[int, str]:
    return engagement[0], engagement[1]
