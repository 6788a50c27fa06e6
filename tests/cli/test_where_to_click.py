"""What `make up` prints to be clicked."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from cli.up import _record_with_a_reason

WRITTEN = [
    {"vendor": "salesforce", "object": "Lead", "id": "new", "field": "(created)", "new": "new"},
    {"vendor": "salesforce", "object": "Lead", "id": "new", "field": "Handoff_Reason__c", "new": "Sent a demo request"},
    {"vendor": "hubspot", "object": "contacts", "id": "17", "field": "handoff_stage", "new": "nurture"},
    {"vendor": "hubspot", "object": "contacts", "id": "17", "field": "handoff_reason", "new": "Silent for 30 days"},
]


class Journal:
    """A control plane that hands out the journal entry by entry."""

    url = "http://sandbox"

    def get(self, path: str, *, author: str, after: int, limit: int) -> dict[str, Any]:
        assert (path, author, limit > 0) == ("/journal", "product", True)
        return {"entries": WRITTEN[after : after + 1], "next": after + 1 if after + 1 < len(WRITTEN) else None}


def test_the_record_to_look_at_was_there_before_however_many_were_made_first() -> None:
    """Its timeline shows what stood there before us; what we created has no before."""
    stage: Any = SimpleNamespace(sandbox=Journal())
    assert _record_with_a_reason(stage) == "http://sandbox/ui/hubspot/contacts/17"
