"""Builds SOQL text. Names come from the field map, ids are checked, text is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from simple_salesforce.format import format_soql

_ID = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?")
# A request line and its headers may hold 16,384 bytes (Salesforce Developer Limits, "URI length"); a quoted id takes 27 of them when
# encoded.
IDS_PER_QUERY = 200


def moment(at: datetime) -> str:
    """A dateTime literal: whole seconds, UTC, not quoted."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def ids(values: Iterable[str]) -> str:
    """`('00Q...','00Q...')`. Raises ValueError for what is no Salesforce id."""
    checked = list(values)
    for value in checked:
        if not _ID.fullmatch(value):
            raise ValueError(f"{value!r} is not a Salesforce record id")
    return "('" + "','".join(checked) + "')"


def texts(values: Sequence[str]) -> str:
    """An IN list of escaped strings."""
    return str(format_soql("{}", list(values)))


def chunks(values: Sequence[str], size: int = IDS_PER_QUERY) -> Iterator[Sequence[str]]:
    """Runs of at most `size`."""
    for start in range(0, len(values), size):
        yield values[start : start + size]


def select(fields: Iterable[str], object_name: str, where: str = "", order: str = "") -> str:
    """One query; fields are named once, in order."""
    text = f"SELECT {', '.join(dict.fromkeys(fields))} FROM {object_name}"
    return text + (f" WHERE {where}" if where else "") + (f" ORDER BY {order}" if order else "")
