"""The plan of one run while it is being filled: lines go to the ledger shard by shard, counts stay here, what is kept per lead is in the
run's scratch file.

Two plans: the one the guard may withhold, and the routing of new hand-raises, which it never withholds.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby
from operator import attrgetter

from engine.aside import note_aside
from engine.guard import Tally
from engine.rollout import with_shadow
from engine.runs import Run
from engine.scratch import EXEMPT
from engine.tasks import with_tasks_taken_back
from engine.waiting import planned
from handoff.assign import Level
from handoff.decision import Decision, Effect, EffectKind, Frame, Side
from handoff.facts import LeadFacts, Ref
from handoff.match import leaves_of
from handoff.plan import PlanLines, lines
from ledger.values import NewPlan

Pair = tuple[Decision, LeadFacts]
Parts = list[tuple[Decision, PlanLines]]
_REF, _MOVE = attrgetter("ref"), attrgetter("move")
FLIPS = 2
OWNERS = ("owners_given", "owners_rerouted")
HAND_RAISE = "hand_raise.waiting"
CLOCK, RAISED = "response.clock", "hand_raise"
BECOME_MARKETING = "become_marketing"
MAILER = "hubspot"  # the CRM that bills by who may be mailed


@dataclass(slots=True)
class Book:
    """`main` and `routing` are plan ids, None while nothing was saved; `exempt` counts the leads in `routing` (only with `split`)."""

    kind: str
    split: bool = False
    main: int | None = None
    routing: int | None = None
    tally: Tally = field(default_factory=Tally)
    levels: list[Level] = field(default_factory=list)
    exempt: int = 0
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


def _still_asks(run: Run, decision: Decision) -> bool:
    """Whether this hands on somebody who asked and was not answered: such tasks do not count towards a person's day either."""
    row = run.engine.compiled.by_name.get(decision.transition)
    return row is not None and any(test.signal == CLOCK and test.value == RAISED for test, _ in leaves_of(row.rule.when))


def write_shard(run: Run, book: Book, frame: Frame, pairs: Sequence[Pair], *, settle: bool) -> None:
    """Plans one shard of decided leads into the ledger. With `settle`, leads that need no write are settled at once."""
    main: list[tuple[Decision, PlanLines]] = []
    routing: list[tuple[Decision, PlanLines]] = []
    note_aside(run, (decision for decision, _ in pairs))
    made_of = ((decision, facts, lines(decision, facts, run.engine.compiled, frame)) for decision, facts in pairs)
    parts = [(decision, with_shadow(run, decision, facts, made)) for decision, facts, made in made_of]
    parts = with_tasks_taken_back(run.engine, parts, {facts.key: facts for _, facts in pairs})
    for (decision, made), (_, facts) in zip(_without_contested(run, parts), pairs, strict=True):
        run.counts[BECOME_MARKETING] += bool(made.lines or made.creations) and _becomes_marketing(run, decision, facts)
        exempt = book.split and bool(made.lines or made.creations) and is_new_hand_raise(run, decision)
        (routing if exempt else main).append((decision, made))
        _count(run, book, decision, made, frame, exempt=exempt)
    run.scratch.add(EXEMPT, (decision.lead for decision, _ in routing))
    run.scratch.move({decision.lead: planned(decision) for decision, made in main if made.lines or made.creations})
    run.renew()
    book.main = _save(run, book.kind, book.main, main)
    book.routing = _save(run, "routing", book.routing, routing)
    if settle:
        run.engine.ledger.leads.settle([decision.lead for decision, made in main if not made.lines and not made.creations])


def _becomes_marketing(run: Run, decision: Decision, facts: LeadFacts) -> bool:
    """Whether mailing the lead, now or once its hold is lifted, makes a marketing contact of it. Crossing a tier of them is billed."""
    row = run.engine.compiled.by_name.get(decision.transition)
    nurtured = row is not None and row.rule.nurture and decision.side is Side.MARKETING
    return nurtured and facts.fields.get("marketable") != "true" and any(record.ref.system == MAILER for record in facts.records)


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
    refs = {ref for _, made in parts for ref, _ in groupby(made.lines, _REF) if ref is not None}
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


def _count(run: Run, book: Book, decision: Decision, made: PlanLines, frame: Frame, *, exempt: bool) -> None:
    if not made.lines and not made.creations:
        return
    moves = {*map(_MOVE, made.lines), *map(_MOVE, made.creations)}
    book.leads += 1
    book.exempt += exempt
    book.lines += len(made.lines)
    book.creations += len(made.creations)
    if not exempt:
        book.tally.count(moves)
        for creation in made.creations:
            if creation.object == "task" and decision.owner in frame.reps and not _still_asks(run, decision):
                book.tally.task_for(decision.owner)
    if decision.transition:
        run.moved[decision.transition] += 1
    run.kinds.update(moves - {"field"})
    run.counts["lines"] += len(made.lines)
    run.counts["effects"] += len(made.creations)
    if decision.side is Side.SALES and decision.owner != decision.from_owner and decision.owner in frame.reps:
        run.counts["owners_rerouted" if decision.release_owner else "owners_given"] += 1
