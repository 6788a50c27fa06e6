"""getUpdated, getDeleted, and transactions that commit late."""

from __future__ import annotations

from datetime import timedelta

from salesforce_company import PERSON, Company, Rest

from sandbox.core import Sandbox
from sandbox.faults import Fault
from sandbox.salesforce.rows import timestamp


def window(sandbox: Sandbox, minutes: int = 120) -> dict[str, str]:
    now = sandbox.clock.now()
    return {"start": (now - timedelta(minutes=minutes)).isoformat(), "end": (now + timedelta(minutes=2)).isoformat()}


def test_updated_answers_what_changed_in_the_window(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    lead = company.lead()
    reply = rest.get("sobjects/Lead/updated/", params=window(sandbox))
    assert lead in reply["ids"]
    assert reply["latestDateCovered"] == timestamp(sandbox.clock.now())
    sandbox.clock.advance(3 * 3600)
    assert rest.get("sobjects/Lead/updated", params=window(sandbox))["ids"] == []


def test_deleted_answers_ids_and_times(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    lead = company.lead()
    sandbox.salesforce.delete("Lead", lead, PERSON)
    reply = rest.get("sobjects/Lead/deleted/", params=window(sandbox))
    assert [record["id"] for record in reply["deletedRecords"]] == [lead]
    assert set(reply) == {"deletedRecords", "earliestDateAvailable", "latestDateCovered"}
    assert lead not in rest.get("sobjects/Lead/updated/", params=window(sandbox))["ids"]


def test_windows_have_an_order_an_age_and_a_zone(sandbox: Sandbox, rest: Rest) -> None:
    now = sandbox.clock.now()
    bad = [
        {"start": now.isoformat(), "end": (now + timedelta(seconds=20)).isoformat()},
        {"start": (now - timedelta(days=31)).isoformat(), "end": now.isoformat()},
        {"start": "2026-11-16T09:00:00", "end": now.isoformat()},
        {"end": now.isoformat()},
    ]
    for parameters in bad:
        assert rest.refusal("GET", "sobjects/Lead/updated/", params=parameters)[:2] == (400, "INVALID_REPLICATION_DATE")
    old = {"start": (now - timedelta(days=16)).isoformat(), "end": now.isoformat()}
    assert rest.refusal("GET", "sobjects/Lead/deleted/", params=old)[1] == "INVALID_REPLICATION_DATE"


def test_too_many_ids_are_refused(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    company.lead(), company.lead()
    sandbox.limits.set("salesforce.updated_ids", 1)
    assert rest.refusal("GET", "sobjects/Lead/updated/", params=window(sandbox))[:2] == (400, "EXCEEDED_ID_LIMIT")
    sandbox.limits.reset()


def test_a_late_commit_appears_with_its_old_stamp_and_holds_the_covered_date_back(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    """A reader that only looks past the newest stamp it saw would miss this row for ever."""
    late = company.lead()
    sandbox.clock.advance(60)
    started = timestamp(sandbox.clock.now())
    sandbox.salesforce.update("Lead", late, {"Title": "late"}, PERSON, commit_after_seconds=300)
    sandbox.clock.advance(100)
    company.lead(LastName="Newest")
    newest = rest.query("SELECT SystemModstamp FROM Lead ORDER BY SystemModstamp DESC LIMIT 1")[0]["SystemModstamp"]
    assert newest > started
    assert rest.get(f"sobjects/Lead/{late}")["Title"] is None
    assert rest.get("sobjects/Lead/updated/", params=window(sandbox))["latestDateCovered"] == started
    sandbox.clock.advance(250)
    record = rest.get(f"sobjects/Lead/{late}")
    assert record["Title"] == "late"
    assert record["SystemModstamp"] == started < newest
    assert rest.get("sobjects/Lead/updated/", params=window(sandbox))["latestDateCovered"] > newest


def test_the_fault_plan_holds_the_next_writes_of_others_back(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    sandbox.faults.add(Fault("late_commit", vendor="salesforce", path="*/query", rows=1, seconds=60))
    rest.query("SELECT Id FROM Lead LIMIT 1")
    made = sandbox.salesforce.create("Lead", {"LastName": "Held", "Company": "c"}, PERSON)
    assert rest.query(f"SELECT Id FROM Lead WHERE Id = '{made}'") == []
    at_once = company.lead()
    assert len(rest.query(f"SELECT Id FROM Lead WHERE Id = '{at_once}'")) == 1
    sandbox.clock.advance(61)
    assert len(rest.query(f"SELECT Id FROM Lead WHERE Id = '{made}'")) == 1
    sandbox.faults.clear()


def test_rows_of_one_second_can_be_walked_by_stamp_and_id(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    """The tiebreak that a page edge inside one second needs: (stamp = t AND Id > last) OR stamp > t."""
    at = sandbox.clock.now() - timedelta(days=2)
    loaded = sandbox.salesforce.load("Contact", [({"LastName": f"c{n}", "OwnerId": company.rep}, at, at) for n in range(23)])
    literal = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    walked: list[str] = []
    last = "003000000000000AAA"
    while True:
        where = f"(SystemModstamp = {literal} AND Id > '{last}') OR SystemModstamp > {literal}"
        found = [record["Id"] for record in rest.query(f"SELECT Id FROM Contact WHERE {where} ORDER BY SystemModstamp, Id LIMIT 7")]
        if not found:
            break
        walked += found
        last = found[-1]
    assert walked == loaded
