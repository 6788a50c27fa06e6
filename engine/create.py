"""Creations: leads, tasks and deals, once by their unique key; a lost reply is looked up by the key before anything is sent again."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.protocol import Crm, CrmError, Fate, Interrupted, NewRecord, Outcome
from engine.context import Engine
from engine.discreet import without_people
from engine.records import LEAD
from engine.runs import Run
from handoff.facts import Ref
from ledger.values import CreationResult, CreationRow, LineState, Link, Role


def create_batch(run: Run, crm: Crm, rows: Sequence[CreationRow]) -> None:
    """Sends one claimed batch of one object and records what became of every row."""
    ready = {row.id: about for row in rows if (about := _about(run.engine, row)) is not None}
    sent = [row for row in rows if row.id in ready]
    waiting = [CreationResult(row.id, LineState.GONE, None, "the record it belongs to was not made") for row in rows if row.id not in ready]
    if waiting:
        run.engine.ledger.outbox.finish(run.token, waiting, run.engine.clock())
    if not sent:
        return
    lost = False
    try:
        outcomes = crm.create([NewRecord(row.creation.object, row.creation.unique_key, row.creation.values, ready[row.id]) for row in sent])
    except Interrupted:
        run.give_up_after(crm.system, "replies keep getting lost")
        lost = True
        try:
            outcomes = found_again(run, crm, sent)
        except CrmError as error:
            # Nobody knows what was made: the rows stay in flight, and the next run looks for their keys.
            run.stop(crm.system, _discreet(run, error, sent))
            return
    except CrmError as error:
        run.engine.ledger.outbox.finish(run.token, [CreationResult(row.id, LineState.OPEN) for row in sent], run.engine.clock())
        run.stop(crm.system, _discreet(run, error, sent))
        return
    run.rows.add(run.rows.created, crm.system, sent[0].creation.object, len(sent))
    finish_creations(run, crm, sent, outcomes, locked=not lost)


def _about(engine: Engine, row: CreationRow) -> tuple[Ref, ...] | None:
    """The records a creation belongs to: those it names, else the one it waits for; None when that was not made."""
    after = row.creation.after_key
    if not after:
        return row.creation.about
    made = engine.ledger.outbox.each_created(lead_key=row.creation.lead)
    found = (one.ref for one in made if one.creation.unique_key == after and one.state is LineState.DONE)
    return next((row.creation.about or (ref,) for ref in found if ref is not None), None)


def found_again(run: Run, crm: Crm, rows: Sequence[CreationRow]) -> tuple[Outcome, ...]:
    """What a lost reply did: the records that exist now; the others may be sent again."""
    about = [ref for row in rows for ref in _about(run.engine, row) or ()]
    found = crm.find(rows[0].creation.object, [row.creation.unique_key for row in rows], about)
    keys = [row.creation.unique_key for row in rows]
    return tuple(Outcome(Fate.DONE, found[key]) if key in found else Outcome(Fate.RETRY, None, "the reply was lost") for key in keys)


def finish_creations(run: Run, crm: Crm, rows: Sequence[CreationRow], outcomes: Sequence[Outcome], *, locked: bool) -> None:
    """Records results; a new lead is read back, becomes a fact and belongs to its lead; a task's effect is done.

    A CRM that cannot be read back is stopped alone: its new records stay in flight, and the next run finds them by their keys. `locked`:
    what is to be sent again found a lock in this run.
    """
    ledger, now = run.engine.ledger, run.engine.clock()
    done = [(row, outcome.ref) for row, outcome in zip(rows, outcomes, strict=True) if outcome.fate is Fate.DONE]
    made = {row.creation.lead: ref for row, ref in done if ref is not None}
    if rows[0].creation.object != LEAD:
        ledger.outbox.finish(run.token, _results(run, crm, rows, outcomes, locked=locked), now)
        return
    try:
        fields = _mapped(run, crm, rows)
        records = crm.read(tuple(made.values()), fields) if made else {}
    except CrmError as error:
        run.stop(crm.system, _discreet(run, error, rows))
        return
    # Before the end is recorded: a run that dies in between finds the creation in flight, and links it again.
    ledger.leads.link([Link(ref, lead, Role.PRIMARY) for lead, ref in made.items() if ref in records], now)
    results = _results(run, crm, rows, outcomes, locked=locked)
    ledger.outbox.finish(run.token, results, now, verified=tuple(records.values()), fields=fields)


def _mapped(run: Run, crm: Crm, rows: Sequence[CreationRow]) -> list[str]:
    """What the new leads were given, as far as the CRM's map has a line for it: what it has not was left out when they were made."""
    known = crm.fields(run.engine.policy.carriers[crm.system])
    return sorted({name for row in rows for name in row.creation.values if name in known})


def _results(run: Run, crm: Crm, rows: Sequence[CreationRow], outcomes: Sequence[Outcome], *, locked: bool) -> list[CreationResult]:
    """What became of each row; one that found a lock too often stays in flight, and has none yet."""
    back = any(outcome.fate is Fate.RETRY for outcome in outcomes)
    again = not back or not locked or run.tries_again(crm.system, "records stayed locked")
    pairs = zip(rows, outcomes, strict=True)
    return [_result(run, crm, row, outcome) for row, outcome in pairs if again or outcome.fate is not Fate.RETRY]


def _result(run: Run, crm: Crm, row: CreationRow, outcome: Outcome) -> CreationResult:
    if outcome.fate is Fate.DONE:
        run.add(run.writes if row.creation.object == LEAD else run.effects, crm.system)
        return CreationResult(row.id, LineState.DONE, outcome.ref)
    reason = _discreet(run, outcome.reason, [row])
    if outcome.fate is Fate.RETRY:
        run.add(run.counts, "put_back")
        return CreationResult(row.id, LineState.OPEN, None, reason)
    run.add(run.counts, "refused")
    what = "new lead" if row.creation.object == LEAD else row.creation.object
    run.report(row.creation.lead, "refused", f"{crm.system} {what}: {reason}")
    return CreationResult(row.id, LineState.REFUSED, None, reason)


def _discreet(run: Run, words: object, rows: Sequence[CreationRow]) -> str:
    """A CRM's words without the people of these creations, who stand on the lead's other records."""
    about = [Ref.parse(row.creation.lead) for row in rows] + [ref for row in rows for ref in row.creation.about]
    return without_people(run.engine, about, str(words), [row.creation.values for row in rows])
