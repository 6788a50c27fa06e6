"""One REST call and its reply, apart from the web framework: composite requests make calls of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from sandbox.salesforce.checks import Actor
from sandbox.salesforce.exceptions import ApiError, RowError, not_found, not_served
from sandbox.salesforce.ids import normalize
from sandbox.salesforce.schema import SObject
from sandbox.salesforce.soql.errors import SoqlError

if TYPE_CHECKING:
    from sandbox.apps import App
    from sandbox.faults import Fault
    from sandbox.salesforce.models import Salesforce
    from sandbox.salesforce.rights import Access


@dataclass(frozen=True)
class Call:
    """A call under /services/data/{version}/. Header names are lower case; `parts` are the named pieces of the path."""

    model: Salesforce
    app: App
    access: Access
    version: str
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    fault: Fault | None = None
    parts: Mapping[str, str] = field(default_factory=dict)
    depth: int = 0

    def json(self) -> Any:
        """The body as JSON. ApiError 415 for another content type, 400 for what is no JSON."""
        kind = self.headers.get("content-type", "application/json")
        if "json" not in kind:
            raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", f"Content type {kind} is not supported")
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as broken:
            raise ApiError(400, "JSON_PARSER_ERROR", f"{broken}") from None

    def json_object(self) -> dict[str, Any]:
        """The body as a JSON object."""
        found = self.json()
        if not isinstance(found, dict):
            raise ApiError(400, "JSON_PARSER_ERROR", "The HTTP entity body is required to be a JSON object")
        return found

    def sobject(self, verb: str = "Read") -> SObject:
        """The object named in the path. ApiError 404 when it does not exist or the user may not see it."""
        found = self.model.org.catalog.get(self.parts["name"])
        if found is None or found.virtual or not self.access.can_read(found):
            raise not_found()
        if not self.access.can(verb, found):
            raise ApiError(
                403, "INSUFFICIENT_ACCESS_OR_READONLY", f"insufficient access rights on object {found.name}: {verb} is not allowed"
            )
        return found

    def actor(self) -> Actor:
        """Who saves. The assignment rule may run unless Sforce-Auto-Assign says FALSE; TRUE is the default."""
        auto_assign = self.headers.get("sforce-auto-assign", "TRUE").strip().lower() != "false"
        duplicates = self.headers.get("sforce-duplicate-rule-header", "").replace(" ", "").lower()
        return Actor(self.app.user_id or "", self.app.author, self.access, auto_assign, "allowsave=true" in duplicates)

    def flag(self, name: str) -> bool:
        """A boolean query parameter."""
        return self.query.get(name, "false").lower() == "true"


@dataclass(frozen=True)
class Reply:
    """HTTP status and JSON payload (None: no body); `family` is the label under which the call is counted."""

    status: int = 200
    payload: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    family: str = ""


Handler = Callable[[Call], Reply]


@dataclass(frozen=True)
class Endpoint:
    """A method and a path template such as `sobjects/{name}/describe`, with its counter label."""

    method: str
    template: str
    family: str
    handler: Handler

    def match(self, path: str) -> dict[str, str] | None:
        """The named pieces of the path, or None."""
        wanted, given = self.template.split("/"), path.split("/")
        if len(wanted) != len(given):
            return None
        parts: dict[str, str] = {}
        for template, piece in zip(wanted, given, strict=True):
            if template.startswith("{"):
                parts[template[1:-1]] = piece
            elif template != piece:
                return None
        return parts if all(parts.values()) else None


def find(endpoints: list[Endpoint], method: str, path: str) -> tuple[Endpoint, dict[str, str]]:
    """The endpoint of a path. ApiError 404 for an unknown path, 405 for a method the path does not have."""
    allowed: list[str] = []
    for endpoint in endpoints:
        parts = endpoint.match(path)
        if parts is None:
            continue
        if endpoint.method == method:
            return endpoint, parts
        allowed.append(endpoint.method)
    if allowed:
        raise ApiError(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{method}' not allowed. Allowed are {','.join(sorted(set(allowed)))}")
    raise not_served(path)


def perform(endpoints: list[Endpoint], call: Call) -> Reply:
    """Answer one call; every refusal becomes a reply in the vendor's form."""
    family = "unrouted"
    try:
        endpoint, parts = find(endpoints, call.method, call.path.strip("/"))
        family = endpoint.family
        reply = endpoint.handler(replace(call, parts=parts))
    except SoqlError as refused:
        text = call.query.get("q", "")
        reply = Reply(400, ApiError(400, refused.code, refused.render(text)).body())
    except RowError as refused_row:
        error = refused_row.as_api_error()
        reply = Reply(error.status, error.body())
    except ApiError as refused_call:
        reply = Reply(refused_call.status, refused_call.body())
    return replace(reply, family=family)


def split_url(url: str) -> tuple[str, dict[str, str]]:
    """Path and query of a subrequest's url."""
    parsed = urlsplit(url)
    return parsed.path, dict(parse_qsl(parsed.query, keep_blank_values=True))


def record_id(text: str) -> str:
    """An id from a path. ApiError 400 MALFORMED_ID."""
    found = normalize(text)
    if found is None:
        raise ApiError(400, "MALFORMED_ID", f"malformed id {text}")
    return found
