"""A CustomField of the Metadata API as a field of the catalog, with the refusals an org has for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sandbox.salesforce.schema import Choice, Field

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from sandbox.salesforce.org import Org

_NAMESPACE = "{http://soap.sforce.com/2006/04/metadata}"
_NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*__c")
_TYPES = {
    "Text": "string", "TextArea": "textarea", "LongTextArea": "textarea", "Picklist": "picklist", "Checkbox": "boolean", "Number": "double",
    "Currency": "currency", "Percent": "percent", "Date": "date", "DateTime": "datetime", "Email": "email", "Phone": "phone", "Url": "url",
    "Lookup": "reference",
}  # fmt: skip
_FIXED_LENGTHS = {"TextArea": 255, "Picklist": 255, "Email": 80, "Phone": 40, "Url": 255, "Lookup": 18}
_EXTERNAL_ID_TYPES = ("Text", "Number", "Email")
_LONGEST_TEXT, _LONGEST_AREA, _LONGEST_NAME = 255, 131_072, 43


class ProblemError(Exception):
    """Why a component is refused."""


def _text(element: Element, name: str) -> str:
    return (element.findtext(_NAMESPACE + name) or "").strip()


def custom_field(org: Org, sobject: str, element: Element) -> Field:
    """The field; a new one is seen by nobody until a permission set grants it. Raises ProblemError."""
    name, kind = _text(element, "fullName"), _text(element, "type")
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise ProblemError(f"The field name provided, {name}, is not a valid, unprefixed name")
    if kind not in _TYPES:
        raise ProblemError(f"this sandbox does not know the field type {kind!r}; there are: {', '.join(sorted(_TYPES))}")
    if not _text(element, "label"):
        raise ProblemError("Required field is missing: label")
    truth = {tag: _text(element, tag) == "true" for tag in ("required", "externalId", "unique", "caseSensitive", "trackHistory")}
    _check_keys(org, sobject, kind, truth)
    choices, restricted = _choices(element, kind)
    target = _text(element, "referenceTo")
    if kind == "Lookup" and (org.catalog.get(target) is None or not _text(element, "relationshipName")):
        raise ProblemError("a Lookup needs referenceTo and relationshipName")
    return Field(
        name=name,
        type=_TYPES[kind],
        label=_text(element, "label"),
        length=_length(element, kind),
        nillable=not truth["required"] and kind != "Checkbox",
        defaulted=kind == "Checkbox",
        permissionable=not truth["required"],
        id_lookup=truth["externalId"] or truth["unique"],
        unique=truth["unique"],
        case_sensitive=truth["caseSensitive"],
        external_id=truth["externalId"],
        restricted=restricted,
        custom=True,
        granted=truth["required"],
        tracked=truth["trackHistory"],
        description=_text(element, "description"),
        default=_default(element, kind, choices),
        choices=choices,
        reference_to=(target,) if target else (),
        relationship=f"{name.removesuffix('__c')}__r" if target else None,
        child_relationship=f"{_text(element, 'relationshipName')}__r" if target else None,
        **_numbers(element, kind),
    )


def _check_keys(org: Org, sobject: str, kind: str, truth: dict[str, bool]) -> None:
    if truth["externalId"] and kind not in _EXTERNAL_ID_TYPES:
        raise ProblemError(f"a field of type {kind} can not be an external id")
    if truth["unique"] and kind not in _EXTERNAL_ID_TYPES:
        raise ProblemError(f"a field of type {kind} can not be unique")
    if sobject != "Activity":
        return
    if truth["trackHistory"]:
        raise ProblemError("The entity: Activity does not have history tracking enabled")
    for tag, switch in (("externalId", "salesforce.activity_external_id"), ("unique", "salesforce.activity_unique")):
        if truth[tag] and not org.switches.get(switch):
            raise ProblemError(f"{tag} is not allowed on fields of Activity")


def _length(element: Element, kind: str) -> int:
    if kind in _FIXED_LENGTHS:
        return _FIXED_LENGTHS[kind]
    if kind not in ("Text", "LongTextArea"):
        return 0
    given = _text(element, "length")
    most = _LONGEST_TEXT if kind == "Text" else _LONGEST_AREA
    if not given.isdigit() or not 1 <= int(given) <= most:
        raise ProblemError(f"Can not specify 'length' {given!r} for a CustomField of type {kind}: 1 to {most}")
    if kind == "LongTextArea" and (int(given) <= _LONGEST_TEXT or not _text(element, "visibleLines")):
        raise ProblemError("Long Text Area needs a length of 256 or more, and visibleLines")
    return int(given)


def _numbers(element: Element, kind: str) -> dict[str, Any]:
    if kind not in ("Number", "Currency", "Percent"):
        return {}
    precision, scale = _text(element, "precision"), _text(element, "scale")
    if not precision.isdigit() or not scale.isdigit() or not 1 <= int(precision) <= 18 or int(scale) > int(precision):
        raise ProblemError(f"Must specify 'precision' and 'scale' for a CustomField of type {kind}")
    return {"precision": int(precision), "scale": int(scale)}


def _choices(element: Element, kind: str) -> tuple[tuple[Choice, ...], bool]:
    if kind != "Picklist":
        return (), False
    value_set = element.find(_NAMESPACE + "valueSet")
    definition = None if value_set is None else value_set.find(_NAMESPACE + "valueSetDefinition")
    if value_set is None or definition is None:
        raise ProblemError("Must specify either valueSet with a valueSetDefinition for a Picklist")
    choices = tuple(
        Choice(_text(value, "fullName"), _text(value, "label") or _text(value, "fullName"), _text(value, "default") == "true")
        for value in definition.findall(_NAMESPACE + "value")
    )
    if len({choice.value.lower() for choice in choices}) != len(choices):
        raise ProblemError("duplicate value in the picklist")
    return choices, _text(value_set, "restricted") == "true"


def _default(element: Element, kind: str, choices: tuple[Choice, ...]) -> str | None:
    if kind == "Checkbox":
        if _text(element, "defaultValue") not in ("true", "false"):
            raise ProblemError("Must specify 'defaultValue' for a CustomField of type Checkbox")
        return None
    return next((choice.value for choice in choices if choice.is_default), None)
