"""Every point of HubSpot's behaviour that documentation leaves open or sources dispute, with the default this emulator plays."""

from __future__ import annotations

from sandbox.switches import Switch

SWITCHES = (
    Switch(
        "hubspot.lifecycle_backward",
        "ignore",
        "what a backward write of lifecyclestage does: 200 and no change, or 400",
        "docs forbid it without saying how; community reports a silent ignore",
        ("ignore", "refuse"),
    ),
    Switch("hubspot.null_clears", False, "whether a null in a write clears the property ('' always does)", "community: it does not clear"),
    Switch("hubspot.same_value_bumps_modified", True, "whether writing the value that is there moves lastmodifieddate", "not documented"),
    Switch(
        "hubspot.batch_one_stamp",
        False,
        "all records of one batch write get one lastmodifieddate",
        "field: month-end jobs stamp tens of thousands alike",
    ),
    Switch(
        "hubspot.search_lag_seconds",
        0.0,
        "business seconds until a write is seen by search; each record waits 0 to this long",
        "docs: a few moments; field: up to an hour",
    ),
    Switch(
        "hubspot.search_shuffle_ties", False, "order records with equal sort values anew on each search call", "tie-break is not documented"
    ),
    Switch(
        "hubspot.search_limit_over_200", "refuse", "limit above 200 on search: 400 or taken as 200", "not documented", ("refuse", "clamp")
    ),
    Switch(
        "hubspot.search_body_cap",
        0,
        "refuse a search body longer than so many characters (0: cap the `query` string only)",
        "docs say body, spec says query",
    ),
    Switch(
        "hubspot.search_iso_dates", False, "accept ISO dates as filter values, besides epoch milliseconds", "only epoch ms is documented"
    ),
    Switch(
        "hubspot.search_daily_headers",
        False,
        "send the daily rate headers on search replies",
        "recordings of 2021 have them, current docs do not",
    ),
    Switch(
        "hubspot.associations_read_empty",
        "omit",
        "batch/read for a record with no association: left out, or an entry in errors",
        "not documented",
        ("omit", "error"),
    ),
    Switch(
        "hubspot.batch_update_missing",
        "400",
        "an id that does not exist in a batch update without trace ids: 400 for all, or 207 with the rest done",
        "docs: one bad input rejects the batch",
        ("400", "207"),
    ),
    Switch(
        "hubspot.missing_record_page",
        "html",
        "404 of a numeric id on GET: the web server's page, or JSON",
        "measured 2026-09; older docs show JSON",
        ("html", "json"),
    ),
    Switch("hubspot.archived_owner_assign", "accept", "assigning a record to a deactivated owner", "not documented", ("accept", "refuse")),
    Switch("hubspot.owners_page_cap", 500, "the largest limit of the owners list", "not verified"),
    Switch(
        "hubspot.archived_owner_user_id",
        "inactive_only",
        "a deactivated owner keeps userId, or only userIdIncludingInactive",
        "not verified",
        ("inactive_only", "kept"),
    ),
    Switch(
        "hubspot.rollups",
        "at_once",
        "whether engagements move the calculated activity properties: at once, or never",
        "lag is not documented",
        ("at_once", "off"),
    ),
    Switch(
        "hubspot.rollup_lag_seconds", 0.0, "business seconds until an engagement shows in the calculated properties", "assumed asynchronous"
    ),
    Switch(
        "hubspot.own_tasks_move_rollups",
        True,
        "whether notes and tasks created by API move notes_last_updated, num_notes and notes_next_activity_date",
        "assumed yes",
    ),
    Switch("hubspot.history_depth_contacts", 45, "values kept by property history on contacts", "widely quoted, no source"),
    Switch("hubspot.history_depth_others", 20, "values kept by property history on other objects", "widely quoted, no source"),
    Switch(
        "hubspot.app_source_type",
        "INTEGRATION",
        "sourceType in the history of what an app with a static token writes",
        "not verified for service keys",
    ),
    Switch("hubspot.app_source_id", "app_id", "sourceId there: the app id, or null", "not verified for service keys", ("app_id", "null")),
    Switch("hubspot.gdpr_blocklists_email", True, "whether an e-mail that was GDPR-deleted can never be created again", "not verified"),
    Switch(
        "hubspot.task_schema_scope",
        "crm.schemas.tasks.write",
        "scope that creates a property on tasks ('' : nobody can)",
        "published specs disagree",
    ),
    Switch(
        "hubspot.lead_schema_scope",
        "crm.schemas.leads.write",
        "scope that creates a property on leads ('' : nobody can)",
        "published specs disagree",
    ),
    Switch(
        "hubspot.lead_without_stage",
        "first",
        "where a Lead object stands that is made without a stage: in the first stage of its pipeline, or in none",
        "not documented",
        ("first", "blank"),
    ),
    Switch(
        "hubspot.lead_reopening",
        "accept",
        "moving a Lead object out of a closed stage by API: done, or 400",
        "not verified; the user interface allows it",
        ("accept", "refuse"),
    ),
    Switch("hubspot.token_info_available", True, "whether the private-app token-info endpoint answers", "may fail or vanish"),
    Switch("hubspot.max_uri_characters", 8192, "longest request line before 414", "field reports about 8 KB to 15 KB"),
    Switch("hubspot.property_name_pattern", "^[a-z][a-z0-9_]{0,99}$", "names a new property may have", "exact server rule not verified"),
    Switch("hubspot.reserved_property_prefix", "hs_", "prefix a new property may not have", "not verified"),
    Switch(
        "hubspot.calculated_property_wins",
        True,
        "refuse writes to read-only properties on contacts, companies, deals and leads",
        "docs of batch update",
    ),
    Switch("hubspot.retry_after_on_429", 0, "seconds in Retry-After on burst 429s (0: no header)", "not documented, not always present"),
    Switch(
        "hubspot.account_type", "STANDARD", "accountType in account-info", "", ("STANDARD", "DEVELOPER_TEST", "SANDBOX", "APP_DEVELOPER")
    ),
    Switch("hubspot.account_time_zone", "US/Eastern", "timeZone in account-info; the daily limit resets at its midnight"),
)
