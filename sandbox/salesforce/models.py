"""The Salesforce org as the control plane, the world's builder and the pages use it: plain calls, no HTTP.

Every write names its author. Trusted writes pass the org's validation rules (unless the author is the system) but no permission
checks, may set read-only fields, and set off no assignment rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sandbox.author import Author
from sandbox.salesforce import conversion
from sandbox.salesforce.activity import archive_old
from sandbox.salesforce.bulkload import BulkLoad
from sandbox.salesforce.checks import Actor
from sandbox.salesforce.ids import normalize
from sandbox.salesforce.latecommits import LateCommits
from sandbox.salesforce.metadata import Deployment
from sandbox.salesforce.org import Org
from sandbox.salesforce.people import People
from sandbox.salesforce.queries import Queries
from sandbox.salesforce.records import Records
from sandbox.salesforce.rows import Row
from sandbox.salesforce.rules import check_conditions
from sandbox.salesforce.schema import Choice, Field, standard_field

if TYPE_CHECKING:
    from sandbox.core import Sandbox

INSTANCE_URL = "https://acme.my.salesforce.com"


class Salesforce:
    """One org. `people` adds users, queues and apps; `org`, `records` and `queries` serve the HTTP side."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.org = Org(sandbox)
        self.records = Records(self.org)
        self.queries = Queries(self.org)
        self.people = People(self.org)
        self.requests_used = 0
        self._token_serial = 0
        self.deployments: dict[str, tuple[Deployment, int]] = {}
        self.late_commits = LateCommits(sandbox.clock)
        sandbox.store.on_restore(self.late_commits.forget)

    # --- records
    def create(
        self, sobject: str, fields: Mapping[str, Any], author: Author, at: datetime | None = None, *, commit_after_seconds: float = 0
    ) -> str:
        """Save a new record; answers the 18-character id. Raises RowError."""
        described = self.org.catalog.of(sobject)
        hold = self.late_commits.take(commit_after_seconds)
        if not hold:
            return self.records.create(described, fields, self.actor(author), at)
        record_id = self.org.rows.next_ids(described, 1)[0]
        given = {**fields, "Id": record_id}
        self.late_commits.hold(hold, lambda stamped: self.records.create(described, given, self.actor(author), stamped), at)
        return record_id

    def update(
        self,
        sobject: str,
        record_id: str,
        fields: Mapping[str, Any],
        author: Author,
        at: datetime | None = None,
        *,
        commit_after_seconds: float = 0,
    ) -> None:
        """Save changes. With `commit_after_seconds` the row shows them that much business time later, with today's stamp."""
        described = self.org.catalog.of(sobject)
        hold = self.late_commits.take(commit_after_seconds)
        if not hold:
            self.records.update(described, record_id, fields, self.actor(author), at)
            return
        given = dict(fields)
        self.late_commits.hold(hold, lambda stamped: self.records.update(described, record_id, given, self.actor(author), stamped), at)

    def get(self, sobject: str, record_id: str) -> Row | None:
        """All fields of a record, deleted or not, or None."""
        self.late_commits.settle()
        return self.org.rows.get(sobject, normalize(record_id))

    def find(self, sobject: str, field: str, value: Any) -> list[Row]:
        """Records whose field has the value (text in any case), deleted ones too."""
        return self.org.rows.find(sobject, field, [value])

    def delete(self, sobject: str, record_id: str, author: Author, at: datetime | None = None) -> None:
        """Move a record into the recycle bin."""
        self.records.delete(self.org.catalog.of(sobject), record_id, self.actor(author), at)

    def merge(self, sobject: str, winner_id: str, loser_ids: str | Iterable[str], author: Author, at: datetime | None = None) -> None:
        """Merge leads, contacts or accounts; the losers get MasterRecordId and IsDeleted."""
        losers = [loser_ids] if isinstance(loser_ids, str) else list(loser_ids)
        conversion.merge(self.org, sobject, winner_id, losers, self.actor(author), at)

    def convert(
        self, lead_id: str, author: Author, *, account_id: str | None = None, contact_id: str | None = None,
        opportunity: str | None = None, status: str | None = None, at: datetime | None = None,
    ) -> dict[str, str | None]:  # fmt: skip
        """Convert a lead; answers {"account_id", "contact_id", "opportunity_id"}."""
        return conversion.convert(
            self.org,
            self.records,
            lead_id,
            self.actor(author),
            account_id=account_id,
            contact_id=contact_id,
            opportunity=opportunity,
            status=status,
            at=at,
        )

    def load(self, sobject: str, rows: Iterable[tuple[Mapping[str, Any], datetime, datetime]]) -> list[str]:
        """Add many rows of (fields, created_at, modified_at) fast: no checks, no history, no journal. Answers the ids in order."""
        return BulkLoad(self.org).load(sobject, rows)

    def history(self, record_id: str) -> list[Row]:
        """The field history of a lead, contact or opportunity, oldest first."""
        sobject = self.org.catalog.by_prefix(record_id)
        if sobject is None or sobject.history is None:
            return []
        rows = self.org.rows.find(sobject.history, f"{sobject.name}Id", [normalize(record_id)])
        return sorted(rows, key=lambda row: (row["CreatedDate"], row["Id"]))

    def query(self, soql: str) -> list[dict[str, Any]]:
        """Records of a SOQL query as the system sees them, all pages. Raises SoqlError."""
        return self.queries.all_records(soql, self.org.system_user_id)

    def actor(self, author: Author) -> Actor:
        """The trusted actor behind an author; without a Salesforce user it is the automated process."""
        return Actor(author.salesforce_user_id or self.org.system_user_id, author)

    # --- set-up
    def add_user(self, email: str, first: str, last: str, **options: Any) -> str:
        """See People.add_user."""
        return self.people.add_user(email, first, last, **options)

    def add_queue(self, name: str, **options: Any) -> str:
        """See People.add_queue."""
        return self.people.add_queue(name, **options)

    def add_app(self, role: str, **options: Any) -> Any:
        """See People.add_app."""
        return self.people.add_app(role, **options)

    def add_field(self, sobject: str, definition: Field | Mapping[str, Any]) -> Field:
        """Add a custom field that everybody sees. `Activity` stands for Task and Event.

        A definition is a Field, or {"name", "spec", "label"?, "values"?, "default"?, "tracked"?} in the notation of sobjects_crm.yaml.
        """
        field = definition if isinstance(definition, Field) else _custom_field(definition)
        for name in ("Task", "Event") if sobject == "Activity" else (sobject,):
            self.org.catalog.put_field(name, field)
        self.org.rights.forget()
        return field

    def remove_field(self, sobject: str, name: str) -> None:
        """Take a field away."""
        self.org.catalog.remove_field(sobject, name)

    def hide_field(self, sobject: str, name: str, *, hidden: bool = True) -> None:
        """Field-level security: hide a field from everybody whom no permission set grants it."""
        self.org.catalog.change_field(sobject, name, granted=not hidden)

    def track(self, sobject: str, *names: str, tracked: bool = True) -> None:
        """Switch history tracking of fields on or off."""
        for name in names:
            self.org.catalog.change_field(sobject, name, tracked=tracked)

    def set_picklist(self, sobject: str, field: str, values: Sequence[str], default: str | None = None) -> None:
        """Replace the values of a picklist; Lead.Status, Task.Status and Opportunity.StageName have methods of their own."""
        self.org.put_choices(sobject, field, [Choice(value, value, value == default) for value in values])

    def set_lead_statuses(self, statuses: Iterable[Mapping[str, Any]]) -> None:
        """{"label", "default"?, "converted"?} in order."""
        self.org.put_statuses("LeadStatus", statuses)

    def set_task_statuses(self, statuses: Iterable[Mapping[str, Any]]) -> None:
        """{"label", "default"?, "closed"?} in order."""
        self.org.put_statuses("TaskStatus", statuses)

    def set_opportunity_stages(self, stages: Iterable[Mapping[str, Any]]) -> None:
        """{"label", "probability", "closed"?, "won"?} in order."""
        self.org.put_stages(stages)

    def set_organization(self, **fields: Any) -> None:
        """Change fields of the Organization row, such as Name, IsSandbox, TimeZoneSidKey."""
        self.org.rows.update("Organization", self.org.organization_id, fields)

    def set_assignment_rule(
        self,
        name: str,
        entries: Iterable[Mapping[str, Any]],
        *,
        active: bool = True,
        default_owner_id: str | None = None,
        sobject: str = "Lead",
    ) -> str:
        """Set the assignment rule; answers its id. Entries {"conditions": [{"field", "operator", "value"}], "owner_id"} go in order."""
        given = [dict(entry) for entry in entries]
        for entry in given:
            check_conditions(entry["conditions"])
        self.org.rules.put("assignment", sobject, sobject, {"active": active, "entries": given, "default_owner_id": default_owner_id})
        self.org.store.execute('DELETE FROM "sf_AssignmentRule" WHERE "SobjectType" = ?', (sobject,))
        return self.org.rows.insert("AssignmentRule", {"Name": name, "SobjectType": sobject, "Active": active})

    def add_validation_rule(
        self, sobject: str, name: str, conditions: Iterable[Mapping[str, Any]], message: str, field: str | None = None
    ) -> None:
        """Refuse records for which all conditions hold, with `message`."""
        given = [dict(condition) for condition in conditions]
        check_conditions(given)
        self.org.rules.put("validation", sobject, name, {"conditions": given, "message": message, "field": field})

    def set_duplicate_rule(self, sobject: str, fields: Sequence[str], *, block: bool = False, active: bool = True) -> None:
        """Refuse new records that agree with another one in these fields; without `block` the header allowSave=true lets them pass."""
        if active:
            self.org.rules.put("duplicate", sobject, f"{sobject} duplicates", {"fields": list(fields), "block": block})
        else:
            self.org.rules.drop("duplicate", f"{sobject} duplicates")

    def archive_activities(self) -> None:
        """Archive events and closed tasks of a year ago and older, as the vendor does every night."""
        archive_old(self.org)

    def drop_validation_rule(self, name: str) -> None:
        """Take a validation rule away."""
        self.org.rules.drop("validation", name)

    # --- the HTTP side
    @property
    def instance_url(self) -> str:
        """My Domain of the org, which clients are to rewrite to the sandbox's address; by a switch that address itself."""
        return self.org.sandbox.base_url if self._is_addressed_itself else INSTANCE_URL

    @property
    def _is_addressed_itself(self) -> bool:
        return bool(self.org.switches.get("salesforce.instance_url") == "sandbox")

    def identity_url(self, user_id: str) -> str:
        """The `id` of a token reply, which holds org and user."""
        host = self.org.sandbox.base_url if self._is_addressed_itself else "https://login.salesforce.com"
        return f"{host}/id/{self.org.organization_id}/{user_id}"

    def next_token_serial(self) -> int:
        """A number for the next access token."""
        self._token_serial += 1
        return self._token_serial

    def usage(self) -> tuple[int, int]:
        """API requests used in the day, and how many there are."""
        return self.requests_used + int(self.org.limits.get("salesforce.daily_used_elsewhere")), int(
            self.org.limits.get("salesforce.daily_requests")
        )

    def reset_usage(self) -> None:
        """Start the day's request count again."""
        self.requests_used = 0


def _custom_field(definition: Mapping[str, Any]) -> Field:
    known = {"name", "spec", "label", "values", "labels", "default", "tracked", "description"}
    if set(definition) - known:
        message = f"unknown keys {sorted(set(definition) - known)} in a field definition; there are: {', '.join(sorted(known))}"
        raise ValueError(message)
    field = standard_field(definition["name"], definition)
    return replace(
        field,
        label=definition.get("label", field.label),
        custom=field.name.endswith("__c"),
        tracked=bool(definition.get("tracked", False)),
        description=definition.get("description", ""),
    )
