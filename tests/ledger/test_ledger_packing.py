"""One row of the outbox holds all lines of a record, and every line keeps its own fate (laws 3 and 5)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
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
    plan,
    record,
    results,
    task,
    token,
)

from handoff.facts import Ref
from ledger.ledger import Ledger
from ledger.packing import ROOM
from ledger.values import LineResult, LineRow, LineState, NewPlan, OwnWrite

Rows = Callable[[str], list[tuple[object, ...]]]
FIELDS = ("handoff_stage", "status", "owner")


def three(ref: Ref = CONTACT, after: str = "x") -> tuple[object, ...]:
    return tuple(line(ref, name, after) for name in FIELDS)


def flying(ledger: Ledger, held: int, *, more: Ref | None = None) -> dict[str, LineRow]:
    """A claimed record with three lines, by field; with `more`, another record of the lead that is still open."""
    lead_of(ledger, record(), record(LEAD))
    plan(ledger, *three(), *([line(more)] if more else []))  # type: ignore[arg-type]
    return {row.line.field: row for row in claim(ledger, held).rows[CONTACT]}


def told(row: LineRow, state: LineState, detail: str = "") -> LineResult:
    return LineResult(row.id, state, NOW + HOUR if state is LineState.DONE else None, detail)


def fates(ledger: Ledger) -> dict[str, tuple[str, str, bool]]:
    """Field of the contact -> (state, detail, whether it has ended)."""
    rows = [row for row in ledger.outbox.lines(lead_key=KEY) if row.line.ref == CONTACT]
    return {row.line.field: (row.state.value, row.detail, row.finished_at is not None) for row in rows}


def test_the_lines_of_a_record_are_one_row_and_come_back_as_they_were_planned(ledger: Ledger, rows: Rows) -> None:
    lead_of(ledger, record())
    planned = (
        line(before="mql", clear_first=True, due=NOW + HOUR),
        line(field="status", after=None, before="ä 😀"),
        line(field="owner", move="owner_taken", transition="left", because="rep-1 has left", due=None),
        line(field="lifecycle", after="broken \ud800 paste", due=NOW + HOUR),
    )
    number = plan(ledger, *planned)
    assert rows("SELECT count(*), sum(size) FROM lines") == [(1, 4)]
    found = ledger.outbox.lines(plan_id=number)
    assert [row.line for row in found] == [*planned[:3], planned[3]._replace(after="broken  paste")]
    assert len({row.id for row in found}) == 4
    assert ledger.outbox.plan(number).lines == 4, "lines are counted by field"
    assert ledger.outbox.open_groups() == (("hubspot", "contacts", "update", 4),)


def test_a_field_of_a_record_is_planned_once_whichever_lead_it_is_planned_for(ledger: Ledger, rows: Rows) -> None:
    lead_of(ledger, record())
    with pytest.raises(ValueError, match="2 lines for 1 fields: not unique"):
        plan(ledger, line(after="a"), line(after="b"))
    assert rows("SELECT * FROM plans") == []
    with pytest.raises(ValueError, match="not unique"):
        plan(ledger, *(line(field=f"field_{number}") for number in range(ROOM + 1)))


def test_one_field_refused_another_done_and_one_in_conflict(ledger: Ledger) -> None:
    """Each is told as it is; what is done is our own write, the decision is withdrawn and its lead decided afresh."""
    held, made = token(ledger), effect()
    lead_of(ledger, record(), record(LEAD))
    number = plan(ledger, *three(), line(LEAD), made, task(made))  # type: ignore[arg-type]
    row = {each.line.field: each for each in claim(ledger, held).rows[CONTACT]}
    outcomes = [
        told(row["handoff_stage"], LineState.DONE),
        told(row["status"], LineState.REFUSED, "FIELD_CUSTOM_VALIDATION"),
        told(row["owner"], LineState.CONFLICT, "owner: another value was found"),
    ]
    assert ledger.outbox.finish(held, outcomes, NOW) == 3
    assert fates(ledger) == {
        "handoff_stage": ("done", "", True),
        "status": ("refused", "FIELD_CUSTOM_VALIDATION", True),
        "owner": ("conflict", "owner: another value was found", True),
    }
    assert ledger.outbox.own_writes([CONTACT]) == {CONTACT: {"handoff_stage": OwnWrite("x", NOW + HOUR)}}
    undone = ledger.outbox.lines(plan_id=number, undone=True)
    assert [(each.line.field, each.state.value) for each in undone] == [
        ("status", "refused"), ("owner", "conflict"), ("handoff_stage", "superseded"),
    ]  # fmt: skip
    assert (ledger.outbox.open_groups(), ledger.outbox.in_flight().rows, ledger.effects.of(lead_key=KEY)) == ((), {}, ())
    assert (ledger.leads.prior([KEY]), due(ledger)) == ({}, [KEY])
    assert ledger.outbox.finish(held, [told(each, LineState.DONE) for each in row.values()], NOW) == 0, "telling twice changes nothing"
    assert ledger.outbox.plan(number).lines == 4


def test_a_refusal_beside_what_is_done_does_not_make_the_lead_due(ledger: Ledger) -> None:
    held = token(ledger)
    row = flying(ledger, held, more=LEAD)
    states = (LineState.DONE, LineState.REFUSED, LineState.DONE)
    ledger.outbox.finish(held, [told(each, state) for each, state in zip(row.values(), states, strict=True)], NOW)
    assert set(ledger.outbox.own_writes([CONTACT])[CONTACT]) == {"handoff_stage", "owner"}
    assert (ledger.outbox.open_groups(), ledger.leads.prior([KEY]), due(ledger)) == ((), {}, [])


def test_what_is_put_back_is_claimed_again_without_what_is_done(ledger: Ledger) -> None:
    held = token(ledger)
    row = flying(ledger, held)
    ledger.outbox.finish(held, [told(row["owner"], LineState.DONE), *(told(row[name], LineState.OPEN, "late") for name in FIELDS[:2])], NOW)
    assert fates(ledger) == {"handoff_stage": ("open", "late", False), "status": ("open", "late", False), "owner": ("done", "", True)}
    assert ledger.leads.prior([KEY]) == {}
    again = claim(ledger, held)
    assert [each.line.field for each in again.rows[CONTACT]] == ["handoff_stage", "status"]
    assert [each.line.field for each in ledger.outbox.in_flight().rows[CONTACT]] == ["handoff_stage", "status"]
    assert ledger.outbox.finish(held, results(again), NOW + DAY) == 2
    assert {state for state, _, _ in fates(ledger).values()} == {"done"}
    assert ledger.outbox.lines(lead_key=KEY, undone=True) == ()
    assert ledger.leads.prior([KEY])[KEY].stage == "offered"


def test_results_that_come_one_by_one_leave_the_others_in_flight(ledger: Ledger) -> None:
    held = token(ledger)
    row = flying(ledger, held)
    assert ledger.outbox.finish(held, [told(row["status"], LineState.DONE)], NOW) == 1
    assert [each.line.field for each in ledger.outbox.in_flight().rows[CONTACT]] == ["handoff_stage", "owner"]
    assert ledger.outbox.finish(held, [told(row["status"], LineState.CONFLICT), told(row["owner"], LineState.OPEN)], NOW) == 1
    assert not claim(ledger, held), "a record comes back when all of it has been told"
    assert ledger.outbox.plan(plan(ledger, line(after="nurture"))).left_out == 1
    ledger.outbox.finish(held, [told(row["handoff_stage"], LineState.DONE)], NOW)
    assert fates(ledger) == {"handoff_stage": ("done", "", True), "status": ("done", "", True), "owner": ("superseded", "", False)}
    assert due(ledger) == [KEY]


def test_a_line_put_back_waits_for_nothing_once_its_decision_was_withdrawn(ledger: Ledger) -> None:
    held = token(ledger)
    row = flying(ledger, held, more=LEAD)
    ledger.outbox.finish(held, [told(row["owner"], LineState.OPEN)], NOW)
    ledger.outbox.finish(held, results(claim(ledger, held, LEAD), LineState.CONFLICT), NOW)
    ledger.outbox.finish(held, [told(row[name], LineState.DONE) for name in FIELDS[:2]], NOW)
    assert fates(ledger)["owner"][0] == "superseded"
    assert (ledger.outbox.open_groups(), ledger.outbox.in_flight().rows, due(ledger)) == ((), {}, [KEY])


def test_of_two_leads_that_plan_one_record_the_later_holds_it(ledger: Ledger, rows: Rows) -> None:
    other = str(LEAD)
    lead_of(ledger, record())
    lead_of(ledger, record(LEAD), key=other)
    held = token(ledger)
    plan(ledger, *three())  # type: ignore[arg-type]
    plan(ledger, line(field="owner", after="y", lead=other), made=decision(other))
    assert rows("SELECT count(*) FROM lines WHERE state = 'open'") == [(1,)]
    assert {state for state, _, _ in fates(ledger).values()} == {"superseded"}
    assert [(each.line.field, each.line.lead) for each in claim(ledger, held).rows[CONTACT]] == [("owner", other)]
    assert ledger.outbox.plan(plan(ledger, *three())).left_out == 1  # type: ignore[arg-type]


def test_a_plan_in_which_two_leads_write_one_record_is_not_saved(ledger: Ledger, rows: Rows) -> None:
    other = str(LEAD)
    lead_of(ledger, record())
    lead_of(ledger, record(LEAD), key=other)
    run_id = decide(ledger, decision(), decision(other))
    both = NewPlan((line(), line(field="owner", lead=other)), decided=(KEY, other))
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"):
        ledger.outbox.save_plan(run_id, both, NOW, NOW + DAY, approved=True)
    assert rows("SELECT * FROM plans") == []


def test_the_digest_of_a_plan_covers_every_word_of_its_lines(ledger: Ledger) -> None:
    lead_of(ledger, record())
    made = line(before="mql")
    changes = ({}, {"field": "status"}, {"before": None}, {"after": None}, {"transition": "left"}, {"move": "field"}, {"clear_first": True})
    more = ({"because": "else"}, {"due": None}, {"ref": LEAD})
    digests = [ledger.outbox.plan(plan(ledger, made._replace(**change), approved=False)).digest for change in (*changes, *more)]
    assert len(set(digests)) == len(digests)
    assert ledger.outbox.plan(plan(ledger, made, approved=False)).digest == digests[0]


def test_lines_are_read_page_by_page_across_records(ledger: Ledger) -> None:
    lead_of(ledger, record(), record(LEAD))
    held = token(ledger)
    number = plan(ledger, *three(), *three(LEAD))  # type: ignore[arg-type]
    states = [LineState.DONE, LineState.REFUSED, LineState.DONE]
    batch = claim(ledger, held)
    ledger.outbox.finish(held, [told(each, state) for each, state in zip(batch.rows[CONTACT], states, strict=True)], NOW)
    for size in (1, 2, 4, 100):
        for undone in (False, True):
            found, after = [], 0
            while part := ledger.outbox.lines(plan_id=number, after=after, limit=size, undone=undone):
                assert len(part) <= size
                found += part
                after = part[-1].id
            assert [row.line.field for row in found] == (["status", *FIELDS] if undone else [*FIELDS, *FIELDS])


def test_moves_count_what_is_done_of_a_record_that_ended_in_different_ways(ledger: Ledger) -> None:
    lead_of(ledger, record())
    held = token(ledger)
    plan(ledger, line(), line(field="owner", move="owner_taken"), line(field="status", move="field"))
    assert ledger.runs.moves(NOW) == {"to_sales": 1, "owner_taken": 1, "field": 1}
    row = {each.line.field: each for each in claim(ledger, held).rows[CONTACT]}
    ended = [told(row["owner"], LineState.REFUSED), told(row["status"], LineState.DONE), told(row["handoff_stage"], LineState.DONE)]
    ledger.outbox.finish(held, ended, NOW)
    assert ledger.runs.moves(NOW) == {"to_sales": 1, "field": 1}
    assert ledger.runs.moves(NOW + DAY + HOUR) == {}
