"""The company's other automation, 'Sales-Sequencer': when the clock moves it rewrites the owners of the records its script names.

The script is part of the manifest: {"at": iso, "vendor", "object", "id", "field", "value", "why"}, in order of time.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sandbox.control import authors
from sandbox.control.requests import need, parse_instant, record_id

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def play(sandbox: "Sandbox", manifest: dict[str, Any], start: datetime, end: datetime) -> list[dict[str, Any]]:
    """Carry out the steps whose time lies after `start` and not after `end`; answers them."""
    author = authors.sequencer(sandbox)
    done = []
    for step in manifest.get("automation", {}).get("script", []):
        at = parse_instant(step["at"])
        if start < at <= end:
            model = sandbox.hubspot if step["vendor"] == "hubspot" else sandbox.salesforce
            if model.get(step["object"], step["id"]) is not None:
                moment = None if sandbox.clock.follows_wall else at
                model.update(step["object"], step["id"], {step["field"]: step["value"]}, author, at=moment)
                done.append(step)
    return done


def act(sandbox: "Sandbox", body: dict[str, Any]) -> dict[str, Any]:
    """One write now by an automation: {"vendor", "object", "id", "fields", "name"?}."""
    vendor = need(body, "vendor")
    target = record_id(sandbox, vendor, body)
    model = sandbox.hubspot if vendor == "hubspot" else sandbox.salesforce
    kind = str(body.get("object") or ("contacts" if vendor == "hubspot" else "Lead"))
    fields = need(body, "fields")
    values = {name: "" if value is None else str(value) for name, value in fields.items()} if vendor == "hubspot" else fields
    model.update(kind, target, values, authors.sequencer(sandbox, body.get("name")))
    return {"id": target, "at": sandbox.clock.now().isoformat()}
