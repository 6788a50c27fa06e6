"""What a write may contain: each property checked against its definition, all problems gathered into one refusal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sandbox.hubspot import exceptions, shapes
from sandbox.hubspot.values import BadValueError, accept

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.author import Author
    from sandbox.hubspot.directory import Directory
    from sandbox.hubspot.object_types import ObjectType
    from sandbox.hubspot.schema import Property, Schema
    from sandbox.switches import Switches

# Authors that go through the API or a workflow; people may move a stage back in the UI.
_FORWARD_ONLY_KINDS = ("app", "automation", "integration", "import")
_OWN = frozenset({"hs_object_id", "createdate", "hs_createdate", "lastmodifieddate", "hs_lastmodifieddate"})


class Validation:
    """Turns the properties of a request into those that are stored."""

    def __init__(self, schema: Schema, directory: Directory, switches: Switches, portal_id: int) -> None:
        self._schema, self._directory, self._switches, self._portal_id = schema, directory, switches, portal_id

    def clean(self, kind: ObjectType, properties: Mapping[str, Any], current: Mapping[str, str], author: Author) -> dict[str, str]:
        """The values to store ('' clears); HubSpotError 400 naming every property that is wrong.

        `current` is what the record holds. Engagements ignore unknown and read-only properties; a null is dropped unless the switch
        says it clears.
        """
        definitions, trusted = self._schema.of(kind), author.may_write_read_only
        rules = self._directory.things(f"validation:{kind.plural}")
        found: dict[str, str] = {}
        problems: list[dict[str, Any]] = []
        for name, raw in properties.items():
            definition = definitions.get(name)
            if definition is None or (definition.read_only and not trusted):
                if not kind.is_engagement and self._is_problem(definition):
                    problems.append(self._refused(name, definition))
                continue
            if trusted and name in _OWN and not (kind.plural == "deals" and name == "createdate"):
                continue
            try:
                value = self._value(definition, raw, current, rules)
            except BadValueError as bad:
                problems.append(exceptions.problem(name, bad.code, str(bad), self._portal_id))
                continue
            if value is not None:
                found[name] = value
        if problems:
            raise exceptions.invalid_properties(problems)
        return self._forward_only(found, current, author, definitions.get("lifecyclestage"))

    def check_conditions(self, kind: ObjectType, values: Mapping[str, str], *, creating: bool) -> None:
        """The rules of the 2026-09 API: conditionally required properties, and those a creator must give."""
        for rule in self._directory.things(f"condition:{kind.plural}"):
            name = rule["property"]
            if rule.get("when") is None:
                if creating and not values.get(name):
                    raise _missing("MISSING_REQUIRED_PROPERTY", name)
            elif values.get(rule["when"]["property"]) in rule["when"]["values"] and not values.get(name):
                raise _missing("MISSING_CONDITIONAL_REQUIRED_PROPERTY", name)

    def _is_problem(self, definition: Property | None) -> bool:
        return definition is None or bool(self._switches.get("hubspot.calculated_property_wins"))

    def _refused(self, name: str, definition: Property | None) -> dict[str, Any]:
        if definition is None:
            return exceptions.problem(name, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist', self._portal_id)
        return exceptions.problem(name, "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set', self._portal_id)

    def _value(self, definition: Property, raw: Any, current: Mapping[str, str], rules: Sequence[Mapping[str, Any]]) -> str | None:
        if raw is None:
            return "" if self._switches.get("hubspot.null_clears") else None
        text = raw if isinstance(raw, str) else _as_text(definition, raw)
        if text == "":
            return ""
        if text.startswith(";") and definition.is_multiple:
            text = ";".join(part for part in (current.get(definition.name, ""), text.strip(";")) if part)
        if definition.takes_owner:
            self._check_owner(text)
        value = accept(definition, text)
        _check_rules(rules, definition.name, value)
        return value

    def _check_owner(self, text: str) -> None:
        owner = self._directory.owner(number) if (number := shapes.whole(text)) is not None else None
        if owner is None or (owner.archived and self._switches.get("hubspot.archived_owner_assign") == "refuse"):
            raise BadValueError("INVALID_OWNER_ID", f"{text} is not a valid owner id")

    def _forward_only(self, found: dict[str, str], current: Mapping[str, str], author: Author, stage: Property | None) -> dict[str, str]:
        new, old = found.get("lifecyclestage"), current.get("lifecyclestage")
        if not new or not old or stage is None or author.kind not in _FORWARD_ONLY_KINDS:
            return found
        order = {option.value: option.display_order for option in stage.options}
        if order.get(new, 0) >= order.get(old, 0):
            return found
        if self._switches.get("hubspot.lifecycle_backward") == "refuse":
            problem = f"Lifecycle stage cannot be moved back from {old} to {new}; clear it first"
            raise exceptions.invalid_properties([exceptions.problem("lifecyclestage", "INVALID_LIFECYCLE_STAGE", problem, self._portal_id)])
        return {name: value for name, value in found.items() if name != "lifecyclestage"}


def _as_text(definition: Property, raw: Any) -> str:
    """A value that is no string as the text it stands for; objects and lists stand for none."""
    if isinstance(raw, (dict, list)):
        raise BadValueError("INVALID_VALUE", f"{definition.name} must be a string")
    return str(raw).lower() if isinstance(raw, bool) else str(raw)


def _check_rules(rules: Sequence[Mapping[str, Any]], name: str, value: str) -> None:
    for rule in rules:
        if rule["propertyName"] == name and not _keeps(rule["ruleType"], rule.get("ruleArguments") or [], value):
            raise BadValueError(f"INVALID_{rule['ruleType']}", f"{name} does not meet the validation rule {rule['ruleType']}")


def _keeps(rule: str, arguments: list[str], value: str) -> bool:
    """Whether a value meets one of the documented rule types; rule types not listed here hold."""
    tests = {
        "ALPHA": lambda: value.isalpha(),
        "ALPHANUMERIC": lambda: value.isalnum(),
        "NUMERIC": lambda: value.isdigit(),
        "MIN_LENGTH": lambda: len(value) >= int(arguments[0]),
        "MAX_LENGTH": lambda: len(value) <= int(arguments[0]),
        "REGEX": lambda: re.fullmatch(arguments[0], value) is not None,
    }
    return bool(tests[rule]()) if rule in tests else True


def _missing(code: str, name: str) -> exceptions.HubSpotError:
    return exceptions.invalid(
        f"Required property '{name}' was not set",
        errors=[{"message": f"{name} is required", "code": code, "context": {"propertyName": [name]}}],
    )
