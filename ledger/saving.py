"""Saving a plan: what it replaces goes and what it brings comes in one transaction; one open line at most per record and field."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, update

from handoff.decision import Effect
from handoff.facts import Ref
from handoff.plan import Creation, Line
from ledger.bulk import insert_rows
from ledger.codec import digest, dump_fields, dumps, maybe_micros, micros, plain
from ledger.columns import among
from ledger.connection import in_chunks
from ledger.packing import Packed, pack
from ledger.people import Keeping, person, store_people
from ledger.schema import creations, effects, lines, live
from ledger.settling import adopt_plan, consume
from ledger.values import PLANNED, ROOT, TAKEN, LineState, NewPlan
from ledger.versions import ensure_ids, raise_marks

_LINE = (
    *("plan_id", "run_id", "lead_id", "record_id", "system", "object", "expires_at", "state"),
    *Packed._fields,
)
_OF_RECORD = attrgetter("lead", "ref")
_TASK_WORDS = frozenset({"subject", "body"})  # a brief names the person


@dataclass(frozen=True, slots=True)
class Target:
    """The plan that a part is saved into."""

    plan_id: int
    run_id: int
    expires_at: datetime
    state: LineState  # OPEN when approved, else PROPOSED


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a plan with its row ids. Leads that are left out are not in it."""

    lines: tuple[tuple[tuple[Line, ...], int, int], ...]  # the lines of one record, lead id, record id
    creations: tuple[tuple[Creation, int], ...]
    effects: tuple[tuple[Effect, int], ...]
    decided: frozenset[int]
    left_out: frozenset[int]

    @property
    def renewed(self) -> frozenset[int]:
        """Leads this part brings something for."""
        return frozenset([*(row[1] for row in self.lines), *(row[1] for row in self.creations), *(row[1] for row in self.effects)])


def resolve_part(connection: Connection, plan: NewPlan, ids: dict[str, int]) -> Part:
    """Find row ids, and leave out leads with something in flight: what was sent is looked at before anything new is planned."""
    located = _by_record(plan.lines, ids)
    rows = ensure_ids(connection, [ref for _, ref in located])
    found = [(tuple(of_record), lead_id, rows[ref]) for (lead_id, ref), of_record in located.items()]
    busy = _in_flight(connection, lines, lines.c.lead_id, ids.values()) | _in_flight(
        connection, creations, creations.c.lead_id, ids.values()
    )
    occupied = _in_flight(connection, lines, lines.c.record_id, [row[2] for row in found])
    out = busy | {lead_id for _, lead_id, record_id in found if record_id in occupied}
    return Part(
        tuple(row for row in found if row[1] not in out),
        tuple((creation, ids[creation.lead]) for creation in plan.creations if ids[creation.lead] not in out),
        tuple((effect, ids[effect.lead]) for effect in plan.effects if ids[effect.lead] not in out),
        frozenset(ids.values()) - out,
        frozenset(out),
    )


def _by_record(planned: Sequence[Line], ids: Mapping[str, int]) -> dict[tuple[int, str], list[Line]]:
    """(lead id, ref text) -> the lines of that record. Lines without a record are no lines: their creation is."""
    found: dict[tuple[int, str], list[Line]] = {}
    keys: Iterator[tuple[tuple[str, Ref | None], Iterator[Line]]] = groupby(planned, _OF_RECORD)
    for (lead, ref), of_record in keys:
        if ref is not None:
            found.setdefault((ids[lead], str(ref)), []).extend(of_record)
    return found


def save_part(connection: Connection, keeping: Keeping, target: Target, part: Part) -> str:
    """Replace what was open for these leads by what this part brings; returns a digest of the lines."""
    supersede(connection, part.decided, part.renewed, [row[2] for row in part.lines])
    taken = _save_effects(connection, target, part)
    printed = _save_lines(connection, target, part.lines)
    _save_creations(connection, keeping, target, [row for row in part.creations if row[0].unique_key not in taken])
    raise_marks(connection, part.left_out)
    if target.state == LineState.OPEN:
        consume(connection, part.renewed, target.plan_id)
    else:
        adopt_plan(connection, part.renewed, target.plan_id)
    return printed


def supersede(connection: Connection, decided: Collection[int], renewed: Collection[int], record_ids: Sequence[int] = ()) -> None:
    """Void what is still to be written of leads decided afresh.

    A task whose decision is in force already (no line left) is voided only by a decision that moves the lead again: a look that
    changes nothing must not lose it.
    """
    unsettled = _with_live(connection, lines, decided) | _with_live(connection, creations, decided, roots=True)
    void(connection, unsettled | set(renewed), LineState.SUPERSEDED)
    # A record that came from another lead brings that lead's open lines with it.
    for part in in_chunks(sorted(record_ids)):
        query = update(lines).where(live(lines), lines.c.state != LineState.IN_FLIGHT, among(lines.c.record_id, "ids"))
        connection.execute(query.values(state=LineState.SUPERSEDED), {"ids": part})


def void(connection: Connection, lead_ids: Collection[int], state: LineState) -> None:
    """Nothing of these leads is written any more, except what is in flight; their waiting effects are forgotten."""
    for part in in_chunks(sorted(lead_ids)):
        ids = {"ids": part}
        for table in (lines, creations):
            query = update(table).where(live(table), table.c.state != LineState.IN_FLIGHT, among(table.c.lead_id, "ids"))
            connection.execute(query.values(state=state), ids)
        waiting = delete(effects).where(effects.c.state == PLANNED, among(effects.c.lead_id, "ids"))
        connection.execute(waiting, ids)


def _effect_rows(connection: Connection, lead_ids: Collection[int]) -> dict[tuple[str, int, str, int], Any]:
    """(kind, lead id, transition, episode) -> the effect's row, for some leads."""
    query = select(effects).where(among(effects.c.lead_id, "ids"))
    rows = (row for part in in_chunks(sorted(lead_ids)) for row in connection.execute(query, {"ids": part}))
    return {(row.kind, row.lead_id, row.transition, row.episode): row for row in rows}


def _save_effects(connection: Connection, target: Target, part: Part) -> set[str]:
    """Plan the effects that are new; returns the keys that are taken already."""
    known = _effect_rows(connection, {lead_id for _, lead_id in part.effects})
    carried = {creation.unique_key for creation, _ in part.creations}
    taken, fresh = set(), {}
    for effect, lead_id in part.effects:
        key = (effect.kind.value, lead_id, effect.transition, effect.episode)
        if key in known and known[key].state in TAKEN:
            taken.add(effect.key)
        else:
            fresh[key] = effect
    stale = [known[key].id for key in fresh if key in known]
    if stale:
        connection.execute(delete(effects).where(among(effects.c.id, "ids")), {"ids": stale})
    texts = [person(_words(effect), lead_id=key[1]) for key, effect in fresh.items()]
    persons = store_people(connection, texts)
    values = [
        {
            **dict(zip(("kind", "lead_id", "transition", "episode"), key, strict=True)),
            "plan_id": target.plan_id,
            "due_at": maybe_micros(effect.due_at),
            "person_id": person_id,
            "carried": effect.key in carried,
            "state": PLANNED,
        }
        for (key, effect), person_id in zip(fresh.items(), persons, strict=True)
    ]
    if values:
        connection.execute(insert(effects), values)
    return taken


def _words(effect: Effect) -> dict[str, str]:
    words = (("text", effect.text), ("subject", effect.subject), ("to", effect.to), ("how", "" if effect.how == "now" else effect.how))
    return {name: value for name, value in words if value}


def _save_lines(connection: Connection, target: Target, rows: Sequence[tuple[tuple[Line, ...], int, int]]) -> str:
    values, content = [], []
    for of_record, lead_id, record_id in rows:
        first, packed = of_record[0], pack(of_record)
        stale = _stale_at(target, min((line.due for line in of_record if line.due is not None), default=None))
        system = "" if first.ref is None else first.ref.system
        values.append((target.plan_id, target.run_id, lead_id, record_id, system, first.object, stale, target.state.value, *packed))
        content += [first.lead, str(first.ref), packed.transition, packed.because, str(packed.due_at), packed.body]
    insert_rows(connection, lines, _LINE, values)
    return digest(*content)


def _save_creations(connection: Connection, keeping: Keeping, target: Target, rows: Sequence[tuple[Creation, int]]) -> None:
    wanted = {(creation.system, creation.unique_key): (creation, lead_id) for creation, lead_id in rows}
    for key in _standing(connection, [creation.unique_key for creation, _ in rows]):
        wanted.pop(key, None)
    split = Keeping(keeping.personal | _TASK_WORDS)
    parts = [split.split(creation.values) for creation, _ in wanted.values()]
    persons = store_people(connection, [person(own, lead_id=row[1]) for (_, own), row in zip(parts, wanted.values(), strict=True)])
    values = [
        {
            **_shared(target, lead_id, creation.due),
            "system": creation.system,
            "object": creation.object,
            "unique_key": creation.unique_key,
            "body": dump_fields(other),
            "person_id": person_id,
            "about": dumps([str(ref) for ref in creation.about]),
            "after_key": creation.after_key,
            "transition": creation.transition,
            "move": creation.move,
            "because": plain(creation.because),
        }
        for (creation, lead_id), (other, _), person_id in zip(wanted.values(), parts, persons, strict=True)
    ]
    if values:
        connection.execute(insert(creations), values)


def _shared(target: Target, lead_id: int, due: datetime | None) -> dict[str, object]:
    shared = {"plan_id": target.plan_id, "run_id": target.run_id, "lead_id": lead_id, "state": target.state}
    return {**shared, "due_at": maybe_micros(due), "expires_at": _stale_at(target, due)}


def _stale_at(target: Target, due: datetime | None) -> int:
    return micros(target.expires_at if due is None else min(due, target.expires_at))


def _standing(connection: Connection, unique_keys: Sequence[str]) -> set[tuple[str, str]]:
    """(system, unique key) of creations that are on their way or done."""
    query = select(creations.c.system, creations.c.unique_key).where(among(creations.c.unique_key, "keys"))
    query = query.where(live(creations) | (creations.c.state == LineState.DONE))
    return {(row.system, row.unique_key) for row in connection.execute(query, {"keys": list(unique_keys)})} if unique_keys else set()


def _in_flight(connection: Connection, table: Table, column: Any, ids: Iterable[int]) -> set[int]:
    query = select(column).where(live(table), table.c.state == LineState.IN_FLIGHT, among(column, "ids"))
    return {found for part in in_chunks(sorted(set(ids))) for found in connection.execute(query, {"ids": part}).scalars()}


def _with_live(connection: Connection, table: Table, lead_ids: Collection[int], *, roots: bool = False) -> set[int]:
    query = select(table.c.lead_id).where(live(table), among(table.c.lead_id, "ids"))
    if roots:
        query = query.where(table.c.object == ROOT)
    return {found for part in in_chunks(sorted(lead_ids)) for found in connection.execute(query, {"ids": part}).scalars()}
