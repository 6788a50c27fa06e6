"""The parser accepts the SOQL it knows and refuses everything else with the vendor's code and a pointer."""

from __future__ import annotations

import pytest

from sandbox.salesforce.soql.errors import SoqlError
from sandbox.salesforce.soql.parser import parse
from sandbox.salesforce.soql.syntax import Comparison, Either, Every, Membership, Not, Select

ACCEPTED = [
    "SELECT Id FROM Lead",
    "select id, owner.name from lead where isconverted = false",
    "SELECT COUNT() FROM Lead WHERE Status IN ('New', 'Old')",
    "SELECT Id, (SELECT Field, OldValue, NewValue, CreatedById, CreatedDate FROM Histories ORDER BY CreatedDate) FROM Lead",
    "SELECT Id FROM Lead WHERE SystemModstamp >= 2026-01-01T00:00:00Z ORDER BY SystemModstamp, Id LIMIT 10 OFFSET 2000",
    "SELECT Id FROM Lead WHERE SystemModstamp > 2026-01-01T00:00:00.000+00:00",
    "SELECT Id FROM Lead WHERE CreatedDate = LAST_N_DAYS:30 AND LastName LIKE 'A\\_%'",
    "SELECT Id FROM Lead WHERE (Status = 'a' OR Status = 'b') AND (NOT Rating = null)",
    "SELECT Id FROM Lead WHERE Id NOT IN (SELECT LeadId FROM CampaignMember WHERE HasResponded = true)",
    "SELECT Status, COUNT(Id) total, MAX(CreatedDate) FROM Lead GROUP BY Status ORDER BY COUNT(Id) DESC",
    "SELECT Id FROM Lead ORDER BY Email DESC NULLS LAST",
    "SELECT l.Id FROM Lead l WHERE l.Name = 'O\\'Hara'",
    "SELECT Name, FIELDS(CUSTOM) FROM Lead LIMIT 200",
    "SELECT Status s, COUNT(Id) FROM Lead GROUP BY Status",
]
REFUSED = [
    ("SELECT Id FROM Lead WHERE A = 1 AND B = 2 OR C = 3", "OR"),
    ("SELECT Id FROM Lead WHERE A = 1 OR B = 2 AND C = 3", "AND"),
    ('SELECT Id FROM Lead WHERE Name = "x"', "character '\"'"),
    ("SELECT Id FROM Lead WHERE Name = 'x", "mismatched character"),
    ("SELECT Id FROM Lead WHERE Name = 'x\\q'", "Illegal character sequence"),
    ("SELECT FROM Lead", "FROM"),
    ("SELECT Id, FROM Lead", "FROM"),
    ("SELECT Id Lead", "Lead"),
    ("SELECT Id FROM Lead WHERE", "<EOF>"),
    ("SELECT Id FROM Lead WHERE Id IN ()", ")"),
    ("SELECT Id FROM Lead WHERE (A = 1", "expecting ')'"),
    ("SELECT Id FROM Lead l trailing", "trailing"),
    ("SELECT Id FROM Lead; DROP TABLE x", "character ';'"),
    ("SELECT * FROM Lead", "character '*'"),
    ("SELECT Id FROM Lead LIMIT -1", "-1"),
    ("SELECT Id FROM Lead LIMIT 1.5", "1.5"),
    ("SELECT FIELDS(ALL) FROM Lead", "FIELDS"),
    ("SELECT toLabel(Status) FROM Lead", "toLabel"),
    ("SELECT TYPEOF Owner WHEN User THEN Id END FROM Lead", "TYPEOF"),
    ("SELECT Id FROM Lead WHERE Tags INCLUDES ('a')", "INCLUDES"),
    ("SELECT Id FROM Lead WITH SECURITY_ENFORCED", "WITH"),
    ("SELECT Id FROM Lead USING SCOPE mine", "USING"),
    ("SELECT Id FROM Lead FOR UPDATE", "FOR"),
    ("SELECT Id FROM Lead ALL ROWS", "ALL ROWS"),
    ("SELECT Status, COUNT(Id) FROM Lead GROUP BY Status HAVING COUNT(Id) > 1", "HAVING"),
    ("SELECT Id, id FROM Lead", "duplicate field selected"),
    ("SELECT Id FROM Lead WHERE CreatedDate > 2026-01-01T00:00:00", "character '-'"),
    ("SELECT Id FROM Lead WHERE CALENDAR_YEAR(CreatedDate) = 2026", "CALENDAR_YEAR"),
    ("SELECT Id FROM Lead WHERE A = LAST_N_DAYS", "LAST_N_DAYS"),
    ("SELECT Id FROM Lead WHERE A = NEXT_FORTNIGHT:2", "NEXT_FORTNIGHT"),
    ("SELECT COUNT(), Status FROM Lead", "COUNT() must stand alone"),
    ("UPDATE Lead SET Status = 'x'", "UPDATE"),
    ("", "<EOF>"),
]


@pytest.mark.parametrize("soql", ACCEPTED)
def test_accepts_the_subset(soql: str) -> None:
    assert isinstance(parse(soql), Select)


@pytest.mark.parametrize(("soql", "named"), REFUSED)
def test_refuses_what_it_does_not_know_and_names_it(soql: str, named: str) -> None:
    with pytest.raises(SoqlError) as refused:
        parse(soql)
    assert refused.value.code == "MALFORMED_QUERY"
    assert named in refused.value.render(soql)


def test_every_truncation_of_a_query_is_refused_or_a_whole_query_itself() -> None:
    """No cut text may be read as less than it says: each prefix either fails, or ends where a complete query ends."""
    where = "(Status = 'a' OR Status = 'b') AND NOT Id IN (SELECT LeadId FROM CampaignMember)"
    soql = f"SELECT Id, Owner.Name FROM Lead WHERE {where} ORDER BY Id LIMIT 5"
    whole = set()
    for end in range(len(soql)):
        try:
            parse(soql[:end])
        except SoqlError:
            continue
        whole.add(soql[:end].rstrip())
    inside = range(soql.index("WHERE") + len("WHERE"), soql.index(" ORDER"))
    assert {soql[:end].rstrip() for end in inside} & whole == {soql[: soql.index(" AND")]}
    assert soql[: soql.index(" ORDER")] in whole


def test_a_pointer_shows_the_column_of_the_mistake() -> None:
    soql = "SELECT Id FROM Lead WHERE A = 1 AND B = 2 OR C = 3"
    with pytest.raises(SoqlError) as refused:
        parse(soql)
    lines = refused.value.render(soql).split("\n")
    assert lines[1] == soql
    assert lines[2].index("^") == soql.index("OR")
    assert lines[3] == f"ERROR at Row:1:Column:{soql.index('OR') + 1}"


def test_the_tree_keeps_negation_and_grouping() -> None:
    where = parse("SELECT Id FROM Lead WHERE (A = 1 OR B = 2) AND NOT C NOT IN ('x', null)").where
    assert isinstance(where, Every)
    either, negation = where.terms
    assert isinstance(either, Either)
    assert [term.operator for term in either.terms if isinstance(term, Comparison)] == ["=", "="]
    assert isinstance(negation, Not)
    assert isinstance(negation.term, Membership)
    assert negation.term.negated
    assert [literal.value for literal in negation.term.values] == ["x", None]


def test_an_offset_over_2000_has_its_own_code() -> None:
    with pytest.raises(SoqlError) as refused:
        parse("SELECT Id FROM Lead OFFSET 2001")
    assert refused.value.code == "NUMBER_OUTSIDE_VALID_RANGE"


def test_string_escapes_are_decoded() -> None:
    where = parse(r"SELECT Id FROM Lead WHERE Name = 'O\'Hara \\ \u0041\n'").where
    assert isinstance(where, Comparison)
    assert where.value.value == "O'Hara \\ A\n"
