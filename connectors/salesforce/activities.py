"""Salesforce rows as dated activity.

A touch is dated by CompletedDateTime, StartDateTime or MessageDate: never by the creation of an open task, LastActivityDate or
ActivityDate, which are due dates. Keys are stable across pulls: `salesforce:Task:<id>`, and `salesforce:EmailMessage:<id>:<person id>`
where one row is about several people.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.marker import key_in
from connectors.salesforce.records import Columns, people_behind, ref, ref_of_id
from connectors.salesforce.records import values as field_values
from connectors.values import instant
from handoff.facts import Activity, Actor, Kind, Ref
from handoff.tasks import outcome_of
from mappings.fields import FieldMap

CLOCK_DIFFERENCE = timedelta(minutes=5)  # between Salesforce's clock and ours
_DRAFT_OR_FAILED = frozenset({"5"})  # EmailMessage.Status: 5 is a draft
# Sales tools name their logged steps by subject: "[Outreach] [Email] [Out] ...", in mixed case.
_TOOL_SUBJECT = re.compile(r"^\[[^\]]+\] \[(email|call)\] \[?(out|in|opened|clicked|outbound|inbound)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Source:
    """One row with its canonical values, and what tells our own and a tool's rows from a person's."""

    ref: Ref
    row: Mapping[str, Any]
    fields: Mapping[str, str]
    now: datetime
    our_user: str
    field_map: FieldMap

    @property
    def created_at(self) -> datetime:
        """When the row was saved first."""
        return instant(self.row["CreatedDate"])

    @property
    def automated(self) -> bool:
        """Saved by a tool that logs in a person's name."""
        author = (self.row.get("CreatedBy") or {}).get("Email") or ""
        return author.lower().removesuffix(".invalid") in self.field_map.automated_authors


def of_row(
    object_name: str, row: Mapping[str, Any], known: Columns, field_map: FieldMap, our_user: str, now: datetime
) -> Iterator[Activity]:
    """The activities of one row; none for a deleted one."""
    source = Source(ref(object_name, row["Id"]), row, field_values(row, known), now, our_user, field_map)
    yield from BUILDERS[object_name](source)


def is_past(at: datetime, now: datetime) -> bool:
    """Whether `at` has been, allowing for the difference of clocks."""
    return at <= now + CLOCK_DIFFERENCE


def _task(source: Source) -> Iterator[Activity]:
    about = ref_of_id(source.fields.get("who"))
    if about is None:
        return
    closed = source.fields.get("closed") == "true"
    if not closed:
        yield from _one(
            source,
            Kind.TASK,
            about,
            source.created_at,
            subject=_task_type(source),
            outcome="open",
            due_at=_due(source),
            ours=_is_ours(source),
        )
        return
    at = instant(source.fields["completed_at"]) if "completed_at" in source.fields else instant(source.row["SystemModstamp"])
    if is_past(at, source.now):
        yield from _closed_task(source, about, at)


def _closed_task(source: Source, about: Ref, at: datetime) -> Iterator[Activity]:
    subtype, ours = _task_type(source), _is_ours(source)
    tool = _TOOL_SUBJECT.match(source.fields.get("subject", ""))
    if tool is not None:
        yield from _tool_step(source, about, at, tool.group(1).lower(), tool.group(2).lower())
    elif subtype == "Email" and (source.row.get("EmailMessages") or {}).get("records"):
        return  # the e-mail itself is pulled as EmailMessage, and says whose it was
    elif subtype == "Email":
        yield from _one(source, Kind.EMAIL, about, at, ours=ours, automated=source.automated)
    elif subtype == "ListEmail":
        yield Activity(str(source.ref), Kind.SEND, Actor.MARKETING, about, at, source.now)
    elif subtype == "Call":
        yield from _call(source, about, at)
    elif subtype == "Cadence":
        yield from _one(source, Kind.TASK, about, at, subject=subtype, outcome="completed", automated=True)
    else:
        became = outcome_of(source.fields.get("subject", ""), closed=True, ours=ours)
        yield from _one(
            source, Kind.TASK, about, at, subject=subtype, outcome=became, due_at=_due(source), ours=ours, automated=source.automated
        )


def _tool_step(source: Source, about: Ref, at: datetime, medium: str, direction: str) -> Iterator[Activity]:
    """An e-mail opened says nothing: privacy proxies open them."""
    if direction == "opened":
        return
    if direction == "clicked":
        yield Activity(str(source.ref), Kind.CLICK, Actor.LEAD, about, at, source.now)
    elif medium == "call":
        yield from _call(source, about, at)
    elif direction == "in":
        yield Activity(str(source.ref), Kind.REPLY, Actor.LEAD, about, at, source.now)
    else:
        yield from _one(source, Kind.EMAIL, about, at, automated=True)


def _call(source: Source, about: Ref, at: datetime) -> Iterator[Activity]:
    if source.fields.get("call_type") == "Inbound":
        yield Activity(str(source.ref), Kind.CALL, Actor.LEAD, about, at, source.now, outcome="inbound", by=source.fields.get("owner", ""))
    else:
        yield from _one(source, Kind.CALL, about, at, outcome=_call_outcome(source), automated=source.automated, ours=_is_ours(source))


def _call_outcome(source: Source) -> str:
    words = source.field_map.calls
    disposition = source.fields.get("disposition", "").strip().casefold()
    if disposition:
        return "connected" if disposition in {known.casefold() for known in words.connected} else "attempted"
    seconds = source.fields.get("duration_seconds", "")
    if seconds:
        return "connected" if float(seconds) >= words.connected_seconds else "attempted"
    return "unknown"


def _event(source: Source) -> Iterator[Activity]:
    """Salesforce knows no outcome: an event whose start has passed is presumed held. One ahead is scheduled, dated by its booking."""
    about = ref_of_id(source.fields.get("who"))
    if about is None or source.fields.get("is_child") == "true" or "starts_at" not in source.fields:
        return
    start = instant(source.fields["starts_at"])
    held = is_past(start, source.now)
    yield from _one(
        source,
        Kind.MEETING,
        about,
        start if held else source.created_at,
        outcome="held" if held else "scheduled",
        due_at=start,
        automated=source.automated,
    )


def _email(source: Source) -> Iterator[Activity]:
    at = instant(source.fields["occurred_at"]) if "occurred_at" in source.fields else source.created_at
    incoming = source.fields.get("incoming") == "true"
    if source.fields.get("status") in _DRAFT_OR_FAILED or not is_past(at, source.now):
        return
    relations = (source.row.get("EmailMessageRelations") or {}).get("records") or ()
    wanted = ("FromAddress",) if incoming else ("ToAddress", "CcAddress", "BccAddress")
    for about in people_behind(*(one.get("RelationId") for one in relations if one.get("RelationType") in wanted)):
        key = f"{source.ref}:{about.id}"
        if incoming:
            yield Activity(key, Kind.REPLY, Actor.LEAD, about, at, source.now)
        else:
            by = str(source.row.get("CreatedById") or "")
            yield Activity(key, Kind.EMAIL, Actor.REP, about, at, source.now, by=by, automated=source.automated)


def _campaign_member(source: Source) -> Iterator[Activity]:
    """A response is dated by the first one (a DATE; Salesforce keeps no later one), membership without response by its creation."""
    responded = source.fields.get("responded") == "true"
    at = source.created_at
    if responded and "responded_on" in source.fields:
        at = max(at, _midnight(source.fields["responded_on"]))
    subject = str((source.row.get("Campaign") or {}).get("Name") or source.fields.get("campaign", ""))
    actor = Actor.LEAD if responded else Actor.MARKETING
    for about in people_behind(source.fields.get("lead"), source.fields.get("contact")):
        yield Activity(str(source.ref), Kind.CAMPAIGN, actor, about, at, source.now, subject, source.fields.get("status", ""))
        return


def _send(source: Source) -> Iterator[Activity]:
    for about in people_behind(source.fields.get("recipient")):
        yield Activity(str(source.ref), Kind.SEND, Actor.MARKETING, about, source.created_at, source.now)


def _opportunity(source: Source) -> Iterator[Activity]:
    """About its contacts, or about the account where it names none."""
    outcome = "won" if source.fields.get("won") == "true" else "lost" if source.fields.get("closed") == "true" else "open"
    at = source.created_at if outcome == "open" else _closed_at(source)
    roles = (source.row.get("OpportunityContactRoles") or {}).get("records") or ()
    about = list(people_behind(source.row.get("ContactId"), *(role.get("ContactId") for role in roles)))
    account = ref_of_id(source.fields.get("account"))
    by = source.fields.get("owner", "")
    for one in about or ([account] if account is not None else []):
        yield Activity(f"{source.ref}:{one.id}", Kind.DEAL, Actor.REP, one, at, source.now, source.fields.get("stage", ""), outcome, by=by)


def _closed_at(source: Source) -> datetime:
    """The stage's last change where the org keeps it, else the close date (a person may type any), else the last change of the row."""
    if "stage_changed_at" in source.fields:
        return instant(source.fields["stage_changed_at"])
    typed = _midnight(source.fields["closed_on"]) if "closed_on" in source.fields else None
    return typed if typed is not None and is_past(typed, source.now) else instant(source.row["SystemModstamp"])


def _history(source: Source) -> Iterator[Activity]:
    """Owner changes give two rows, by id and by name; the one with the id counts."""
    value = source.fields.get("new_value", "")
    about = ref_of_id(source.fields.get("lead"))
    is_owner = source.fields.get("field") in ("Owner", "OwnerId")
    if about is None or (is_owner and value[:3] not in ("005", "00G")):
        return
    by = str(source.row.get("CreatedById") or "")
    kind = Kind.OWNER_EDIT if is_owner else Kind.STATUS_EDIT
    ours = bool(source.our_user) and by == source.our_user
    yield Activity(
        str(source.ref), kind, Actor.REP, about, source.created_at, source.now, value, by=by, ours=ours, automated=source.automated
    )


def _one(source: Source, kind: Kind, about: Ref, at: datetime, **more: Any) -> Iterator[Activity]:
    yield Activity(str(source.ref), kind, Actor.REP, about, at, source.now, by=source.fields.get("owner", ""), **more)


def _task_type(source: Source) -> str:
    if source.fields.get("subtype", "Task") == "Task" and source.fields.get("call_type"):
        return "Call"
    return source.fields.get("subtype", "Task")


def _is_ours(source: Source) -> bool:
    return bool(source.fields.get("handoff_key") or key_in(source.fields.get("body", "")))


def _due(source: Source) -> datetime | None:
    return _midnight(source.fields["due_at"]) if "due_at" in source.fields else None


def _midnight(day: str) -> datetime:
    return datetime.fromisoformat(day[:10]).replace(tzinfo=UTC)


BUILDERS: Mapping[str, Callable[[Source], Iterator[Activity]]] = {
    "Task": _task,
    "Event": _event,
    "EmailMessage": _email,
    "CampaignMember": _campaign_member,
    "ListEmailIndividualRecipient": _send,
    "Opportunity": _opportunity,
    "LeadHistory": _history,
    "ContactHistory": _history,
}
