"""The fewest API calls a run can need, computed from the rows it handled, with the sum written out.

Counted are: pages with the stated overlap, metadata and token once per run, the associations that are needed, and per full batch one
re-read, one write (one more where a value is cleared first) and one verify that carries the history; creations and tasks in full batches.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from threading import Lock

from engine.report import StepCalls


def batches(rows: int, size: int) -> int:
    """How many full batches carry `rows`."""
    return -(-rows // size) if rows else 0


SEARCH_ROWS = {"hubspot": 200, "hubspot_leads": 200}
"""Rows of one full search page (developers.hubspot.com, "Search the CRM"); elsewhere a page is what the CRM makes it."""
LINKED = frozenset({("hubspot_leads", "leads")})
"""Streams of records whose link to another record has to be asked for."""


def page_calls(system: str, rows: int, *, first_load: bool, related: bool) -> int:
    """Calls one stored page needs: a listed page is one call; an increment's block is its full search pages and, where its rows
    belong to others (`related`), one call for the associations."""
    if first_load or system not in SEARCH_ROWS:
        return 1
    return max(1, batches(rows, SEARCH_ROWS[system])) + (1 if related and rows else 0)


PER_OBJECT = ("properties.", "pipelines.", "describe", "tooling.query")
ONCE = {
    "account": 1,
    "owners": 2,
    "users.list": 1,
    "token": 1,
    "updated": 1,
    "query.Organization": 1,
    "query.User": 1,
    "query.Group": 1,
}


def once_calls(made: Mapping[str, int]) -> dict[str, int]:
    """Of the calls made by family, those needed once per run: account, token, people (the departed are listed apart), fields per object."""
    needed: dict[str, int] = {}
    for family, number in made.items():
        name = family.partition(".")[0] if family.startswith("token") else family
        if family.startswith(PER_OBJECT):
            needed["fields"] = needed.get("fields", 0) + number
        elif name in ONCE and number:
            needed[name] = needed.get(name, 0) + min(number, ONCE[name])
    return needed


def updates_needed(system: str, object_name: str, records: int, cleared: int, size: int) -> StepCalls:
    """Re-read, write and verify per full batch, and one more write per full batch of records whose value is cleared first."""
    full = batches(records, size)
    first = batches(cleared, size)
    formula = f"3 x ceil({records} / {size})" + (f" + ceil({cleared} cleared first / {size})" if cleared else "")
    return StepCalls(system, f"update {object_name}", records, 3 * full + first, formula)


def creations_needed(system: str, object_name: str, rows: int, size: int) -> StepCalls:
    """Creations and tasks in full batches."""
    return StepCalls(system, f"create {object_name}", rows, batches(rows, size), f"ceil({rows} / {size})")


def once_needed(system: str, calls: Mapping[str, int]) -> StepCalls:
    """Token, account, people and fields: once per run."""
    total = sum(calls.values())
    formula = " + ".join(f"{number} {name}" for name, number in sorted(calls.items())) or "0"
    return StepCalls(system, "once", total, total, formula)


@dataclass(slots=True)
class Rows:
    """What a run handled, filled from several threads and summed at the end. Keys are (system, stream or object)."""

    pulled: Counter[tuple[str, str]] = field(default_factory=Counter)
    pages: Counter[tuple[str, str]] = field(default_factory=Counter)
    updated: Counter[tuple[str, str]] = field(default_factory=Counter)
    cleared: Counter[tuple[str, str]] = field(default_factory=Counter)
    created: Counter[tuple[str, str]] = field(default_factory=Counter)
    lock: Lock = field(default_factory=Lock)

    def add(self, counter: Counter[tuple[str, str]], system: str, what: str, rows: int) -> None:
        """Adds from any thread."""
        with self.lock:
            counter[system, what] += rows


def update_steps(rows: Rows, size_of: Callable[[str, str], int]) -> Iterable[StepCalls]:
    """The writing steps' bounds; `size_of(system, object)` is what one request carries."""
    for (system, name), number in sorted(rows.updated.items()):
        yield updates_needed(system, name, number, rows.cleared[system, name], size_of(system, name))
    for (system, name), number in sorted(rows.created.items()):
        yield creations_needed(system, name, number, size_of(system, name))
