"""A field of a company's own that its field map marks as personal is as discreet as a name: in the ledger, in traces, in a CRM's words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from engine_worlds import Place, place, replace_systems

from connectors.protocol import Refused
from engine.adopt import adopt
from engine.apply_plan import apply_plan
from engine.explain import explain
from ledger.ledger import open_ledger
from mappings.load import SHIPPED, load_policy, personal_fields
from tests.mappings.policy_folder import change, copy_policy

NICKNAME = "Quuxie"
OWN_FIELD = "  contacts:\n    nickname: {name: nick, type: text, personal: true}\n"
RULES = "rules:\n"
"""A rule that the nickname speaks against, above one that it fires."""
OWN_RULES = """rules:
  - {name: not_the_one, from: [any], to: customer, when: {nickname: Bathyscaphe}, next_step: Greet, reason: "Customer: greeted"}
  - {name: the_one, from: [any], to: customer, when: {nickname: {contains_any: [quuxie]}}, next_step: Greet, reason: "Customer: greeted"}
"""


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Place]:
    """A company whose field map and rules know nicknames, with an engine opened as the product opens it."""
    folder = copy_policy(tmp_path)
    text = (SHIPPED / "hubspot.yaml").read_text(encoding="utf-8")
    (folder / "hubspot.yaml").write_text(text.replace("  contacts:\n", OWN_FIELD, 1), encoding="utf-8")
    change(folder, "stages", RULES, OWN_RULES)
    made = place(tmp_path)
    made.ledger.close()
    policy = replace_systems(load_policy(folder), ("salesforce", "hubspot")).model_copy(update={"unsigned": ()})
    with open_ledger(made.path, personal=personal_fields(folder)) as ledger:
        yield replace(made, ledger=ledger, policy=policy)


def told(company: Place) -> str:
    """Every explanation, and everything the ledger keeps outside its one table of people."""
    with closing(sqlite3.connect(company.path)) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name != 'people'")]
        kept = [str(row) for name in names for row in database.execute(f'SELECT * FROM "{name}"')]
    return "\n".join([*kept, *(explain(company.engine, key) for key in company.ledger.leads.all_keys())])


def test_a_rule_says_that_it_read_an_own_personal_field_and_never_its_value(own: Place) -> None:
    for name, nickname in (("nina", NICKNAME), ("otto", f"{NICKNAME}-Otto")):
        own.person(name, nickname=nickname)
    own.adopted()
    said = told(own)
    assert "not the one (nickname is (not shown), asks for Bathyscaphe)" in said
    assert "by the_one: Customer: greeted" in said
    assert NICKNAME.casefold() not in said.casefold()


@pytest.mark.parametrize("system", ["salesforce", "hubspot"])
def test_a_refusal_that_quotes_an_own_personal_field_is_kept_without_its_value(own: Place, system: str) -> None:
    own.person("nina", nickname=NICKNAME, title="Bathyscaphe Pilot")
    own.crms[system].refuse[f"{system[0]}-nina"] = f"{NICKNAME} (Bathyscaphe Pilot) is blocked; {NICKNAME}s are not"
    made = adopt(own.engine)
    done = apply_plan(own.engine, made.plan_id, "me")
    (row,) = [row for row in own.ledger.exceptions.open_exceptions() if row.reason == "refused"]
    assert row.detail == f"{system}: (person) ((person)) is blocked; {NICKNAME}s are not"
    assert f"{NICKNAME} " not in "\n".join([told(own), *done.lines()])


def test_a_crm_that_stops_and_quotes_an_own_personal_field_is_told_without_its_value(own: Place) -> None:
    own.person("ida", nickname=NICKNAME)
    made = adopt(own.engine)

    def refuses(method: str, _: int) -> None:
        if method == "write":
            raise Refused(f"hubspot: {NICKNAME} is a word we do not take")

    own.hubspot.before_call = refuses
    done = apply_plan(own.engine, made.plan_id, "me")
    assert any("(person) is a word we do not take" in text for text in done.needs_you)
    assert NICKNAME not in told(own)
