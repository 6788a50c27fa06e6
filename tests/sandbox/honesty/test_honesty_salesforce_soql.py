"""SOQL and its pages."""

import re

import pytest
from honesty_driver import Org, World
from honesty_salesforce import code, refusal
from simple_salesforce import format_soql


def test_a_query_reply(org: Org) -> None:
    """{totalSize, done, records}; relationships are nested objects with their own attributes."""
    body = org.query("SELECT Id, Owner.Name, Owner.Type FROM Lead LIMIT 1").json()

    assert (body["totalSize"], body["done"], set(body)) == (1, True, {"totalSize", "done", "records"})
    owner = body["records"][0]["Owner"]
    assert "attributes" in owner
    assert owner["Type"] in {"User", "Queue"}


def test_count_has_no_records(org: Org) -> None:
    """COUNT(): totalSize = n, records = []."""
    body = org.query("SELECT COUNT() FROM Lead").json()

    assert (body["done"], body["records"]) == (True, [])
    assert body["totalSize"] == len(org.rows("SELECT Id FROM Lead"))


def test_an_unknown_type_is_pointed_at(org: Org) -> None:
    """The pointer text of a recorded error, INVALID_TYPE 400."""
    reply = org.query("select count() from XYZZY")

    assert code(reply) == (400, "INVALID_TYPE")
    start = "\nselect count() from XYZZY\n                    ^\nERROR at Row:1:Column:21\nsObject type 'XYZZY' is not supported."
    assert refusal(reply)["message"].startswith(start)


@pytest.mark.parametrize(
    ("soql", "error"),
    [
        ("SELECT Id, Nope FROM Lead", "INVALID_FIELD"),
        ("SELECT Id FROM Lead WHERE Nope__c = 'x'", "INVALID_FIELD"),
        ('SELECT Id FROM Lead WHERE Name = "x"', "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead WHERE Name = 'x", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead WHERE Name = 'x' AND Title = 'y' OR City = 'z'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead WHERE Id IN ()", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead LIMIT 1 nonsense nonsense", "MALFORMED_QUERY"),
        ("SELECT * FROM Lead", "MALFORMED_QUERY"),
        ("SELECT Id FROM Lead OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE"),
        ("SELECT Id FROM Lead WHERE CreatedDate > '2026-01-01T00:00:00Z'", "INVALID_FIELD"),
        ("SELECT Id FROM Lead WHERE CreatedDate > 2026-01-01", "INVALID_FIELD"),
    ],
)
def test_bad_soql_is_refused(org: Org, soql: str, error: str) -> None:
    """What the server does not understand it refuses with 400 and a code; nothing is dropped in silence."""
    assert code(org.query(soql)) == (400, error)


def test_strings_compare_without_case(org: Org, lead: str) -> None:
    """`=` and LIKE on strings do not care about case; quotes are escaped with a backslash."""
    company = org.lead(lead)["Company"]
    for value in (company, company.upper(), company.lower()):
        soql = format_soql("SELECT Id FROM Lead WHERE Company = {}", value)
        assert lead in [row["Id"] for row in org.rows(soql)]

    assert lead in [row["Id"] for row in org.rows(format_soql("SELECT Id FROM Lead WHERE Company LIKE '{:like}%'", company[:4].swapcase()))]
    assert org.rows(format_soql("SELECT Id FROM Lead WHERE LastName = {}", "O'Nobody\\")) == []


@pytest.mark.parametrize(
    "condition",
    [
        "Status NOT IN ('x', 'y')",
        "(NOT Status = 'x') AND (Email != null OR Phone = null)",
        "CreatedDate < TODAY",
        "SystemModstamp >= LAST_N_DAYS:400",
        "CreatedDate >= 2020-01-01T00:00:00Z AND CreatedDate <= 2030-01-01T00:00:00+00:00",
        "IsConverted = false",
        "NumberOfEmployees = null OR NumberOfEmployees > 10",
        "Id IN (SELECT LeadId FROM CampaignMember)",
        "Owner.Name LIKE '%a%'",
    ],
)
def test_the_soql_we_need_is_understood(org: Org, condition: str) -> None:
    """Operators, null, literals, date literals, NOT, parentheses and semi-joins each match at least one lead here."""
    assert org.rows(f"SELECT Id FROM Lead WHERE {condition} ORDER BY Email DESC NULLS LAST, Id LIMIT 3")


@pytest.mark.parametrize("place", ["FIRST", "LAST"])
def test_order_puts_nulls_where_told(org: Org, place: str) -> None:
    """ORDER BY ... NULLS FIRST|LAST."""
    titles = [row["Title"] for row in org.rows(f"SELECT Title FROM Lead ORDER BY Title ASC NULLS {place}")]
    named = [title for title in titles if title is not None]
    nulls = [None] * (len(titles) - len(named))

    assert nulls
    assert titles == ([*nulls, *named] if place == "FIRST" else [*named, *nulls])
    assert named == sorted(named, key=str.lower)


def test_pages_are_of_any_size(org: Org, world: World) -> None:
    """batchSize is a hint: follow done and nextRecordsUrl; each row comes once and totalSize stays."""
    world.switch("salesforce.page_size", 37)
    page = org.query("SELECT Id FROM Lead ORDER BY Id").json()
    sizes, seen = [], []
    while True:
        sizes.append(len(page["records"]))
        seen += [row["Id"] for row in page["records"]]
        if page["done"]:
            break
        page = org.call("GET", page["nextRecordsUrl"]).json()

    assert page["totalSize"] == len(seen) == len(set(seen))
    assert set(sizes[:-1]) == {37}
    assert "nextRecordsUrl" not in page


def test_a_locator_names_its_offset_and_can_die(org: Org, world: World) -> None:
    """nextRecordsUrl "/services/data/vXX/query/01g...-2000"; an unknown or idle one is INVALID_QUERY_LOCATOR 400."""
    world.switch("salesforce.page_size", 50)
    url = org.query("SELECT Id FROM Lead").json()["nextRecordsUrl"]
    assert re.match(r"/services/data/v67\.0/query/01g\w+-50$", url)

    world.switch("salesforce.cursor_idle_seconds", 0)

    assert code(org.call("GET", url)) == (400, "INVALID_QUERY_LOCATOR")
    assert code(org.call("GET", "query/01gXXXXXXXXXXXXXXX-2000")) == (400, "INVALID_QUERY_LOCATOR")


def test_a_user_has_ten_cursors(org: Org, world: World) -> None:
    """10 cursors per user: the eleventh kills the oldest."""
    world.switch("salesforce.page_size", 50)
    urls = [org.query("SELECT Id FROM Lead").json()["nextRecordsUrl"] for _ in range(11)]

    assert code(org.call("GET", urls[0])) == (400, "INVALID_QUERY_LOCATOR")
    assert org.call("GET", urls[1]).status_code == 200


def test_query_all_has_the_recycle_bin(org: Org, world: World) -> None:
    """queryAll includes IsDeleted = true, query does not."""
    gone = world.planted("deleted_lead", "salesforce")[0]
    soql = f"SELECT Id, IsDeleted FROM Lead WHERE Id = '{gone}'"

    assert org.rows(soql) == []
    assert org.rows(soql, resource="queryAll")[0]["IsDeleted"] is True


def test_queue_owners_are_groups(org: Org, world: World, lead: str) -> None:
    """A queue (00G) may own a lead: Owner.Type = 'Queue'."""
    queue = world.manifest["queues"]["Nurture"]
    assert queue.startswith("00G")
    assert org.patch(lead, OwnerId=queue).status_code == 204

    owner = org.rows(f"SELECT Owner.Type, Owner.Name FROM Lead WHERE Id = '{lead}'")[0]["Owner"]

    assert (owner["Type"], owner["Name"]) == ("Queue", "Nurture")
