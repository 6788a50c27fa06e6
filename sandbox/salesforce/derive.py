"""Fields that Salesforce fills itself before a save, per object. Each rule gets the row as it will be, and as it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

from sandbox.salesforce.rows import Row, Rows, timestamp


class Setup(Protocol):
    """Set-up tables the rules look into."""

    rows: Rows

    def setup_row(self, sobject: str, api_name: str | None) -> Row | None:
        """The LeadStatus, TaskStatus or OpportunityStage row of that name."""


Rule = Callable[[Setup, Row, Row | None, datetime], None]


def derive(setup: Setup, sobject: str, new: Row, old: Row | None, at: datetime) -> None:
    """Fill the calculated fields of `new` in place."""
    rule = _RULES.get(sobject)
    if rule is not None:
        rule(setup, new, old, at)


def _changed(new: Row, old: Row | None, name: str) -> bool:
    return new.get(name) != (old or {}).get(name)


def _person(_setup: Setup, new: Row, _old: Row | None, _at: datetime) -> None:
    new["Name"] = " ".join(part for part in (new.get("FirstName"), new.get("LastName")) if part)


def _contact(setup: Setup, new: Row, old: Row | None, at: datetime) -> None:
    _person(setup, new, old, at)
    new["IsEmailBounced"] = new.get("EmailBouncedDate") is not None


def _task(setup: Setup, new: Row, old: Row | None, at: datetime) -> None:
    status = setup.setup_row("TaskStatus", new.get("Status"))
    closed = bool(status and status["IsClosed"])
    if closed and not (old or {}).get("IsClosed"):
        new["CompletedDateTime"] = (new.get("CompletedDateTime") if old is None else None) or timestamp(at)
    elif not closed:
        new["CompletedDateTime"] = None
    new["IsClosed"] = closed
    new["IsHighPriority"] = new.get("Priority") == "High"
    _related(setup, new)


def _event(setup: Setup, new: Row, old: Row | None, _at: datetime) -> None:
    moved = old is not None and _changed(new, old, "ActivityDateTime") and not _changed(new, old, "StartDateTime")
    start = new.get("ActivityDateTime") if moved else new.get("StartDateTime") or new.get("ActivityDateTime")
    if start is None and new.get("ActivityDate"):
        start = f"{new['ActivityDate']}T00:00:00.000+0000"
    if start is None:
        return
    new["StartDateTime"] = new["ActivityDateTime"] = start
    new["ActivityDate"] = start[:10]
    begin = datetime.fromisoformat(start)
    if new.get("EndDateTime") and (old is None or _changed(new, old, "EndDateTime")):
        new["DurationInMinutes"] = int((datetime.fromisoformat(new["EndDateTime"]) - begin).total_seconds() // 60)
    elif new.get("DurationInMinutes") is not None:
        new["EndDateTime"] = timestamp(begin + timedelta(minutes=new["DurationInMinutes"]))
    new["EndDate"] = (new.get("EndDateTime") or start)[:10]
    _related(setup, new)


def _related(setup: Setup, new: Row) -> None:
    new["WhoCount"] = int(new.get("WhoId") is not None)
    new["WhatCount"] = int(new.get("WhatId") is not None)
    who, what = new.get("WhoId") or "", new.get("WhatId") or ""
    account: Any = None
    if what.startswith("001"):
        account = what
    elif what.startswith("006"):
        account = (setup.rows.get("Opportunity", what) or {}).get("AccountId")
    elif who.startswith("003"):
        account = (setup.rows.get("Contact", who) or {}).get("AccountId")
    new["AccountId"] = account


def _opportunity(setup: Setup, new: Row, old: Row | None, at: datetime) -> None:
    stage = setup.setup_row("OpportunityStage", new.get("StageName"))
    if stage is None or (old is not None and not _changed(new, old, "StageName")):
        return
    for target in ("IsClosed", "IsWon", "ForecastCategory", "ForecastCategoryName"):
        new[target] = stage[target]
    if old is not None or new.get("Probability") is None:
        new["Probability"] = stage["DefaultProbability"]
    if old is not None:
        new["LastStageChangeDate"] = timestamp(at)


def _member(setup: Setup, new: Row, _old: Row | None, at: datetime) -> None:
    person = setup.rows.get("Lead" if new.get("LeadId") else "Contact", new.get("LeadId") or new.get("ContactId"))
    new["LeadOrContactId"] = new.get("ContactId") or new.get("LeadId")
    new["Type"] = "Contact" if new.get("ContactId") else "Lead"
    if person is not None:
        new["Name"], new["LeadOrContactOwnerId"] = person["Name"], person["OwnerId"]
    statuses = setup.rows.find("CampaignMemberStatus", "CampaignId", [new.get("CampaignId")])
    responded = {row["Label"] for row in statuses if row["HasResponded"]} if statuses else {"Responded"}
    new["HasResponded"] = new.get("Status") in responded
    if new["HasResponded"] and not new.get("FirstRespondedDate"):
        new["FirstRespondedDate"] = at.date().isoformat()


def _mail(_setup: Setup, new: Row, _old: Row | None, at: datetime) -> None:
    new["MessageDate"] = new.get("MessageDate") or timestamp(at)


def _mail_relation(_setup: Setup, new: Row, _old: Row | None, _at: datetime) -> None:
    prefix = (new.get("RelationId") or "")[:3]
    new["RelationObjectType"] = {"00Q": "Lead", "003": "Contact", "005": "User"}.get(prefix)


def _group(_setup: Setup, new: Row, _old: Row | None, _at: datetime) -> None:
    new["DeveloperName"] = new.get("DeveloperName") or "_".join((new.get("Name") or "").split())


_RULES: dict[str, Rule] = {
    "Lead": _person,
    "Contact": _contact,
    "User": _person,
    "Task": _task,
    "Event": _event,
    "Opportunity": _opportunity,
    "CampaignMember": _member,
    "EmailMessage": _mail,
    "EmailMessageRelation": _mail_relation,
    "Group": _group,
}
