"""Reading the two CRMs back, independently of what the product remembers: an auditor's credentials and a ledger of its own each time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from cli.theatre import DemoFailed, Theatre
from engine.context import Engine
from handoff.facts import Ref
from handoff.plan import Line
from ledger.values import LineState

# Undo raises these on purpose, so that a record says it was touched twice; every other planned field must read as before.
_RAISED_BY_UNDO = frozenset({"handoff_episode", "handoff_rev"})


@dataclass(frozen=True)
class Undone:
    """How many planned fields were read back, how many of them differ from before, and how many owners Salesforce would not take back."""

    compared: int
    different: int
    owners_gone: int


@dataclass(frozen=True)
class OwnerEdit:
    """A rep gives one record to a colleague. `by` and `to` are e-mail addresses, `owner_id` is the colleague in that CRM."""

    ref: Ref
    by: str
    to: str
    owner_id: str


def auditing(stage: Theatre, home: Path) -> AbstractContextManager[Engine]:
    """The auditor, who counts what both CRMs of `stage` show: this ledger, in `home`, is fed by pulls alone, never by what we wrote."""
    return stage.engine("auditor", home=home / "audit")


def undone(engine: Engine, plan_id: int) -> Undone:
    """Read back every field `plan_id` wrote and compare it with what stood there before that plan.

    A Salesforce Lead cannot be given back to a user who has left (INACTIVE_OWNER_OR_USER); those owners are counted apart.
    """
    departed = {person.id for person in engine.crms["salesforce"].people() if not person.active} if "salesforce" in engine.crms else set()
    wanted: dict[Ref, dict[str, str]] = {}
    owners_gone = 0
    for line in written(engine, plan_id):
        if line.field == "owner" and line.before in departed:
            owners_gone += 1
        elif line.ref is not None and line.field not in _RAISED_BY_UNDO:
            wanted.setdefault(line.ref, {})[line.field] = line.before or ""
    found = _read(engine, wanted)
    differ = [name for ref, fields in wanted.items() for name, value in fields.items() if found.get(ref, {}).get(name, "") != value]
    return Undone(sum(map(len, wanted.values())), len(differ), owners_gone)


def written(engine: Engine, plan_id: int) -> Iterator[Line]:
    """The lines of a plan that were written."""
    found = engine.ledger.outbox.each_line(plan_id)
    return (row.line for row in found if row.state is LineState.DONE and row.line.ref is not None)


def _read(engine: Engine, wanted: Mapping[Ref, Mapping[str, str]]) -> dict[Ref, Mapping[str, str]]:
    groups: dict[tuple[str, str], list[Ref]] = {}
    for ref in sorted(wanted):
        groups.setdefault((ref.system, ref.object), []).append(ref)
    found: dict[Ref, Mapping[str, str]] = {}
    for (system, _), refs in groups.items():
        names = sorted({name for ref in refs for name in wanted[ref]})
        found |= {ref: record.fields for ref, record in engine.crms[system].read(refs, names).items()}
    return found


def choose_edit(engine: Engine, plan_id: int) -> OwnerEdit:
    """The first record of record that `plan_id` gave to a rep, for another rep whom it gave one. Raises DemoFailed without such a pair."""
    record_system = engine.policy.systems[0]
    people = {person.id: person for person in engine.crms[record_system].people() if person.active and person.type == "person"}
    first: Line | None = None
    for line in written(engine, plan_id):
        if line.ref is None or line.ref.system != record_system or line.field != "owner" or line.after not in people:
            continue
        first = first or line
        if first.ref is not None and line.after != first.after:
            owner, colleague = people[first.after or ""], people[line.after or ""]
            return OwnerEdit(first.ref, owner.key, colleague.key, colleague.id)
    msg = f"plan {plan_id} gave no record to a rep, so there is nothing a rep could hand on; ask for more leads"
    raise DemoFailed(msg)


def edit_kept(engine: Engine, edit: OwnerEdit) -> bool:
    """Whether the record still has the owner the rep chose."""
    record = engine.crms[edit.ref.system].read([edit.ref], ["owner"]).get(edit.ref)
    return record is not None and record.fields.get("owner") == edit.owner_id
