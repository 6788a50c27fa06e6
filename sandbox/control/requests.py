"""Reading a control request: what it must name, and instants in it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sandbox.control.exceptions import BadRequestError, NotFoundError

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def need(body: Mapping[str, Any], name: str) -> Any:
    """The value of a key that must be there. Raises BadRequestError."""
    if name not in body or body[name] is None:
        raise BadRequestError(f"the request lacks {name!r}")
    return body[name]


def parse_instant(text: object) -> datetime:
    """An ISO instant with a time zone, as aware UTC. Raises BadRequestError."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError as broken:
        raise BadRequestError(f"{text!r} is not an ISO date and time such as 2026-11-17T15:00:00Z") from broken
    if moment.tzinfo is None:
        raise BadRequestError(f"{text!r} lacks a time zone; write 2026-11-17T15:00:00Z")
    return moment.astimezone(UTC)


def instant(sandbox: "Sandbox", body: Mapping[str, Any], name: str) -> datetime:
    """The instant under `name`, or the business clock's now."""
    return parse_instant(body[name]) if body.get(name) is not None else sandbox.clock.now()


def record_id(sandbox: "Sandbox", vendor: str, body: Mapping[str, Any]) -> str:
    """The id of the record acted on; it must exist. Raises NotFoundError."""
    target = str(need(body, "id"))
    kind = str(body.get("object") or ("contacts" if vendor == "hubspot" else "Lead"))
    model = sandbox.hubspot if vendor == "hubspot" else sandbox.salesforce
    if model.get(kind, target) is None:
        raise NotFoundError(f"{vendor} has no {kind} with id {target}")
    return target
