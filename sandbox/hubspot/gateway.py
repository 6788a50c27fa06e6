"""From an HTTP request to a reply: path forms, credential, limits, object type, scopes, endpoint, headers; in HubSpot's order of checks."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response

from sandbox.hubspot import exceptions, object_types, shapes
from sandbox.hubspot.exceptions import HubSpotError
from sandbox.hubspot.responses import Call, Reply
from sandbox.hubspot.values import iso

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.types import Receive, Scope, Send

    from sandbox.apps import Grant
    from sandbox.hubspot.models import HubSpot

Needs = tuple[tuple[str, ...], ...]
"""Scopes: each inner tuple is satisfied by any one of its names, and all inner tuples must be."""
LEGACY, DATED = frozenset({"v3", "v4"}), frozenset({"2026-03", "2026-09"})
_VERSION = re.compile(r"^(v\d+|\d{4}-\d{2}(-beta)?)$")
_TOKEN = re.compile(r"^[A-Za-z0-9._~+/=-]{10,}$")


@dataclass(frozen=True)
class Endpoint:
    """One row of the route table. `pattern` is the path without its version segment; `limit` says which limiter counts the call."""

    method: str
    pattern: str
    handler: Callable[[Call], Reply]
    family: str
    needs: Callable[[Call], Needs] | None = None
    versions: frozenset[str] = frozenset({"v3"}) | DATED
    limit: str = "burst"
    public: bool = False
    body: shapes.Shape = shapes.ANY


class Gateway:
    """The ASGI endpoint behind every HubSpot path."""

    def __init__(self, portal: HubSpot, endpoints: Sequence[Endpoint]) -> None:
        self._portal = portal
        self._by_length: dict[int, list[tuple[tuple[str, ...], Endpoint]]] = {}
        for endpoint in endpoints:
            parts = tuple(endpoint.pattern.split("/"))
            self._by_length.setdefault(len(parts), []).append((parts, endpoint))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        request = Request(scope, receive)
        raw = await request.body()
        await self._respond(request, raw)(scope, receive, send)

    def _respond(self, request: Request, raw: bytes) -> Response:
        headers: dict[str, str] = {"X-HubSpot-Correlation-Id": self._correlation_id()}
        try:
            reply = self._answer(request, raw, headers)
        except HubSpotError as refused:
            return self._refusal(refused, headers)
        headers.update(reply.headers)
        if reply.body is None:
            return Response(status_code=reply.status, headers=headers)
        return Response(orjson.dumps(reply.body), reply.status, headers, exceptions.JSON_TYPE)

    def _answer(self, request: Request, raw: bytes, headers: dict[str, str]) -> Reply:
        path, state = request.url.path, request.state
        if len(str(request.url.path)) + len(request.url.query) > self._portal.sandbox.switches.get("hubspot.max_uri_characters"):
            raise exceptions.uri_too_long()
        if request.method == "OPTIONS":
            raise exceptions.no_credentials()
        endpoint, version, parts = self._find(request.method, path)
        state.family = _family(endpoint.family, parts)
        grant = None if endpoint.public else self._authenticate(request)
        fault = state.fault
        call = Call(
            self._portal,
            request.method,
            path,
            version,
            request.query_params,
            raw,
            grant,
            parts,
            request.headers.get("content-type", ""),
            fault,
            endpoint.body,
        )
        if grant is not None:
            if fault is not None and fault.action == "expire_token":
                self._portal.sandbox.apps.expire(grant.token if grant.app.token != grant.token else "")
                raise exceptions.expired_token(1, iso(int(time.time() * 1000) - 1000))
            headers.update(self._take(endpoint, grant))
        return self._handle(endpoint, call)

    def _handle(self, endpoint: Endpoint, call: Call) -> Reply:
        for part in ("object_type", "from_type", "to_type"):
            if part in call.parts:
                call.type_of(part)
        if call.raw and call.method in ("POST", "PUT", "PATCH") and not endpoint.public:
            _check_json(call)
        if endpoint.needs is not None:
            missing = [group for group in endpoint.needs(call) if not any(scope in call.app.scopes for scope in group)]
            if missing:
                raise exceptions.missing_scopes([scope for group in missing for scope in group])
        self._portal.settle()
        late = call.fault.seconds if call.fault is not None and call.fault.action == "late_commit" else 0.0
        self._portal.writing.late_seconds = late
        try:
            return endpoint.handler(call)
        finally:
            self._portal.writing.late_seconds = 0.0

    def _find(self, method: str, path: str) -> tuple[Endpoint, str, Mapping[str, str]]:
        segments = [segment for segment in path.split("/") if segment]
        at = next((index for index, segment in enumerate(segments[:3]) if _VERSION.match(segment)), None)
        if at is None:
            raise exceptions.page_not_found(path)
        version = segments.pop(at)
        is_known = False
        for pattern, endpoint in self._by_length.get(len(segments), []):
            if version not in endpoint.versions or not all(p[0] == "{" or p == s for p, s in zip(pattern, segments, strict=True)):
                continue
            if endpoint.method == method:
                return endpoint, version, {p[1:-1]: s for p, s in zip(pattern, segments, strict=True) if p[0] == "{"}
            is_known = True
        raise exceptions.method_not_allowed(path) if is_known else exceptions.page_not_found(path)

    def _authenticate(self, request: Request) -> Grant:
        header = request.headers.get("authorization", "")
        scheme, _space, token = header.partition(" ")
        if scheme != "Bearer" or not token or token.startswith(" "):
            raise exceptions.no_credentials()
        grant = self._portal.sandbox.apps.grant(token)
        if grant is None or grant.app.vendor != "hubspot":
            if _TOKEN.match(token) and token.startswith(("pat-", "C")):
                raise exceptions.no_credentials()
            raise exceptions.malformed_token(int(time.time() // 86_400))
        if grant.is_expired():
            ended = grant.expires_at or 0.0
            raise exceptions.expired_token(max(int(time.time() - ended), 0), iso(int(ended * 1000)))
        return grant

    def _take(self, endpoint: Endpoint, grant: Grant) -> dict[str, str]:
        limiter = self._portal.limiter
        if endpoint.limit == "search":
            limiter.take_search()
            return limiter.daily_headers() if self._portal.sandbox.switches.get("hubspot.search_daily_headers") else {}
        if endpoint.limit == "exempt":
            limiter.take_daily()
            return {}
        return limiter.take_burst(grant.app)

    def _refusal(self, refused: HubSpotError, headers: dict[str, str]) -> Response:
        headers.update(refused.headers)
        if isinstance(refused.body, dict) and "policyName" in refused.body:
            wait = self._portal.sandbox.switches.get("hubspot.retry_after_on_429")
            headers.update({"Retry-After": str(wait)} if wait else {})
        if isinstance(refused.body, str):
            return Response(refused.body, refused.status, headers, exceptions.HTML_TYPE)
        body: dict[str, Any] = dict(refused.body)
        if "correlationId" in body:
            body["correlationId"] = headers["X-HubSpot-Correlation-Id"]
        return Response(orjson.dumps(body), refused.status, headers, exceptions.JSON_TYPE)

    def _correlation_id(self) -> str:
        return str(UUID(int=self._portal.rng.getrandbits(128), version=4))


def _check_json(call: Call) -> None:
    """415 for a body that calls itself anything but JSON, 400 for one that is none or has another shape than the endpoint takes."""
    if call.content_type and "json" not in call.content_type:
        raise exceptions.unsupported_media_type(call.path)
    _ = call.parsed


def _family(template: str, parts: Mapping[str, str]) -> str:
    """The counter label, object types in their plural form."""
    names = {
        name: found.plural if (found := object_types.find(value)) else "unknown" for name, value in parts.items() if name.endswith("_type")
    }
    return template.format(**names)
