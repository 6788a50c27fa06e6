"""Company A's Salesforce org before the first lead: users, queues, own fields, statuses, the validation rule, campaigns."""

from typing import TYPE_CHECKING, Any

from sandbox.author import SYSTEM
from sandbox.world.salesforce_rows import LIST_EMAIL, SYNDICATION_CAMPAIGN, Users
from sandbox.world.sources import CHANNELS, FORMS
from sandbox.world.statuses import STATUSES
from sandbox.world.team import SEQUENCER_EMAIL, SEQUENCER_NAME, TEAM

if TYPE_CHECKING:
    from sandbox.core import Sandbox

VALIDATION_RULE = "Region required"
ASSIGNMENT_RULE = "Standard inbound routing"
NURTURE_QUEUE = "Nurture"
INBOUND_QUEUE = "Inbound Leads"
REASONS = ("bad_timing", "no_budget", "competitor", "not_a_fit", "unresponsive", "wrong_contact", "bad")
LEAD_FIELDS: tuple[dict[str, Any], ...] = (
    {"name": "Region__c", "spec": "string(40)", "label": "Region", "description": "Sales region; required by a validation rule"},
    {
        "name": "HubSpot_Contact_ID__c",
        "spec": "string(40) idlookup external",
        "label": "HubSpot Contact ID",
        "description": "Filled by hand for some",
    },
    {"name": "Tech_Stack__c", "spec": "string(255)", "label": "Tech stack"},
    {"name": "Budget_Status__c", "spec": "picklist", "values": ["confirmed", "planned", "none"], "label": "Budget status"},
    {"name": "Target_Account__c", "spec": "boolean", "label": "Target account"},
    {"name": "Lead_Channel__c", "spec": "picklist", "values": [channel.key for channel in CHANNELS], "label": "Lead channel"},
    {
        "name": "Account_Relationship__c",
        "spec": "picklist",
        "values": ["customer", "partner", "competitor", "vendor"],
        "label": "Account relationship",
    },
    {"name": "Disqualification_Reason__c", "spec": "picklist", "values": list(REASONS), "label": "Disqualification reason"},
    {"name": "Legal_Basis__c", "spec": "string(80)", "label": "Legal basis", "description": "Blank: nobody may mail"},
)


def set_up(sandbox: "Sandbox") -> tuple[Users, dict[str, Any]]:
    """Make everything; answers the ids the rows need, and the manifest's parts {"queues", "campaigns", "integration_users"}."""
    org = sandbox.salesforce
    user_id = _users(sandbox)
    sequencer = org.add_user(SEQUENCER_EMAIL, "", SEQUENCER_NAME, title="Integration user")
    forms_user = org.add_user("web-forms@acme.example", "", "Web Forms", title="Integration user")
    queues = {NURTURE_QUEUE: org.add_queue(NURTURE_QUEUE), INBOUND_QUEUE: org.add_queue(INBOUND_QUEUE)}
    for field in LEAD_FIELDS:
        org.add_field("Lead", field)
    org.add_field("Account", {"name": "Target_Account__c", "spec": "boolean", "label": "Target account"})
    org.set_lead_statuses(
        {"label": one.value, "default": one.value == "Open - Not Contacted", "converted": one.value == "Closed - Converted"}
        for one in STATUSES if one.crm == "salesforce"
    )  # fmt: skip
    org.set_picklist("CampaignMember", "Status", ["Sent", "Responded", "Registered", "Attended"], default="Sent")
    blank = {"field": "Region__c", "operator": "blank"}
    org.add_validation_rule("Lead", VALIDATION_RULE, [blank], "Region required: choose the region before saving.", field="Region__c")
    # An old rule is still active: whoever saves a Lead without the header Sforce-Auto-Assign: FALSE gives it to the inbound queue.
    org.set_assignment_rule(ASSIGNMENT_RULE, [], default_owner_id=queues[INBOUND_QUEUE])
    campaigns = _campaigns(sandbox)
    list_email = org.create("ListEmail", {"Name": LIST_EMAIL, "Subject": "What good handoffs look like", "Status": "Sent"}, SYSTEM)
    users = Users(user_id, campaigns, sequencer, forms_user, queues[NURTURE_QUEUE], list_email)
    integration = {"sequencer": sequencer, "web_forms": forms_user}
    return users, {"queues": queues, "campaigns": campaigns, "integration_users": integration, "list_email_id": list_email}


def _users(sandbox: "Sandbox") -> dict[str, str]:
    made: dict[str, str] = {}
    roles = {
        "sdr": "Sales Development",
        "ae": "Account Executives",
        "sdr_manager": "Sales Development Lead",
        "ae_manager": "Sales Director",
    }
    for member in sorted(TEAM, key=lambda one: "manager" not in one.role):
        manager = made.get({"sdr": "manager_sdr", "ae": "manager_ae"}.get(member.role, ""))
        made[member.key] = sandbox.salesforce.add_user(
            member.email, member.first, member.last, active=not member.departed, role=roles.get(member.role, "Marketing"),
            time_zone=member.time_zone,
            manager_id=manager, title=member.role.replace("_", " "),
        )  # fmt: skip
    return made


def _campaigns(sandbox: "Sandbox") -> dict[str, str]:
    made: dict[str, str] = {}
    for name in (*(form.campaign for form in FORMS), SYNDICATION_CAMPAIGN):
        kind = "Webinar" if name.startswith("Webinar") else "Other"
        made[name] = sandbox.salesforce.create("Campaign", {"Name": name, "Type": kind, "Status": "In Progress", "IsActive": True}, SYSTEM)
    for name, campaign in made.items():
        webinar = name.startswith("Webinar")
        for order, (label, responded) in enumerate(
            (("Sent", False), ("Registered", True), ("Attended", True)) if webinar else (("Sent", False), ("Responded", True)), 1
        ):
            status = {"CampaignId": campaign, "Label": label, "SortOrder": order, "IsDefault": label == "Sent", "HasResponded": responded}
            sandbox.salesforce.create("CampaignMemberStatus", status, SYSTEM)
    return made
