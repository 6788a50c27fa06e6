"""Saves: create, update and delete with everything that Salesforce does around them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sandbox.salesforce import checks
from sandbox.salesforce.activity import move_open_tasks, refresh_last_activity
from sandbox.salesforce.checks import Actor
from sandbox.salesforce.derive import derive
from sandbox.salesforce.exceptions import RowError
from sandbox.salesforce.history import history_text
from sandbox.salesforce.org import Org
from sandbox.salesforce.rights import RIGHTS_OBJECTS
from sandbox.salesforce.rows import Row, timestamp
from sandbox.salesforce.schema import SObject

_ASSIGNABLE = "Lead"
_AUDIT = frozenset({"CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp"})
_ACTIVITIES = ("Task", "Event")


class Records:
    """Saves single records; what is refused is refused before anything is written. Raises RowError."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def create(self, sobject: SObject, given: Mapping[str, Any], actor: Actor, at: datetime | None = None) -> str:
        """Save a new record; answers its id."""
        if actor.access is not None and not actor.access.can("Create", sobject):
            raise RowError(
                "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY" if sobject.query_only else "INSUFFICIENT_ACCESS_OR_READONLY",
                f"entity type {sobject.name} cannot be inserted by you",
            )
        moment = at or self._org.clock.stamp()
        new = {**self._defaults(sobject, actor), **checks.clean(self._org, sobject, dict(given), actor, creating=True)}
        self._assign(sobject, new, None, actor)
        derive(self._org, sobject.name, new, None, moment)
        checks.check_required(sobject, new, given, creating=True)
        self._check(sobject, new, None, actor)
        stamped = {**self._audit(sobject, actor, moment, creating=True), **new}
        with self._org.store.joined():
            stamped["Id"] = new["Id"] = self._org.rows.insert(sobject.name, stamped)
            self._after(sobject, {}, stamped, actor, moment, stamped)
        return str(new["Id"])

    def update(self, sobject: SObject, record_id: Any, given: Mapping[str, Any], actor: Actor, at: datetime | None = None) -> None:
        """Save changes to a record."""
        self._may(sobject, "Edit", actor)
        moment = at or self._org.clock.stamp()
        values = checks.clean(self._org, sobject, dict(given), actor, creating=False)
        old = checks.existing(self._org, sobject, record_id)
        new = {**old, **values}
        self._assign(sobject, new, old, actor)
        derive(self._org, sobject.name, new, old, moment)
        checks.check_required(sobject, new, values, creating=False)
        self._check(sobject, new, old, actor)
        changes = {name: value for name, value in new.items() if value != old[name]}
        if not changes and not self._org.switches.get("salesforce.no_op_update_bumps_stamp"):
            return
        audit = {name: value for name, value in self._audit(sobject, actor, moment, creating=False).items() if name not in changes}
        with self._org.store.joined():
            self._org.rows.update(sobject.name, old["Id"], {**audit, **changes})
            self._after(sobject, old, {**new, **audit}, actor, moment, changes)

    def delete(self, sobject: SObject, record_id: Any, actor: Actor, at: datetime | None = None) -> None:
        """Put a record into the recycle bin, with the children that hang on it; setup objects are gone at once."""
        self._may(sobject, "Delete", actor)
        moment = at or self._org.clock.stamp()
        with self._org.store.transaction():
            old = checks.existing(self._org, sobject, record_id)
            self._bury(sobject, [old["Id"]], timestamp(moment))
            self._org.journal.write("salesforce", sobject.name, old["Id"], [("(deleted)", None, None)], actor.author, moment)
            if sobject.name in _ACTIVITIES:
                refresh_last_activity(self._org, [old.get("WhoId"), old.get("WhatId")], None)
            if sobject.name in RIGHTS_OBJECTS:
                self._org.rights.forget()

    def _bury(self, sobject: SObject, ids: Iterable[str], stamp: str) -> None:
        for record_id in ids:
            if not sobject.has_deletes:
                self._org.rows.delete(sobject.name, record_id)
                continue
            changes = {"IsDeleted": True, **({"SystemModstamp": stamp} if sobject.field("SystemModstamp") else {})}
            if sobject.field("LastModifiedDate"):
                changes["LastModifiedDate"] = stamp
            self._org.rows.update(sobject.name, record_id, changes)
            for child, key in self._org.catalog.children(sobject.name):
                if key.child_relationship and child.has_deletes and child.name in _CASCADE:
                    self._bury(child, [row["Id"] for row in self._org.rows.find(child.name, key.name, [record_id], ("Id",))], stamp)

    def _may(self, sobject: SObject, verb: str, actor: Actor) -> None:
        if actor.access is not None and not actor.access.can(verb, sobject):
            raise RowError("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")

    def _defaults(self, sobject: SObject, actor: Actor) -> Row:
        defaults: Row = {field.name: field.default for field in sobject.fields.values() if field.default is not None}
        defaults |= {name: defaults.get(name) == "true" for name in sobject.booleans}
        if sobject.field("OwnerId"):
            defaults["OwnerId"] = self._org.organization_id if sobject.name == "Group" else actor.user_id
        if sobject.name == "Lead":
            defaults["Status"] = self._org.default_of("LeadStatus") or defaults.get("Status")
        return defaults

    def _assign(self, sobject: SObject, new: Row, old: Row | None, actor: Actor) -> None:
        fires = actor.auto_assign and sobject.name == _ASSIGNABLE
        if not fires or (old is not None and not self._org.switches.get("salesforce.assignment_rule_on_update")):
            return
        owner_id = self._org.rules.owner(sobject.name, new, is_new=old is None)
        if owner_id is not None:
            new["OwnerId"] = owner_id

    def _check(self, sobject: SObject, new: Row, old: Row | None, actor: Actor) -> None:
        if sobject.name == "Lead":
            checks.check_lead_status(self._org, new, old, actor)
        if sobject.name in _ACTIVITIES:
            checks.check_activity(self._org, sobject, new)
        if sobject.name == "FieldPermissions" and actor.access is not None:
            checks.check_field_permission(self._org, new)
        if old is not None:
            checks.check_transfer(sobject, new, old, actor)
        if actor.access is not None:
            checks.check_owner(self._org, sobject, new, old)
        checks.check_unique(self._org, sobject, new, old)
        if actor.access is not None and old is None:
            checks.check_duplicates(self._org, sobject, new, actor)
        if actor.author.kind != "system":
            self._org.rules.validate(sobject.name, new)

    def _audit(self, sobject: SObject, actor: Actor, at: datetime, *, creating: bool) -> Row:
        stamp = timestamp(at)
        values: Row = {"LastModifiedDate": stamp, "LastModifiedById": actor.user_id, "SystemModstamp": stamp}
        if creating:
            values |= {"CreatedDate": stamp, "CreatedById": actor.user_id}
        return {name: value for name, value in values.items() if sobject.field(name) is not None}

    def _after(self, sobject: SObject, old: Row, new: Row, actor: Actor, at: datetime, written: Row) -> None:
        stamp = timestamp(at)
        if old:
            self._org.history.record(sobject, old, new, actor.user_id, stamp, self._org.switches.get("salesforce.history_owner_rows"))
        elif self._org.switches.get("salesforce.history_created_row"):
            self._org.history.event(sobject, new["Id"], "created", actor.user_id, stamp)
        if sobject.name == "Opportunity" and self._org.switches.get("salesforce.opportunity_history"):
            self._org.history.stage(old or None, new, actor.user_id, stamp)
        if sobject.name in _ACTIVITIES:
            bump = stamp if self._org.switches.get("salesforce.activity_bumps_parent_stamp") else None
            refresh_last_activity(self._org, [new.get("WhoId"), new.get("WhatId"), old.get("WhoId")], bump)
        if (
            sobject.name == _ASSIGNABLE
            and "OwnerId" in written
            and old
            and self._org.switches.get("salesforce.owner_change_moves_open_tasks")
        ):
            move_open_tasks(self._org, new["Id"], old["OwnerId"], new["OwnerId"], stamp)
        if sobject.name in RIGHTS_OBJECTS:
            self._org.rights.forget()
        changed = [
            (name, history_text(old.get(name)), history_text(value))
            for name, value in written.items()
            if _is_news(name, value, creating=not old)
        ]
        head = [] if old else [("(created)", None, new["Id"])]
        self._org.journal.write("salesforce", sobject.name, new["Id"], [*head, *changed], actor.author, at)


_CASCADE = frozenset(
    {"CampaignMember", "OpportunityContactRole", "LeadHistory", "ContactHistory", "OpportunityFieldHistory", "OpportunityHistory"}
)


def _is_news(name: str, value: Any, *, creating: bool) -> bool:
    return name not in _AUDIT and name != "Id" and not (creating and value in (None, False))
