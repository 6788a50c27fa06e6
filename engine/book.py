"""The plan of one run while it is being filled: lines go to the ledger shard by shard, counts stay here.

Two plans: the one the guard may withhold, and the routing of new hand-raises, which it never withholds.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from engine.guard import Tally
from engine.runs import Run
from engine.waiting import Planned, planned
from handoff.assign import Level, Turn
from handoff.decision import Decision, Effect, EffectKind, Frame, Side
from handoff.facts import LeadFacts, Ref
from handoff.plan import PlanLines, lines
from ledger.values import NewPlan

Pair = tuple[Decision, LeadFacts]
Parts = list[tuple[Decision, PlanLines]]
FLIPS = 2
OWNERS = ("owners_given", "owners_rerouted")
HAND_RAISE = "hand_raise.waiting"


@dataclass(slots=True)
class Book:
    """`main` and `routing` are plan ids, None while nothing was saved; `exempt` are keys of leads in `routing` (only with `split`)."""

    kind: str
    split: bool = False
    main: int | None = None
    routing: int | None = None
    tally: Tally = field(default_factory=Tally)
    turns: list[Turn] = field(default_factory=list)
    levels: list[Level] = field(default_factory=list)
    gist: dict[str, Planned] = field(default_factory=dict)
    exempt: set[str] = field(default_factory=set)
    lines: int = 0
    creations: int = 0
    leads: int = 0

    @property
    def plans(self) -> tuple[int, ...]:
        """The ids of what was saved."""
        return tuple(plan for plan in (self.main, self.routing) if plan is not None)


def is_new_hand_raise(run: Run, decision: Decision) -> bool:
    """Whether this routes somebody who has just asked. The backlog of an adoption, aged requests and re-routes are ordinary moves."""
    compiled = run.engine.compiled
    row = compiled.by_name.get(decision.transition)
    if row is None or not row.rule.ready or row.rule.adoption_only or HAND_RAISE not in row.reads or decision.hand_raise_at is None:
        return False
    fresh = timedelta(days=compiled.policy.hand_raise.aged_after_days)
    return decision.offered_at == decision.since and decision.hand_raise_at >= run.engine.clock() - fresh


def write_shard(run: Run, book: Book, frame: Frame, pairs: Sequence[Pair], *, settle: bool) -> None:
    """Plans one shard of decided leads into the ledger. With `settle`, leads that need no write are settled at once."""
    main: list[tuple[Decision, PlanLines]] = []
    routing: list[tuple[Decision, PlanLines]] = []
    parts = [(decision, lines(decision, facts, run.engine.compiled, frame)) for decision, facts in pairs]
    for decision, made in _without_contested(run, parts):
        exempt = book.split and bool(made.lines or made.creations) and is_new_hand_raise(run, decision)
        (routing if exempt else main).append((decision, made))
        if exempt:
            book.exempt.add(decision.lead)
        _count(run, book, decision, made, frame)
    run.renew()
    book.main = _save(run, book.kind, book.main, main)
    book.routing = _save(run, "routing", book.routing, routing)
    if settle:
        run.engine.ledger.leads.settle([decision.lead for decision, made in main if not made.lines and not made.creations])


def _save(run: Run, kind: str, plan_id: int | None, part: Sequence[tuple[Decision, PlanLines]]) -> int | None:
    if not part:
        return plan_id
    engine = run.engine
    now = engine.clock()
    plan = NewPlan(
        lines=tuple(line for _, made in part for line in made.lines),
        creations=tuple(creation for _, made in part for creation in made.creations),
        effects=tuple(effect for decision, made in part for effect in _effects(decision, made)),
        decided=tuple(decision.lead for decision, _ in part),
        summary=told(run, kind),
    )
    expires = now + timedelta(hours=engine.settings.plan_hours)
    return engine.ledger.outbox.save_plan(run.id, plan, now, expires, approved=False, token=run.token, plan_id=plan_id)


def _effects(decision: Decision, made: PlanLines) -> tuple[Effect, ...]:
    """Notices stand for themselves; everything else goes with what is written."""
    if made.lines or made.creations:
        return decision.effects
    return tuple(effect for effect in decision.effects if effect.kind is EffectKind.NOTIFY)


def told(run: Run, kind: str) -> dict[str, int | str]:
    """What a plan says of itself, so that the run which applies it later can tell what moved."""
    owners = {name: run.counts[name] for name in OWNERS if run.counts[name]}
    moved = {f"moved {name}": number for name, number in run.moved.items()}
    kinds = {f"kind {name}": number for name, number in run.kinds.items()}
    return {"kind": kind, "flow": run.flow, **owners, **moved, **kinds}


def tell_again(run: Run, summary: Mapping[str, int | str]) -> None:
    """Takes a plan's words over into the run that applies it."""
    for name, value in summary.items():
        about, _, what = name.partition(" ")
        if isinstance(value, int):
            {"moved": run.moved, "kind": run.kinds}.get(about, run.counts)[what or name] += value


def _without_contested(run: Run, parts: Parts) -> Parts:
    """Leaves alone what others flipped back twice within 24 hours, and lists it."""
    refs = {line.ref for _, made in parts for line in made.lines if line.ref is not None}
    flips = run.engine.ledger.outbox.flips(sorted(refs), run.engine.clock() - timedelta(hours=24)) if refs else {}
    contested = {place for place, number in flips.items() if number >= FLIPS}
    if not contested:
        return parts
    return [(decision, _spare(run, made, contested)) for decision, made in parts]


def _spare(run: Run, made: PlanLines, contested: Collection[tuple[Ref, str]]) -> PlanLines:
    spared = [line for line in made.lines if line.ref is not None and (line.ref, line.field) in contested]
    for line in spared:
        run.add(run.counts, "stayed_contested")
        run.report(line.lead, "contested", f"{line.ref}: another automation set {line.field} back twice within 24 hours")
    return PlanLines(tuple(line for line in made.lines if line not in spared), made.creations) if spared else made


def _count(run: Run, book: Book, decision: Decision, made: PlanLines, frame: Frame) -> None:
    if not made.lines and not made.creations:
        return
    moves = {line.move for line in made.lines} | {creation.move for creation in made.creations}
    book.leads += 1
    if decision.lead not in book.exempt:
        book.gist[decision.lead] = planned(decision)
    book.lines += len(made.lines)
    book.creations += len(made.creations)
    if decision.lead not in book.exempt:
        book.tally.count(moves)
        for creation in made.creations:
            if creation.object == "task" and decision.owner in frame.reps:
                book.tally.task_for(decision.owner)
    if decision.transition:
        run.moved[decision.transition] += 1
    run.kinds.update(moves - {"field"})
    run.counts["lines"] += len(made.lines)
    run.counts["effects"] += len(made.creations)
    if decision.side is Side.SALES and decision.owner != decision.from_owner and decision.owner in frame.reps:
        run.counts["owners_rerouted" if decision.release_owner else "owners_given"] += 1
