"""Salesforce history, activities, what the doctor asks, and field permissions."""

from typing import Any

import pytest
from honesty_driver import Org, World
from honesty_salesforce import STAMP, code


def test_history_says_who_wrote(org: Org, world: World, lead: str) -> None:
    """LeadHistory: Field, OldValue, NewValue, CreatedById; only a dedicated user tells us from people."""
    act = {"vendor": "salesforce", "object": "Lead", "id": lead, "rep": world.person(active=True)["email"], "action": "edit"}
    world.control("POST", "act/rep", json={**act, "fields": {"Status": "Working - Contacted"}})
    org.patch(lead, Status="Nurture")

    soql = f"SELECT OldValue, NewValue, CreatedById FROM LeadHistory WHERE LeadId = '{lead}' AND Field = 'Status' ORDER BY CreatedDate, Id"
    rows = org.rows(soql)[-2:]

    assert [row["NewValue"] for row in rows] == ["Working - Contacted", "Nurture"]
    assert [row["CreatedById"] for row in rows] == [world.person(active=True)["salesforce_user_id"], org.apps["product"]["user_id"]]


def test_an_owner_change_is_two_history_rows(org: Org, world: World, lead: str) -> None:
    """Owner changes give 2 rows: names and ids."""
    queue = world.manifest["queues"]["Nurture"]
    org.patch(lead, OwnerId=queue)

    rows = org.rows(
        f"SELECT NewValue FROM LeadHistory WHERE LeadId = '{lead}' AND Field = 'Owner' ORDER BY CreatedDate DESC, Id DESC LIMIT 2"
    )

    assert {row["NewValue"] for row in rows} == {"Nurture", queue}


def test_a_task_closes_and_counts_as_activity(org: Org, lead: str) -> None:
    """Task: defaults, IsClosed by Status, CompletedDateTime; LastActivityDate is a date by the due date and may lie ahead."""
    body = {"WhoId": lead, "Subject": "Call", "ActivityDate": "2026-11-05"}
    task = org.call("POST", "sobjects/Task", json=body).json()["id"]
    soql = f"SELECT Status, Priority, IsClosed, CompletedDateTime, Who.Type FROM Task WHERE Id = '{task}'"
    made = org.rows(soql)[0]
    assert (made["Status"], made["Priority"], made["IsClosed"], made["Who"]["Type"]) == ("Not Started", "Normal", False, "Lead")

    org.call("PATCH", f"sobjects/Task/{task}", json={"Status": "Completed"})

    done = org.rows(soql)[0]
    assert done["IsClosed"] is True
    assert STAMP.match(done["CompletedDateTime"])
    assert org.lead(lead)["LastActivityDate"] == "2026-11-05"


def test_the_organisation_is_pinned(org: Org) -> None:
    """Organization: one row with Id (18), IsSandbox, TimeZoneSidKey, DefaultLeadAccess, OrganizationType."""
    names = "Id,Name,IsSandbox,InstanceName,OrganizationType,TimeZoneSidKey,TrialExpirationDate,DefaultLeadAccess,NamespacePrefix"
    rows = org.rows(f"SELECT {names} FROM Organization")

    assert (len(rows), rows[0]["Id"], rows[0]["IsSandbox"]) == (1, org.credentials["org_id"], False)


def test_the_integration_user_is_its_own(org: Org) -> None:
    """User query of step 3: an active, dedicated user with the API-only profile."""
    soql = f"SELECT Id,Name,IsActive,UserType,TimeZoneSidKey,Profile.Name FROM User WHERE Id = '{org.apps['product']['user_id']}'"
    row = org.rows(soql)[0]

    assert (row["IsActive"], row["Profile"]["Name"]) == (True, "Minimum Access - API Only Integrations")


def test_permission_flags_are_readable(org: Org) -> None:
    """PermissionSetAssignment flags of B2; TransferAnyLead held, no ModifyAllData, no setup rights."""
    flags = ("ApiEnabled", "TransferAnyLead", "AllowViewEditConvertedLeads", "ConvertLeads", "ModifyAllData", "ViewAllData", "ViewSetup")
    flags += ("ModifyMetadata", "CustomizeApplication")
    names = ", ".join(f"PermissionSet.Permissions{flag}" for flag in flags)
    rows = org.rows(
        f"SELECT PermissionSet.Name, {names} FROM PermissionSetAssignment WHERE AssigneeId = '{org.apps['product']['user_id']}'"
    )
    held = {flag for row in rows for flag in flags if row["PermissionSet"][f"Permissions{flag}"]}

    assert {"ApiEnabled", "TransferAnyLead"} <= held
    assert not {"ModifyAllData", "ModifyMetadata", "CustomizeApplication"} & held


def test_record_access_is_the_honest_test(org: Org, lead: str) -> None:
    """UserRecordAccess: HasEditAccess and HasTransferAccess per record."""
    user = org.apps["product"]["user_id"]
    soql = f"SELECT RecordId,HasEditAccess,HasTransferAccess FROM UserRecordAccess WHERE UserId = '{user}' AND RecordId IN ('{lead}')"

    assert [(row["RecordId"], row["HasEditAccess"], row["HasTransferAccess"]) for row in org.rows(soql)] == [(lead, True, True)]


def test_lead_statuses_say_which_convert(org: Org) -> None:
    """LeadStatus: ApiName, MasterLabel, SortOrder, IsDefault, IsConverted; one default."""
    rows = org.rows("SELECT Id, MasterLabel, ApiName, SortOrder, IsDefault, IsConverted FROM LeadStatus ORDER BY SortOrder")

    standard = ["Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted"]
    assert [row["ApiName"] for row in rows[:4]] == standard
    assert [row["ApiName"] for row in rows if row["IsDefault"]] == standard[:1]
    assert [row["ApiName"] for row in rows if row["IsConverted"]] == ["Closed - Converted"]


def test_queues_own_leads_by_queue_sobject(org: Org, world: World) -> None:
    """A queue can own Leads only if a QueueSobject row for 'Lead' exists; Group.Type = 'Queue'."""
    rows = org.rows("SELECT QueueId, Queue.Name FROM QueueSobject WHERE SobjectType = 'Lead'")
    groups = org.rows("SELECT Id, Name, DeveloperName FROM Group WHERE Type = 'Queue'")

    assert {row["QueueId"] for row in rows} == set(world.manifest["queues"].values()) == {row["Id"] for row in groups}


def test_field_definitions_say_what_is_tracked(org: Org) -> None:
    """FieldDefinition.IsFieldHistoryTracked for Status and OwnerId."""
    soql = "SELECT QualifiedApiName,IsFieldHistoryTracked FROM FieldDefinition WHERE EntityDefinition.QualifiedApiName='Lead'"
    tracked = {row["QualifiedApiName"]: row["IsFieldHistoryTracked"] for row in org.rows(soql, resource="tooling/query")}

    assert (tracked["Status"], tracked["Description"]) == (True, False)


@pytest.mark.parametrize(
    "soql",
    [
        "SELECT UserId, StartDate, EndDate, IsEnabled FROM OutOfOffice",
        "SELECT Id, IsDefault, IsActive, TimeZoneSidKey, MondayStartTime, MondayEndTime FROM BusinessHours",
        "SELECT Id, Name, ActivityDate, IsAllDay, StartTimeInMinutes, IsRecurrence FROM Holiday",
        "SELECT Id, Name, Active, SobjectType FROM AssignmentRule WHERE SobjectType = 'Lead' AND Active = true",
        "SELECT Id, LeadId, ContactId, Status, HasResponded, FirstRespondedDate FROM CampaignMember LIMIT 1",
        "SELECT Id, ApiName, IsActive, IsClosed, IsWon, DefaultProbability FROM OpportunityStage",
        "SELECT Id, ContactId, Role, IsPrimary FROM OpportunityContactRole LIMIT 1",
        "SELECT Id, GroupId, UserOrGroupId FROM GroupMember",
    ],
)
def test_the_optional_queries_answer(org: Org, soql: str) -> None:
    """Optional reads of the checklist work for a user without setup rights."""
    assert org.query(soql).status_code == 200


def test_out_of_office_may_be_absent(org: Org, world: World) -> None:
    """OutOfOffice is a Chatter feature: off, it is INVALID_TYPE."""
    world.switch("salesforce.out_of_office", False)

    assert code(org.query("SELECT Id FROM OutOfOffice")) == (400, "INVALID_TYPE")


def test_deploys_need_the_right_to_modify_metadata(org: Org) -> None:
    """Permission Modify Metadata: the product's user has none."""
    assert org.call("POST", "metadata/deployRequest").status_code == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"Field": "Lead.No_Such_Field__c"},
        {"Field": "Lead.Status"},
        {"PermissionsRead": False, "PermissionsEdit": True},
    ],
)
def test_field_permissions_are_checked(org: Org, wrong: dict[str, Any]) -> None:
    """FieldPermissions: only for fields that exist and are permissionable; Edit requires Read."""
    user = org.apps["product"]["user_id"]
    soql = f"SELECT PermissionSetId, PermissionSet.IsOwnedByProfile FROM PermissionSetAssignment WHERE AssigneeId = '{user}'"
    parent = next(row["PermissionSetId"] for row in org.rows(soql, role="admin") if not row["PermissionSet"]["IsOwnedByProfile"])
    right = {"ParentId": parent, "SobjectType": "Lead", "Field": "Lead.Industry", "PermissionsRead": True, "PermissionsEdit": True}

    assert org.call("POST", "sobjects/FieldPermissions", role="admin", json={**right, **wrong}).status_code == 400


def test_a_field_is_granted_once(org: Org) -> None:
    """A permission set holds one row per field."""
    user = org.apps["product"]["user_id"]
    soql = f"SELECT PermissionSetId FROM PermissionSetAssignment WHERE AssigneeId = '{user}' AND PermissionSet.IsOwnedByProfile = false"
    parent = org.rows(soql, role="admin")[0]["PermissionSetId"]
    field = {"ParentId": parent, "SobjectType": "Lead", "Field": "Lead.Industry", "PermissionsRead": True, "PermissionsEdit": True}
    org.call("POST", "sobjects/FieldPermissions", role="admin", json=field)

    assert org.call("POST", "sobjects/FieldPermissions", role="admin", json=field).status_code == 400
