"""composite and composite/batch: calls inside a call, with references between them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson

from sandbox.salesforce.calls import Call, Reply, split_url
from sandbox.salesforce.exceptions import ApiError

Perform = Callable[[Call], Reply]
_REFERENCE = re.compile(r"@\{([A-Za-z_]\w*)((?:\.\w+|\[\d+\])*)\}")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_HALTED = "The transaction was rolled back since another operation in the same transaction failed."
_METERED = ("/query", "/queryAll", "/composite/sobjects")


class _RollBackError(Exception):
    """Leaves the transaction of an all-or-none composite that failed."""


def composite(call: Call, perform: Perform) -> Reply:
    """POST composite: up to 25 subrequests, 200 with a status for each."""
    body = call.json_object()
    requests = _subrequests(call, body.get("compositeRequest"))
    names = [request.get("referenceId") for request in requests]
    if len(set(names)) != len(names) or None in names:
        raise ApiError(400, "INVALID_INPUT", "each subrequest needs a referenceId of its own")
    heavy = sum(any(mark in request["url"] for mark in _METERED) for request in requests)
    if heavy > call.model.org.switches.get("salesforce.composite_query_limit"):
        raise ApiError(400, "LIMIT_EXCEEDED", "too many queries and collections in one composite call")
    results: list[dict[str, Any]] = []
    try:
        with call.model.org.store.transaction():
            for request in requests:
                results.append(_sub(call, request, results, perform))
            if body.get("allOrNone") and any(result["httpStatusCode"] >= 400 for result in results):
                raise _RollBackError
    except _RollBackError:
        halted = [{"errorCode": "PROCESSING_HALTED", "message": _HALTED}]
        results = [one if one["httpStatusCode"] >= 400 else {**one, "body": halted, "httpStatusCode": 400} for one in results]
    return Reply(200, {"compositeResponse": results})


def batch(call: Call, perform: Perform) -> Reply:
    """POST composite/batch: independent subrequests."""
    body = call.json_object()
    results = []
    for request in _subrequests(call, body.get("batchRequests")):
        path, query = split_url("/services/data/" + request["url"].removeprefix("/services/data/").lstrip("/"))
        reply = perform(_inner(call, request["method"], path, query, request.get("richInput")))
        results.append({"statusCode": reply.status, "result": reply.payload})
        if body.get("haltOnError") and reply.status >= 400:
            break
    return Reply(200, {"hasErrors": any(one["statusCode"] >= 400 for one in results), "results": results})


def _subrequests(call: Call, given: Any) -> list[dict[str, Any]]:
    most = call.model.org.limits.get("salesforce.composite_subrequests")
    if not isinstance(given, list) or not given or not all(_is_subrequest(one) for one in given):
        raise ApiError(400, "JSON_PARSER_ERROR", "subrequests are objects with method and url")
    if len(given) > most:
        raise ApiError(400, "LIMIT_EXCEEDED", f"Limit exceeded: at most {most} subrequests in one call")
    return given


def _is_subrequest(one: Any) -> bool:
    if not isinstance(one, dict) or not isinstance(one.get("httpHeaders") or {}, dict):
        return False
    named = [one.get("method"), one.get("url"), *([one["referenceId"]] if one.get("referenceId") is not None else [])]
    return all(isinstance(text, str) for text in [*named, *(one.get("httpHeaders") or {}).values()])


def _sub(call: Call, request: dict[str, Any], results: list[dict[str, Any]], perform: Perform) -> dict[str, Any]:
    known = {result["referenceId"]: result for result in results}
    answer = {"httpHeaders": {}, "referenceId": request["referenceId"]}
    try:
        path, query = split_url(_resolve(request["url"], known))
        body = _resolve_all(request.get("body"), known)
    except LookupError as missing:
        error = [{"errorCode": "PROCESSING_HALTED", "message": f"Invalid reference specified. No value for {missing.args[0]} found"}]
        return {"body": error, **answer, "httpStatusCode": 400}
    headers = {name.lower(): value for name, value in (request.get("httpHeaders") or {}).items()}
    reply = perform(_inner(call, request["method"], path, query, body, headers))
    return {"body": reply.payload, **answer, "httpHeaders": dict(reply.headers), "httpStatusCode": reply.status}


def _inner(call: Call, method: str, path: str, query: dict[str, str], body: Any, headers: dict[str, str] | None = None) -> Call:
    version, _, rest = path.removeprefix("/services/data/").partition("/")
    if not path.startswith("/services/data/") or call.depth or rest.split("/")[0:2] in (["composite", "batch"], ["composite"]):
        raise ApiError(400, "INVALID_INPUT", f"subrequest {path} is not allowed here")
    merged = {**{name: value for name, value in call.headers.items() if name.startswith("sforce-")}, **(headers or {})}
    content = b"" if body is None else orjson.dumps(body)
    return replace(call, method=method, path=rest, query=query, headers=merged, body=content, version=version, depth=1)


def _resolve_all(value: Any, known: dict[str, Any]) -> Any:
    if isinstance(value, str):
        return _resolve(value, known)
    if isinstance(value, dict):
        return {name: _resolve_all(one, known) for name, one in value.items()}
    if isinstance(value, list):
        return [_resolve_all(one, known) for one in value]
    return value


def _resolve(text: str, known: dict[str, Any]) -> str:
    return _REFERENCE.sub(lambda match: str(_value(match, known)), text)


def _value(match: re.Match[str], known: dict[str, Any]) -> Any:
    reference, path = match[1], match[2]
    found = known.get(reference)
    if found is None or found["httpStatusCode"] >= 400:
        raise LookupError(f"{reference}{path}")
    value: Any = found["body"]
    for name, index in _STEP.findall(path):
        try:
            value = value[name] if name else value[int(index)]
        except (KeyError, IndexError, TypeError):
            raise LookupError(f"{reference}{path}") from None
    return value
