"""HubSpot rows as dated activity. The properties of a contact carry last dates; calls, e-mails, meetings, tasks and deals are objects of
their own.

Keys are stable across pulls: `hubspot:contacts:<id>:form:<guid>:<ms>`, `hubspot:calls:<id>:<contact id>`. Every key starts with the
reference of the record it comes from and a colon. A date later than now (plus the allowed difference of clocks) is never activity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.hubspot.records import SYSTEM, Columns, ref
from connectors.hubspot.records import values as field_values
from connectors.marker import key_in
from connectors.values import epoch_ms, instant
from handoff.facts import Activity, Actor, Kind, Record, Ref
from handoff.tasks import outcome_of
from mappings.fields import CallWords

CLOCK_DIFFERENCE = timedelta(minutes=5)  # between HubSpot's clock and ours

_FAILED_CALL = frozenset({"NO_ANSWER", "BUSY", "FAILED", "CANCELED", "MISSED"})
_UNFINISHED_CALL = frozenset({"QUEUED", "RINGING", "CONNECTING", "CALLING_CRM_USER", "IN_PROGRESS", "HOLD"})
_UNSENT_EMAIL = frozenset({"BOUNCED", "FAILED", "SCHEDULED", "SENDING"})
_MEETING_OUTCOMES = {"COMPLETED": "held", "NO_SHOW": "no_show", "CANCELED": "cancelled", "CANCELLED": "cancelled"}
_LAST_DATES = (  # canonical field, kind, actor: the property keeps the latest date only; each new date is one activity
    ("last_click_at", Kind.CLICK, Actor.LEAD),
    ("last_reply_at", Kind.REPLY, Actor.LEAD),
    ("last_visit_at", Kind.VISIT, Actor.LEAD),
    ("last_send_at", Kind.SEND, Actor.MARKETING),
)


@dataclass(frozen=True, slots=True)
class Source:
    """One engagement or deal: its reference, canonical values, create and modify instants, whom it is about, and when we learned it."""

    ref: Ref
    fields: Mapping[str, str]
    created_at: datetime
    modified_at: datetime
    about: Sequence[Ref]
    now: datetime
    calls: CallWords


def of_contact(contact: Record, now: datetime) -> Iterator[Activity]:
    """Forms (one per submission), and the latest click, reply, visit and marketing send."""
    fields, name = contact.fields, str(contact.ref)
    if "forms" in fields:
        yield from _forms(contact, name, now)
    for field, kind, actor in _LAST_DATES:
        if field not in fields or not is_past(at := instant(fields[field]), now):
            continue
        subject = fields.get("last_visit_url", "") if kind is Kind.VISIT else ""
        yield Activity(f"{name}:{kind.value}:{epoch_ms(at)}", kind, actor, contact.ref, at, now, subject)


def of_rows(
    object_name: str,
    rows: Sequence[Mapping[str, Any]],
    about: Mapping[str, Sequence[str]],
    known: Columns,
    calls: CallWords,
    now: datetime,
) -> Iterator[Activity]:
    """Activities of engagement or deal rows; `about` is record id -> contact ids."""
    build = _BUILDERS[object_name]
    for row in rows:
        source = Source(
            ref=ref(object_name, row["id"]),
            fields=field_values(row.get("properties") or {}, known),
            created_at=instant(row["createdAt"]),
            modified_at=instant(row["updatedAt"]),
            about=tuple(Ref(SYSTEM, "contacts", contact) for contact in about.get(str(row["id"]), ())),
            now=now,
            calls=calls,
        )
        yield from build(source)


def is_past(at: datetime, now: datetime) -> bool:
    """Whether `at` has been, allowing for the difference of clocks."""
    return at <= now + CLOCK_DIFFERENCE


def _forms(contact: Record, name: str, now: datetime) -> Iterator[Activity]:
    """`guid::ms;guid::ms;...`, at most the 800 most recent (property "The 800 most recent form submissions for a contact")."""
    for part in contact.fields["forms"].split(";"):
        guid, separator, ms = part.strip().rpartition("::")
        if not separator or not ms.isdecimal():
            continue
        at = datetime.fromtimestamp(int(ms) // 1000, UTC).replace(microsecond=int(ms) % 1000 * 1000)
        if is_past(at, now):
            yield Activity(f"{name}:form:{guid}:{ms}", Kind.FORM, Actor.LEAD, contact.ref, at, now, guid)


def _each(source: Source, kind: Kind, actor: Actor, at: datetime, **more: Any) -> Iterator[Activity]:
    by, name = source.fields.get("owner", ""), str(source.ref)
    for about in source.about:
        yield Activity(f"{name}:{about.id}", kind, actor, about, at, source.now, by=by, **more)


def _call(source: Source) -> Iterator[Activity]:
    at = _occurred(source)
    status = source.fields.get("status", "")
    if not is_past(at, source.now) or status in _UNFINISHED_CALL:
        return
    if source.fields.get("direction") == "INBOUND":
        yield from _each(source, Kind.CALL, Actor.LEAD, at, outcome="inbound")
    else:
        yield from _each(source, Kind.CALL, Actor.REP, at, outcome=_call_outcome(source, status))


def _call_outcome(source: Source, status: str) -> str:
    if status in _FAILED_CALL:
        return "attempted"
    disposition = source.fields.get("disposition", "").casefold()
    if disposition:
        return "connected" if disposition in {known.casefold() for known in source.calls.connected} else "attempted"
    duration = source.fields.get("duration_ms", "")
    if duration:
        return "connected" if float(duration) >= source.calls.connected_seconds * 1000 else "attempted"
    return "unknown"


def _email(source: Source) -> Iterator[Activity]:
    at = _occurred(source)
    if not is_past(at, source.now) or source.fields.get("status", "SENT") in _UNSENT_EMAIL:
        return
    if source.fields.get("direction") == "INCOMING_EMAIL":
        yield from _each(source, Kind.REPLY, Actor.LEAD, at)
    else:
        yield from _each(source, Kind.EMAIL, Actor.REP, at, automated="sequence" in source.fields)


def _meeting(source: Source) -> Iterator[Activity]:
    """Held and missed meetings happen at their start; booked ones at the booking, due at their start.

    A past meeting that nobody closed is unknown.
    """
    start = instant(source.fields["starts_at"]) if "starts_at" in source.fields else _occurred(source)
    outcome = _MEETING_OUTCOMES.get(source.fields.get("outcome", ""), "")
    started = is_past(start, source.now)
    booked_by = Actor.LEAD if source.fields.get("source") == "MEETINGS_PUBLIC" else Actor.REP
    if outcome in ("held", "no_show") and started:
        yield from _each(source, Kind.MEETING, Actor.REP, start, outcome=outcome, due_at=start)
    elif outcome == "cancelled":
        yield from _each(source, Kind.MEETING, booked_by, source.created_at, outcome=outcome, due_at=start)
    elif started:
        yield from _each(source, Kind.MEETING, Actor.REP, start, outcome="unknown", due_at=start)
    else:
        yield from _each(source, Kind.MEETING, booked_by, source.created_at, outcome="scheduled", due_at=start)


def _task(source: Source) -> Iterator[Activity]:
    """A completed task happened when it was ticked off; an open one when it was made. HubSpot keeps the due date in hs_timestamp."""
    done = source.fields.get("status") == "completed"
    completed_at = instant(source.fields["completed_at"]) if done and "completed_at" in source.fields else source.modified_at
    at = min(completed_at, source.modified_at) if done else source.created_at
    due = instant(source.fields["due_at"]) if "due_at" in source.fields else None
    key = source.fields.get("handoff_key") or key_in(source.fields.get("body", ""))
    yield from _each(
        source,
        Kind.TASK,
        Actor.REP,
        at,
        subject=source.fields.get("type", ""),
        outcome=outcome_of(source.fields.get("subject", ""), closed=done, ours=bool(key)),
        due_at=due,
        ours=bool(key),
    )


def _deal(source: Source) -> Iterator[Activity]:
    outcome = "won" if source.fields.get("won") == "true" else "lost" if source.fields.get("lost") == "true" else "open"
    closed_at = instant(source.fields["closed_at"]) if outcome != "open" and "closed_at" in source.fields else None
    at = source.created_at if outcome == "open" else closed_at if closed_at and is_past(closed_at, source.now) else source.modified_at
    yield from _each(
        source,
        Kind.DEAL,
        Actor.REP,
        at,
        subject=source.fields.get("stage", ""),
        outcome=outcome,
        ours=bool(source.fields.get("handoff_key")),
    )


def _occurred(source: Source) -> datetime:
    text = source.fields.get("occurred_at")
    return instant(text) if text else source.created_at


_BUILDERS: Mapping[str, Callable[[Source], Iterator[Activity]]] = {
    "calls": _call,
    "emails": _email,
    "meetings": _meeting,
    "tasks": _task,
    "deals": _deal,
}
