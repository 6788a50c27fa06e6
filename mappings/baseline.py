"""What can be said of a company before it has a policy: the vendors' own status options, and one word that everybody means alike."""

from __future__ import annotations

from pathlib import Path

from handoff.policy import Policy
from mappings.digest import with_digest
from mappings.load import SHIPPED, field_map_of, load_policy

STANDARD_STATUSES = {
    # HubSpot's default options of hs_lead_status; Salesforce's default LeadStatus values. "Nurture" is nobody's default, but plain.
    "hubspot": ("NEW", "OPEN", "IN_PROGRESS", "OPEN_DEAL", "UNQUALIFIED", "ATTEMPTED_TO_CONTACT", "CONNECTED", "BAD_TIMING", "NURTURE"),
    "salesforce": ("Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted", "Nurture"),
}


def baseline_policy(folder: Path = SHIPPED) -> Policy:
    """A policy to look with, never to write with: it is signed by nobody and gives a meaning to the vendors' own options alone.

    What carries a lead the field maps of `folder` say, where it has some already.
    """
    shipped = load_policy()
    statuses = {
        system: {option: meaning for option, meaning in meanings.items() if option in STANDARD_STATUSES[system]}
        for system, meanings in shipped.statuses.items()
    }
    company = shipped.company.model_copy(update={"name": "no policy yet", "own_domains": ()})
    carriers = {system: field_map_of(folder, system).lead_object for system in shipped.carriers}
    made = {"name": "baseline (no policy yet)", "version": "0", "approvals": (), "statuses": statuses, "company": company}
    return with_digest(shipped.model_copy(update={**made, "carriers": carriers}))
