"""Credentials of the apps that may call the sandbox: made with a world, written into its manifest, registered from the manifest alone."""

import time
from typing import TYPE_CHECKING, Any

from sandbox.apps import App

if TYPE_CHECKING:
    from sandbox.core import Sandbox

PORTAL_ID = 7654321
ROLES = ("product", "admin", "auditor", "reader", "no_scope", "expired")
_OBJECTS = ("contacts", "companies", "deals", "leads")
_READ = frozenset(
    {
        "oauth",
        "sales-email-read",
        "crm.lists.read",
        "forms",
        "crm.objects.owners.read",
        "crm.objects.users.read",
        "settings.users.teams.read",
    }
    | {f"crm.objects.{name}.read" for name in _OBJECTS}
    | {f"crm.schemas.{name}.read" for name in _OBJECTS}
)
_WRITE = frozenset(f"crm.objects.{name}.write" for name in _OBJECTS)
_SETUP = frozenset(
    {f"crm.schemas.{name}.write" for name in (*_OBJECTS, "tasks", "calls", "emails", "meetings", "notes")} | {"crm.schemas.tasks.read"}
)
SCOPES: dict[str, frozenset[str]] = {
    "product": _READ | _WRITE,
    "admin": _READ | _WRITE | _SETUP,
    "auditor": _READ,
    "reader": _READ,
    "no_scope": frozenset({"oauth"}),
    "expired": _READ | _WRITE,
}
_FIRST_APP_ID = 2_000_001
_EXPIRED_SECONDS = 75


def hubspot_credentials(seed: int, base_url: str) -> dict[str, Any]:
    """The manifest's part for HubSpot: one service key per role; made up, and good for this sandbox alone."""
    tokens = {role: f"pat-na1-5a9db0c5-{seed % 10_000:04d}-4000-8000-{number:012d}" for number, role in enumerate(ROLES, 1)}
    return {"base_url": base_url, "portal_id": PORTAL_ID, "tokens": tokens}


def register_apps(sandbox: "Sandbox", manifest: dict[str, Any]) -> None:
    """Register every app of the manifest, so that its credentials open the sandbox; the addresses become those of this process."""
    credentials = manifest.get("credentials", {})
    for vendor in credentials.values():
        vendor["base_url"] = sandbox.base_url
    for number, (role, token) in enumerate(credentials.get("hubspot", {}).get("tokens", {}).items()):
        expires = time.time() - _EXPIRED_SECONDS if role == "expired" else None
        sandbox.apps.register(App(str(_FIRST_APP_ID + number), role, "hubspot", SCOPES[role], token=token, expires_at=expires))
    for role, app in credentials.get("salesforce", {}).get("apps", {}).items():
        sandbox.apps.register(
            App(
                app["app_id"],
                role,
                "salesforce",
                frozenset({"api"}),
                kind=role,
                client_id=app["client_id"],
                client_secret=app["client_secret"],
                user_id=app["user_id"],
                username=app["username"],
                public_key=app.get("public_key"),
            )
        )
