"""The timeline of a record: writes grouped by moment and author, newest first, each with the reason line written along."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sandbox.pages.content import Change, Write

SHOWN_WRITES = 200
NAMES_OF_EVENTS = {
    "(created)": "created", "(archived)": "archived", "(deleted)": "deleted", "(merged)": "merged", "(associated)": "linked",
    "(disassociated)": "unlinked",
    "(converted)": "converted",
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One field written by one author at one moment."""

    at: datetime
    author: str
    kind: str
    field: str
    old: str | None
    new: str | None


Label = Callable[[str], str]
Value = Callable[[str, str | None], str]


def writes(entries: Iterable[Entry], label: Label, value: Value) -> list[Write]:
    """Entries as writes; `label` names a field, `value` makes a stored value readable."""
    ordered = sorted(entries, key=lambda entry: (entry.at, entry.author), reverse=True)
    made = [_write(list(group), label, value) for _, group in groupby(ordered, key=lambda entry: (entry.at, entry.author, entry.kind))]
    return made[:SHOWN_WRITES]


def _write(entries: list[Entry], label: Label, value: Value) -> Write:
    first = entries[0]
    reason = max((entry.new for entry in entries if "reason" in entry.field.lower() and entry.new), key=len, default="")
    told = [entry for entry in entries if entry.new != reason or not reason]
    changes = [
        Change(NAMES_OF_EVENTS.get(entry.field) or label(entry.field), value(entry.field, entry.old), value(entry.field, entry.new))
        for entry in told
    ]
    return Write(first.at, first.author, first.kind, sorted(changes, key=lambda change: change.label), reason)
