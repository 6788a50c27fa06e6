"""One round of planning: frame, decide, assign, plan, guard, and the release of what may be written without a person's approval."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime

import orjson

from engine.book import BECOME_MARKETING, Book
from engine.context import Engine
from engine.decide import AHEAD, decide_due
from engine.frame import build_frame
from engine.guard import WINDOW, check, verdict
from engine.report import Status
from engine.rollout import note_rollout
from engine.runs import Run
from engine.sources import note_surges
from engine.waiting import documents, keep_waiting, part_name
from handoff.assign import Level, Turn
from handoff.policy import Policy

BILLED = "making them so is billed once a tier is passed"
LEVELS, TURNS = "levels", "turns"
BUT_HAND_RAISES = "Nothing but new hand-raises is written until the plan is approved"
UNSIGNED = "let sales and marketing read and sign the draft that handoff look writes; until then nothing is written"


def plan_round(run: Run, kind: str = "sync", *, adopting: bool = False) -> Book:
    """Decides and plans everything that is due. Nothing is released yet."""
    engine = run.engine
    run.scratch.clear()
    with run.phase("frame"):
        if run.mode == "apply":
            note_rollout(engine)
            note_surges(run)
        frame = build_frame(engine, adopting=adopting)
        engine.ledger.runs.set_frame(run.id, frame.digest)
    live = run.mode == "apply" and not adopting and engine.ledger.switches.cut_over() is not None
    settle = live or adopting
    book = Book(kind, split=live)
    with run.phase("decide"):
        decide_due(run, book, frame, settle=settle)
    _tell_marketing(run)
    if run.plan_id is None and (book.lines or book.creations):
        run.plan_id = book.main if book.main is not None else book.routing
    return book


def _tell_marketing(run: Run) -> None:
    number = run.counts[BECOME_MARKETING]
    if number:
        run.notes[:] = [note for note in run.notes if not note.endswith(BILLED)]
        run.notes.append(f"{number:,} leads of this plan go to nurture and are no marketing contacts yet; {BILLED}")


def release(run: Run, book: Book) -> bool:
    """Lets the round's plans be written, or withholds them. Returns whether this run may write (what an earlier one released, too)."""
    engine = run.engine
    why = why_not(run)
    with run.phase("guard"):
        breaches = check(
            engine.policy.guard,
            book.tally,
            engine.ledger.runs.moves(engine.clock()),
            earlier_tasks(engine, engine.clock()),
            in_scope(engine),
        )
    if breaches and not run.breach:
        run.breach = verdict(breaches) if why is not None and why[1] else f"{verdict(breaches)}. {BUT_HAND_RAISES}"
    if why is None and not breaches:
        _release(run, book, book.plans)
        return True
    # What waits for nobody's word is decided afresh by the next run that may write: after a pause, or when the ledger is reconciled.
    asks = why is None or why[0] is Status.NEEDS_APPROVAL
    if asks and run.mode == "apply" and engine.ledger.switches.cut_over() is not None:
        park(run, book, withheld_all=why is not None)
    else:
        keep_turns(run, book, withheld_all=True)
        run.counts["withheld"] += book.leads if run.mode == "apply" else 0
    if why is not None:
        run.status, note = why
        run.notes.append(note)
        return False
    run.status = Status.NEEDS_APPROVAL
    _release(run, book, () if book.routing is None else (book.routing,))
    return True


def why_not(run: Run) -> tuple[Status, str] | None:
    """Why nothing at all may be written in this run (how it ends, and in words), None when it may."""
    engine = run.engine
    if run.mode == "plan":
        return Status.DONE, ""
    # A lead that was found ahead is due again only when its facts change: until it is reconciled, the list of exceptions remembers it.
    if ahead := run.counts["ahead"] or engine.ledger.exceptions.counts().get(AHEAD, 0):
        return (
            Status.PARTIAL,
            f"{ahead} leads are ahead of the ledger (an older copy was restored?): run handoff reconcile, then sync again",
        )
    if not engine.policy.approvals:
        return Status.NEEDS_APPROVAL, f"nobody has signed the policy {engine.policy.name}: {UNSIGNED}"
    if engine.policy.unsigned:
        return Status.NEEDS_APPROVAL, changed_since_signed(engine.policy)
    if engine.ledger.switches.cut_over() is None:
        return (
            Status.NEEDS_APPROVAL,
            "this company was not adopted yet: run handoff adopt, and approve its plan; until then nothing is written",
        )
    if engine.ledger.switches.paused():
        return Status.PAUSED, "paused: the plan was made and nothing was written; handoff resume goes on"
    if engine.settings.writes != "on":
        return Status.NEEDS_APPROVAL, "writes are off in the settings: the plan was made and nothing was written"
    return None


def changed_since_signed(policy: Policy) -> str:
    """Why nothing is written by rules that were changed after they were signed."""
    teams = " and ".join(policy.unsigned)
    return (
        f"the rules are not the ones that {teams} signed (these are {policy.rules}): have them read, then"
        f" handoff policy sign {policy.unsigned[0]} --by NAME; until then nothing is written"
    )


def in_scope(engine: Engine) -> int:
    """The base of the guard's shares: leads in scope, or all leads while none was settled yet."""
    return engine.ledger.leads.in_scope() or engine.ledger.leads.count()


def _release(run: Run, book: Book, plans: tuple[int, ...]) -> None:
    engine = run.engine
    for plan_id in plans:
        plan = engine.ledger.outbox.plan(plan_id)
        # Nobody's name: what no person approved counts towards the guard's next 24 hours.
        engine.ledger.outbox.approve(plan_id, "", plan.digest, engine.clock())
    # The routing alone goes out where a breach withholds the rest.
    exempt = None if book.main in plans else True
    take_levels(run, book.levels)
    for part in run.scratch.turns(engine.settings.shard_size, exempt=exempt):
        take_turns(run, part)
    run.tasks.update(book.tally.tasks if book.main in plans else {})


def take_levels(run: Run, levels: Sequence[Level]) -> None:
    """Who joined or came back starts at the pool's level."""
    log, now = run.engine.ledger.turns, run.engine.clock()
    taken = log.counts() if levels else {}
    for level in levels:
        if taken.get(level.pool, {}).get(level.rep, 0) < level.count:
            log.level(level.pool, level.rep, level.count, run.id, now)


def take_turns(run: Run, turns: Iterable[Turn]) -> None:
    """Apply reserves the turns that the plan read. A turn that is logged already is not taken twice."""
    run.engine.ledger.turns.log_all(turns, run.id, run.engine.clock())


def park(run: Run, book: Book, *, withheld_all: bool) -> None:
    """A plan waits for approval: its turns are kept, and the next runs leave its leads to it."""
    if book.main is None:
        return
    run.waits = True
    keep_turns(run, book, withheld_all=withheld_all)
    keep_waiting(run.engine, book.main, run.scratch)
    run.counts["withheld"] += book.leads - (0 if withheld_all else book.exempt)


def keep_turns(run: Run, book: Book, *, withheld_all: bool) -> None:
    """Keeps the turns of a plan that is not released, so that its approval takes them; without `withheld_all`, not those of its routing."""
    if book.main is None:
        return
    save = run.engine.ledger.switches.save_document
    levels = orjson.dumps([asdict(level) for level in book.levels]).decode()
    save(LEVELS, part_name(LEVELS, book.main, 0), levels)
    for number, turns in enumerate(run.scratch.turns(run.engine.settings.shard_size, exempt=None if withheld_all else False)):
        save(TURNS, part_name(TURNS, book.main, number), orjson.dumps([asdict(turn) for turn in turns]).decode())


def take_kept_turns(run: Run, plan_id: int) -> None:
    """A plan that waited is approved: the turns it kept are taken. One that gave out nothing by turns kept none."""
    for body in documents(run.engine, LEVELS, plan_id):
        take_levels(run, [Level(**level) for level in orjson.loads(body)])
    for body in documents(run.engine, TURNS, plan_id):
        take_turns(run, [Turn(**turn) for turn in orjson.loads(body)])


def earlier_tasks(engine: Engine, now: datetime) -> dict[str, int]:
    """Tasks per rep that automatic plans made in the last 24 hours."""
    tasks: Counter[str] = Counter()
    for earlier in engine.ledger.runs.list(limit=200):
        if earlier.started_at >= now - WINDOW:
            made = earlier.summary.get("tasks")
            tasks.update(made if isinstance(made, dict) else {})
    return dict(tasks)
