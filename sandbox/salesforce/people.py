"""Users, queues and connected apps of the org, as an administrator would make them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.apps import App
from sandbox.salesforce.org import ADMIN_PROFILE, INTEGRATION_PROFILE, USER_PROFILE, Org
from sandbox.salesforce.rights import GUARDED
from sandbox.salesforce.rows import Row, timestamp

_READ: tuple[str, ...] = ("Read",)
_WRITE = ("Read", "Create", "Edit")
# What the permission set beside the profile gives, per role: system permissions, then verbs on the guarded objects.
ROLES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "product": (("TransferAnyLead", "EditTask", "EditEvent"), _WRITE),
    "admin": ((), ()),
    "auditor": ((), _READ),
    "reader": ((), _READ),
}


class People:
    """Adds people and apps. Stamps are the business clock's, to the second."""

    def __init__(self, org: Org) -> None:
        self._org = org

    def add_user(
        self, email: str, first: str, last: str, *, active: bool = True, profile: str = USER_PROFILE, role: str | None = None,
        time_zone: str = "UTC", manager_id: str | None = None, username: str | None = None, user_type: str = "Standard",
        title: str | None = None,
    ) -> str:  # fmt: skip
        """A new user; `profile` and `role` are names (a role that does not exist is made). Answers the id."""
        org = self._org
        profile_id = org.store.scalar('SELECT "Id" FROM "sf_Profile" WHERE "Name" = ?', (profile,))
        if profile_id is None:
            message = f"no profile named {profile!r}; there are: {ADMIN_PROFILE}, {USER_PROFILE}, {INTEGRATION_PROFILE}"
            raise KeyError(message)
        names = {
            "Username": username or email,
            "FirstName": first or None,
            "LastName": last,
            "Name": f"{first} {last}".strip(),
            "Email": email,
            "Title": title,
        }
        locale = {"TimeZoneSidKey": time_zone, "LocaleSidKey": "en_GB", "LanguageLocaleKey": "en_US", "EmailEncodingKey": "UTF-8"}
        state = {"IsActive": active, "ProfileId": profile_id, "ManagerId": manager_id, "UserType": user_type, "Alias": last[:8].lower()}
        user_id = org.rows.insert("User", {**self._audit(), **names, **locale, **state, "UserRoleId": self._role(role)})
        set_id = org.store.scalar('SELECT "Id" FROM "sf_PermissionSet" WHERE "ProfileId" = ?', (profile_id,))
        self._assign(user_id, set_id)
        return user_id

    def add_queue(self, name: str, *, sobjects: Iterable[str] = ("Lead",), members: Iterable[str] = (), email: str | None = None) -> str:
        """A new queue that may own those objects; members are ids of users or groups. Answers the id (00G...)."""
        org = self._org
        developer_name = "_".join(name.split())
        values = {"Name": name, "DeveloperName": developer_name, "Type": "Queue", "Email": email, "OwnerId": org.organization_id}
        queue_id = org.rows.insert("Group", {**self._audit(), **values})
        org.rows.insert_many(
            "QueueSobject", [{"QueueId": queue_id, "SobjectType": one, "CreatedById": org.system_user_id} for one in sobjects]
        )
        stamp = timestamp(org.clock.now())
        org.rows.insert_many("GroupMember", [{"GroupId": queue_id, "UserOrGroupId": one, "SystemModstamp": stamp} for one in members])
        return queue_id

    def add_app(self, role: str, *, name: str | None = None, username: str | None = None, public_key: str | None = None) -> App:
        """Register an app of a role (product, admin, auditor, reader) that runs as an integration user of its own.

        Key and secret follow from the sandbox's seed and the app's name. `public_key` (PEM) allows the JWT bearer flow.
        """
        if role not in ROLES:
            message = f"unknown role {role!r}; there are: {', '.join(ROLES)}"
            raise KeyError(message)
        name = name or role
        username = username or f"{name}@integration.acme.example"
        profile = ADMIN_PROFILE if role == "admin" else INTEGRATION_PROFILE
        user_type = "Standard" if role == "admin" else "CloudIntegrationUser"
        user_id = self.add_user(username, "", f"Integration {name}", profile=profile, username=username, user_type=user_type)
        self._grant(role, name, user_id)
        seal = hashlib.sha256(f"{self._org.sandbox.seed}:salesforce:{name}".encode()).hexdigest()
        return self._org.sandbox.apps.register(
            App(
                app_id=f"salesforce-{name}", name=name, vendor="salesforce", scopes=frozenset({"api"}), kind=role,
                client_id=f"3MVG9{seal[:40]}", client_secret=seal.upper(), user_id=user_id, username=username, public_key=public_key,
            )
        )  # fmt: skip

    def _grant(self, role: str, name: str, user_id: str) -> None:
        permissions, verbs = ROLES[role]
        if not verbs:
            return
        audit = self._audit()
        flags = {f"Permissions{permission}": True for permission in permissions}
        set_id = self._org.rows.insert(
            "PermissionSet", {**audit, **flags, "Name": f"Integration_{name}", "Label": f"Integration {name}", "IsCustom": True}
        )
        granted = {f"Permissions{verb}": True for verb in verbs}
        self._org.rows.insert_many(
            "ObjectPermissions", [{**audit, **granted, "ParentId": set_id, "SobjectType": one} for one in sorted(GUARDED)]
        )
        self._assign(user_id, set_id)

    def _assign(self, user_id: str, set_id: str) -> None:
        stamp = timestamp(self._org.clock.now())
        self._org.rows.insert("PermissionSetAssignment", {"AssigneeId": user_id, "PermissionSetId": set_id, "SystemModstamp": stamp})
        self._org.rights.forget()

    def _role(self, name: str | None) -> str | None:
        if name is None:
            return None
        found = self._org.store.scalar('SELECT "Id" FROM "sf_UserRole" WHERE "Name" = ?', (name,))
        return found or self._org.rows.insert("UserRole", {**self._audit(), "Name": name, "DeveloperName": "_".join(name.split())})

    def _audit(self) -> Row:
        stamp = timestamp(self._org.clock.now())
        by: dict[str, Any] = {"CreatedById": self._org.system_user_id, "LastModifiedById": self._org.system_user_id}
        return {"CreatedDate": stamp, "LastModifiedDate": stamp, "SystemModstamp": stamp, **by}
