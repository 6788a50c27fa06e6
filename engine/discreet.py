"""Takes people out of a CRM's own words before they are kept or told: a refusal may quote what stands on the record (law 12).

Connectors hide addresses and international numbers in whatever they pass on; a name only the ledger knows. Which values are personal
the company's field maps say: the ledger was opened with their names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from engine.context import Engine
from handoff.facts import Ref
from handoff.vocabulary import PERSONAL_FIELDS

SHORTEST = 3  # a shorter name is no name in a sentence, but part of some word
BOXES = ("true", "false")  # say nothing of anybody, and stand in many a sentence
HIDDEN = "(person)"


def without_people(engine: Engine, refs: Iterable[Ref], words: str, written: Iterable[Mapping[str, str | None]] = ()) -> str:
    """`words` without the personal values of these records, and of values that were to be written."""
    if not words:
        return words
    told = [*written, *(record.fields for record in engine.ledger.facts.records(refs).values())]
    names = PERSONAL_FIELDS | engine.ledger.personal
    values = {value for fields in told for name in names if (value := fields.get(name))}
    for value in sorted(values, key=len, reverse=True):
        if len(value) >= SHORTEST and value not in BOXES:
            words = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", HIDDEN, words)
    return words
