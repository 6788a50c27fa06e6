"""Creating HubSpot tasks, deals and Lead objects exactly once.

With our unique property HubSpot itself refuses a second record with the same key, and a lost reply is settled by a batch read on that
property. Where the property cannot be made on tasks, a marker line in the body is the key, and the tasks of the contact are looked through
before anything is created; a deal or a Lead object is not made without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.hubspot import errors, records
from connectors.hubspot.client import HubSpotClient
from connectors.hubspot.schema import Schema
from connectors.hubspot.writes import BATCH, Writes, row_errors
from connectors.marker import key_in, marked
from connectors.protocol import Fate, Interrupted, NewRecord, Outcome, Refused
from connectors.retry import Sending
from handoff.facts import Ref

OBJECTS = {"task": "tasks", "deal": "deals", "lead": records.LEADS}
LINKS = {  # developers.hubspot.com, "Associations"; a Lead object is made with its primary contact or not at all
    ("tasks", "contacts"): 204,
    ("deals", "contacts"): 3,
    ("deals", "companies"): 5,
    (records.LEADS, "contacts"): records.PRIMARY_CONTACT,
}
_TASKS_PER_CONTACT_READ = 1_000


class Creates:
    """Creates tasks, deals and Lead objects; other objects are never created in HubSpot."""

    def __init__(self, client: HubSpotClient, schema: Schema, writes: Writes) -> None:
        self._client = client
        self._schema = schema
        self._writes = writes

    def create(self, new: Sequence[NewRecord], now: datetime) -> tuple[Outcome, ...]:
        """One outcome per record, all of one object, in order; a record whose key exists already is found, not doubled."""
        name = OBJECTS[new[0].object]
        keyed = self._key_exists(name)
        known = {} if keyed else self.find(name, [one.unique_key for one in new], [ref for one in new for ref in one.about])
        outcomes = {index: Outcome(Fate.DONE, known[one.unique_key]) for index, one in enumerate(new) if one.unique_key in known}
        rest = {index: one for index, one in enumerate(new) if index not in outcomes}
        if rest:
            outcomes |= self._send(name, rest, keyed=keyed, now=now)
        return tuple(outcomes[index] for index in range(len(new)))

    def find(self, name: str, unique_keys: Sequence[str], about: Sequence[Ref]) -> dict[str, Ref]:
        """Unique key -> record of the vendor's object `name`, read from the records themselves (search would lag)."""
        if not unique_keys:
            return {}
        if self._key_exists(name):
            return self._find_by_property(name, unique_keys)
        if name != "tasks":
            raise Refused(f"HubSpot {name}: without the property handoff_key one cannot be found again; run `handoff setup`", "field")
        return self._find_by_marker(set(unique_keys), about)

    def _key_exists(self, name: str) -> bool:
        info = self._schema.fields(name).get("handoff_key")
        return info is not None and info.exists and info.unique

    def _send(self, name: str, rest: Mapping[int, NewRecord], *, keyed: bool, now: datetime) -> dict[int, Outcome]:
        body = {"inputs": [self._input(name, index, one, keyed=keyed, now=now) for index, one in rest.items()]}
        try:
            reply = self._client.post(f"{name}.batch.create", self._client.paths.objects(name, "/batch/create"), body, Sending.CREATE)
        except Interrupted:
            return self._settle(name, rest, keyed=keyed, now=now)
        except Refused as error:
            return self._after_refusal(name, rest, error, keyed=keyed, now=now)
        return self._outcomes(name, rest, reply, keyed=keyed)

    def _settle(self, name: str, rest: Mapping[int, NewRecord], *, keyed: bool, now: datetime) -> dict[int, Outcome]:
        """The reply was lost: look which tasks are there, and send the others once more where HubSpot itself refuses doubles."""
        there = self.find(name, [one.unique_key for one in rest.values()], [ref for one in rest.values() for ref in one.about])
        outcomes = {index: Outcome(Fate.DONE, there[one.unique_key]) for index, one in rest.items() if one.unique_key in there}
        missing = {index: one for index, one in rest.items() if index not in outcomes}
        if missing and not keyed:
            raise Interrupted(
                f"HubSpot {name}.batch.create: the reply was lost and the records are not there yet; look again before sending them"
            )
        if missing:
            body = {"inputs": [self._input(name, index, one, keyed=True, now=now) for index, one in missing.items()]}
            reply = self._client.post(f"{name}.batch.create", self._client.paths.objects(name, "/batch/create"), body, Sending.CREATE)
            outcomes |= self._outcomes(name, missing, reply, keyed=True)
        return outcomes

    def _after_refusal(self, name: str, rest: Mapping[int, NewRecord], error: Refused, *, keyed: bool, now: datetime) -> dict[int, Outcome]:
        """The whole batch was refused: tasks that exist are found; what is left is halved until the bad one stands alone."""
        if error.reason not in ("field", "conflict", "refused"):
            raise error
        there = self._find_by_property(name, [one.unique_key for one in rest.values()]) if keyed else {}
        outcomes = {index: Outcome(Fate.DONE, there[one.unique_key]) for index, one in rest.items() if one.unique_key in there}
        left = [index for index in rest if index not in outcomes]
        if len(left) == 1 and not outcomes:
            return {left[0]: Outcome(Fate.REFUSED, None, str(error))}
        halves = (left,) if outcomes else (left[: len(left) // 2], left[len(left) // 2 :])
        for half in halves:
            if half:
                outcomes |= self._send(name, {index: rest[index] for index in half}, keyed=keyed, now=now)
        return outcomes

    def _outcomes(self, name: str, rest: Mapping[int, NewRecord], reply: Mapping[str, Any], *, keyed: bool) -> dict[int, Outcome]:
        """Results are matched by key (their order is not promised); rows refused because the key is taken are found."""
        made = {self._key_of(name, row): str(row["id"]) for row in reply.get("results") or ()}
        failed = row_errors(reply)
        doubtful = [one.unique_key for index, one in rest.items() if one.unique_key not in made and keyed and str(index) in failed]
        there = self._find_by_property(name, doubtful) if doubtful else {}
        outcomes: dict[int, Outcome] = {}
        for index, one in rest.items():
            if one.unique_key in made:
                outcomes[index] = Outcome(Fate.DONE, records.ref(name, made[one.unique_key]))
            elif one.unique_key in there:
                outcomes[index] = Outcome(Fate.DONE, there[one.unique_key])
            else:
                reason = errors.row_reason(failed[str(index)]) if str(index) in failed else "HubSpot did not answer for this record"
                outcomes[index] = Outcome(Fate.REFUSED if str(index) in failed else Fate.RETRY, None, reason)
        return outcomes

    def _key_of(self, name: str, row: Mapping[str, Any]) -> str:
        properties = row.get("properties") or {}
        spec = self._schema.specs(name).get("handoff_key")
        return str((properties.get(spec.name) if spec else "") or key_in(str(properties.get("hs_task_body") or "")))

    def _input(self, name: str, index: int, one: NewRecord, *, keyed: bool, now: datetime) -> dict[str, Any]:
        """A task is due in `hs_timestamp`, which HubSpot demands; a task without a due date is due now."""
        values: dict[str, str | None] = dict(one.values)
        values.pop("handoff_key", None)
        if name == "tasks":
            values = {"status": "open", "type": "TODO", "priority": "HIGH", **values}
            values["due_at"] = values.get("due_at") or now.isoformat().replace("+00:00", "Z")
            values["body"] = marked(values.get("body") or "", one.unique_key)
        if keyed:
            values["handoff_key"] = one.unique_key
        specs = self._schema.pick(name, list(values))
        properties = {spec.name: records.to_vendor(spec, values[canonical]) for canonical, spec in specs.items() if values[canonical]}
        linked = [
            _link(ref, LINKS[(name, ref.object)]) for ref in one.about if ref.system == records.SYSTEM and (name, ref.object) in LINKS
        ]
        return {"objectWriteTraceId": str(index), "properties": properties, "associations": linked}

    def _find_by_property(self, name: str, unique_keys: Sequence[str]) -> dict[str, Ref]:
        key_name = self._schema.specs(name)["handoff_key"].name
        found: dict[str, Ref] = {}
        keys = list(dict.fromkeys(unique_keys))
        for start in range(0, len(keys), BATCH):
            body = {
                "inputs": [{"id": key} for key in keys[start : start + BATCH]],
                "idProperty": key_name,
                "properties": [key_name],
                "propertiesWithHistory": [],
            }
            reply = self._client.post(f"{name}.batch.read", self._client.paths.objects(name, "/batch/read"), body, Sending.READ)
            found |= {str(row["properties"][key_name]): records.ref(name, row["id"]) for row in reply.get("results") or ()}
        return found

    def _find_by_marker(self, unique_keys: set[str], about: Sequence[Ref]) -> dict[str, Ref]:
        """The tasks of the contacts, looked through for the marker."""
        contacts = [ref for ref in dict.fromkeys(about) if ref.system == records.SYSTEM and ref.object == "contacts"]
        if not contacts:
            raise Refused(
                "HubSpot tasks: without the property handoff_key a task is found through its contact only; run `handoff setup`", "field"
            )
        found: dict[str, Ref] = {}
        tasks = self._tasks_of(contacts)
        for start in range(0, len(tasks), BATCH):
            for row in self._writes.read_rows("tasks", tasks[start : start + BATCH], ["hs_task_body"]):
                key = key_in(str((row.get("properties") or {}).get("hs_task_body") or ""))
                if key in unique_keys:
                    found[key] = records.ref("tasks", row["id"])
        return found

    def _tasks_of(self, contacts: Sequence[Ref]) -> list[Ref]:
        tasks: dict[Ref, None] = {}
        path = self._client.paths.associations("contacts", "tasks", "/batch/read")
        for start in range(0, len(contacts), _TASKS_PER_CONTACT_READ):
            inputs = [{"id": ref.id} for ref in contacts[start : start + _TASKS_PER_CONTACT_READ]]
            reply = self._client.read_associations("contacts.associations", path, {"inputs": inputs})
            for row in reply.get("results") or ():
                tasks.update((records.ref("tasks", to["toObjectId"]), None) for to in row.get("to") or ())
        return list(tasks)


def _link(to: Ref, kind: int) -> dict[str, Any]:
    return {"to": {"id": to.id}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": kind}]}
