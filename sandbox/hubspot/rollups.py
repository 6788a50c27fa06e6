"""The calculated activity properties of contacts, companies and deals, and what an engagement does to them.

`notes_last_contacted` and `num_contacted_notes` move on calls, outgoing e-mails and meetings; `notes_last_updated` and `num_notes` on
every engagement, notes and tasks included, whoever created them: a product's own tasks contaminate them, in the real CRM and here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.hubspot.values import iso, parse_ms

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TARGETS = ("contacts", "companies", "deals")
COUNTERS = ("num_notes", "num_contacted_notes")
# The engagements that can be a next activity.
PLANNED = ("tasks", "meetings")
_NEXT_TYPE = {"calls": "CALL", "emails": "EMAIL", "meetings": "MEETING", "tasks": "TASK"}


@dataclass(frozen=True)
class Activity:
    """One engagement as the roll-ups see it. `at` is its activity date, `logged` its creation, both epoch ms."""

    kind: str
    id: int
    at: int
    logged: int
    data: Mapping[str, str]

    @property
    def is_outreach(self) -> bool:
        """Whether it counts as contacting somebody: a call, an outgoing e-mail, a meeting."""
        return self.kind in ("calls", "meetings") or (self.kind == "emails" and not self.is_reply)

    @property
    def is_reply(self) -> bool:
        """Whether the contact wrote it."""
        return self.kind == "emails" and self.data.get("hs_email_direction") == "INCOMING_EMAIL"

    @property
    def is_ahead(self) -> bool:
        """Whether it is an open task or a meeting that is not called off; see PLANNED."""
        if self.kind == "tasks":
            return self.data.get("hs_task_status", "NOT_STARTED") != "COMPLETED"
        return self.kind == "meetings" and self.data.get("hs_meeting_outcome") not in ("CANCELED", "NO_SHOW")


def activity(kind: str, record_id: int, data: Mapping[str, str], created: int) -> Activity:
    """The activity behind an engagement record; one without hs_timestamp counts from its creation."""
    return Activity(kind, record_id, parse_ms(data["hs_timestamp"]) if data.get("hs_timestamp") else created, created, data)


def absorb(target: str, before: Mapping[str, str], new: Activity, now: int) -> dict[str, str]:
    """What one more activity changes on its target."""
    found: dict[str, str] = {}
    moved_at = new.at if new.kind != "tasks" else new.logged
    _raise_count(found, before, "num_notes")
    if moved_at <= now:
        _raise_date(found, before, "notes_last_updated", moved_at)
    if new.is_outreach and new.at <= now:
        _raise_date(found, before, "notes_last_contacted", new.at)
        _raise_count(found, before, "num_contacted_notes")
    if target == "contacts":
        found |= _contact_only(before, new, now)
    return found


def next_activity(target: str, activities: Iterable[Activity], now: int) -> dict[str, str]:
    """The next planned activity among all of a target's: '' where there is none."""
    ahead = sorted((a.at, a.id, a.kind) for a in activities if a.is_ahead and a.at > now)
    found = {"notes_next_activity_date": iso(ahead[0][0]) if ahead else ""}
    if target == "contacts":
        found["hs_notes_next_activity_type"] = _NEXT_TYPE[ahead[0][2]] if ahead else ""
    return found


def _contact_only(before: Mapping[str, str], new: Activity, now: int) -> dict[str, str]:
    found: dict[str, str] = {}
    if new.is_reply and new.at <= now:
        _raise_date(found, before, "hs_sales_email_last_replied", new.at)
        if _raise_date(found, before, "hs_last_sales_activity_timestamp", new.at):
            found["hs_last_sales_activity_type"] = "EMAIL_REPLY"
    if new.kind == "meetings":
        start = new.data.get("hs_meeting_start_time")
        _raise_date(found, before, "hs_latest_meeting_activity", parse_ms(start) if start else new.at)
        if new.data.get("hs_meeting_source") == "MEETINGS_PUBLIC":
            _raise_date(found, before, "engagements_last_meeting_booked", new.logged)
    if new.is_outreach and new.at <= now:
        found |= _first_engagement(before, new)
    assigned = before.get("hubspot_owner_assigneddate")
    if assigned and max(new.logged, new.at if new.at <= now else 0) >= parse_ms(assigned):
        found["hs_is_unworked"] = "false"
    return found


def _first_engagement(before: Mapping[str, str], new: Activity) -> dict[str, str]:
    found: dict[str, str] = {}
    if not before.get("hs_first_outreach_date"):
        found["hs_first_outreach_date"] = iso(new.at)
    assigned = before.get("hubspot_owner_assigneddate")
    if assigned and not before.get("hs_sa_first_engagement_date") and new.at >= parse_ms(assigned):
        found |= {
            "hs_sa_first_engagement_date": iso(new.at),
            "hs_sa_first_engagement_object_type": new.kind[:-1].upper(),
            "hs_first_engagement_object_id": str(new.id),
            "hs_time_to_first_engagement": str(new.at - parse_ms(assigned)),
        }
    return found


def _raise_date(found: dict[str, str], before: Mapping[str, str], name: str, at: int) -> bool:
    text = iso(at)
    if text <= before.get(name, ""):
        return False
    found[name] = text
    return True


def _raise_count(found: dict[str, str], before: Mapping[str, str], name: str) -> None:
    found[name] = str(int(before.get(name) or 0) + 1)
