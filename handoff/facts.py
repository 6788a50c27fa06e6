"""What a CRM told us about people, with two times: when it happened there and when we learned it.

All datetimes are aware and UTC. Field values are the CRM's own strings ("true"/"false" for booleans, ISO-8601 UTC with
milliseconds for datetimes, YYYY-MM-DD for dates, plain decimals for numbers); a blank or unset field is absent.
Field names are ours (canonical); `mappings/` says which vendor field each one is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class Ref(NamedTuple):
    """One record in one CRM, for example `hubspot:contacts:33451` or `salesforce:Lead:00Q5f00000AbCdEEAV`."""

    system: str
    object: str
    id: str

    def __str__(self) -> str:
        return f"{self.system}:{self.object}:{self.id}"

    @classmethod
    def parse(cls, text: str) -> Ref:
        """The reverse of `str(ref)`. Raises ValueError when the text has not three parts."""
        system, object_name, record_id = text.split(":", 2)
        return cls(system, object_name, record_id)


class Actor(StrEnum):
    """Who did an activity (not who owes the next step; that is the responsible side)."""

    LEAD = "lead"
    REP = "rep"
    MARKETING = "marketing"


class Kind(StrEnum):
    """What happened. The connector decides it; the policy gives it meaning."""

    FORM = "form"  # subject: the form's kind by policy (or its vendor id where the policy does not know it)
    CLICK = "click"  # marketing e-mail link click
    REPLY = "reply"  # incoming e-mail from the lead
    VISIT = "visit"  # web visit; subject: page kind when known
    CAMPAIGN = "campaign"  # Salesforce campaign membership; subject: campaign name, outcome: member status
    SEND = "send"  # marketing e-mail delivered to the lead
    CALL = "call"  # outcome: connected, attempted, inbound, unknown
    EMAIL = "email"  # one-to-one e-mail sent by a rep
    MEETING = "meeting"  # outcome: scheduled, held, no_show, cancelled, unknown
    TASK = "task"  # outcome: open, completed, taken_back; due_at when dated
    DEAL = "deal"  # outcome: open, won, lost
    STATUS_EDIT = "status_edit"  # subject: option chosen, from field history
    OWNER_EDIT = "owner_edit"  # subject: owner chosen, from field history


TAKEN_BACK = "taken_back"
"""The outcome of a task of ours that was closed because its lead had moved on: no work done, by nobody."""


class State(StrEnum):
    """Whether a record is still there."""

    LIVE = "live"
    CONVERTED = "converted"
    MERGED = "merged"
    ARCHIVED = "archived"
    DELETED = "deleted"


class Activity(NamedTuple):
    """One dated thing somebody did. `key` is stable across pulls (`hubspot:calls:881`, `hubspot:contacts:12:form:<guid>:<ms>`)."""

    key: str
    kind: Kind
    actor: Actor
    about: Ref
    occurred_at: datetime
    known_at: datetime
    subject: str = ""
    outcome: str = ""
    due_at: datetime | None = None
    by: str = ""  # CRM user or owner id of who did it or owes it
    ours: bool = False  # written by this product; never counts as activity
    automated: bool = False  # a sequence step: a touch, not a first response


class Record(NamedTuple):
    """One CRM record as last pulled. `fields` holds canonical names to CRM strings; absent means blank or not requested."""

    ref: Ref
    fields: Mapping[str, str]
    created_at: datetime
    modified_at: datetime
    known_at: datetime
    state: State = State.LIVE
    follows: Ref | None = None  # the survivor of a merge, the contact of a conversion


class Edit(NamedTuple):
    """A value somebody else put where we had written last (law 3). `author` is person, integration or automation.

    `via` names the app or tool where the CRM says which; it is blank for people.
    """

    field: str
    value: str | None
    at: datetime
    author: str
    via: str = ""


@dataclass(frozen=True, slots=True)
class LeadFacts:
    """Everything known about one human, as the resolver united it.

    `records` has the primary first; `fields` is the merge by the policy's source order; `activities` is newest first, deduplicated,
    within the stated horizon; `edits` are values on the system of record that differ from our last verified write;
    `first_seen` is the earliest create date in a CRM; fields of the company or account are among `fields` (prefix `account_`).
    """

    key: str
    records: tuple[Record, ...]
    fields: Mapping[str, str]
    activities: tuple[Activity, ...]
    first_seen: datetime
    edits: tuple[Edit, ...] = ()
    problems: tuple[str, ...] = ()  # identity problems found by the resolver, for example "ambiguous_identity"
    duplicates: tuple[Ref, ...] = field(default=())  # records of the same CRM that are not the primary; never routed
