"""A company whose reps work in HubSpot's Leads workspace, over HTTP: the Lead object carries owner and stage, the contact the rest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from lead_office import CLOSED, NEW, SYSTEMS, WORKED, Office, Person, opened

from engine.doctor import doctor
from engine.report import Status, Verdict


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """No Lead object is there before the first offer."""
    with opened(tmp_path) as made:
        yield made


@pytest.mark.requirement("R2", "R69", "R122")
def test_from_the_first_request_to_nurture_the_lead_object_carries_the_lead(office: Office) -> None:
    person = Person(office)
    assert person.leads() == []
    person.asks()
    run = office.sync()
    more = {system: run.calls[system] - run.lower_bound[system] for system in SYSTEMS}
    assert more == {"hubspot": 0, "hubspot_leads": 1}, "the new Lead object is read back"
    (offered,) = person.leads()
    assert (offered["status"], offered["handoff_stage"]) == (NEW, "offered")
    assert "Sent a demo request" in offered["handoff_reason"], offered["handoff_reason"]
    assert person.on_contact()["owner"] == offered["owner"]
    assert person.tasks() == [("open", offered["owner"])]
    office.changes_nothing()

    person.rep("leads", offered["id"], offered["owner"], "edit", fields={"hs_pipeline_stage": WORKED})
    office.sync()
    (worked,) = person.leads()
    assert (worked["status"], worked["handoff_stage"], worked["owner"]) == (WORKED, "sal", offered["owner"]), person.story()
    assert (person.on_contact()["status"], person.on_contact()["handoff_stage"]) == ("IN_PROGRESS", "sal")
    office.changes_nothing()

    for _ in range(8):  # all touches of a request, and nobody answers
        office.days(1)
        person.rep("contacts", person.contact.id, offered["owner"], "log_call", outcome="no answer", seconds=5)
    for _ in range(30):
        office.days(1)
        office.sync()
        if person.on_contact()["handoff_stage"] != "sal":
            break
    (back,) = person.leads()
    contact = person.on_contact()
    assert (back["status"], back["handoff_stage"]) == (CLOSED, "nurture"), person.story()
    assert "owner" not in back
    assert (contact["status"], contact["handoff_stage"]) == ("NURTURE", "nurture")
    assert contact["handoff_nurture_group"]
    office.changes_nothing()


@pytest.mark.requirement("R122")
@pytest.mark.parametrize("looking", ["at once", "in the next run"])
def test_a_lost_reply_makes_no_second_lead_object(office: Office, looking: str) -> None:
    """Whether it was made is looked up by its key: at once, or by the next run where HubSpot answers nothing more in this one."""
    person = Person(office)
    person.asks()
    office.post("/faults", action="lost_reply", vendor="hubspot", path="*/leads/batch/create", times=1)
    if looking == "in the next run":
        office.post("/faults", action="status", vendor="hubspot", path="*/leads/batch/read", status=503, times=6)
    first = office.sync()
    assert (first.status is Status.PARTIAL) == (looking == "in the next run")
    office.sync()
    (made,) = person.leads()
    assert made["handoff_stage"] == "offered"
    assert person.tasks() == [("open", made["owner"])]
    office.changes_nothing()


def test_the_doctor_finds_nothing_amiss_and_says_which_scope_is_missing(office: Office) -> None:
    with office.engine() as engine:
        mine = [check for check in doctor(engine) if check.system == "hubspot_leads"]
    assert {check.verdict for check in mine} <= {Verdict.OK, Verdict.WARN}, mine
    assert "5 statuses, each with a meaning" in {check.detail for check in mine}
    with office.engine("no_scope") as engine:
        found = {check.system: check.detail for check in doctor(engine) if check.verdict is Verdict.FAIL}
    assert "crm.objects.leads.read" in found["hubspot_leads"]


def test_the_doctor_says_that_a_portal_has_no_lead_pipeline(office: Office) -> None:
    office.post("/faults", action="status", vendor="hubspot", path="*/pipelines/*", status=200, body='{"results": []}', times=None)
    with office.engine() as engine:
        (found,) = [check for check in doctor(engine) if check.verdict is Verdict.FAIL]
    assert (found.system, found.name) == ("hubspot_leads", "fields")
    assert "no pipeline; the Leads workspace comes with Sales Hub Professional" in found.detail


class Before:
    """What reps had made before go-live: a Lead object each for two contacts, and a second try for the first of them."""

    def __init__(self) -> None:
        self.worked = self.closed = ""
        self.first_try = self.second_try = ""

    def __call__(self, office: Office) -> None:
        nurtured = [one["id"] for one in office.contacts() if not one["properties"]["hubspot_owner_id"] and one["properties"]["email"]]
        self.worked, self.closed = nurtured[:2]
        rep = next(one for one in office.manifest["people"] if one["role"] == "sdr" and one["active"])
        owner = rep["hubspot_owner_id"]
        office.post("/act/rep", vendor="hubspot", id=self.worked, rep=rep["email"], action="log_call", outcome="connected")
        self.first_try = office.makes_lead(self.worked, CLOSED, owner)
        office.wait_until(office.now() + timedelta(minutes=10))
        self.second_try = office.makes_lead(self.worked, WORKED, owner)
        office.makes_lead(self.closed, CLOSED, owner)


@pytest.mark.requirement("R122")
def test_lead_objects_that_are_there_at_go_live_are_taken_over_and_none_is_made_beside_them(tmp_path: Path) -> None:
    before = Before()
    with opened(tmp_path, before) as office:
        person = Person(office, before.worked)
        assert {one["id"]: one["status"] for one in person.leads()} == {before.first_try: CLOSED, before.second_try: WORKED}
        assert "stage      sal" in person.story()
        assert [one["status"] for one in Person(office, before.closed).leads()] == [CLOSED]
        assert "stage      disqualified" in Person(office, before.closed).story()
        person.asks()
        office.sync()
        found = {one["id"]: (one["status"], one.get("handoff_stage")) for one in person.leads()}
        assert found == {before.first_try: (CLOSED, None), before.second_try: (NEW, "offered")}, "an earlier try is left alone"
        office.changes_nothing()


@pytest.mark.requirement("R122")
def test_what_a_rep_picks_on_a_lead_object_of_his_own_is_heard(office: Office) -> None:
    """We have written nothing on it: what stood there when it was first seen is what his pick is told by."""
    person = Person(office)
    rep = next(one for one in office.manifest["people"] if one["role"] == "sdr" and one["active"])
    office.makes_lead(person.contact.id, NEW, rep["hubspot_owner_id"])
    office.wait_until(office.now() + timedelta(minutes=5))
    office.sync()
    (made,) = person.leads()
    person.rep("leads", made["id"], made["owner"], "edit", fields={"hs_pipeline_stage": WORKED})
    office.sync()
    (worked,) = person.leads()
    assert (worked["status"], worked["owner"], worked["handoff_stage"]) == (WORKED, made["owner"], "sal"), person.story()
