"""What happens without anybody's doing, and that both CRMs say the same afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest
from engine_worlds import Place

from engine.sweep import sweep
from handoff.facts import Actor, Kind, Ref
from mappings.digest import with_digest
from mappings.take_out import taken_out

FIT = {"title": "VP Finance", "industry": "Technology", "employees": "300", "country": "Canada"}
MAILABLE = {"legal_basis": "Legitimate interest", "marketable": "true"}


def without(company: Place, part: str) -> Place:
    """The same company without a part of its policy."""
    company.policy = with_digest(taken_out(company.policy, part)) if part else company.policy
    return company


@pytest.mark.requirement("R68")
@pytest.mark.parametrize(("part", "acts"), [("", True), ("transitions.hand_raise", False)])
def test_a_form_alone_makes_owner_stage_status_and_task(part: str, acts: bool, company: Place) -> None:
    """The trigger is the form; nobody approves, assigns or clicks anything."""
    company.person("old")
    without(company, part).adopted()
    company.world.advance(days=1)
    ref = company.contact("ada", days_old=0)
    company.asks(ref)
    company.sync()
    assert (company.hubspot.value(ref, "handoff_stage") == "offered") is acts
    assert bool(company.hubspot.value(ref, "owner")) is acts
    assert (len(company.tasks()) == 1) is acts


@pytest.mark.requirement("R68", "R98")
@pytest.mark.parametrize(("part", "acts"), [("", True), ("transitions.silent", False)])
def test_time_alone_takes_a_silent_lead_back_to_marketing(part: str, acts: bool, company: Place) -> None:
    """The trigger is a date: the sweep finds whom nothing has changed about. The last call that comes first is a step of its own."""
    without(company, part).adopted()
    ref = company.person("ada", days_old=0, owner="", **FIT, **MAILABLE)
    company.asks(ref)
    company.sync()
    owner = company.main.value(ref, "owner") or ""
    for day in range(1, 36):
        company.world.advance(days=1)
        if day in (1, 2, 4, 6, 8, 10, 13, 16):
            company.main.act(ref, Kind.CALL, Actor.REP, outcome="attempted", by=owner)
            company.world.advance(minutes=5)
            company.sync()
        sweep(company.engine, "apply")
    assert (company.main.value(ref, "handoff_stage") == "nurture") is acts


def own_fields(company: Place, name: str) -> dict[str, dict[str, str]]:
    """Our own fields of a person's record in each CRM."""
    rows = {system: crm.rows[f"{system[0]}-{name}"].fields for system, crm in company.crms.items()}
    return {system: {key: value for key, value in row.items() if key.startswith("handoff_")} for system, row in rows.items()}


def shown_stages(company: Place, name: str) -> set[str]:
    """Which stages the CRMs' own statuses of a person mean."""
    policy = company.policy
    return {policy.statuses[system][crm.rows[f"{system[0]}-{name}"].fields["status"]].stage for system, crm in company.crms.items()}


@pytest.mark.requirement("R121")
@pytest.mark.parametrize(("part", "same"), [("", True), ("stages.sal.project.hubspot", False)])
def test_marketing_and_sales_read_the_same_of_a_lead_in_their_own_crm(part: str, same: bool, company: Place) -> None:
    """Stage, reason, fit, intent, dates and campaign word for word; the two status fields mean one stage, because the policy says so."""
    without(company, part).adopted()
    ref = company.person("ada", days_old=0, owner="", campaign="Spring fair", **FIT)
    company.asks(ref)
    company.sync()
    company.world.advance(minutes=5)
    company.main.act(ref, Kind.CALL, Actor.REP, outcome="connected", by=company.main.value(ref, "owner") or "")
    company.world.advance(minutes=5)
    company.sync()
    read = own_fields(company, "ada")
    assert read["hubspot"] == read["salesforce"]
    assert read["hubspot"]["handoff_stage"] == "sal"
    assert read["hubspot"]["handoff_campaign"] == "Spring fair"
    assert {"handoff_reason", "handoff_fit", "handoff_intent", "handoff_policy"} <= set(read["hubspot"])
    assert (shown_stages(company, "ada") == {"sal"}) is same


@pytest.mark.requirement("R121")
@pytest.mark.parametrize(
    ("part", "stage"), [("", "offered"), ("intent.kinds.pricing page", "nurture"), ("intent.kinds.webinar attended", "nurture")]
)
def test_one_score_is_made_of_what_both_crms_know(part: str, stage: str, company: Place) -> None:
    """The pages that HubSpot saw and the webinar that Salesforce knows of make an MQL together; neither would do alone."""
    without(company, part).adopted()
    ref = company.person("ada", days_old=0, owner="", **FIT, **MAILABLE)
    contact = Ref("hubspot", "contacts", "h-ada")
    for hours in (2, 3):
        company.hubspot.act(contact, Kind.VISIT, Actor.LEAD, subject="pricing", at=company.world.now - timedelta(hours=hours))
    webinar = {"subject": "Webinar on routing", "outcome": "Attended", "at": company.world.now - timedelta(hours=4)}
    company.salesforce.act(ref, Kind.CAMPAIGN, Actor.LEAD, **webinar)
    company.sync()
    assert company.main.value(ref, "handoff_stage") == stage
