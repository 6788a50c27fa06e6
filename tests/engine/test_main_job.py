"""The main job on a small company: look, adopt, approve, sync, a rep's edit, a new hand-raise, the next day, undo."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from engine_worlds import Place, place
from read_only import no_writes

from engine.adopt import adopt
from engine.apply_plan import apply_plan
from engine.context import Busy, EngineError, NotApplicable, WrongAccount
from engine.explain import explain
from engine.look import figures_now, look
from engine.pause import pause
from engine.pull import refresh
from engine.report import Status
from engine.sweep import sweep
from engine.sync import sync
from engine.undo import AGAIN, release, undo
from handoff.facts import Kind, Ref, State

NAMES = ["anna", "bert", "carl", "dora", "emil", "fritz", "gert", "hans"]


def backlog(company: Place) -> dict[str, Ref]:
    """Eight people in limbo, two of whom asked for a demo; a third of them sit with somebody who left."""
    people = {}
    for number, name in enumerate(NAMES):
        people[name] = company.person(name, owner=("ann", "zoe", "bob")[number % 3])
        if number % 4 == 0:
            company.asks(people[name], days_ago=20)
    return people


def test_the_look_counts_people_and_writes_nothing(company: Place) -> None:
    backlog(company)
    with no_writes(company):
        report = look(company.engine)
    assert report.figures.in_scope == 8
    assert report.figures.hot_never_followed_up == 2
    assert report.figures.in_limbo == 8
    assert report.figures.inactive_owner == 3
    assert "2 people asked for a demo and nobody called" in report.lines()[0]


def test_before_the_adoption_a_run_tells_one_next_step_and_it_is_the_true_one(company: Place) -> None:
    """Its plan cannot be approved, so that nobody is sent to approve it, not by the guard either."""
    backlog(company)
    company.policy = company.policy.model_copy(update={"guard": company.policy.guard.model_copy(update={"tasks_per_rep_per_day": 0})})
    made = company.sync()
    told = "\n".join(made.lines())
    assert (made.status, "stopped:" in told) == (Status.NEEDS_APPROVAL, True)
    assert "run handoff adopt" in told
    assert f"8 leads are not written; to read what was decided: handoff show {made.plan_id}" in told
    assert "handoff apply" not in told
    assert "until the plan is approved" not in told
    with pytest.raises(NotApplicable, match="run handoff adopt"):
        apply_plan(company.engine, made.plan_id, "me")


def test_what_a_pause_held_back_is_not_to_be_approved(company: Place) -> None:
    company.adopted()
    company.asks(company.person("anna", days_old=1))
    pause(company.engine, True, "revops")
    told = "\n".join(company.sync().lines())
    assert "handoff resume" in told
    assert "handoff apply" not in told


def test_adoption_writes_nothing_and_its_plan_waits(company: Place) -> None:
    backlog(company)
    with no_writes(company):
        made = adopt(company.engine)
    assert made.status is Status.NEEDS_APPROVAL
    assert made.counts.lines > 0
    assert company.tasks() == []


def test_without_a_signed_policy_nothing_is_adopted_or_written(company: Place) -> None:
    backlog(company)
    company.adopted()
    company.asks(company.person("nina", days_old=0))
    company.policy = company.policy.model_copy(update={"approvals": ()})
    with no_writes(company):
        made = company.sync()
        with pytest.raises(NotApplicable, match="nobody has signed"):
            apply_plan(company.engine, made.plan_id, "me")
    assert made.status is Status.NEEDS_APPROVAL
    assert any("nobody has signed" in note for note in made.notes)
    with pytest.raises(NotApplicable, match="was adopted at"):
        adopt(company.engine)


def test_before_adoption_a_sync_writes_nothing(company: Place) -> None:
    backlog(company)
    with no_writes(company):
        made = company.sync()
    assert made.status is Status.NEEDS_APPROVAL
    assert any("adopt" in note for note in made.notes)
    with pytest.raises(NotApplicable, match="before this company was adopted"):
        apply_plan(company.engine, made.plan_id, "me")


def test_the_approved_backlog_empties_the_figures(company: Place) -> None:
    backlog(company)
    company.adopted()
    company.sync()
    figures = figures_now(company.engine)
    assert (figures.hot_never_followed_up, figures.in_limbo, figures.inactive_owner, figures.without_owner) == (0, 0, 0, 0)
    assert figures.in_scope == 8


def test_every_changed_record_carries_a_reason(company: Place) -> None:
    backlog(company)
    company.adopted()
    for crm in company.crms.values():
        for row in crm.rows.values():
            assert row.fields["handoff_reason"]
            assert row.fields["handoff_stage"]


def test_the_second_run_has_nothing_to_do(company: Place) -> None:
    backlog(company)
    company.adopted()
    with no_writes(company):
        second = company.sync()
        third = company.sync()
    assert (second.counts.lines, second.counts.effects) == (0, 0)
    assert (third.counts.lines, third.counts.effects) == (0, 0)


def test_a_plan_can_be_made_twice_and_consumes_nothing(company: Place) -> None:
    company.adopted()
    ref = company.person("nina", days_old=0, owner="ann")
    company.asks(ref)
    with no_writes(company):
        first = sync(company.engine, "plan")
        second = sync(company.engine, "plan")
    assert first.counts.lines == second.counts.lines > 0
    assert company.sync().counts.writes


def test_a_proposed_plan_can_be_applied_by_its_id(company: Place) -> None:
    company.adopted()
    ref = company.person("nina", days_old=0, owner="ann")
    company.asks(ref)
    made = sync(company.engine, "plan")
    apply_plan(company.engine, made.plan_id, "revops@acme.example")
    assert company.main.value(ref, "handoff_stage") == "offered"
    assert company.ledger.outbox.plan(int(made.plan_id)).approved_by == "revops@acme.example"


def test_a_reps_edit_stands(company: Place) -> None:
    people = backlog(company)
    company.adopted()
    company.sync()
    company.main.edit(people["anna"], {"owner": "s-cat"})
    made = company.sync()
    assert company.main.value(people["anna"], "owner") == "s-cat"
    assert made.counts.lines == 0


def test_a_new_hand_raise_without_a_salesforce_lead_gets_one_with_owner_and_task(company: Place) -> None:
    company.adopted()
    contact = company.contact("ida", days_old=0)
    company.asks(contact)
    made = company.sync()
    (lead,) = company.salesforce.rows.values()
    assert lead.fields["hubspot_id"] == contact.id
    assert lead.fields["owner"].startswith("s-")
    assert lead.fields["handoff_stage"] == "offered"
    (new, _) = next(iter(company.salesforce.tasks.values()))
    assert new.about == (Ref("salesforce", "Lead", lead.id),)
    assert made.status is Status.DONE
    again = company.sync()
    assert (again.counts.lines, again.counts.effects) == (0, 0)
    assert len(company.salesforce.rows) == 1


def test_a_day_later_nothing_moves_only_because_a_day_went_by(company: Place) -> None:
    backlog(company)
    company.adopted()
    company.sync()
    company.world.advance(hours=20)
    before = company.picture()
    sweep(company.engine, "apply")
    assert company.picture() == before


def test_undo_puts_back_what_is_still_ours_and_closes_tasks(company: Place) -> None:
    people = backlog(company)
    before = company.picture()
    made = company.adopted()
    company.main.edit(people["bert"], {"owner": "s-dan"})
    undone = undo(company.engine, made.run_id)
    after = company.picture()
    assert after["salesforce:s-bert"]["owner"] == "s-dan"
    left = [key for key, fields in before.items() if fields.get("owner") == "s-zoe"]
    assert len(left) == 3
    for key in left:  # Salesforce gives nothing back to somebody who left
        del before[key]["owner"], after[key]["owner"]
    assert after == before
    assert any("the one before has left" in note for note in undone.notes)
    assert {row.fields["status"] for _, row in company.salesforce.tasks.values()} == {"completed"}
    assert undone.status is Status.DONE


def test_undone_leads_are_held_until_they_are_released(company: Place) -> None:
    backlog(company)
    made = company.adopted()
    undone = undo(company.engine, made.run_id)
    told = f"8 leads are held, and nothing moves them until: handoff release {made.run_id}"
    assert any(told in line and AGAIN in line for line in undone.lines())
    with no_writes(company):
        assert company.sync().counts.lines == 0
    assert release(company.engine, made.run_id) == 8
    again = company.sync().counts
    assert (again.decided, again.lines > 0) == (8, True), "as both notes say: nothing has changed, so they move again"


def test_pause_lets_a_run_plan_and_nothing_more(company: Place) -> None:
    company.adopted()
    company.asks(company.person("nina", days_old=0))
    pause(company.engine, True, "revops")
    with no_writes(company):
        assert company.sync().status is Status.PAUSED
    pause(company.engine, False, "revops")
    assert company.sync().status is Status.DONE


def test_what_a_pause_held_back_is_written_after_it_without_an_approval(company: Place) -> None:
    """A pause is no doubt about the plan: the run after it goes on by itself, with ordinary moves too and not with new requests alone."""
    company.adopted()
    company.asks(company.person("nina", days_old=0))
    company.sync()
    company.world.advance(minutes=31)
    pause(company.engine, True, "revops")
    with no_writes(company):
        assert company.sync().status is Status.PAUSED
    pause(company.engine, False, "revops")
    assert company.sync().status is Status.DONE
    assert len(company.tasks()) == 2
    assert company.sync().status is Status.NOTHING_TO_DO


def test_writes_off_means_plan_only(company: Place) -> None:
    company.adopted()
    company.asks(company.person("nina", days_old=0))
    company.settings = replace(company.settings, writes="off")
    with no_writes(company):
        made = company.sync()
    assert made.status is Status.NEEDS_APPROVAL
    with pytest.raises(NotApplicable, match="writes are off"):
        apply_plan(company.engine, made.plan_id, "me")


def test_another_account_than_the_pinned_one_is_refused_before_anything_is_read(company: Place) -> None:
    company.settings = replace(company.settings, pinned={"hubspot": "somebody-else"})
    with pytest.raises(WrongAccount, match="pinned to somebody-else"):
        company.sync()
    assert set(company.hubspot.calls) == {"account"}


def test_a_ledger_belongs_to_the_account_it_was_used_with_first(company: Place) -> None:
    """Nothing is pinned in the settings: the first read binds the ledger, and another account's token is refused from then on."""
    refresh(company.engine)
    company.hubspot.account_id = "hubspot-2"
    calls = company.hubspot.calls.copy()
    with no_writes(company), pytest.raises(WrongAccount, match=r"opens? account hubspot-2.* made with hubspot-1.*token.*new ledger"):
        company.sync()
    assert set(company.hubspot.calls - calls) == {"account"}
    company.hubspot.account_id = "hubspot-1"
    assert company.sync().status is not None


def test_a_refused_account_binds_nothing(company: Place) -> None:
    company.settings = replace(company.settings, pinned={"salesforce": "somebody-else"})
    with pytest.raises(WrongAccount):
        company.sync()
    assert company.ledger.switches.pinned() == {}


def test_the_numbers_for_undo_and_apply_are_in_the_summary(company: Place) -> None:
    backlog(company)
    made = adopt(company.engine)
    assert made.lines()[-1].split() == ["run", f"{made.run_id},", "plan", made.plan_id]


def test_a_policy_for_a_crm_that_is_not_connected_is_refused(company: Place) -> None:
    del company.crms["hubspot"]
    with pytest.raises(EngineError, match="hubspot, which is not connected"):
        company.sync()


def test_a_second_run_waits_for_the_first(company: Place) -> None:
    company.adopted()
    lease = company.ledger.lease.acquire("writer", "another worker", company.engine.wall(), 300)
    assert lease is not None
    with pytest.raises(Busy):
        company.sync()


@pytest.mark.parametrize("system", ["hubspot", "salesforce"])
def test_one_crm_alone_is_a_company_too(tmp_path: Path, system: str) -> None:
    company = place(tmp_path, system)
    backlog(company)
    company.adopted()
    company.sync()
    figures = figures_now(company.engine)
    assert (figures.hot_never_followed_up, figures.in_limbo, figures.inactive_owner, figures.without_owner) == (0, 0, 0, 0)
    assert len(company.main.tasks) == 2
    with no_writes(company):
        assert company.sync().counts.lines == 0


def test_a_record_that_left_is_out_of_scope_and_not_written(company: Place) -> None:
    people = backlog(company)
    made = adopt(company.engine)
    company.salesforce.remove(people["carl"], State.CONVERTED, Ref("salesforce", "Contact", "c1"))
    done = apply_plan(company.engine, made.plan_id, "me")
    assert done.counts.gone == 1
    company.sync()
    assert figures_now(company.engine).left_out == {"converted": 1}


def test_an_explanation_names_rule_record_and_owner(company: Place) -> None:
    backlog(company)
    company.adopted()
    company.sync()
    told = explain(company.engine, "anna@anna.example")
    assert "hubspot:contacts:h-anna" in told
    assert "ann@acme.example" in told
    assert explain(company.engine, "nobody@else.example").startswith("nobody here")


def test_what_a_rep_did_in_the_crm_is_a_fact_at_the_next_run(company: Place) -> None:
    people = backlog(company)
    company.adopted()
    company.sync()
    company.world.advance(hours=1)
    company.calls(people["anna"])
    company.world.advance(minutes=5)
    company.sync()
    assert company.main.value(people["anna"], "handoff_stage") == "sal"
    assert company.ledger.leads.find("anna@anna.example") == ("hubspot:contacts:h-anna",)
    assert Kind.CALL in {a.kind for _, a in company.salesforce.activities.values()}


def test_a_plan_that_was_made_by_other_rules_is_refused(company: Place) -> None:
    """Somebody may plan by rules that nobody has signed yet, and a worker that decides by the signed ones is asked to write that plan."""
    company.person("anna")
    trial = replace(company, policy=company.policy.model_copy(update={"digest": "0" * 64, "unsigned": ("sales",)}))
    made = adopt(trial.engine)
    with pytest.raises(NotApplicable, match="made by other rules"):
        apply_plan(company.engine, made.plan_id, "revops@acme.example")
    assert company.main.value(Ref(company.main.system, "Lead", "s-anna"), "handoff_stage") is None
