"""The parts of the manifest that are not counted while loading."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sandbox.control.credentials import hubspot_credentials
from sandbox.world import hubspot_rows, hubspot_setup, salesforce_setup
from sandbox.world.epoch import HOUR_MS, from_ms
from sandbox.world.hubspot_rows import Owners
from sandbox.world.planted import Planted
from sandbox.world.salesforce_rows import Users
from sandbox.world.sources import CHANNELS, FORMS
from sandbox.world.statuses import STATUSES
from sandbox.world.story import Story
from sandbox.world.team import SDR_BY_TERRITORY, SEQUENCER_EMAIL, SEQUENCER_NAME, TEAM
from sandbox.world.tell import World
from sandbox.world.words import TARGET_ACCOUNTS

if TYPE_CHECKING:
    from sandbox.core import Sandbox

SALESFORCE_ROLES = ("product", "admin", "auditor", "reader")
INSTANCE_URL = "https://acme.my.salesforce.com"
REWRITE_AFTER_HOURS = 4
FLIP_AFTER_HOURS = (2, 6, 10, 14)


def credentials(sandbox: "Sandbox", world: World) -> dict[str, Any]:
    """Credentials per vendor and role; Salesforce's apps are made here, each with an integration user of its own."""
    made: dict[str, Any] = {}
    if "hubspot" in world.crms:
        made["hubspot"] = hubspot_credentials(world.seed, sandbox.base_url)
    if "salesforce" in world.crms:
        apps = {role: sandbox.salesforce.add_app(role) for role in SALESFORCE_ROLES}
        made["salesforce"] = {
            "instance_url": INSTANCE_URL, "base_url": sandbox.base_url, "org_id": sandbox.salesforce.org.organization_id,
            "apps": {
                role: {"client_id": app.client_id, "client_secret": app.client_secret, "username": app.username, "user_id": app.user_id,
                "app_id": app.app_id}
                for role, app in apps.items()
            },
        }  # fmt: skip
    return made


def people(owners: Owners | None, users: Users | None) -> list[dict[str, Any]]:
    """The team with its ids in either CRM."""
    return [
        {
            "key": m.key, "name": m.name, "email": m.email, "role": m.role, "territories": list(m.territories), "time_zone": m.time_zone,
            "active": not m.departed,
            "hubspot_owner_id": owners.owner_id[m.key] if owners else None, "hubspot_user_id": owners.user_id[m.key] if owners else None,
            "salesforce_user_id": users.user_id[m.key] if users else None,
        }
        for m in TEAM
    ]  # fmt: skip


def automation(script: list[dict[str, Any]], parts: dict[str, Any]) -> dict[str, Any]:
    """The other automation: its name, its user, and what it will do when the clock moves."""
    integration = parts.get("integration_users", {})
    return {
        "name": SEQUENCER_NAME, "email": SEQUENCER_EMAIL, "salesforce_user_id": integration.get("sequencer"),
        "marketing_user_id": integration.get("web_forms"), "hubspot_source": "AUTOMATION_PLATFORM", "script": script,
    }  # fmt: skip


def script(
    world: World, kept: dict[str, list[Story]], lead_ids: dict[int, str], owners: Owners | None, users: Users | None
) -> list[dict[str, Any]]:
    """Owner writes of the other automation in the hours after the epoch: once for some records, back and forth four times for others."""
    steps = []
    for story in kept["rewritten_by_automation"]:
        # Salesforce refuses an inactive owner, so there it is a colleague; HubSpot takes anybody.
        key = _colleague(story, 1) if story.in_salesforce else "left_sdr_1"
        steps.append(_step(world, story, REWRITE_AFTER_HOURS, key, "sets the owner from an old list", lead_ids, owners, users))
    for story in kept["flipped_by_automation"]:
        for turn, hours in enumerate(FLIP_AFTER_HOURS):
            steps.append(_step(world, story, hours, _colleague(story, 1 + turn % 2), "two lists disagree", lead_ids, owners, users))
    return sorted(steps, key=lambda step: (step["at"], step["id"]))


def _colleague(story: Story, places: int) -> str:
    sdrs = tuple(SDR_BY_TERRITORY.values())
    return sdrs[(sdrs.index(story.owner or sdrs[0]) + places) % len(sdrs)]


def _step(
    world: World, story: Story, hours: int, key: str, why: str, lead_ids: dict[int, str], owners: Owners | None, users: Users | None
) -> dict[str, Any]:
    at = from_ms(world.now_ms + hours * HOUR_MS).isoformat()
    if story.in_salesforce and users is not None:
        return {
            "at": at,
            "vendor": "salesforce",
            "object": "Lead",
            "id": lead_ids[story.index],
            "field": "OwnerId",
            "value": users.user_id[key],
            "why": why,
        }
    if owners is None:
        raise ValueError(f"lead {story.index} stands in no CRM of this world")
    contact = hubspot_rows.contact_id(story.index)
    return {
        "at": at,
        "vendor": "hubspot",
        "object": "contacts",
        "id": contact,
        "field": "hubspot_owner_id",
        "value": owners.owner_id[key],
        "why": why,
    }


def forms() -> list[dict[str, str]]:
    """The forms of the web site."""
    return [{"key": one.key, "guid": one.guid, "name": one.name, "kind": one.kind, "campaign": one.campaign} for one in FORMS]


def channels() -> list[dict[str, Any]]:
    """The channels leads come by."""
    return [
        {
            "key": one.key,
            "label": one.label,
            "hubspot_source": one.hubspot_source,
            "salesforce_lead_source": one.lead_source,
            "share": one.share,
        }
        for one in CHANNELS
    ]


def statuses(counts: Counter[tuple[str, str]], crms: Sequence[str]) -> list[dict[str, Any]]:
    """Every status in use: where, how often, and what people mean by it."""
    return [
        {
            "crm": s.crm,
            "value": s.value,
            "label": s.label,
            "count": counts[s.crm, s.value],
            "meaning": s.meaning,
            "side": s.side,
            "custom": s.custom,
        }
        for s in STATUSES
        if s.crm in crms
    ]


def own_fields(crms: Sequence[str]) -> dict[str, Any]:
    """The company's own properties and fields."""
    hubspot = {
        "contacts": [one["name"] for one in hubspot_setup.CONTACT_PROPERTIES],
        "companies": [one["name"] for one in hubspot_setup.COMPANY_PROPERTIES],
    }  # fmt: skip
    salesforce = {"Lead": [one["name"] for one in salesforce_setup.LEAD_FIELDS], "Account": ["Target_Account__c"]}
    return {name: fields for name, fields in (("hubspot", hubspot), ("salesforce", salesforce)) if name in crms}


def validation_rules(crms: Sequence[str]) -> list[dict[str, str]]:
    """The rules that refuse a save."""
    rule = {"vendor": "salesforce", "object": "Lead", "name": salesforce_setup.VALIDATION_RULE, "meaning": "Region__c must not be blank"}
    return [rule] if "salesforce" in crms else []


def assignment_rules(crms: Sequence[str]) -> list[dict[str, str]]:
    """The rules that give a saved Lead away."""
    meaning = "gives any Lead saved without Sforce-Auto-Assign: FALSE to the queue 'Inbound Leads'"
    return [{"object": "Lead", "name": salesforce_setup.ASSIGNMENT_RULE, "meaning": meaning}] if "salesforce" in crms else []


def target_accounts(world: World) -> list[dict[str, Any]]:
    """The named accounts, the largest first, with the executive who owns them."""
    found = []
    for number in range(len(TARGET_ACCOUNTS)):
        employer = world.company(number)
        owner = next(member.email for member in TEAM if member.key == employer.owner)
        found.append({"name": employer.name, "domain": employer.domain, "employees": employer.employees, "owner": owner})
    return found


def expected_exceptions(planted: Planted) -> dict[str, int]:
    """What should end as an exception after everything was handled: nothing but these."""
    counts = {kind: entry["count"] for kind, entry in planted.as_json().items()}
    return {"ambiguous": counts.get("shared_mailbox", 0), "validation_rule": counts.get("region_missing", 0)}
