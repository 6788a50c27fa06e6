"""HubSpot owners as people. Records keep pointing at deactivated owners, who are listed only with `archived=true`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.hubspot.client import HubSpotClient
from connectors.loop_guard import LoopGuard
from connectors.protocol import Person, Refused

PAGE = 500  # the documented default is 100; a portal that allows less answers with less, and we follow its paging
_USER_PROPERTIES = ("hs_job_title", "hs_standard_time_zone", "hs_internal_user_id")


def people(client: HubSpotClient) -> tuple[Person, ...]:
    """Active owners and queues first, then the departed. Job title and time zone come from the user objects, where these may be read."""
    users = _users(client)
    owners = [(row, archived) for archived in (False, True) for row in _owners(client, archived=archived)]
    return tuple(_person(row, users, active=not archived) for row, archived in owners)


def _owners(client: HubSpotClient, *, archived: bool) -> Iterator[Mapping[str, Any]]:
    return _rows(client, "owners", client.paths.owners(), [("limit", str(PAGE)), ("archived", str(archived).lower())])


def _users(client: HubSpotClient) -> dict[str, Mapping[str, Any]]:
    """User id -> properties of the user object; empty where the key has no `crm.objects.users.read` (roles then come from people.csv)."""
    asked = [("limit", "100"), ("properties", ",".join(_USER_PROPERTIES))]
    try:
        found = [row.get("properties") or {} for row in _rows(client, "users.list", client.paths.objects("users"), asked)]
    except Refused as refusal:
        if refusal.reason != "scope":
            raise
        return {}
    return {str(user.get("hs_internal_user_id")): user for user in found if user.get("hs_internal_user_id")}


def _rows(client: HubSpotClient, family: str, path: str, asked: list[tuple[str, str]]) -> Iterator[Mapping[str, Any]]:
    guard, after = LoopGuard(f"HubSpot {family}"), ""
    while True:
        reply = client.get(family, path, [*asked, *([("after", after)] if after else [])])
        yield from reply.get("results") or ()
        after = str(((reply.get("paging") or {}).get("next") or {}).get("after") or "")
        if not after:
            return
        guard.step(after)


def _person(row: Mapping[str, Any], users: Mapping[str, Mapping[str, Any]], *, active: bool) -> Person:
    user = users.get(str(row.get("userIdIncludingInactive") or row.get("userId") or ""), {})
    name = " ".join(part for part in (row.get("firstName"), row.get("lastName")) if part)
    email = str(row.get("email") or "").strip().lower()
    queue = row.get("type") == "QUEUE"
    return Person(
        id=str(row["id"]),
        key=f"queue:{name}" if queue else email,
        name=name or email,
        active=active and not row.get("archived", False),
        type="queue" if queue else "person",
        time_zone=str(user.get("hs_standard_time_zone") or ""),
        role=str(user.get("hs_job_title") or ""),
        teams=tuple(str(team.get("name", "")) for team in row.get("teams") or ()),
    )
