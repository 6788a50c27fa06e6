"""What a decision writes, and what it never writes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from handoff.assign import assign
from handoff.compiled import CompiledPolicy, compile_policy
from handoff.decide import decide
from handoff.decision import Decision, Frame, Prior
from handoff.facts import Edit, Kind, LeadFacts, Ref, State
from handoff.plan import Line, PlanLines, lines
from handoff.policy import Stage
from handoff.records import routed_records
from tests.handoff.makers import GOOD_FIT, NOW, activity, days_ago, form, frame, lead, prior, record
from tests.handoff.policies import STAGES, compiled

SMALL = compiled()


def planned(
    facts: LeadFacts, before: Prior | None = None, policy: CompiledPolicy = SMALL, at: Frame | None = None
) -> tuple[Decision, PlanLines]:
    """One decision and what it writes."""
    there = at or frame()
    decided = assign([decide(before, facts, policy, there, NOW)], {facts.key: facts}, policy, there, NOW).decisions[0]
    return decided, lines(decided, facts, policy, there)


def fields(plan: PlanLines, system: str = "salesforce") -> dict[str, Line]:
    """Lines of one system by field."""
    return {line.field: line for line in plan.lines if line.ref is not None and line.ref.system == system}


def returned(*records: object, **changes: object) -> LeadFacts:
    """A rep gave the lead back yesterday."""
    return lead(*records, activities=(activity(Kind.STATUS_EDIT, days_ago(1), "Nurture"),), **changes)


def test_an_offer_writes_the_stage_the_owner_and_the_status_on_both_records() -> None:
    facts = lead(record(fields=GOOD_FIT), record("hubspot", 2, fields={"status": "NURTURE"}), activities=(form(1),))
    decision, plan = planned(facts)
    here, there = fields(plan), fields(plan, "hubspot")
    assert (here["handoff_stage"].before, here["handoff_stage"].after, here["handoff_stage"].move) == (None, "offered", "to_sales")
    assert (here["owner"].after, there["owner"].after) == ("005-ann", "hs-ann")
    assert (here["status"].after, there["status"].before, there["status"].after) == ("Open", "NURTURE", "OPEN")
    assert {line.due for line in plan.lines} == {decision.next_look_at}
    assert {line.because for line in plan.lines} == {"hand_raise A"}


def test_nothing_is_written_where_nothing_differs() -> None:
    facts = lead(record(fields={"status": "Open"}, owner="ann@x.example"), activities=(form(1),))
    assert "status" not in fields(planned(facts)[1])
    assert "owner" not in fields(planned(facts)[1])


def test_an_option_that_already_says_the_stage_is_left_as_the_rep_wrote_it() -> None:
    facts = lead(record(fields={"status": "Later"}, owner="ann@x.example"), activities=(activity(Kind.STATUS_EDIT, days_ago(1), "Later"),))
    decision, plan = planned(facts, prior("sal"))
    assert decision.stage == "nurture"
    assert "status" not in fields(plan)


def test_a_nurtured_lead_goes_to_the_queue_in_salesforce_and_to_nobody_in_hubspot() -> None:
    facts = returned(record(owner="ann@x.example"), record("hubspot", 2, owner="ann@x.example"))
    _, plan = planned(facts, prior("sal"))
    owner = fields(plan)["owner"]
    assert (owner.before, owner.after, owner.move) == ("005-ann", "00G-nurture", "owner_taken")
    assert fields(plan, "hubspot")["owner"].after is None
    assert fields(plan)["handoff_stage"].move == "to_nurture"
    assert fields(plan)["handoff_previous_owner"].after == "ann@x.example"


def test_taking_a_lead_from_who_has_left_takes_it_from_nobody() -> None:
    _, plan = planned(returned(record(owner="gone@x.example")), prior("sal"))
    assert fields(plan)["owner"].move == "field"


@pytest.mark.parametrize(
    ("facts", "before", "move"),
    [
        (returned(record(fields={"opted_out": "true"})), prior("sal"), "suppressed"),
        (lead(activities=(activity(Kind.STATUS_EDIT, days_ago(1), "Closed"),)), prior("nurture"), "suppressed"),
        (lead(record(owner="gone@x.example")), prior("sal"), "field"),  # offered again: sales held it before
    ],
)
def test_the_kind_of_move_is_the_guards(facts: LeadFacts, before: Prior, move: str) -> None:
    assert fields(planned(facts, before)[1])["handoff_stage"].move == move


def test_duplicates_gone_records_and_other_objects_are_never_written() -> None:
    double = record(number=5)
    contact = record(number=6)._replace(ref=Ref("salesforce", "Contact", "6"))
    facts = replace(lead(record(), double, contact, activities=(form(1),)), duplicates=(double.ref,))
    assert {str(line.ref) for line in planned(facts)[1].lines} == {"salesforce:Lead:1"}


def test_who_is_out_of_scope_or_held_has_no_lines() -> None:
    for facts in (
        lead(record(fields={"handoff_hands_off": "true"}), activities=(form(1),)),
        lead(activities=(form(1),), problems=("ambiguous_identity",)),
    ):
        assert planned(facts)[1] == PlanLines((), ())


def test_a_field_a_person_edited_is_left_alone() -> None:
    facts = returned(record(owner="bob@x.example", fields={"status": "Open"}), edits=(Edit("status", "Open", days_ago(2), "person"),))
    decision, plan = planned(facts, prior("sal"))
    assert decision.stage == "nurture"
    assert "status" not in fields(plan)
    assert fields(plan)["handoff_stage"].after == "nurture"


LIFECYCLE = {"hubspot": {"lifecycle": "salesqualifiedlead"}}


@pytest.mark.parametrize(
    ("found", "written"),
    [
        ("lead", "salesqualifiedlead"),
        ("", "salesqualifiedlead"),
        ("opportunity", None),
        ("salesqualifiedlead", None),
        ("our own stage", None),
    ],
)
def test_the_lifecycle_stage_moves_forward_only(found: str, written: str | None) -> None:
    offered = STAGES["offered"]
    stages = {**STAGES, "offered": Stage(**{**dict(offered), "project": LIFECYCLE})}
    facts = lead(record("hubspot", 2, fields={"lifecycle": found}), activities=(form(1)._replace(about=record("hubspot", 2).ref),))
    line = fields(planned(facts, policy=compiled(stages=stages, systems=("hubspot",)))[1], "hubspot").get("lifecycle")
    assert (line.after if line else None) == written


def test_a_new_salesforce_lead_carries_everything_and_its_task_waits_for_it() -> None:
    contact = record("hubspot", 7, fields={**GOOD_FIT, "first_name": "Åsa", "last_name": "Öst", "company": "Öst AB"})
    facts = lead(contact, activities=(form(1)._replace(about=contact.ref),))
    decision, plan = planned(facts)
    made, task = plan.creations
    assert (made.system, made.object, made.move) == ("salesforce", "lead", "created")
    assert made.values["last_name"] == "Öst"
    assert made.values["owner"] == "005-ann"
    assert made.values["hubspot_id"] == "7"
    assert made.values["status"] == "Open"
    assert made.values["handoff_key"] == made.unique_key
    assert made.values["handoff_stage"] == "offered"
    assert (task.system, task.after_key, task.about, task.values["owner"]) == ("salesforce", made.unique_key, (), "005-ann")
    assert task.values["due_at"] == f"{decision.due_at:%Y-%m-%dT%H:%M:%S}.000Z"


def test_a_lead_without_name_or_company_can_still_be_created() -> None:
    contact = record("hubspot", 7)
    made = planned(lead(contact, activities=(form(1)._replace(about=contact.ref),)))[1].creations[0]
    assert (made.values["last_name"], made.values["company"]) == ("(not given)", "(not given)")


IN_HUBSPOT = compiled(systems=("hubspot_leads", "hubspot"))


def test_a_lead_object_is_made_of_its_contact_which_gets_the_task() -> None:
    """It stands for the contact: none of the person's values is copied but the name."""
    contact = record("hubspot", 7, fields={**GOOD_FIT, "first_name": "Åsa", "last_name": "Öst", "company": "Öst AB"})
    _, plan = planned(lead(contact, activities=(form(1)._replace(about=contact.ref),)), policy=IN_HUBSPOT)
    made, task = plan.creations
    assert (made.system, made.object, made.about, made.after_key) == ("hubspot_leads", "lead", (contact.ref,), "")
    said = {name: made.values.get(name) for name in ("lead_name", "owner", "handoff_stage", "handoff_key", "email", "title", "hubspot_id")}
    assert said == {
        "lead_name": "Åsa Öst",
        "owner": "hs-ann",
        "handoff_stage": "offered",
        "handoff_key": made.unique_key,
        "email": None,
        "title": None,
        "hubspot_id": None,
    }
    assert (task.system, task.about, task.after_key, task.values["owner"]) == ("hubspot", (contact.ref,), made.unique_key, "hs-ann")


@pytest.mark.parametrize(("fields", "name"), [({"company": "Öst AB"}, "Öst AB"), ({"last_name": "Öst"}, "Öst"), ({}, "(not given)")])
def test_a_lead_object_always_has_a_name(fields: dict[str, str], name: str) -> None:
    contact = record("hubspot", 7, fields=fields)
    made = planned(lead(contact, activities=(form(1)._replace(about=contact.ref),)), policy=IN_HUBSPOT)[1].creations[0]
    assert made.values["lead_name"] == name


def test_where_a_lead_object_is_there_none_is_made_and_the_task_is_the_contacts() -> None:
    contact, there = record("hubspot", 7, fields=GOOD_FIT), record("hubspot_leads", 3)._replace(fields={"contact_id": "7"})
    _, plan = planned(lead(contact, there, activities=(form(1)._replace(about=contact.ref),)), policy=IN_HUBSPOT)
    assert {line.after for line in plan.lines if line.field == "owner"} == {"hs-ann"}
    assert {line.ref for line in plan.lines if line.field == "handoff_stage"} == {contact.ref, there.ref}
    assert [(one.system, one.object, one.about, one.after_key) for one in plan.creations] == [("hubspot", "task", (contact.ref,), "")]


def test_a_lead_object_without_its_contact_is_nobody() -> None:
    alone = lead(record("hubspot_leads", 3)._replace(fields={}))
    decision, plan = planned(alone, policy=IN_HUBSPOT)
    assert (decision.out_of_scope, plan.lines, plan.creations) == ("no_lead_record", (), ())
    gone = lead(record("hubspot", 7, state=State.ARCHIVED), record("hubspot_leads", 3)._replace(fields={"contact_id": "7"}))
    assert planned(gone, policy=IN_HUBSPOT)[0].out_of_scope == "archived"


def test_own_values_are_whole_second_instants_and_plain_dates() -> None:
    decision, plan = planned(returned(record(fields={"opted_out": "true"})), prior("sal"))
    here = fields(plan)
    assert here["handoff_stage_since"].after == "2026-11-18T16:00:00.000Z"
    assert here["handoff_review"].after == "2027-05-17"
    assert here["handoff_episode"].after == "2"
    assert decision.since == NOW


def test_a_record_in_a_crm_that_the_policy_does_not_name_is_not_written() -> None:
    """As after a company has left its Lead objects: what the ledger still knows of them is no carrier any more."""
    policy = compiled().policy.model_copy(update={"systems": ("hubspot",)})
    facts = lead(record("hubspot"), record("hubspot_leads", 2), record("salesforce", 3))
    assert [one.ref.system for one in routed_records(facts, compile_policy(policy).carriers)] == ["hubspot"]
