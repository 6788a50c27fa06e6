"""What happened to a lead, kind by kind: forms, touches, replies, tasks and marketing mail up to the world's epoch (all in ms, UTC)."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from sandbox.world.epoch import DAY_MS, HOUR_MS, MINUTE_MS, working_ms
from sandbox.world.sources import CHANNELS, HAND_RAISE_FORMS
from sandbox.world.story import OpenTask, Story, Touch
from sandbox.world.team import is_active

_CONTENT_FORMS = {channel.key: channel.forms for channel in CHANNELS}
_CALLED = (("call", "connected", 240), ("call", "no answer", 20), ("email", "sent", 0), ("call", "left voicemail", 45))
REASONS = ("bad_timing", "no_budget", "competitor", "not_a_fit", "unresponsive")


def happen(rng: Random, story: Story, now: int) -> Story:
    """The story with its events; each kind has one function below."""
    told = _TELL[story.place.kind](rng, story, now)
    return _with_meeting(rng, told, now)


def _between(rng: Random, low: int, high: int) -> int:
    return low + round(rng.random() * max(0, high - low))


def _touches(rng: Random, story: Story, count: int, start: int, end: int, rep: str | None) -> tuple[Touch, ...]:
    """`count` touches by hand between two instants, on working days where that is possible."""
    if rep is None or end <= start:
        return ()
    moments = sorted(working_ms(_between(rng, start, end), 840 + rng.randrange(420)) + rng.randrange(60_000) for _ in range(count))
    made = []
    for number, moment in enumerate(moments):
        kind, outcome, seconds = _CALLED[(story.index + number) % len(_CALLED)]
        made.append(Touch(kind, min(max(moment, start), end), rep, outcome, seconds))
    return tuple(made)


def _mailed(rng: Random, story: Story, now: int, *, oldest_days: int = 20) -> Story:
    """Marketing wrote within the last `oldest_days`, where the lead is at least two days old."""
    latest = now - 6 * HOUR_MS
    earliest = max(story.created + DAY_MS, now - oldest_days * DAY_MS)
    if earliest >= latest:
        return story
    send = _between(rng, earliest, latest)
    return replace(story, last_send=send, sends=1 + (send - story.created) // (9 * DAY_MS))


def _content(rng: Random, story: Story, now: int, latest: int | None = None) -> Story:
    """The download that brought the lead; syndicated leads are uploads and filled in no form of ours."""
    visits = 1 + rng.randrange(4)
    seen = replace(story, last_visit=story.created, visits=visits)
    if story.channel == "content_syndication":
        return replace(story, visits=0)
    forms = _CONTENT_FORMS[story.channel]
    made = [(rng.choice(forms), story.created)]
    end = min(story.created + 10 * DAY_MS, now - HOUR_MS if latest is None else latest)
    if rng.random() < 0.2 and end > story.created + DAY_MS:
        again = _between(rng, story.created + DAY_MS, end)
        made.append((rng.choice(forms), again))
        seen = replace(seen, last_visit=again, visits=visits + 1)
    return replace(seen, submissions=tuple(made))


def _hand_raise(rng: Random, story: Story, now: int) -> tuple[Story, int]:
    """Content first for two of five, then the hand-raise; the others came with it."""
    late = rng.random() < 0.4 and story.dirt != "top_account"
    told = _content(rng, story, now, latest=story.created) if late else story
    at = _between(rng, story.created + HOUR_MS, max(story.created + HOUR_MS, now - 2 * HOUR_MS)) if late else story.created
    at = min(at, now - MINUTE_MS)
    form = HAND_RAISE_FORMS[0 if story.dirt == "top_account" or rng.random() < 0.6 else rng.randrange(3)]
    return replace(told, submissions=(*told.submissions, (form, at)), last_visit=at, visits=told.visits + 2), at


def _hot_neglected(rng: Random, story: Story, now: int) -> Story:
    told, raised = _hand_raise(rng, story, now)
    if rng.random() < 0.15:
        told = replace(told, touches=_touches(rng, told, 1, story.created, raised - 2 * HOUR_MS, story.owner))
    if story.dirt == "automated_touch_only" and story.owner is not None and raised + DAY_MS < now:
        step = Touch("email", _between(rng, raised + HOUR_MS, raised + DAY_MS), story.owner, "sent", automated=True)
        told = replace(told, touches=(*told.touches, step))
    if story.dirt in ("departed_owner_with_task", "undated_task") and story.owner is not None:
        due = None if story.dirt == "undated_task" else working_ms(raised + 2 * DAY_MS, 900)
        told = replace(told, tasks=(OpenTask("Call back: asked for a demo", raised, due, story.owner),))
    return told if rng.random() < 0.2 else _mailed(rng, told, now)


def _hot_worked(rng: Random, story: Story, now: int) -> Story:
    told, raised = _hand_raise(rng, story, now)
    first = min(raised + _between(rng, 10 * MINUTE_MS, DAY_MS), now - MINUTE_MS)
    call = Touch("call", first, story.owner or "", "connected", 300)
    more = _touches(rng, told, 1 + rng.randrange(2), max(first + HOUR_MS, now - 12 * DAY_MS), now - HOUR_MS, story.owner)
    task = _next_task(rng, told, now) if rng.random() < 0.5 else ()
    return _mailed(rng, replace(told, touches=(*told.touches, call, *more), tasks=task), now)


def _next_task(rng: Random, story: Story, now: int) -> tuple[OpenTask, ...]:
    if not is_active(story.owner) or story.owner is None:
        return ()
    created = max(story.created, now - 3 * DAY_MS)
    return (OpenTask("Follow up", min(created, now - MINUTE_MS), now + DAY_MS * (1 + rng.randrange(5)), story.owner),)


def _limbo(rng: Random, story: Story, now: int) -> Story:
    border = now - 32 * DAY_MS
    told = _content(rng, story, now, latest=border)
    if rng.random() < 0.15 and story.created + DAY_MS < border:
        told = replace(told, touches=_touches(rng, told, 1, story.created + HOUR_MS, border, story.owner))
    if rng.random() < 0.1 and story.created + DAY_MS < border:
        told = replace(told, last_send=_between(rng, story.created + DAY_MS, border), sends=1)
    if story.dirt == "departed_owner" and story.index % 20 == 0 and story.owner is not None:
        told = replace(told, tasks=(OpenTask("Check in", story.created, working_ms(story.created + 5 * DAY_MS, 900), story.owner),))
    return told


def _recent_content(rng: Random, story: Story, now: int) -> Story:
    told = _content(rng, story, now)
    if rng.random() < 0.3:
        told = _mailed(rng, told, now)
        if told.last_send is not None and rng.random() < 0.4:
            told = replace(told, last_click=min(told.last_send + HOUR_MS, now - MINUTE_MS))
    return told


def _worked(rng: Random, story: Story, now: int) -> Story:
    told = _content(rng, story, now)
    start = max(story.created + HOUR_MS, now - 12 * DAY_MS)
    touches = _touches(rng, told, 2, start, now - HOUR_MS, story.owner)
    return _mailed(rng, replace(told, touches=touches, tasks=_next_task(rng, told, now)), now)


def _nurtured(rng: Random, story: Story, now: int) -> Story:
    told = _mailed(rng, _content(rng, story, now), now)
    if told.last_send is not None and rng.random() < 0.4:
        return replace(told, last_click=min(told.last_send + 2 * HOUR_MS, now - MINUTE_MS), visits=told.visits + 1)
    return told


def _qualified(rng: Random, story: Story, now: int) -> Story:
    told = _content(rng, story, now)
    start = max(story.created + HOUR_MS, now - 20 * DAY_MS)
    touches = _touches(rng, told, 1, start, max(start, now - 2 * DAY_MS), story.owner)
    met = Touch("meeting", max(start, now - DAY_MS - rng.randrange(5) * HOUR_MS), story.owner or "", "completed", 1800)
    return _mailed(rng, replace(told, touches=(*touches, met), tasks=_next_task(rng, told, now)), now)


def _disqualified(rng: Random, story: Story, now: int) -> Story:
    told = _content(rng, story, now)
    touches = _touches(rng, told, 1 + rng.randrange(2), max(story.created + HOUR_MS, now - 24 * DAY_MS), now - DAY_MS, story.owner)
    return _mailed(rng, replace(told, touches=touches, reason=rng.choice(REASONS)), now)


def _silent(rng: Random, story: Story, now: int) -> Story:
    told = _content(rng, story, now, latest=story.created)
    age_days = (now - story.created) // DAY_MS
    last = now - rng.randint(25, max(26, min(80, age_days - 4))) * DAY_MS
    touches = _touches(rng, told, 6, max(story.created + HOUR_MS, last - 21 * DAY_MS), last, story.owner)
    return _mailed(rng, replace(told, touches=touches), now)


def _neglected(rng: Random, story: Story, now: int) -> Story:
    told = _content(rng, story, now, latest=story.created)
    touches = _touches(rng, told, 1, max(story.created + HOUR_MS, now - 26 * DAY_MS), now - 16 * DAY_MS, story.owner)
    replies = (touches[-1].at + DAY_MS,) if touches and rng.random() < 0.6 else ()
    return _mailed(rng, replace(told, touches=touches, replies=replies), now)


def _customer(rng: Random, story: Story, now: int) -> Story:
    told = _content(rng, story, now)
    return _mailed(rng, told, now)


def _open_opportunity(rng: Random, story: Story, now: int) -> Story:
    told = _content(rng, story, now)
    return replace(told, touches=_touches(rng, told, 2, max(story.created + HOUR_MS, now - 15 * DAY_MS), now - HOUR_MS, story.owner))


def _with_meeting(rng: Random, story: Story, now: int) -> Story:
    """A booked meeting ahead: such a lead is never silent."""
    if story.dirt == "future_meeting":
        return replace(story, meetings_ahead=(now + DAY_MS * (2 + rng.randrange(8)),))
    return story


_TELL: dict[str, Callable[[Random, Story, int], Story]] = {
    "hot_neglected": _hot_neglected, "hot_worked": _hot_worked, "limbo": _limbo, "recent_content": _recent_content, "worked": _worked,
    "nurtured": _nurtured, "qualified": _qualified, "disqualified": _disqualified, "silent": _silent, "neglected": _neglected,
    "customer": _customer, "open_opportunity": _open_opportunity, "hands_off": _recent_content, "converted": _open_opportunity,
    "test_record": _recent_content,
}  # fmt: skip
