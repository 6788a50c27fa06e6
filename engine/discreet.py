"""Takes people out of a CRM's own words before they are kept or told: a refusal may quote what stands on the record (law 12).

Connectors hide addresses and international numbers in whatever they pass on; a name only the ledger knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from engine.context import Engine
from handoff.facts import Ref

PERSONAL = ("email", "first_name", "last_name", "phone")
SHORTEST = 3  # a shorter name is no name in a sentence, but part of some word
HIDDEN = "(person)"


def without_people(engine: Engine, refs: Iterable[Ref], words: str, written: Iterable[Mapping[str, str | None]] = ()) -> str:
    """`words` without the personal values of these records, and of values that were to be written."""
    if not words:
        return words
    values = {value for fields in written for name in PERSONAL if (value := fields.get(name))}
    for record in engine.ledger.facts.records(refs).values():
        values |= {value for name in PERSONAL if (value := record.fields.get(name))}
    for value in sorted(values, key=len, reverse=True):
        if len(value) >= SHORTEST:
            words = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", HIDDEN, words)
    return words
