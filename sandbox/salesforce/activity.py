"""What activities do to the records they hang on, and what becomes of them.

LastActivityDate is the latest due date of events and closed tasks, so it may lie in the future. Source: Object Reference, Lead.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.salesforce.org import Org

ARCHIVE_DAYS = 365
_BY_PREFIX = {
    "00Q": ("Lead", "WhoId"),
    "003": ("Contact", "WhoId"),
    "001": ("Account", "WhatId"),
    "006": ("Opportunity", "WhatId"),
    "701": ("Campaign", "WhatId"),
}


def archive_old(org: Org) -> None:
    """Events and closed tasks 365 days old or older get IsArchived. Source: Object Reference, "Archived Activities"."""
    limit = (org.clock.now() - timedelta(days=ARCHIVE_DAYS)).date().isoformat()
    org.store.execute('UPDATE "sf_Event" SET "IsArchived" = 1 WHERE "EndDate" <= ?', (limit,))
    day = 'ifnull("ActivityDate", substr("CreatedDate", 1, 10))'
    org.store.execute(f'UPDATE "sf_Task" SET "IsArchived" = 1 WHERE "IsClosed" AND {day} <= ?', (limit,))


def move_open_tasks(org: Org, record_id: str, old_owner: str, new_owner: str, stamp: str) -> None:
    """Hand the open tasks of a record to its new owner, where they were the old owner's."""
    org.store.execute(
        'UPDATE "sf_Task" SET "OwnerId" = ?, "SystemModstamp" = ? '
        'WHERE "WhoId" = ? AND "OwnerId" = ? AND NOT "IsClosed" AND NOT "IsDeleted"',
        (new_owner, stamp, record_id, old_owner),
    )


def refresh_last_activity(org: Org, parents: Iterable[str | None], bump: str | None) -> None:
    """Work LastActivityDate of these records out again; `bump` also moves their SystemModstamp."""
    for parent in sorted({one for one in parents if one is not None}):
        found = _BY_PREFIX.get(parent[:3])
        if found is None:
            continue
        sobject, key = found
        latest = _latest(org, key, parent)
        org.store.execute(f'UPDATE "sf_{sobject}" SET "LastActivityDate" = ? WHERE "Id" = ?', (latest, parent))
        if bump is not None:
            org.store.execute(f'UPDATE "sf_{sobject}" SET "SystemModstamp" = ? WHERE "Id" = ?', (bump, parent))


def _latest(org: Org, key: str, parent: str) -> str | None:
    by_due_date = org.switches.get("salesforce.last_activity_by_due_date")
    task_day = '"ActivityDate"' if by_due_date else 'substr("CompletedDateTime", 1, 10)'
    event_limit = "" if by_due_date else ' AND "ActivityDate" <= ?'
    days: str | None = org.store.scalar(
        f'SELECT max(day) FROM (SELECT {task_day} AS day FROM "sf_Task" WHERE "{key}" = ? AND "IsClosed" AND NOT "IsDeleted" '
        f'UNION ALL SELECT "ActivityDate" FROM "sf_Event" WHERE "{key}" = ? AND NOT "IsDeleted"{event_limit})',
        (parent, parent) if by_due_date else (parent, parent, org.clock.now().date().isoformat()),
    )
    return days
