"""Reps, leads, marketing and automations act the way each vendor's own records show it."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from sandbox.control import act_lead, act_rep
from sandbox.control.exceptions import BadRequestError, NotFoundError
from sandbox.core import Sandbox
from sandbox.hubspot import object_types
from sandbox.world.sources import FORM_BY_KEY

MAYA = "maya.okafor@acme.example"


@pytest.fixture(scope="module")
def seeded(sandbox: Sandbox) -> Sandbox:
    sandbox.control.seed(seed=4, leads=300)
    sandbox.snapshot("start")
    return sandbox


@pytest.fixture
def box(seeded: Sandbox) -> Sandbox:
    """The world as it was seeded."""
    seeded.restore("start")
    seeded.control.marketing.teach([])
    return seeded


def pair(box: Sandbox, kind: str = "limbo") -> dict[str, str]:
    """A planted lead that stands in both CRMs."""
    found: dict[str, str] = next(one for one in box.control.manifest["planted"][kind]["records"] if len(one) == 2)
    return found


def rep(box: Sandbox, vendor: str, action: str, **more: Any) -> dict[str, Any]:
    return act_rep.act(box, {"vendor": vendor, "id": pair(box)[vendor], "rep": MAYA, "action": action, **more})


def lead(box: Sandbox, vendor: str, action: str, **more: Any) -> dict[str, Any]:
    return act_lead.act(box, {"vendor": vendor, "id": pair(box)[vendor], "action": action, **more})


def contact(box: Sandbox) -> dict[str, str]:
    found: dict[str, str] = box.hubspot.get("contacts", pair(box)["hubspot"]).properties
    return found


def sf_lead(box: Sandbox) -> dict[str, Any]:
    found: dict[str, Any] = box.salesforce.get("Lead", pair(box)["salesforce"])
    return found


def test_a_reps_edit_in_hubspot_carries_the_screen_and_the_user(box: Sandbox) -> None:
    """History says CRM_UI and userId, the journal says person."""
    rep(box, "hubspot", "edit", fields={"hs_lead_status": "CONNECTED", "hubspot_owner_id": None})
    maya = box.control.manifest["people"][0]
    newest = box.hubspot.history("contacts", pair(box)["hubspot"], "hs_lead_status")[0]
    assert (newest.value, newest.source, newest.source_id, newest.user_id) == (
        "CONNECTED",
        "CRM_UI",
        f"userId:{maya['hubspot_user_id']}",
        maya["hubspot_user_id"],
    )
    assert "hubspot_owner_id" not in contact(box)
    entry = next(one for one in box.journal.read("hubspot", "contacts", pair(box)["hubspot"]) if one["field"] == "hs_lead_status")
    assert (entry["author_kind"], entry["author"]) == ("person", "Maya Okafor")


def test_a_reps_edit_in_salesforce_is_in_the_field_history_under_the_user(box: Sandbox) -> None:
    """CreatedById of LeadHistory and LastModifiedById of the Lead are the rep."""
    rep(box, "salesforce", "edit", fields={"Status": "Nurture"})
    user = box.control.manifest["people"][0]["salesforce_user_id"]
    row = [one for one in box.salesforce.history(pair(box)["salesforce"]) if one["Field"] == "Status"][-1]
    assert (row["NewValue"], row["CreatedById"]) == ("Nurture", user)
    assert sf_lead(box)["LastModifiedById"] == user


def test_an_edit_that_the_crm_refuses_is_refused(box: Sandbox) -> None:
    """The validation rule of the org counts for people too."""
    broken = box.control.manifest["planted"]["region_missing"]["records"][0]["salesforce"]
    with pytest.raises(Exception, match="Region required"):
        act_rep.act(box, {"vendor": "salesforce", "id": broken, "rep": MAYA, "action": "edit", "fields": {"Status": "Nurture"}})


def test_a_logged_call_is_a_completed_engagement_of_the_rep(box: Sandbox) -> None:
    """And it moves 'last contacted'."""
    made = rep(box, "hubspot", "log_call", outcome="no answer", seconds=20)["created"]
    call = box.hubspot.get("calls", made).properties
    maya = box.control.manifest["people"][0]
    assert (call["hs_call_direction"], call["hs_call_status"], call["hubspot_owner_id"]) == (
        "OUTBOUND",
        "COMPLETED",
        maya["hubspot_owner_id"],
    )
    assert call["hs_object_source"] == "CRM_UI"
    assert contact(box)["notes_last_contacted"] == call["hs_timestamp"]
    task = box.salesforce.get("Task", rep(box, "salesforce", "log_call")["created"])
    assert (task["TaskSubtype"], task["IsClosed"], task["CreatedById"]) == ("Call", True, maya["salesforce_user_id"])
    assert task["CompletedDateTime"] is not None


def test_mails_and_meetings_are_what_each_vendor_keeps_of_them(box: Sandbox) -> None:
    """E-mail objects and Tasks, meeting objects and Events."""
    assert box.hubspot.get("emails", rep(box, "hubspot", "send_email")["created"]).properties["hs_email_direction"] == "EMAIL"
    assert (
        box.hubspot.get("meetings", rep(box, "hubspot", "meet", outcome="scheduled")["created"]).properties["hs_meeting_outcome"]
        == "SCHEDULED"
    )
    assert box.salesforce.get("Task", rep(box, "salesforce", "send_email")["created"])["TaskSubtype"] == "Email"
    assert box.salesforce.get("Event", rep(box, "salesforce", "meet", start="2026-11-30T15:00:00Z")["created"])["StartDateTime"].startswith(
        "2026-11-30T15:00"
    )


def test_a_decline_is_a_status_edit_with_or_without_a_reason(box: Sandbox) -> None:
    """Nothing else tells it apart from any other edit."""
    rep(box, "hubspot", "decline", reason="bad_timing")
    assert (contact(box)["hs_lead_status"], contact(box)["disqualification_reason"]) == ("UNQUALIFIED", "bad_timing")
    rep(box, "salesforce", "decline", status="Bad")
    assert (sf_lead(box)["Status"], sf_lead(box)["Disqualification_Reason__c"]) == ("Bad", None)


def test_tasks_are_completed_and_rescheduled_by_id(box: Sandbox) -> None:
    """In both CRMs."""
    task = next(iter(box.hubspot.records.scan(object_types.get("tasks"))))
    rep(box, "hubspot", "reschedule_task", task_id=str(task.id), due="2026-12-01T09:00:00Z")
    assert box.hubspot.get("tasks", task.id).properties["hs_timestamp"].startswith("2026-12-01T09:00")
    rep(box, "hubspot", "complete_task", task_id=str(task.id))
    assert box.hubspot.get("tasks", task.id).properties["hs_task_status"] == "COMPLETED"
    opened = box.salesforce.query("SELECT Id FROM Task WHERE IsClosed = false AND ActivityDate != null LIMIT 1")[0]["Id"]
    rep(box, "salesforce", "reschedule_task", task_id=opened, due="2026-12-01T09:00:00Z")
    assert box.salesforce.get("Task", opened)["ActivityDate"] == "2026-12-01"
    rep(box, "salesforce", "complete_task", task_id=opened)
    assert box.salesforce.get("Task", opened)["IsClosed"]


def test_a_form_is_dated_to_the_millisecond_and_appended(box: Sandbox) -> None:
    """HubSpot: guid::ms at the end of the list, counters and dates moved. Salesforce: a responded campaign member."""
    before = contact(box).get("hs_calculated_form_submissions", "")
    count = int(contact(box).get("num_conversion_events", "0"))
    lead(box, "hubspot", "form", form="demo")
    now = contact(box)
    ms = round(box.clock.now().timestamp() * 1000)
    newest = now["hs_calculated_form_submissions"].split(";")[-1]
    assert newest.startswith(f"{FORM_BY_KEY['demo'].guid}::")
    assert 0 <= ms - int(newest.split("::")[1]) < 1000
    assert now["hs_calculated_form_submissions"].startswith(before)
    assert int(now["num_conversion_events"]) == count + 1
    assert now["recent_conversion_event_name"] == "Request a demo"
    member = box.salesforce.get("CampaignMember", lead(box, "salesforce", "form", form="Contact sales")["created"])
    assert (member["HasResponded"], member["Status"]) == (True, "Responded")
    assert lead(box, "salesforce", "form", form="contact")["created"] == member["Id"]


def test_a_reply_is_an_incoming_mail(box: Sandbox) -> None:
    """The lead's act, not a touch of ours."""
    made = lead(box, "hubspot", "reply")["created"]
    assert box.hubspot.get("emails", made).properties["hs_email_direction"] == "INCOMING_EMAIL"
    assert contact(box)["hs_sales_email_last_replied"]
    message = box.salesforce.get("EmailMessage", lead(box, "salesforce", "reply")["created"])
    assert message["Incoming"] is True
    relation = box.salesforce.find("EmailMessageRelation", "EmailMessageId", message["Id"])[0]
    assert (relation["RelationId"], relation["RelationType"]) == (pair(box)["salesforce"], "FromAddress")


def test_clicks_visits_bounces_opt_outs_and_bookings_leave_their_marks(box: Sandbox) -> None:
    """Only in the properties each vendor has for them; what Salesforce keeps no record of is refused."""
    for action in ("click", "visit", "bounce", "opt_out", "meeting_booked"):
        lead(box, "hubspot", action)
    now = contact(box)
    assert now["hs_email_click"] == "1"
    assert now["hs_analytics_last_url"].endswith("/pricing")
    assert now["hs_email_hard_bounce_reason_enum"] == "UNKNOWN_USER"
    assert now["hs_email_optout"] == "true"
    assert now["engagements_last_meeting_booked"]
    for action in ("bounce", "opt_out", "meeting_booked"):
        lead(box, "salesforce", action)
    assert sf_lead(box)["HasOptedOutOfEmail"] is True
    assert sf_lead(box)["EmailBouncedDate"] is not None
    for action in ("click", "visit"):
        with pytest.raises(BadRequestError, match="keeps no record"):
            lead(box, "salesforce", action)


def test_marketing_mails_whoever_has_the_taught_property_and_may_be_mailed(box: Sandbox) -> None:
    """At most once in the interval; who may not be mailed is left out and counted by reason."""
    box.control.marketing.teach(
        [{"vendor": "hubspot", "object": "contacts", "property": "budget_status", "values": ["planned"], "every_days": 7}]
    )
    chosen = [one.id for one in box.hubspot.find("contacts", budget_status="planned")]
    assert chosen
    start = box.clock.now()
    moved = box.control.advance(86_400)
    mailed = [one for one in chosen if _sent_after(box, one, start)]
    assert moved.mailed.get("hubspot", 0) == len(mailed) > 0
    others = [one.id for one in box.hubspot.find("contacts", budget_status="confirmed")]
    assert not any(_sent_after(box, one, start) for one in others)
    assert sum(moved.not_mailed.get("hubspot", {}).values()) + len(mailed) <= len(chosen)
    again = box.control.advance(86_400)
    assert not {one for one in mailed if _sent_after(box, one, start + timedelta(days=1))}
    assert again.mailed.get("hubspot", 0) + len(mailed) <= len(chosen)


def _sent_after(box: Sandbox, contact_id: str, moment: datetime) -> bool:
    sent = box.hubspot.get("contacts", contact_id).properties.get("hs_email_last_send_date")
    return sent is not None and datetime.fromisoformat(sent) > moment


def test_those_who_may_not_be_mailed_are_not(box: Sandbox) -> None:
    """Each kind of obstacle, in both CRMs."""
    rules = [{"vendor": "hubspot", "property": "lead_channel"}, {"vendor": "salesforce", "property": "Lead_Channel__c"}]
    box.control.marketing.teach(rules)
    start = box.clock.now()
    moved = box.control.advance(86_400)
    assert {"opted out", "bounced", "not a marketing contact", "no legal basis", "no address"} <= moved.not_mailed["hubspot"].keys()
    assert "converted" in moved.not_mailed["salesforce"]
    for kind in ("opted_out", "bounced", "non_marketable", "no_consent", "no_email"):
        for one in box.control.manifest["planted"][kind]["records"]:
            assert "hubspot" not in one or not _sent_after(box, one["hubspot"], start)
    rows = box.salesforce.query("SELECT RecipientId, CreatedDate FROM ListEmailIndividualRecipient ORDER BY CreatedDate DESC LIMIT 1")
    assert datetime.fromisoformat(rows[0]["CreatedDate"]) > start
    assert moved.mailed["salesforce"] > 50


def test_a_long_move_of_the_clock_mails_once_in_each_interval(box: Sandbox) -> None:
    """22 days at every 7 days: three mails or four, never two within seven days."""
    box.control.marketing.teach([{"vendor": "hubspot", "property": "budget_status", "every_days": 7}])
    box.control.advance(22 * 86_400)
    one = next(
        one
        for one in box.hubspot.find("contacts", budget_status="planned")
        if one.properties.get("hs_email_last_email_name") == "Nurture series"
    )
    sends = [datetime.fromisoformat(version.value) for version in box.hubspot.history("contacts", one.id, "hs_email_last_send_date")]
    gaps = [later - earlier for later, earlier in pairwise(sends)]
    assert len([at for at in sends if at > datetime.fromisoformat(box.control.manifest["epoch"])]) in (3, 4)
    assert min(gaps) >= timedelta(days=7)


def test_acts_on_what_does_not_exist_are_refused_by_name(box: Sandbox) -> None:
    """People, records, actions, forms and vendors."""
    target = pair(box)["hubspot"]
    with pytest.raises(BadRequestError, match="maya"):
        act_rep.act(box, {"vendor": "hubspot", "id": target, "rep": "nobody@acme.example", "action": "log_call"})
    with pytest.raises(NotFoundError, match="999"):
        act_rep.act(box, {"vendor": "hubspot", "id": "999", "rep": MAYA, "action": "log_call"})
    with pytest.raises(BadRequestError, match="log_call"):
        rep(box, "hubspot", "dance")
    with pytest.raises(BadRequestError, match="demo"):
        lead(box, "hubspot", "form", form="guestbook")
    with pytest.raises(BadRequestError, match="hubspot, salesforce"):
        act_rep.act(box, {"vendor": "pipedrive", "id": "1", "rep": MAYA, "action": "edit"})
