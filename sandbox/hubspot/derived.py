"""What HubSpot sets by itself when a property changes: assignment and stage dates, deal flags, task completion, address-bound figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.hubspot.values import iso

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.hubspot.object_types import ObjectType

Changes = dict[str, str]
# Figures that belong to the current e-mail address; HubSpot starts them anew when it changes.
_BOUND_TO_ADDRESS = (
    "hs_email_delivered",
    "hs_email_open",
    "hs_email_click",
    "hs_email_replied",
    "hs_email_bounce",
    "hs_email_last_email_name",
    "hs_email_first_send_date",
    "hs_email_last_send_date",
    "hs_email_first_open_date",
    "hs_email_last_open_date",
    "hs_email_first_click_date",
    "hs_email_last_click_date",
    "hs_email_first_reply_date",
    "hs_email_last_reply_date",
    "hs_email_sends_since_last_engagement",
    "hs_email_hard_bounce_reason_enum",
    "hs_email_bad_address",
)
_STAGE_CATEGORY = {
    "new-stage-id": "NEW",
    "attempting-stage-id": "IN_PROGRESS",
    "connected-stage-id": "IN_PROGRESS",
    "qualified-stage-id": "QUALIFIED",
    "unqualified-stage-id": "UNQUALIFIED",
}


def derive(kind: ObjectType, old: Mapping[str, str], new: Mapping[str, str], at: int) -> Changes:
    """The further changes that follow from `new` being written over `old` at `at` (epoch ms); '' clears."""
    found: Changes = {}
    if "hubspot_owner_id" in new:
        found |= _owner(kind, new["hubspot_owner_id"], at)
    by_type = {"contacts": _contact, "companies": _stage_dates, "deals": _deal, "leads": _lead, "tasks": _task}
    if kind.plural in by_type:
        found |= by_type[kind.plural](old, new, at)
    return found


def _owner(kind: ObjectType, owner: str, at: int) -> Changes:
    found = {"hubspot_owner_assigneddate": iso(at) if owner else ""}
    if kind.plural == "contacts":
        found |= {
            "hs_all_owner_ids": owner,
            "hs_is_unworked": "true",
            "hs_sa_first_engagement_date": "",
            "hs_sa_first_engagement_object_type": "",
            "hs_first_engagement_object_id": "",
            "hs_time_to_first_engagement": "",
        }
    return found


def _contact(old: Mapping[str, str], new: Mapping[str, str], at: int) -> Changes:
    found = _stage_dates(old, new, at)
    if {"email", "firstname", "lastname"} & new.keys():
        merged = {**old, **new}
        full = f"{merged.get('firstname', '')} {merged.get('lastname', '')}".strip()
        found["hs_full_name_or_email"] = full or merged.get("email", "")
    if "email" in new:
        found["hs_email_domain"] = new["email"].partition("@")[2]
        if old.get("email"):
            found |= {name: "" for name in _BOUND_TO_ADDRESS if name in old}
    return found


def _stage_dates(_old: Mapping[str, str], new: Mapping[str, str], at: int) -> Changes:
    stage = new.get("lifecyclestage")
    return {f"hs_lifecyclestage_{stage}_date": iso(at)} if stage else {}


def _deal(old: Mapping[str, str], new: Mapping[str, str], at: int) -> Changes:
    if "dealstage" not in new:
        return {}
    stage, before = new["dealstage"], old.get("dealstage")
    won, lost = stage == "closedwon", stage == "closedlost"
    found = {
        "hs_is_closed_won": _flag(won),
        "hs_is_closed_lost": _flag(lost),
        "hs_is_closed": _flag(won or lost),
        f"hs_v2_date_entered_{stage}": iso(at),
    }
    if before:
        found[f"hs_v2_date_exited_{before}"] = iso(at)
    return found


def _lead(_old: Mapping[str, str], new: Mapping[str, str], at: int) -> Changes:
    stage = new.get("hs_pipeline_stage")
    if not stage:
        return {}
    category = _STAGE_CATEGORY.get(stage, "")
    return {
        "hs_pipeline_stage_last_updated": iso(at),
        "hs_pipeline_stage_category_v2": category,
        "hs_lead_is_qualified": _flag(category == "QUALIFIED"),
    }


def _task(old: Mapping[str, str], new: Mapping[str, str], at: int) -> Changes:
    """An open task carries its due date as completion date, as seen on live portals."""
    merged = {**old, **new}
    done = merged.get("hs_task_status") == "COMPLETED"
    if done and old.get("hs_task_status") != "COMPLETED":
        return {"hs_task_completion_date": iso(at), "hs_task_is_completed": "1"}
    if not done and {"hs_task_status", "hs_timestamp"} & new.keys():
        return {"hs_task_completion_date": merged.get("hs_timestamp", ""), "hs_task_is_completed": "0"}
    return {}


def _flag(value: bool) -> str:
    return "true" if value else "false"
