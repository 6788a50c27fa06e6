"""What goes wrong between our read and our write, and on the way back: nothing lost, nothing doubled, edits stand (laws 3, 4, 5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from engine_worlds import Place, copy_of
from fake_crm import FakeCrm, Killed, killed_at, lost_reply
from read_only import no_writes

from connectors.protocol import Change, Fate, Outcome, Refused, TryLater
from engine.adopt import adopt
from engine.apply_plan import apply_plan
from engine.look import figures_now
from engine.pause import pause
from engine.pull import refresh
from engine.report import Status
from engine.sync import sync
from handoff.facts import Ref

NAMES = ["anna", "bert", "carl", "dora", "emil", "fritz", "gert", "hans"]
Fault = Callable[[str, int], None]


def backlog(company: Place) -> dict[str, Ref]:
    """Eight people in limbo, two of whom asked for a demo, and one who asked and has no Salesforce record."""
    people = {}
    for number, name in enumerate(NAMES):
        people[name] = company.person(name, owner=("ann", "zoe", "bob")[number % 3])
        if number % 4 == 0:
            company.asks(people[name], days_ago=20)
    people["ida"] = company.contact("ida", days_old=40)
    company.asks(people["ida"], days_ago=20)
    return people


def emptied(company: Place) -> None:
    """The job is done: no figure is left, and another run finds nothing to do."""
    company.sync()
    refresh(company.engine)
    figures = figures_now(company.engine)
    assert (figures.hot_never_followed_up, figures.in_limbo, figures.inactive_owner, figures.without_owner) == (0, 0, 0, 0)
    with no_writes(company):
        last = company.sync()
    assert (last.counts.lines, last.counts.effects) == (0, 0)


def test_a_record_that_moved_since_the_plan_is_left_alone_and_decided_afresh(company: Place) -> None:
    people = backlog(company)
    made = adopt(company.engine)
    company.main.edit(people["bert"], {"owner": "s-dan"})
    done = apply_plan(company.engine, made.plan_id, "me")
    assert done.counts.conflicts == 1
    assert done.counts.stayed_edited == 1
    emptied(company)


def test_an_edit_inside_the_write_is_put_back_in_the_same_run_and_reported(company: Place) -> None:
    company.adopted()
    ref = company.person("nina", days_old=0, owner="zoe")
    company.asks(ref)
    company.salesforce.inside_write = lambda crm: crm.edit(ref, {"owner": "s-dan"})
    done = company.sync()
    assert company.main.value(ref, "owner") == "s-dan"
    assert done.counts.restored_edits == 1
    assert any("put back" in note for note in done.notes)
    company.sync()
    assert company.main.value(ref, "owner") == "s-dan"


def test_an_edit_inside_the_write_that_cannot_be_put_back_is_reported(company: Place) -> None:
    company.adopted()
    ref = company.person("nina", days_old=0, owner="zoe")
    company.asks(ref)

    def edit_then_refuse(crm: FakeCrm) -> None:
        crm.edit(ref, {"owner": "s-dan"})
        crm.inside_write = lambda later: later.refuse.update({ref.id: "ENTITY_IS_LOCKED: approval pending"})

    company.salesforce.inside_write = edit_then_refuse
    assert company.sync().counts.restored_edits == 0
    (row,) = [row for row in company.ledger.exceptions.open_exceptions() if row.reason == "edit_overwritten"]
    assert row.subject == str(ref)
    assert "owner" in row.detail
    assert "approval pending" in row.detail


def test_a_pause_stops_a_run_that_is_under_way(company: Place) -> None:
    backlog(company)
    made = adopt(company.engine)
    company.salesforce.inside_write = lambda _crm: pause(company.engine, True, "revops")
    stopped = apply_plan(company.engine, made.plan_id, "me")
    assert stopped.status is Status.PARTIAL
    assert any("paused" in text for text in stopped.needs_you)
    assert company.salesforce.calls["write"] == 1
    assert company.hubspot.calls["write"] == 0
    pause(company.engine, False, "revops")
    emptied(company)


def test_a_refused_record_goes_to_the_exceptions_and_the_rest_goes_on(company: Place) -> None:
    people = backlog(company)
    company.salesforce.refuse[people["carl"].id] = "FIELD_CUSTOM_VALIDATION_EXCEPTION: Region required"
    made = adopt(company.engine)
    done = apply_plan(company.engine, made.plan_id, "me")
    assert done.exceptions["refused"] == 1
    (row,) = [row for row in company.ledger.exceptions.open_exceptions() if row.reason == "refused"]
    assert "Region required" in row.detail
    assert sum(1 for row in company.salesforce.rows.values() if row.fields.get("handoff_stage")) == 8
    assert done.needs_you


def test_a_refused_task_is_reported_and_not_tried_for_ever(company: Place) -> None:
    backlog(company)
    made = adopt(company.engine)
    company.salesforce.refuse["task|hubspot:contacts:h-anna|hand_raise_aged|1"] = "REQUIRED_FIELD_MISSING"
    done = apply_plan(company.engine, made.plan_id, "me")
    assert done.exceptions["refused"] == 1
    assert len(company.salesforce.tasks) == 2


@pytest.mark.parametrize("method", ["write", "create"])
@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("system", ["hubspot", "salesforce"])
def test_a_lost_reply_doubles_and_loses_nothing(company: Place, system: str, method: str, number: int) -> None:
    backlog(company)
    company.crms[system].after_call = lost_reply(method, number)
    company.adopted()
    emptied(company)
    assert len(company.tasks()) == 3
    assert len(company.salesforce.rows) == 9


class Failing:
    """From the n-th call of a method on, a CRM answers with an error; `mended` ends it."""

    def __init__(self, method: str, error: Exception, start: int = 1) -> None:
        self.method, self.error, self.start, self.seen, self.mended = method, error, start, 0, False

    def __call__(self, method: str, _: int) -> None:
        self.seen += method == self.method
        if method == self.method and self.seen >= self.start and not self.mended:
            raise self.error


@pytest.mark.parametrize("method", ["read", "write", "verify"])
def test_a_crm_that_asks_to_wait_stops_alone_and_the_next_run_goes_on(company: Place, method: str) -> None:
    backlog(company)
    made = adopt(company.engine)
    fault = Failing(method, TryLater("hubspot: rate limit", 60.0), start=2)
    company.hubspot.before_call = fault
    done = apply_plan(company.engine, made.plan_id, "me")
    assert done.status is Status.PARTIAL
    assert done.counts.writes["salesforce"] == 9
    assert any("rate limit" in text for text in done.needs_you)
    fault.mended = True
    emptied(company)


def test_a_refused_scope_writes_nothing_and_says_what_to_do(company: Place) -> None:
    backlog(company)
    made = adopt(company.engine)
    company.hubspot.before_call = Failing("write", Refused("hubspot: scope crm.objects.contacts.write is missing", "scope"))
    done = apply_plan(company.engine, made.plan_id, "me")
    assert done.status is Status.PARTIAL
    assert done.counts.writes.get("hubspot", 0) == 0
    assert any("contacts.write" in text for text in done.needs_you)


@pytest.mark.parametrize("system", ["salesforce", "hubspot"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_run_killed_at_any_call_is_finished_by_the_next_one(company: Place, tmp_path: Path, system: str, after: bool) -> None:
    """Resume is the ledger's alone: whatever call the process died at, the end is the same, with every effect once."""
    for crm in company.crms.values():
        crm.batch_rows = 5
    backlog(company)
    made = adopt(company.engine)
    clean = copy_of(company, tmp_path / "clean.db")
    calls = sum(clean.crms[system].calls.values())
    apply_plan(clean.engine, made.plan_id, "me")
    calls = sum(clean.crms[system].calls.values()) - calls
    clean.sync()
    killed = 0
    for number in range(1, calls + 1):
        died = copy_of(company, tmp_path / f"{number}.db")
        _die(died.crms[system], number, after=after)
        try:
            apply_plan(died.engine, made.plan_id, "me")
            continue  # `after` means after a write or a creation; the other calls change nothing
        except Killed:
            killed += 1
        _live(died.crms[system])
        died.seconds += 3600  # the dead process's lease runs out
        if died.ledger.outbox.plan(int(made.plan_id)).state != "approved":
            apply_plan(died.engine, made.plan_id, "me")
        last = died.sync()
        assert _comparable(died) == _comparable(clean), (number, last.lines())
        again = died.sync()
        assert (again.counts.lines, again.counts.effects) == (0, 0), number
        died.ledger.close()
    assert killed >= 2


def _die(crm: FakeCrm, number: int, *, after: bool) -> None:
    start = sum(crm.calls.values())
    if after:
        crm.after_call = killed_at(start + number)
    else:
        crm.before_call = killed_at(start + number)


def _live(crm: FakeCrm) -> None:
    crm.before_call = crm.after_call = nothing


def nothing(_method: str, _number: int) -> None:
    """No fault."""


def _comparable(company: Place) -> object:
    """Stage, owner and effect keys of everybody: what must be the same after faults."""
    records = {
        key: (fields.get("handoff_stage"), fields.get("handoff_episode"), fields.get("owner"), fields.get("status"))
        for key, fields in company.picture().items()
    }
    return records, company.tasks()


def test_two_overlapping_runs_do_not_write_twice(company: Place) -> None:
    """A run that was away for longer than its lease finds its token refused; the other one finishes."""
    from ledger.values import LeaseLost

    backlog(company)
    made = adopt(company.engine)
    nested: list[bool] = []

    def takes_over(method: str, _: int) -> None:
        if method == "verify" and not nested:
            nested.append(True)
            company.seconds += 3600
            apply_plan(company.engine, made.plan_id, "me")

    company.hubspot.before_call = takes_over
    with pytest.raises(LeaseLost):
        apply_plan(company.engine, made.plan_id, "me")
    emptied(company)
    assert len(company.tasks()) == 3


def test_a_value_others_flip_back_twice_in_a_day_is_left_alone_and_listed(company: Place) -> None:
    company.adopted()
    ref = company.person("nina", days_old=0, owner="zoe")
    for _ in range(4):
        company.world.advance(hours=1)
        company.asks(ref)
        company.sync()
        company.world.advance(minutes=5)
        company.main.edit(ref, {"owner": "s-zoe"}, by="automation")
        company.sync()
    assert company.ledger.exceptions.counts().get("contested", 0) + company.sync().counts.stayed_contested >= 0
    owners = [value for name, value, _, author in company.main.rows[ref.id].history if name == "owner" and author == "us"]
    assert len(owners) <= 3


def test_a_mass_move_is_withheld_but_new_hand_raises_are_routed(company: Place) -> None:
    company.adopted()
    tight = company.policy.guard.model_copy(
        update={"per_mille": dict.fromkeys(company.policy.guard.per_mille, 0), "floor": dict.fromkeys(company.policy.guard.floor, 2)}
    )
    company.policy = company.policy.model_copy(update={"guard": tight})
    for name in NAMES:
        company.person(name, days_old=0, owner="zoe")
    asking = company.person("ida", days_old=0, owner="zoe")
    company.asks(asking)
    done = company.sync()
    assert done.status is Status.NEEDS_APPROVAL
    assert "the limit is 2" in done.guard_breach
    assert company.main.value(asking, "handoff_stage") == "offered"
    written = [row.id for row in company.salesforce.rows.values() if row.fields.get("handoff_stage")]
    assert written == ["s-ida"]
    applied = apply_plan(company.engine, done.plan_id, "head of sales")
    assert applied.status is Status.DONE


def test_a_waiting_plan_is_not_taken_away_by_the_next_sync(company: Place) -> None:
    backlog(company)
    made = adopt(company.engine)
    company.sync()
    done = apply_plan(company.engine, made.plan_id, "me")
    assert done.status is Status.DONE
    assert done.counts.writes["salesforce"] == 9


def test_a_plan_older_than_a_day_is_refused_and_its_leads_are_decided_again(company: Place) -> None:
    from engine.context import NotApplicable

    backlog(company)
    made = adopt(company.engine)
    company.world.advance(hours=25)
    with pytest.raises(NotApplicable, match="expired"):
        apply_plan(company.engine, made.plan_id, "me")
    again = sync(company.engine, "plan")
    assert again.counts.lines > 0


def test_a_record_that_vanished_without_a_word_is_not_planned_for_again(company: Place) -> None:
    """A contact that was erased for privacy stands in no list of archived ones: that it cannot be read by its id says that it left."""
    company.adopted()
    company.asks(company.person("nina", days_old=0, owner="ann"))
    company.sync()
    company.hubspot.rows.pop("h-nina")
    company.world.advance(minutes=31)
    company.sync()
    company.sync()
    tasks, writes = company.tasks(), [crm.writes for crm in company.crms.values()]
    assert company.sync().status.value == "nothing_to_do"
    assert (company.tasks(), [crm.writes for crm in company.crms.values()]) == (tasks, writes)
    assert len(tasks) == 2


def _locked(company: Place, ref: Ref) -> Callable[[], None]:
    """One Salesforce record is locked by somebody until the function that is returned is called."""
    honest = company.salesforce.write

    def write(changes: Sequence[Change]) -> tuple[Outcome, ...]:
        free = [change for change in changes if change.ref != ref]
        done = iter(honest(free) if free else ())
        return tuple(Outcome(Fate.RETRY, ref, "UNABLE_TO_LOCK_ROW") if change.ref == ref else next(done) for change in changes)

    company.salesforce.write = write  # type: ignore[method-assign]

    def free() -> None:
        company.salesforce.write = honest  # type: ignore[method-assign]

    return free


def test_a_record_that_stays_locked_holds_up_nobody_else(company: Place) -> None:
    """The others are written and get their tasks, in this run and in the next; what was locked follows when it is free."""
    people = backlog(company)
    made = adopt(company.engine)
    free = _locked(company, people["anna"])
    done = apply_plan(company.engine, made.plan_id, "me")
    assert done.status is Status.PARTIAL
    assert any("locked" in text for text in done.needs_you)
    assert len(company.tasks()) == 2
    later = company.person("nina", days_old=0, owner="zoe")
    company.asks(later)
    company.sync()
    assert company.main.value(later, "handoff_stage") == "offered"
    assert len(company.tasks()) == 3
    assert company.main.value(people["anna"], "handoff_stage") is None
    free()
    emptied(company)
    assert company.main.value(people["anna"], "handoff_stage")
    assert len(company.tasks()) == 4
