"""Queries over HTTP: what they answer, page by page, and how SOQL's logic treats empty fields."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from salesforce_company import PERSON, Company, Rest

from sandbox.core import Sandbox


@pytest.fixture(scope="module")
def leads(company: Company) -> dict[str, str]:
    """Four leads that differ in rating and owner; keys are last names."""
    made = {
        "Hot": company.lead(LastName="Hot", Rating="Hot", Title="VP", NumberOfEmployees=500),
        "Cold": company.lead(LastName="Cold", Rating="Cold", OwnerId=company.queue),
        "None": company.lead(LastName="None", OwnerId=company.other_rep, NumberOfEmployees=20),
        "Ümlaut": company.lead(LastName="Ümlaut", FirstName="Zoë", Rating="hot", Email="zoe@x.example"),
    }
    company.sandbox.salesforce.update("Lead", made["Hot"], {"Status": "Working - Contacted"}, PERSON)
    return made


def names(rest: Rest, where: str) -> set[str]:
    return {record["LastName"] for record in rest.query(f"SELECT LastName FROM Lead WHERE {where}")}


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("Rating = 'HOT'", {"Hot", "Ümlaut"}),
        ("Rating != 'Hot'", {"Cold", "None"}),
        ("NOT Rating = 'Hot'", {"Cold", "None"}),
        ("Rating = null", {"None"}),
        ("Rating = ''", {"None"}),
        ("Rating <> null", {"Hot", "Cold", "Ümlaut"}),
        ("Rating IN ('Hot', 'Cold')", {"Hot", "Cold", "Ümlaut"}),
        ("Rating NOT IN ('Hot')", {"Cold", "None"}),
        ("Rating IN ('Cold', null)", {"Cold", "None"}),
        ("Rating NOT IN ('Cold', null)", {"Hot", "Ümlaut"}),
        ("NumberOfEmployees > 20", {"Hot"}),
        ("NumberOfEmployees >= 20 AND NumberOfEmployees < 500", {"None"}),
        ("NOT NumberOfEmployees > 20", {"Cold", "None", "Ümlaut"}),
        ("LastName LIKE 'h%'", {"Hot"}),
        ("LastName LIKE '_o_'", {"Hot"}),
        ("LastName LIKE 'H\\_t'", set()),
        ("Owner.Type = 'Queue'", {"Cold"}),
        ("Owner.Name = 'otto other'", {"None"}),
        ("Owner.Name LIKE 'R%'", {"Hot", "Ümlaut"}),
        ("(Rating = 'Hot' OR Rating = 'Cold') AND Title = null", {"Cold", "Ümlaut"}),
        ("IsConverted = false AND Title != null", {"Hot"}),
        ("Email = 'ZOE@x.example'", {"Ümlaut"}),
        ("CreatedDate = TODAY", {"Hot", "Cold", "None", "Ümlaut"}),
        ("CreatedDate < TODAY", set()),
        ("CreatedDate >= LAST_N_DAYS:3", {"Hot", "Cold", "None", "Ümlaut"}),
        ("SystemModstamp > 2030-01-01T00:00:00+02:00", set()),
        ("Id IN (SELECT LeadId FROM LeadHistory WHERE Field = 'Status')", {"Hot"}),
        ("Id NOT IN (SELECT LeadId FROM LeadHistory WHERE Field = 'Status')", {"Cold", "None", "Ümlaut"}),
        ("LastModifiedBy.Name = 'Automated Process' AND CreatedBy.IsActive = true", {"Hot", "Cold", "None", "Ümlaut"}),
    ],
)
def test_conditions(rest: Rest, leads: dict[str, str], where: str, found: set[str]) -> None:
    assert names(rest, where) == found


def test_ids_of_15_characters_are_read_and_18_are_answered(rest: Rest, leads: dict[str, str]) -> None:
    assert rest.query(f"SELECT Id FROM Lead WHERE Id = '{leads['Hot'][:15]}'")[0]["Id"] == leads["Hot"]


def test_a_record_has_its_attributes_first_and_parents_inside(company: Company, rest: Rest, leads: dict[str, str]) -> None:
    soql = f"SELECT Id, owner.name, Owner.Type, MasterRecord.Name, CreatedBy.Profile.Name FROM Lead WHERE Id = '{leads['Cold']}'"
    record = rest.query(soql)[0]
    assert list(record) == ["attributes", "Id", "Owner", "MasterRecord", "CreatedBy"]
    assert record["attributes"] == {"type": "Lead", "url": f"/services/data/v66.0/sobjects/Lead/{leads['Cold']}"}
    assert record["Owner"]["attributes"] == {"type": "Name", "url": f"/services/data/v66.0/sobjects/Group/{company.queue}"}
    assert (record["Owner"]["Name"], record["Owner"]["Type"]) == ("Inbound Leads", "Queue")
    assert record["MasterRecord"] is None
    assert record["CreatedBy"]["Profile"]["Name"] == "System Administrator"


def test_histories_come_as_a_child_query(company: Company, rest: Rest, leads: dict[str, str]) -> None:
    child = "(SELECT Field, OldValue, NewValue, CreatedById, CreatedDate FROM Histories WHERE Field != 'created' ORDER BY CreatedDate)"
    found = {record["Id"]: record["Histories"] for record in rest.query(f"SELECT Id, {child} FROM Lead")}
    assert found[leads["Cold"]] is None
    history = found[leads["Hot"]]
    assert (history["totalSize"], history["done"]) == (1, True)
    entry = history["records"][0]
    assert (entry["OldValue"], entry["NewValue"]) == ("Open - Not Contacted", "Working - Contacted")
    assert entry["attributes"]["type"] == "LeadHistory"


def test_counts_and_groups(rest: Rest, leads: dict[str, str]) -> None:
    assert rest.get("query", params={"q": "SELECT COUNT() FROM Lead WHERE Rating = 'Hot'"}) == {"totalSize": 2, "done": True, "records": []}
    groups = rest.query("SELECT OwnerId, COUNT(Id) n, MAX(NumberOfEmployees) FROM Lead GROUP BY OwnerId ORDER BY COUNT(Id) DESC")
    assert groups[0]["n"] == 2
    assert groups[0]["expr0"] == 500
    assert groups[0]["attributes"] == {"type": "AggregateResult"}


def test_empty_fields_sort_first_unless_told(rest: Rest, leads: dict[str, str]) -> None:
    def order(clause: str) -> list[Any]:
        return [
            record["NumberOfEmployees"] for record in rest.query(f"SELECT NumberOfEmployees FROM Lead ORDER BY NumberOfEmployees {clause}")
        ]

    assert order("") == [None, None, 20, 500]
    assert order("DESC") == [None, None, 500, 20]
    assert order("ASC NULLS LAST") == [20, 500, None, None]
    assert order("DESC NULLS LAST LIMIT 1") == [500]
    assert order("NULLS LAST LIMIT 2 OFFSET 1") == [500, None]


@pytest.mark.parametrize(
    ("soql", "code", "text"),
    [
        ("SELECT Nothing__c FROM Lead", "INVALID_FIELD", "No such column 'Nothing__c' on entity 'Lead'"),
        ("SELECT Id FROM Lead WHERE Nothing = 1", "INVALID_FIELD", "No such column 'Nothing'"),
        ("SELECT Owner.Nothing FROM Lead", "INVALID_FIELD", "entity 'Name'"),
        ("SELECT Boss.Name FROM Lead", "INVALID_FIELD", "Didn't understand relationship 'Boss'"),
        ("SELECT Id FROM Nothing", "INVALID_TYPE", "sObject type 'Nothing' is not supported"),
        ("SELECT Id, (SELECT Id FROM Nothings) FROM Lead", "INVALID_TYPE", "relationship 'Nothings'"),
        (
            "SELECT Id FROM Lead WHERE CreatedDate > '2026-01-01'",
            "INVALID_FIELD",
            "must be of type dateTime and should not be enclosed in quotes",
        ),
        ("SELECT Id FROM Lead WHERE CreatedDate > 2026-01-01", "INVALID_FIELD", "must be of type dateTime"),
        ("SELECT Id FROM Task WHERE ActivityDate > 2026-01-01T00:00:00Z", "INVALID_FIELD", "must be of type date "),
        ("SELECT Id FROM Lead WHERE Status = 5", "INVALID_FIELD", "must be of type string and should be enclosed in quotes"),
        ("SELECT Id FROM Lead WHERE IsConverted = 'true'", "INVALID_FIELD", "must be of type boolean"),
        ("SELECT Id FROM Lead WHERE Id = 'nonsense'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: nonsense"),
        ("SELECT Id FROM Lead WHERE Id LIKE '00Q%'", "INVALID_FIELD", "invalid operator on id field"),
        ("SELECT Id FROM Lead WHERE Description = 'x'", "INVALID_FIELD", "can not be filtered"),
        ("SELECT Id FROM Lead ORDER BY Description", "INVALID_FIELD", "can not be sorted"),
        ("SELECT Id FROM LeadHistory WHERE NewValue = 'x'", "INVALID_FIELD", "can not be filtered"),
        ("SELECT Id FROM OutOfOffice WHERE IsEnabled = true", "INVALID_FIELD", "can not be filtered"),
        ("SELECT Id FROM FieldDefinition", "INVALID_TYPE", "FieldDefinition"),
        ("SELECT Name, COUNT(Id) FROM Lead", "MALFORMED_QUERY", "Field must be grouped or aggregated: Name"),
        ("SELECT Id FROM Lead WHERE Status IN (SELECT Id FROM Lead)", "MALFORMED_QUERY", "must be an id"),
        ("SELECT Id FROM Lead OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000"),
        ("SELECT Id FROM Lead WHERE A = 1 OR B = 2 AND C = 3", "MALFORMED_QUERY", "ERROR at Row:1:Column:42"),
    ],
)
def test_refusals_name_the_mistake(rest: Rest, soql: str, code: str, text: str) -> None:
    status, found, message = rest.refusal("GET", "query", params={"q": soql})
    assert (status, found) == (400, code)
    assert text in message


def test_pages_follow_their_locators_and_keep_the_order(sandbox: Sandbox, company: Company, rest: Rest, switch: Any) -> None:
    now = sandbox.clock.now() - timedelta(days=400)
    rows = [({"Name": f"Account {n:03d}", "OwnerId": company.rep}, now, now) for n in range(25)]
    loaded = sandbox.salesforce.load("Account", rows)
    switch("salesforce.page_size", 7)
    page = rest.get("query", params={"q": "SELECT Id FROM Account ORDER BY SystemModstamp, Id"})
    assert (page["totalSize"], page["done"], len(page["records"])) == (25, False, 7)
    assert page["nextRecordsUrl"].startswith("/services/data/v66.0/query/01g")
    assert page["nextRecordsUrl"].endswith("-7")
    found = [record["Id"] for record in rest.query("SELECT Id FROM Account ORDER BY SystemModstamp, Id")]
    assert found == loaded
    assert [record["Id"] for record in rest.query("SELECT Id FROM Account ORDER BY Id LIMIT 12")] == loaded[:12]


def test_a_locator_dies_with_its_cursor_and_belongs_to_its_user(sandbox: Sandbox, company: Company, rest: Rest, switch: Any) -> None:
    now = sandbox.clock.now()
    rows = [({"LastName": f"Cursor {n}", "Company": "c", "OwnerId": company.rep}, now, now) for n in range(3)]
    sandbox.salesforce.load("Lead", rows)
    switch("salesforce.page_size", 2)
    path = rest.get("query", params={"q": "SELECT Id FROM Lead ORDER BY Id"})["nextRecordsUrl"].removeprefix("/services/data/v66.0/")
    assert company.rest("reader").refusal("GET", path)[:2] == (400, "INVALID_QUERY_LOCATOR")
    rest.get(path)
    switch("salesforce.cursors_per_user", 1)
    rest.get("query", params={"q": "SELECT Id FROM Lead ORDER BY Id"})
    assert rest.refusal("GET", path)[:2] == (400, "INVALID_QUERY_LOCATOR")
    assert rest.refusal("GET", "query/made-up")[:2] == (400, "INVALID_QUERY_LOCATOR")


def test_batch_size_is_a_hint_between_200_and_2000(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    now = sandbox.clock.now()
    sandbox.salesforce.load("Campaign", [({"Name": f"c{n}", "OwnerId": company.rep}, now, now) for n in range(450)])
    sizes = {}
    for asked in (10, 300, 5000):
        header = {"Sforce-Query-Options": f"batchSize={asked}"}
        sizes[asked] = len(rest.get("query", params={"q": "SELECT Id FROM Campaign"}, headers=header)["records"])
    assert sizes == {10: 200, 300: 300, 5000: 450}


def test_query_hides_what_is_deleted_or_archived_and_query_all_shows_it(
    sandbox: Sandbox, company: Company, rest: Rest, switch: Any
) -> None:
    gone = company.lead(LastName="Gone")
    old = sandbox.salesforce.create("Task", {"WhoId": gone, "Subject": "old"}, PERSON)
    sandbox.salesforce.org.rows.update("Task", old, {"IsArchived": True})
    sandbox.salesforce.delete("Lead", gone, PERSON)
    assert rest.query(f"SELECT Id FROM Lead WHERE Id = '{gone}'") == []
    assert rest.query(f"SELECT Id, IsDeleted FROM Lead WHERE Id = '{gone}'", resource="queryAll")[0]["IsDeleted"] is True
    assert rest.query(f"SELECT Id FROM Task WHERE Id = '{old}'") == []
    assert len(rest.query(f"SELECT Id FROM Task WHERE Id = '{old}'", resource="queryAll")) == 1
    switch("salesforce.query_hides_archived", False)
    assert len(rest.query(f"SELECT Id FROM Task WHERE Id = '{old}'")) == 1


def test_simple_salesforce_reads_all_pages(company: Company, leads: dict[str, str], switch: Any) -> None:
    switch("salesforce.page_size", 3)
    found = company.simple().query_all_iter("SELECT Id, LastName FROM Lead")
    assert {"Hot", "Cold", "None", "Ümlaut"} <= {record["LastName"] for record in found}


def test_days_are_those_of_the_users_time_zone(sandbox: Sandbox, company: Company) -> None:
    """A record made at 23:30 UTC was made 'tomorrow' for a user in Auckland."""
    app = sandbox.salesforce.add_app("reader", name="auckland")
    sandbox.salesforce.org.rows.update("User", app.user_id, {"TimeZoneSidKey": "Pacific/Auckland"})
    company.apps["auckland"] = app
    created = sandbox.clock.now().replace(hour=23, minute=30) - timedelta(days=1)
    made = sandbox.salesforce.load(
        "Opportunity", [({"Name": "late", "StageName": "Prospecting", "CloseDate": "2026-12-01"}, created, created)]
    )
    soql = f"SELECT Id FROM Opportunity WHERE CreatedDate = TODAY AND Id = '{made[0]}'"
    assert company.rest("auckland").query(soql) != []
    assert company.rest("reader").query(soql) == []
