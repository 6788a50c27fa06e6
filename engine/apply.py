"""Apply: what was released is written in full batches. Re-read, compare, write, verify with history, record; effects once by their key.

HubSpot and Salesforce run side by side, each with a few requests in flight. Per CRM the order is creations, updates; tasks come last, when
their leads' lines are done. A CRM that asks to wait or refuses everything stops alone: its rows go back to open, the others go on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from operator import attrgetter

from connectors.protocol import Change, Crm, CrmError, Fate, Interrupted, Op, Outcome, Verified
from engine.compare import Seen, after_write, before_write, blanked, change_of, same, settled
from engine.create import create_batch
from engine.discreet import without_people
from engine.records import EFFECTS, TASK
from engine.runs import Run
from engine.tasks import in_words, judge, to_read
from engine.wishes import ticked_since, wishes_of
from handoff.facts import Edit, Record, Ref
from ledger.values import LineResult, LineRow, LineState

_STATE = attrgetter("state")
Rows = Mapping[Ref, tuple[LineRow, ...]]
EDITS_NAMED = 20
"""Records named in the summary; all are counted."""


def apply_open(run: Run, plan_id: int | None = None) -> int:
    """Writes every released line (of one plan when named). Returns how many records conflicted: their leads are to be decided afresh.

    Leads that do not exist yet come first, then updates; tasks wait until every CRM has what their leads' decision says.
    """
    before = run.counts["conflicts"] + run.counts["restored_edits"]
    for late in (False, True):
        groups = [
            group for group in run.engine.ledger.outbox.open_groups(plan_id) if (group[2] == Op.CREATE and group[1] in EFFECTS) is late
        ]
        crms = [crm for system, crm in run.engine.crms.items() if any(group[0] == system for group in groups)]
        names = [f"write {'tasks' if late else 'records'} to {crm.system}" for crm in crms]
        run.engine.executor.map(partial(_apply_system, run, groups, plan_id), crms, names)
    return run.counts["conflicts"] + run.counts["restored_edits"] - before


def _apply_system(run: Run, groups: Sequence[tuple[str, str, str, int]], plan_id: int | None, crm: Crm) -> None:
    mine = [group for group in groups if group[0] == crm.system]
    for _, name, op, _number in sorted(mine, key=lambda group: (group[2] != Op.CREATE, group[1])):
        run.engine.executor.map(partial(_drain, run, crm, name, Op(op), plan_id), run.engine.in_flight)


def _drain(run: Run, crm: Crm, name: str, op: Op, plan_id: int | None, _worker: int) -> None:
    """Claims and writes one full batch after the other until nothing is open; several workers share one queue."""
    size = crm.batch_size(name, op)
    outbox = run.engine.ledger.outbox
    while crm.system not in run.stopped:
        if run.flow != "undo" and run.engine.ledger.switches.paused():
            run.stop(crm.system, "paused meanwhile; after handoff resume the next run goes on")
            return
        run.renew()
        batch = outbox.claim(crm.system, name, op.value, size, run.token, run.engine.clock(), plan_id)
        if not batch:
            return
        if op is Op.CREATE:
            create_batch(run, crm, batch.creations)
        else:
            _update(run, crm, name, batch.rows)


def _update(run: Run, crm: Crm, name: str, rows: Rows) -> None:
    fields = sorted({row.line.field for group in rows.values() for row in group})
    try:
        boxes = () if name == TASK else wishes_of(crm, name)
        fresh = crm.read(tuple(rows), (*to_read(name, fields), *boxes))
    except CrmError as error:
        _put_back(run, rows)
        run.stop(crm.system, without_people(run.engine, rows, str(error)))
        return
    seen = judge(run.engine, name, rows, fresh)
    seen |= dict.fromkeys(ticked_since(run.engine, rows, [fresh[ref] for ref, state in seen.items() if state is Seen.WRITE]), Seen.MOVED)
    _settle_unwritten(run, rows, seen, fresh, (*fields, *boxes))
    todo = {ref: rows[ref] for ref, state in seen.items() if state is Seen.WRITE}
    if todo:
        _write(run, crm, name, todo, fresh, fields)


def _settle_unwritten(run: Run, rows: Rows, seen: Mapping[Ref, Seen], fresh: Mapping[Ref, Record], fields: Sequence[str]) -> None:
    """Records that are gone, moved since the plan, or hold the planned values already."""
    results: list[LineResult] = []
    read: list[Record] = []
    for ref, state in seen.items():
        if state is Seen.WRITE:
            continue
        if state is Seen.GONE:
            results += settled(rows[ref], LineState.GONE, "gone since the plan")
            run.add(run.counts, "gone")
            continue
        read.append(fresh[ref])
        if state is Seen.MOVED:
            results += settled(rows[ref], LineState.CONFLICT, "edited since the plan")
            run.add(run.counts, "conflicts")
            run.add(run.counts, "stayed_edited")
        else:
            results += settled(rows[ref], LineState.DONE, "held the value already", fresh[ref])
    if results:
        missing = [ref for ref, state in seen.items() if state is Seen.GONE]
        run.engine.ledger.outbox.finish(run.token, results, run.engine.clock(), verified=read, fields=fields, missing=missing)


def _write(run: Run, crm: Crm, name: str, rows: Rows, fresh: Mapping[Ref, Record], fields: Sequence[str]) -> None:
    changes = in_words(name, [change_of(group, fresh[ref]) for ref, group in rows.items()], fresh)
    since = max(fresh[ref].modified_at for ref in rows)
    lost = False
    try:
        fates = dict(zip(rows, crm.write(changes), strict=True))
    except Interrupted:
        fates, lost = {ref: Outcome(Fate.DONE, ref) for ref in rows}, True  # the read-back tells what was done
    except CrmError as error:
        # What may have been blanked already stays in flight: the next run looks whose blank it is.
        _put_back(run, {change.ref: rows[change.ref] for change in changes if not change.clear_first})
        run.stop(crm.system, without_people(run.engine, rows, str(error)))
        return
    run.rows.add(run.rows.updated, crm.system, name, len(rows))
    run.rows.add(run.rows.cleared, crm.system, name, sum(1 for change in changes if change.clear_first))
    back = {change.ref for change in changes if change.clear_first and fates[change.ref].fate is Fate.RETRY}
    _refused(run, crm, {ref: rows[ref] for ref in rows if fates[ref].fate is not Fate.DONE and ref not in back}, fates)
    refused = [change for change in changes if fates[change.ref].fate is Fate.REFUSED]
    unblank(run, crm, {c.ref: {name: fresh[c.ref].fields[name] for name in c.clear_first} for c in refused if c.clear_first})
    sent = {ref: rows[ref] for ref in rows if fates[ref].fate is Fate.DONE}
    if sent:
        _verify(run, crm, sent, fresh, fields, since, lost=lost)


def _refused(run: Run, crm: Crm, rows: Rows, fates: Mapping[Ref, Outcome]) -> None:
    """Rows the CRM did not take: refused with its reason, gone, or put back when they may succeed later."""
    results: list[LineResult] = []
    locked = any(fates[ref].fate is Fate.RETRY for ref in rows)
    again = locked and run.tries_again(crm.system, "records stayed locked")
    for ref, group in rows.items():
        outcome = fates[ref]
        reason = without_people(run.engine, [ref], outcome.reason)
        if outcome.fate is Fate.RETRY:
            results += settled(group, LineState.OPEN, reason) if again else ()
            run.add(run.counts, "put_back")
            continue
        state = LineState.GONE if outcome.fate is Fate.GONE else LineState.REFUSED
        results += settled(group, state, reason)
        run.add(run.counts, "gone" if state is LineState.GONE else "refused")
        if state is LineState.REFUSED:
            run.report(group[0].line.lead, "refused", f"{crm.system}: {reason}")
    if results:
        run.engine.ledger.outbox.finish(run.token, results, run.engine.clock())


def unblank(run: Run, crm: Crm, values: Mapping[Ref, Mapping[str, str | None]]) -> frozenset[Ref]:
    """Sets what our first request blanked, for a value that then did not arrive, to what it was. Returns where that was done."""
    if not values:
        return frozenset()
    try:
        outcomes = crm.write([Change(ref, fields) for ref, fields in values.items()])
    except CrmError as error:
        outcomes = tuple(Outcome(Fate.RETRY, ref, str(error)) for ref in values)
    fates = dict(zip(values, outcomes, strict=True))
    for ref, outcome in fates.items():
        if outcome.fate is not Fate.DONE:
            reason = without_people(run.engine, [ref], outcome.reason)
            run.report(str(ref), "left_blank", f"we blanked {', '.join(values[ref])} and it was not set again: {reason}")
    return frozenset(ref for ref, outcome in fates.items() if outcome.fate is Fate.DONE)


def _verify(run: Run, crm: Crm, rows: Rows, fresh: Mapping[Ref, Record], fields: Sequence[str], since: datetime, *, lost: bool) -> None:
    try:
        found = crm.verify(tuple(rows), fields, since)
    except CrmError as error:
        # What was written stays in flight: the next run looks before it sends anything again.
        run.stop(crm.system, without_people(run.engine, rows, str(error)))
        return
    results: list[LineResult] = []
    read: list[Record] = []
    restore: dict[Ref, tuple[Edit, ...]] = {}
    for ref, group in rows.items():
        verified = found.get(ref, Verified(None))
        if lost and any(blanked(row, verified) for row in group):
            continue  # in flight until the next run: the blank is ours, the value did not arrive
        if lost and verified.record is not None and _untouched(group, fresh[ref], verified.record):
            results += settled(group, LineState.OPEN, "the reply was lost and nothing had been written")
            run.add(run.counts, "put_back")
            continue
        landed = after_write(group, fresh[ref], verified)
        results += landed.results
        _count_landed(run, crm, group, landed.results)
        if verified.record is not None:
            read.append(verified.record)
        if landed.restore:
            restore[ref] = landed.restore
    if restore:
        read = restore_edits(run, crm, restore, read)
    run.engine.ledger.outbox.finish(run.token, results, run.engine.clock(), verified=read, fields=fields)
    if lost:
        run.give_up_after(crm.system, "replies keep getting lost")


def _untouched(rows: Sequence[LineRow], seen: Record, record: Record) -> bool:
    unchanged = all(same(record.fields.get(row.line.field), seen.fields.get(row.line.field)) for row in rows)
    return unchanged and before_write(rows, record) is Seen.WRITE


def _count_landed(run: Run, crm: Crm, rows: Sequence[LineRow], results: Sequence[LineResult]) -> None:
    states = Counter(map(_STATE, results))
    if done := states[LineState.DONE]:
        run.add(run.writes, crm.system)
        run.add(run.counts, "lines_done", done)
    for result in results if LineState.REFUSED in states else ():
        if result.state is LineState.REFUSED:
            run.add(run.counts, "refused")
            run.report(rows[0].line.lead, "refused", f"{crm.system}: {result.detail}")
    if LineState.CONFLICT in states:
        run.add(run.counts, "conflicts")
    if LineState.GONE in states:
        run.add(run.counts, "gone")


def restore_edits(run: Run, crm: Crm, restore: Mapping[Ref, tuple[Edit, ...]], read: Sequence[Record]) -> list[Record]:
    """Puts back what persons typed between our read and our write. Returns the read-backs as they stand then.

    What cannot be put back stands on the exceptions list, whatever the CRM's reason.
    """
    changes = [Change(ref, {edit.field: edit.value for edit in edits}) for ref, edits in restore.items()]
    try:
        outcomes = crm.write(changes)
    except CrmError as error:
        outcomes = tuple(Outcome(Fate.RETRY, ref, str(error)) for ref in restore)
    fates = dict(zip(restore, outcomes, strict=True))
    for ref, outcome in fates.items():
        if outcome.fate is Fate.DONE:
            run.add(run.counts, "restored_edits")
            if run.counts["restored_edits"] <= EDITS_NAMED:
                run.notes.append(f"{ref}: an edit fell inside our write; the person's value was put back")
        else:
            fields, reason = ", ".join(edit.field for edit in restore[ref]), without_people(run.engine, [ref], outcome.reason)
            run.report(str(ref), "edit_overwritten", f"an edit of {fields} fell inside our write and was not put back: {reason}")
    done = {ref for ref, outcome in fates.items() if outcome.fate is Fate.DONE}
    return [_with_values(record, restore[record.ref]) if record.ref in done else record for record in read]


def _with_values(record: Record, edits: Sequence[Edit]) -> Record:
    fields = dict(record.fields)
    for edit in edits:
        if edit.value:
            fields[edit.field] = edit.value
        else:
            fields.pop(edit.field, None)
    return record._replace(fields=fields)


def _put_back(run: Run, rows: Rows) -> None:
    results = [result for group in rows.values() for result in settled(group, LineState.OPEN)]
    run.engine.ledger.outbox.finish(run.token, results, run.engine.clock())
