"""Deciding shard by shard: nobody is decided twice in a round, whoever waits for an owner keeps their place, and words stay discreet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from engine_worlds import REPS, Place
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.adopt import adopt
from engine.apply_plan import apply_plan
from engine.scratch import EXEMPT, Scratch
from handoff.assign import Place as InLine
from handoff.assign import Turn
from handoff.facts import Actor, Kind

places = st.tuples(st.integers(-1, 0), st.integers(-100, 0), st.integers(-100, 1), st.sampled_from(("2026-01-01", "2026-01-02T10:00")))


@given(st.lists(places, max_size=30), st.integers(1, 7))
@settings(max_examples=30, deadline=None, derandomize=True)
def test_the_line_is_in_the_order_of_places_whatever_the_shards(found: list[tuple[int, int, int, str]], size: int) -> None:
    line: list[InLine] = [(*place, f"lead-{number}") for number, place in enumerate(found)]
    with closing(Scratch()) as scratch:
        scratch.queue(line)
        shards = list(scratch.in_line(size))
    assert [key for shard in shards for key in shard] == [place[-1] for place in sorted(line)]
    assert all(len(shard) <= size for shard in shards)


def test_turns_come_back_in_their_order_and_by_who_is_exempt() -> None:
    turns = [Turn("pool", "ann", f"lead-{number}", number) for number in range(7)]
    with closing(Scratch()) as scratch:
        scratch.take(turns)
        scratch.add(EXEMPT, ["lead-2", "lead-5"])

        def told(parts: Iterator[list[Turn]]) -> list[int]:
            return [turn.episode for part in parts for turn in part]

        assert told(scratch.turns(2)) == [0, 1, 2, 3, 4, 5, 6]
        assert told(scratch.turns(2, exempt=True)) == [2, 5]
        assert told(scratch.turns(3, exempt=False)) == [0, 1, 3, 4, 6]
        scratch.clear()
        assert told(scratch.turns(2)) == []


def nobody_works(company: Place, *, works: bool) -> None:
    for crm in company.crms.values():
        crm.staff[:] = [
            replace(person, active=works) if person.key.partition("@")[0] in (*REPS, "ivy", "jon") else person for person in crm.staff
        ]


def test_who_waits_for_an_owner_and_is_due_as_well_is_decided_once(company: Place) -> None:
    company.adopted()
    nobody_works(company, works=False)
    ref = company.person("nina", days_old=0, owner="zoe")
    company.asks(ref)
    company.sync()
    assert list(company.ledger.leads.ready(10)) != []
    company.world.advance(hours=1)
    company.main.act(ref, Kind.DEAL, Actor.REP, outcome="lost", at=company.world.now)
    done = company.sync()
    assert done.counts.decided == 1
    assert sum(done.counts.moved.values()) == 1


def test_who_waits_gets_an_owner_once_somebody_is_there(company: Place) -> None:
    company.adopted()
    nobody_works(company, works=False)
    refs = [company.person(name, days_old=0, owner="zoe") for name in ("nina", "otto", "paul")]
    for minutes, ref in enumerate(refs):
        company.asks(ref, days_ago=-minutes / 1440)
    company.sync()
    nobody_works(company, works=True)
    company.world.advance(minutes=30)
    company.sync()
    assert {company.main.value(ref, "handoff_stage") for ref in refs} == {"offered"}
    assert len(company.tasks()) == 3


@pytest.mark.parametrize("system", ["salesforce", "hubspot"])
def test_a_refusal_that_quotes_the_person_is_kept_without_the_name(company: Place, system: str) -> None:
    ref = company.person("nina", phone="(415) 555-0187")
    company.asks(ref, days_ago=20)
    record = "s-nina" if system == "salesforce" else "h-nina"
    company.crms[system].refuse[record] = "Region required for Nina Lead, (415) 555-0187, nina@nina.example; Ninas and leads are no names"
    made = adopt(company.engine)
    done = apply_plan(company.engine, made.plan_id, "me")
    (row,) = [row for row in company.ledger.exceptions.open_exceptions() if row.reason == "refused"]
    quoted = "Region required for (person) (person), (person), (person); Ninas and leads are no names"
    assert row.detail == f"{system}: {quoted}"
    kept = {line.detail for line in company.ledger.outbox.lines(plan_id=int(made.plan_id)) if line.detail}
    assert kept == {quoted}
    assert "Nina" not in "\n".join(done.lines())


def test_a_crm_that_stops_and_quotes_the_person_is_told_without_the_name(company: Place) -> None:
    from connectors.protocol import Refused

    company.asks(company.contact("ida", days_old=40), days_ago=20)
    made = adopt(company.engine)

    def refuses(method: str, _: int) -> None:
        if method == "create":
            raise Refused("salesforce: a lead named Ida Lead is there already")

    company.salesforce.before_call = refuses
    done = apply_plan(company.engine, made.plan_id, "me")
    assert any("a lead named (person) (person) is there already" in text for text in done.needs_you)
