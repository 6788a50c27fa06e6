"""What every connector must do when it writes: conformance over HTTP, run on each CRM."""

from __future__ import annotations

from datetime import timedelta

import pytest
from crm_bench import Bench

from connectors.protocol import Change, Fate, NewRecord, Op, Refused
from handoff.facts import Ref
from handoff.tasks import MARK

SINCE = timedelta(seconds=1)


def change(ref: Ref, **values: str | None) -> Change:
    """A change of our own fields or the CRM's."""
    return Change(ref, values)


def task(bench: Bench, ref: Ref, key: str) -> NewRecord:
    """A task for a lead's owner."""
    values = {"subject": "Follow up now", "body": "Asked for a demo.", "due_at": "2026-11-20T10:00:00.000Z"}
    return NewRecord("task", key, values, (ref,))


@pytest.mark.carriers
def test_a_batch_is_one_request_and_every_row_has_its_outcome(bench: Bench) -> None:
    """Values of every type arrive as they were meant, and read back as they were sent."""
    crm = bench.ready()
    refs = bench.some(crm, 40)
    sent = {
        "handoff_stage": "nurture",
        "handoff_stage_since": "2026-11-16T09:30:00.000Z",
        "handoff_review": "2027-02-01",
        "handoff_episode": "3",
        "status": bench.status,
    }
    before = sum(crm.calls_made().values())
    outcomes = crm.write([Change(ref, sent) for ref in refs])
    assert [outcome.ref for outcome in outcomes] == refs
    assert {outcome.fate for outcome in outcomes} == {Fate.DONE}
    assert sum(crm.calls_made().values()) == before + 1
    read = crm.read(refs, list(sent))
    assert all(dict(read[ref].fields) == sent for ref in refs)
    assert sum(crm.calls_made().values()) == before + 2


@pytest.mark.carriers
def test_none_clears_a_field(bench: Bench) -> None:
    """A cleared field is absent afterwards, in the CRM too."""
    crm = bench.ready()
    ref = bench.some(crm, 1)[0]
    crm.write([change(ref, handoff_nurture_group="newsletter", handoff_review="2027-02-01")])
    crm.write([change(ref, handoff_nurture_group=None, handoff_review=None)])
    assert not set(crm.read([ref], ["handoff_nurture_group", "handoff_review"])[ref].fields)
    assert bench.vendor("handoff_nurture_group") not in bench.stored(ref)


@pytest.mark.carriers
def test_a_bad_row_is_its_own(bench: Bench) -> None:
    """One row with a value the CRM refuses does not take the others with it; the reason has the CRM's code."""
    crm = bench.ready()
    good, bad, also_good = bench.some(crm, 3)
    bad_value = {"status": "NO_SUCH_OPTION"} if bench.seller == "hubspot" else {"owner": "0055g000000000ZAAQ"}
    outcomes = crm.write([change(good, handoff_stage="mql"), Change(bad, bad_value), change(also_good, handoff_stage="mql")])
    assert [outcome.fate for outcome in outcomes] == [Fate.DONE, Fate.REFUSED, Fate.DONE]
    assert outcomes[1].reason.split()[0] in ("INVALID_OPTION", "INVALID_CROSS_REFERENCE_KEY")
    assert bench.stored(also_good)[bench.vendor("handoff_stage")] == "mql"


@pytest.mark.carriers
def test_a_record_deleted_meanwhile_is_gone_and_the_others_are_done(bench: Bench) -> None:
    """Between re-read and write a record may leave."""
    crm = bench.ready()
    there, deleted = bench.some(crm, 2)
    bench.remove(deleted)
    outcomes = crm.write([change(deleted, handoff_stage="mql"), change(there, handoff_stage="mql")])
    assert [outcome.fate for outcome in outcomes] == [Fate.GONE, Fate.DONE]


@pytest.mark.carriers
def test_writing_before_setup_is_refused_with_the_mend(bench: Bench) -> None:
    """The account has no such field yet: nothing is sent."""
    crm = bench.open()
    with pytest.raises(Refused, match="handoff setup"):
        crm.write([change(bench.some(crm, 1)[0], handoff_stage="mql")])


def test_the_field_a_person_ticks_is_never_written(bench: Bench) -> None:
    """Hands off is theirs; so is everything the CRM sets itself."""
    crm = bench.ready()
    ref = bench.some(crm, 1)[0]
    for name in ("handoff_hands_off", "bounced"):
        with pytest.raises(Refused, match=f"never writes {name}"):
            crm.write([change(ref, **{name: "true"})])
    assert crm.fields(bench.lead_object)["handoff_hands_off"].exists


@pytest.mark.carriers
def test_a_reader_cannot_write(bench: Bench) -> None:
    """Credentials that only read are told so, by the right they lack or row by row; nothing changes."""
    bench.ready()
    crm = bench.open("reader")
    ref = bench.some(crm, 1)[0]
    if bench.seller == "hubspot":
        with pytest.raises(Refused, match=rf"crm\.objects\.{bench.lead_object}\.write"):
            crm.write([change(ref, status=bench.status)])
    else:
        assert crm.write([change(ref, status=bench.status)])[0].fate is Fate.REFUSED
    assert bench.sandbox.journal.read(author="reader") == []


@pytest.mark.carriers
def test_one_ref_twice_in_a_batch_is_a_mistake_of_the_caller(bench: Bench) -> None:
    """The CRMs refuse or ignore doubled rows; the connector says so before it sends."""
    crm = bench.open()
    ref = bench.some(crm, 1)[0]
    with pytest.raises(ValueError, match="different records"):
        crm.write([change(ref, status=bench.status), change(ref, status=bench.next_status)])
    assert crm.batch_size(bench.lead_object, Op.UPDATE) in (100, 200)


@pytest.mark.carriers
def test_verify_is_one_request_and_tells_no_edit_of_ours(bench: Bench) -> None:
    """Read back after our own write: our values, and nobody else in the history."""
    crm = bench.ready()
    refs = bench.some(crm, 20)
    since = bench.later(30)
    crm.write([change(ref, status=bench.status, handoff_stage="nurture") for ref in refs])
    calls = sum(crm.calls_made().values())
    verified = crm.verify(refs, ["status", "handoff_stage", "owner"], since)
    assert all(verified[ref].edits == () and verified[ref].history_kept for ref in refs)
    assert {one.record.fields["status"] for one in verified.values() if one.record} == {bench.status}
    assert sum(crm.calls_made().values()) - calls <= 2  # with what the CRM keeps a history of, asked once


@pytest.mark.carriers
def test_an_edit_that_fell_inside_the_write_is_found(bench: Bench) -> None:
    """A person edits between our re-read and our write: field history has their value, when and what kind of author."""
    crm = bench.ready()
    ref, untouched = bench.some(crm, 2)
    bench.later(3_600)
    bench.edit(ref, "status", bench.next_status)  # before the re-read: known already
    since = bench.later(60)
    bench.edit(ref, "status", bench.status)
    bench.later(60)
    crm.write([change(ref, status=bench.next_status), change(untouched, status=bench.next_status)])
    verified = crm.verify([ref, untouched], ["status", "owner"], since)
    assert [(edit.field, edit.value, edit.author) for edit in verified[ref].edits] == [("status", bench.status, "person")]
    assert verified[ref].edits[0].at >= since.replace(microsecond=0)  # Salesforce keeps whole seconds
    assert verified[untouched].edits == ()


@pytest.mark.carriers
def test_another_automation_is_told_from_a_person(bench: Bench) -> None:
    """Owners rewritten by a tool are not somebody's decision."""
    crm = bench.ready()
    ref = bench.some(crm, 1)[0]
    since = bench.later(60)
    bench.automation_writes(ref, "owner", bench.rep(crm))
    edits = crm.verify([ref], ["owner"], since)[ref].edits
    assert {edit.author for edit in edits} <= {"automation", "integration"}
    assert [edit.value for edit in edits] == [bench.rep(crm)]


@pytest.mark.carriers
def test_a_deleted_record_verifies_as_nothing(bench: Bench) -> None:
    """What is not there cannot be read back."""
    crm = bench.ready()
    ref = bench.some(crm, 1)[0]
    bench.remove(ref)
    assert crm.verify([ref], ["status"], bench.sandbox.clock.now() - SINCE)[ref].record is None


def test_a_task_is_made_once_however_often_it_is_sent(bench: Bench) -> None:
    """The unique key finds it again; it is about its lead, ours, and open."""
    crm = bench.ready()
    refs = bench.some(crm, 5)
    new = [task(bench, ref, f"task|{ref}|hand_raise|1") for ref in refs]
    first = crm.create(new)
    second = crm.create(new)
    assert {outcome.fate for outcome in (*first, *second)} == {Fate.DONE}
    assert [outcome.ref for outcome in first] == [outcome.ref for outcome in second]
    assert bench.count(bench.task_object) == 5
    assert crm.find("task", [one.unique_key for one in new] + ["another"]) == {
        one.unique_key: outcome.ref for one, outcome in zip(new, first, strict=True)
    }
    stream = "tasks" if bench.seller == "hubspot" else "Task"
    seen = {one.about: one for page in bench.pages(crm, stream) for one in page.activities if one.ours}
    assert set(seen) == set(refs)
    assert {(one.outcome, one.ours) for one in seen.values()} == {("open", True)}
    assert all(one.due_at is not None and one.due_at.date().isoformat() == "2026-11-20" for one in seen.values())


def test_new_and_known_tasks_mix_in_one_batch(bench: Bench) -> None:
    """Outcomes stay in the order sent."""
    crm = bench.ready()
    refs = bench.some(crm, 4)
    new = [task(bench, ref, f"k{index}") for index, ref in enumerate(refs)]
    known = crm.create([new[1], new[3]])
    outcomes = crm.create(new)
    assert (outcomes[1].ref, outcomes[3].ref) == (known[0].ref, known[1].ref)
    assert bench.count(bench.task_object) == 4


def test_our_task_can_be_closed(bench: Bench) -> None:
    """One word for both CRMs."""
    crm = bench.ready()
    made = crm.create([task(bench, bench.some(crm, 1)[0], "close me")])[0].ref
    assert made is not None
    assert crm.write([Change(made, {"status": "completed"})])[0].fate is Fate.DONE
    assert crm.read([made], ["status", "subject"])[made].fields == {"status": "completed", "subject": "Follow up now"}


@pytest.mark.parametrize(("subject", "outcome"), [("Follow up now", "completed"), (f"{MARK}Follow up now", "taken_back")])
def test_a_task_that_was_taken_back_is_no_work_done(bench: Bench, subject: str, outcome: str) -> None:
    """CRMs have one way only to take a task off a person's list, to complete it: its subject says what it was."""
    crm = bench.ready()
    ref = bench.some(crm, 1)[0]
    made = crm.create([task(bench, ref, "take me back")])[0].ref
    assert made is not None
    assert crm.write([Change(made, {"status": "completed", "subject": subject})])[0].fate is Fate.DONE
    bench.sandbox.clock.advance(3600)
    stream = "tasks" if bench.seller == "hubspot" else "Task"
    seen = [one for page in bench.pages(crm, stream) for one in page.activities if one.ours]
    assert [(one.about, one.outcome) for one in seen] == [(ref, outcome)]


@pytest.mark.carriers
def test_other_objects_are_never_created(bench: Bench) -> None:
    """handoff makes tasks, and Leads in Salesforce: nothing else."""
    with pytest.raises(Refused) as refused:
        bench.open().create([NewRecord("company", "x", {})])
    assert refused.value.reason == "object"


def test_without_a_unique_field_a_marker_in_the_text_finds_the_task(bench: Bench) -> None:
    """Where the account allows no unique field on tasks, the second create still finds the first."""
    bench.sandbox.switches.set("hubspot.task_schema_scope", "")
    tasks = {name: spec for name, spec in bench.field_map.fields(bench.task_object).items() if name != "handoff_key"}
    without = bench.field_map.model_copy(update={"objects": {**bench.field_map.objects, bench.task_object: tasks}})
    bench.ready()
    crm = bench.open(field_map=without)
    new = [task(bench, ref, f"task|{ref}|hand raise|1") for ref in bench.some(crm, 3)]
    first, second = crm.create(new), crm.create(new)
    assert [outcome.ref for outcome in first] == [outcome.ref for outcome in second]
    assert bench.count(bench.task_object) == 3
    with pytest.raises(Refused, match="handoff setup"):
        crm.find("task", [new[0].unique_key])


def test_a_lifecycle_stage_moves_backward_by_clearing_first(hubspot: Bench) -> None:
    """HubSpot ignores a backward move in silence; cleared in a request of its own, the stage is set."""
    crm = hubspot.open()
    ref = hubspot.some(crm, 1)[0]
    crm.write([change(ref, lifecycle="salesqualifiedlead")])
    assert crm.write([change(ref, lifecycle="lead")])[0].fate is Fate.DONE
    assert crm.read([ref], ["lifecycle"])[ref].fields["lifecycle"] == "salesqualifiedlead"
    crm.write([Change(ref, {"lifecycle": "lead"}, clear_first=("lifecycle",))])
    assert crm.read([ref], ["lifecycle"])[ref].fields["lifecycle"] == "lead"


def test_a_lead_is_created_once_and_never_written_over(salesforce: Bench) -> None:
    """A second create with the same key finds the Lead, with what a rep has typed since."""
    crm = salesforce.ready()
    values = {"last_name": "Weiß", "company": "Müller GmbH", "email": "w@mueller.example", "status": "Nurture", "region": "West"}
    new = NewRecord(
        "lead",
        "lead|hubspot:contacts:1|offer|1",
        {**values, "handoff_stage": "offered", "handoff_key": "lead|hubspot:contacts:1|offer|1", "marketable": "true", "bounced": "true"},
    )
    made = crm.create([new])[0]
    assert made.fate is Fate.DONE
    assert made.ref is not None
    salesforce.edit(made.ref, "status", "Working - Contacted")
    again = crm.create([new])[0]
    assert (again.fate, again.ref) == (Fate.DONE, made.ref)
    assert salesforce.stored(made.ref)["Status"] == "Working - Contacted"
    assert salesforce.stored(made.ref)["LastName"] == "Weiß"


def test_a_lead_that_the_org_refuses_says_why(salesforce: Bench) -> None:
    """Validation rules are the org's own: the row is refused with its words."""
    crm = salesforce.ready()
    outcome = crm.create([NewRecord("lead", "k", {"last_name": "X", "company": "Y"})])[0]
    assert outcome.fate is Fate.REFUSED
    assert outcome.reason.startswith("FIELD_CUSTOM_VALIDATION_EXCEPTION")
