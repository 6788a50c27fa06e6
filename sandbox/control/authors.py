"""The people, machines and leads in whose name the control plane writes."""

from typing import TYPE_CHECKING, Any

from sandbox.author import Author
from sandbox.control.exceptions import BadRequestError

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def person(manifest: dict[str, Any], email: str) -> dict[str, Any]:
    """The manifest's entry for a colleague. Raises BadRequestError with the addresses there are."""
    for entry in manifest.get("people", []):
        if entry["email"] == email.lower():
            found: dict[str, Any] = entry
            return found
    known = ", ".join(entry["email"] for entry in manifest.get("people", []))
    raise BadRequestError(f"no colleague with the address {email!r}; there are: {known or 'none, seed a world first'}")


def rep(entry: dict[str, Any]) -> Author:
    """A colleague at the screen: CRM_UI with the user's id in HubSpot, CreatedById in Salesforce."""
    user = entry.get("hubspot_user_id")
    return Author(
        kind="person", name=entry["name"], hubspot_source="CRM_UI", hubspot_source_id=f"userId:{user}" if user else None,
        hubspot_user_id=user,
        salesforce_user_id=entry.get("salesforce_user_id"),
    )  # fmt: skip


def sequencer(sandbox: "Sandbox", name: str | None = None) -> Author:
    """The other automation: a workflow in HubSpot, an integration user in Salesforce."""
    known = sandbox.control.manifest.get("automation", {})
    return Author(
        kind="automation", name=name or known.get("name", "Other automation"), hubspot_source="AUTOMATION_PLATFORM",
        hubspot_source_id="enrollmentId:sales-sequencer", salesforce_user_id=known.get("salesforce_user_id"),
    )  # fmt: skip


def vendor_itself(sandbox: "Sandbox", source: str) -> Author:
    """What the CRM notes by itself when a lead acts or marketing mails; `source` is HubSpot's source type, such as FORM or EMAIL."""
    known = sandbox.control.manifest.get("automation", {})
    return Author(kind="marketing", name=source.lower(), hubspot_source=source, salesforce_user_id=known.get("marketing_user_id"))
