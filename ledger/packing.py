"""One row of the table `lines`: all that one plan writes to one record. Its lines nearly always share their fate.

`body` is a JSON list with one entry per line, in the order planned: [field, before, after, move, clear_first], and after these
[transition, because, due_at] where they are not the row's own. A line's number is the row's id * `ROOM` + its position in `body`.

A line's fate is the row's state, detail and finished_at unless `fates` says otherwise, a JSON object of exceptions:
position -> [state, detail, finished_at]. The row stays in flight until every line has its fate, is `done` only when every line is done,
and goes back to open when a line does: so a row that is live stands for its lines without a fate of their own, and for no others.
`moves` are the kinds of move of the lines that are done or may still be, and `size` counts the lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Row

from handoff.facts import Ref
from handoff.plan import Line
from ledger.codec import dumps, loads, maybe_micros, maybe_moment, micros, plain
from ledger.edits import Ours
from ledger.values import LineResult, LineRow, LineState

ROOM = 1000
"""Line numbers set aside for one row."""

Results = dict[int, LineResult]
"""Position -> what became of the line there."""

_OWN = 5  # values of a line that it never shares with the others of its row
_STATES = {state.value: state for state in LineState}
_COUNTED = frozenset({LineState.PROPOSED, LineState.OPEN, LineState.IN_FLIGHT, LineState.DONE})
_moment = lru_cache(maxsize=1024)(maybe_moment)


class Fate(NamedTuple):
    """What has become of a row: its columns of these names."""

    state: str
    detail: str
    finished_at: int | None
    fates: str
    moves: str


class Packed(NamedTuple):
    """The columns of a row that its lines make up."""

    transition: str
    because: str
    due_at: int | None
    body: str
    moves: str
    size: int


def pack(lines: Sequence[Line]) -> Packed:
    """One row for the lines of one record. Raises ValueError when a field stands there twice."""
    names = {line.field for line in lines}
    if not len(lines) == len(names) <= ROOM:
        raise ValueError(f"{lines[0].ref} has {len(lines)} lines for {len(names)} fields: not unique; plan each field once, at most {ROOM}")
    first = lines[0]
    shared = (first.transition, first.because, first.due)
    body: list[list[str | int | None]] = []
    moves = set()
    for _, _, _, field, before, after, transition, move, because, due, clear in lines:
        entry: list[str | int | None] = [field, before, after, move, clear]
        if (transition, because, due) != shared:
            entry += [transition, because, maybe_micros(due)]
        body.append(entry)
        moves.add(move)
    words = " ".join(sorted(moves))
    return Packed(first.transition, plain(first.because), maybe_micros(first.due), _dump_body(body), words, len(lines))


def _dump_body(body: list[list[str | int | None]]) -> str:
    try:
        return dumps(body)
    except orjson.JSONEncodeError:
        return dumps([[plain(value) if isinstance(value, str) else value for value in entry] for entry in body])


def unpack(row: Row[Any], *, waiting: bool = False) -> list[LineRow]:
    """The lines of a row of `rows.line_rows`; with `waiting`, only those that have no fate of their own."""
    number, plan, run, state, detail, end, lead, ref_text, kind, transition, because, due_at, body, told = row
    ref, due, own = Ref.parse(ref_text), _moment(due_at), (_STATES[state], detail, _moment(end))
    fates = loads(told) if told else {}
    found = []
    for position, entry in enumerate(loads(body)):
        field, before, after, move, clear = entry[:_OWN]
        if len(entry) == _OWN:
            line = Line(lead, ref, kind, field, before, after, transition, move, because, due, clear)
        else:
            rule, why, at = entry[_OWN:]
            line = Line(lead, ref, kind, field, before, after, rule, move, why, _moment(at), clear)
        fate = fates.get(str(position)) if fates else None
        if fate is None:
            found.append(LineRow(number * ROOM + position, plan, run, own[0], line, own[1], own[2]))
        elif not waiting:
            found.append(LineRow(number * ROOM + position, plan, run, _STATES[fate[0]], line, fate[1], _moment(fate[2])))
    return found


def by_row(results: Iterable[LineResult]) -> dict[int, Results]:
    """Row id -> results by position."""
    found: dict[int, Results] = {}
    for result in results:
        row_id, position = divmod(result.id, ROOM)
        found.setdefault(row_id, {})[position] = result
    return found


def in_flight(row: Row[Any], told: Results) -> Results:
    """Of these results, those of lines that are still in flight in a row that is."""
    fates = loads(row.fates) if row.fates else {}
    if not fates and max(told) < row.size:
        return told
    return {position: result for position, result in told.items() if position < row.size and str(position) not in fates}


def shared_fate(row: Row[Any], told: Results) -> tuple[LineState, str] | None:
    """(state, detail) when every line of the row ends at once and alike, else None."""
    if row.fates or len(told) < row.size:
        return None
    results = iter(told.values())
    first = next(results)
    state, detail = first.state, first.detail
    return (state, detail) if all(result.state == state and result.detail == detail for result in results) else None


def mixed_fate(row: Row[Any], told: Results, at: int) -> Fate:
    """The row's fate and the exceptions from it, where its lines do not end at once and alike."""
    fates: dict[str, list[Any]] = loads(row.fates) if row.fates else {}
    for position, result in told.items():
        end = None if result.state == LineState.OPEN else at
        fates[str(position)] = [result.state.value, plain(result.detail), end]
    state, detail, end = LineState.IN_FLIGHT.value, "", None
    if len(fates) == row.size:
        # Open before all: then the row waits. Done after all: a row is done only when all of it is.
        state, detail, end = min(fates.values(), key=lambda fate: (fate[0] != LineState.OPEN, fate[0] == LineState.DONE))
        fates = {position: fate for position, fate in fates.items() if not _same(fate, [state, detail, end])}
    return Fate(state, detail, end, dumps(fates) if fates else "", _moves(row.body, fates, state))


def _same(one: list[Any], other: list[Any]) -> bool:
    return one == other or one[0] == other[0] == LineState.OPEN


def _moves(body: str, fates: Mapping[str, list[Any]], state: str) -> str:
    entries = enumerate(loads(body))
    return " ".join(sorted({entry[3] for position, entry in entries if fates.get(str(position), [state])[0] in _COUNTED}))


def written(row: Row[Any], told: Results, now: int) -> dict[str, Ours]:
    """Field -> our value and when it was read back (`now` where that is not told), for the lines that are done."""
    body = loads(row.body)
    found: dict[str, Ours] = {}
    at, stamp = None, now
    for position, result in told.items():
        if result.state == LineState.DONE:
            if result.at is not at:
                at, stamp = result.at, now if result.at is None else micros(result.at)
            found[body[position][0]] = (body[position][2] or None, stamp)
    return found
