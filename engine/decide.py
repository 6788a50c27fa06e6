"""Decide and assign: every due lead in shards, then one ordered pass that gives owners to all that are ready for sales."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from engine.book import Book, Pair, write_shard
from engine.context import Engine
from engine.resolve import in_words
from engine.rollout import kept_back
from engine.runs import Run
from engine.waiting import recall_waiting, still_waits
from handoff.assign import Desk, place_in_line
from handoff.decide import decide, first_stage
from handoff.decision import Decision, Frame
from handoff.digest import digest
from handoff.facts import LeadFacts, State
from handoff.rollout import team_policy
from ledger.values import Loaded, Mark

AHEAD = "ledger_behind"
MET = "decided already"


def decide_due(run: Run, book: Book, frame: Frame, *, settle: bool) -> None:
    """Decides what waits for an owner and what is due, shard by shard; then one ordered pass gives owners to all that are ready.

    Memory holds one shard: decisions and lines go to the ledger, and of who is ready only a place in line is kept, in the scratch file.
    """
    engine, scratch, size = run.engine, run.scratch, run.engine.settings.shard_size
    if not frame.adopting:
        recall_waiting(engine, scratch)
    for keys in engine.ledger.leads.ready(size):
        _decide_shard(run, book, frame, keys, settle=settle)
        scratch.add(MET, keys)
    for keys in engine.ledger.leads.due(engine.clock(), engine.policy.digest, roster_digest(frame), size):
        met = scratch.among(MET, keys)
        _decide_shard(run, book, frame, [key for key in keys if key not in met], settle=settle)
    _assign(run, book, frame, settle=settle)


def _decide_shard(run: Run, book: Book, frame: Frame, keys: Sequence[str], *, settle: bool) -> None:
    run.renew()
    loaded = _load(run.engine, keys)
    asked = run.scratch.asked(keys)
    decided = zip(_decide_all(run, frame, loaded), (one.facts for one in loaded), strict=True)
    pairs = [pair for pair in decided if not still_waits(asked, pair[0])]
    run.scratch.queue(place_in_line(decision) for decision, _ in pairs if decision.ready)
    settled = [(decision, facts) for decision, facts in pairs if not decision.ready]
    _save(run, frame, settled, _marks(loaded))
    write_shard(run, book, frame, settled, settle=settle)
    run.counts["waiting"] += len(loaded) - len(pairs)
    run.counts["decided"] += len(pairs)


def roster_digest(frame: Frame) -> str:
    """Digest of who is there: a change looks again at every lead that sales holds."""
    return digest({"reps": frame.reps, "queues": frame.queues})


@dataclass(frozen=True, slots=True)
class Frames:
    """The frame of a run as the backlog sees it, and as everybody else does.

    Adoption is a lead's own matter: who was there at the cut-over and was never taken over yet is adopted whenever it is looked at.
    """

    backlog: Frame
    others: Frame

    def of(self, one: Loaded) -> Frame:
        """The frame that a lead is decided in."""
        cut_over = self.others.cut_over
        backlog = cut_over is not None and one.prior is None and one.facts.first_seen <= cut_over
        return self.backlog if backlog else self.others


def frames_of(frame: Frame) -> Frames:
    """Both views of one frame."""
    return Frames(replace(frame, adopting=True), replace(frame, adopting=False))


def _load(engine: Engine, keys: Sequence[str]) -> list[Loaded]:
    return engine.ledger.leads.load(keys, engine.clock(), engine.policy.systems, engine.policy.sources) if keys else []


def _marks(loaded: Iterable[Loaded]) -> dict[str, Mark]:
    return {one.facts.key: one.mark for one in loaded}


def _decide_all(run: Run, frame: Frame, loaded: Sequence[Loaded]) -> list[Decision]:
    """Leads whose records are ahead of the ledger are held: the ledger is an older copy."""
    engine = run.engine
    behind = _ahead(engine, loaded)
    halfway = _halfway(engine, loaded)
    now, frames = engine.clock(), frames_of(frame)
    made = []
    for one in loaded:
        mine = frames.of(one)
        prior = first_stage(_unwritten(one.facts), engine.compiled, mine, now) if one.facts.key in halfway else one.prior
        decision = decide(prior, one.facts, engine.compiled, mine, now)
        decision = kept_back(run, mine, prior, one.facts, decision)
        if one.facts.key in behind:
            decision = decision._replace(
                unchanged=True, ready=False, effects=(), exceptions=((AHEAD, "a record is newer than the ledger"),)
            )
            run.counts["ahead"] += 1
        made.append(decision)
    return made


def _halfway(engine: Engine, loaded: Sequence[Loaded]) -> set[str]:
    """Keys of leads whose very first plan was written in part only: what our own fields say of them is not in force yet."""
    mine = {
        record.ref: one.facts.key
        for one in loaded
        if one.prior is None
        for record in one.facts.records
        if record.fields.get("handoff_stage")
    }
    ours = engine.ledger.outbox.own_writes(sorted(mine)) if mine else {}
    return {mine[ref] for ref, writes in ours.items() if "handoff_stage" in writes}


def _unwritten(facts: LeadFacts) -> LeadFacts:
    """The facts without our own fields, so that the same move is decided again, with the same keys."""
    bare = tuple(
        record._replace(fields={name: value for name, value in record.fields.items() if not name.startswith("handoff_")})
        for record in facts.records
    )
    return replace(facts, records=bare)


def _ahead(engine: Engine, loaded: Sequence[Loaded]) -> set[str]:
    """Keys of leads with a live record whose revision is newer than the ledger's and is not our own verified write."""
    newer = {
        record.ref: one.facts.key
        for one in loaded
        if one.prior is not None
        for record in one.facts.records
        if record.state is State.LIVE and revision(record.fields.get("handoff_rev")) > one.prior.rev
    }
    if not newer:
        return set()
    ours = engine.ledger.outbox.own_writes(sorted(newer))
    values = {ref: writes["handoff_rev"].value for ref, writes in ours.items() if "handoff_rev" in writes}
    records = {record.ref: record for one in loaded for record in one.facts.records}
    return {key for ref, key in newer.items() if revision(values.get(ref)) < revision(records[ref].fields.get("handoff_rev"))}


def furthest(facts: LeadFacts) -> int:
    """The newest revision on any live record of a lead."""
    return max((revision(record.fields.get("handoff_rev")) for record in facts.records if record.state is State.LIVE), default=0)


def revision(text: str | None) -> int:
    """A record's `handoff_rev` as a number, 0 when blank."""
    return int(text) if text and text.isdigit() else 0


def _save(run: Run, frame: Frame, pairs: Sequence[Pair], marks: dict[str, Mark]) -> None:
    if not pairs:
        return
    engine = run.engine
    now = engine.clock()
    decisions = [decision for decision, _ in pairs]
    engine.ledger.leads.save_decisions(run.id, decisions, marks, engine.policy.digest, roster_digest(frame), frame.digest, now)
    rows = [(d.lead, reason, detail) for d in decisions for reason, detail in d.exceptions]
    if rows:
        engine.ledger.exceptions.report_many(in_words(engine, rows, {facts.key: facts for _, facts in pairs}), run.id, now)
    engine.ledger.exceptions.resolve_missing(run.id, [decision.lead for decision in decisions], now)


def _assign(run: Run, book: Book, frame: Frame, *, settle: bool) -> None:
    """One pass over everybody who is ready, hottest first. They are read and decided again, shard by shard: facts and decisions of all
    of them do not fit into memory. The rest of the way is the same as for the others.
    """
    engine = run.engine
    desk = Desk(team_policy(engine.compiled, frame), frame, engine.clock())
    for keys in run.scratch.in_line(engine.settings.shard_size):
        run.renew()
        loaded = _load(engine, keys)
        decided = zip(_decide_all(run, frame, loaded), (one.facts for one in loaded), strict=True)
        # Somebody may have pulled meanwhile: who is not ready any more is planned as decided now.
        pairs = [(desk.settle(decision, facts) if decision.ready else decision, facts) for decision, facts in decided]
        run.scratch.take(desk.taken())
        _save(run, frame, pairs, _marks(loaded))
        write_shard(run, book, frame, pairs, settle=settle)
    taken = frame.turns
    book.levels += [replace(level, count=taken.get(level.pool, {}).get(level.rep, 0) + level.count) for level in desk.levels()]
