"""Salesforce users and queues as people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.protocol import Person
from connectors.salesforce import soql
from connectors.salesforce.client import SalesforceClient

_USER_FIELDS = ("Id", "Name", "Email", "IsActive", "TimeZoneSidKey", "UserRole.Name", "ManagerId", "UserType", "Profile.Name")
_INTEGRATION_PROFILES = ("integration", "api only")


OWNED_BY_QUEUES = frozenset({"Lead"})
"""A queue can own Leads, and no Contacts (help.salesforce.com, "Queues": objects available for queues)."""


def people(client: SalesforceClient, *, queues: bool = True) -> tuple[Person, ...]:
    """All users, departed ones included, then the queues where they can own what carries a lead."""
    users = client.rows("query.User", soql.select(_USER_FIELDS, "User"))
    groups = client.rows("query.Group", soql.select(("Id", "Name", "Email"), "Group", "Type = 'Queue'")) if queues else ()
    return (*(_user(row) for row in users), *(_queue(row) for row in groups))


def _user(row: Mapping[str, Any]) -> Person:
    """In an org's sandbox `.invalid` is appended to users' addresses; without it they match the other CRM's."""
    profile = str((row.get("Profile") or {}).get("Name") or "")
    machine = row.get("UserType") not in (None, "Standard") or any(word in profile.lower() for word in _INTEGRATION_PROFILES)
    return Person(
        id=str(row["Id"]),
        key=str(row.get("Email") or "").strip().lower().removesuffix(".invalid"),
        name=str(row.get("Name") or ""),
        active=bool(row.get("IsActive")),
        time_zone=str(row.get("TimeZoneSidKey") or ""),
        role=str((row.get("UserRole") or {}).get("Name") or ""),
        manager_id=str(row.get("ManagerId") or ""),
        teams=("integration",) if machine else (),
    )


def _queue(row: Mapping[str, Any]) -> Person:
    return Person(id=str(row["Id"]), key=f"queue:{row['Name']}", name=str(row["Name"]), active=True, type="queue")
