"""Plans that wait for a person, and plans of a run, are found however many plans were made since; so is whoever waits for a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from engine_worlds import Place
from sqlalchemy import insert
from test_deliver import Recorder

from engine.adopt import adopt
from engine.alarms import raise_alarms
from engine.apply_plan import apply_plan
from engine.explain import explain
from engine.report import Status
from engine.runs import running
from engine.sync import sync
from engine.undo import undo
from ledger.codec import micros
from ledger.schema import plans

MANY = 600


def many_plans(company: Place) -> None:
    """As many runs come by as in a week; each leaves an empty plan."""
    ledger, now = company.ledger, company.world.now
    run_id = ledger.runs.start("sync-leads", "apply", now)
    made = {"run_id": run_id, "state": "approved", "created_at": micros(now), "expires_at": micros(now)}
    with ledger._database.write() as connection:
        connection.execute(insert(plans), [made] * MANY)
    ledger.runs.finish(run_id, "done", {}, now)


def test_a_plan_waits_for_its_whole_day_however_many_runs_come_by(company: Place) -> None:
    for name in ("anna", "bert"):
        company.person(name)
    made = adopt(company.engine)
    many_plans(company)
    company.world.advance(hours=12)
    company.sync()
    done = apply_plan(company.engine, made.plan_id, "revops@acme.example")
    assert done.status is Status.DONE
    assert done.counts.moved["adopted_limbo"] == 2


def test_a_run_is_undone_whole_however_many_plans_were_made_since(company: Place) -> None:
    """It wrote two plans: what moved, and whom it handed over because they had just asked."""
    company.person("anna")
    company.adopted()
    company.person("bert")
    company.asks(company.person("ida", days_old=1))
    before = company.picture()
    done = sync(company.engine, "apply")
    assert len(company.ledger.outbox.plans_of(int(done.run_id))) == 2
    many_plans(company)
    taken = undo(company.engine, done.run_id)
    assert any("2 leads are held" in note for note in taken.notes)
    named = ("status", "owner", "handoff_stage")
    assert [{n: row.get(n) or None for n in named} for row in company.picture().values()] == [
        {n: row.get(n) or None for n in named} for row in before.values()
    ]


def test_on_call_hears_of_a_new_lead_nobody_gets_behind_a_thousand_old_exceptions(company: Place) -> None:
    ledger, now = company.ledger, company.world.now
    old = [(f"hubspot:contacts:{number}", "refused", "") for number in range(1000)]
    ledger.exceptions.report_many(old, 1, now)
    ledger.exceptions.report("salesforce:Lead:s-ida", "nobody_to_give_to", "nobody is at work", 1, now)
    company.world.now += timedelta(minutes=20)
    recorder = Recorder()
    with running(replace(company.engine, notifier=recorder), "sync-leads", "apply") as run:
        raise_alarms(run)
    assert [sent.subject for sent in recorder.sent] == ["1 leads that must be routed have nobody"]


@pytest.mark.parametrize(
    ("earlier", "told"),
    [
        pytest.param([(90, "partial"), (30, "failed")], True, id="an hour and longer"),
        pytest.param([(30, "partial")], False, id="half an hour"),
        pytest.param([(90, "done"), (30, "partial")], False, id="it worked before"),
        pytest.param([(90, "partial"), (30, "done")], False, id="it worked meanwhile"),
        pytest.param([], False, id="the first run"),
    ],
)
def test_on_call_hears_of_writes_that_have_failed_for_an_hour(earlier: list[tuple[int, str]], told: bool, company: Place) -> None:
    recorder, runs, now = Recorder(), company.ledger.runs, company.world.now
    for minutes_ago, state in earlier:
        at = now - timedelta(minutes=minutes_ago)
        runs.finish(runs.start("sync-leads", "apply", at), state, {}, at)
        runs.finish(runs.start("sync-leads", "plan", at), "done", {}, at)
    with running(replace(company.engine, notifier=recorder), "sync-leads", "apply") as run:
        run.stop("salesforce", "it does not answer")
        raise_alarms(run)
    assert [sent.subject for sent in recorder.sent] == ["Writes to a CRM have been failing for an hour"] * told


def test_explain_tells_the_exceptions_of_one_lead_among_many(company: Place) -> None:
    ref = company.person("anna")
    company.adopted()
    others = [(f"hubspot:contacts:{number}", "refused", "") for number in range(10_000)]
    company.ledger.exceptions.report_many(others, 1, company.world.now)
    (key,) = company.ledger.leads.find(str(ref))
    company.ledger.exceptions.report(key, "contested", "another automation set status back", 1, company.world.now)
    assert "exception  contested: another automation set status back" in explain(company.engine, key)


def test_explain_tells_which_plan_waits_and_what_for(company: Place) -> None:
    ref = company.person("anna")
    made = adopt(company.engine)
    assert f"fields to write in plan {made.plan_id}" in explain(company.engine, str(ref))
