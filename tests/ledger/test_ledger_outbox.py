"""The outbox: one open line per field, superseded and finished whole, claimed by one holder only, effects at most once (laws 3, 4, 5)."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_makers import (
    CONTACT,
    DAY,
    HOUR,
    KEY,
    LEAD,
    NOW,
    claim,
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
    run_together,
    task,
    token,
)

from handoff.facts import Ref
from ledger.ledger import Ledger, open_ledger
from ledger.values import LeaseLost, LineState, NewPlan, OwnWrite, PlanRefused

Rows = Callable[[str], list[tuple[object, ...]]]
OTHER = Ref("hubspot", "contacts", "2")
ENDS = (LineState.DONE, LineState.OPEN, LineState.DONE, LineState.CONFLICT)


def states(ledger: Ledger) -> list[str]:
    return [f"{row.line.ref} {row.line.field} {row.state}" for row in ledger.outbox.lines(lead_key=KEY)]


def test_a_line_comes_back_as_it_was_planned(ledger: Ledger) -> None:
    lead_of(ledger, record())
    planned = line(before="mql", clear_first=True, due=NOW + HOUR)
    number = plan(ledger, planned)
    (row,) = ledger.outbox.lines(plan_id=number)
    assert (row.line, row.state, row.finished_at) == (planned, LineState.OPEN, None)
    saved = ledger.outbox.plan(number)
    assert (saved.lines, saved.creations, saved.notices, saved.state) == (1, 0, 0, "approved")
    assert ledger.outbox.plans_of(saved.run) == (number,)


def test_a_new_decision_supersedes_every_open_line_of_the_lead(ledger: Ledger) -> None:
    lead_of(ledger, record(), record(LEAD))
    plan(ledger, line(), line(LEAD))
    plan(ledger, line(after="nurture"))
    assert states(ledger) == [
        "hubspot:contacts:1 handoff_stage superseded",
        "salesforce:Lead:00Q1 handoff_stage superseded",
        "hubspot:contacts:1 handoff_stage open",
    ]
    plan(ledger)
    assert states(ledger)[-1].endswith("superseded"), "also a decision that has nothing to write"


def test_a_plan_that_cannot_be_saved_whole_supersedes_nothing(ledger: Ledger, rows: Rows) -> None:
    lead_of(ledger, record())
    number = plan(ledger, line())
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        plan(ledger, line(after="a"), line(after="b"))
    assert states(ledger) == ["hubspot:contacts:1 handoff_stage open"]
    assert rows("SELECT id FROM plans") == [(number,)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["plan", "propose", "claim", "done", "open", "conflict", "mixed", "some", "expire"]), st.integers(0, 2)),
        max_size=14,
    )
)
def test_at_most_one_line_stands_open_per_record_and_field_whatever_happens(
    steps: list[tuple[str, int]], migrated_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with open_ledger(shutil.copy(migrated_file, tmp_path_factory.mktemp("steps"))) as ledger:
        lead_of(ledger, record(), record(LEAD))
        held = token(ledger)
        fields = ("handoff_stage", "status", "owner")
        for step, which in steps:
            if step in ("plan", "propose"):
                plan(
                    ledger,
                    *(line(ref, field, f"{which}") for ref in (CONTACT, LEAD) for field in fields[: which + 1]),
                    approved=step == "plan",
                )
            elif step == "claim":
                claim(ledger, held)
            elif step == "expire":
                ledger.outbox.expire(NOW + which * DAY)
            elif step in ("mixed", "some"):
                flying = results(ledger.outbox.in_flight())
                mixed = [each._replace(state=ENDS[(which + number) % len(ENDS)]) for number, each in enumerate(flying)]
                ledger.outbox.finish(held, mixed if step == "mixed" else mixed[: which + 1], NOW)
            else:
                ledger.outbox.finish(held, results(ledger.outbox.in_flight(), LineState(step)), NOW)
            live = [row.line for row in ledger.outbox.lines(lead_key=KEY) if row.state in ("proposed", "open", "in_flight")]
            assert len({(each.ref, each.field) for each in live}) == len(live)
            assert due(ledger) == [KEY] or live or KEY in ledger.leads.prior([KEY]), "never neither due, nor planned, nor settled (law 4)"


def test_lines_are_claimed_once_and_packed_by_record(ledger: Ledger) -> None:
    lead_of(ledger, record(), record(LEAD))
    held = token(ledger)
    plan(ledger, line(), line(field="status", after="x"), line(LEAD))
    assert ledger.outbox.open_groups() == (("hubspot", "contacts", "update", 2), ("salesforce", "Lead", "update", 1))
    batch = claim(ledger, held)
    assert {ref: [row.line.field for row in rows] for ref, rows in batch.rows.items()} == {CONTACT: ["handoff_stage", "status"]}
    assert not claim(ledger, held)
    assert ledger.outbox.in_flight() == replace(
        batch, rows={CONTACT: tuple(row._replace(state=LineState.IN_FLIGHT) for row in batch.rows[CONTACT])}
    )


def test_a_batch_is_as_large_as_asked_and_the_rest_follows(ledger: Ledger) -> None:
    refs = [Ref("hubspot", "contacts", str(number)) for number in range(5)]
    for ref in refs:
        lead_of(ledger, record(ref), key=str(ref))
    run_id = decide(ledger, *(decision(str(ref)) for ref in refs))
    lines = tuple(line(ref, field, "x", lead=str(ref)) for ref in refs for field in ("status", "owner"))
    number = ledger.outbox.save_plan(run_id, NewPlan(lines, decided=tuple(map(str, refs))), NOW, NOW + DAY, approved=True)
    held = token(ledger)
    sizes = [len(ledger.outbox.claim("hubspot", "contacts", "update", 2, held, NOW, number).rows) for _ in range(4)]
    assert sizes == [2, 2, 1, 0]


def test_threads_never_claim_the_same_record(ledger: Ledger) -> None:
    refs = [Ref("hubspot", "contacts", str(number)) for number in range(40)]
    ledger.facts.store_page(page(*(record(ref) for ref in refs)), NOW)
    for ref in refs:
        lead_of(ledger, record(ref), key=str(ref))
    run_id = decide(ledger, *(decision(str(ref)) for ref in refs))
    part = NewPlan(tuple(line(ref, lead=str(ref)) for ref in refs), decided=tuple(map(str, refs)))
    ledger.outbox.save_plan(run_id, part, NOW, NOW + DAY, approved=True)
    held, seen, failures = token(ledger), [], []

    def work() -> None:
        try:
            while batch := ledger.outbox.claim("hubspot", "contacts", "update", 3, held, NOW):
                seen.extend(batch.rows)
                ledger.outbox.finish(held, results(batch), NOW)
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    run_together(work, 6)
    assert failures == []
    assert sorted(seen) == sorted(refs)
    assert len(ledger.leads.prior(map(str, refs))) == 40


def test_a_stale_token_can_neither_claim_nor_plan_nor_finish(ledger: Ledger) -> None:
    """Law 5: a run that was away for longer than its lease writes nothing more."""
    lead_of(ledger, record())
    old = ledger.lease.acquire("writer", "first", NOW, 60)
    assert old is not None
    plan(ledger, line())
    batch = claim(ledger, old.token)
    assert ledger.lease.acquire("writer", "second", NOW + HOUR / 60 / 2, 60) is None
    new = ledger.lease.acquire("writer", "second", NOW + HOUR, 60)
    assert new is not None
    assert new.token > old.token
    for attempt in (
        lambda: claim(ledger, old.token),
        lambda: ledger.outbox.finish(old.token, results(batch), NOW),
        lambda: ledger.outbox.save_plan(1, NewPlan(), NOW, NOW + DAY, approved=True, token=old.token),
        lambda: ledger.effects.take([1], old.token),
        lambda: ledger.lease.renew(old, NOW, 60),
        lambda: ledger.lease.release(old),
    ):
        with pytest.raises(LeaseLost, match="another run has taken over"):
            attempt()
    assert ledger.outbox.finish(new.token, results(batch), NOW) == 1
    ledger.lease.release(new)
    with pytest.raises(LeaseLost):
        ledger.lease.renew(new, NOW, 60)
    again = ledger.lease.acquire("writer", "third", NOW, 60)
    assert again is not None
    assert again.token > new.token


def test_a_finished_line_is_our_own_write_and_telling_it_twice_changes_nothing(ledger: Ledger) -> None:
    lead_of(ledger, record(status="new"))
    held = token(ledger)
    plan(ledger, line(field="status", after=None), line())
    done = results(claim(ledger, held), at=NOW + HOUR)
    assert ledger.outbox.finish(held, done, NOW) == 2
    assert ledger.outbox.finish(held, [each._replace(state=LineState.CONFLICT) for each in done], NOW) == 0
    writes = {"status": OwnWrite(None, NOW + HOUR), "handoff_stage": OwnWrite("offered", NOW + HOUR)}
    assert ledger.outbox.own_writes([CONTACT]) == {CONTACT: writes}


@pytest.mark.parametrize(("state", "is_due"), [(LineState.CONFLICT, True), (LineState.GONE, True), (LineState.REFUSED, False)])
def test_where_one_line_fails_the_rest_of_the_decision_is_withdrawn(ledger: Ledger, state: LineState, is_due: bool) -> None:
    lead_of(ledger, record(), record(LEAD))
    held, made = token(ledger), effect()
    plan(ledger, line(), line(LEAD), made, task(made))
    ledger.outbox.finish(held, results(claim(ledger, held), state), NOW)
    assert ledger.outbox.open_groups() == ()
    assert ledger.effects.of(lead_key=KEY) == ()
    assert ledger.leads.prior([KEY]) == {}
    assert due(ledger) == ([KEY] if is_due else [])


def test_a_line_put_back_after_its_decision_was_withdrawn_is_not_written(ledger: Ledger) -> None:
    lead_of(ledger, record(), record(LEAD))
    held = token(ledger)
    plan(ledger, line(), line(LEAD))
    batch, other = claim(ledger, held), claim(ledger, held, LEAD)
    ledger.outbox.finish(held, results(other, LineState.CONFLICT), NOW)
    ledger.outbox.finish(held, results(batch, LineState.OPEN), NOW)
    assert ledger.outbox.open_groups() == ()
    assert due(ledger) == [KEY]


def test_a_line_put_back_is_claimed_again(ledger: Ledger) -> None:
    lead_of(ledger, record())
    held = token(ledger)
    plan(ledger, line())
    ledger.outbox.finish(held, results(claim(ledger, held), LineState.OPEN), NOW)
    assert claim(ledger, held)


def test_a_lead_with_a_line_in_flight_is_left_out_of_a_new_plan_and_stays_due(ledger: Ledger) -> None:
    lead_of(ledger, record())
    held = token(ledger)
    plan(ledger, line())
    batch = claim(ledger, held)
    number = plan(ledger, line(after="nurture"))
    assert (ledger.outbox.plan(number).lines, ledger.outbox.plan(number).left_out) == (0, 1)
    ledger.outbox.finish(held, results(batch), NOW)
    assert due(ledger) == [KEY]
    assert ledger.leads.prior([KEY]) == {}, "the newer decision took the place of the one that was in flight"


def test_a_proposed_plan_waits_for_approval_of_exactly_what_was_shown(ledger: Ledger) -> None:
    lead_of(ledger, record())
    held = token(ledger)
    number = plan(ledger, line(), approved=False)
    shown = ledger.outbox.plan(number).digest
    assert not claim(ledger, held)
    with pytest.raises(PlanRefused, match="not the plan that was shown"):
        ledger.outbox.approve(number, "ana@example.com", "0" * 32, NOW)
    with pytest.raises(PlanRefused, match="has expired"):
        ledger.outbox.approve(number, "ana@example.com", shown, NOW + DAY)
    with pytest.raises(PlanRefused, match="there is no plan 999"):
        ledger.outbox.approve(999, "ana@example.com", shown, NOW)
    ledger.outbox.approve(number, "ana@example.com", shown, NOW)
    assert (ledger.outbox.plan(number).approved_by, ledger.outbox.plan(number).approved_at) == ("ana@example.com", NOW)
    assert due(ledger) == []
    with pytest.raises(PlanRefused, match="was approved before"):
        ledger.outbox.approve(number, "ana@example.com", shown, NOW)
    ledger.outbox.finish(held, results(claim(ledger, held)), NOW)
    assert ledger.leads.prior([KEY])[KEY].stage == "offered"


def test_a_plan_waits_until_it_is_approved_replaced_or_too_old(ledger: Ledger) -> None:
    lead_of(ledger, record())
    first = plan(ledger, line(), approved=False)
    assert ledger.outbox.waits(first, NOW)
    assert not ledger.outbox.waits(first, NOW + DAY)
    assert ([each.id for each in ledger.outbox.waiting(NOW)], ledger.outbox.waiting(NOW + DAY)) == ([first], ())
    second = plan(ledger, line(after="nurture"), approved=False)
    assert [ledger.outbox.waits(number, NOW) for number in (first, second, 999)] == [False, True, False]
    assert ledger.outbox.waiting(NOW) == (ledger.outbox.plan(second),)
    ledger.outbox.approve(second, "ana@example.com", ledger.outbox.plan(second).digest, NOW)
    assert not ledger.outbox.waits(second, NOW)
    assert ledger.outbox.waiting(NOW) == ()


def test_approval_releases_only_what_no_later_decision_superseded(ledger: Ledger) -> None:
    lead_of(ledger, record())
    number = plan(ledger, line(), approved=False)
    shown = ledger.outbox.plan(number).digest
    plan(ledger, line(after="nurture"), approved=False)
    with pytest.raises(PlanRefused, match="holds nothing any more"):
        ledger.outbox.approve(number, "ana@example.com", shown, NOW)
    assert ledger.outbox.open_groups() == ()
    assert due(ledger) == [KEY]


def test_approval_releases_the_rest_of_a_plan_that_was_superseded_in_part(ledger: Ledger) -> None:
    lead_of(ledger, record())
    lead_of(ledger, record(OTHER), key=str(OTHER))
    run_id = decide(ledger, decision(), decision(str(OTHER)))
    both = NewPlan((line(), line(OTHER, lead=str(OTHER))), decided=(KEY, str(OTHER)))
    number = ledger.outbox.save_plan(run_id, both, NOW, NOW + DAY, approved=False)
    shown = ledger.outbox.plan(number).digest
    plan(ledger, line(after="nurture"), approved=False)
    ledger.outbox.approve(number, "ana@example.com", shown, NOW)
    assert [rows for _, _, _, rows in ledger.outbox.open_groups()] == [1]


def test_a_plan_saved_in_parts_has_a_digest_of_all_parts(ledger: Ledger) -> None:
    lead_of(ledger, record())
    lead_of(ledger, record(OTHER), key=str(OTHER))
    run_id = decide(ledger, decision(), decision(str(OTHER)))
    number = ledger.outbox.save_plan(run_id, NewPlan((line(),), decided=(KEY,)), NOW, NOW + DAY, approved=False)
    first = ledger.outbox.plan(number).digest
    part = NewPlan((line(OTHER, lead=str(OTHER)),), decided=(str(OTHER),), summary={"to_sales": 2})
    assert ledger.outbox.save_plan(run_id, part, NOW, NOW + DAY, approved=False, plan_id=number) == number
    saved = ledger.outbox.plan(number)
    assert (saved.lines, saved.summary) == (2, {"to_sales": 2})
    assert saved.digest != first


def test_a_line_goes_stale_at_its_leads_next_look_and_a_plan_after_its_time(ledger: Ledger) -> None:
    lead_of(ledger, record())
    held = token(ledger)
    plan(ledger, line(due=NOW + HOUR), line(field="status", due=None))
    assert not ledger.outbox.claim("hubspot", "contacts", "update", 9, held, NOW + DAY)
    assert ledger.outbox.expire(NOW) == 0
    assert ledger.outbox.expire(NOW + HOUR) == 1
    assert {row.state for row in ledger.outbox.lines(lead_key=KEY)} == {LineState.EXPIRED}
    assert due(ledger, now=NOW) == [KEY]


def test_moves_of_the_last_24_hours_count_leads_and_leave_out_what_a_person_approved(ledger: Ledger) -> None:
    lead_of(ledger, record(), record(LEAD))
    held = token(ledger)
    plan(ledger, line(), line(LEAD), line(field="owner", move="owner_taken"))
    for ref in (CONTACT, LEAD):
        ledger.outbox.finish(held, results(claim(ledger, held, ref)), NOW)
    lead_of(ledger, record(OTHER), key=str(OTHER))
    number = plan(ledger, line(OTHER, lead=str(OTHER)), made=decision(str(OTHER)), approved=False)
    assert ledger.runs.moves(NOW) == {"to_sales": 1, "owner_taken": 1}
    ledger.outbox.approve(number, "ana@example.com", ledger.outbox.plan(number).digest, NOW)
    assert ledger.runs.moves(NOW + DAY) == {"to_sales": 1, "owner_taken": 1}
    assert ledger.runs.moves(NOW + DAY + HOUR) == {}


def test_every_line_and_creation_of_a_plan_comes_once_whatever_the_page(ledger: Ledger) -> None:
    lead_of(ledger, record(), record(LEAD))
    made = [effect(episode=number) for number in range(3)]
    number = plan(ledger, *(line(field=f"handoff_{name}") for name in "abcde"), *made, *map(task, made))
    for size in (1, 2, 3, 100):
        assert [row.line.field for row in ledger.outbox.each_line(number, size=size)] == [f"handoff_{name}" for name in "abcde"]
        assert [row.creation.unique_key for row in ledger.outbox.each_created(number, size=size)] == [each.key for each in made]
        assert len(list(ledger.outbox.each_line(lead_key=KEY, size=size))) == 5
    assert list(ledger.outbox.each_line(number + 1)) == []
    assert load(ledger).mark.rev >= 1
