"""A second, simple reading of the before-state from what the two CRMs store. It shares no code with the generator that planted it."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.core import Sandbox
from sandbox.hubspot import object_types

DAYS_30 = timedelta(days=30)
HAND_RAISE_FORMS = ("Request a demo", "Contact sales", "Pricing request")
MARKETING_SIDE = {"UNQUALIFIED", "BAD_TIMING", "NURTURE", "Closed - Not Converted", "Nurture", "Bad", "Recycled by Marketing"}


@dataclass
class Seen:
    """Everything known about one human from both CRMs."""

    created: datetime
    status: str
    owner_active: bool
    owner_known: bool
    out_of_scope: bool
    raised: list[datetime] = field(default_factory=list)
    touches: list[datetime] = field(default_factory=list)
    human_touches: list[datetime] = field(default_factory=list)
    sends: list[datetime] = field(default_factory=list)
    has_dated_task: bool = False


def figures(box: Sandbox) -> dict[str, int]:
    """The five figures, counted over people."""
    counted: Counter[str] = Counter()
    now = box.clock.now()
    for one in people(box):
        if one.out_of_scope:
            continue
        counted["in_scope"] += 1
        step = one.owner_active and one.has_dated_task
        counted["in_limbo"] += one.created <= now - DAYS_30 and all(at <= now - DAYS_30 for at in one.touches + one.sends) and not step
        counted["hot_never_followed_up"] += bool(one.raised) and not step and all(at < max(one.raised) for at in one.human_touches)
        waits = one.status not in MARKETING_SIDE and not one.owner_active
        counted["without_owner"] += waits
        counted["inactive_owner"] += waits and one.owner_known
    return {name: counted[name] for name in ("in_scope", "in_limbo", "hot_never_followed_up", "without_owner", "inactive_owner")}


def people(box: Sandbox) -> list[Seen]:
    """One entry per human: contacts first, Leads joined by the explicit id, else by any known address."""
    crms = box.control.manifest["crms"]
    contacts = _contacts(box) if "hubspot" in crms else {}
    by_address = {address: contact for contact, (_, addresses) in contacts.items() for address in addresses}
    found = [seen for seen, _ in contacts.values()]
    if "salesforce" in crms:
        joined: dict[str, Seen] = {address: contacts[contact][0] for address, contact in by_address.items()}
        for lead in _leads(box):
            explicit, address = lead["HubSpot_Contact_ID__c"], (lead["Email"] or "").lower()
            known = contacts[explicit][0] if explicit else joined.get(address)
            seen = _read_lead(box, lead, known)
            if known is None:
                found.append(seen)
                if address:
                    joined[address] = seen
    return found


def _contacts(box: Sandbox) -> dict[str, tuple[Seen, list[str]]]:
    portal = box.hubspot
    active = {str(owner.id) for owner in portal.directory.owners(archived=False)}
    guids = {form["id"] for form in portal.directory.things("form") if form["name"] in HAND_RAISE_FORMS}
    found: dict[str, tuple[Seen, list[str]]] = {}
    for row in portal.records.scan(object_types.CONTACTS):
        data = row.data
        out = data["lifecyclestage"] in ("customer", "opportunity", "other") or data.get("email", "").endswith("@acme.example")
        owner = data.get("hubspot_owner_id")
        seen = Seen(datetime.fromtimestamp(row.created / 1000, UTC), data["hs_lead_status"], owner in active, owner is not None, out)
        for one in filter(None, data.get("hs_calculated_form_submissions", "").split(";")):
            guid, ms = one.split("::")
            if guid in guids:
                seen.raised.append(datetime.fromtimestamp(int(ms) / 1000, UTC))
        if data.get("hs_email_last_send_date"):
            seen.sends.append(datetime.fromisoformat(data["hs_email_last_send_date"]))
        _read_engagements(box, row.id, seen, active)
        addresses = [data.get("email", ""), *data.get("hs_additional_emails", "").split(";")]
        found[str(row.id)] = (seen, [address.lower() for address in addresses if address])
    return found


def _read_engagements(box: Sandbox, contact: int, seen: Seen, active: set[str]) -> None:
    now = box.clock.now()
    for one in box.hubspot.activities(object_types.CONTACTS, contact):
        at = datetime.fromtimestamp(one.at / 1000, UTC)
        if one.kind == "tasks":
            seen.has_dated_task |= one.data["hs_task_status"] != "COMPLETED" and one.data.get("hubspot_owner_id") in active
        elif one.data.get("hs_email_direction") != "INCOMING_EMAIL" and at <= now:
            seen.touches.append(at)
            if one.data.get("hs_object_source") == "CRM_UI":
                seen.human_touches.append(at)


def _leads(box: Sandbox) -> list[dict[str, Any]]:
    return box.salesforce.query(
        "SELECT Id, Email, Status, OwnerId, CreatedDate, IsConverted, Account_Relationship__c, HubSpot_Contact_ID__c "
        "FROM Lead ORDER BY CreatedDate, Id"
    )


def _read_lead(box: Sandbox, lead: dict[str, Any], known: Seen | None) -> Seen:
    sf = box.salesforce
    owner = sf.get("User", lead["OwnerId"])
    active = owner is None or owner["IsActive"]
    out = bool(
        lead["IsConverted"]
        or lead["Account_Relationship__c"]
        or (lead["Email"] or "").endswith("@acme.example")
        or _has_deal(box, lead["Email"])
    )
    seen = known or Seen(datetime.fromisoformat(lead["CreatedDate"]), lead["Status"], active, True, False)
    seen.status, seen.owner_active, seen.owner_known = lead["Status"], active, True
    seen.out_of_scope |= out
    sequencer = box.control.manifest["automation"]["salesforce_user_id"]
    for task in sf.find("Task", "WhoId", lead["Id"]):
        if task["IsClosed"]:
            at = datetime.fromisoformat(task["CompletedDateTime"])
            seen.touches.append(at)
            if task["CreatedById"] != sequencer:
                seen.human_touches.append(at)
        else:
            assignee = sf.get("User", task["OwnerId"])
            seen.has_dated_task |= task["ActivityDate"] is not None and assignee is not None and assignee["IsActive"]
    for event in sf.find("Event", "WhoId", lead["Id"]):
        if datetime.fromisoformat(event["StartDateTime"]) <= box.clock.now():
            seen.touches.append(datetime.fromisoformat(event["StartDateTime"]))
            seen.human_touches.append(seen.touches[-1])
    seen.sends += [datetime.fromisoformat(row["CreatedDate"]) for row in sf.find("ListEmailIndividualRecipient", "RecipientId", lead["Id"])]
    for member in sf.find("CampaignMember", "LeadId", lead["Id"]):
        campaign = sf.get("Campaign", member["CampaignId"])
        if member["HasResponded"] and campaign is not None and campaign["Name"] in HAND_RAISE_FORMS:
            seen.raised.append(datetime.fromisoformat(member["CreatedDate"]))
    return seen


def _has_deal(box: Sandbox, email: str | None) -> bool:
    contacts = box.salesforce.find("Contact", "Email", email) if email else []
    return any(box.salesforce.find("OpportunityContactRole", "ContactId", contact["Id"]) for contact in contacts)
