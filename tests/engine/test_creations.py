"""A Salesforce Lead that is created: whatever dies or fails around it, there is one, it belongs to its lead, and its task comes once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from engine_worlds import Place, copy_of
from fake_crm import Killed, lost_reply
from read_only import no_writes

from connectors.protocol import TryLater
from engine.adopt import adopt
from engine.apply_plan import apply_plan
from engine.report import RunSummary, Status
from handoff.facts import Ref


def asked(company: Place) -> RunSummary:
    """Ida asked for a demo and has no Salesforce record, Anna did and has one; their backlog plan waits."""
    company.asks(company.contact("ida", days_old=40), days_ago=20)
    company.asks(company.person("anna"), days_ago=20)
    return adopt(company.engine)


def idas(company: Place) -> list[Ref]:
    """The records that the ledger holds for Ida."""
    (loaded,) = company.ledger.leads.load(
        company.ledger.leads.find("hubspot:contacts:h-ida"), company.world.now, company.policy.systems, company.policy.sources
    )
    return sorted(record.ref for record in loaded.facts.records)


def complete(company: Place) -> None:
    """One Lead and one task for Ida, both CRMs written, and nothing left to do."""
    made = [row for row in company.salesforce.rows.values() if row.fields.get("hubspot_id") == "h-ida"]
    assert len(made) == 1
    assert idas(company) == [Ref("hubspot", "contacts", "h-ida"), Ref("salesforce", "Lead", made[0].id)]
    assert len(company.tasks()) == len({new.about for new, _ in company.salesforce.tasks.values()}) == 2
    with no_writes(company):
        last = company.sync()
    assert (last.counts.lines, last.counts.effects) == (0, 0)


def test_a_run_that_dies_before_any_of_its_transactions_is_finished_by_the_next_one(company: Place, tmp_path: Path) -> None:
    made = asked(company)
    clean = copy_of(company, tmp_path / "clean.db")
    before = clean.world.transactions
    apply_plan(clean.engine, made.plan_id, "me")
    transactions = clean.world.transactions - before
    complete(clean)
    for number in range(1, transactions + 1):
        died = copy_of(company, tmp_path / f"{number}.db")
        died.world.dies_at = died.world.transactions + number
        with pytest.raises(Killed):
            apply_plan(died.engine, made.plan_id, "me")
        died.seconds += 3600  # the dead process's lease runs out
        apply_plan(died.engine, made.plan_id, "me")
        assert len(idas(died)) == 2, f"died before transaction {number}: the new Lead belongs to nobody"
        died.sync()
        complete(died)
        died.ledger.close()
    assert transactions > 15


class Failing:
    """A CRM answers every call of one method with an error until it is mended."""

    def __init__(self, method: str) -> None:
        self.method, self.mended, self.seen = method, False, 0

    def __call__(self, method: str, _: int) -> None:
        if method == self.method and not self.mended:
            self.seen += 1
            raise TryLater("salesforce: maintenance", 60.0)


@pytest.mark.parametrize("method", ["read", "find"])
def test_a_crm_that_cannot_say_what_it_made_is_stopped_alone(company: Place, method: str) -> None:
    """The other CRM is written all the same; the next run finds the record by its key and goes on."""
    company.asks(company.contact("ida", days_old=40), days_ago=20)
    made = adopt(company.engine)
    fault = Failing(method)
    company.salesforce.before_call = fault
    if method == "find":
        company.salesforce.after_call = lost_reply("create", 1)
    done = apply_plan(company.engine, made.plan_id, "me")
    assert done.status is Status.PARTIAL
    assert fault.seen == 1
    assert any("maintenance" in text for text in done.needs_you)
    assert done.counts.writes.get("hubspot") == 1
    assert company.tasks() == []
    fault.mended = True
    company.asks(company.person("anna", days_old=0))
    company.sync()
    complete(company)


def test_a_crm_that_cannot_be_read_while_a_run_is_recovered_holds_nobody_else_back(company: Place) -> None:
    company.asks(company.contact("ida", days_old=40), days_ago=20)
    made = adopt(company.engine)
    dies: Callable[[str, int], None] = _dies_at_create
    company.salesforce.after_call = dies
    with pytest.raises(Killed):
        apply_plan(company.engine, made.plan_id, "me")
    company.salesforce.after_call = lambda _method, _number: None
    company.seconds += 3600
    fault = Failing("read")
    company.salesforce.before_call = fault
    done = apply_plan(company.engine, made.plan_id, "me")
    assert done.status is Status.PARTIAL
    assert done.counts.writes.get("hubspot") == 1
    fault.mended = True
    company.asks(company.person("anna", days_old=0))
    company.sync()
    complete(company)


def _dies_at_create(method: str, _: int) -> None:
    if method == "create":
        raise Killed


def test_many_creations_that_a_dead_run_left_in_flight_are_all_sent_by_the_next_one(company: Place) -> None:
    """None of them found a lock: looking for them is no try that failed."""
    company.salesforce.batch_rows = 20
    for name in ("amy", "ben", "cyd", "dov", "eli", "flo", "gus"):
        company.asks(company.person(name), days_ago=20)
    made = adopt(company.engine)
    dies: Callable[[str, int], None] = _dies_at_create
    company.salesforce.before_call = dies
    with pytest.raises(Killed):
        apply_plan(company.engine, made.plan_id, "me")
    company.salesforce.before_call = lambda _method, _number: None
    company.seconds += 3600
    assert apply_plan(company.engine, made.plan_id, "me").status is not Status.PARTIAL
    assert len(company.tasks()) == 7
