"""Metadata deploy over REST: a zip of a package is really applied, or only checked.

Source: Metadata API Developer Guide, "Deploying Metadata with REST".
"""

from __future__ import annotations

from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

import orjson

from sandbox.salesforce.calls import Call, Reply
from sandbox.salesforce.exceptions import ApiError, not_found
from sandbox.salesforce.ids import make_id
from sandbox.salesforce.metadata import Deployment
from sandbox.salesforce.rows import timestamp

_PREFIX = "0Af"
MAX_ZIP_BYTES = 39_000_000


def start(call: Call) -> Reply:
    """POST metadata/deployRequest: multipart of `json` (deployOptions) and `file` (the zip). 201 with the id to ask about."""
    if not (call.access.has("PermissionsModifyMetadata") or call.access.has("PermissionsModifyAllData")):
        raise ApiError(403, "INSUFFICIENT_ACCESS", "You do not have the Modify Metadata Through Metadata API Functions permission")
    options, archive = _parts(call)
    if len(archive) > MAX_ZIP_BYTES:
        raise ApiError(400, "LIMIT_EXCEEDED", "Maximum size of request reached. Maximum size of request is 52428800 bytes.")
    if not options.get("rollbackOnError") and call.model.org.switches.get("salesforce.deploy_needs_rollback"):
        raise ApiError(400, "INVALID_OPERATION", "rollbackOnError must be true when deploying to a production organization")
    deployment = Deployment(call.model.org, call.app.user_id or "", check_only=bool(options.get("checkOnly")))
    deployment.run(archive)
    serial = len(call.model.deployments) + 1
    key = make_id(_PREFIX, serial)
    call.model.deployments[key] = (deployment, int(call.model.org.switches.get("salesforce.deploy_polls")))
    return Reply(201, {"id": key, "deployOptions": options, "deployResult": {"id": key, "status": "Pending", "done": False}})


def status(call: Call) -> Reply:
    """GET metadata/deployRequest/{id}?includeDetails=true."""
    key = call.parts["id"]
    found = call.model.deployments.get(key)
    if found is None:
        raise not_found()
    deployment, polls_left = found
    if polls_left > 0:
        call.model.deployments[key] = (deployment, polls_left - 1)
        return Reply(200, {"id": key, "deployResult": {"id": key, "status": "InProgress", "done": False, "success": False}})
    return Reply(200, {"id": key, "deployResult": _result(call, key, deployment)})


def _result(call: Call, key: str, deployment: Deployment) -> dict[str, Any]:
    failures = deployment.failures
    result: dict[str, Any] = {
        "id": key,
        "status": "Failed" if failures else "Succeeded",
        "done": True,
        "success": not failures,
        "checkOnly": deployment.check_only,
        "rollbackOnError": True,
        "numberComponentsTotal": len(deployment.components),
        "numberComponentsDeployed": 0 if failures else len(deployment.components),
        "numberComponentErrors": len(failures),
        "completedDate": timestamp(call.model.org.clock.now()),
        "createdBy": (call.app.user_id or "")[:15],
    }
    if call.flag("includeDetails"):
        result["details"] = {"componentSuccesses": [] if failures else deployment.components, "componentFailures": failures}
    return result


def _parts(call: Call) -> tuple[dict[str, Any], bytes]:
    kind = call.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", "a deploy request is multipart/form-data with the parts json and file")
    message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + call.body)
    parts = {_name(part): part.get_payload(decode=True) for part in message.walk() if not part.is_multipart()}
    # The guide names the first part json; jsforce, and the vendor's own command line with it, name it entity_content.
    head, archive = parts.get("json", parts.get("entity_content")), parts.get("file")
    if not isinstance(head, bytes) or not isinstance(archive, bytes):
        raise ApiError(400, "INVALID_MULTIPART_REQUEST", "the parts json and file are required")
    try:
        options = orjson.loads(head)["deployOptions"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise ApiError(400, "JSON_PARSER_ERROR", "the part json needs deployOptions") from None
    return options, archive


def _name(part: Message) -> str | None:
    found = part.get_param("name", header="content-disposition")
    return found if isinstance(found, str) else None
