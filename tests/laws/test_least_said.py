"""Law 12: what a whole working week logs, prints, reports, explains and keeps, searched for every person in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from life import HUMANS, Life

PERSONAL_TABLE = "people"


def test_law_12_nothing_that_is_said_names_a_person(week: Life) -> None:
    """Logs of all libraries down to DEBUG, printed words, summaries, explanations, the list of exceptions, the doctor's lines."""
    said = week.said.getvalue().casefold()
    assert "region required for (person) (person)" in said, "the CRM's refusal that quotes people was never met"
    assert '"post /crm/' in said, "no library's log was caught"
    assert '"get /services/data/' in said
    assert _found(said, planted()) == []
    assert _found(said, world(week)) == []


def test_law_12_the_ledger_names_a_person_in_one_table_alone(week: Life) -> None:
    kept = {table: " ".join(rows).casefold() for table, rows in tables(week)}
    assert _found(kept.pop(PERSONAL_TABLE), planted()) != [], "the planted people never arrived"
    assert {table: found for table, text in kept.items() if (found := _found(text, [*planted(), *world(week)]))} == {}


def planted() -> list[str]:
    """What stands nowhere else: every value of the planted people."""
    return [value for human in HUMANS for value in human.values]


def world(week: Life) -> list[str]:
    """Addresses, telephones and full names of everybody in Company A, as the ledger's own table holds them. Colleagues are not leads."""
    staff = {person["email"].casefold() for person in week.stage.manifest["people"]}
    with closing(sqlite3.connect(week.ledger)) as database:
        query = (
            "SELECT json_extract(body, '$.email'), json_extract(body, '$.phone'), "
            "json_extract(body, '$.first_name') || ' ' || json_extract(body, '$.last_name') FROM people"
        )
        found = {value for row in database.execute(query) for value in row if value and value.casefold() not in staff}
    assert len(found) > 300
    return sorted(found)


def tables(week: Life) -> Iterator[tuple[str, list[str]]]:
    """Every table of the ledger with its rows as text."""
    with closing(sqlite3.connect(week.ledger)) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in names:
            yield name, [str(row) for row in database.execute(f'SELECT * FROM "{name}"')]


def _found(text: str, values: list[str]) -> list[str]:
    return [value for value in values if value.casefold() in text]
