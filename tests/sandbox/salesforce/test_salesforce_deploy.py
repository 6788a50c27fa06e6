"""Metadata deploy over REST really adds fields, permission sets and queues: all or nothing, and for nobody who was not granted them."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from salesforce_company import Company, Rest

from sandbox.core import Sandbox

NAMESPACE = 'xmlns="http://soap.sforce.com/2006/04/metadata"'
STAGE = """<fields><fullName>Own_Stage__c</fullName><label>Stage</label><type>Picklist</type><trackHistory>true</trackHistory>
<valueSet><restricted>true</restricted><valueSetDefinition><sorted>false</sorted>
<value><fullName>mql</fullName><default>false</default><label>MQL</label></value>
<value><fullName>sal</fullName><default>false</default><label>SAL</label></value></valueSetDefinition></valueSet></fields>"""
KEY = """<fields><fullName>Own_Key__c</fullName><label>Key</label><type>Text</type><length>80</length>
<externalId>true</externalId><unique>true</unique><caseSensitive>true</caseSensitive></fields>"""
GRANTS = """<label>Own fields</label>
<fieldPermissions><editable>true</editable><field>Lead.Own_Stage__c</field><readable>true</readable></fieldPermissions>
<fieldPermissions><editable>true</editable><field>Task.Own_Key__c</field><readable>true</readable></fieldPermissions>"""
QUEUE = (
    "<doesSendEmailToMembers>false</doesSendEmailToMembers><name>Nurture</name><queueSobject><sobjectType>Lead</sobjectType></queueSobject>"
)


def package(files: dict[str, tuple[str, str]], members: dict[str, list[str]]) -> bytes:
    """A zip of {path: (root element, inner XML)} and its package.xml."""
    types = "".join(
        f"<types>{''.join(f'<members>{one}</members>' for one in found)}<name>{kind}</name></types>" for kind, found in members.items()
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("package.xml", f"<Package {NAMESPACE}>{types}<version>66.0</version></Package>")
        for path, (root, inner) in files.items():
            archive.writestr(path, f'<?xml version="1.0" encoding="UTF-8"?><{root} {NAMESPACE}>{inner}</{root}>')
    return buffer.getvalue()


def whole() -> bytes:
    return package(
        {
            "objects/Lead.object": ("CustomObject", STAGE),
            "objects/Activity.object": ("CustomObject", KEY),
            "permissionsets/Own_Fields.permissionset": ("PermissionSet", GRANTS),
            "queues/Nurture.queue": ("Queue", QUEUE),
        },
        {"CustomField": ["Lead.Own_Stage__c", "Activity.Own_Key__c"], "PermissionSet": ["Own_Fields"], "Queue": ["Nurture"]},
    )


def deploy(rest: Rest, archive: bytes, **options: Any) -> dict[str, Any]:
    """Start a deploy and ask until it is done."""
    head = {"deployOptions": {"checkOnly": False, "testLevel": "NoTestRun", "singlePackage": True, "rollbackOnError": True, **options}}
    files = {"json": (None, json.dumps(head), "application/json"), "file": ("deploy.zip", archive, "application/zip")}
    started = rest.call("POST", "metadata/deployRequest", files=files)
    assert started.status_code == 201, started.text
    while True:
        result: dict[str, Any] = rest.get(f"metadata/deployRequest/{started.json()['id']}", params={"includeDetails": "true"})[
            "deployResult"
        ]
        if result["done"]:
            return result


def fields(rest: Rest, sobject: str) -> dict[str, dict[str, Any]]:
    return {field["name"]: field for field in rest.get(f"sobjects/{sobject}/describe")["fields"]}


def test_a_check_changes_nothing_and_a_deploy_does_everything(sandbox: Sandbox, company: Company, rest: Rest) -> None:
    admin = company.rest("admin")
    checked = deploy(admin, whole(), checkOnly=True)
    assert (checked["status"], checked["checkOnly"], checked["numberComponentsDeployed"]) == ("Succeeded", True, 4)
    assert sandbox.salesforce.org.catalog.of("Lead").field("Own_Stage__c") is None
    assert sandbox.salesforce.find("PermissionSet", "Name", "Own_Fields") == []

    done = deploy(admin, whole())
    assert done["success"] is True
    assert [(part["componentType"], part["fullName"], part["created"]) for part in done["details"]["componentSuccesses"]] == [
        ("CustomField", "Activity.Own_Key__c", True), ("CustomField", "Lead.Own_Stage__c", True), ("Queue", "Nurture", True),
        ("PermissionSet", "Own_Fields", True),
    ]  # fmt: skip
    # The fields are there, but nobody sees them: not even who deployed them.
    for client in (rest, admin):
        assert "Own_Stage__c" not in fields(client, "Lead")
        assert client.refusal("GET", "query", params={"q": "SELECT Own_Stage__c FROM Lead"})[1] == "INVALID_FIELD"

    held = admin.query("SELECT Id FROM PermissionSet WHERE Name = 'Own_Fields'")[0]["Id"]
    assignment = {"AssigneeId": company.apps["product"].user_id, "PermissionSetId": held}
    assert admin.call("POST", "sobjects/PermissionSetAssignment", json=assignment).status_code == 201
    stage, key = fields(rest, "Lead")["Own_Stage__c"], fields(rest, "Task")["Own_Key__c"]
    assert (stage["type"], stage["restrictedPicklist"], stage["updateable"], stage["custom"]) == ("picklist", True, True, True)
    assert [value["value"] for value in stage["picklistValues"]] == ["mql", "sal"]
    assert (key["externalId"], key["unique"], key["idLookup"], key["caseSensitive"], key["length"]) == (True, True, True, True, 80)

    lead = company.lead()
    assert rest.call("PATCH", f"sobjects/Lead/{lead}", json={"Own_Stage__c": "mql"}).status_code == 204
    assert [row["Field"] for row in sandbox.salesforce.history(lead)] == ["created", "Own_Stage__c"]
    assert rest.refusal("PATCH", f"sobjects/Lead/{lead}", json={"Own_Stage__c": "zzz"})[1] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    task = {"WhoId": lead, "Subject": "Call"}
    assert [rest.call("PATCH", "sobjects/Task/Own_Key__c/k1", json=task).status_code for _ in range(2)] == [201, 200]
    queue = rest.query("SELECT Queue.Name, QueueId FROM QueueSobject WHERE SobjectType = 'Lead' AND Queue.DeveloperName = 'Nurture'")[0]
    assert rest.call("PATCH", f"sobjects/Lead/{lead}", json={"OwnerId": queue["QueueId"]}).status_code == 204

    again = deploy(admin, whole())
    assert {part["created"] for part in again["details"]["componentSuccesses"]} == {False}
    assert "Own_Stage__c" in fields(rest, "Lead")


@pytest.mark.parametrize(
    ("path", "inner", "problem"),
    [
        ("Task", KEY, "bad value for restricted picklist field: Task"),
        (
            "Activity",
            KEY.replace("<length>80</length>", "<length>80</length><trackHistory>true</trackHistory>"),
            "does not have history tracking",
        ),
        ("Lead", KEY.replace("<length>80</length>", ""), "Can not specify 'length'"),
        ("Lead", KEY.replace("<label>Key</label>", ""), "Required field is missing: label"),
        ("Lead", KEY.replace("Own_Key__c", "Own Key"), "not a valid, unprefixed name"),
        ("Lead", STAGE.replace("<type>Picklist", "<type>Rainbow"), "does not know the field type 'Rainbow'"),
        ("Lead", KEY.replace("<type>Text", "<type>Checkbox"), "can not be an external id"),
        ("Nothing", KEY, "bad value for restricted picklist field: Nothing"),
    ],
)
def test_a_broken_component_undoes_the_whole_deploy(sandbox: Sandbox, company: Company, path: str, inner: str, problem: str) -> None:
    good = "<fields><fullName>Good__c</fullName><label>Good</label><type>Date</type></fields>"
    files = {"objects/Account.object": ("CustomObject", good), f"objects/{path}.object": ("CustomObject", inner)}
    result = deploy(company.rest("admin"), package(files, {"CustomObject": ["Account", path]}))
    assert (result["status"], result["success"]) == ("Failed", False)
    assert problem in result["details"]["componentFailures"][0]["problem"]
    assert sandbox.salesforce.org.catalog.of("Account").field("Good__c") is None


def test_a_permission_set_may_only_grant_what_exists_and_is_not_required(company: Company) -> None:
    for name, problem in (
        ("Lead.Nothing__c", "no CustomField named Lead.Nothing__c"),
        ("Lead.LastName", "cannot deploy to a required field"),
    ):
        grant = (
            f"<label>x</label><fieldPermissions><editable>true</editable><field>{name}</field><readable>true</readable></fieldPermissions>"
        )
        archive = package({"permissionsets/X.permissionset": ("PermissionSet", grant)}, {"PermissionSet": ["X"]})
        assert problem in deploy(company.rest("admin"), archive)["details"]["componentFailures"][0]["problem"]


def test_what_package_xml_names_has_to_be_in_the_zip(company: Company) -> None:
    result = deploy(company.rest("admin"), package({}, {"CustomField": ["Lead.Missing__c"]}))
    assert "was named in package.xml, but was not found" in result["details"]["componentFailures"][0]["problem"]


def test_deploys_need_the_right_and_a_whole_request(company: Company, rest: Rest) -> None:
    files = {"json": (None, "{}", "application/json"), "file": ("deploy.zip", whole(), "application/zip")}
    assert rest.refusal("POST", "metadata/deployRequest", files=files)[:2] == (403, "INSUFFICIENT_ACCESS")
    admin = company.rest("admin")
    assert admin.refusal("POST", "metadata/deployRequest", files=files)[0] == 400
    assert admin.refusal("POST", "metadata/deployRequest", json={})[0] == 415
    assert admin.refusal("GET", "metadata/deployRequest/0Af000000000000")[0] == 404
    assert deploy(admin, b"no zip at all")["details"]["componentFailures"][0]["fileName"] == "package.xml"
    with pytest.raises(AssertionError, match="rollbackOnError"):
        deploy(admin, whole(), rollbackOnError=False)


def test_keys_on_activities_can_be_switched_off(company: Company, switch: Any) -> None:
    switch("salesforce.activity_external_id", False)
    archive = package({"objects/Activity.object": ("CustomObject", KEY.replace("Own_Key", "Other_Key"))}, {"CustomObject": ["Activity"]})
    assert "externalId is not allowed" in deploy(company.rest("admin"), archive)["details"]["componentFailures"][0]["problem"]
