"""Registered credentials: the apps that may call the sandbox, and the tokens issued to them. Life times are wall-clock seconds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.author import Author


@dataclass(frozen=True)
class App:
    """One app of one vendor. `token` is a static bearer (HubSpot private app or service key); others get theirs by OAuth.

    `user_id` and `username` are the CRM user it runs as; `expires_at` (unix seconds) makes a static token an expired one.
    """

    app_id: str
    name: str
    vendor: str
    scopes: frozenset[str] = frozenset()
    kind: str = "private"
    token: str | None = None
    client_id: str | None = None
    client_secret: str | None = None
    refresh_token: str | None = None
    user_id: str | None = None
    username: str | None = None
    public_key: str | None = None
    expires_at: float | None = None

    @property
    def author(self) -> Author:
        """The author of what this app writes."""
        salesforce_user = self.user_id if self.vendor == "salesforce" else None
        return Author(kind="app", name=self.name, app_id=self.app_id, salesforce_user_id=salesforce_user)


@dataclass(frozen=True)
class Grant:
    """A bearer token in force: whose it is and until when (unix seconds; None: for ever)."""

    token: str
    app: App
    expires_at: float | None = None

    def is_expired(self) -> bool:
        """Whether the wall clock has passed its end."""
        return self.expires_at is not None and time.time() >= self.expires_at


class Apps:
    """Apps by client id, grants by token."""

    def __init__(self) -> None:
        self._apps: dict[tuple[str, str], App] = {}
        self._grants: dict[str, Grant] = {}

    def register(self, app: App) -> App:
        """Add an app (replacing one of the same vendor and app_id) and its static token."""
        self._apps[app.vendor, app.app_id] = app
        if app.token is not None:
            self._grants[app.token] = Grant(app.token, app, app.expires_at)
        return app

    def issue(self, app: App, token: str, life_seconds: float | None) -> Grant:
        """Put a token in force for `life_seconds` of wall time (None: for ever)."""
        grant = Grant(token, app, None if life_seconds is None else time.time() + life_seconds)
        self._grants[token] = grant
        return grant

    def grant(self, token: str | None) -> Grant | None:
        """The grant behind a bearer token, expired ones too."""
        return None if token is None else self._grants.get(token)

    def expire(self, token: str) -> None:
        """End a token now; an unknown token is left alone."""
        grant = self._grants.get(token)
        if grant is not None:
            self._grants[token] = Grant(token, grant.app, time.time())

    def by_client(self, vendor: str, client_id: str | None) -> App | None:
        """The app with that OAuth client id."""
        return next((app for app in self.all(vendor) if client_id is not None and app.client_id == client_id), None)

    def all(self, vendor: str | None = None) -> Iterator[App]:
        """Registered apps, of one vendor or of all."""
        return (app for app in self._apps.values() if vendor is None or app.vendor == vendor)

    def clear(self) -> None:
        """Forget every app and token."""
        self._apps.clear()
        self._grants.clear()

    def describe(self) -> list[dict[str, Any]]:
        """Apps without their secrets."""
        return [{"app_id": a.app_id, "name": a.name, "vendor": a.vendor, "kind": a.kind, "scopes": sorted(a.scopes)} for a in self.all()]
