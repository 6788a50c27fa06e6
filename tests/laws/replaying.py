"""Every decision of a ledger made again: from the facts known then, with the prior, the policy and the frame it names."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime

from engine.context import Engine
from engine.decide import frames_of
from handoff.assign import assign
from handoff.decide import decide
from handoff.decision import Decision, Frame
from handoff.digest import digest
from handoff.facts import LeadFacts
from handoff.rollout import team_policy
from ledger.codec import dump_decision, moment
from ledger.values import Loaded, Mark, Replay


@dataclass(frozen=True, slots=True)
class Made:
    """One decision as it is stored: its lead, its run, when it was made, and its text to the byte."""

    lead: str
    run: int
    at: datetime
    frame: str
    body: str


@dataclass
class Replays:
    """What was replayed right after a run: (lead, run) -> digest of the facts the decision was made of."""

    then: dict[tuple[str, int], str] = field(default_factory=dict)

    def remember(self, engine: Engine) -> None:
        """Replays what the latest run decided, before anything more is known."""
        (last,) = engine.ledger.runs.list(1) or (None,)
        for made in stored(engine) if last is not None else ():
            if made.run == last.id:
                self.then[made.lead, made.run] = digest(replay(engine, made).facts)


def stored(engine: Engine) -> list[Made]:
    """Every decision there is, oldest first."""
    query = "SELECT leads.key, run_id, decided_at, frame_digest, body FROM decisions JOIN leads ON leads.id = lead_id ORDER BY decisions.id"
    path = engine.ledger._database._engine.url.database
    assert path is not None
    with closing(sqlite3.connect(path)) as database:
        return [Made(lead, run, moment(at), frame, body) for lead, run, at, frame, body in database.execute(query)]


def replay(engine: Engine, made: Made) -> Replay:
    """What a decision was made of. No two decisions of a lead were made at the same moment in these worlds."""
    found = engine.ledger.leads.replay(made.lead, engine.policy.systems, engine.policy.sources, made.at)
    assert found.run == made.run
    return found


def made_again(engine: Engine, decisions: Iterable[Made]) -> Iterator[tuple[Made, str]]:
    """Each decision beside its text when it is made anew. Owners are given in one pass over all that a run had in line."""
    rounds: defaultdict[tuple[int, str], list[Made]] = defaultdict(list)
    for made in decisions:
        rounds[made.run, made.frame].append(made)
    for (_, name), same_round in rounds.items():
        frame = engine.ledger.switches.frame(name)
        assert digest_of(frame) == name
        again = [_decided(engine, frame, made) for made in same_round]
        facts: dict[str, LeadFacts] = {decision.lead: read for decision, read in again}
        policy = team_policy(engine.compiled, frame)
        settled = assign([decision for decision, _ in again], facts, policy, frame, same_round[0].at).decisions
        yield from zip(same_round, map(dump_decision, settled), strict=True)


def _decided(engine: Engine, frame: Frame, made: Made) -> tuple[Decision, LeadFacts]:
    past = replay(engine, made)
    assert past.policy_digest == engine.policy.digest
    one = Loaded(past.prior, past.facts, Mark(0, 0))
    return decide(past.prior, past.facts, engine.compiled, frames_of(frame).of(one), made.at), past.facts


def digest_of(frame: Frame) -> str:
    """The digest of a frame as it was when it was made: without the digest itself."""
    from dataclasses import replace

    return digest(replace(frame, digest=""))
