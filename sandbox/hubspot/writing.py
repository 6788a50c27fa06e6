"""The one way a record changes: validate, derive, store, keep history, write the journal, tell the search index, move the roll-ups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.author import Author
from sandbox.hubspot import authorship, derived, exceptions, object_types, rollups
from sandbox.hubspot.associations import LinkType, link_type, link_types
from sandbox.hubspot.history import Write
from sandbox.hubspot.records import Row, as_time
from sandbox.hubspot.values import iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sandbox.hubspot.models import HubSpot, Link
    from sandbox.hubspot.object_types import ObjectType

_DDL = (
    "CREATE TABLE IF NOT EXISTS hs_rollup (due INTEGER, target_type INTEGER, target INTEGER, engagement_type INTEGER, engagement INTEGER);"
)
SYSTEM = Author(kind="system", name="HubSpot", hubspot_source="CALCULATED")
_NEXT_ACTIVITY_INPUTS = {"hs_timestamp", "hs_task_status", "hs_meeting_outcome", "hs_meeting_start_time"}


class Writing:
    """Writes to one portal; the caller opens the transaction."""

    system = SYSTEM

    def __init__(self, portal: HubSpot) -> None:
        self._portal = portal
        self._switches = portal.sandbox.switches
        self._store = portal.sandbox.store
        self.late_seconds = 0.0
        self._store.script(_DDL)

    def create(
        self,
        kind: ObjectType,
        properties: Mapping[str, Any],
        author: Author,
        at: int,
        associations: Iterable[Link] = (),
        record_id: int | None = None,
    ) -> Row:
        """Create a record at `at` (epoch ms); HubSpotError for what HubSpot would refuse."""
        records = self._portal.records
        links = [(object_types.get(to_type), int(to_id), type_id) for to_type, to_id, type_id in associations]
        clean = {name: value for name, value in self._portal.validation.clean(kind, properties, {}, author).items() if value != ""}
        clean = {**self._first_stage(kind), **clean}
        self._check_new(kind, clean, author, links)
        chosen = records.next_id(kind) if record_id is None else record_id
        if record_id is not None:
            records.reserve(kind, chosen)
        self._claim(kind, chosen, {}, clean)
        source = authorship.source_of(author, self._switches)
        data = {**clean, **{n: v for n, v in derived.derive(kind, {}, clean, at).items() if v}, **authorship.creation_properties(source)}
        if kind.is_engagement and source.user_id is not None:
            data["hs_created_by"] = str(source.user_id)
        row = Row(chosen, at, at, None, data)
        records.insert(kind, [row])
        self._portal.index.note(kind, [chosen], self._due(at, chosen))
        changes = [("(created)", None, str(chosen)), *((name, None, value) for name, value in clean.items())]
        self._portal.sandbox.journal.write("hubspot", kind.plural, str(chosen), changes, author, as_time(at))
        for to_type, to_id, type_id in links:
            self._associate_by_id(kind, chosen, to_type, to_id, type_id, author, at)
        return row

    def update(self, kind: ObjectType, record_id: int, properties: Mapping[str, Any], author: Author, at: int) -> Row:
        """Write properties of a live record; 404 for one that is not there."""
        return self.update_row(kind, self.live(kind, record_id), properties, author, at)

    def update_row(self, kind: ObjectType, row: Row, properties: Mapping[str, Any], author: Author, at: int) -> Row:
        """Write properties of a live record that was just fetched."""
        clean = self._portal.validation.clean(kind, properties, row.data, author)
        self._check_reopening(kind, row, clean)
        return self.apply(kind, row, clean, author, at)

    def live(self, kind: ObjectType, record_id: int) -> Row:
        """The live record, the survivor of a merged one; HubSpotError 404 otherwise."""
        row = self._portal.records.survivor(kind, record_id)
        if row is None or row.archived is not None:
            raise exceptions.object_not_found(str(record_id))
        return row

    def apply(self, kind: ObjectType, row: Row, clean: Mapping[str, str], author: Author, at: int) -> Row:
        """Store checked values with all that follows from them."""
        changes = {name: value for name, value in clean.items() if row.data.get(name, "") != value}
        if not changes and not self._switches.get("hubspot.same_value_bumps_modified"):
            return row
        further = (
            {n: v for n, v in derived.derive(kind, row.data, changes, at).items() if n not in changes and row.data.get(n, "") != v}
            if changes
            else {}
        )
        self._claim(kind, row.id, row.data, changes)
        self._keep_history(kind, row, changes, further, author, at)
        self._write_journal(kind, row, changes, author, at)
        self._write_journal(kind, row, further, SYSTEM, at)
        for name, value in {**changes, **further}.items():
            if value:
                row.data[name] = value
            else:
                row.data.pop(name, None)
        row.modified = max(at, row.modified)
        self._portal.records.save(kind, row)
        self._portal.index.note(kind, [row.id], self._due(at, row.id))
        if kind.is_engagement and _NEXT_ACTIVITY_INPUTS & changes.keys():
            self._renew_next_activity(kind, row.id, at)
        return row

    def archive(self, kind: ObjectType, record_id: int, author: Author, at: int) -> None:
        """Archive a live record; anything else is left alone."""
        row = self._portal.records.survivor(kind, record_id)
        if row is None or row.archived is not None:
            return
        row.archived = at
        self._portal.records.save(kind, row)
        self._portal.index.note(kind, [row.id], self._due(at, row.id))
        self._portal.sandbox.journal.write("hubspot", kind.plural, str(row.id), [("(archived)", None, "true")], author, as_time(at))
        for name in self._portal.schema.unique_names(kind):
            if row.data.get(name):
                self._portal.records.release(kind, name, row.data[name])
        if kind.is_engagement:
            self._renew_next_activity(kind, row.id, at)

    def associate(self, start: ObjectType, from_id: int, end: ObjectType, to_id: int, link: LinkType, author: Author, at: int) -> None:
        """Link two live records and let an engagement count on its target."""
        from_id, to_id = self.live(start, from_id).id, self.live(end, to_id).id
        is_new = self._portal.associations.add(start, from_id, end, to_id, link)
        change = ("(associated)", None, f"{end.plural}/{to_id} type {link.type_id}")
        self._portal.sandbox.journal.write("hubspot", start.plural, str(from_id), [change], author, as_time(at))
        if not is_new:
            return
        for engagement, engagement_id, target, target_id in ((start, from_id, end, to_id), (end, to_id, start, from_id)):
            if engagement.is_engagement and target.plural in rollups.TARGETS and self._counts(engagement, author):
                self._roll_up_later(target, target_id, engagement, engagement_id, at)
        self._count_deals(start, from_id, end, to_id, at)

    def disassociate(
        self, start: ObjectType, from_id: int, end: ObjectType, to_id: int, link: LinkType | None, author: Author, at: int
    ) -> None:
        """Unlink two records; a lead that loses its last primary contact is archived."""
        self._portal.associations.remove(start, from_id, end, to_id, link)
        change = ("(disassociated)", f"{end.plural}/{to_id}", None)
        self._portal.sandbox.journal.write("hubspot", start.plural, str(from_id), [change], author, as_time(at))
        for kind, record_id, other in ((start, from_id, end), (end, to_id, start)):
            if (
                kind is object_types.LEADS
                and other is object_types.CONTACTS
                and not self._portal.associations.ids(kind, record_id, other, 578)
            ):
                self.archive(kind, record_id, SYSTEM, at)

    def settle(self, now: int) -> None:
        """Apply the roll-ups that are due."""
        due = self._store.rows(
            "SELECT rowid, target_type, target, engagement_type, engagement FROM hs_rollup WHERE due <= ? ORDER BY rowid", (now,)
        )
        for rowid, target_type, target, engagement_type, engagement in due:
            self._store.execute("DELETE FROM hs_rollup WHERE rowid = ?", (rowid,))
            self._roll_up(object_types.BY_NUMBER[target_type], target, object_types.BY_NUMBER[engagement_type], engagement, now)

    def _check_new(self, kind: ObjectType, clean: Mapping[str, str], author: Author, links: list[tuple[ObjectType, int, int]]) -> None:
        missing = [name for name in kind.required if not clean.get(name)]
        if missing:
            raise exceptions.invalid(
                f"Error creating {kind.label}. Some required properties were not set.", context={"properties": missing}
            )
        if kind is object_types.CONTACTS and not {"email", "firstname", "lastname"} & clean.keys() and not author.may_write_read_only:
            raise exceptions.invalid("Error creating CONTACT. At least one of email, firstname or lastname must be set.")
        if kind is object_types.LEADS and not any(to is object_types.CONTACTS and type_id == 578 for to, _id, type_id in links):
            raise exceptions.invalid("Error creating LEAD. A lead must be associated with a primary contact (association type 578).")

    def _first_stage(self, kind: ObjectType) -> Mapping[str, str]:
        """Where a new Lead object stands that names no stage."""
        if kind is not object_types.LEADS or self._switches.get("hubspot.lead_without_stage") == "blank":
            return {}
        pipeline = self._portal.directory.things("pipeline:leads")[0]
        return {"hs_pipeline": pipeline["id"], "hs_pipeline_stage": pipeline["stages"][0]["id"]}

    def _check_reopening(self, kind: ObjectType, row: Row, clean: Mapping[str, str]) -> None:
        if kind is not object_types.LEADS or self._switches.get("hubspot.lead_reopening") == "accept":
            return
        stages = {stage["id"]: stage for pipeline in self._portal.directory.things("pipeline:leads") for stage in pipeline["stages"]}
        closed = {name for name, stage in stages.items() if stage["metadata"].get("isClosed") == "true"}
        if row.data.get("hs_pipeline_stage") in closed and clean.get("hs_pipeline_stage", next(iter(closed))) not in closed:
            raise exceptions.invalid("A closed LEAD cannot be moved back to an open stage.")

    def _claim(self, kind: ObjectType, record_id: int, old: Mapping[str, str], new: Mapping[str, str]) -> None:
        """Take unique values, or raise before any of them is taken."""
        records = self._portal.records
        claimed = [name for name in self._portal.schema.unique_names(kind) if name in new]
        for name in claimed:
            if name == "email" and records.is_forgotten(new[name]) and self._switches.get("hubspot.gdpr_blocklists_email"):
                raise exceptions.invalid(f"The email address {new[name]} was deleted for privacy and cannot be created again.")
            holder = records.holder(kind, name, new[name]) if new[name] else None
            if holder is not None and holder != record_id:
                raise exceptions.already_exists(kind.singular, holder)
        for name in claimed:
            if old.get(name):
                records.release(kind, name, old[name])
            if new[name]:
                records.claim(kind, name, [(new[name], record_id)])

    def _keep_history(
        self, kind: ObjectType, row: Row, changes: Mapping[str, str], further: Mapping[str, str], author: Author, at: int
    ) -> None:
        source, old = authorship.source_of(author, self._switches), row.data.get
        made = [Write(at, source.type, source.id, source.label, source.user_id, {n: (v, old(n)) for n, v in changes.items()})]
        made.append(Write(at, "CALCULATED", None, None, None, {n: (v, old(n)) for n, v in further.items()}))
        self._portal.past.add(kind, [(row.id, write) for write in made if write.changes])

    def _write_journal(self, kind: ObjectType, row: Row, changes: Mapping[str, str], author: Author, at: int) -> None:
        if changes:
            entries = [(name, row.data.get(name), value or None) for name, value in changes.items()]
            self._portal.sandbox.journal.write("hubspot", kind.plural, str(row.id), entries, author, as_time(at))

    def _due(self, at: int, record_id: int) -> int:
        """When search may see a write: spread over the lag, so that what was written first is not always seen first."""
        lag_ms = int(self._switches.get("hubspot.search_lag_seconds") * 1000)
        spread = (record_id * 2654435761) % 1000 / 1000 if lag_ms else 0.0
        return at + int(lag_ms * spread) + int(self.late_seconds * 1000)

    def _associate_by_id(self, start: ObjectType, from_id: int, end: ObjectType, to_id: int, type_id: int, author: Author, at: int) -> None:
        link = link_type(start, end, type_id)
        if link is None:
            known = ", ".join(str(each.type_id) for each in link_types(start, end))
            raise exceptions.invalid(f"invalid association type {type_id} from {start.label} to {end.label}; valid: [{known}]")
        self.associate(start, from_id, end, to_id, link, author, at)

    def _counts(self, engagement: ObjectType, author: Author) -> bool:
        if self._switches.get("hubspot.rollups") == "off":
            return False
        return (
            author.kind != "app"
            or engagement.plural not in ("tasks", "notes")
            or bool(self._switches.get("hubspot.own_tasks_move_rollups"))
        )

    def _roll_up_later(self, target: ObjectType, target_id: int, engagement: ObjectType, engagement_id: int, at: int) -> None:
        lag_ms = int(self._switches.get("hubspot.rollup_lag_seconds") * 1000)
        if not lag_ms:
            self._roll_up(target, target_id, engagement, engagement_id, at)
            return
        self._store.execute(
            "INSERT INTO hs_rollup VALUES (?,?,?,?,?)", (at + lag_ms, target.number, target_id, engagement.number, engagement_id)
        )

    def _roll_up(self, target: ObjectType, target_id: int, engagement: ObjectType, engagement_id: int, at: int) -> None:
        row, source = self._portal.records.fetch(target, target_id), self._portal.records.fetch(engagement, engagement_id)
        if row is None or source is None or row.archived is not None:
            return
        changes = rollups.absorb(target.plural, row.data, rollups.activity(engagement.plural, source.id, source.data, source.created), at)
        changes |= rollups.next_activity(target.plural, self._portal.activities(target, target_id, rollups.PLANNED), at)
        self.apply(target, row, changes, SYSTEM, at)

    def _renew_next_activity(self, engagement: ObjectType, engagement_id: int, at: int) -> None:
        if self._switches.get("hubspot.rollups") == "off":
            return
        for target in (object_types.get(name) for name in rollups.TARGETS):
            for target_id in self._portal.associations.ids(engagement, engagement_id, target):
                row = self._portal.records.fetch(target, target_id)
                found = rollups.next_activity(target.plural, self._portal.activities(target, target_id, rollups.PLANNED), at)
                if row is not None and any(row.data.get(name, "") != value for name, value in found.items()):
                    self.apply(target, row, found, SYSTEM, at)

    def _count_deals(self, start: ObjectType, from_id: int, end: ObjectType, to_id: int, at: int) -> None:
        """A contact counts its deals and remembers the first."""
        pair = {start.plural: from_id, end.plural: to_id}
        if pair.keys() != {"contacts", "deals"}:
            return
        contact, deal = (
            self._portal.records.fetch(object_types.CONTACTS, pair["contacts"]),
            self._portal.records.fetch(object_types.DEALS, pair["deals"]),
        )
        if contact is None or deal is None:
            return
        count = len(self._portal.associations.ids(object_types.CONTACTS, contact.id, object_types.DEALS))
        first = min(filter(None, [contact.data.get("first_deal_created_date"), iso(deal.created)]))
        self.apply(object_types.CONTACTS, contact, {"num_associated_deals": str(count), "first_deal_created_date": first}, SYSTEM, at)
