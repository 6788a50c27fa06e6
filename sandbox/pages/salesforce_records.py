"""Salesforce as the pages show it: lists, records and their timelines, read from the org's own tables."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sandbox.pages.content import PAGE_ROWS, Activity, Group, ListedRecord, Listing, Query, RecordPage, Shown
from sandbox.pages.timeline import Entry, writes
from sandbox.salesforce.ids import normalize

if TYPE_CHECKING:
    from sandbox.core import Sandbox
    from sandbox.salesforce.schema import SObject

COMPANY_FIELDS_LABEL = "Acme"
_KIND_OF_USER = {"AutomatedProcess": "system", "CloudIntegrationUser": "app"}
_DERIVED = frozenset(
    {"Name", "CompletedDateTime", "IsClosed", "LastActivityDate", "WhoCount", "WhatCount", "LeadOrContactId", "IsHighPriority"}
)


class SalesforceRecords:
    """Reads the org for the pages."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox
        self._org = sandbox.salesforce

    def owners(self) -> list[tuple[str, str]]:
        """(id, name) of users and queues; who left says so."""
        users = self._sandbox.store.rows('SELECT "Id", "Name", "IsActive" FROM "sf_User" ORDER BY "IsActive" DESC, "Name"')
        queues = self._sandbox.store.rows("""SELECT "Id", "Name" FROM "sf_Group" WHERE "Type" = 'Queue' ORDER BY "Name\"""")
        return [(i, name if active else f"{name} (left)") for i, name, active in users] + [(i, f"{name} (queue)") for i, name in queues]

    def listing(self, query: Query) -> Listing:
        """One page of Leads."""
        sobject = self._org.org.catalog.of("Lead")
        statuses = [
            (status, status) for (status,) in self._sandbox.store.rows('SELECT "ApiName" FROM "sf_LeadStatus" ORDER BY "SortOrder"')
        ]
        owners = self.owners()
        name, value = query.field
        field = sobject.field(name) if name else None
        if name and field is None:
            return Listing("salesforce", "Leads", [], 0, owners, statuses, f"Lead has no field '{name}'")
        where, parameters = _conditions(query, field.name if field else "", value)
        total = int(self._sandbox.store.scalar(f'SELECT COUNT(*) FROM "sf_Lead" WHERE {where}', parameters))
        extra = f', "{field.name}"' if field else ", ''"
        sql = (
            f'SELECT "Id", "Name", "Email", "Status", "OwnerId", "Company", "CreatedDate", "SystemModstamp"{extra} FROM "sf_Lead" '
            f"WHERE {where} "
            f'ORDER BY "SystemModstamp" DESC, "Id" LIMIT {PAGE_ROWS} OFFSET ?'
        )
        rows = self._sandbox.store.rows(sql, [*parameters, (query.page - 1) * PAGE_ROWS])
        names = dict(owners)
        listed = [
            ListedRecord(
                f"/ui/salesforce/Lead/{i}",
                who or "",
                email or "",
                status or "",
                names.get(owner, ""),
                company or "",
                _at(born),
                _at(moved),
                _text(asked),
            )
            for i, who, email, status, owner, company, born, moved, asked in rows
        ]
        return Listing("salesforce", "Leads", listed, total, owners, statuses)

    def record(self, object_name: str, record_id: str) -> RecordPage | None:
        """One record of any object, deleted or not, or None."""
        sobject, found_id = self._org.org.catalog.get(object_name), normalize(record_id)
        row = self._org.get(sobject.name, found_id) if sobject is not None and found_id is not None and not sobject.virtual else None
        if sobject is None or row is None:
            return None
        owners = dict(self.owners())
        title = row.get("Name") or row.get("Subject") or row["Id"]
        subtitle = " · ".join(str(row[name]) for name in ("Title", "Company", "Email", "Website") if row.get(name))
        return RecordPage(
            "salesforce", title, f"{sobject.label} {row['Id']} · {subtitle}", _badges(row, owners), self._groups(sobject, row, owners),
            self._activities(row["Id"], owners), self._timeline(sobject, row["Id"], owners), self._related(sobject, row),
        )  # fmt: skip

    def object_of(self, record_id: str) -> str | None:
        """The object an id belongs to, by its prefix."""
        found = self._org.org.catalog.by_prefix(record_id)
        return None if found is None else found.name

    def _groups(self, sobject: "SObject", row: dict[str, Any], owners: dict[str, str]) -> list[Group]:
        made: dict[str, list[Shown]] = {}
        for field in sobject.fields.values():
            value = _text(row.get(field.name), owners)
            heading = _heading(field.name, self._company_fields(sobject.name))
            if value or field.name.endswith("__c"):
                made.setdefault(heading, []).append(Shown(field.label, field.name, value))
        order = sorted(made, key=lambda heading: (heading == "Salesforce", heading == COMPANY_FIELDS_LABEL, heading))
        return [Group(heading, made[heading], heading != "Salesforce") for heading in order]

    def _company_fields(self, object_name: str) -> frozenset[str]:
        return frozenset(self._sandbox.control.manifest.get("fields", {}).get("salesforce", {}).get(object_name, ()))

    def _activities(self, record_id: str, owners: dict[str, str]) -> list[Activity]:
        if record_id[:3] not in ("00Q", "003", "001", "006"):
            return []
        made = []
        for key in ("WhoId", "WhatId"):
            made += [_task(row, owners) for row in self._org.find("Task", key, record_id) if not row["IsDeleted"]]
            made += [_event(row, owners) for row in self._org.find("Event", key, record_id) if not row["IsDeleted"]]
        for relation in self._org.find("EmailMessageRelation", "RelationId", record_id):
            message = self._org.get("EmailMessage", relation["EmailMessageId"])
            if message is not None:
                made.append(
                    Activity(
                        _at(message["MessageDate"]),
                        "e-mail in" if message["Incoming"] else "e-mail out",
                        message["Subject"] or "",
                        message["FromName"] or "",
                    )
                )
        made += self._mailings(record_id)
        return sorted(made, key=lambda one: one.at or datetime.max.replace(tzinfo=UTC), reverse=True)

    def _mailings(self, record_id: str) -> list[Activity]:
        made = []
        for member in self._org.find("CampaignMember", "LeadOrContactId", record_id):
            campaign = self._org.get("Campaign", member["CampaignId"])
            made.append(Activity(_at(member["CreatedDate"]), "campaign", f"{campaign['Name'] if campaign else ''}: {member['Status']}", ""))
        for sent in self._org.find("ListEmailIndividualRecipient", "RecipientId", record_id):
            mail = self._org.get("ListEmail", sent["ListEmailId"])
            made.append(Activity(_at(sent["CreatedDate"]), "list e-mail", mail["Name"] if mail else "", "marketing"))
        return made

    def _timeline(self, sobject: "SObject", record_id: str, owners: dict[str, str]) -> list[Any]:
        def label(name: str) -> str:
            field = sobject.field(name)
            return field.label if field is not None else name

        def value(_name: str, stored: str | None) -> str:
            return owners.get(stored or "", stored or "")

        journal = [
            Entry(datetime.fromisoformat(one["at"]), one["author"], one["author_kind"], one["field"], one["old"], one["new"])
            for one in self._sandbox.journal.read("salesforce", sobject.name, record_id, limit=5000)
            if one["field"] not in _DERIVED
        ]
        seconds = {entry.at.replace(microsecond=0) for entry in journal}
        older = [entry for entry in self._history(sobject, record_id, owners) if entry.at not in seconds]
        if not any(entry.field == "(created)" for entry in journal):
            row = self._org.get(sobject.name, record_id) or {}
            born = _at(row.get("CreatedDate"))
            older += (
                [Entry(born, owners.get(row.get("CreatedById", ""), "unknown"), "system", "(created)", None, record_id)] if born else []
            )
        return writes([*journal, *older], label, value)

    def _history(self, sobject: "SObject", record_id: str, owners: dict[str, str]) -> list[Entry]:
        found = []
        for row in self._org.history(record_id) if sobject.history else []:
            at, user = _at(row["CreatedDate"]), self._org.get("User", row["CreatedById"]) or {}
            if at is not None:
                kind = _KIND_OF_USER.get(user.get("UserType", ""), "person")
                found.append(Entry(at, owners.get(row["CreatedById"], "unknown"), kind, row["Field"], row["OldValue"], row["NewValue"]))
        return found

    def _related(self, sobject: "SObject", row: dict[str, Any]) -> list[tuple[str, str]]:
        found = []
        for field in sobject.fields.values():
            target = row.get(field.name)
            if field.type == "reference" and target and field.name not in ("CreatedById", "LastModifiedById", "OwnerId"):
                kind = self.object_of(target)
                near = self._org.get(kind, target) if kind else None
                if near is not None:
                    found.append((f"/ui/salesforce/{kind}/{target}", f"{field.label}: {near.get('Name') or near.get('Subject') or target}"))
        return found


def _conditions(query: Query, field: str, value: str | None) -> tuple[str, list[Any]]:
    clauses, parameters = ['NOT "IsDeleted"'], []  # type: tuple[list[str], list[Any]]
    for name, wanted in (("OwnerId", query.owner), ("Status", query.status)):
        if wanted:
            clauses.append(f'"{name}" = ?')
            parameters.append(wanted)
    if field and value is None:
        clauses.append(f'"{field}" IS NOT NULL AND "{field}" <> 0')
    elif field:
        clauses.append(f'"{field}" = ?')
        parameters.append({"true": 1, "false": 0}.get((value or "").lower(), value))
    if query.words:
        clauses.append("""(coalesce("Name", '') || ' ' || coalesce("Email", '') || ' ' || coalesce("Company", '')) LIKE ? ESCAPE '\\'""")
        parameters.append("%" + query.words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%")
    return " AND ".join(clauses), parameters


def _heading(name: str, company: frozenset[str]) -> str:
    """Fields added by a product stand under its prefix, the company's own under its name."""
    if not name.endswith("__c"):
        return "Salesforce"
    return COMPANY_FIELDS_LABEL if name in company else name.split("_")[0]


def _badges(row: dict[str, Any], owners: dict[str, str]) -> list[tuple[str, str]]:
    owner = owners.get(row.get("OwnerId") or "", "")
    badges = [(f"owner {owner}", "inactive" if "(left)" in owner else "")] if owner else []
    if row.get("Status"):
        badges.append((str(row["Status"]), ""))
    if row.get("IsConverted"):
        badges.append(("converted", "gone"))
    if row.get("IsDeleted"):
        badges.append(("merged away" if row.get("MasterRecordId") else "in the recycle bin", "gone"))
    return badges


def _at(text: str | None) -> datetime | None:
    return None if not text else datetime.fromisoformat(text)


def _text(value: Any, owners: dict[str, str] | None = None) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return "Yes"
    return (owners or {}).get(value, str(value)) if isinstance(value, str) else str(value)


def _task(row: dict[str, Any], owners: dict[str, str]) -> Activity:
    is_open = not row["IsClosed"]
    due = row["ActivityDate"]
    at = datetime.fromisoformat(due).replace(tzinfo=UTC) if is_open and due else _at(row["CompletedDateTime"] or row["CreatedDate"])
    kind = (
        ("task due" if due else "task, undated")
        if is_open
        else {"Call": "call", "Email": "e-mail out"}.get(row["TaskSubtype"], "task done")
    )
    return Activity(at, kind, row["Subject"] or "", owners.get(row["OwnerId"], ""), is_open)


def _event(row: dict[str, Any], owners: dict[str, str]) -> Activity:
    return Activity(_at(row["StartDateTime"]), "meeting", row["Subject"] or "", owners.get(row["OwnerId"], ""))
