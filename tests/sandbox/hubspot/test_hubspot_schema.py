"""Properties and groups as an administrator changes them; the standard set; pipelines, limits, lists, forms."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.core import Sandbox

PROPERTIES = "/crm/v3/properties/contacts"
# What the signal table and the doctor read; a missing one would make a connector blind without an error.
SIGNALS = {
    "contacts": """
        email firstname lastname company jobtitle country lifecyclestage hs_lead_status hubspot_owner_id
        hubspot_owner_assigneddate createdate lastmodifieddate hs_lastmodifieddate hs_object_id hs_merged_object_ids
        hs_calculated_merged_vids hs_calculated_form_submissions recent_conversion_date recent_conversion_event_name
        num_conversion_events num_unique_conversion_events first_conversion_date first_conversion_event_name message
        hs_analytics_last_url hs_analytics_last_timestamp hs_analytics_last_visit_timestamp hs_analytics_num_page_views
        hs_analytics_num_visits hs_email_last_click_date hs_email_first_click_date hs_email_click hs_sales_email_last_clicked
        hs_sales_email_last_replied hs_email_last_reply_date hs_email_last_open_date hs_sales_email_last_opened
        hs_last_sales_activity_timestamp hs_last_sales_activity_type hs_object_source hs_object_source_label hs_object_source_id
        hs_object_source_detail_1 hs_object_source_detail_2 hs_object_source_detail_3 hs_was_imported notes_last_contacted
        notes_last_updated notes_next_activity_date hs_notes_next_activity_type num_contacted_notes num_notes
        hs_first_outreach_date engagements_last_meeting_booked hs_latest_meeting_activity hs_latest_sequence_enrolled_date
        hs_latest_sequence_finished_date hs_latest_sequence_unenrolled_date hs_latest_sequence_ended_date hs_sequences_is_enrolled
        hs_email_optout hs_email_hard_bounce_reason_enum hs_email_bounce hs_email_bad_address hs_email_quarantined
        hs_email_quarantined_reason hs_quarantined_emails hs_email_last_send_date hs_email_delivered hs_email_last_email_name
        hs_email_sends_since_last_engagement hs_email_is_ineligible hs_marketable_status hs_marketable_until_renewal
        hs_marketable_reason_type hs_marketable_reason_id hs_emailconfirmationstatus hs_legal_basis hs_data_privacy_ads_consent
        hs_is_unworked hs_sa_first_engagement_date hs_sa_first_engagement_object_type hs_first_engagement_object_id
        hs_time_to_first_engagement first_deal_created_date num_associated_deals recent_deal_close_date hs_analytics_source
        hs_analytics_source_data_1 hs_analytics_source_data_2 hs_latest_source hs_latest_source_data_1 hs_latest_source_data_2
        hs_latest_source_timestamp hs_analytics_first_touch_converting_campaign hs_analytics_last_touch_converting_campaign
        hs_analytics_first_url hs_analytics_first_referrer hs_analytics_last_referrer hs_google_click_id hs_facebook_click_id
        hs_linkedin_click_id hs_latest_open_lead_date hs_latest_qualified_lead_date hs_latest_disqualified_lead_date
    """,
    "companies": """
        name domain industry numberofemployees country hs_lastmodifieddate hubspot_owner_id lifecyclestage
    """,
    "deals": """
        dealname amount closedate pipeline dealstage createdate hs_lastmodifieddate hs_is_closed_won hs_is_closed_lost
        hs_v2_date_entered_closedwon
    """,
    "leads": """
        hs_lead_name hs_lead_type hs_lead_label hs_lead_source hs_lead_source_drill_down_1 hs_pipeline hs_pipeline_stage
        hs_pipeline_stage_category_v2 hs_pipeline_stage_last_updated hs_lead_first_outreach_date hs_lead_outreach_activity_count
        hs_lead_time_to_first_outreach hs_lead_disqualification_reason hs_lead_disqualification_note hs_lead_is_qualified
    """,
    "users": """
        hs_availability_status hs_working_hours hs_out_of_office_hours hs_standard_time_zone hs_job_title
        hs_main_user_language_skill hs_internal_user_id
    """,
    "calls": """
        hs_timestamp hs_call_title hs_call_body hs_call_direction hs_call_status hs_call_duration hs_call_disposition
        hubspot_owner_id hs_object_source_id
    """,
    "emails": """
        hs_timestamp hs_email_direction hs_email_status hs_email_subject hs_email_text hs_email_headers hubspot_owner_id
    """,
    "meetings": """
        hs_timestamp hs_meeting_title hs_meeting_start_time hs_meeting_end_time hs_meeting_outcome hs_meeting_source hs_createdate
    """,
    "tasks": """
        hs_timestamp hs_task_subject hs_task_body hs_task_status hs_task_priority hs_task_type hs_task_completion_date
        hs_task_reminders hs_queue_membership_ids
    """,
    "notes": "hs_timestamp hs_note_body hs_object_source hs_object_source_id",
    "communications": "hs_timestamp hs_communication_channel_type",
}
STAGE = {"name": "own_stage", "label": "Stage", "type": "enumeration", "fieldType": "select", "groupName": "contactinformation"}


def _options(*values: str) -> list[dict[str, Any]]:
    return [{"label": v, "value": v, "displayOrder": n, "hidden": False} for n, v in enumerate(values)]


@pytest.mark.parametrize("object_type", list(SIGNALS))
def test_the_standard_set_holds_every_property_the_signals_need(admin: Any, object_type: str) -> None:
    found = {each["name"] for each in admin.get(f"/crm/v3/properties/{object_type}").json()["results"]}
    assert set(SIGNALS[object_type].split()) - found == set()


def test_sdk_lists_properties(sdk: Any) -> None:
    found = {each.name: each for each in sdk.crm.properties.core_api.get_all("contacts").results}
    assert [option.value for option in found["lifecyclestage"].options][:3] == ["subscriber", "lead", "marketingqualifiedlead"]
    assert found["notes_last_contacted"].modification_metadata.read_only_value is True


def test_create_answers_201_with_location_and_the_value_can_be_written(admin: Any, make: Any) -> None:
    reply = admin.post(PROPERTIES, {**STAGE, "name": "made_stage", "options": _options("a", "b")})
    assert reply.status_code == 201
    assert reply.headers["location"].endswith("/crm/v3/properties/contacts/made_stage")
    assert admin.call("PATCH", f"/crm/v3/objects/contacts/{make.contact()}", json={"properties": {"made_stage": "b"}}).status_code == 200


def test_a_taken_name_is_409(admin: Any) -> None:
    body = {**STAGE, "name": "twice", "options": _options("a")}
    admin.post(PROPERTIES, body)
    reply = admin.post(PROPERTIES, body)
    assert (reply.status_code, reply.json()["category"], reply.json()["subCategory"]) == (
        409,
        "OBJECT_ALREADY_EXISTS",
        "Properties.PROPERTY_WITH_NAME_EXISTS",
    )
    assert reply.json()["message"] == "A property named 'twice' already exists."


def test_patched_options_replace_the_list_and_without_options_it_stays(admin: Any) -> None:
    admin.post(PROPERTIES, {**STAGE, "name": "patched", "options": _options("a", "b")})
    assert len(admin.call("PATCH", f"{PROPERTIES}/patched", json={"label": "L"}).json()["options"]) == 2
    replaced = admin.call("PATCH", f"{PROPERTIES}/patched", json={"options": _options("c")}).json()
    assert [each["value"] for each in replaced["options"]] == ["c"]


def test_unique_cannot_be_switched_on_later(admin: Any) -> None:
    text = {"name": "late_key", "label": "K", "type": "string", "fieldType": "text", "groupName": "contactinformation"}
    admin.post(PROPERTIES, text)
    reply = admin.call("PATCH", f"{PROPERTIES}/late_key", json={"hasUniqueValue": True})
    assert (reply.status_code, reply.json()["hasUniqueValue"]) == (200, False)


def test_creating_an_archived_name_restores_its_old_values(admin: Any, make: Any) -> None:
    body = {"name": "phoenix", "label": "P", "type": "string", "fieldType": "text", "groupName": "contactinformation"}
    admin.post(PROPERTIES, body)
    contact = make.contact(phoenix="old value")
    assert admin.call("DELETE", f"{PROPERTIES}/phoenix").status_code == 204
    assert "phoenix" in [each["name"] for each in admin.get(PROPERTIES, archived="true").json()["results"]]
    assert "phoenix" not in admin.get(f"/crm/v3/objects/contacts/{contact}", properties="phoenix").json()["properties"]
    assert admin.post(PROPERTIES, body).status_code == 201
    assert admin.get(f"/crm/v3/objects/contacts/{contact}", properties="phoenix").json()["properties"]["phoenix"] == "old value"


def test_deleting_twice_is_404(admin: Any) -> None:
    admin.post(PROPERTIES, {**STAGE, "name": "gone", "options": _options("a")})
    statuses = [admin.call("DELETE", f"{PROPERTIES}/gone").status_code for _ in range(2)]
    assert statuses == [204, 404]


def test_a_property_in_use_cannot_be_deleted(admin: Any, sandbox: Sandbox) -> None:
    admin.post(PROPERTIES, {**STAGE, "name": "used", "options": _options("a")})
    sandbox.hubspot.add_list("Users of it", "contacts", uses_properties=["used"])
    reply = admin.call("DELETE", f"{PROPERTIES}/used")
    assert (reply.status_code, reply.json()["subCategory"]) == (400, "PropertyValidationError.CANNOT_DELETE_PROPERTY_IN_USE")


@pytest.mark.parametrize(
    "change",
    [
        {"label": ""},
        {"type": "money"},
        {"fieldType": "text"},
        {"groupName": "no_such_group"},
        {"name": "hs_mine"},
        {"name": "Bad Name"},
        {"options": [{"label": "a", "value": "a"}]},
        {"type": "bool", "fieldType": "booleancheckbox", "options": []},
    ],
)
def test_bad_definitions_are_400(admin: Any, change: dict[str, Any]) -> None:
    assert admin.post(PROPERTIES, {**STAGE, "name": "bad_one", "options": _options("a"), **change}).status_code == 400


def test_property_writes_need_the_schema_scope(api: Any) -> None:
    reply = api.post(PROPERTIES, {**STAGE, "options": _options("a")})
    assert reply.status_code == 403
    assert reply.json()["errors"][0]["context"]["requiredGranularScopes"] == ["crm.schemas.contacts.write"]


def test_the_scope_for_task_properties_is_a_switch(admin: Any, sandbox: Sandbox) -> None:
    body = {"name": "task_mark", "label": "M", "type": "string", "fieldType": "text", "groupName": "task"}
    sandbox.switches.set("hubspot.task_schema_scope", "")
    assert admin.post("/crm/v3/properties/tasks", body).status_code == 403
    sandbox.switches.set("hubspot.task_schema_scope", "crm.schemas.tasks.write")
    assert admin.post("/crm/v3/properties/tasks", body).status_code == 201


def test_groups_are_created_and_a_group_in_use_stays(admin: Any) -> None:
    assert admin.post(f"{PROPERTIES}/groups", {"name": "own_group", "label": "Own"}).status_code == 201
    admin.post(PROPERTIES, {**STAGE, "name": "in_group", "groupName": "own_group", "options": _options("a")})
    reply = admin.call("DELETE", f"{PROPERTIES}/groups/own_group")
    assert reply.status_code == 400
    assert "GROUP_WITH_ACTIVE_PROPERTIES" in reply.json()["message"]


def test_batch_read_reports_missing_names(admin: Any) -> None:
    reply = admin.post(f"{PROPERTIES}/batch/read", {"archived": False, "inputs": [{"name": "email"}, {"name": "nope"}]})
    assert (reply.status_code, [each["name"] for each in reply.json()["results"]]) == (207, ["email"])


def test_custom_property_limits_count_what_was_added(admin: Any) -> None:
    before = admin.get("/crm/limits/2026-03/custom-properties").json()
    admin.post(PROPERTIES, {**STAGE, "name": "counted", "options": _options("a")})
    after = admin.get("/crm/limits/v3/custom-properties").json()
    assert after["overallUsage"] == before["overallUsage"] + 1
    assert after["byObjectType"][0]["objectTypeId"] == "0-1"


def test_a_portal_may_have_its_own_statuses(api: Any, make: Any, sandbox: Sandbox) -> None:
    sandbox.hubspot.set_options("contacts", "hs_lead_status", [("NEW", "New"), ("Nurture Q3", "Nurture (Q3)")])
    assert (
        api.call("PATCH", f"/crm/v3/objects/contacts/{make.contact()}", json={"properties": {"hs_lead_status": "Nurture Q3"}}).status_code
        == 200
    )


def test_pipelines(api: Any, admin: Any) -> None:
    stages = api.get("/crm/v3/pipelines/leads").json()["results"][0]["stages"]
    assert [each["metadata"]["leadState"] for each in stages] == ["NEW", "IN_PROGRESS", "IN_PROGRESS", "QUALIFIED", "UNQUALIFIED"]
    assert len(api.get("/crm/pipelines/2026-03/deals/default/stages").json()["results"]) == 7


def test_validation_rules_can_be_read(api: Any, sandbox: Sandbox) -> None:
    sandbox.hubspot.add_validation_rule("contacts", "zip", "MIN_LENGTH", ["3"])
    found = api.get("/crm/property-validations/2026-03/0-1").json()["results"]
    assert found == [{"propertyName": "zip", "propertyValidationRules": [{"ruleType": "MIN_LENGTH", "ruleArguments": ["3"]}]}]


def test_list_members_come_in_the_order_of_joining(api: Any, make: Any, sandbox: Sandbox) -> None:
    ids = [make.contact() for _ in range(3)]
    joined = [
        (ids[1], datetime(2026, 1, 1, tzinfo=UTC)),
        (ids[0], datetime(2026, 1, 2, tzinfo=UTC)),
        (ids[2], datetime(2026, 1, 3, tzinfo=UTC)),
    ]
    list_id = sandbox.hubspot.add_list("Pricing page", "contacts", joined)
    first = api.get(f"/crm/lists/2026-03/{list_id}/memberships/join-order", limit=2).json()
    rest = api.get(f"/crm/v3/lists/{list_id}/memberships/join-order", limit=2, after=first["paging"]["next"]["after"]).json()
    assert [each["recordId"] for each in first["results"] + rest["results"]] == [ids[1], ids[0], ids[2]]
    assert first["results"][0]["membershipTimestamp"] == "2026-01-01T00:00:00.000Z"
    assert "paging" not in rest


def test_forms_other_than_hubspots_own_want_to_be_asked_for(api: Any, sandbox: Sandbox) -> None:
    sandbox.hubspot.add_form("guid-1", "Demo request")
    sandbox.hubspot.add_form("guid-2", "Old site form", "captured")
    assert [each["id"] for each in api.get("/marketing/v3/forms/").json()["results"]] == ["guid-1"]
    assert [each["id"] for each in api.get("/marketing/v3/forms", formTypes="all").json()["results"]] == ["guid-1", "guid-2"]


def test_list_members_come_by_id_and_are_exchanged_in_one_call(api: Any, make: Any, sandbox: Sandbox) -> None:
    ids = sorted((make.contact() for _ in range(3)), key=int)
    list_id = sandbox.hubspot.add_list("Pricing page", "contacts", [(ids[2], datetime(2026, 1, 1, tzinfo=UTC))])
    body = {"recordIdsToAdd": [ids[1], ids[0], "999999"], "recordIdsToRemove": [ids[2]]}

    changed = api.call("PUT", f"/crm/v3/lists/{list_id}/memberships/add-and-remove", json=body).json()

    assert changed == {"recordsIdsAdded": [ids[1], ids[0]], "recordIdsMissing": ["999999"], "recordIdsRemoved": [ids[2]]}
    first = api.get(f"/crm/v3/lists/{list_id}/memberships", limit=1).json()
    assert ([each["recordId"] for each in first["results"]], first["total"]) == ([ids[0]], 2)
    rest = api.get(f"/crm/v3/lists/{list_id}/memberships", limit=1, after=first["paging"]["next"]["after"]).json()
    assert ([each["recordId"] for each in rest["results"]], "paging" in rest) == ([ids[1]], False)
