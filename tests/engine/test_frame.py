"""The frame: what a decision may read about the others, and that it all belongs to its digest."""

from __future__ import annotations

import pytest
from engine_worlds import START, Place

from connectors.protocol import Cursor, Gone, Page
from engine.frame import build_frame
from handoff.digest import digest
from handoff.facts import Record, Ref, State


def account(system: str, number: int, **fields: str) -> Record:
    """A company or account as it is pulled."""
    ref = Ref(system, {"hubspot": "companies", "salesforce": "Account"}[system], str(number))
    return Record(ref, {"target_account": "true", **fields}, START, START, START)


def learn(company: Place, *records: Record, gone: tuple[Gone, ...] = ()) -> None:
    """The ledger hears of accounts."""
    company.world.stamps += 1
    page = Page("accounts", records, (), gone, Cursor("salesforce", "Account", "test", str(company.world.stamps)))
    company.ledger.facts.store_page(page, company.world.now)


def test_a_flagged_accounts_domain_belongs_to_its_owner(company: Place) -> None:
    learn(
        company,
        account("salesforce", 1, domain="https://www.Acme.example/about", owner="s-ivy"),
        account("hubspot", 2, domain="beta.example", owner="h-jon"),
        account("salesforce", 3, domain="gamma.example", owner="s-ivy", target_account="false"),
        account("salesforce", 4, domain="delta.example", owner="s-nurture"),
        account("salesforce", 5, domain="epsilon.example", owner="nobody we know"),
        account("salesforce", 6, owner="s-ivy"),
    )
    assert build_frame(company.engine).target_accounts == {"acme.example": "ivy@acme.example", "beta.example": "jon@acme.example"}


def test_an_account_that_is_no_target_any_more_or_left_is_nobodys(company: Place) -> None:
    first, second = (account("salesforce", number, domain=f"a{number}.example", owner="s-ivy") for number in (1, 2))
    learn(company, first, second)
    assert len(build_frame(company.engine).target_accounts) == 2
    learn(
        company,
        account("salesforce", 1, domain="a1.example", owner="s-ivy", target_account="false"),
        gone=(Gone(second.ref, State.DELETED, START),),
    )
    assert build_frame(company.engine).target_accounts == {}


def test_open_leads_are_those_a_rep_holds_on_the_sales_side(company: Place) -> None:
    company.adopted()
    assert build_frame(company.engine).open_leads == {}
    for name in ("nina", "otto", "paul"):
        company.asks(company.person(name, days_old=0, owner="zoe"))
    company.person("rita", owner="bob")  # goes to nurture
    company.sync()
    owners = [row.fields["owner"] for row in company.salesforce.rows.values() if row.fields.get("handoff_stage") == "offered"]
    assert build_frame(company.engine).open_leads == {f"{owner[2:]}@acme.example": owners.count(owner) for owner in owners}
    assert sum(build_frame(company.engine).open_leads.values()) == 3


@pytest.mark.parametrize("changed", ["open_leads", "turns", "target_accounts", "coverage"])
def test_what_decisions_may_read_is_in_the_digest(company: Place, changed: str) -> None:
    before = build_frame(company.engine)
    if changed == "coverage":
        company.sync()
    elif changed == "target_accounts":
        learn(company, account("salesforce", 1, domain="acme.example", owner="s-ivy"))
    elif changed == "turns":
        company.ledger.turns.log("development_reps", "ann@acme.example", "hubspot:contacts:1", 1, 1, START)
    else:
        company.adopted()
        company.asks(company.person("nina", days_old=0, owner="ann"))
        company.sync()
    after = build_frame(company.engine)
    assert getattr(before, changed) != getattr(after, changed)
    assert before.digest != after.digest
    assert digest(company.ledger.switches.frame(after.digest)) == digest(after)
