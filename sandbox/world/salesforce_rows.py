"""A story in Salesforce's words: the Lead, its activities, memberships and mailings, and what stands behind customers and deals."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.world.epoch import DAY_MS, HOUR_MS, date_text, second_text
from sandbox.world.hubspot_rows import LEGAL_BASES, contact_id
from sandbox.world.sources import CHANNELS, FORM_BY_KEY
from sandbox.world.story import Company, OpenTask, Story, Touch
from sandbox.world.team import SEQUENCER_NAME
from sandbox.world.words import REGIONS

SYNDICATION_CAMPAIGN = "Content syndication 2026"
LIST_EMAIL = "Autumn series"
_LEAD_SOURCE = {channel.key: channel.lead_source for channel in CHANNELS}
Fields = dict[str, Any]


@dataclass(frozen=True)
class Users:
    """Ids in this org: member key -> user, campaign name -> campaign, users of the sequencer and the web forms, queue, list e-mail."""

    user_id: dict[str, str]
    campaign_id: dict[str, str]
    sequencer_id: str
    web_forms_id: str
    nurture_queue_id: str
    list_email_id: str


@dataclass(frozen=True)
class Row:
    """One record to load; times in ms."""

    sobject: str
    fields: Fields
    created: int
    modified: int


def stamp(ms: int) -> str:
    """Epoch milliseconds as a Salesforce dateTime (whole seconds)."""
    return f"{second_text(ms)}.000+0000"


def date(ms: int) -> str:
    """Epoch milliseconds as a Salesforce date."""
    return date_text(ms)


def modified_at(story: Story) -> int:
    """When the Lead itself was last changed: its creation or the colleague's edit of the status."""
    edited = max((touch.at for touch in story.touches if story.logs_in == "salesforce" and not touch.automated), default=story.created)
    return max(story.created, edited)


def lead(story: Story, users: Users) -> Row:
    """The Lead of a story."""
    person, employer = story.person, story.company
    owner = users.user_id[story.salesforce_owner] if story.salesforce_owner else users.nurture_queue_id
    fields: Fields = {
        "FirstName": person.first, "LastName": person.last, "Company": employer.name if employer else "[not provided]",
        "Email": _email(story),
        "Phone": person.phone, "Title": person.title or None, "Status": story.status["salesforce"],
        "LeadSource": _LEAD_SOURCE[story.channel],
        "Industry": employer.industry if employer and story.index % 8 else None,
        "NumberOfEmployees": employer.employees if employer and story.index % 9 else None,
        "AnnualRevenue": float(employer.revenue) if employer and story.index % 4 == 0 else None,
        "Country": person.country_typed.strip() or None,
        "State": person.state or None, "City": person.city or None, "PostalCode": person.postal_code or None,
        "Website": f"https://{employer.domain}" if employer else None, "OwnerId": owner, "CreatedById": users.web_forms_id,
        "Region__c": None if story.dirt == "region_missing" else REGIONS[person.territory],
        "HubSpot_Contact_ID__c": contact_id(story.index) if story.explicit_link else None,
        "Tech_Stack__c": "; ".join(person.technology) or None,
        "Budget_Status__c": person.budget, "Target_Account__c": bool(employer and employer.target), "Lead_Channel__c": story.channel,
        "Account_Relationship__c": _relation(story), "Disqualification_Reason__c": story.reason,
        "Legal_Basis__c": None if story.dirt == "no_consent" else LEGAL_BASES[story.index % 2],
    }  # fmt: skip
    fields |= _reachability(story)
    return Row("Lead", fields, story.created, modified_at(story))


def _email(story: Story) -> str | None:
    spelled_twice = story.second_email is not None and (story.explicit_link or story.index % 2 == 0)
    return story.second_email if spelled_twice and story.in_hubspot else story.person.email


def _relation(story: Story) -> str | None:
    if story.place.kind == "customer":
        return "customer"
    return story.company.relation if story.company and story.place.kind == "hands_off" else None


def _reachability(story: Story) -> Fields:
    """Opt-outs and bounces; Salesforce hears only of half of those that HubSpot knows, for nothing joins the two."""
    if story.in_hubspot and story.index % 2:
        return {}
    if story.dirt == "opted_out":
        return {"HasOptedOutOfEmail": True}
    if story.dirt == "bounced":
        return {"EmailBouncedReason": "550 5.1.1 unknown user", "EmailBouncedDate": stamp(story.created + HOUR_MS)}
    return {}


def duplicate(story: Story, users: Users) -> Row:
    """The second Lead with the same address, typed in by a rep a few minutes later."""
    fields = {
        **lead(story, users).fields,
        "Status": "Open - Not Contacted",
        "LeadSource": "Other",
        "HubSpot_Contact_ID__c": None,
        "Company": "?",
    }
    return Row("Lead", fields, story.created + HOUR_MS // 6, story.created + HOUR_MS // 6)


def activities(story: Story, lead_id: str, users: Users) -> Iterator[Row]:
    """Tasks, events and incoming mail of a lead whose reps log in Salesforce."""
    if story.logs_in != "salesforce":
        return
    for touch in story.touches:
        yield _touch(touch, lead_id, users)
    for at in story.meetings_ahead:
        yield _event(
            at, 1800, story.salesforce_owner or story.owner or "manager_sdr", lead_id, users, created=max(story.created, at - 12 * DAY_MS)
        )
    for task in story.tasks:
        yield _open_task(task, lead_id, users)


def replies(story: Story) -> Iterator[Row]:
    """Incoming e-mail; the caller adds the EmailMessageRelation that names the Lead."""
    if story.logs_in != "salesforce":
        return
    for at in story.replies:
        fields = {
            "Incoming": True, "Status": "1", "MessageDate": stamp(at), "Subject": "Re: our call", "FromAddress": story.person.email,
            "FromName": f"{story.person.first} {story.person.last}", "TextBody": "Thanks for your call. Could you send me some dates?",
        }  # fmt: skip
        yield Row("EmailMessage", fields, at, at)


def _touch(touch: Touch, lead_id: str, users: Users) -> Row:
    if touch.kind == "meeting":
        return _event(touch.at, touch.seconds or 1800, touch.rep, lead_id, users, created=touch.at)
    user = users.user_id[touch.rep]
    call = touch.kind == "call"
    subject = f"Call: {touch.outcome}" if call else "Email: Your request"
    fields: Fields = {
        "WhoId": lead_id, "OwnerId": user, "CreatedById": users.sequencer_id if touch.automated else user,
        "Subject": f"[{SEQUENCER_NAME}] [Email] [Out] Your request" if touch.automated else subject, "Status": "Completed",
        "IsClosed": True,
        "Priority": "Normal", "TaskSubtype": "Call" if call else "Email", "CompletedDateTime": stamp(touch.at),
        "ActivityDate": date(touch.at),
        "CallType": "Outbound" if call else None, "CallDisposition": touch.outcome if call else None,
        "CallDurationInSeconds": touch.seconds if call else None,
    }  # fmt: skip
    return Row("Task", fields, touch.at, touch.at)


def _event(at: int, seconds: int, rep: str, lead_id: str, users: Users, *, created: int) -> Row:
    user = users.user_id[rep]
    fields: Fields = {
        "WhoId": lead_id, "OwnerId": user, "CreatedById": user, "Subject": "Introduction", "StartDateTime": stamp(at),
        "EndDateTime": stamp(at + seconds * 1000),
        "ActivityDateTime": stamp(at), "ActivityDate": date(at), "EndDate": date(at + seconds * 1000), "DurationInMinutes": seconds // 60,
        "ShowAs": "Busy",
        "EventSubtype": "Event",
    }  # fmt: skip
    return Row("Event", fields, created, created)


def _open_task(task: OpenTask, lead_id: str, users: Users) -> Row:
    user = users.user_id[task.rep]
    fields: Fields = {
        "WhoId": lead_id, "OwnerId": user, "CreatedById": user, "Subject": task.subject, "Status": "Not Started", "Priority": "Normal",
        "TaskSubtype": "Task", "ActivityDate": date(task.due) if task.due is not None else None,
    }  # fmt: skip
    return Row("Task", fields, task.created, task.created)


def memberships(story: Story, lead_id: str, users: Users) -> Iterator[Row]:
    """Campaign members. Without HubSpot every form is one; beside HubSpot only uploads, webinars and a third of the hand-raises are."""
    seen: set[str] = set()
    for form_key, at in story.submissions:
        form = FORM_BY_KEY[form_key]
        copied = not story.in_hubspot or form.kind == "webinar" or (form.kind == "hand_raise" and story.index % 3 == 0)
        if copied and form.campaign not in seen:
            seen.add(form.campaign)
            status = ("Attended" if story.index % 2 else "Registered") if form.kind == "webinar" else "Responded"
            yield _member(users.campaign_id[form.campaign], lead_id, status, at, responded=True)
    if story.channel == "content_syndication":
        yield _member(users.campaign_id[SYNDICATION_CAMPAIGN], lead_id, "Sent", story.created, responded=False)


def _member(campaign_id: str, lead_id: str, status: str, at: int, *, responded: bool) -> Row:
    fields: Fields = {
        "CampaignId": campaign_id, "LeadId": lead_id, "LeadOrContactId": lead_id, "Type": "Lead", "Status": status,
        "HasResponded": responded,
        "FirstRespondedDate": date(at) if responded else None,
    }  # fmt: skip
    return Row("CampaignMember", fields, at, at)


def sends(story: Story, lead_id: str, users: Users) -> Iterator[Row]:
    """The last list e-mail, where Salesforce is what marketing mails from."""
    if story.last_send is not None and not story.in_hubspot:
        yield Row(
            "ListEmailIndividualRecipient", {"ListEmailId": users.list_email_id, "RecipientId": lead_id}, story.last_send, story.last_send
        )


def status_history(story: Story, lead_id: str, users: Users) -> Iterator[Row]:
    """The edit of the status by a colleague, where it is no longer the first one."""
    status = story.status["salesforce"]
    if status in ("Open - Not Contacted", "Closed - Converted"):
        return
    at = modified_at(story) if story.logs_in == "salesforce" and story.touches else story.created + HOUR_MS // 2
    by = users.user_id.get(story.salesforce_owner or "manager_sdr")
    fields = {
        "LeadId": lead_id,
        "Field": "Status",
        "DataType": "DynamicEnum",
        "OldValue": "Open - Not Contacted",
        "NewValue": status,
        "CreatedById": by,
    }
    yield Row("LeadHistory", fields, at, at)


def account(employer: Company, users: Users, created: int) -> Row:
    """The Account of a company."""
    kind = {"customer": "Customer - Direct", "partner": "Channel Partner / Reseller"}.get(employer.relation, "Prospect")
    fields: Fields = {
        "Name": employer.name, "Website": f"https://{employer.domain}", "Industry": employer.industry,
        "NumberOfEmployees": employer.employees,
        "AnnualRevenue": float(employer.revenue), "Type": kind, "OwnerId": users.user_id[employer.owner or "ae_central"],
        "Target_Account__c": employer.target,
    }  # fmt: skip
    return Row("Account", fields, created, created)


def account_contact(story: Story, account_id: str, users: Users) -> Row:
    """The Contact that a customer, or somebody with an opportunity, is."""
    fields: Fields = {
        "AccountId": account_id, "FirstName": story.person.first, "LastName": story.person.last, "Email": story.person.email,
        "OwnerId": users.user_id[story.owner or "ae_central"],
    }  # fmt: skip
    return Row("Contact", fields, story.created, story.created)


def opportunity(story: Story, account_id: str, users: Users, now: int) -> Row:
    """The customer's won opportunity, or the open one."""
    won = story.place.kind == "customer"
    fields: Fields = {
        "AccountId": account_id, "Name": f"{story.company.name if story.company else story.person.last} - platform",
        "StageName": "Closed Won" if won else "Qualification", "IsClosed": won, "IsWon": won, "Probability": 100.0 if won else 10.0,
        "ForecastCategory": "Closed" if won else "Pipeline", "ForecastCategoryName": "Closed" if won else "Pipeline", "Amount": 24_000.0,
        "CloseDate": date(story.created if won else now + 40 * DAY_MS), "OwnerId": users.user_id[story.owner or "ae_central"],
    }  # fmt: skip
    return Row("Opportunity", fields, story.created, story.created)
