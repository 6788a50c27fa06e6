"""SOQL as general clients write it: FIELDS(), groups by a parent's field, counts with a limit, quarters and years."""

import pytest
from honesty_driver import Org, World
from honesty_salesforce import code, refusal


def test_a_count_stops_at_its_limit(org: Org) -> None:
    """SELECT COUNT() with LIMIT counts no further."""
    assert org.query("SELECT COUNT() FROM Lead LIMIT 5").json()["totalSize"] == 5
    assert org.query("SELECT COUNT() FROM Lead LIMIT 0").json()["totalSize"] == 0
    assert org.query("SELECT COUNT() FROM Lead LIMIT 100000").json() == org.query("SELECT COUNT() FROM Lead").json()


def test_rows_group_by_a_parents_field(org: Org) -> None:
    """The key of the row is the field's own name."""
    rows = org.rows("SELECT Owner.Name, COUNT(Id) total FROM Lead GROUP BY Owner.Name ORDER BY COUNT(Id) DESC")

    assert len({row["Name"] for row in rows}) == len(rows) > 1
    assert sum(row["total"] for row in rows) == org.query("SELECT COUNT() FROM Lead").json()["totalSize"]


def test_a_grouped_field_may_have_an_alias(org: Org) -> None:
    """SELECT Status s ... GROUP BY Status."""
    rows = org.rows("SELECT Status s, Owner.Name owner, COUNT(Id) n FROM Lead GROUP BY Status, Owner.Name LIMIT 3")

    assert [set(row) for row in rows] == [{"attributes", "s", "owner", "n"}] * 3


def test_an_alias_without_a_group_is_malformed(org: Org) -> None:
    """Only aggregate queries take aliases of fields."""
    assert code(org.query("SELECT Status s FROM Lead")) == (400, "MALFORMED_QUERY")


def test_fields_all_names_every_field(org: Org) -> None:
    """FIELDS(ALL) gives what a describe lists; FIELDS(STANDARD) and FIELDS(CUSTOM) divide it."""
    described = {field["name"]: field["custom"] for field in org.call("GET", "sobjects/Lead/describe").json()["fields"]}
    found = {
        group: set(org.rows(f"SELECT FIELDS({group}) FROM Lead LIMIT 1")[0]) - {"attributes"} for group in ("ALL", "STANDARD", "CUSTOM")
    }

    assert found["ALL"] == set(described)
    assert found["STANDARD"] == {name for name, custom in described.items() if not custom}
    assert found["CUSTOM"] - {"Id"} == {name for name, custom in described.items() if custom}


def test_fields_without_a_bound_are_refused(org: Org) -> None:
    """ALL and CUSTOM need LIMIT 200 or less; STANDARD does not."""
    for soql in ("SELECT FIELDS(ALL) FROM Lead", "SELECT FIELDS(CUSTOM) FROM Lead LIMIT 201"):
        reply = org.query(soql)
        assert (code(reply), "LIMIT" in refusal(reply)["message"]) == ((400, "MALFORMED_QUERY"), True)
    assert org.query("SELECT FIELDS(STANDARD) FROM Lead").status_code == 200
    assert code(org.query("SELECT FIELDS(SOME) FROM Lead LIMIT 1")) == (400, "MALFORMED_QUERY")
    assert code(org.query("SELECT Id, FIELDS(ALL) FROM Lead LIMIT 1")) == (400, "MALFORMED_QUERY")


def test_all_rows_is_a_clause_of_apex(org: Org) -> None:
    """Over REST deleted records come by queryAll alone."""
    assert code(org.query("SELECT Id FROM Lead ALL ROWS")) == (400, "MALFORMED_QUERY")


@pytest.mark.parametrize(
    ("literal", "first", "after"),
    [
        ("THIS_QUARTER", "2026-10-01", "2027-01-01"),
        ("LAST_QUARTER", "2026-07-01", "2026-10-01"),
        ("NEXT_QUARTER", "2027-01-01", "2027-04-01"),
        ("LAST_N_QUARTERS:2", "2026-04-01", "2026-10-01"),
        ("NEXT_N_QUARTERS:2", "2027-01-01", "2027-07-01"),
        ("LAST_N_YEARS:1", "2025-01-01", "2026-01-01"),
        ("NEXT_N_YEARS:1", "2027-01-01", "2028-01-01"),
    ],
)
def test_quarters_and_years_are_ranges_of_days(org: Org, world: World, literal: str, first: str, after: str) -> None:
    """A task due on the first day is in, one due on the day after the last is not."""
    assert str(world.control("GET", "clock")["now"]).startswith("2026-11")
    made = {day: org.call("POST", "sobjects/Task", json={"Subject": "bound", "ActivityDate": day}).json()["id"] for day in (first, after)}

    rows = org.rows(f"SELECT Id FROM Task WHERE Subject = 'bound' AND ActivityDate = {literal}")

    assert [row["Id"] for row in rows] == [made[first]]


def test_a_fiscal_period_is_refused_by_its_name(org: Org) -> None:
    """The sandbox's org has no fiscal year."""
    reply = org.query("SELECT Id FROM Lead WHERE CreatedDate = THIS_FISCAL_QUARTER")

    assert (code(reply), "THIS_FISCAL_QUARTER" in refusal(reply)["message"]) == ((400, "MALFORMED_QUERY"), True)
