"""Over HTTP in the sandbox: the Stage 0 deal is made once and found again, and the box that people tick is theirs and ours."""

from __future__ import annotations

import pytest
from crm_bench import Bench

from connectors.protocol import Change, Fate, NewRecord, Refused
from handoff.facts import Kind, Ref
from handoff.records import instant_text


def deal(ref: Ref, key: str) -> NewRecord:
    values = {"name": "Inbound", "pipeline": "default", "stage": "appointmentscheduled", "campaign": "Spring fair"}
    return NewRecord("deal", key, values, (ref,))


@pytest.mark.requirement("R108", "R109")
def test_a_deal_is_made_once_on_its_contact_with_its_campaign_and_a_blank_amount(hubspot: Bench) -> None:
    crm = hubspot.ready()
    ref = hubspot.some(crm, 1)[0]
    first, second = crm.create([deal(ref, "deal|1")]), crm.create([deal(ref, "deal|1")])
    assert first[0].fate is Fate.DONE
    assert first == second
    made = first[0].ref
    assert made is not None
    assert crm.find("deal", ["deal|1", "deal|2"]) == {"deal|1": made}
    stored = hubspot.stored(made)
    assert (stored["dealname"], stored["handoff_campaign"], stored.get("amount")) == ("Inbound", "Spring fair", None)
    seen = [one for page in hubspot.pages(crm, "deals") for one in page.activities if one.ours]
    assert [(one.kind, one.about, one.subject, one.outcome) for one in seen] == [(Kind.DEAL, ref, "appointmentscheduled", "open")]


@pytest.mark.requirement("R108")
def test_a_deal_whose_reply_was_lost_is_found_and_not_made_twice(hubspot: Bench) -> None:
    crm = hubspot.ready()
    ref = hubspot.some(crm, 1)[0]
    hubspot.fault("lost_reply", "*/deals/batch/create", times=1)
    made = crm.create([deal(ref, "deal|1")])
    assert made[0].fate is Fate.DONE
    assert len(hubspot.model.find("deals", handoff_key="deal|1")) == 1


def test_without_the_key_property_no_deal_is_made(hubspot: Bench) -> None:
    with pytest.raises(Refused, match="handoff setup"):
        hubspot.open().create([deal(Ref("hubspot", "contacts", "1"), "deal|1")])


@pytest.mark.carriers
@pytest.mark.requirement("R98")
def test_a_person_ticks_the_keep_box_and_handoff_clears_it(bench: Bench) -> None:
    crm = bench.ready()
    ref = bench.some(crm, 1)[0]
    bench.edit(ref, "handoff_keep", "true" if bench.seller == "hubspot" else True)  # type: ignore[arg-type]
    assert crm.read([ref], ["handoff_keep"])[ref].fields["handoff_keep"] == "true"
    assert crm.write([Change(ref, {"handoff_keep": "false"})])[0].fate is Fate.DONE
    assert crm.read([ref], ["handoff_keep"])[ref].fields.get("handoff_keep", "false") == "false"


@pytest.mark.carriers
@pytest.mark.requirement("R11", "R90")
def test_the_dates_of_a_cycle_stand_in_both_crms_as_they_were_written(bench: Bench) -> None:
    crm = bench.ready()
    ref, at = bench.some(crm, 1)[0], instant_text(bench.sandbox.clock.now())
    names = ("mql_at", "offered_at", "sal_at", "sql_at", "recycled_at", "first_touch_at")
    values = {f"handoff_{name}": at for name in names} | {
        "handoff_cycle": "2",
        "handoff_campaign": "Fair",
        "handoff_reason_code": "no_budget",
    }
    values["handoff_suppressed"] = "true"
    assert crm.write([Change(ref, dict(values))])[0].fate is Fate.DONE
    assert crm.read([ref], list(values))[ref].fields == values
