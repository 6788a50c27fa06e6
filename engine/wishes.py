"""What somebody may say on a record at any hour and what stands above every plan: keep away, give me time, no mail, a legal hold.

No line of a plan names these boxes, so the values before and after do not show that one was ticked since the plan was made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from connectors.protocol import Crm
from engine.context import Engine
from handoff.facts import Record, Ref
from ledger.values import LineRow

WISHES = ("handoff_hands_off", "handoff_keep", "opted_out", "legal_hold")
TICKED = "true"


def wishes_of(crm: Crm, name: str) -> tuple[str, ...]:
    """The boxes that this CRM's map has for these records."""
    known = crm.fields(name)
    return tuple(wish for wish in WISHES if wish in known)


def ticked_since(engine: Engine, rows: Mapping[Ref, Sequence[LineRow]], fresh: Iterable[Record]) -> frozenset[Ref]:
    """Records with a box that the ledger has not seen ticked: their leads are decided by what it says. Our own lines are not looked at."""
    said = {record.ref: wishes for record in fresh if (wishes := _ticked(record) - {row.line.field for row in rows[record.ref]})}
    known = engine.ledger.facts.records(said) if said else {}
    return frozenset(ref for ref, record in known.items() if said[ref] - _ticked(record))


def _ticked(record: Record) -> frozenset[str]:
    return frozenset(wish for wish in WISHES if record.fields.get(wish) == TICKED)
