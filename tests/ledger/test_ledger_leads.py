"""Leads: who is due, what they are, how two become one, and what a decision was made of (laws 2, 4, 5, 6)."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from ledger_makers import (
    CONTACT,
    DAY,
    FRAME,
    HOUR,
    KEY,
    LEAD,
    NOW,
    POLICY,
    ROSTER,
    SYSTEMS,
    activity,
    claim,
    claimed,
    decide,
    decision,
    due,
    effect,
    lead_of,
    line,
    load,
    page,
    plan,
    record,
    results,
    token,
)
from sqlalchemy import event

from handoff.decision import Effect, EffectKind, Prior, Side, prior_of
from handoff.facts import Ref
from ledger.ledger import Ledger, open_ledger
from ledger.values import Link, NewPlan, Role

Rows = Callable[[str], list[tuple[object, ...]]]
OTHER = Ref("hubspot", "contacts", "2")


def settled(ledger: Ledger, **changes: object) -> None:
    """The lead is decided and nothing is left to write."""
    decide(ledger, decision(**changes))
    ledger.leads.settle([KEY])


def test_a_new_lead_is_due_until_its_decision_is_in_force(ledger: Ledger) -> None:
    lead_of(ledger, record())
    assert due(ledger) == [KEY]
    decide(ledger, decision())
    assert due(ledger) == [KEY], "a crash between deciding and planning must not lose the lead (law 4)"
    assert ledger.leads.prior([KEY]) == {}
    assert ledger.leads.settle([KEY]) == 1
    assert due(ledger) == []
    assert ledger.leads.prior([KEY]) == {KEY: prior_of(decision())}


WHY_DUE = [
    pytest.param({"now": NOW + DAY}, True, id="its next look has come"),
    pytest.param({"now": NOW + DAY - timedelta(microseconds=1)}, False, id="not a moment before"),
    pytest.param({"policy": "policy-0"}, True, id="another policy, earlier in order"),
    pytest.param({"policy": "policy-2"}, True, id="another policy, later in order"),
    pytest.param({"roster": "roster-0"}, True, id="another roster"),
    pytest.param({"roster": "roster-2", "now": NOW + 2 * DAY, "policy": "x"}, True, id="several reasons, once"),
]


@pytest.mark.parametrize(("when", "expected"), WHY_DUE)
def test_why_a_lead_is_due(ledger: Ledger, when: dict[str, str], expected: bool) -> None:
    lead_of(ledger, record())
    settled(ledger)
    assert due(ledger, **when) == ([KEY] if expected else [])


def test_another_roster_concerns_the_sales_side_only(ledger: Ledger) -> None:
    lead_of(ledger, record())
    settled(ledger, side=Side.MARKETING, stage="nurture")
    assert due(ledger, roster="roster-2") == []


def test_a_fact_that_comes_while_a_lead_is_decided_makes_it_due_again(ledger: Ledger) -> None:
    lead_of(ledger, record(status="new"))
    run_id = ledger.runs.start("sync_leads", "apply", NOW)
    mark = load(ledger).mark
    ledger.facts.store_page(page(activity()), NOW)
    ledger.leads.save_decisions(run_id, [decision()], {KEY: mark}, POLICY, ROSTER, FRAME, NOW)
    ledger.leads.settle([KEY])
    assert due(ledger) == [KEY]


@pytest.mark.parametrize("size", [1, 3, 7, 2000])
def test_every_due_lead_comes_once_whatever_the_shard_size_and_whether_it_is_settled_or_not(ledger: Ledger, size: int) -> None:
    keys = []
    for number in range(8):
        ref = Ref("hubspot", "contacts", str(number))
        keys.append(lead_of(ledger, record(ref), key=str(ref)))
    for number, key in enumerate(keys[:6]):
        decide(ledger, decision(key, next_look_at=NOW + HOUR if number < 4 else None))
    ledger.leads.settle(keys[:6])
    assert sorted(due(ledger, now=NOW + HOUR, size=size)) == sorted([*keys[:4], *keys[6:]])
    assert sorted(due(ledger, now=NOW + HOUR, policy="policy-2", size=size)) == sorted(keys)
    seen = []
    for shard in ledger.leads.due(NOW + HOUR, "policy-2", ROSTER, size):
        seen += shard
        for key in shard:
            decide(ledger, decision(key, next_look_at=NOW + DAY), policy="policy-2")
        ledger.leads.settle(shard)
    assert sorted(seen) == sorted(set(seen))


def test_looking_for_due_leads_scans_no_table(migrated_file: Path, tmp_path: Path) -> None:
    """A run costs what is due, not what is stored: every reason is found by its index. (PostgreSQL rightly scans tables this small.)"""
    path = shutil.copy(migrated_file, tmp_path)
    statements: list[tuple[str, object]] = []
    with open_ledger(path) as ledger:
        event.listen(ledger._database._engine, "before_cursor_execute", lambda _c, _r, sql, values, *_: statements.append((sql, values)))
        list(ledger.leads.due(NOW, POLICY, ROSTER))
        list(ledger.leads.ready())
        ledger.leads.open_by_owner()
        ledger.outbox.open_groups()
        ledger.outbox.expire(NOW)
        ledger.facts.touched(10)
        ledger.facts.carrying(["a@example.com"])
        ledger.facts.naming(["hubspot_id", "merged_ids"], ["1", "2"])
        ledger.facts.flagged("target_account")
    with sqlite3.connect(path) as raw:
        steps = [
            (row[3], sql)
            for sql, values in statements
            if sql.startswith("SELECT")
            for row in raw.execute(f"EXPLAIN QUERY PLAN {sql}", values)
        ]
    assert len(steps) > 12
    # A list that was handed in is no table.
    assert [step for step in steps if step[0].startswith("SCAN") and "USING" not in step[0] and "json_each" not in step[0]] == []


def test_open_leads_are_counted_per_rep_on_the_sales_side(ledger: Ledger) -> None:
    owners = ["a@example.com", "a@example.com", "queue:Nurture", "", "b@example.com"]
    for number, owner in enumerate(owners):
        ref = Ref("hubspot", "contacts", str(number))
        lead_of(ledger, record(ref), key=str(ref))
        decide(ledger, decision(str(ref), owner=owner, side=Side.MARKETING if number == 4 else Side.SALES))
        ledger.leads.settle([str(ref)])
    assert ledger.leads.open_by_owner() == {"a@example.com": 2}


def test_ready_leads_wait_for_an_owner_until_they_are_offered(ledger: Ledger) -> None:
    lead_of(ledger, record())
    settled(ledger, stage="mql", side=Side.MARKETING, ready=True)
    assert list(ledger.leads.ready()) == [(KEY,)]
    settled(ledger)
    assert list(ledger.leads.ready()) == []


def test_the_prior_changes_only_when_the_last_line_is_done(ledger: Ledger) -> None:
    lead_of(ledger, record(), record(LEAD))
    held = token(ledger)
    plan(ledger, line(), line(LEAD))
    assert due(ledger) == [], "its lines stand for it now"
    assert ledger.leads.settle([KEY]) == 0
    ledger.outbox.finish(held, results(claim(ledger, held)), NOW)
    assert ledger.leads.prior([KEY]) == {}
    ledger.outbox.finish(held, results(claim(ledger, held, LEAD)), NOW)
    assert ledger.leads.prior([KEY]) == {KEY: prior_of(decision())}


def test_set_prior_comes_from_outside_a_plan_and_makes_the_lead_due(ledger: Ledger) -> None:
    lead_of(ledger, record())
    settled(ledger)
    prior = prior_of(decision())._replace(stage="nurture", held_until=NOW + DAY, rev=7)
    ledger.leads.set_prior({KEY: prior})
    assert ledger.leads.prior([KEY]) == {KEY: prior}
    assert due(ledger) == [KEY]


def test_a_replay_has_the_facts_and_the_prior_of_that_decision_though_the_clock_stood_still(ledger: Ledger) -> None:
    """Law 6, with every step at one instant: facts that came after the decision are not in its replay."""
    lead_of(ledger, record(status="new"))
    first = load(ledger)
    decide(ledger, decision())
    ledger.leads.settle([KEY])
    ledger.facts.store_page(page(record(status="working", modified=NOW), activity()), NOW)
    ledger.leads.link([Link(LEAD, KEY, Role.MIRROR)], NOW)
    replay = ledger.leads.replay(KEY, SYSTEMS, {})
    assert (replay.facts, replay.prior, replay.decided_at) == (first.facts, None, NOW)
    assert (replay.decision, replay.policy_digest, replay.frame_digest) == (decision(), POLICY, FRAME)
    decide(ledger, decision(stage="sal", episode=2))
    assert ledger.leads.replay(KEY, SYSTEMS, {}).prior == prior_of(decision())


def test_the_history_keeps_every_change_and_the_latest_look_without_personal_texts(ledger: Ledger) -> None:
    lead_of(ledger, record())
    moved = decision(effects=(effect(text="Call Ana Secret"),), exceptions=(("unmapped_status", "Foo"),), override=("owner",))
    decide(ledger, moved)
    for hours in (1, 2, 3):
        decide(ledger, decision(unchanged=True, reason=f"look {hours}"), now=NOW + hours * HOUR)
    stored = ledger.leads.decision(KEY, as_of=NOW)
    assert stored == moved._replace(effects=(moved.effects[0]._replace(text="", subject=""),))
    latest, before = ledger.leads.decision(KEY), ledger.leads.decision(KEY, as_of=NOW + 2 * HOUR)
    assert latest is not None
    assert latest.reason == "look 3"
    assert before == stored, "looks that changed nothing are not history"


def test_deciding_a_lead_twice_in_one_run_keeps_the_second(ledger: Ledger, rows: object) -> None:
    lead_of(ledger, record())
    run_id = decide(ledger, decision(stage="mql", ready=True))
    decide(ledger, decision(owner="rep-2@example.com"), run=run_id)
    assert rows("SELECT count(*) FROM decisions") == [(1,)]  # type: ignore[operator]
    assert ledger.leads.decision(KEY).owner == "rep-2@example.com"  # type: ignore[union-attr]


def test_an_alias_unites_records_effects_and_history(ledger: Ledger) -> None:
    """Law 5 across a merge: a key done for either is done for both."""
    lead_of(ledger, record())
    lead_of(ledger, record(OTHER), key=str(OTHER))
    ledger.leads.set_prior({str(OTHER): prior_of(decision(str(OTHER)))._replace(episode=4, rev=9)})
    ledger.leads.set_prior({KEY: prior_of(decision())})
    held, done, other = token(ledger), effect(kind=EffectKind.NOTIFY), effect(str(OTHER), EffectKind.NOTIFY, 3)
    plan(ledger, done)
    plan(ledger, other, made=decision(str(OTHER)))
    assert sorted(claimed(ledger, held)) == sorted([done.key, other.key])
    ledger.leads.alias(str(OTHER), KEY, NOW)
    assert ledger.leads.count() == 1
    assert {each.ref for each in load(ledger, str(OTHER)).facts.records} == {CONTACT, OTHER}
    assert load(ledger, str(OTHER)).facts.key == KEY
    assert (ledger.leads.prior([KEY])[KEY].episode, ledger.leads.prior([KEY])[KEY].rev) == (4, 9)
    assert due(ledger) == [KEY]
    assert ledger.leads.all_keys() == (KEY,)
    plan(ledger, effect(kind=EffectKind.NOTIFY, episode=3), effect(str(OTHER), EffectKind.NOTIFY))
    assert claimed(ledger, held) == []
    ledger.leads.alias(str(OTHER), KEY, NOW)
    assert ledger.leads.count() == 1


def test_who_declined_either_of_two_leads_gets_neither(ledger: Ledger) -> None:
    """What people did with the one counts for both: who declined, how often it was re-routed, how often its owner kept it."""
    lead_of(ledger, record())
    lead_of(ledger, record(OTHER), key=str(OTHER))
    kept = prior_of(decision())._replace(tried=("ann", "bob"), reroutes=1, keeps=2)
    ledger.leads.set_prior({KEY: kept, str(OTHER): kept._replace(tried=("cat", "ann"), reroutes=3, keeps=1, owner="dan", rev=7)})
    ledger.leads.alias(str(OTHER), KEY, NOW)
    assert ledger.leads.prior([KEY])[KEY] == kept._replace(tried=("ann", "bob", "cat"), reroutes=3, keeps=2, rev=7)


def test_an_alias_leaves_nothing_pending_of_the_lead_that_went(ledger: Ledger, rows: Rows) -> None:
    lead_of(ledger, record())
    lead_of(ledger, record(OTHER), key=str(OTHER))
    plan(ledger, line(OTHER, lead=str(OTHER)), made=decision(str(OTHER)))
    ledger.leads.alias(str(OTHER), KEY, NOW)
    assert rows("SELECT pending, pending_plan FROM leads WHERE merged_into IS NOT NULL") == [(None, None)]


def test_an_alias_voids_the_open_lines_of_the_lead_that_went(ledger: Ledger) -> None:
    lead_of(ledger, record(OTHER), key=str(OTHER))
    plan(ledger, line(OTHER, lead=str(OTHER)), made=decision(str(OTHER)))
    lead_of(ledger, record())
    ledger.leads.alias(str(OTHER), KEY, NOW)
    assert ledger.outbox.open_groups() == ()


FOUND = [
    pytest.param("ana@example.com", id="e-mail"),
    pytest.param(" ANA@Example.com ", id="e-mail in other letters"),
    pytest.param(KEY, id="lead key"),
    pytest.param("00Q1", id="bare record id"),
    pytest.param("salesforce:Lead:00Q1", id="record"),
]


@pytest.mark.parametrize("text", FOUND)
def test_a_lead_is_found_by(ledger: Ledger, text: str) -> None:
    lead_of(ledger, record(email="Ana@example.com"), record(LEAD))
    assert ledger.leads.find(text) == (KEY,)
    assert ledger.leads.find("nobody@example.com") == ()
    assert ledger.leads.find("Q1") == ()


def test_plan_only_runs_leave_everybody_due(ledger: Ledger) -> None:
    lead_of(ledger, record())
    plan(ledger, line(), approved=False)
    assert due(ledger) == [KEY]
    assert ledger.leads.prior([KEY]) == {}


def test_effect_texts_and_new_leads_are_forgotten_with_the_person(ledger: Ledger, rows: object) -> None:
    lead_of(ledger, record(email="ana@example.com"))
    run_id = decide(ledger, decision())
    notify = Effect(EffectKind.NOTIFY, KEY, "hand_raise", 1, None, "Ana asked for a demo", "Ana")
    ledger.outbox.save_plan(run_id, NewPlan(effects=(notify,), decided=(KEY,)), NOW, NOW + DAY, approved=True)
    assert ledger.effects.of(lead_key=KEY)[0].effect == notify
    ledger.facts.erase(KEY, NOW)
    assert rows("SELECT count(*) FROM people") == [(0,)]  # type: ignore[operator]
    assert ledger.effects.of(lead_key=KEY)[0].effect == notify._replace(text="", subject="")


def test_a_prior_survives_the_ledger_whole(ledger: Ledger) -> None:
    lead_of(ledger, record())
    full = Prior(
        "sal", NOW, 3, 9, "rep@example.com", "old@example.com", "inbound", "mql", "call", "group", NOW + HOUR, NOW + DAY, NOW, NOW - DAY, 2,
        NOW - 9 * DAY, NOW + 9 * DAY, "A", "hot", "why",
    )  # fmt: skip
    ledger.leads.set_prior({KEY: full})
    assert load(ledger).prior == full
