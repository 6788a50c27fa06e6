"""Permissions: what each app may do, what field-level security hides, and what the checklist of an integration can read about itself."""

from __future__ import annotations

from typing import Any

import pytest
from salesforce_company import Company, Rest

from sandbox.core import Sandbox


def field_names(rest: Rest, sobject: str = "Lead") -> set[str]:
    return {field["name"] for field in rest.get(f"sobjects/{sobject}/describe")["fields"]}


def test_describe_tells_types_lengths_and_rights(company: Company, rest: Rest) -> None:
    described = rest.get("sobjects/Lead/describe")
    assert (described["createable"], described["updateable"], described["deletable"], described["keyPrefix"]) == (True, True, False, "00Q")
    assert described["urls"]["uiDetailTemplate"] == "https://acme.my.salesforce.com/{ID}"
    fields = {field["name"]: field for field in described["fields"]}
    assert (fields["LastName"]["type"], fields["LastName"]["length"], fields["LastName"]["nillable"]) == ("string", 80, False)
    assert [value["value"] for value in fields["Status"]["picklistValues"] if value["defaultValue"]] == ["Open - Not Contacted"]
    assert (fields["Status"]["restrictedPicklist"], fields["CleanStatus"]["restrictedPicklist"]) == (False, True)
    assert fields["OwnerId"]["referenceTo"] == ["Group", "User"]
    assert (fields["Name"]["updateable"], fields["Title"]["updateable"], fields["IsConverted"]["updateable"]) == (False, True, False)
    assert (fields["Status"]["permissionable"], fields["Title"]["permissionable"]) == (False, True)
    children = {child["relationshipName"] for child in described["childRelationships"]}
    assert {"Tasks", "Events", "Histories", "CampaignMembers"} <= children
    assert {one["name"] for one in rest.get("sobjects")["sobjects"]} >= {"Lead", "Task", "User", "LeadStatus", "QueueSobject"}


def test_readers_read_and_do_not_write(company: Company) -> None:
    reader = company.rest("reader")
    lead = company.lead()
    assert reader.get(f"sobjects/Lead/{lead}")["Id"] == lead
    assert reader.refusal("PATCH", f"sobjects/Lead/{lead}", json={"Title": "x"})[:2] == (403, "INSUFFICIENT_ACCESS_OR_READONLY")
    assert reader.refusal("POST", "sobjects/Lead", json={"LastName": "x", "Company": "c"})[0] == 403
    assert reader.refusal("POST", "sobjects/Task", json={"Subject": "x"})[0] == 403
    described = reader.get("sobjects/Lead/describe")
    assert (described["createable"], described["updateable"]) == (False, False)
    assert not any(field["updateable"] for field in described["fields"])


def test_a_field_nobody_was_granted_is_absent_everywhere(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    sandbox.salesforce.hide_field("Lead", "HasOptedOutOfEmail")
    lead = company.lead()
    assert "HasOptedOutOfEmail" not in field_names(rest)
    assert rest.refusal("GET", "query", params={"q": "SELECT HasOptedOutOfEmail FROM Lead"})[1] == "INVALID_FIELD"
    assert rest.refusal("PATCH", f"sobjects/Lead/{lead}", json={"HasOptedOutOfEmail": True})[1] == "INVALID_FIELD"
    assert "HasOptedOutOfEmail" not in rest.get(f"sobjects/Lead/{lead}")
    sandbox.salesforce.hide_field("Lead", "HasOptedOutOfEmail", hidden=False)
    assert "HasOptedOutOfEmail" in field_names(rest)


def test_a_removed_field_is_an_invalid_field(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    sandbox.salesforce.add_field("Lead", {"name": "Short_Lived__c", "spec": "string(5)"})
    assert "Short_Lived__c" in field_names(rest)
    sandbox.salesforce.remove_field("Lead", "Short_Lived__c")
    assert rest.refusal("GET", "query", params={"q": "SELECT Short_Lived__c FROM Lead"})[1] == "INVALID_FIELD"


def test_grants_by_the_api_make_a_field_visible(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    sandbox.salesforce.add_field("Lead", {"name": "Secret__c", "spec": "string(5)"})
    sandbox.salesforce.hide_field("Lead", "Secret__c")
    admin = company.rest("admin")
    held = admin.call("POST", "sobjects/PermissionSet", json={"Name": "Secret_Readers", "Label": "Secret readers"}).json()["id"]
    grant = {"ParentId": held, "SobjectType": "Lead", "Field": "Lead.Secret__c", "PermissionsRead": True}
    assert admin.call("POST", "sobjects/FieldPermissions", json=grant).status_code == 201
    assert "Secret__c" not in field_names(rest)
    assignment = {"AssigneeId": company.apps["product"].user_id, "PermissionSetId": held}
    assert admin.call("POST", "sobjects/PermissionSetAssignment", json=assignment).status_code == 201
    assert admin.refusal("POST", "sobjects/PermissionSetAssignment", json=assignment)[1] == "DUPLICATE_VALUE"
    assert "Secret__c" in field_names(rest)
    lead = company.lead()
    assert rest.refusal("PATCH", f"sobjects/Lead/{lead}", json={"Secret__c": "x"})[1] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    assert rest.refusal("POST", "sobjects/PermissionSet", json={"Name": "Mine", "Label": "Mine"})[0] == 403


def test_only_who_may_transfer_gives_leads_away(sandbox: Sandbox, company: Company) -> None:
    app = sandbox.salesforce.add_app("product", name="no_transfer")
    held = sandbox.salesforce.find("PermissionSet", "Name", "Integration_no_transfer")[0]["Id"]
    sandbox.salesforce.org.rows.update("PermissionSet", held, {"PermissionsTransferAnyLead": False})
    sandbox.salesforce.org.rights.forget()
    company.apps["no_transfer"] = app
    client = company.rest("no_transfer")
    lead = company.lead()
    assert client.refusal("PATCH", f"sobjects/Lead/{lead}", json={"OwnerId": company.other_rep})[1] == "INSUFFICIENT_ACCESS_OR_READONLY"
    access = (
        f"SELECT RecordId, HasEditAccess, HasTransferAccess FROM UserRecordAccess WHERE UserId = '{app.user_id}' AND RecordId IN ('{lead}')"
    )
    found = client.query(access)[0]
    assert (found["RecordId"], found["HasEditAccess"], found["HasTransferAccess"]) == (lead, True, False)


CHECKLIST = [
    "SELECT Id, Name, IsSandbox, InstanceName, OrganizationType, TimeZoneSidKey, TrialExpirationDate, DefaultLeadAccess, NamespacePrefix "
    "FROM Organization",
    "SELECT Id, Name, IsActive, UserType, TimeZoneSidKey, UserRoleId, ManagerId, Profile.Name FROM User WHERE Id = 'ME'",
    "SELECT Id, MasterLabel, ApiName, SortOrder, IsDefault, IsConverted FROM LeadStatus ORDER BY SortOrder",
    "SELECT ApiName, IsClosed FROM TaskStatus",
    "SELECT ApiName, IsActive, IsClosed, IsWon, DefaultProbability FROM OpportunityStage",
    "SELECT PermissionSet.Name, PermissionSet.PermissionsTransferAnyLead, PermissionSet.PermissionsModifyAllData, "
    "PermissionSet.IsOwnedByProfile "
    "FROM PermissionSetAssignment WHERE AssigneeId = 'ME'",
    "SELECT Id, Name, DeveloperName, Type FROM Group WHERE Type = 'Queue'",
    "SELECT QueueId, SobjectType, Queue.Name FROM QueueSobject WHERE SobjectType = 'Lead'",
    "SELECT GroupId, UserOrGroupId FROM GroupMember",
    "SELECT Id, Name, TimeZoneSidKey, MondayStartTime, SundayStartTime FROM BusinessHours WHERE IsDefault = true",
]


@pytest.mark.parametrize("soql", CHECKLIST)
def test_the_queries_of_a_checklist_are_answered(company: Company, soql: str) -> None:
    me = company.apps["reader"].user_id or ""
    assert company.rest("reader").query(soql.replace("ME", me)) != []


@pytest.mark.parametrize(
    "soql", ["SELECT Id FROM AssignmentRule WHERE SobjectType = 'Lead'", "SELECT Id, ActivityDate, IsAllDay, IsRecurrence FROM Holiday"]
)
def test_optional_set_up_may_be_empty_but_is_known(company: Company, soql: str) -> None:
    assert company.rest("reader").query(soql) == []


def test_an_object_that_is_switched_off_is_an_invalid_type(rest: Rest, switch: Any) -> None:
    assert rest.query("SELECT Id, UserId, StartDate, EndDate FROM OutOfOffice") == []
    switch("salesforce.out_of_office", False)
    assert rest.refusal("GET", "query", params={"q": "SELECT Id FROM OutOfOffice"})[:2] == (400, "INVALID_TYPE")
    assert rest.refusal("GET", "sobjects/OutOfOffice/describe")[0] == 404


def test_the_tooling_api_tells_access_per_field(company: Company, rest: Rest) -> None:
    where = "WHERE EntityDefinition.QualifiedApiName = 'Lead'"
    soql = f"SELECT FieldDefinition.QualifiedApiName, IsAccessible, IsUpdatable FROM UserFieldAccess {where}"
    found = {row["FieldDefinition"]["QualifiedApiName"]: row for row in rest.get("tooling/query", params={"q": soql})["records"]}
    assert (found["Title"]["IsUpdatable"], found["Name"]["IsUpdatable"]) == (True, False)
    entity = "SELECT IsCreatable, IsEditable, IsReadable FROM UserEntityAccess WHERE EntityDefinition.QualifiedApiName = 'Lead'"
    rows = company.rest("reader").get("tooling/query", params={"q": entity})["records"]
    assert [(row["IsCreatable"], row["IsEditable"], row["IsReadable"]) for row in rows] == [(False, False, True)]


def test_counts_are_per_app_and_family(sandbox: Sandbox, company: Company) -> None:
    client = company.rest("auditor")
    company.counted()
    sandbox.counters.reset()
    client.get("limits/recordCount", params={"sObjects": "Lead,Task"})
    client.query("SELECT Id FROM User")
    client.refusal("GET", "nothing")
    company.counted()
    assert sandbox.counters.describe()["salesforce"]["by_app"]["auditor"]["families"] == {"record_count": 1, "soql.query": 1, "unrouted": 1}
