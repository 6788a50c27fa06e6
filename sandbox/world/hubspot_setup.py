"""Company A's HubSpot portal before the first lead: owners, users, own properties, lead statuses, forms."""

from typing import TYPE_CHECKING, Any

import orjson

from sandbox.author import SYSTEM
from sandbox.world.hubspot_rows import Owners
from sandbox.world.salesforce_setup import REASONS
from sandbox.world.sources import CHANNELS, FORMS
from sandbox.world.statuses import STATUSES
from sandbox.world.team import TEAM
from sandbox.world.words import TECHNOLOGY

if TYPE_CHECKING:
    from sandbox.core import Sandbox

GROUP = "acme"
FIRST_USER_ID = 9_600_001
WORKDAY_MINUTES = (540, 1020)


def _options(values: tuple[str, ...]) -> list[dict[str, Any]]:
    return [
        {"label": value.replace("_", " ").capitalize(), "value": value, "displayOrder": order, "hidden": False}
        for order, value in enumerate(values)
    ]


def _choice(name: str, label: str, values: tuple[str, ...], field_type: str = "select") -> dict[str, Any]:
    return {"name": name, "label": label, "type": "enumeration", "fieldType": field_type, "groupName": GROUP, "options": _options(values)}


RELATIONS = ("customer", "partner", "competitor", "vendor")
_YES_NO = [
    {"label": "Yes", "value": "true", "displayOrder": 0, "hidden": False},
    {"label": "No", "value": "false", "displayOrder": 1, "hidden": False},
]
CONTACT_PROPERTIES: tuple[dict[str, Any], ...] = (
    {"name": "tech_stack", "label": "Tech stack", "type": "enumeration", "fieldType": "checkbox", "groupName": GROUP,
     "options": [{"label": name, "value": name, "displayOrder": order, "hidden": False} for order, (name, _) in enumerate(TECHNOLOGY)]},
    _choice("budget_status", "Budget status", ("confirmed", "planned", "none")),
    _choice("account_relationship", "Account relationship", RELATIONS),
    {"name": "target_account", "label": "Target account", "type": "bool", "fieldType": "booleancheckbox", "groupName": GROUP,
    "options": _YES_NO},
    _choice("lead_channel", "Lead channel", tuple(channel.key for channel in CHANNELS)),
    _choice("disqualification_reason", "Disqualification reason", REASONS),
    {"name": "region", "label": "Sales region", "type": "string", "fieldType": "text", "groupName": GROUP},
)  # fmt: skip
COMPANY_PROPERTIES = (_choice("account_relationship", "Account relationship", RELATIONS),)


def set_up(sandbox: "Sandbox") -> Owners:
    """Make everything; answers the ids the rows need."""
    portal = sandbox.hubspot
    for kind, definitions in (("contacts", CONTACT_PROPERTIES), ("companies", COMPANY_PROPERTIES)):
        for definition in definitions:
            portal.define_property(kind, definition)
    portal.set_options("contacts", "hs_lead_status", [(one.value, one.label) for one in STATUSES if one.crm == "hubspot"])
    for form in FORMS:
        portal.directory.put("form", form.guid, {"id": form.guid, "name": form.name, "formType": "hubspot", "archived": False})
    return _people(sandbox)


def _people(sandbox: "Sandbox") -> Owners:
    owner_id: dict[str, str] = {}
    user_id: dict[str, int] = {}
    for number, member in enumerate(TEAM):
        user_id[member.key] = FIRST_USER_ID + number
        owner_id[member.key] = str(
            sandbox.hubspot.add_owner(member.email, member.first, member.last, archived=member.departed, user_id=user_id[member.key])
        )
    members = {owner_id[member.key]: member for member in TEAM if not member.departed}
    for user in sandbox.hubspot.find("users", hs_deactivated="false"):
        member = members[user.properties["hubspot_owner_id"]]
        hours = [{"days": "MONDAY_TO_FRIDAY", "startMinute": WORKDAY_MINUTES[0], "endMinute": WORKDAY_MINUTES[1]}]
        properties = {
            "hs_standard_time_zone": member.time_zone, "hs_availability_status": "available",
            "hs_working_hours": orjson.dumps(hours).decode(),
            "hs_job_title": member.role.replace("_", " "),
        }  # fmt: skip
        sandbox.hubspot.update("users", user.id, properties, SYSTEM)
    return Owners(owner_id, user_id)
