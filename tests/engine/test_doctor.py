"""The doctor says what is wrong and what to do, reads only, and stops a CRM's walk at the first failure. Setup makes what is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from engine_worlds import Place, place
from read_only import no_writes

from connectors.protocol import Refused
from engine.doctor import doctor, failed
from engine.report import Check, Verdict
from engine.setup import setup


def named(checks: list[Check], system: str, name: str) -> Check:
    return next(check for check in checks if (check.system, check.name) == (system, name))


def test_a_sound_company_passes(company: Place) -> None:
    company.sync()
    company.settings = replace(company.settings, pinned={"hubspot": "hubspot-1", "salesforce": "salesforce-1"})
    with no_writes(company):
        checks = doctor(company.engine)
    assert not failed(checks)
    assert named(checks, "hubspot", "account").verdict is Verdict.OK
    assert named(checks, "salesforce", "coverage").verdict is Verdict.OK


def test_another_account_than_the_ledgers_fails(company: Place) -> None:
    company.sync()
    company.hubspot.account_id = "hubspot-2"
    assert "made with hubspot-1" in named(doctor(company.engine), "hubspot", "account").line()


def test_a_source_that_may_not_be_read_is_named_with_its_mend(company: Place) -> None:
    """Where the policy goes by it; a source nobody asks for holds up nothing."""
    company.salesforce.no_objects = ("activity",)
    company.sync()
    check = named(doctor(company.engine), "salesforce", "coverage")
    assert "activity (never)" in check.detail
    assert "grant read access to activity, or take it out of silence.sources" in check.mend
    sources = {"hubspot": ("activity",), "salesforce": ("leads",)}
    company.policy = company.policy.model_copy(update={"silence": company.policy.silence.model_copy(update={"sources": sources})})
    assert named(doctor(company.engine), "salesforce", "coverage").verdict is Verdict.OK


def test_another_account_fails_and_ends_the_walk_of_that_crm(company: Place) -> None:
    company.settings = replace(company.settings, pinned={"hubspot": "somebody-else"})
    checks = doctor(company.engine)
    assert next(check.name for check in checks if check.system == "hubspot") == "account"
    assert not [check for check in checks if check.system == "hubspot" and check.name == "fields"]
    assert [check for check in checks if check.system == "salesforce" and check.name == "fields"]
    assert "pinned is somebody-else" in named(checks, "hubspot", "account").line()


def test_a_refused_token_is_a_check_with_a_mend_and_no_crash(company: Place) -> None:
    def expired(_method: str, _number: int) -> None:
        raise Refused("hubspot: the token has expired", "expired")

    company.hubspot.before_call = expired
    check = named(doctor(company.engine), "hubspot", "account")
    assert check.verdict is Verdict.FAIL
    assert "make a new token" in check.line()


def test_the_right_to_write_deals_is_asked_for_where_the_policy_makes_them(company: Place) -> None:
    """Nobody should grant what is not used."""
    company.hubspot.scopes = ("crm.objects.contacts.read", "crm.objects.owners.read", "crm.objects.contacts.write")
    assert named(doctor(company.engine), "hubspot", "scopes").verdict is Verdict.OK
    makes = company.policy.opportunity.model_copy(update={"create": True})
    company.policy = company.policy.model_copy(update={"opportunity": makes})
    check = named(doctor(company.engine), "hubspot", "scopes")
    assert (check.verdict, check.detail) == (Verdict.FAIL, "missing crm.objects.deals.write")


def test_missing_own_fields_fail_only_where_something_is_to_be_written(company: Place) -> None:
    company.hubspot.own_fields = False
    assert named(doctor(company.engine), "hubspot", "own fields").verdict is Verdict.FAIL
    company.settings = replace(company.settings, writes="off")
    check = named(doctor(company.engine), "hubspot", "own fields")
    assert check.verdict is Verdict.WARN
    assert "handoff setup" in check.mend


def test_setup_shows_first_and_makes_when_asked(company: Place) -> None:
    company.hubspot.own_fields = False
    shown = setup(company.engine, company.crms, apply=False)
    assert "HubSpot: contacts has no handoff_stage" in shown
    assert not company.hubspot.own_fields
    setup(company.engine, company.crms, apply=True)
    assert company.hubspot.own_fields
    assert sorted(setup(company.engine, company.crms, apply=True)) == [
        "HubSpot: all own fields are there",
        "Salesforce: all own fields are there",
    ]


def test_sources_that_were_never_pulled_are_named(company: Place) -> None:
    check = named(doctor(company.engine), "hubspot", "coverage")
    assert check.verdict is Verdict.WARN
    assert "activity" in check.detail


def test_other_writers_are_counted_by_field_and_app_and_people_are_not(company: Place) -> None:
    """What a machine wrote since the record was made is counted under its name; what people and we wrote is not."""
    people = [company.contact(name) for name in ("uma", "val")]
    company.sync()
    for ref in people:
        company.hubspot.edit(ref, {"owner": "h-bob"}, by="automation AUTOMATION_PLATFORM")
        company.hubspot.edit(ref, {"status": "OPEN"}, by="person")
    company.hubspot.edit(people[0], {"status": "CONNECTED"}, by="integration INTEGRATION 7")
    company.hubspot.edit(people[0], {"first_name": "Ursula"}, by="integration INTEGRATION 7")
    with no_writes(company):
        check = named(doctor(company.engine), "hubspot", "other writers")
    assert check.verdict is Verdict.WARN
    assert check.detail.startswith("owner: 2 by AUTOMATION_PLATFORM; status: 1 by INTEGRATION 7, in 30 days, on the 2 records")
    assert "person" not in check.line()


def test_what_a_machine_wrote_long_ago_is_no_matter(company: Place) -> None:
    ref = company.contact("uma")
    company.hubspot.edit(ref, {"owner": "h-bob"}, by="automation AUTOMATION_PLATFORM")
    company.world.advance(days=31)
    company.sync()
    check = named(doctor(company.engine), "hubspot", "other writers")
    assert (check.verdict, check.detail) == (
        Verdict.OK,
        "people alone edited status and owner in 30 days, on the 1 records that changed last",
    )


def test_the_value_a_record_was_made_with_is_no_edit(company: Place) -> None:
    company.hubspot.add({"email": "new@new.example", "status": "NEW", "owner": "h-bob"}, by="automation FORM")
    company.sync()
    assert named(doctor(company.engine), "hubspot", "other writers").verdict is Verdict.OK


def test_where_no_history_is_kept_the_doctor_says_that_an_edit_inside_a_write_cannot_be_told(company: Place) -> None:
    company.lead("uma")
    company.sync()
    company.salesforce.keeps_history = False
    check = named(doctor(company.engine), "salesforce", "other writers")
    assert check.verdict is Verdict.WARN
    assert "an edit inside one of our writes goes unseen" in check.detail


def test_before_the_first_look_nothing_is_said_about_other_writers(company: Place) -> None:
    check = named(doctor(company.engine), "hubspot", "other writers")
    assert (check.verdict, check.mend) == (Verdict.WARN, "run handoff look, then ask again")


def test_hubspots_own_salesforce_integration_as_a_second_writer_fails(company: Place) -> None:
    ref = company.contact("uma")
    company.sync()
    company.hubspot.edit(ref, {"owner": "h-bob"}, by="integration SALESFORCE")
    check = named(doctor(company.engine), "hubspot", "Salesforce integration")
    assert check.verdict is Verdict.FAIL
    assert "owner: 1 by SALESFORCE" in check.detail
    company.world.advance(days=8)
    assert named(doctor(company.engine), "hubspot", "Salesforce integration").verdict is Verdict.OK


@pytest.mark.parametrize(("days_ago", "verdict"), [(1, Verdict.WARN), (30, Verdict.OK)])
def test_a_salesforce_integration_that_runs_is_told_from_one_that_was_left_behind(company: Place, days_ago: int, verdict: Verdict) -> None:
    """Its stamp on a contact says when it synced last."""
    company.hubspot.more_fields = ("salesforce_synced_at",)
    stamp = (company.world.now - timedelta(days=days_ago)).isoformat()
    company.contact("uma", salesforce_synced_at=stamp)
    company.sync()
    check = named(doctor(company.engine), "hubspot", "Salesforce integration")
    assert check.verdict is verdict
    assert "is not installed" not in check.detail


def test_a_company_that_writes_hubspot_alone_may_keep_the_salesforce_integration(tmp_path: Path) -> None:
    company = place(tmp_path, "hubspot")
    ref = company.contact("uma")
    company.sync()
    company.hubspot.edit(ref, {"owner": "h-bob"}, by="integration SALESFORCE")
    check = named(doctor(company.engine), "hubspot", "Salesforce integration")
    assert (check.verdict, check.detail) == (Verdict.OK, "HubSpot's own is on; handoff writes HubSpot alone")
    company.ledger.close()


@pytest.mark.parametrize(("left", "verdict"), [(None, Verdict.OK), (0.2, Verdict.OK), (0.19, Verdict.WARN), (0.0, Verdict.WARN)])
def test_a_quota_that_runs_out_is_told(company: Place, left: float | None, verdict: Verdict) -> None:
    company.salesforce.quota = left
    assert named(doctor(company.engine), "salesforce", "quota").verdict is verdict


def test_an_object_the_account_does_not_have_is_named(company: Place) -> None:
    company.salesforce.no_objects = ("activity",)
    check = named(doctor(company.engine), "salesforce", "sources")
    assert (check.verdict, check.detail) == (Verdict.WARN, "not there or not readable: activity")
    assert named(doctor(company.engine), "hubspot", "sources").verdict is Verdict.OK


def test_a_stream_that_fell_behind_is_named_with_its_moment(company: Place) -> None:
    company.sync()
    company.world.advance(hours=25)
    check = named(doctor(company.engine), "hubspot", "coverage")
    assert check.verdict is Verdict.WARN
    assert "activity (2026-11-03 15:00 UTC)" in check.detail


def test_the_records_that_changed_last_are_the_ones_looked_at(company: Place) -> None:
    """Newest first, live ones of the asked object alone."""
    first, second, third = (company.contact(name, days_old=days) for name, days in (("uma", 3), ("val", 2), ("wes", 1)))
    company.lead("xia", days_old=0)
    company.hubspot.edit(first, {"status": "OPEN"})
    company.hubspot.remove(third)
    company.sync()
    assert company.ledger.facts.latest("hubspot", "contacts", 5) == (first, second)
    assert company.ledger.facts.latest("hubspot", "contacts", 1) == (first,)
