"""Room as the engine sees it: absences and bounds from people.csv, a rep's request for more today, the sums of `handoff capacity`."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from engine_worlds import REPS, Place

from engine.capacity import ask_more, capacity
from engine.context import Engine, NotApplicable
from engine.frame import build_frame
from mappings.people import PersonRow

PEOPLE = (PersonRow("ann@acme.example", absent_from=date(2026, 11, 3), open_cap=7), PersonRow("ivy@acme.example", pair="bob@acme.example"))


def staffed(company: Place, *rows: PersonRow) -> Engine:
    """The engine with a people file."""
    return replace(company.engine, people=rows)


@pytest.mark.requirement("R48", "R65")
def test_the_frame_knows_who_is_away_and_each_ones_bounds(company: Place) -> None:
    frame = build_frame(staffed(company, *PEOPLE))
    ((begins, ends),) = frame.reps["ann@acme.example"].away
    assert ends - begins == 86_400
    assert begins <= company.world.now.timestamp() < ends
    assert (frame.reps["ann@acme.example"].open_cap, frame.reps["ivy@acme.example"].pair) == (7, "bob@acme.example")


@pytest.mark.requirement("R50")
def test_a_request_for_more_counts_today_only_and_only_for_who_works_here(company: Place) -> None:
    ask_more(company.engine, "Bob@Acme.example", 5)
    ask_more(company.engine, "cat@acme.example", 2)
    assert build_frame(company.engine).asked_more == {"bob@acme.example": 5, "cat@acme.example": 2}
    ask_more(company.engine, "cat@acme.example", 0)
    assert build_frame(company.engine).asked_more == {"bob@acme.example": 5}
    for nobody in ("zoe@acme.example", "stranger@acme.example"):
        with pytest.raises(NotApplicable, match="nobody active has the address"):
            ask_more(company.engine, nobody, 3)
    with pytest.raises(NotApplicable, match="is no number of leads"):
        ask_more(company.engine, "bob@acme.example", -1)
    company.world.now += timedelta(days=1)
    assert build_frame(company.engine).asked_more == {}


@pytest.mark.requirement("R58", "R72")
def test_offers_of_the_week_are_counted_from_monday(company: Place) -> None:
    company.adopted()
    company.asks(company.person("nina", days_old=0, owner=""))
    company.sync()
    (rep,) = build_frame(company.engine).new_this_week
    assert rep.partition("@")[0] in REPS
    company.world.now += timedelta(days=3)
    assert build_frame(company.engine).new_this_week == {rep: 1}
    company.world.now += timedelta(days=4)
    assert build_frame(company.engine).new_this_week == {}


@pytest.mark.requirement("R47", "R49")
def test_capacity_tells_the_months_sum_and_proposes_a_bar(company: Place) -> None:
    for number in range(9):
        company.person(f"lead{number}", days_old=40 if number < 6 else 100)
    company.adopted()
    told = capacity(company.engine).lines()
    assert told[0] == "development reps: 6 x 12 x 21 = 1,512 new leads a month can be worked, and 2 arrive: there is room for all of them"
    assert told[1:] == [
        "  room: 6 reps x 12 a day x 5 days = 360 new leads a week",
        "  asked for: 0 hand-raises, 0 newly qualified, 0 waiting = 0",
        "  room for 360 more and nobody waits: lower the intent bar from 50 to 45 (40 to 65), for both teams to sign; fit stays",
    ]
