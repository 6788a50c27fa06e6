"""Law 6: every decision of a working week is made again from the ledger alone, to the byte, and nothing learned later leaks into it."""

from __future__ import annotations

from life import Life
from replaying import Replays, made_again, replay, stored

from handoff.digest import digest
from handoff.facts import LeadFacts


def test_law_6_every_decision_of_a_week_is_made_again_to_the_byte(week: Life) -> None:
    with week.stage.engine(week.folder) as engine:
        decisions = stored(engine)
        assert len({made.run for made in decisions}) >= 5
        assert sum('"ready":true' not in made.body and '"turn"' in made.body for made in decisions) >= 3  # given out by turns
        different = [made for made, text in made_again(engine, decisions) if text != made.body]
    assert [(made.lead, made.run, made.at) for made in different] == []


def test_law_6_nothing_that_is_known_later_leaks_into_a_replay(week: Life, replays: Replays) -> None:
    with week.stage.engine(week.folder) as engine:
        decisions = stored(engine)
        now = {one.facts.key: digest(one.facts) for one in _everybody_now(week)}
        learned = 0
        for made in decisions:
            facts = replay(engine, made).facts
            assert latest_known(facts) <= made.at
            assert digest(facts) == replays.then[made.lead, made.run]
            learned += digest(facts) != now[made.lead]
    assert learned > 50, "nothing was learned after these decisions: they cannot tell"


def latest_known(facts: LeadFacts) -> object:
    """When the youngest of these facts was learned."""
    return max([*(record.known_at for record in facts.records), *(activity.known_at for activity in facts.activities)])


def _everybody_now(week: Life) -> list[object]:
    with week.stage.engine(week.folder) as engine:
        leads = engine.ledger.leads
        return list(leads.load(leads.all_keys(), engine.clock(), engine.policy.systems, engine.policy.sources))
