"""A colleague works at the screen: edits, logs, declines; each the way the vendor's own user interface records it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sandbox.author import Author
from sandbox.control import authors
from sandbox.control.exceptions import BadRequestError
from sandbox.control.requests import instant, need, record_id
from sandbox.world.hubspot_rows import DISPOSITIONS

if TYPE_CHECKING:
    from sandbox.core import Sandbox

DECLINED = {"hubspot": "UNQUALIFIED", "salesforce": "Closed - Not Converted"}
REASON_FIELD = {"hubspot": "disqualification_reason", "salesforce": "Disqualification_Reason__c"}
STATUS_FIELD = {"hubspot": "hs_lead_status", "salesforce": "Status"}
# Association type ids engagement -> contact. Source: HubSpot, 'Associations v4 guide'.
LINK_BACK = {"calls": 194, "emails": 198, "meetings": 200, "tasks": 204}
Body = dict[str, Any]


def act(sandbox: "Sandbox", body: Body) -> dict[str, Any]:
    """Carry out {"vendor", "object", "id", "rep", "action", ...}; answers {"id": record touched, "created": new record or None}."""
    vendor, action = need(body, "vendor"), need(body, "action")
    table = _HUBSPOT if vendor == "hubspot" else _SALESFORCE if vendor == "salesforce" else None
    if table is None:
        raise BadRequestError(f"no vendor {vendor!r}; there are: hubspot, salesforce")
    if action not in table:
        raise BadRequestError(f"a rep cannot {action!r}; there are: {', '.join(table)}")
    entry = authors.person(sandbox.control.manifest, need(body, "rep"))
    target = record_id(sandbox, vendor, body)
    created = table[action](sandbox, target, body, entry, authors.rep(entry))
    return {"id": target, "created": created, "at": sandbox.clock.now().isoformat()}


Action = Callable[["Sandbox", str, Body, dict[str, Any], Author], str | None]


def _object(body: Body, vendor: str) -> str:
    return str(body.get("object") or ("contacts" if vendor == "hubspot" else "Lead"))


def _hs_edit(sandbox: "Sandbox", target: str, body: Body, _entry: dict[str, Any], author: Author) -> None:
    fields = need(body, "fields")
    sandbox.hubspot.update(
        _object(body, "hubspot"), target, {name: "" if value is None else str(value) for name, value in fields.items()}, author
    )


def _hs_engage(sandbox: "Sandbox", target: str, kind: str, properties: dict[str, str], entry: dict[str, Any], author: Author) -> str:
    owner = {"hubspot_owner_id": entry["hubspot_owner_id"]}
    return str(sandbox.hubspot.create(kind, properties | owner, author, associations=[("contacts", target, LINK_BACK[kind])]))


def _hs_call(sandbox: "Sandbox", target: str, body: Body, entry: dict[str, Any], author: Author) -> str:
    outcome = str(body.get("outcome", "connected"))
    if outcome not in DISPOSITIONS:
        raise BadRequestError(f"no call outcome {outcome!r}; there are: {', '.join(DISPOSITIONS)}")
    at = instant(sandbox, body, "at")
    properties = {
        "hs_timestamp": _iso(at), "hs_call_title": f"Call: {outcome}", "hs_call_direction": "OUTBOUND", "hs_call_status": "COMPLETED",
        "hs_call_disposition": DISPOSITIONS[outcome], "hs_call_duration": str(int(body.get("seconds", 240)) * 1000),
        "hs_call_body": str(body.get("text", "")),
    }  # fmt: skip
    return _hs_engage(sandbox, target, "calls", properties, entry, author)


def _hs_email(sandbox: "Sandbox", target: str, body: Body, entry: dict[str, Any], author: Author) -> str:
    properties = {
        "hs_timestamp": _iso(instant(sandbox, body, "at")), "hs_email_direction": "EMAIL", "hs_email_status": "SENT",
        "hs_email_subject": str(body.get("subject", "Your request")), "hs_email_text": str(body.get("text", "")),
    }  # fmt: skip
    return _hs_engage(sandbox, target, "emails", properties, entry, author)


def _hs_meet(sandbox: "Sandbox", target: str, body: Body, entry: dict[str, Any], author: Author) -> str:
    start = instant(sandbox, body, "start")
    end = start + timedelta(seconds=int(body.get("seconds", 1800)))
    outcome = str(body.get("outcome", "COMPLETED")).upper()
    properties = {
        "hs_timestamp": _iso(start), "hs_meeting_title": str(body.get("subject", "Introduction")), "hs_meeting_start_time": _iso(start),
        "hs_meeting_end_time": _iso(end), "hs_meeting_outcome": outcome, "hs_meeting_source": "CRM_UI",
    }  # fmt: skip
    return _hs_engage(sandbox, target, "meetings", properties, entry, author)


def _hs_decline(sandbox: "Sandbox", target: str, body: Body, _entry: dict[str, Any], author: Author) -> None:
    sandbox.hubspot.update("contacts", target, _declined("hubspot", body), author)


def _hs_complete(sandbox: "Sandbox", _target: str, body: Body, _entry: dict[str, Any], author: Author) -> None:
    sandbox.hubspot.update("tasks", str(need(body, "task_id")), {"hs_task_status": "COMPLETED"}, author)


def _hs_reschedule(sandbox: "Sandbox", _target: str, body: Body, _entry: dict[str, Any], author: Author) -> None:
    need(body, "due")
    sandbox.hubspot.update("tasks", str(need(body, "task_id")), {"hs_timestamp": _iso(instant(sandbox, body, "due"))}, author)


def _declined(vendor: str, body: Body) -> dict[str, str]:
    """The edit of a decline: a disqualified status, and the reason where one is given (people also save it without)."""
    fields = {STATUS_FIELD[vendor]: str(body.get("status") or DECLINED[vendor])}
    reason = body.get("reason")
    return fields if reason is None else fields | {str(body.get("reason_field") or REASON_FIELD[vendor]): str(reason)}


def _sf_edit(sandbox: "Sandbox", target: str, body: Body, _entry: dict[str, Any], author: Author) -> None:
    sandbox.salesforce.update(_object(body, "salesforce"), target, need(body, "fields"), author)


def _sf_task(sandbox: "Sandbox", target: str, fields: dict[str, Any], entry: dict[str, Any], author: Author) -> str:
    common = {"WhoId": target, "OwnerId": entry["salesforce_user_id"], "Status": "Completed", "Priority": "Normal"}
    return str(sandbox.salesforce.create("Task", common | fields, author))


def _sf_call(sandbox: "Sandbox", target: str, body: Body, entry: dict[str, Any], author: Author) -> str:
    outcome = str(body.get("outcome", "connected"))
    fields = {
        "Subject": f"Call: {outcome}", "TaskSubtype": "Call", "CallType": "Outbound", "CallDisposition": outcome,
        "CallDurationInSeconds": int(body.get("seconds", 240)), "ActivityDate": instant(sandbox, body, "at").date().isoformat(),
        "Description": body.get("text"),
    }  # fmt: skip
    return _sf_task(sandbox, target, fields, entry, author)


def _sf_email(sandbox: "Sandbox", target: str, body: Body, entry: dict[str, Any], author: Author) -> str:
    subject = f"Email: {body.get('subject', 'Your request')}"
    fields = {
        "Subject": subject,
        "TaskSubtype": "Email",
        "ActivityDate": instant(sandbox, body, "at").date().isoformat(),
        "Description": body.get("text"),
    }
    return _sf_task(sandbox, target, fields, entry, author)


def _sf_meet(sandbox: "Sandbox", target: str, body: Body, entry: dict[str, Any], author: Author) -> str:
    start = instant(sandbox, body, "start")
    fields = {
        "WhoId": target, "OwnerId": entry["salesforce_user_id"], "Subject": str(body.get("subject", "Introduction")),
        "StartDateTime": _iso(start),
        "DurationInMinutes": int(body.get("seconds", 1800)) // 60,
    }  # fmt: skip
    return str(sandbox.salesforce.create("Event", fields, author))


def _sf_decline(sandbox: "Sandbox", target: str, body: Body, _entry: dict[str, Any], author: Author) -> None:
    sandbox.salesforce.update("Lead", target, _declined("salesforce", body), author)


def _sf_complete(sandbox: "Sandbox", _target: str, body: Body, _entry: dict[str, Any], author: Author) -> None:
    sandbox.salesforce.update("Task", str(need(body, "task_id")), {"Status": "Completed"}, author)


def _sf_reschedule(sandbox: "Sandbox", _target: str, body: Body, _entry: dict[str, Any], author: Author) -> None:
    need(body, "due")
    sandbox.salesforce.update(
        "Task", str(need(body, "task_id")), {"ActivityDate": instant(sandbox, body, "due").date().isoformat()}, author
    )


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


_HUBSPOT: dict[str, Action] = {
    "edit": _hs_edit, "log_call": _hs_call, "send_email": _hs_email, "meet": _hs_meet, "decline": _hs_decline,
    "complete_task": _hs_complete,
    "reschedule_task": _hs_reschedule,
}  # fmt: skip
_SALESFORCE: dict[str, Action] = {
    "edit": _sf_edit, "log_call": _sf_call, "send_email": _sf_email, "meet": _sf_meet, "decline": _sf_decline,
    "complete_task": _sf_complete,
    "reschedule_task": _sf_reschedule,
}  # fmt: skip
