"""A lead acts: fills in a form, clicks, answers, visits, bounces, opts out, books a meeting; the CRM notes it the way the real one does."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sandbox.control import authors
from sandbox.control.act_rep import LINK_BACK
from sandbox.control.exceptions import BadRequestError
from sandbox.control.requests import instant, need, record_id
from sandbox.world.sources import FORMS, Form

if TYPE_CHECKING:
    from sandbox.core import Sandbox

Body = dict[str, Any]
MEETING_NOTICE_DAYS = 2
KEPT_SUBMISSIONS = 800


def act(sandbox: "Sandbox", body: Body) -> dict[str, Any]:
    """Carry out {"vendor", "id", "action", ...}; answers {"id", "created": new record or None}.

    Raises BadRequestError where that CRM keeps no record of such an act.
    """
    vendor, action = need(body, "vendor"), need(body, "action")
    if vendor not in ("hubspot", "salesforce"):
        raise BadRequestError(f"no vendor {vendor!r}; there are: hubspot, salesforce")
    table = _HUBSPOT if vendor == "hubspot" else _SALESFORCE
    if action not in table:
        raise BadRequestError(f"{vendor} keeps no record of {action!r} by a lead; it does of: {', '.join(table)}")
    target = record_id(sandbox, vendor, body)
    return {"id": target, "created": table[action](sandbox, target, body), "at": sandbox.clock.now().isoformat()}


def form_named(name: str) -> Form:
    """The form with that key, GUID or name. Raises BadRequestError with the keys there are."""
    for form in FORMS:
        if name in (form.key, form.guid, form.name):
            return form
    raise BadRequestError(f"no form {name!r}; there are: {', '.join(form.key for form in FORMS)}")


def _hs_form(sandbox: "Sandbox", target: str, body: Body) -> None:
    form, at = form_named(str(body.get("form", "demo"))), instant(sandbox, body, "at")
    now = sandbox.hubspot.get("contacts", target).properties
    made = [one for one in (now.get("hs_calculated_form_submissions") or "").split(";") if one]
    made.append(f"{form.guid}::{round(at.timestamp() * 1000)}")
    stamp = _iso(at)
    changes = {
        "hs_calculated_form_submissions": ";".join(made[-KEPT_SUBMISSIONS:]), "recent_conversion_date": stamp,
        "recent_conversion_event_name": form.name,
        "num_conversion_events": str(int(now.get("num_conversion_events") or 0) + 1),
        "num_unique_conversion_events": str(len({one.split("::")[0] for one in made})), "hs_analytics_last_visit_timestamp": stamp,
        "hs_analytics_last_timestamp": stamp,
    }  # fmt: skip
    if not now.get("first_conversion_date"):
        changes |= {"first_conversion_date": stamp, "first_conversion_event_name": form.name}
    if body.get("message"):
        changes["message"] = str(body["message"])
    sandbox.hubspot.update("contacts", target, changes, authors.vendor_itself(sandbox, "FORM"))


def _hs_click(sandbox: "Sandbox", target: str, body: Body) -> None:
    now, stamp = sandbox.hubspot.get("contacts", target).properties, _iso(instant(sandbox, body, "at"))
    changes = {
        "hs_email_last_click_date": stamp, "hs_email_click": str(int(now.get("hs_email_click") or 0) + 1),
        "hs_email_sends_since_last_engagement": "0",
        "hs_email_first_click_date": now.get("hs_email_first_click_date") or stamp, "hs_email_last_open_date": stamp,
    }  # fmt: skip
    sandbox.hubspot.update("contacts", target, changes, authors.vendor_itself(sandbox, "EMAIL"))


def _hs_reply(sandbox: "Sandbox", target: str, body: Body) -> str:
    stamp = _iso(instant(sandbox, body, "at"))
    author = authors.vendor_itself(sandbox, "EMAIL_INTEGRATION")
    properties = {
        "hs_timestamp": stamp, "hs_email_direction": "INCOMING_EMAIL", "hs_email_status": "SENT",
        "hs_email_subject": str(body.get("subject", "Re: your mail")),
        "hs_email_text": str(body.get("text", "Thanks, let us talk.")),
    }  # fmt: skip
    created = sandbox.hubspot.create("emails", properties, author, associations=[("contacts", target, LINK_BACK["emails"])])
    sandbox.hubspot.update("contacts", target, {"hs_sales_email_last_replied": stamp, "hs_last_sales_activity_timestamp": stamp}, author)
    return str(created)


def _hs_visit(sandbox: "Sandbox", target: str, body: Body) -> None:
    now, stamp = sandbox.hubspot.get("contacts", target).properties, _iso(instant(sandbox, body, "at"))
    changes = {
        "hs_analytics_last_visit_timestamp": stamp, "hs_analytics_last_timestamp": stamp,
        "hs_analytics_num_visits": str(int(now.get("hs_analytics_num_visits") or 0) + 1),
        "hs_analytics_num_page_views": str(int(now.get("hs_analytics_num_page_views") or 0) + int(body.get("pages", 1))),
        "hs_analytics_last_url": str(body.get("url", "https://acme.example/pricing")),
    }  # fmt: skip
    sandbox.hubspot.update("contacts", target, changes, authors.vendor_itself(sandbox, "ANALYTICS"))


def _hs_bounce(sandbox: "Sandbox", target: str, body: Body) -> None:
    now = sandbox.hubspot.get("contacts", target).properties
    changes = {
        "hs_email_hard_bounce_reason_enum": str(body.get("reason", "UNKNOWN_USER")),
        "hs_email_bounce": str(int(now.get("hs_email_bounce") or 0) + 1),
    }
    sandbox.hubspot.update("contacts", target, changes, authors.vendor_itself(sandbox, "EMAIL"))


def _hs_opt_out(sandbox: "Sandbox", target: str, _body: Body) -> None:
    sandbox.hubspot.update("contacts", target, {"hs_email_optout": "true"}, authors.vendor_itself(sandbox, "EMAIL"))


def _hs_meeting(sandbox: "Sandbox", target: str, body: Body) -> str:
    booked, start = instant(sandbox, {}, "at"), _start(sandbox, body)
    author = authors.vendor_itself(sandbox, "MEETINGS")
    owner = sandbox.hubspot.get("contacts", target).properties.get("hubspot_owner_id")
    properties = {
        "hs_timestamp": _iso(start), "hs_meeting_title": "Booked on the web site", "hs_meeting_start_time": _iso(start),
        "hs_meeting_end_time": _iso(start + timedelta(minutes=30)), "hs_meeting_outcome": "SCHEDULED",
        "hs_meeting_source": "MEETINGS_PUBLIC",
    } | ({"hubspot_owner_id": owner} if owner else {})  # fmt: skip
    created = sandbox.hubspot.create("meetings", properties, author, associations=[("contacts", target, LINK_BACK["meetings"])])
    sandbox.hubspot.update("contacts", target, {"engagements_last_meeting_booked": _iso(booked)}, author)
    return str(created)


def _sf_form(sandbox: "Sandbox", target: str, body: Body) -> str:
    form, at = form_named(str(body.get("form", "demo"))), instant(sandbox, body, "at")
    author = authors.vendor_itself(sandbox, "FORM")
    campaign = sandbox.control.manifest.get("campaigns", {}).get(form.campaign)
    if campaign is None:
        raise BadRequestError(f"this world has no Salesforce campaign {form.campaign!r}")
    for member in sandbox.salesforce.find("CampaignMember", "LeadId", target):
        if member["CampaignId"] == campaign:
            # A second response to the same campaign is the same member again: Salesforce keeps only the first date.
            sandbox.salesforce.update("CampaignMember", member["Id"], {"Status": "Responded"}, author, at=at)
            return str(member["Id"])
    return str(
        sandbox.salesforce.create("CampaignMember", {"CampaignId": campaign, "LeadId": target, "Status": "Responded"}, author, at=at)
    )


def _sf_reply(sandbox: "Sandbox", target: str, body: Body) -> str:
    at, author = instant(sandbox, body, "at"), authors.vendor_itself(sandbox, "EMAIL_INTEGRATION")
    lead = sandbox.salesforce.get("Lead", target)
    message = {
        "Incoming": True, "Status": "1", "MessageDate": _iso(at), "Subject": str(body.get("subject", "Re: your mail")),
        "FromAddress": lead["Email"],
        "FromName": lead["Name"], "TextBody": str(body.get("text", "Thanks, let us talk.")),
    }  # fmt: skip
    created = sandbox.salesforce.create("EmailMessage", message, author, at=at)
    relation = {"EmailMessageId": created, "RelationId": target, "RelationType": "FromAddress", "RelationAddress": lead["Email"]}
    sandbox.salesforce.create("EmailMessageRelation", relation, author, at=at)
    return str(created)


def _sf_bounce(sandbox: "Sandbox", target: str, body: Body) -> None:
    changes = {
        "EmailBouncedReason": str(body.get("reason", "550 5.1.1 unknown user")),
        "EmailBouncedDate": _iso(instant(sandbox, body, "at")),
    }
    sandbox.salesforce.update("Lead", target, changes, authors.vendor_itself(sandbox, "EMAIL"))


def _sf_opt_out(sandbox: "Sandbox", target: str, _body: Body) -> None:
    sandbox.salesforce.update("Lead", target, {"HasOptedOutOfEmail": True}, authors.vendor_itself(sandbox, "EMAIL"))


def _sf_meeting(sandbox: "Sandbox", target: str, body: Body) -> str:
    owner = sandbox.salesforce.get("Lead", target)["OwnerId"]
    fields = {"WhoId": target, "Subject": "Booked on the web site", "StartDateTime": _iso(_start(sandbox, body)), "DurationInMinutes": 30}
    if str(owner).startswith("005"):
        fields["OwnerId"] = owner
    return str(sandbox.salesforce.create("Event", fields, authors.vendor_itself(sandbox, "MEETINGS")))


def _start(sandbox: "Sandbox", body: Body) -> datetime:
    return instant(sandbox, body, "start") if body.get("start") else sandbox.clock.now() + timedelta(days=MEETING_NOTICE_DAYS)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


_HUBSPOT: dict[str, Callable[["Sandbox", str, Body], str | None]] = {
    "form": _hs_form, "click": _hs_click, "reply": _hs_reply, "visit": _hs_visit, "bounce": _hs_bounce, "opt_out": _hs_opt_out,
    "meeting_booked": _hs_meeting,
}  # fmt: skip
_SALESFORCE: dict[str, Callable[["Sandbox", str, Body], str | None]] = {
    "form": _sf_form, "reply": _sf_reply, "bounce": _sf_bounce, "opt_out": _sf_opt_out, "meeting_booked": _sf_meeting,
}  # fmt: skip
