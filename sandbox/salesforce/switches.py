"""A switch for every point of Salesforce's behaviour that is general knowledge and not confirmed by a page or a recording."""

from __future__ import annotations

from sandbox.switches import Switch

UNCONFIRMED = "general knowledge, not confirmed by a vendor page"

SWITCHES = (
    Switch(
        "salesforce.instance_url",
        "my_domain",
        "what a token reply names as instance_url: My Domain over https, or this sandbox itself, for clients that follow it unrewritten",
        "the vendor names My Domain",
        ("my_domain", "sandbox"),
    ),
    Switch(
        "salesforce.assignment_rule_on_update",
        True,
        "an active assignment rule also fires on PATCH without Sforce-Auto-Assign: FALSE",
        "headers-autoassign",
    ),
    Switch(
        "salesforce.no_op_update_bumps_stamp",
        True,
        "a PATCH that changes nothing still moves LastModifiedDate and SystemModstamp",
        UNCONFIRMED,
    ),
    Switch(
        "salesforce.activity_bumps_parent_stamp",
        False,
        "a new activity moves its Lead's or Contact's SystemModstamp (not LastModifiedDate)",
        UNCONFIRMED,
    ),
    Switch(
        "salesforce.last_activity_by_due_date",
        True,
        "LastActivityDate is the latest due date of events and closed tasks, so it can lie in the future",
        UNCONFIRMED,
    ),
    Switch(
        "salesforce.query_hides_archived",
        True,
        "query leaves out archived tasks and events; queryAll has them",
        "Object Reference, Archived Activities",
    ),
    Switch("salesforce.cursors_per_user", 10, "open query cursors per user; the oldest dies when one more opens", UNCONFIRMED),
    Switch("salesforce.cursor_idle_seconds", 172_800, "wall-clock seconds after which an unused query locator is invalid", UNCONFIRMED),
    Switch(
        "salesforce.collection_limit_code", "EXCEEDED_MAX_SIZE_REQUEST", "errorCode of a collection of more than 200 records", UNCONFIRMED
    ),
    Switch("salesforce.duplicate_id_code", "DUPLICATE_VALUE", "row error for an id that comes twice in one collection", UNCONFIRMED),
    Switch("salesforce.unknown_id_code", "INVALID_CROSS_REFERENCE_KEY", "row error of an update of an id that does not exist", UNCONFIRMED),
    Switch(
        "salesforce.converted_status_code",
        "CANNOT_UPDATE_CONVERTED_LEAD",
        "row error of an update of a converted lead",
        "seen in public issues",
    ),
    Switch("salesforce.patch_to_converted_status_code", "INVALID_STATUS", "row error of a PATCH that sets a converted status", UNCONFIRMED),
    Switch(
        "salesforce.convert_moves_activities",
        True,
        "conversion moves activities from the lead to the contact",
        "seen both ways in public projects",
    ),
    Switch(
        "salesforce.collection_unknown_field_fails_call",
        True,
        "an unknown field in one record refuses the whole collection with 400",
        UNCONFIRMED,
    ),
    Switch("salesforce.history_owner_rows", 2, "LeadHistory rows per owner change: 2 (names and ids) or 1 (names)", UNCONFIRMED, (1, 2)),
    Switch("salesforce.history_created_row", True, "LeadHistory has a row with Field 'created' for each new record", UNCONFIRMED),
    Switch("salesforce.opportunity_history", True, "OpportunityHistory gets its rows without any set-up", UNCONFIRMED),
    Switch(
        "salesforce.out_of_office",
        True,
        "the OutOfOffice object exists; off: INVALID_TYPE",
        "Object Reference, OutOfOffice (a Chatter feature)",
    ),
    Switch("salesforce.activity_external_id", True, "custom fields of Activity may be external ids", "seen in public projects"),
    Switch("salesforce.activity_unique", True, "custom fields of Activity may be unique", UNCONFIRMED),
    Switch("salesforce.lead_task_what_id", False, "a task for a Lead may also have a WhatId", UNCONFIRMED),
    Switch("salesforce.queue_owns_tasks", True, "a queue may own a task", UNCONFIRMED),
    Switch(
        "salesforce.inactive_owner_on_update",
        True,
        "any update of a record whose owner is inactive fails unless the owner changes",
        UNCONFIRMED,
    ),
    Switch("salesforce.owner_change_moves_open_tasks", False, "a new owner of a Lead by REST also gets its open tasks", UNCONFIRMED),
    Switch("salesforce.token_in_form", True, "client id and secret are accepted in the form, not only by Basic", UNCONFIRMED),
    Switch("salesforce.composite_query_limit", 5, "queries and collections among the 25 subrequests of a composite call", UNCONFIRMED),
    Switch("salesforce.userinfo_with_api_scope", True, "userinfo answers a token of scope api", UNCONFIRMED),
    Switch("salesforce.deploy_needs_rollback", True, "a deploy without rollbackOnError is refused (as in a production org)", UNCONFIRMED),
    Switch(
        "salesforce.deploy_polls", 1, "status calls that answer InProgress before a deploy is done", "metadata deploys are asynchronous"
    ),
    Switch(
        "salesforce.page_size",
        0,
        "records per query page, whatever was asked for; 0: batchSize or 2000",
        "headers-queryoptions: batchSize is a hint",
    ),
)
