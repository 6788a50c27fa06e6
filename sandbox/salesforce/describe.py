"""describe: objects and fields as the asking user may see them. Attribute names are those of a recorded Lead describe."""

from __future__ import annotations

from typing import Any

from sandbox.salesforce.calls import Call, Reply
from sandbox.salesforce.rights import Access
from sandbox.salesforce.schema import Field, SObject

_SOAP_TYPES = {
    "id": "tns:ID", "reference": "tns:ID", "boolean": "xsd:boolean", "int": "xsd:int", "double": "xsd:double", "currency": "xsd:double",
    "percent": "xsd:double", "date": "xsd:date", "datetime": "xsd:dateTime", "time": "xsd:time", "anyType": "xsd:anyType",
}  # fmt: skip
_ALWAYS_FALSE = (
    "aiPredictionField", "autoNumber", "cascadeDelete", "dependentPicklist", "deprecatedAndHidden", "displayLocationInDecimal",
    "encrypted",
    "formulaTreatNullNumberAsZero", "highScaleNumber", "htmlFormatted", "queryByDistance", "restrictedDelete", "searchPrefilterable",
    "writeRequiresMasterRead",
)  # fmt: skip
_ALWAYS_NULL = (
    "calculatedFormula", "compoundFieldName", "controllerName", "defaultValueFormula", "extraTypeInfo", "filteredLookupInfo", "mask",
    "maskType",
    "referenceTargetField", "relationshipOrder",
)  # fmt: skip
_OBJECT_FALSE = ["activateable", "customSetting", "deepCloneable", "deprecatedAndHidden", "hasSubtypes", "isInterface", "isSubtype"]


def describe_global(call: Call) -> Reply:
    """GET sobjects."""
    visible = [found for found in call.model.org.catalog if not found.virtual and call.access.can_read(found)]
    return Reply(200, {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": [_summary(call, found) for found in visible]})


def basic(call: Call) -> Reply:
    """GET sobjects/{name}."""
    return Reply(200, {"objectDescribe": _summary(call, call.sobject()), "recentItems": []})


def describe(call: Call) -> Reply:
    """GET sobjects/{name}/describe."""
    sobject = call.sobject()
    fields = [field for field in sobject.fields.values() if call.access.field(sobject, field.name)]
    described = {
        **_summary(call, sobject),
        "actionOverrides": [],
        "childRelationships": _children(call, sobject),
        "fields": [describe_field(call.access, sobject, field) for field in fields],
        "recordTypeInfos": [],
        "namedLayoutInfos": [],
        "supportedScopes": [{"label": f"All {sobject.plural}", "name": "everything"}, {"label": f"My {sobject.plural}", "name": "mine"}],
        "sobjectDescribeOption": "FULL",
    }
    described["urls"] |= {
        "uiDetailTemplate": f"{call.model.instance_url}/{{ID}}",
        "uiEditTemplate": f"{call.model.instance_url}/{{ID}}/e",
        "uiNewRecord": f"{call.model.instance_url}/{sobject.prefix}/e",
    }
    return Reply(200, described)


def _summary(call: Call, sobject: SObject) -> dict[str, Any]:
    base = f"/services/data/{call.version}/sobjects/{sobject.name}"
    edit = call.access.can("Edit", sobject)
    return {
        **dict.fromkeys(_OBJECT_FALSE, False),
        "associateEntityType": None,
        "associateParentEntity": None,
        "createable": call.access.can("Create", sobject),
        "custom": False,
        "deletable": call.access.can("Delete", sobject),
        "feedEnabled": False,
        "keyPrefix": sobject.prefix,
        "label": sobject.label,
        "labelPlural": sobject.plural,
        "layoutable": not sobject.query_only,
        "mergeable": sobject.name in ("Lead", "Contact", "Account"),
        "mruEnabled": not sobject.query_only,
        "name": sobject.name,
        "queryable": True,
        "replicateable": sobject.has_deletes,
        "retrieveable": True,
        "searchable": not sobject.query_only,
        "triggerable": not sobject.query_only,
        "undeletable": sobject.has_deletes and edit,
        "updateable": edit,
        "urls": {"sobject": base, "describe": f"{base}/describe", "rowTemplate": f"{base}/{{ID}}"},
    }


def _children(call: Call, sobject: SObject) -> list[dict[str, Any]]:
    return [
        {
            "cascadeDelete": False,
            "childSObject": child.name,
            "deprecatedAndHidden": False,
            "field": field.name,
            "junctionIdListNames": [],
            "junctionReferenceTo": [],
            "relationshipName": field.child_relationship,
            "restrictedDelete": False,
        }
        for child, field in call.model.org.catalog.children(sobject.name)
        if call.access.can_read(child)
    ]


def describe_field(access: Access, sobject: SObject, field: Field) -> dict[str, Any]:
    """One field; createable and updateable are the user's, not the object's."""
    editable = access.may_edit(sobject, field)
    return {
        **dict.fromkeys(_ALWAYS_FALSE, False),
        **dict.fromkeys(_ALWAYS_NULL),
        "aggregatable": field.type not in ("boolean", "textarea", "anyType"),
        "byteLength": field.length if field.type in ("id", "reference") else field.length * 3,
        "calculated": field.is_name and not field.createable,
        "caseSensitive": field.case_sensitive,
        "createable": field.createable and editable and access.can("Create", sobject),
        "custom": field.custom,
        "defaultValue": False if field.type == "boolean" else None,
        "defaultedOnCreate": field.defaulted or field.default is not None,
        "digits": 9 if field.type == "int" else 0,
        "externalId": field.external_id,
        "filterable": field.filterable,
        "groupable": field.filterable and field.type not in ("datetime", "double", "currency", "percent"),
        "idLookup": field.id_lookup,
        "inlineHelpText": None,
        "label": field.label,
        "length": field.length,
        "name": field.name,
        "nameField": field.is_name,
        "namePointing": len(field.reference_to) > 1,
        "nillable": field.nillable,
        "permissionable": field.permissionable,
        "picklistValues": [
            {"active": choice.is_active, "defaultValue": choice.is_default, "label": choice.label, "validFor": None, "value": choice.value}
            for choice in field.choices
        ],
        "polymorphicForeignKey": len(field.reference_to) > 1,
        "precision": field.precision,
        "referenceTo": list(field.reference_to),
        "relationshipName": field.relationship,
        "restrictedPicklist": field.restricted,
        "scale": field.scale,
        "soapType": _SOAP_TYPES.get(field.type, "xsd:string"),
        "sortable": field.filterable,
        "type": field.type,
        "unique": field.unique,
        "updateable": field.updateable and editable and access.can("Edit", sobject),
    }
