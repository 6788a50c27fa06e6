"""The numbers Salesforce enforces. Daily requests count from the start of the sandbox, or from the last `reset_usage`."""

from __future__ import annotations

from sandbox.switches import Switch

LIMITS = (
    Switch(
        "salesforce.daily_requests", 100_000, "API requests per 24 hours (Enterprise Edition without licences)", "App Limits Cheatsheet"
    ),
    Switch(
        "salesforce.daily_used_elsewhere", 0, "API requests that others made in the same 24 hours", "Sforce-Limit-Info counts the whole org"
    ),
    Switch("salesforce.session_seconds", 7200, "wall-clock seconds an access token lives", "session time-out, default 2 hours"),
    Switch("salesforce.query_page_records", 2000, "records per query page at most", "headers-queryoptions"),
    Switch("salesforce.collection_records", 200, "records per sObject Collections write", "resources-composite-sobjects-collections"),
    Switch(
        "salesforce.collection_read_records", 2000, "ids per sObject Collections read", "resources-composite-sobjects-collections-retrieve"
    ),
    Switch("salesforce.collection_chunks", 10, "runs of one object type in a collection", "resources-composite-sobjects-collections"),
    Switch("salesforce.composite_subrequests", 25, "subrequests of a composite or batch call", "resources-composite-composite"),
    Switch("salesforce.uri_and_header_bytes", 16_384, "URI and headers of a call; more is 414", "App Limits Cheatsheet"),
    Switch("salesforce.updated_ids", 600_000, "ids one getUpdated or getDeleted may answer", "resources-getupdated"),
)
