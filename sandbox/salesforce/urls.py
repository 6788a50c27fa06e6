"""The paths of the Salesforce side, as data, and the way from a web request to a reply."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.salesforce import (
    composite,
    deploy,
    describe,
    other_apis,
    responses_collections,
    responses_org,
    responses_query,
    responses_records,
)
from sandbox.salesforce.calls import Call, Endpoint, Reply, perform
from sandbox.salesforce.exceptions import ApiError, TokenError, invalid_session, not_found, not_served, request_limit_exceeded
from sandbox.salesforce.session import identity, revoke, token, userinfo

if TYPE_CHECKING:
    from sandbox.apps import App
    from sandbox.core import Sandbox
    from sandbox.salesforce.models import Salesforce

METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"]
ENDPOINTS = [
    Endpoint("GET", "limits", "limits", responses_org.limits),
    Endpoint("GET", "limits/recordCount", "record_count", responses_org.record_count),
    Endpoint("GET", "query", "soql.query", responses_query.query),
    Endpoint("GET", "queryAll", "soql.query_all", responses_query.query_all),
    Endpoint("GET", "query/{locator}", "soql.more", responses_query.more),
    Endpoint("GET", "queryAll/{locator}", "soql.more", responses_query.more),
    Endpoint("GET", "tooling/query", "tooling.query", responses_query.tooling_query),
    Endpoint("GET", "tooling/query/{locator}", "tooling.query", responses_query.more),
    Endpoint("GET", "sobjects", "describe.global", describe.describe_global),
    Endpoint("GET", "sobjects/{name}", "describe.basic", describe.basic),
    Endpoint("POST", "sobjects/{name}", "sobject.create", responses_records.create),
    Endpoint("GET", "sobjects/{name}/describe", "describe", describe.describe),
    Endpoint("GET", "sobjects/{name}/updated", "sobject.updated", responses_records.updated),
    Endpoint("GET", "sobjects/{name}/deleted", "sobject.deleted", responses_records.deleted_since),
    Endpoint("GET", "sobjects/{name}/listviews", "unserved", responses_records.not_served_here),
    Endpoint("GET", "sobjects/{name}/quickActions", "unserved", responses_records.not_served_here),
    Endpoint("GET", "sobjects/{name}/describe/{what}", "unserved", responses_records.not_served_here),
    Endpoint("GET", "sobjects/{name}/{id}", "sobject.get", responses_records.retrieve),
    Endpoint("PATCH", "sobjects/{name}/{id}", "sobject.update", responses_records.update),
    Endpoint("DELETE", "sobjects/{name}/{id}", "sobject.delete", responses_records.delete),
    Endpoint("GET", "sobjects/{name}/{field}/{value}", "sobject.get", responses_records.retrieve_by_key),
    Endpoint("PATCH", "sobjects/{name}/{field}/{value}", "sobject.upsert", responses_records.upsert),
    Endpoint("POST", "composite", "composite", lambda call: composite.composite(call, _perform_inner)),
    Endpoint("POST", "composite/batch", "composite.batch", lambda call: composite.batch(call, _perform_inner)),
    Endpoint("POST", "composite/sobjects", "collections.create", responses_collections.create),
    Endpoint("PATCH", "composite/sobjects", "collections.update", responses_collections.update),
    Endpoint("DELETE", "composite/sobjects", "collections.delete", responses_collections.delete),
    Endpoint("GET", "composite/sobjects/{name}", "collections.read", responses_collections.read),
    Endpoint("POST", "composite/sobjects/{name}", "collections.read", responses_collections.read),
    Endpoint("PATCH", "composite/sobjects/{name}/{field}", "collections.upsert", responses_collections.upsert),
    Endpoint("POST", "metadata/deployRequest", "metadata.deploy", deploy.start),
    Endpoint("GET", "metadata/deployRequest/{id}", "metadata.status", deploy.status),
    Endpoint("GET", "", "resources", responses_org.resources),
]


def _perform_inner(call: Call) -> Reply:
    return perform(ENDPOINTS, call)


def routes(sandbox: Sandbox) -> list[BaseRoute]:
    """Everything under /services."""
    return [
        Route("/services/oauth2/token", _bound(sandbox, _token), methods=METHODS),
        Route("/services/oauth2/userinfo", _bound(sandbox, _userinfo), methods=METHODS),
        Route("/services/oauth2/revoke", _bound(sandbox, _revoke), methods=METHODS),
        Route("/id/{org}/{user}", _bound(sandbox, _identity), methods=METHODS),
        Route("/services/Soap/{rest:path}", _bound(sandbox, _soap), methods=METHODS),
        Route("/services/async/{rest:path}", _bound(sandbox, _bulk), methods=METHODS),
        Route("/services/data", _bound(sandbox, _versions), methods=METHODS),
        Route("/services/data/", _bound(sandbox, _versions), methods=METHODS),
        Route("/services/data/{version}", _bound(sandbox, _data), methods=METHODS),
        Route("/services/data/{version}/{rest:path}", _bound(sandbox, _data), methods=METHODS),
        Route("/services/{rest:path}", _bound(sandbox, _unknown), methods=METHODS),
    ]


Served = Callable[["Sandbox", Request], Awaitable[Response]]


def _bound(sandbox: Sandbox, served: Served) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            return await served(sandbox, request)
        except ApiError as refused:
            return _json(refused.status, refused.body(), _usage_header(sandbox.salesforce))

    return endpoint


async def _unknown(_sandbox: Sandbox, request: Request) -> Response:
    raise not_served(request.url.path)


async def _soap(_sandbox: Sandbox, request: Request) -> Response:
    body = (await request.body()).decode("utf-8", "replace")
    fault = other_apis.soap_fault(request.path_params["rest"], request.headers.get("soapaction", ""), body)
    return Response(fault, 500, media_type="text/xml")


async def _bulk(_sandbox: Sandbox, _request: Request) -> Response:
    return _json(400, other_apis.bulk_refusal())


async def _versions(_sandbox: Sandbox, request: Request) -> Response:
    request.state.family = "versions"
    return _json(200, responses_org.versions())


async def _token(sandbox: Sandbox, request: Request) -> Response:
    request.state.family = "token"
    if request.method != "POST":
        raise ApiError(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{request.method}' not allowed. Allowed are POST")
    form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
    try:
        app, reply = token(sandbox.salesforce, form, request.headers.get("authorization"))
    except TokenError as refused:
        return _json(refused.status, {"error": refused.error, "error_description": refused.description})
    request.state.app = app
    return _json(200, reply)


async def _userinfo(sandbox: Sandbox, request: Request) -> Response:
    request.state.family = "userinfo"
    app = _authenticate(sandbox, request)
    if not sandbox.switches.get("salesforce.userinfo_with_api_scope"):
        raise ApiError(403, "Bad_OAuth_Token", "Bad_OAuth_Token")
    return _json(200, userinfo(sandbox.salesforce, app))


async def _identity(sandbox: Sandbox, request: Request) -> Response:
    request.state.family = "identity"
    _, _, text = request.headers.get("authorization", "").partition(" ")
    grant = sandbox.apps.grant(text or request.query_params.get("oauth_token", ""))
    if grant is None or grant.is_expired() or grant.app.vendor != "salesforce":
        return Response("Bad_OAuth_Token" if text else "Missing_OAuth_Token", 403)
    if not sandbox.salesforce.identity_url(grant.app.user_id or "").endswith(request.url.path):
        return Response("Bad_Id", 403)
    return _json(200, identity(sandbox.salesforce, grant.app))


async def _revoke(sandbox: Sandbox, request: Request) -> Response:
    request.state.family = "token"
    form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
    try:
        revoke(sandbox.salesforce, form.get("token") or request.query_params.get("token", ""))
    except TokenError as refused:
        return _json(refused.status, {"error": refused.error, "error_description": refused.description})
    return _json(200, None)


async def _data(sandbox: Sandbox, request: Request) -> Response:
    model: Salesforce = sandbox.salesforce
    _check_size(sandbox, request)
    fault = request.state.fault
    if fault is not None and fault.action == "late_commit":
        model.late_commits.plan(fault.rows, fault.seconds)
    model.late_commits.settle()
    app = _authenticate(sandbox, request)
    version = request.path_params["version"]
    if not responses_org.is_version(version):
        raise not_found()
    used, most = model.usage()
    if used >= most:
        raise request_limit_exceeded()
    model.requests_used += 1
    access = model.org.rights.of(app.user_id or "")
    if not access.has("PermissionsApiEnabled"):
        raise ApiError(403, "API_CURRENTLY_DISABLED", "API is disabled for this User")
    headers = {name.lower(): value for name, value in request.headers.items()}
    path = request.path_params.get("rest", "")
    query, body = dict(request.query_params), _unpacked(await request.body(), headers)
    call = Call(model, app, access, version, _method(request.method, query), path, query, headers, body, fault)
    reply = perform(ENDPOINTS, call)
    request.state.family = reply.family
    return _json(reply.status, reply.payload, {**_usage_header(model), **reply.headers})


def _method(method: str, query: dict[str, str]) -> str:
    """HEAD is answered like GET, its body left out on the way; a client that can only POST names the method in the query."""
    if method == "HEAD":
        return "GET"
    return query["_HttpMethod"].upper() if method == "POST" and query.get("_HttpMethod") else method


def _unpacked(body: bytes, headers: dict[str, str]) -> bytes:
    """The body as it was before the client compressed it. ApiError 400 for what is no gzip."""
    if headers.get("content-encoding", "identity").lower() != "gzip":
        return body
    try:
        return gzip.decompress(body)
    except (OSError, EOFError, zlib.error):
        raise ApiError(400, "JSON_PARSER_ERROR", "The HTTP entity body is not in the gzip format") from None


def _authenticate(sandbox: Sandbox, request: Request) -> App:
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    fault = request.state.fault
    if fault is not None and fault.action == "expire_token":
        sandbox.apps.expire(text)
    grant = sandbox.apps.grant(text) if scheme in ("Bearer", "OAuth") else None
    if grant is None or grant.is_expired() or grant.app.vendor != "salesforce":
        raise invalid_session()
    return grant.app


def _check_size(sandbox: Sandbox, request: Request) -> None:
    target = len(request.scope.get("raw_path") or b"") + len(request.scope.get("query_string") or b"")
    size = target + sum(len(name) + len(value) + 4 for name, value in request.scope["headers"])
    if size > sandbox.limits.get("salesforce.uri_and_header_bytes"):
        raise ApiError(414, "URI_TOO_LONG", "The length of the URI and the headers exceeds the 16,384 byte limit")


def _usage_header(model: Salesforce) -> dict[str, str]:
    used, most = model.usage()
    return {"Sforce-Limit-Info": f"api-usage={used}/{most}"}


def _json(status: int, payload: Any, headers: dict[str, str] | None = None) -> Response:
    if payload is None:
        return Response(b"", status, headers)
    return Response(orjson.dumps(payload), status, headers, "application/json;charset=UTF-8")
