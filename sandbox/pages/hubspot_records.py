"""HubSpot as the pages show it: lists, records and their timelines, read from the portal's own tables."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sandbox.hubspot import object_types
from sandbox.hubspot.records import as_time, key_of
from sandbox.pages.content import PAGE_ROWS, Activity, Group, ListedRecord, Listing, Query, RecordPage, Shown
from sandbox.pages.timeline import Entry, writes

if TYPE_CHECKING:
    from sandbox.core import Sandbox
    from sandbox.hubspot.object_types import ObjectType
    from sandbox.hubspot.records import Row
    from sandbox.hubspot.schema import Property

_TITLE = {
    "companies": "name",
    "deals": "dealname",
    "leads": "hs_lead_name",
    "tasks": "hs_task_subject",
    "calls": "hs_call_title",
    "emails": "hs_email_subject",
    "meetings": "hs_meeting_title",
}
_KIND_OF_SOURCE = {
    "CRM_UI": "person", "INTEGRATION": "app", "API": "app", "AUTOMATION_PLATFORM": "automation", "EMAIL": "marketing", "FORM": "marketing",
    "IMPORT": "system",
    "SEQUENCES": "automation",
}  # fmt: skip
_GROUP_LABELS = {
    "contactinformation": "Contact information", "sales_properties": "Sales", "conversioninformation": "Forms",
    "emailinformation": "Marketing e-mail",
    "analyticsinformation": "Web analytics", "deal_information": "Deals", "contactlcs": "Lifecycle dates", "phonenumber": "Phone",
    "companyinformation": "Company information", "dealinformation": "Deal information", "engagement": "Activity",
}  # fmt: skip
FORM_PROPERTY = "hs_calculated_form_submissions"


class HubSpotRecords:
    """Reads the portal for the pages."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox
        self._portal = sandbox.hubspot

    def owners(self) -> list[tuple[str, str]]:
        """(owner id, name) of everybody; who left says so."""
        directory = self._portal.directory
        present = [(str(one.id), f"{one.first} {one.last}") for one in directory.owners(archived=False)]
        return present + [(str(one.id), f"{one.first} {one.last} (left)") for one in directory.owners(archived=True)]

    def count(self, type_name: str) -> int:
        """Live records of a type."""
        return int(self._portal.records.count(object_types.get(type_name)))

    def listing(self, query: Query) -> Listing:
        """One page of contacts."""
        statuses = [(option.value, option.label) for option in self._portal.schema.of(object_types.CONTACTS)["hs_lead_status"].options]
        owners = self.owners()
        field, value = query.field
        if field and field not in self._portal.schema.of(object_types.CONTACTS):
            return Listing("hubspot", "Contacts", [], 0, owners, statuses, f"contacts have no property '{field}'")
        where, parameters = _conditions(query, field, value)
        store = self._sandbox.store
        total = int(store.scalar(f"SELECT COUNT(*) FROM hs_record WHERE {where}", parameters))
        sql = f"SELECT key, created, modified FROM hs_record WHERE {where} ORDER BY modified DESC, key LIMIT {PAGE_ROWS} OFFSET ?"
        rows = store.rows(sql, [*parameters, (query.page - 1) * PAGE_ROWS])
        found = self._portal.records.fetch_many(object_types.CONTACTS, [key - key_of(1, 0) for key, _, _ in rows]) if rows else {}
        names, labels = dict(owners), dict(statuses)
        listed = [self._listed(found[key - key_of(1, 0)], names, labels, field) for key, _, _ in rows]
        return Listing("hubspot", "Contacts", listed, total, owners, statuses)

    def _listed(self, row: "Row", owners: dict[str, str], statuses: dict[str, str], field: str) -> ListedRecord:
        data = row.data
        name = f"{data.get('firstname', '')} {data.get('lastname', '')}".strip() or data.get("email", "") or str(row.id)
        return ListedRecord(
            f"/ui/hubspot/contacts/{row.id}", name, data.get("email", ""), statuses.get(data.get("hs_lead_status", ""),
            data.get("hs_lead_status", "")),
            owners.get(data.get("hubspot_owner_id", ""), ""), data.get("company", ""), as_time(row.created), as_time(row.modified),
            data.get(field, "") if field else "",
        )  # fmt: skip

    def record(self, type_name: str, record_id: str) -> RecordPage | None:
        """One record of any type (the survivor of a merged one), or None."""
        kind = object_types.find(type_name)
        if kind is None or not record_id.isdigit():
            return None
        row = self._portal.records.fetch(kind, self._portal.records.resolve(kind, int(record_id)))
        if row is None:
            return None
        owners = dict(self.owners())
        owner = row.data.get("hubspot_owner_id")
        badges = (
            [(f"owner {owners.get(owner, owner)}", "inactive" if "(left)" in owners.get(owner, "") else "")]
            if owner
            else [("no owner", "inactive")]
        )
        if row.archived is not None:
            badges.append(("archived", "gone"))
        subtitle = " · ".join(
            part for part in (row.data.get("jobtitle"), row.data.get("company"), row.data.get("email"), row.data.get("domain")) if part
        )
        title = _title(kind, row)
        return RecordPage(
            "hubspot", title, f"{kind.singular} {row.id} · {subtitle}", badges, self._groups(kind, row, owners), self._activities(kind, row,
            owners),
            self._timeline(kind, row, owners), self._related(kind, row),
        )  # fmt: skip

    def _groups(self, kind: "ObjectType", row: "Row", owners: dict[str, str]) -> list[Group]:
        labels = {group["name"]: group["label"] for group in self._portal.schema.groups(kind)}
        made: dict[str, list[Shown]] = {}
        own: set[str] = set()
        for definition in self._portal.schema.of(kind).values():
            if not definition.hubspot_defined:
                own.add(definition.group)
            value = row.data.get(definition.name, "")
            if value or not definition.hubspot_defined:
                shown = self._forms(value) if definition.name == FORM_PROPERTY else _readable(definition, value, owners)
                made.setdefault(definition.group, []).append(Shown(definition.label, definition.name, shown))
        # What a product added comes before what the company had added, and both before HubSpot's own.
        order = sorted(made, key=lambda group: (group not in own, group == "acme", list(labels).index(group) if group in labels else 0))
        return [Group(_GROUP_LABELS.get(group, labels.get(group, group)), made[group], group in own) for group in order]

    def _forms(self, submissions: str) -> str:
        """Submissions (guid::ms) as form names and dates."""
        names = {form["id"]: form["name"] for form in self._portal.directory.things("form")}
        pairs = [one.split("::") for one in submissions.split(";") if "::" in one]
        return ", ".join(f"{names.get(guid, guid)} ({as_time(int(ms)):%Y-%m-%d %H:%M})" for guid, ms in pairs)

    def _activities(self, kind: "ObjectType", row: "Row", owners: dict[str, str]) -> list[Activity]:
        if kind.is_engagement:
            return []
        made = [_activity(one, owners) for one in self._portal.activities(kind, row.id)]
        return sorted(made, key=lambda one: one.at or datetime.min.replace(tzinfo=UTC), reverse=True)

    def _timeline(self, kind: "ObjectType", row: "Row", owners: dict[str, str]) -> list[Any]:
        definitions = self._portal.schema.of(kind)
        calculated = {name for name, definition in definitions.items() if definition.calculated}

        def label(name: str) -> str:
            return definitions[name].label if name in definitions else name

        def value(name: str, stored: str | None) -> str:
            return _readable(definitions[name], stored or "", owners) if name in definitions else stored or ""

        # What HubSpot counts by itself says nothing that the activities beside it do not say.
        told = [
            entry
            for entry in self._entries(kind, row)
            if not (entry.kind == "system" and entry.field in calculated) and entry.field != FORM_PROPERTY
        ]
        return writes(told, label, value)

    def _entries(self, kind: "ObjectType", row: "Row") -> list[Entry]:
        journal = [
            Entry(datetime.fromisoformat(one["at"]), one["author"], one["author_kind"], one["field"], one["old"], one["new"])
            for one in self._sandbox.journal.read("hubspot", kind.plural, str(row.id), limit=5000)
        ]
        journalled = {(entry.at, entry.field) for entry in journal}
        before: dict[str, str] = {}
        entries = []
        for write in reversed(self._portal.past.writes(kind, [row.id])[row.id]):
            author = write.source_label or self._person(write.source_id) or write.source.replace("_", " ").lower()
            for name, (value, _before) in write.changes.items():
                if (as_time(write.at), name) not in journalled and (write.at != row.created or name == "hs_lead_status"):
                    kind_of_author = _KIND_OF_SOURCE.get(write.source, "system")
                    entries.append(Entry(as_time(write.at), author, kind_of_author, name, before.get(name), value))
                before[name] = value
        born = row.data.get("hs_object_source_label") or row.data.get("hs_object_source") or "unknown source"
        if not any(entry.field == "(created)" for entry in journal):
            entries.append(Entry(as_time(row.created), born.replace("_", " ").lower(), "system", "(created)", None, str(row.id)))
        return entries + journal

    def _person(self, source_id: str | None) -> str | None:
        user = (source_id or "").removeprefix("userId:")
        owner = self._portal.directory.owner_of_user(int(user)) if user.isdigit() else None
        return None if owner is None else f"{owner.first} {owner.last}"

    def _related(self, kind: "ObjectType", row: "Row") -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for other in (object_types.CONTACTS, object_types.LEADS, object_types.COMPANIES, object_types.DEALS):
            ids = self._portal.associations.ids(kind, row.id, other)[:20]
            near = self._portal.records.fetch_many(other, ids).values() if ids else ()
            found.extend((f"/ui/hubspot/{other.plural}/{one.id}", f"{other.singular}: {_title(other, one)}") for one in near)
        return found


def _conditions(query: Query, field: str, value: str | None) -> tuple[str, list[Any]]:
    clauses, parameters = ["key >= ? AND key < ? AND archived IS NULL"], [key_of(1, 0), key_of(2, 0)]  # type: tuple[list[str], list[Any]]

    def property_is(name: str, wanted: str | None) -> None:
        # Unset properties are not stored, so 'set at all' is 'not null'.
        clauses.append("json_extract(CAST(data AS TEXT), ?) " + ("IS NOT NULL" if wanted is None else "= ?"))
        parameters.extend([f"$.{name}"] if wanted is None else [f"$.{name}", wanted])

    if query.owner:
        property_is("hubspot_owner_id", query.owner)
    if query.status:
        property_is("hs_lead_status", query.status)
    if field:
        property_is(field, value)
    if query.words:
        text = " || ' ' || ".join(
            f"coalesce(json_extract(CAST(data AS TEXT), '$.{name}'), '')" for name in ("firstname", "lastname", "email")
        )
        clauses.append(f"({text}) LIKE ? ESCAPE '\\'")
        parameters.append("%" + query.words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%")
    return " AND ".join(clauses), parameters


def _title(kind: "ObjectType", row: "Row") -> str:
    if kind is object_types.CONTACTS:
        return f"{row.data.get('firstname', '')} {row.data.get('lastname', '')}".strip() or row.data.get("email") or str(row.id)
    return row.data.get(_TITLE.get(kind.plural, ""), "") or f"{kind.singular} {row.id}"


def _readable(definition: "Property", value: str, owners: dict[str, str]) -> str:
    if not value:
        return ""
    if definition.takes_owner:
        return owners.get(value, value)
    if definition.options:
        labels = {option.value: option.label for option in definition.options}
        return ", ".join(labels.get(one, one) for one in value.split(";"))
    return value


def _activity(one: Any, owners: dict[str, str]) -> Activity:
    data = one.data
    who = owners.get(data.get("hubspot_owner_id", ""), "")
    at = as_time(one.at)
    if one.kind == "tasks":
        is_open = data.get("hs_task_status") != "COMPLETED"
        return Activity(at, "task due" if is_open else "task done", data.get("hs_task_subject", ""), who, is_open)
    if one.kind == "emails":
        incoming = data.get("hs_email_direction") == "INCOMING_EMAIL"
        by = " (mail sequence)" if data.get("hs_sequence_id") else ""
        return Activity(at, "e-mail in" if incoming else "e-mail out", data.get("hs_email_subject", "") + by, "" if incoming else who)
    if one.kind == "meetings":
        return Activity(at, "meeting", f"{data.get('hs_meeting_title', '')} ({data.get('hs_meeting_outcome', 'no outcome').lower()})", who)
    text = data.get("hs_call_title") or data.get("hs_note_body") or ""
    return Activity(at, one.kind.removesuffix("s"), text, who)
