"""Who else writes the fields that handoff writes. Told from field history: by kind and app, never by person.

Looks at the records that changed last, and reads only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from connectors.protocol import Crm, Verified
from connectors.values import instant
from engine.context import Engine
from engine.report import Check, Verdict
from handoff.facts import Edit

FIELDS = ("status", "owner")
SAMPLE = 100
LOOK_BACK = timedelta(days=30)
BORN_WITHIN = timedelta(minutes=1)  # the value a record was made with is no edit
# HubSpot's own Salesforce integration stamps each contact it syncs, and signs what it writes with this source type. The property stays
# behind when the integration is taken away, so that only a recent stamp says that it runs.
SYNCED = "salesforce_synced_at"
OF_THE_INTEGRATION = (SYNCED, "salesforce_lead_id")  # there only where it is, or was
SYNC_SOURCE = "SALESFORCE"
SYNC_LATELY = timedelta(days=7)


def other_writers(engine: Engine, crm: Crm) -> Iterator[Check]:
    """Edits of status and owner by automations and integrations, then, on HubSpot, its own Salesforce integration.

    Raises CrmError when the history cannot be read.
    """
    fields = crm.fields(engine.policy.carriers[crm.system])
    asked = [name for name in (*FIELDS, SYNCED) if name in fields and fields[name].exists]
    refs = engine.ledger.facts.latest(crm.system, engine.policy.carriers[crm.system], SAMPLE)
    now = engine.clock()
    read = crm.verify(refs, asked, now - LOOK_BACK) if refs else {}
    found = [verified for verified in read.values() if verified.record is not None]
    yield from _writers(crm.system, found)
    if crm.system == "hubspot":
        yield _native_sync(found, now, installed=SYNCED in asked, both="salesforce" in engine.policy.systems)


def _writers(system: str, found: Sequence[Verified]) -> Iterator[Check]:
    if not found:
        yield Check(system, "other writers", Verdict.WARN, "no record is known yet", "run handoff look, then ask again")
        return
    if not all(verified.history_kept for verified in found):
        words = "cannot be told: no full history of status and owner is kept, so that an edit inside one of our writes goes unseen"
        yield Check(system, "other writers", Verdict.WARN, words, "switch field history on for status and owner")
    counted = Counter((edit.field, edit.via or edit.author) for edit in _by_machines(found))
    within = f"in {LOOK_BACK.days} days, on the {len(found)} records that changed last"
    if counted:
        mend = "agree who writes each field: take it out of that automation, or leave the field to it"
        yield Check(system, "other writers", Verdict.WARN, f"{_counts(counted)}, {within}", mend)
    elif all(verified.history_kept for verified in found):
        yield Check(system, "other writers", Verdict.OK, f"people alone edited status and owner {within}")


def _native_sync(found: Sequence[Verified], now: datetime, *, installed: bool, both: bool) -> Check:
    """HubSpot's own Salesforce integration: two writers for one field when handoff writes both CRMs, too."""
    name, since = "Salesforce integration", now - SYNC_LATELY
    wrote = Counter((edit.field, edit.via) for edit in _by_machines(found) if edit.via == SYNC_SOURCE and edit.at >= since)
    stamps = [verified.record.fields[SYNCED] for verified in found if verified.record is not None and SYNCED in verified.record.fields]
    runs = bool(wrote) or any(instant(stamp) >= since for stamp in stamps)
    if not runs:
        left = "its properties are there, and it synced nothing lately" if installed else "HubSpot's own is not installed"
        return Check("hubspot", name, Verdict.OK, left)
    if not both:
        return Check("hubspot", name, Verdict.OK, "HubSpot's own is on; handoff writes HubSpot alone")
    mend = "set its mappings of owner and status to 'don't sync', or run handoff on one CRM"
    if wrote:
        words = f"HubSpot's own writes what handoff writes ({_counts(wrote)}, in {SYNC_LATELY.days} days): two writers for one field"
        return Check("hubspot", name, Verdict.FAIL, words, mend)
    return Check("hubspot", name, Verdict.WARN, "HubSpot's own is on, and wrote neither status nor owner lately", mend)


def _by_machines(found: Sequence[Verified]) -> Iterator[Edit]:
    for verified in found:
        for edit in verified.edits:
            born = verified.record is not None and edit.at < verified.record.created_at + BORN_WITHIN
            if edit.field in FIELDS and edit.author != "person" and not born:
                yield edit


def _counts(counted: Counter[tuple[str, str]]) -> str:
    """`owner: 12 by AUTOMATION_PLATFORM, 3 by INTEGRATION 7; status: 1 by SALESFORCE`."""
    per_field = (
        f"{name}: " + ", ".join(f"{number:,} by {by}" for (field, by), number in counted.most_common() if field == name)
        for name in sorted({field for field, _ in counted})
    )
    return "; ".join(per_field)
