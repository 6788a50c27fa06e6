"""Which of a lead's records counts, who owns it, and what our own fields on it say.

The record of record is the first live, routed record in the first system (by the policy's order) that has one: its owner and status are
the facts. Which object is routed the policy says per CRM: HubSpot contacts, or Lead objects before them, and Salesforce Leads, or Contacts
in an org without Leads. A converted Lead has left the funnel.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from datetime import UTC, datetime

from handoff.decision import Frame, Prior
from handoff.facts import LeadFacts, Record, State
from handoff.policy import Stage
from handoff.vocabulary import CARRIERS

ROUTED_OBJECTS = frozenset(CARRIERS.values())
"""Where a company says nothing else."""
PERSON_IN = {"hubspot_leads": "hubspot"}  # a Lead object stands for a contact, which has the person's data and the tasks
QUEUE = "queue:"


def routed_records(facts: LeadFacts, carriers: Container[str] = ROUTED_OBJECTS) -> tuple[Record, ...]:
    """Live records we may write to: those of the `carriers` (a compiled policy's), duplicates left out; the primary first."""
    return tuple(
        record
        for record in facts.records
        if record.state == State.LIVE and record.ref.object in carriers and record.ref not in facts.duplicates
    )


def record_of_record(routed: Sequence[Record], systems: Sequence[str]) -> Record | None:
    """The record whose stage, owner and status are the facts; None when no live routed record is left."""
    for system in systems:
        for record in routed:
            if record.ref.system == system:
                return record
    return None


def departure(facts: LeadFacts, routed: Sequence[Record]) -> str:
    """Why a lead has left the funnel for good: converted, merged, archived or deleted; "" while a routed record lives.

    A conversion in one CRM counts for the person even while a record in another CRM lives; a newer live record in the same CRM undoes it.
    A Lead object without its contact is nobody.
    """
    live = {record.ref.system for record in routed if record.ref.system not in PERSON_IN}
    if live and len(routed) == len(facts.records):
        return ""
    for record in facts.records:
        if record.state == State.CONVERTED and record.ref.system not in live:
            return "converted"
    if live:
        return ""
    gone = {record.state for record in facts.records}
    return next((str(state) for state in (State.MERGED, State.ARCHIVED, State.DELETED) if state in gone), "no_lead_record")


def owner_of(record: Record | None, frame: Frame) -> str:
    """Rep key, `queue:<name>`, "" for nobody, or `unknown:<vendor id>` for an owner the roster does not know."""
    if record is None:
        return ""
    owner_id = record.fields.get("owner")
    if not owner_id:
        return ""
    return frame.owners.get(f"{record.ref.system}:{owner_id}") or f"unknown:{owner_id}"


def owner_state(owner: str, frame: Frame) -> str:
    """active, departed, queue, none or unknown."""
    if not owner:
        return "none"
    if owner.startswith(QUEUE):
        return "queue"
    rep = frame.reps.get(owner)
    if rep is None:
        return "unknown"
    return "active" if rep.active else "departed"


def instant_text(moment: datetime) -> str:
    """A datetime as the CRMs' canonical text, to the second: 2026-11-21T09:00:00.000Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def instant(text: str | None) -> datetime | None:
    """The reverse of `instant_text`; also reads a plain date (as midnight UTC). None for blank or unreadable text."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _count(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0


def prior_on(record: Record, stages: Mapping[str, Stage], owner: str) -> Prior | None:
    """What our own fields on a record say; None when they were never written or name a stage the policy does not have."""
    fields = record.fields
    stage, since = fields.get("handoff_stage"), instant(fields.get("handoff_stage_since"))
    if stage not in stages or since is None or stage is None:
        return None
    sales = stages[stage].side == "sales"
    return Prior(
        stage=stage,
        since=since,
        episode=_count(fields.get("handoff_episode")),
        rev=_count(fields.get("handoff_rev")),
        owner=owner,
        previous_owner=fields.get("handoff_previous_owner", ""),
        lead_type=fields.get("handoff_lead_type", ""),
        next_step=fields.get("handoff_next_step", ""),
        nurture_group=fields.get("handoff_nurture_group", ""),
        due_at=instant(fields.get("handoff_due")),
        review_at=instant(fields.get("handoff_review")),
        offered_at=(instant(fields.get("handoff_offered_at")) or since) if sales else None,
        cycle=_count(fields.get("handoff_cycle")),
        cycle_starts=(begun[:10],) if (begun := fields.get("handoff_mql_at", "")) else (),
        mql_at=instant(begun),
        sal_at=instant(fields.get("handoff_sal_at")),
        sql_at=instant(fields.get("handoff_sql_at")),
        recycled_at=instant(fields.get("handoff_recycled_at")),
        first_touch_at=instant(fields.get("handoff_first_touch_at")),
        campaign=fields.get("handoff_campaign", ""),
        reason_code=fields.get("handoff_reason_code", ""),
        hand_raise_at=instant(fields.get("handoff_hand_raise_at")),
        fit_band=fields.get("handoff_fit", ""),
        intent_band=fields.get("handoff_intent", ""),
        reason=fields.get("handoff_reason", ""),
    )


def latest_send(facts: LeadFacts) -> datetime | None:
    """The newest marketing delivery any of the lead's records carries (state, not history)."""
    sends = [sent for record in facts.records if (sent := instant(record.fields.get("last_send_at"))) is not None]
    return max(sends) if sends else None
