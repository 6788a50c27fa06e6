"""A story in HubSpot's words: contact properties with the roll-ups HubSpot keeps, property history, and engagement objects."""

from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.world.epoch import DAY_MS, HOUR_MS, second_text
from sandbox.world.sources import CHANNELS, FORM_BY_KEY
from sandbox.world.story import Company, OpenTask, Story, Touch
from sandbox.world.team import BY_KEY
from sandbox.world.words import REGIONS

FIRST_CONTACT_ID = 100_001
FIRST_COMPANY_ID = 20_100_001
FIRST_ENGAGEMENT_ID = 50_100_001
LEGAL_BASES = ("Legitimate interest – prospect/lead", "Freely given consent from contact")
DISPOSITIONS = {
    "connected": "f240bbac-87c9-4f6e-bf70-924b57d47db7", "no answer": "73a0d17f-1163-4015-bdd5-ec830791da20",
    "left voicemail": "b2cf5968-551e-4856-9783-52b3da59a7d0",
}  # fmt: skip
_CHANNEL = {channel.key: channel for channel in CHANNELS}
_LIFECYCLE = {
    "qualified": "salesqualifiedlead", "customer": "customer", "open_opportunity": "opportunity", "converted": "opportunity",
    "hands_off": "other",
    "hot_neglected": "marketingqualifiedlead", "hot_worked": "marketingqualifiedlead", "worked": "marketingqualifiedlead",
    "silent": "marketingqualifiedlead", "neglected": "marketingqualifiedlead", "test_record": "subscriber",
}  # fmt: skip
_SIZE_BANDS = ((5, "1-5"), (25, "5-25"), (50, "25-50"), (100, "50-100"), (500, "100-500"), (1000, "500-1000"))
_COMPANY_INDUSTRY = {
    "Technology": "COMPUTER_SOFTWARE", "Finance": "FINANCIAL_SERVICES", "Banking": "BANKING", "Healthcare": "HOSPITAL_HEALTH_CARE",
    "Retail": "RETAIL",
    "Manufacturing": "MECHANICAL_OR_INDUSTRIAL_ENGINEERING", "Education": "EDUCATION_MANAGEMENT", "Media": "MEDIA_PRODUCTION",
    "Consulting": "MANAGEMENT_CONSULTING", "Insurance": "INSURANCE", "Transportation": "TRANSPORTATION_TRUCKING_RAILROAD",
    "Not For Profit": "NON_PROFIT_ORGANIZATION_MANAGEMENT", "Government": "GOVERNMENT_ADMINISTRATION", "Energy": "OIL_ENERGY",
    "Telecommunications": "TELECOMMUNICATIONS", "Hospitality": "HOSPITALITY", "Chemicals": "CHEMICALS", "Apparel": "RETAIL",
    "Electronics": "COMPUTER_HARDWARE", "Utilities": "UTILITIES", "Food & Beverage": "FOOD_BEVERAGES", "Machinery": "MACHINERY",
    "Biotechnology": "BIOTECHNOLOGY",
}  # fmt: skip
_COMPANY_TYPE = {"partner": "PARTNER", "competitor": "OTHER", "vendor": "VENDOR"}

Properties = dict[str, str | None]
Change = tuple[str, str, int, str, str | None]  # property, value, at (ms), source type, source id


@dataclass(frozen=True)
class Owners:
    """Ids of the team in HubSpot: member key -> owner id, and -> user id."""

    owner_id: dict[str, str]
    user_id: dict[str, int]

    def source_of(self, key: str) -> str:
        """The history source id of a person's edit."""
        return f"userId:{self.user_id[key]}"


@dataclass(frozen=True)
class Engagement:
    """One engagement object; `by` is the colleague who saved it, None for a mail sequence."""

    object_type: str
    properties: Properties
    at: int
    by: str | None


def iso(ms: int) -> str:
    """Epoch milliseconds as HubSpot writes an instant."""
    return f"{second_text(ms)}.{ms % 1000:03d}Z"


def contact_id(index: int) -> str:
    """The contact of the lead with this index."""
    return str(FIRST_CONTACT_ID + index)


def company_id(number: int) -> str:
    """The company with this number."""
    return str(FIRST_COMPANY_ID + number)


def contact(story: Story, owners: Owners) -> Properties:
    """The contact's properties; blank ones are left out."""
    made: dict[str, str | None] = {
        **_who(story),
        **_source(story),
        **_state(story, owners),
        **_forms(story),
        **_marketing(story),
        **_roll_ups(story),
    }
    return {name: value for name, value in made.items() if value not in (None, "")}


def _who(story: Story) -> Properties:
    person, employer = story.person, story.company
    return {
        "email": person.email, "firstname": person.first, "lastname": person.last, "phone": person.phone, "jobtitle": person.title,
        "hs_seniority": person.seniority, "country": person.country_typed, "state": person.state, "city": person.city,
        "zip": person.postal_code, "region": REGIONS[person.territory],
        "company": employer.name if employer else None, "website": f"https://{employer.domain}" if employer else None,
        "associatedcompanyid": company_id(employer.number) if employer else None,
        "industry": employer.industry if employer and story.index % 8 else None,
        "numemployees": _size_band(employer.employees) if employer and story.index % 9 else None,
        "annualrevenue": str(employer.revenue) if employer and story.index % 4 == 0 else None,
        "tech_stack": ";".join(person.technology), "budget_status": person.budget,
        "account_relationship": employer.relation if employer and story.place.kind == "hands_off" else None,
        "target_account": "true" if employer and employer.target else None,
        "hs_additional_emails": story.second_email if story.dirt == "additional_email" else None,
        "hs_email_domain": person.email.rpartition("@")[2] if person.email else None,
    }  # fmt: skip


def _size_band(employees: int) -> str:
    return next((band for top, band in _SIZE_BANDS if employees <= top), "1000+")


def _source(story: Story) -> Properties:
    channel = _CHANNEL[story.channel]
    imported = not story.submissions
    seen = story.last_visit is not None
    return {
        "hs_analytics_source": channel.hubspot_source, "hs_analytics_source_data_1": channel.hubspot_detail,
        "hs_latest_source": channel.hubspot_source,
        "hs_latest_source_timestamp": iso(story.created), "lead_channel": channel.key, "hs_object_source": "IMPORT" if imported else "FORM",
        "hs_object_source_label": "IMPORT" if imported else "FORM", "hs_was_imported": "true" if imported else None,
        "hs_analytics_first_timestamp": iso(story.created) if seen else None,
        "hs_analytics_last_visit_timestamp": iso(story.last_visit) if story.last_visit is not None else None,
        "hs_analytics_last_timestamp": iso(story.last_visit) if story.last_visit is not None else None,
        "hs_analytics_num_visits": str(story.visits) if story.visits else None,
        "hs_analytics_num_page_views": str(story.visits * 3) if story.visits else None,
    }  # fmt: skip


def _state(story: Story, owners: Owners) -> Properties:
    won, opened = story.place.kind == "customer", story.place.kind in ("open_opportunity", "converted")
    return {
        "lifecyclestage": _LIFECYCLE.get(story.place.kind, "lead"), "hs_lead_status": story.status["hubspot"],
        "hubspot_owner_id": owners.owner_id[story.owner] if story.owner else None,
        "hubspot_owner_assigneddate": iso(story.created) if story.owner else None, "createdate": iso(story.created),
        "disqualification_reason": story.reason, "num_associated_deals": "1" if won or opened else None,
        "hs_legal_basis": None if story.dirt == "no_consent" else LEGAL_BASES[story.index % 2],
        "hs_marketable_status": "false" if story.dirt == "non_marketable" else "true",
    }  # fmt: skip


def _forms(story: Story) -> Properties:
    if not story.submissions:
        return {}
    ordered = sorted(story.submissions, key=lambda made: made[1])
    names = [FORM_BY_KEY[form].name for form, _ in ordered]
    return {
        "hs_calculated_form_submissions": ";".join(f"{FORM_BY_KEY[form].guid}::{at}" for form, at in ordered),
        "first_conversion_date": iso(ordered[0][1]), "first_conversion_event_name": names[0], "recent_conversion_date": iso(ordered[-1][1]),
        "recent_conversion_event_name": names[-1], "num_conversion_events": str(len(ordered)),
        "num_unique_conversion_events": str(len(set(names))),
    }  # fmt: skip


def _marketing(story: Story) -> Properties:
    made: Properties = {}
    if story.last_send is not None:
        first = max(story.created, story.last_send - (story.sends - 1) * 9 * DAY_MS)
        made |= {
            "hs_email_last_send_date": iso(story.last_send), "hs_email_first_send_date": iso(first), "hs_email_delivered": str(story.sends),
            "hs_email_last_email_name": "Autumn series",
            "hs_email_sends_since_last_engagement": "0" if story.last_click else str(story.sends),
        }  # fmt: skip
    if story.last_click is not None:
        made |= {
            "hs_email_last_click_date": iso(story.last_click),
            "hs_email_first_click_date": iso(story.last_click),
            "hs_email_click": "1",
        }
    if story.dirt == "opted_out":
        made["hs_email_optout"] = "true"
    if story.dirt == "bounced":
        made |= {"hs_email_hard_bounce_reason_enum": "UNKNOWN_USER", "hs_email_bounce": "1"}
    return made


def _roll_ups(story: Story) -> Properties:
    """What HubSpot counts from the engagements logged in HubSpot."""
    if story.logs_in != "hubspot":
        return {}
    logged = sorted(touch.at for touch in story.touches)
    made: Properties = {}
    if logged:
        made |= {"notes_last_contacted": iso(logged[-1]), "num_contacted_notes": str(len(logged)), "hs_first_outreach_date": iso(logged[0])}
    saved = logged + [task.created for task in story.tasks] + list(story.replies)
    if saved:
        made |= {"notes_last_updated": iso(max(saved)), "num_notes": str(len(saved))}
    if story.replies:
        made |= {"hs_sales_email_last_replied": iso(max(story.replies)), "hs_last_sales_activity_timestamp": iso(max(story.replies))}
    ahead = [task.due for task in story.tasks if task.due is not None] + list(story.meetings_ahead)
    if ahead:
        made |= {"notes_next_activity_date": iso(min(ahead)), "hs_notes_next_activity_type": "MEETING" if story.meetings_ahead else "TASK"}
    return made


def modified_at(story: Story) -> int:
    """When the contact was last changed: the latest event HubSpot would have noted on it."""
    noted = [
        story.created,
        *(at for _, at in story.submissions),
        *(at for at in (story.last_send, story.last_click, story.last_visit) if at),
    ]
    if story.logs_in == "hubspot":
        noted += [touch.at for touch in story.touches] + list(story.replies) + [task.created for task in story.tasks]
    return max(noted)


def history(story: Story, owners: Owners) -> list[Change]:
    """Who set owner and status after the form or the upload did: the routing workflow, then a colleague's edit.

    What stands since the record was made needs no entry: HubSpot shows the source of the record for it.
    """
    made: list[Change] = []
    if story.owner is not None:
        made.append(("hubspot_owner_id", owners.owner_id[story.owner], story.created, "AUTOMATION_PLATFORM", "enrollmentId:route-by-zip"))
    status = story.status["hubspot"]
    if status != "NEW":
        birth = "IMPORT" if not story.submissions else "FORM"
        edited = max((touch.at for touch in story.touches), default=story.created + HOUR_MS // 2)
        editor = owners.source_of(story.owner or "manager_sdr")
        made.append(("hs_lead_status", "NEW", story.created, birth, None))
        made.append(("hs_lead_status", status, min(edited, modified_at(story)), "CRM_UI", editor))
    return made


def engagements(story: Story, owners: Owners) -> Iterator[Engagement]:
    """The engagement objects of a lead whose reps log in HubSpot."""
    if story.logs_in != "hubspot":
        return
    for touch in story.touches:
        yield _touch(touch, owners)
    for at in story.replies:
        properties: Properties = {
            "hs_timestamp": iso(at),
            "hs_email_direction": "INCOMING_EMAIL",
            "hs_email_status": "SENT",
            "hs_email_subject": "Re: our call",
        }
        yield Engagement("emails", properties | _owner(story.owner, owners), at, None)
    for at in story.meetings_ahead:
        yield Engagement(
            "meetings", _meeting(at, "SCHEDULED", 1800) | _owner(story.owner, owners), max(story.created, at - 12 * DAY_MS), story.owner
        )
    for task in story.tasks:
        yield _task(task, owners)


def _owner(key: str | None, owners: Owners) -> Properties:
    return {"hubspot_owner_id": owners.owner_id[key]} if key else {}


def _touch(touch: Touch, owners: Owners) -> Engagement:
    owner = _owner(touch.rep, owners)
    by = None if touch.automated else touch.rep
    if touch.kind == "call":
        properties: Properties = {
            "hs_timestamp": iso(touch.at), "hs_call_title": f"Call: {touch.outcome}", "hs_call_direction": "OUTBOUND",
            "hs_call_status": "COMPLETED",
            "hs_call_disposition": DISPOSITIONS[touch.outcome], "hs_call_duration": str(touch.seconds * 1000),
        }  # fmt: skip
        return Engagement("calls", properties | owner, touch.at, by)
    if touch.kind == "meeting":
        return Engagement("meetings", _meeting(touch.at, "COMPLETED", touch.seconds) | owner, touch.at, by)
    mail: Properties = {
        "hs_timestamp": iso(touch.at), "hs_email_direction": "EMAIL", "hs_email_status": "SENT", "hs_email_subject": "Your request",
        "hs_email_from_email": BY_KEY[touch.rep].email, "hs_sequence_id": "4711" if touch.automated else None,
    }  # fmt: skip
    if not touch.automated:
        del mail["hs_sequence_id"]
    return Engagement("emails", mail | owner, touch.at, by)


def _meeting(at: int, outcome: str, seconds: int) -> Properties:
    return {
        "hs_timestamp": iso(at), "hs_meeting_title": "Introduction", "hs_meeting_start_time": iso(at),
        "hs_meeting_end_time": iso(at + (seconds or 1800) * 1000),
        "hs_meeting_outcome": outcome, "hs_meeting_source": "CRM_UI",
    }  # fmt: skip


def _task(task: OpenTask, owners: Owners) -> Engagement:
    due = task.due if task.due is not None else task.created
    properties: Properties = {
        "hs_timestamp": iso(due), "hs_task_subject": task.subject, "hs_task_status": "NOT_STARTED", "hs_task_type": "CALL",
        "hs_task_priority": "MEDIUM",
    }  # fmt: skip
    return Engagement("tasks", properties | _owner(task.rep, owners), task.created, task.rep)


def company(employer: Company, owners: Owners) -> Properties:
    """The company's properties."""
    made: Properties = {
        "name": employer.name, "domain": employer.domain, "website": f"https://{employer.domain}",
        "numberofemployees": str(employer.employees),
        "annualrevenue": str(employer.revenue), "industry": _COMPANY_INDUSTRY[employer.industry],
        "hs_is_target_account": "true" if employer.target else None,
        "type": _COMPANY_TYPE.get(employer.relation, "PROSPECT" if employer.relation == "prospect" else None),
        "account_relationship": employer.relation if employer.relation != "prospect" else None,
        "lifecyclestage": {"customer": "customer", "prospect": "lead"}.get(employer.relation, "other"),
        "hubspot_owner_id": owners.owner_id[employer.owner] if employer.owner else None,
    }  # fmt: skip
    return {name: value for name, value in made.items() if value is not None}
