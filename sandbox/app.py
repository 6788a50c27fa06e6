"""The ASGI application: all routes on one port, and the one place that counts calls and applies faults and latency.

Endpoints must be `async def` (Starlette would run plain functions in threads); they do their work at once, so calls are serial.
An endpoint may set `request.state.family` (counter label, such as "contacts.list"); `request.state.fault` carries a fault of the kinds
`rows`, `expire_token` and `late_commit` for the vendor to act on, `request.state.app` the calling App or None.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.responses import Response

from sandbox.core import load

if TYPE_CHECKING:
    from starlette.routing import BaseRoute
    from starlette.types import Message, Receive, Scope, Send

    from sandbox.core import Sandbox
    from sandbox.faults import Fault

PARTS = ("control", "pages", "salesforce", "hubspot")
_HUBSPOT_ROOTS = frozenset(
    [
        "crm",
        "oauth",
        "account-info",
        "communication-preferences",
        "marketing",
        "integrations",
        "automation",
        "settings",
        "events",
        "conversations",
        "form-integrations",
        "email",
        "engagements",
        "webhooks",
        "cms",
        "files",
    ]
)


def vendor_of(path: str) -> str | None:
    """Which vendor's API a path belongs to; None for the control plane and the pages."""
    root = path.split("/", 2)[1] if path.startswith("/") else ""
    if root in ("services", "id"):
        return "salesforce"
    return "hubspot" if root in _HUBSPOT_ROOTS else None


class SandboxApp(Starlette):
    """Starlette with counting, faults and latency around every vendor call."""

    def __init__(self, sandbox: Sandbox, routes: list[BaseRoute]) -> None:
        super().__init__(routes=routes)
        self.router.redirect_slashes = False
        self.sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one call."""
        vendor = vendor_of(scope["path"]) if scope["type"] == "http" else None
        if vendor is None:
            await super().__call__(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        fault = self.sandbox.faults.take(vendor, scope["method"], scope["path"])
        grant = self.sandbox.apps.grant(_bearer(scope))
        state.update(vendor=vendor, fault=fault, family="unrouted", app=grant.app if grant else None)
        reply = _Reply(partial(self._count, vendor, state, fault is not None))
        try:
            await self._serve(fault, scope, receive, send, reply)
        finally:
            reply.count()

    def _count(self, vendor: str, state: dict[str, Any], faulted: bool, status: int) -> None:
        app = state["app"]
        self.sandbox.counters.count(vendor, app.name if app else "(none)", state["family"], status, faulted=faulted)

    async def _serve(self, fault: Fault | None, scope: Scope, receive: Receive, send: Send, reply: _Reply) -> None:
        latency = self.sandbox.switches.get("core.latency_ms") / 1000 + (fault.seconds if fault and fault.action == "delay" else 0)
        if latency:
            await asyncio.sleep(latency)
        if fault is not None and fault.action == "reset":
            await _hang_up(send)
            return
        if fault is not None and fault.action == "status":
            response = Response(fault.body, fault.status, dict(fault.headers), fault.content_type)
            await response(scope, receive, reply.pass_on(send))
            return
        if fault is None or fault.action not in ("lost_reply", "truncate", "empty"):
            await super().__call__(scope, receive, reply.pass_on(send))
            return
        await super().__call__(scope, receive, reply.keep)
        await _spoil(fault, reply, scope, receive, send)


class _Reply:
    """What the endpoint answered: its status, and the whole of it where a fault wants to spoil it.

    A call is counted once, before its reply leaves: who has the reply can read a counter that holds it.
    """

    def __init__(self, counted: Callable[[int], None]) -> None:
        self._counted: Callable[[int], None] | None = counted
        self.status = 0
        self.start: Message = {}
        self.body = b""

    def pass_on(self, send: Send) -> Send:
        async def noted(message: Message) -> None:
            self.status = message.get("status", self.status)
            self.count()
            await send(message)

        return noted

    def count(self) -> None:
        """Count the call, the first time this is asked."""
        counted, self._counted = self._counted, None
        if counted is not None:
            counted(self.status)

    async def keep(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start, self.status = message, message["status"]
        else:
            self.body += message.get("body", b"")


async def _spoil(fault: Fault, reply: _Reply, scope: Scope, receive: Receive, send: Send) -> None:
    if fault.action == "empty":
        await Response(b"", reply.status)(scope, receive, send)
        return
    if fault.action == "truncate":
        await send(reply.start)
        await send({"type": "http.response.body", "body": reply.body[: len(reply.body) // 2], "more_body": True})
    reply.status = 0
    await _hang_up(send, flush=fault.action == "truncate")


async def _hang_up(send: Send, *, flush: bool = False) -> None:
    """Close the client's connection. uvicorn hands `send` as a method of the request cycle, which holds the transport."""
    transport: Any = send.__self__.transport  # type: ignore[attr-defined]
    if flush:
        transport.close()
    else:
        transport.abort()
    await asyncio.sleep(0.01)


def _bearer(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"authorization":
            text: str = value.decode("latin-1")
            return text.removeprefix("Bearer ").strip()
    return None


def build_app(sandbox: Sandbox) -> SandboxApp:
    """All parts that are installed, on one port."""
    routes: list[BaseRoute] = []
    for part in PARTS:
        urls = load(f"{part}.urls")
        if urls is not None:
            routes.extend(urls.routes(sandbox))
    return SandboxApp(sandbox, routes)
