"""Effects and creations: at most once per key, owed until they are made (laws 4 and 5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ledger_makers import (
    DAY,
    KEY,
    LEAD,
    NOW,
    claim,
    claimed,
    decision,
    effect,
    lead_of,
    line,
    plan,
    record,
    results,
    run_together,
    task,
    token,
    told_and_done,
)

from handoff.decision import EffectKind
from handoff.facts import Ref
from handoff.plan import Creation
from ledger.ledger import Ledger
from ledger.values import CreationResult, LineState

Rows = Callable[[str], list[tuple[object, ...]]]
NEW_LEAD = Creation(
    KEY, "salesforce", "lead", "", {"email": "ana@example.com", "company": "Acme", "status": "Open", "handoff_stage": "offered"}
)


def new_lead(ledger: Ledger) -> Creation:
    return replace(NEW_LEAD, unique_key=effect(kind=EffectKind.CREATE_LEAD).key)


def test_a_task_in_flight_keeps_its_key_whatever_becomes_of_its_lead(ledger: Ledger) -> None:
    lead_of(ledger, record(), record(LEAD))
    held, made = token(ledger), effect()
    plan(ledger, made, task(made))
    (row,) = ledger.outbox.claim("salesforce", "task", "create", 9, held, NOW).creations
    plan(ledger, line(after="nurture"))
    ledger.outbox.expire(NOW + 9 * DAY)
    assert ledger.effects.of(lead_key=KEY)[0].state == "in_flight"
    plan(ledger, made, task(made), now=NOW + 9 * DAY)
    assert not ledger.outbox.claim("salesforce", "task", "create", 9, held, NOW)
    ledger.outbox.finish(held, [CreationResult(row.id, LineState.DONE, Ref("salesforce", "Task", "1"))], NOW)
    assert ledger.effects.of(lead_key=KEY)[0].state == "done"


def test_tasks_wait_until_their_lead_stands_as_planned(ledger: Ledger) -> None:
    lead_of(ledger, record(), record(LEAD))
    held, made = token(ledger), effect()
    plan(ledger, line(), made, task(made))
    assert not ledger.outbox.claim("salesforce", "task", "create", 9, held, NOW)
    ledger.outbox.finish(held, results(claim(ledger, held)), NOW)
    batch = ledger.outbox.claim("salesforce", "task", "create", 9, held, NOW)
    (row,) = batch.creations
    assert row.creation == task(made)
    assert ledger.leads.prior([KEY])[KEY].stage == "offered", "a task may come later"
    made_ref = Ref("salesforce", "Task", "00T1")
    ledger.outbox.finish(held, [CreationResult(row.id, LineState.DONE, made_ref)], NOW)
    (stored,) = ledger.effects.of(lead_key=KEY)
    assert (stored.state, stored.ref, stored.effect) == ("done", str(made_ref), made)


def test_a_task_that_is_owed_survives_looks_that_change_nothing_but_not_a_new_move(ledger: Ledger) -> None:
    """Law 4: the lead stands as planned and the task could not be made yet; the next run must not lose it."""
    lead_of(ledger, record(), record(LEAD))
    held, made = token(ledger), effect()
    plan(ledger, line(), made, task(made))
    ledger.outbox.finish(held, results(claim(ledger, held)), NOW)
    plan(ledger, made=decision(unchanged=True))
    ledger.outbox.expire(NOW + 9 * DAY)
    assert ledger.outbox.open_groups() == (("salesforce", "task", "create", 1),)
    plan(ledger, line(after="nurture"))
    assert [group for group in ledger.outbox.open_groups() if group[1] == "task"] == []


def test_nothing_is_created_twice_by_any_later_plan(ledger: Ledger) -> None:
    """Law 5: the key of an effect is taken once and for all."""
    lead_of(ledger, record(), record(LEAD))
    held, made = token(ledger), effect()
    for _ in range(2):
        plan(ledger, made, task(made))
        batch = ledger.outbox.claim("salesforce", "task", "create", 9, held, NOW)
        ledger.outbox.finish(held, [CreationResult(row.id, LineState.DONE, Ref("salesforce", "Task", "1")) for row in batch.creations], NOW)
    assert len(ledger.outbox.created(lead_key=KEY)) == 1


def test_a_task_the_crm_refused_may_be_planned_again(ledger: Ledger) -> None:
    lead_of(ledger, record(), record(LEAD))
    held, made = token(ledger), effect()
    plan(ledger, made, task(made))
    batch = ledger.outbox.claim("salesforce", "task", "create", 9, held, NOW)
    ledger.outbox.finish(held, [CreationResult(row.id, LineState.REFUSED, None, "FIELD_CUSTOM_VALIDATION") for row in batch.creations], NOW)
    assert ledger.effects.of(lead_key=KEY)[0].state == "refused"
    plan(ledger, made, task(made))
    assert ledger.outbox.claim("salesforce", "task", "create", 9, held, NOW)


def test_a_new_lead_is_a_fact_and_our_own_write_at_once(ledger: Ledger, rows: Rows) -> None:
    lead_of(ledger, record())
    held, created = token(ledger), new_lead(ledger)
    made = effect(kind=EffectKind.CREATE_LEAD)
    after = effect()
    plan(ledger, created, made, after, task(after, about=(), after_key=created.unique_key))
    assert "ana@example.com" not in str(rows("SELECT * FROM creations"))
    assert not ledger.outbox.claim("salesforce", "task", "create", 9, held, NOW)
    (row,) = ledger.outbox.claim("salesforce", "lead", "create", 9, held, NOW).creations
    assert row.creation == created
    read = record(LEAD, NOW, company="Acme", status="Open", handoff_stage="offered", email="ana@example.com")
    ledger.outbox.finish(held, [CreationResult(row.id, LineState.DONE, LEAD)], NOW, [read], tuple(created.values))
    assert ledger.facts.records([LEAD])[LEAD].fields == dict(read.fields)
    assert set(ledger.outbox.own_writes([LEAD])[LEAD]) == {"status", "handoff_stage"}
    assert ledger.leads.prior([KEY])[KEY].stage == "offered"
    (waiting,) = ledger.outbox.claim("salesforce", "task", "create", 9, held, NOW).creations
    assert waiting.creation.after_key == created.unique_key
    assert ledger.outbox.created(lead_key=KEY)[0].ref == LEAD


def test_effects_without_a_record_are_claimed_when_their_lead_stands_as_planned(ledger: Ledger) -> None:
    lead_of(ledger, record())
    held, made = token(ledger), effect(kind=EffectKind.NOTIFY)
    plan(ledger, line(), made)
    assert ledger.effects.ready("notify") == ()
    ledger.outbox.finish(held, results(claim(ledger, held)), NOW)
    (row,) = ledger.effects.ready("notify")
    assert row.effect == made
    assert ledger.effects.take([row.id], held) == {row.id}
    assert (ledger.effects.take([row.id], held), ledger.effects.ready("notify")) == (frozenset(), ())
    assert [each.id for each in ledger.effects.in_flight()] == [row.id]
    ledger.effects.mark(made.key, "done", NOW, "slack:1")
    assert ledger.effects.in_flight() == ()


def test_an_effect_is_claimed_once_under_eight_threads(ledger: Ledger) -> None:
    """Law 5, on what the product calls: tasks are claimed from the outbox, notices are taken by their ids."""
    held, planned = token(ledger), told_and_done(ledger, 9)
    won: list[str] = []
    failures: list[Exception] = []

    def work() -> None:
        try:
            while mine := claimed(ledger, held, most=2):
                won.extend(mine)
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    run_together(work, 8)
    assert failures == []
    assert sorted(won) == sorted(made.key for made in planned)
    assert len(ledger.outbox.in_flight().creations) == len(ledger.effects.in_flight()) == 9


def test_an_effect_put_back_may_be_claimed_again_and_a_done_one_may_not(ledger: Ledger) -> None:
    held, (made, notice) = token(ledger), told_and_done(ledger, 1)
    for state in (LineState.OPEN, LineState.DONE):
        assert sorted(claimed(ledger, held)) == sorted([made.key, notice.key])
        (row,) = ledger.outbox.in_flight().creations
        ledger.outbox.finish(held, [CreationResult(row.id, state, Ref("salesforce", "Task", "1"))], NOW)
        ledger.effects.mark(notice.key, "planned" if state is LineState.OPEN else "done", NOW)
    plan(ledger, made, task(made), notice)
    assert claimed(ledger, held) == []
