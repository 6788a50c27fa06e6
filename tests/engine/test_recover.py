"""A run that died inside a write: the next one tells our values from a person's, and takes no blank of ours for an edit (law 3)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from engine_worlds import Place
from fake_crm import FakeCrm, Killed
from read_only import no_writes

from connectors.protocol import CrmError, Interrupted, TryLater
from engine.undo import undo
from handoff.facts import Ref


def dies(crm: FakeCrm) -> None:
    """The process dies when this CRM has done its next write and before anybody read it back."""

    def after(method: str, _: int) -> None:
        if method == "write":
            raise Killed

    crm.after_call = after


def lives(company: Place) -> None:
    """A new process, after the dead one's lease has run out."""
    for crm in company.crms.values():
        crm.after_call = crm.before_call = lambda _method, _number: None
    company.seconds += 3600
    company.world.advance(minutes=5)


def interrupted(company: Place, *, inside: bool) -> Ref:
    """A hand-raise is given to a rep; the run dies in the write; a person picks another owner inside it or right after it."""
    company.adopted()
    ref = company.person("nina", days_old=0, owner="zoe")
    company.asks(ref)
    company.world.advance(minutes=5)
    if inside:
        company.main.inside_write = lambda crm: crm.edit(ref, {"owner": "s-dan"})
    dies(company.main)
    with pytest.raises(Killed):
        company.sync()
    if not inside:
        company.main.edit(ref, {"owner": "s-dan"})
    lives(company)
    return ref


def test_an_edit_inside_a_write_that_died_is_put_back_by_the_next_run(company: Place) -> None:
    ref = interrupted(company, inside=True)
    done = company.sync()
    assert company.main.value(ref, "owner") == "s-dan"
    assert done.counts.restored_edits == 1
    company.sync()
    assert company.main.value(ref, "owner") == "s-dan"


def test_an_edit_right_after_a_write_that_died_stands_as_a_persons(company: Place) -> None:
    ref = interrupted(company, inside=False)
    company.sync()
    assert company.main.value(ref, "owner") == "s-dan"
    (key,) = company.ledger.leads.find(str(ref))
    (loaded,) = company.ledger.leads.load([key], company.world.now, company.policy.systems, company.policy.sources)
    assert [edit.field for edit in loaded.facts.edits] == ["owner"]


def test_the_edit_is_found_though_another_run_failed_in_between(company: Place) -> None:
    ref = interrupted(company, inside=True)

    def away(method: str, _: int) -> None:
        if method in ("read", "verify"):
            raise TryLater("salesforce: maintenance", 60.0)

    company.main.before_call = away
    with pytest.raises(CrmError):
        company.sync()
    lives(company)
    company.sync()
    assert company.main.value(ref, "owner") == "s-dan"


def test_while_nothing_may_be_written_the_edit_waits_and_is_not_forgotten(company: Place) -> None:
    ref = interrupted(company, inside=True)
    company.settings = replace(company.settings, writes="off")
    with no_writes(company):
        company.sync()
    company.settings = replace(company.settings, writes="on")
    company.sync()
    assert company.main.value(ref, "owner") == "s-dan"


def test_an_edit_that_a_rule_had_overridden_before_is_not_dug_out_again(company: Place) -> None:
    """What we verified as ours since is no value the write that died could have covered."""
    company.adopted()
    ref = company.person("nina", days_old=0, owner="zoe")
    company.asks(ref)
    company.main.inside_write = lambda crm: crm.edit(ref, {"owner": "s-dan"})
    done = company.sync()
    assert company.main.value(ref, "owner") == "s-dan"
    assert done.counts.restored_edits == 1
    dies(company.main)
    with pytest.raises(Killed):
        undo(company.engine, done.run_id)
    lives(company)
    assert company.sync().counts.restored_edits == 0


# The lifecycle goes backward: HubSpot takes that only after a request that blanks it -------------------------------------------------


def undone(company: Place, fault: BaseException | None = None) -> tuple[Ref, str, str]:
    """A contact is offered, which moves its lifecycle; then the run is undone, and the second request meets the fault.

    Returns the contact, the run to undo and the lifecycle it set.
    """
    company.adopted()
    ref = company.contact("nina", days_old=0, lifecycle="lead", owner="h-zoe")
    company.asks(ref)
    done = company.sync()
    moved = company.hubspot.value(ref, "lifecycle")
    assert moved not in (None, "lead")
    company.world.advance(minutes=5)

    def fails(crm: FakeCrm) -> None:
        assert crm.value(ref, "lifecycle") is None
        if fault is not None:
            raise fault
        crm.refuse[ref.id] = "INVALID_OPTION"
        crm.after_call = lambda _method, _number: crm.refuse.clear()

    company.hubspot.after_clear = fails
    with suppress(Killed):
        undo(company.engine, done.run_id)
    return ref, done.run_id, str(moved)


@pytest.mark.parametrize("fault", [TryLater("hubspot: rate limit", 60.0), Interrupted("hubspot: the reply was lost"), Killed()])
def test_our_own_blank_is_nobodys_edit(company: Place, fault: BaseException) -> None:
    ref, run_id, moved = undone(company, fault)
    lives(company)
    company.sync()
    assert company.hubspot.value(ref, "lifecycle") == moved
    undo(company.engine, run_id)
    assert company.hubspot.value(ref, "lifecycle") == "lead"


def test_our_own_blank_stays_ours_while_nothing_may_be_written(company: Place) -> None:
    ref, _, moved = undone(company, Killed())
    lives(company)
    company.settings = replace(company.settings, writes="off")
    with no_writes(company):
        company.sync()
    company.settings = replace(company.settings, writes="on")
    company.sync()
    assert company.hubspot.value(ref, "lifecycle") == moved


def test_a_blank_that_a_person_made_is_theirs(company: Place) -> None:
    ref, _, _ = undone(company, Killed())
    company.hubspot.edit(ref, {"lifecycle": "customer"})
    company.world.advance(minutes=1)
    company.hubspot.edit(ref, {"lifecycle": None})
    lives(company)
    company.sync()
    assert company.hubspot.value(ref, "lifecycle") is None


def test_a_value_that_is_refused_after_the_blank_is_what_it_was(company: Place) -> None:
    """The undo then comes again with what is still ours, and that is not taken for an edit."""
    ref, _, moved = undone(company)
    values = [value for name, value, _, _ in company.hubspot.rows[ref.id].history if name == "lifecycle"]
    assert values == ["lead", moved, None, moved, None, "lead"]
