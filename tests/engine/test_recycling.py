"""Through the whole engine: a silent lead with its last call, kept once, then nurtured; a decline; a Stage 0 deal. The dates stand on the
record."""

from __future__ import annotations

import pytest
from engine_worlds import Place

from engine.adopt import adopt
from engine.report import Status
from handoff.facts import Actor, Kind, Ref
from handoff.policy import Opportunity
from handoff.records import instant


def says(company: Place, ref: Ref, name: str) -> str:
    return company.crms[ref.system].value(ref, f"handoff_{name}") or ""


def offered(company: Place) -> Ref:
    """A new person asks for a demo after the adoption and is given to a rep at once."""
    company.person("old")
    company.adopted()
    company.world.advance(days=1)
    ref = company.person("quiet", days_old=0, owner="zoe", legal_basis="Legitimate interest", campaign="Spring fair")
    company.asks(ref)
    assert company.sync().status is Status.DONE
    assert says(company, ref, "stage") == "offered"
    return ref


def call_by_owner(company: Place, ref: Ref) -> None:
    owner = company.crms[ref.system].value(ref, "owner") or ""
    company.crms[ref.system].act(ref, Kind.CALL, Actor.REP, outcome="attempted", by=owner)
    company.world.advance(minutes=5)


def days(company: Place, ref: Ref, number: int, *, calls: tuple[int, ...] = ()) -> list[str]:
    """What the record says each morning; on some days the owner calls and nobody answers."""
    said = []
    for day in range(1, number + 1):
        company.world.advance(days=1)
        if day in calls:
            call_by_owner(company, ref)
        company.sync()
        said.append(f"{says(company, ref, 'stage')}: {says(company, ref, 'next_step')}")
    return said


@pytest.mark.requirement("R98", "R101", "R107", "R11")
def test_a_silent_lead_gets_its_last_call_is_kept_once_and_then_goes_to_nurture_with_its_dates_on_the_record(company: Place) -> None:
    ref = offered(company)
    owner = company.crms[ref.system].value(ref, "owner")
    said = days(company, ref, 18, calls=(1, 2, 4, 6, 8, 10, 13, 16))
    assert said[0].startswith("sal")
    assert not any("Last call" in line for line in said[:15])
    said += days(company, ref, 2)
    told = next(number for number, line in enumerate(said, 1) if "Last call" in line)
    assert 17 <= told <= 20, said
    assert len([key for key in company.tasks() if "|last_call|" in key]) == 1
    company.crms[ref.system].edit(ref, {"handoff_keep": "true"})
    company.sync()
    assert "Kept until" in says(company, ref, "next_step")
    assert says(company, ref, "keep") == "false", "taken up and cleared"
    said = days(company, ref, 20, calls=(3, 6))
    assert len([key for key in company.tasks() if "|last_call|" in key]) == 2, "the second one before it leaves"
    assert said[-1].startswith("nurture"), said
    assert (says(company, ref, "cycle"), says(company, ref, "campaign")) == ("1", "Spring fair")
    dates = [instant(says(company, ref, name)) for name in ("mql_at", "sal_at", "recycled_at")]
    assert dates == sorted(date for date in dates if date is not None), dates
    first = instant(says(company, ref, "first_touch_at"))
    assert first is not None
    assert says(company, ref, "offered_at") == ""
    assert company.sync().counts.lines == 0
    asked_again = company.asks(ref)
    assert asked_again is None
    company.sync()
    assert company.crms[ref.system].value(ref, "owner") == owner, "back to who knows the lead"
    assert (says(company, ref, "cycle"), says(company, ref, "sal_at"), says(company, ref, "recycled_at")) == ("2", "", "")


@pytest.mark.requirement("R103")
def test_a_plan_says_how_many_would_become_marketing_contacts(company: Place) -> None:
    for name, may in (("anna", "true"), ("bert", "false"), ("carl", "")):
        company.person(name, legal_basis="Legitimate interest", **({"marketable": may} if may else {}))
    summary = adopt(company.engine)
    assert any(note.startswith("2 leads of this plan") and "billed" in note for note in summary.notes), summary.notes


@pytest.mark.requirement("R91", "R92", "R96")
def test_a_lead_closed_as_bad_waits_for_a_reason_and_is_suppressed_once_it_has_one(company: Place) -> None:
    ref = offered(company)
    company.world.advance(hours=2)
    company.crms[ref.system].edit(ref, {"status": "Bad", "disqualification_reason": "bad"})
    company.crms[ref.system].act(ref, Kind.STATUS_EDIT, Actor.REP, subject="Bad")
    company.world.advance(minutes=5)
    summary = company.sync()
    assert says(company, ref, "stage") == "disqualified"
    assert summary.exceptions["reason_missing"] == 1
    company.world.advance(days=1)
    company.crms[ref.system].edit(ref, {"disqualification_reason": "not a fit"})
    summary = company.sync()
    assert (says(company, ref, "stage"), says(company, ref, "reason_code")) == ("disqualified", "not_a_fit")
    assert says(company, ref, "suppressed") == "true"
    assert "reason_missing" not in summary.exceptions


@pytest.mark.requirement("R108")
@pytest.mark.parametrize("create", [True, False])
def test_acceptance_makes_one_stage_0_deal_where_the_policy_says_so(company: Place, create: bool) -> None:
    made = Opportunity(create=create, pipeline="default", stage="appointmentscheduled", name="{company}: inbound")
    company.policy = company.policy.model_copy(update={"opportunity": made})
    ref = offered(company)
    company.world.advance(hours=1)
    call_by_owner(company, ref)
    company.sync()
    company.world.advance(hours=1)
    company.sync()
    assert says(company, ref, "stage") == "sal"
    deals = [new for new, _ in company.hubspot.tasks.values() if new.object == "deal"]
    assert [(new.values["pipeline"], "amount" in new.values) for new in deals] == ([("default", False)] if create else [])
    if create:
        assert deals[0].about[0] == Ref("hubspot", "contacts", "h-quiet")
