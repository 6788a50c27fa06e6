"""Creating Leads (or Contacts, where they carry the lead) and tasks in Salesforce exactly once.

Our key field is unique, so Salesforce itself refuses a second record with the same key; what was refused for that reason is found by the
key. An existing record is never written over, as an upsert would. Where the org has no key field on tasks, a marker line in the
description is the key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.marker import key_in, marked
from connectors.protocol import Fate, Interrupted, NewRecord, Outcome, Refused
from connectors.retry import Sending
from connectors.salesforce import records, soql
from connectors.salesforce.client import REFUSE_DUPLICATES, SalesforceClient
from connectors.salesforce.schema import Schema
from connectors.salesforce.writes import Writes
from handoff.facts import Ref

KEY = "handoff_key"
KEYS_PER_QUERY = 50  # keys are long, and the query stands in the address
NOT_PROVIDED = "[not provided]"  # what Salesforce's own importers put where LastName or Company is unknown: both are required


class Creates:
    """Creates Leads and tasks; `lead_object` is what carries a lead."""

    def __init__(self, client: SalesforceClient, schema: Schema, writes: Writes, lead_object: str) -> None:
        self._client = client
        self._schema = schema
        self._writes = writes
        self.objects = {"lead": lead_object, "task": "Task"}

    def create(self, new: Sequence[NewRecord]) -> tuple[Outcome, ...]:
        """One outcome per record, in order; a record whose key exists already is found, not doubled."""
        object_name = self.objects[new[0].object]
        enforced = self._is_enforced(object_name)
        known = {} if enforced else self.find(object_name, [one.unique_key for one in new], [ref for one in new for ref in one.about])
        outcomes = {index: Outcome(Fate.DONE, known[one.unique_key]) for index, one in enumerate(new) if one.unique_key in known}
        rest = {index: one for index, one in enumerate(new) if index not in outcomes}
        if rest:
            outcomes |= self._send(object_name, rest, enforced=enforced)
        return tuple(outcomes[index] for index in range(len(new)))

    def find(self, object_name: str, unique_keys: Sequence[str], about: Sequence[Ref]) -> dict[str, Ref]:
        """Unique key -> record, deleted ones left out."""
        if not unique_keys:
            return {}
        spec = self._schema.specs(object_name).get(KEY)
        return (
            self._find_by_field(object_name, spec.name, unique_keys)
            if spec is not None
            else self._find_by_marker(object_name, set(unique_keys), about)
        )

    def _is_enforced(self, object_name: str) -> bool:
        info = self._schema.describe(object_name).fields.get(KEY)
        return info is not None and info.exists and info.unique

    def _send(self, object_name: str, rest: Mapping[int, NewRecord], *, enforced: bool) -> dict[int, Outcome]:
        rows = {index: self._row(object_name, one) for index, one in rest.items()}
        sending = Sending.UPDATE if enforced else Sending.CREATE  # with a unique key, sending twice makes one record
        try:
            results = self._writes.save("POST", object_name, rows, REFUSE_DUPLICATES, sending)
        except Interrupted:
            return self._settle(object_name, rest)
        taken = [
            rest[index].unique_key
            for index, (fate, _, reason) in results.items()
            if fate is Fate.REFUSED and reason.startswith("DUPLICATE_VALUE")
        ]
        there = self.find(object_name, taken, ())
        outcomes: dict[int, Outcome] = {}
        for index, (fate, record_id, reason) in results.items():
            found = there.get(rest[index].unique_key)
            made = records.ref(object_name, record_id) if record_id else None
            outcomes[index] = Outcome(Fate.DONE, found) if found is not None else Outcome(fate, made, reason)
        return outcomes

    def _settle(self, object_name: str, rest: Mapping[int, NewRecord]) -> dict[int, Outcome]:
        """The reply was lost for good: what is there is done; what is not may yet appear, so the caller looks again."""
        there = self.find(object_name, [one.unique_key for one in rest.values()], [ref for one in rest.values() for ref in one.about])
        if len(there) < len({one.unique_key for one in rest.values()}):
            raise Interrupted(
                f"Salesforce {object_name}: the reply of a create was lost and not all records are there; look again before sending them"
            )
        return {index: Outcome(Fate.DONE, there[one.unique_key]) for index, one in rest.items()}

    def _row(self, object_name: str, one: NewRecord) -> dict[str, Any]:
        values: dict[str, str | None] = {name: value for name, value in one.values.items() if name != KEY}
        if KEY in self._schema.specs(object_name):
            values[KEY] = one.unique_key
        elif object_name != "Task":
            raise Refused(
                f"Salesforce {object_name}: without the field Handoff_Key__c a lost reply would double the lead; run `handoff setup` first",
                "field",
            )
        return self._task(values, one) if object_name == "Task" else self._lead(values)

    def _lead(self, values: dict[str, str | None]) -> dict[str, Any]:
        """What the org can keep of them: a field that is not there, or that Salesforce sets itself, is left out, ours excepted."""
        for field in ("last_name", "company"):
            values[field] = values.get(field) or NOT_PROVIDED
        lead_object = self.objects["lead"]
        known = self._schema.specs(lead_object)
        kept = {
            name: value for name, value in values.items() if name.startswith("handoff_") or (name in known and not known[name].read_only)
        }
        return self._writes.values(lead_object, kept)

    def _task(self, values: dict[str, str | None], one: NewRecord) -> dict[str, Any]:
        """No mail is sent for a task made by API, so a reminder at the due time makes it seen (help.salesforce.com, task notifications)."""
        values = {"status": "open", "priority": "High", **values, "body": marked(values.get("body") or "", one.unique_key)}
        row = self._writes.values("Task", values)
        due = values.get("due_at")
        if due and "T" in due:
            row |= {"IsReminderSet": True, "ReminderDateTime": due}
        about = next((ref for ref in one.about if ref.system == records.SYSTEM and ref.object in ("Lead", "Contact")), None)
        return row | ({"WhoId": about.id} if about is not None else {})

    def _find_by_field(self, object_name: str, name: str, unique_keys: Sequence[str]) -> dict[str, Ref]:
        found: dict[str, Ref] = {}
        for chunk in soql.chunks(list(dict.fromkeys(unique_keys)), KEYS_PER_QUERY):
            query = soql.select(["Id", name], object_name, f"{name} IN {soql.texts(chunk)} AND IsDeleted = false")
            found |= {
                str(row[name]): records.ref(object_name, row["Id"]) for row in self._client.rows(f"query.{object_name}.by_key", query)
            }
        return {key: ref for key, ref in found.items() if key in unique_keys}

    def _find_by_marker(self, object_name: str, unique_keys: set[str], about: Sequence[Ref]) -> dict[str, Ref]:
        """A description cannot be filtered: the open and closed tasks of the people are looked through."""
        people = [ref.id for ref in dict.fromkeys(about) if ref.system == records.SYSTEM and ref.object in ("Lead", "Contact")]
        if object_name != "Task" or not people:
            raise Refused(
                f"Salesforce {object_name}: without the field Handoff_Key__c a record cannot be found again; run `handoff setup`", "field"
            )
        found: dict[str, Ref] = {}
        for chunk in soql.chunks(people):
            query = soql.select(["Id", "Description"], "Task", f"WhoId IN {soql.ids(chunk)} AND IsDeleted = false")
            for row in self._client.rows("query.Task.by_person", query):
                key = key_in(str(row.get("Description") or ""))
                if key in unique_keys:
                    found[key] = records.ref("Task", row["Id"])
        return found
