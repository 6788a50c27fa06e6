"""What a user may see and do, from the permission sets assigned: object permissions, system permissions, field-level security."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.salesforce.catalog import Catalog
from sandbox.salesforce.schema import Field, SObject
from sandbox.store import Store

# Objects with object permissions of their own; the ones below follow another object, or a system permission.
GUARDED = frozenset({"Lead", "Contact", "Account", "Opportunity", "Campaign"})
FOLLOWS: Mapping[str, str] = {
    "LeadHistory": "Lead",
    "ContactHistory": "Contact",
    "OpportunityFieldHistory": "Opportunity",
    "OpportunityHistory": "Opportunity",
    "OpportunityContactRole": "Opportunity",
    "CampaignMember": "Campaign",
    "CampaignMemberStatus": "Campaign",
    "ListEmail": "Campaign",
    "ListEmailIndividualRecipient": "Campaign",
}
WRITE_NEEDS: Mapping[str, str] = {
    "Task": "PermissionsEditTask",
    "Event": "PermissionsEditEvent",
    "EmailMessage": "PermissionsEditTask",
    "EmailMessageRelation": "PermissionsEditTask",
    "User": "PermissionsManageUsers",
    "UserRole": "PermissionsManageUsers",
    "Group": "PermissionsManageUsers",
    "GroupMember": "PermissionsManageUsers",
    "QueueSobject": "PermissionsManageUsers",
    "PermissionSet": "PermissionsManageUsers",
    "ObjectPermissions": "PermissionsManageUsers",
    "FieldPermissions": "PermissionsManageUsers",
    "PermissionSetAssignment": "PermissionsAssignPermissionSets",
    "Holiday": "PermissionsCustomizeApplication",
    "OutOfOffice": "PermissionsManageUsers",
}
RIGHTS_OBJECTS = frozenset({"PermissionSet", "PermissionSetAssignment", "ObjectPermissions", "FieldPermissions", "User"})
VERBS = ("Create", "Read", "Edit", "Delete")


@dataclass(frozen=True)
class Access:
    """One user's rights. `grants` holds (object, field) in lower case -> may edit, for fields that need a grant."""

    user_id: str
    zone: ZoneInfo
    system: frozenset[str]
    objects: Mapping[str, frozenset[str]]
    grants: Mapping[tuple[str, str], bool]
    exists: Callable[[SObject], bool]
    _seen: dict[str, tuple[SObject, dict[str, tuple[Field, bool]]]] = dataclasses.field(default_factory=dict, compare=False, repr=False)

    def has(self, permission: str) -> bool:
        """Whether the user has a system permission such as PermissionsModifyMetadata."""
        return permission in self.system

    def may_transfer(self, sobject: SObject) -> bool:
        """Whether the user may give away records of the object that are not his: Transfer Record, or Transfer Leads for Leads alone."""
        wide = self.has("PermissionsModifyAllData") or self.has("PermissionsTransferAnyEntity")
        return wide or (sobject.name == "Lead" and self.has("PermissionsTransferAnyLead"))

    def can(self, verb: str, sobject: SObject) -> bool:
        """Whether the user may Create, Read, Edit or Delete records of the object."""
        if not self.exists(sobject) or (verb != "Read" and (sobject.query_only or sobject.virtual)):
            return False
        name = FOLLOWS.get(sobject.name, sobject.name)
        if name in GUARDED:
            # A child's records are written by who may edit the parent.
            wanted = verb if verb == "Read" or name == sobject.name else "Edit"
            return self.has("PermissionsModifyAllData") or wanted in self.objects.get(name, frozenset())
        return verb == "Read" or self.has("PermissionsModifyAllData") or self.has(WRITE_NEEDS.get(name, "PermissionsModifyAllData"))

    def can_read(self, sobject: SObject) -> bool:
        """Whether the user may read records of the object."""
        return self.can("Read", sobject)

    def field(self, sobject: SObject, name: str) -> Field | None:
        """The field, unless it does not exist or field-level security hides it."""
        known = self._known(sobject).get(name)
        return known[0] if known is not None else self._look(sobject, name)[0]

    def may_edit(self, sobject: SObject, field: Field) -> bool:
        """Whether field-level security lets the user write the field."""
        known = self._known(sobject).get(field.name)
        return known[1] if known is not None and known[0] is field else self._may_edit(sobject, field)

    def _known(self, sobject: SObject) -> dict[str, tuple[Field, bool]]:
        """What was looked up in this definition of the object: a collection asks for the same fields in every record."""
        kept = self._seen.get(sobject.name)
        if kept is None or kept[0] is not sobject:
            kept = self._seen[sobject.name] = (sobject, {})
        return kept[1]

    def _look(self, sobject: SObject, name: str) -> tuple[Field | None, bool]:
        found = sobject.field(name)
        if found is None or not (found.granted or (sobject.name.lower(), found.name.lower()) in self.grants):
            return None, False
        looked = (found, self._may_edit(sobject, found))
        if name == found.name:
            self._known(sobject)[name] = looked
        return looked

    def _may_edit(self, sobject: SObject, field: Field) -> bool:
        return field.granted or self.grants.get((sobject.name.lower(), field.name.lower()), False)


class Rights:
    """Reads the rights of users from the permission tables; keeps them until `forget`."""

    def __init__(self, store: Store, catalog: Catalog, exists: Callable[[SObject], bool]) -> None:
        self._store = store
        self._catalog = catalog
        self._exists = exists
        self._known: dict[str, Access] = {}
        store.on_restore(self.forget)

    def forget(self) -> None:
        """To be called after a write to one of RIGHTS_OBJECTS."""
        self._known.clear()

    def of(self, user_id: str) -> Access:
        """The rights of a user."""
        if user_id not in self._known:
            self._known[user_id] = self._read(user_id)
        return self._known[user_id]

    def _read(self, user_id: str) -> Access:
        zone = self._store.scalar('SELECT "TimeZoneSidKey" FROM "sf_User" WHERE "Id" = ?', (user_id,)) or "UTC"
        return Access(user_id, ZoneInfo(zone), self._system(user_id), self._objects(user_id), self._grants(user_id), self._exists)

    def _system(self, user_id: str) -> frozenset[str]:
        names = [f.name for f in self._catalog.of("PermissionSet").fields.values() if f.name.startswith("Permissions")]
        listed = ", ".join(f'max("{name}")' for name in names)
        row = self._store.row(f'SELECT {listed} FROM "sf_PermissionSet" WHERE "Id" IN ({_ASSIGNED})', (user_id,))
        return frozenset(name for name, value in zip(names, row or (), strict=True) if value)

    def _objects(self, user_id: str) -> dict[str, frozenset[str]]:
        listed = ", ".join(f'max("Permissions{verb}")' for verb in VERBS)
        rows = self._store.rows(
            f'SELECT "SobjectType", {listed} FROM "sf_ObjectPermissions" WHERE "ParentId" IN ({_ASSIGNED}) GROUP BY "SobjectType"',
            (user_id,),
        )
        return {row[0]: frozenset(verb for verb, value in zip(VERBS, row[1:], strict=True) if value) for row in rows}

    def _grants(self, user_id: str) -> dict[tuple[str, str], bool]:
        rows: list[tuple[Any, ...]] = self._store.rows(
            f'SELECT "Field", max("PermissionsEdit") FROM "sf_FieldPermissions" '
            f'WHERE "PermissionsRead" AND "ParentId" IN ({_ASSIGNED}) GROUP BY "Field"',
            (user_id,),
        )
        pairs = [(name.lower().split(".", 1), bool(edit)) for name, edit in rows]
        return {(parts[0], parts[1]): edit for parts, edit in pairs if len(parts) == 2}


_ASSIGNED = 'SELECT "PermissionSetId" FROM "sf_PermissionSetAssignment" WHERE "AssigneeId" = ?'
