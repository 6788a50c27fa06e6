"""What an earlier run left in flight is looked at first: done, open again, or a conflict.

Nothing of ours is sent here; what a person typed inside the write is put back, as after any write.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from typing import TypeVar

from connectors.protocol import Crm, Fate, Op, Outcome, Verified
from engine.apply import restore_edits, unblank
from engine.compare import Landed, Seen, after_write, before_write, blanked, same, settled
from engine.create import finish_creations, found_again
from engine.runs import Run
from handoff.facts import Edit, Record, Ref
from ledger.values import CreationRow, LineResult, LineRow, LineState, OwnWrite

STATES = {Seen.ALREADY: LineState.DONE, Seen.WRITE: LineState.OPEN, Seen.MOVED: LineState.CONFLICT, Seen.GONE: LineState.GONE}
T = TypeVar("T")
FOUND = "found in flight"
CLOCKS_DIFFER = timedelta(minutes=5)
"""Edits are stamped by the CRM's clock, runs by ours."""


def recover(run: Run, *, writing: bool) -> int:
    """Verifies every line and creation in flight against the CRM; `writing` says whether an edit may be put back in this run.

    Returns how many there were. Raises CrmError when the CRM cannot be read.
    """
    batch = run.engine.ledger.outbox.in_flight()
    groups: defaultdict[tuple[str, str], dict[Ref, tuple[LineRow, ...]]] = defaultdict(dict)
    for ref, rows in batch.rows.items():
        groups[ref.system, ref.object][ref] = rows
    for (system, _), records in sorted(groups.items()):
        _lines(run, run.engine.crms[system], records, writing=writing)
    creations: defaultdict[tuple[str, str], list[CreationRow]] = defaultdict(list)
    for row in batch.creations:
        creations[row.creation.system, row.creation.object].append(row)
    for (system, _), made in sorted(creations.items()):
        _creations(run, run.engine.crms[system], made)
    return sum(len(rows) for rows in batch.rows.values()) + len(batch.creations)


def _lines(run: Run, crm: Crm, records: dict[Ref, tuple[LineRow, ...]], *, writing: bool) -> None:
    """Read back with history since the plan was made, and judged; an edit that our write covered is put back (law 3)."""
    ledger = run.engine.ledger
    fields = sorted({row.line.field for rows in records.values() for row in rows})
    since = min(ledger.runs.get(number).started_at for number in {row.run for rows in records.values() for row in rows})
    found = crm.verify(tuple(records), fields, since - CLOCKS_DIFFER)
    own = ledger.outbox.own_writes(tuple(records))
    results: list[LineResult] = []
    read: list[Record] = []
    restore: dict[Ref, tuple[Edit, ...]] = {}
    again = _unblanked(run, crm, {ref: (rows, found.get(ref, Verified(None))) for ref, rows in records.items()}, writing=writing)
    for ref, rows in records.items():
        if ref in again:
            results += settled(rows, LineState.OPEN, FOUND) if again[ref] else ()
            continue
        verified = _since_ours(found.get(ref, Verified(None)), own.get(ref, {}))
        landed = _landed(rows, verified)
        if landed.restore and not writing:
            continue  # stays in flight: the edit is put back by the next run that may write
        results += landed.results
        read += [verified.record] if verified.record is not None else []
        if landed.restore:
            restore[ref] = landed.restore
    for part in _parts(restore, crm.batch_size(next(iter(records)).object, Op.UPDATE)):
        read = restore_edits(run, crm, part, read)
    ledger.outbox.finish(run.token, results, run.engine.clock(), verified=read, fields=fields)


def _unblanked(run: Run, crm: Crm, found: Mapping[Ref, tuple[tuple[LineRow, ...], Verified]], *, writing: bool) -> dict[Ref, bool]:
    """Records that stand blank because of our own first request -> whether the value before is there again.

    Nothing else of such a record was written: the second request carries the rest. Where it is not, the lines stay in flight.
    """
    blank = {
        ref: fields
        for ref, (rows, verified) in found.items()
        if (fields := {row.line.field: row.line.before for row in rows if blanked(row, verified)})
    }
    done: set[Ref] = set()
    for part in _parts(blank, crm.batch_size(next(iter(found)).object, Op.UPDATE)) if writing else ():
        done |= unblank(run, crm, part)
    return {ref: ref in done for ref in blank}


def _parts(items: Mapping[Ref, T], size: int) -> Iterator[dict[Ref, T]]:
    waiting = iter(items.items())
    while part := dict(islice(waiting, size)):
        yield part


def _since_ours(verified: Verified, own: Mapping[str, OwnWrite]) -> Verified:
    """Without the edits of a field that an earlier write of ours, a verified one, came after: that one was decided knowing them."""
    return replace(verified, edits=tuple(edit for edit in verified.edits if edit.field not in own or edit.at > own[edit.field].at))


def _landed(rows: tuple[LineRow, ...], verified: Verified) -> Landed:
    """Row by row: what holds our value was written by us, and must be known as ours even where another field of the record moved.

    A record is written whole: where one field holds our new value, one that does not was changed after our write, and not before it.
    """
    record = verified.record
    if record is None:
        return Landed(settled(rows, LineState.GONE, FOUND))
    seen = record._replace(fields={row.line.field: row.line.before for row in rows if row.line.before})
    judged = [(row, before_write((row,), record)) for row in rows]
    written = any(state is Seen.ALREADY and not same(row.line.before, row.line.after) for row, state in judged)
    results: list[LineResult] = []
    restore: list[Edit] = []
    for row, state in judged:
        if state is Seen.ALREADY or (state is Seen.MOVED and written):
            landed = after_write((row,), seen, verified)
            results += landed.results
            restore += landed.restore
        else:
            results += settled((row,), STATES[state], FOUND)
    return Landed(tuple(results), tuple(restore))


def _creations(run: Run, crm: Crm, rows: list[CreationRow]) -> None:
    outcomes = found_again(run, crm, rows)
    finish_creations(run, crm, rows, tuple(_open(outcome) for outcome in outcomes), locked=False)


def _open(outcome: Outcome) -> Outcome:
    return outcome if outcome.fate is Fate.DONE else Outcome(Fate.RETRY, None, "was in flight and is not there")
