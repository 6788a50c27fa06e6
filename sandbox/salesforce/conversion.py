"""Lead conversion and merges, which Salesforce offers in the user interface and by SOAP only: here the model's callers do them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sandbox.salesforce.checks import Actor
from sandbox.salesforce.exceptions import RowError
from sandbox.salesforce.org import Org
from sandbox.salesforce.records import Records
from sandbox.salesforce.rows import Row, timestamp

_MOVED_CHILDREN = (
    ("Task", "WhoId"), ("Event", "WhoId"), ("CampaignMember", "LeadId"), ("CampaignMember", "ContactId"),
    ("EmailMessageRelation", "RelationId"), ("ListEmailIndividualRecipient", "RecipientId"),
)  # fmt: skip
_COPIED = (
    "FirstName",
    "LastName",
    "Salutation",
    "Title",
    "Email",
    "Phone",
    "MobilePhone",
    "LeadSource",
    "Description",
    "HasOptedOutOfEmail",
    "DoNotCall",
)
_OPPORTUNITY_DAYS = 90


def merge(org: Org, sobject: str, winner_id: str, loser_ids: Iterable[str], actor: Actor, at: datetime | None = None) -> None:
    """Losers go to the recycle bin with MasterRecordId set; their activities and memberships move to the winner."""
    moment = at or org.clock.stamp()
    stamp = timestamp(moment)
    described = org.catalog.of(sobject)
    with org.store.transaction():
        for loser_id in loser_ids:
            _move_children(org, loser_id, winner_id, stamp)
            org.rows.update(
                sobject, loser_id, {"IsDeleted": True, "MasterRecordId": winner_id, "LastModifiedDate": stamp, "SystemModstamp": stamp}
            )
            org.journal.write("salesforce", sobject, loser_id, [("(merged)", None, winner_id)], actor.author, moment)
        org.history.event(described, winner_id, "leadMerged" if sobject == "Lead" else "contactMerged", actor.user_id, stamp)
        org.rows.update(sobject, winner_id, {"LastModifiedDate": stamp, "LastModifiedById": actor.user_id, "SystemModstamp": stamp})


def convert(
    org: Org, records: Records, lead_id: str, actor: Actor, *, account_id: str | None = None, contact_id: str | None = None,
    opportunity: str | None = None, status: str | None = None, at: datetime | None = None,
) -> dict[str, str | None]:  # fmt: skip
    """Convert a lead into an account and a contact, and an opportunity of that name where one is given.

    Answers {"account_id", "contact_id", "opportunity_id"}. RowError for a converted lead, or one owned by a queue.
    """
    lead = org.rows.get("Lead", lead_id)
    if lead is None or lead["IsDeleted"] or lead["IsConverted"] or lead["OwnerId"].startswith("00G"):
        raise RowError(
            "CANNOT_UPDATE_CONVERTED_LEAD", f"lead {lead_id} is unknown, deleted, converted, or owned by a queue: give it an owner first"
        )
    moment = at or org.clock.stamp()
    with org.store.transaction():
        account_id = account_id or records.create(org.catalog.of("Account"), _account(lead), actor, moment)
        contact_id = contact_id or records.create(org.catalog.of("Contact"), _contact(lead, account_id), actor, moment)
        opportunity_id = _opportunity(org, records, lead, (account_id, contact_id, opportunity), actor, moment) if opportunity else None
        ids = {"ConvertedAccountId": account_id, "ConvertedContactId": contact_id, "ConvertedOpportunityId": opportunity_id}
        _close(org, lead, ids, status, actor, moment)
    return {"account_id": account_id, "contact_id": contact_id, "opportunity_id": opportunity_id}


def _account(lead: Row) -> Row:
    return {
        "Name": lead["Company"],
        "OwnerId": lead["OwnerId"],
        "Website": lead["Website"],
        "Industry": lead["Industry"],
        "BillingCountry": lead["Country"],
    }


def _contact(lead: Row, account_id: str) -> Row:
    address = {f"Mailing{name}": lead[name] for name in ("Street", "City", "State", "PostalCode", "Country")}
    return {**{name: lead[name] for name in _COPIED}, **address, "AccountId": account_id, "OwnerId": lead["OwnerId"]}


def _opportunity(org: Org, records: Records, lead: Row, made: tuple[str, str, str], actor: Actor, at: datetime) -> str:
    account_id, contact_id, name = made
    stage = org.store.scalar('SELECT "ApiName" FROM "sf_OpportunityStage" WHERE NOT "IsClosed" ORDER BY "SortOrder"')
    close = (at + timedelta(days=_OPPORTUNITY_DAYS)).date().isoformat()
    values = {
        "Name": name,
        "AccountId": account_id,
        "StageName": stage,
        "CloseDate": close,
        "OwnerId": lead["OwnerId"],
        "LeadSource": lead["LeadSource"],
    }
    opportunity_id = records.create(org.catalog.of("Opportunity"), values, actor, at)
    role = {"OpportunityId": opportunity_id, "ContactId": contact_id, "IsPrimary": True}
    records.create(org.catalog.of("OpportunityContactRole"), role, actor, at)
    return opportunity_id


def _close(org: Org, lead: Row, ids: Row, status: str | None, actor: Actor, at: datetime) -> None:
    stamp = timestamp(at)
    final = status or org.store.scalar('SELECT "ApiName" FROM "sf_LeadStatus" WHERE "IsConverted" ORDER BY "SortOrder"')
    changes = {**ids, "Status": final, "IsConverted": True, "ConvertedDate": at.date().isoformat()}
    audit = {"LastModifiedDate": stamp, "LastModifiedById": actor.user_id, "SystemModstamp": stamp}
    org.rows.update("Lead", lead["Id"], {**changes, **audit})
    described = org.catalog.of("Lead")
    org.history.record(described, lead, {**lead, **changes}, actor.user_id, stamp, org.switches.get("salesforce.history_owner_rows"))
    org.history.event(described, lead["Id"], "leadConverted", actor.user_id, stamp)
    org.journal.write("salesforce", "Lead", lead["Id"], [("(converted)", None, ids["ConvertedContactId"])], actor.author, at)
    if org.switches.get("salesforce.convert_moves_activities"):
        _move_children(org, lead["Id"], ids["ConvertedContactId"], stamp)


def _move_children(org: Org, source: str, target: str, stamp: str) -> None:
    for sobject, key in _MOVED_CHILDREN:
        if sobject == "CampaignMember" and source[:3] != target[:3]:
            continue
        described = org.catalog.of(sobject)
        bump = ', "SystemModstamp" = ?' if described.field("SystemModstamp") else ""
        parameters = (target, stamp, source) if bump else (target, source)
        org.store.execute(f'UPDATE "sf_{sobject}" SET "{key}" = ?{bump} WHERE "{key}" = ?', parameters)
