"""The control plane over HTTP: parse, call the model, answer JSON. A refusal is {"error": text} with its status."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from sandbox.control import act_lead, act_rep, automation
from sandbox.control.exceptions import BadRequestError, ControlError, NotFoundError
from sandbox.control.requests import need, parse_instant
from sandbox.faults import Fault
from sandbox.hubspot.exceptions import HubSpotError
from sandbox.salesforce.exceptions import RowError

if TYPE_CHECKING:
    from sandbox.core import Sandbox

Body = dict[str, Any]
Handler = Callable[["Sandbox", Body, Mapping[str, str]], Any]
DEFAULT_JOURNAL_ROWS = 1000
_FAULT_KEYS = frozenset(one.name for one in fields(Fault))


def endpoint(sandbox: "Sandbox", handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """An ASGI endpoint around a handler."""

    async def serve(request: Request) -> Response:
        try:
            body = _body(await request.body())
            sandbox.control.catch_up()
            answer = handler(sandbox, body, request.query_params)
        except ControlError as refusal:
            return _json({"error": str(refusal)}, refusal.status)
        except (HubSpotError, RowError) as refusal:
            return _json({"error": f"the CRM refused it: {refusal}"}, 400)
        except (KeyError, ValueError, TypeError) as refusal:
            return _json({"error": str(refusal.args[0] if refusal.args else refusal)}, 400)
        return _json(answer, 200)

    return serve


def _body(raw: bytes) -> Body:
    if not raw:
        return {}
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as broken:
        raise BadRequestError(f"the body is not JSON: {broken}") from broken
    if not isinstance(body, dict):
        raise BadRequestError("the body must be a JSON object")
    return body


def _json(content: Any, status: int) -> Response:
    return Response(orjson.dumps(content, default=str), status, media_type="application/json")


def health(sandbox: "Sandbox", _body: Body, _query: Mapping[str, str]) -> Any:
    """Alive, with the business time and the world."""
    manifest = sandbox.control.manifest
    return {
        "ok": True,
        "now": sandbox.clock.now().isoformat(),
        "world": manifest.get("world"),
        "seed": manifest.get("seed"),
        "leads": manifest.get("leads"),
    }


def reset(sandbox: "Sandbox", _body: Body, _query: Mapping[str, str]) -> Any:
    """Empty everything."""
    sandbox.control.reset()
    return {"ok": True}


def seed(sandbox: "Sandbox", body: Body, _query: Mapping[str, str]) -> Any:
    """Fill with a world; the manifest."""
    _known(body, {"world", "seed", "leads", "crms", "epoch"})
    crms = body.get("crms") or ["hubspot", "salesforce"]
    epoch = parse_instant(body["epoch"]) if body.get("epoch") else None
    return sandbox.control.seed(
        world=str(body.get("world", "company_a")), seed=_whole(body, "seed", 0), leads=_whole(body, "leads", 12_000),
        crms=crms.split(",") if isinstance(crms, str) else list(crms), epoch=epoch,
    )  # fmt: skip


def manifest(sandbox: "Sandbox", _body: Body, _query: Mapping[str, str]) -> Any:
    """Credentials, people, planted facts and expected figures."""
    if not sandbox.control.manifest:
        raise NotFoundError("no world has been seeded; POST /_sandbox/seed first")
    # A world opened from a file was written by a process that listened elsewhere.
    for vendor in sandbox.control.manifest["credentials"].values():
        vendor["base_url"] = sandbox.base_url
    return sandbox.control.manifest


def snapshot(sandbox: "Sandbox", body: Body, _query: Mapping[str, str]) -> Any:
    """Keep the state under a name."""
    name = str(need(body, "name"))
    if name.startswith("("):
        raise BadRequestError("a snapshot's name must not begin with a bracket")
    sandbox.snapshot(name)
    return {"name": name, "now": sandbox.clock.now().isoformat()}


def restore(sandbox: "Sandbox", body: Body, _query: Mapping[str, str]) -> Any:
    """Put a snapshot back."""
    sandbox.control.restore(str(need(body, "name")))
    return {"name": body["name"], "now": sandbox.clock.now().isoformat()}


def clock(sandbox: "Sandbox", _body: Body, _query: Mapping[str, str]) -> Any:
    """The business time."""
    return {"now": sandbox.clock.now().isoformat(), "follows_wall": sandbox.clock.follows_wall}


def move_clock(sandbox: "Sandbox", body: Body, _query: Mapping[str, str]) -> Any:
    """Set or advance the business clock; what that set off."""
    _known(body, {"set", "advance_seconds", "quiet"})
    if ("set" in body) == ("advance_seconds" in body):
        raise BadRequestError("say either set (an ISO instant) or advance_seconds")
    quiet = bool(body.get("quiet", False))
    if "set" in body:
        return sandbox.control.move_clock(parse_instant(body["set"]), quiet=quiet).as_json()
    return sandbox.control.advance(float(body["advance_seconds"]), quiet=quiet).as_json()


def switches(sandbox: "Sandbox", _body: Body, _query: Mapping[str, str]) -> Any:
    """Every switch with value, default and meaning."""
    return {"switches": sandbox.switches.describe()}


def set_switches(sandbox: "Sandbox", body: Body, query: Mapping[str, str]) -> Any:
    """Set switches by name: {"name": value, ...}."""
    for name, value in body.items():
        sandbox.switches.set(name, value)
    return switches(sandbox, body, query)


def limits(sandbox: "Sandbox", _body: Body, _query: Mapping[str, str]) -> Any:
    """Every limit with value, default and meaning."""
    return {"limits": sandbox.limits.describe()}


def set_limits(sandbox: "Sandbox", body: Body, query: Mapping[str, str]) -> Any:
    """Set limits by name; the windows start anew."""
    for name, value in body.items():
        sandbox.limits.set(name, value)
    sandbox.hubspot.limiter.reset()
    return limits(sandbox, body, query)


def faults(sandbox: "Sandbox", _body: Body, _query: Mapping[str, str]) -> Any:
    """The fault plan with what each fault has seen and done."""
    return {"faults": sandbox.faults.describe()}


def add_faults(sandbox: "Sandbox", body: Body, query: Mapping[str, str]) -> Any:
    """Append one fault, or the list under "faults"."""
    for one in body.get("faults", [body]):
        _known(one, _FAULT_KEYS)
        sandbox.faults.add(Fault(**one))
    return faults(sandbox, body, query)


def clear_faults(sandbox: "Sandbox", body: Body, query: Mapping[str, str]) -> Any:
    """Forget the fault plan."""
    sandbox.faults.clear()
    return faults(sandbox, body, query)


def counters(sandbox: "Sandbox", _body: Body, _query: Mapping[str, str]) -> Any:
    """Calls per vendor, app and route family."""
    return sandbox.counters.describe()


def reset_counters(sandbox: "Sandbox", _body: Body, _query: Mapping[str, str]) -> Any:
    """Counters back to zero."""
    sandbox.counters.reset()
    return {"ok": True}


def journal(sandbox: "Sandbox", _body: Body, query: Mapping[str, str]) -> Any:
    """Writes in order, filtered; `next` is the sequence number to go on after, None at the end."""
    _known(query, {"vendor", "object", "id", "author", "after", "limit"})
    limit = int(query.get("limit", DEFAULT_JOURNAL_ROWS))
    rows = sandbox.journal.read(
        query.get("vendor"), query.get("object"), query.get("id"), query.get("author"), int(query.get("after", 0)), limit
    )
    return {"entries": rows, "next": rows[-1]["seq"] if len(rows) == limit and rows else None}


def marketing(sandbox: "Sandbox", _body: Body, _query: Mapping[str, str]) -> Any:
    """The marketing side's rules."""
    return {"rules": sandbox.control.marketing.describe()}


def teach(sandbox: "Sandbox", body: Body, query: Mapping[str, str]) -> Any:
    """Replace the marketing side's rules."""
    sandbox.control.marketing.teach(need(body, "rules"))
    return marketing(sandbox, body, query)


def unknown(_sandbox: "Sandbox", _body: Body, _query: Mapping[str, str]) -> Any:
    """No such path or method."""
    raise NotFoundError(
        "no such path and method in the control plane; there are: "
        + ", ".join(f"{method} {path}" for method, path in HANDLERS if method != "*")
    )


def _known(given: Mapping[str, Any], names: set[str] | frozenset[str]) -> None:
    if set(given) - names:
        raise BadRequestError(f"unknown keys {sorted(set(given) - names)}; there are: {', '.join(sorted(names))}")


def _whole(body: Body, name: str, otherwise: int) -> int:
    value = body.get(name, otherwise)
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadRequestError(f"{name} must be a whole number, not {value!r}")
    return value


HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", "/health"): health, ("POST", "/reset"): reset, ("POST", "/seed"): seed, ("GET", "/manifest"): manifest, ("POST",
    "/snapshot"): snapshot,
    ("POST", "/restore"): restore, ("GET", "/clock"): clock, ("POST", "/clock"): move_clock, ("GET", "/switches"): switches,
    ("PUT", "/switches"): set_switches, ("GET", "/limits"): limits, ("PUT", "/limits"): set_limits, ("GET", "/faults"): faults,
    ("POST", "/faults"): add_faults, ("DELETE", "/faults"): clear_faults, ("GET", "/counters"): counters, ("POST",
    "/counters/reset"): reset_counters,
    ("GET", "/journal"): journal, ("POST", "/act/rep"): lambda box, body, _query: act_rep.act(box, body),
    ("POST", "/act/lead"): lambda box, body, _query: act_lead.act(box, body),
    ("POST", "/act/automation"): lambda box, body, _query: automation.act(box, body), ("GET", "/marketing"): marketing, ("PUT",
    "/marketing"): teach,
    ("*", "*"): unknown,
}  # fmt: skip
