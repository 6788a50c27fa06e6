"""The sandbox from outside: start it as a child and drive it over HTTP. Its code is never imported."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from cli.bytecode import bytecode_env
from cli.processes import Child, Children


class SandboxRefused(RuntimeError):
    """The sandbox's control plane did not accept a request."""


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox."""

    url: str

    def get(self, path: str, **params: str | int) -> Any:
        """GET below /_sandbox."""
        return self._answer(requests.get(f"{self.url}/_sandbox{path}", params=params, timeout=120))

    def post(self, path: str, body: Mapping[str, object] | None = None) -> Any:
        """POST below /_sandbox. Seeding a large world takes its time."""
        return self._answer(requests.post(f"{self.url}/_sandbox{path}", json=dict(body or {}), timeout=600))

    def put(self, path: str, body: Mapping[str, object]) -> Any:
        """PUT below /_sandbox."""
        return self._answer(requests.put(f"{self.url}/_sandbox{path}", json=dict(body), timeout=120))

    def _answer(self, reply: requests.Response) -> Any:
        if not reply.ok:
            msg = f"the sandbox answered {reply.status_code} to {reply.request.method} {reply.request.path_url}: {reply.text[:300]}"
            raise SandboxRefused(msg)
        return reply.json()


def start_sandbox(
    children: Children,
    home: Path,
    *,
    name: str = "sandbox",
    port: int = 0,
    follow_wall: bool = False,
    env: Mapping[str, str] | None = None,
) -> tuple[Child, Path]:
    """Start `python -m sandbox` on the world file in `home`; returns at once (`sandbox_at` waits for it). `name` is that of its log."""
    ready = home / "sandbox-ready.json"
    ready.unlink(missing_ok=True)
    command = [
        sys.executable,
        "-m",
        "sandbox",
        "--port",
        str(port),
        "--db",
        str(home / "world.db"),
        "--ready-file",
        str(ready),
        "--die-with-parent",
    ]
    wanted = bytecode_env(home) if env is None else env
    return children.start(name, [*command, *(["--follow-wall"] if follow_wall else [])], wanted), ready


def sandbox_at(children: Children, child: Child, ready: Path) -> Sandbox:
    """The sandbox once it listens, at most a minute from now."""
    children.wait_until(ready.exists, child, seconds=60)
    return Sandbox(json.loads(ready.read_text())["url"])


def environment(manifest: Mapping[str, Any], sandbox: Sandbox, home: Path, *, role: str = "product", writes: str = "on") -> dict[str, str]:
    """The `HANDOFF_*` settings that point the product at this sandbox with the credentials of `role` (product, admin, auditor, reader)."""
    found = {
        "HANDOFF_HOME": str(home.resolve()),
        "HANDOFF_WRITES": writes,
        "HANDOFF_PRODUCTION": "hubspot,salesforce",
        "HANDOFF_CLOCK_URL": sandbox.url,
        "HANDOFF_LEDGER_URL": "",
        "HANDOFF_DOTENV": "off",
    }
    credentials = manifest["credentials"]
    found["HANDOFF_CRMS"] = ",".join(sorted(credentials))
    if "hubspot" in credentials:
        hubspot = credentials["hubspot"]
        found |= {
            "HANDOFF_HUBSPOT_TOKEN": hubspot["tokens"][role],
            "HANDOFF_HUBSPOT_BASE_URL": sandbox.url,
            "HANDOFF_HUBSPOT_PORTAL_ID": str(hubspot["portal_id"]),
        }
    if "salesforce" in credentials:
        salesforce = credentials["salesforce"]
        app = salesforce["apps"][role]
        found |= {
            "HANDOFF_SALESFORCE_INSTANCE_URL": salesforce["instance_url"],
            "HANDOFF_SALESFORCE_BASE_URL": sandbox.url,
            "HANDOFF_SALESFORCE_CLIENT_ID": app["client_id"],
            "HANDOFF_SALESFORCE_CLIENT_SECRET": app["client_secret"],
            "HANDOFF_SALESFORCE_ORG_ID": salesforce["org_id"],
        }
    return found
