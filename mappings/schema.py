"""JSON Schemas of the policy files, so that an editor completes and checks them: `mappings/schema/<file>.json`.

Each YAML file names its schema in its first line (`# yaml-language-server: $schema=...`). `python -m mappings.schema` writes them anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from handoff.vocabulary import FIELDS, SIGNALS
from mappings.conditions import OPERATORS
from mappings.shapes import FILES
from mappings.shapes_base import CONDITION_MARK

FOLDER = Path(__file__).parent / "schema"
_MEANS = {
    "is": "equal",
    "any_of": "one of a list",
    "none_of": "known and none of a list",
    "at_least": "this number or more",
    "at_most": "this number or less",
    "between": "from the first to the second number",
    "contains_any": "contains a whole word of a list",
    "known": "filled in",
    "unknown": "blank",
}


def condition_schema() -> dict[str, Any]:
    """The condition language: `always`, a list of tests, or tests by name with all, any and none."""
    words = {"type": "array", "items": {"type": ["string", "integer"]}, "minItems": 1}
    number = {"type": "integer"}
    operand: dict[str, Any] = {
        "is": {"type": ["string", "integer", "boolean"]},
        "any_of": words,
        "none_of": words,
        "contains_any": words,
        "at_least": number,
        "at_most": number,
        "between": {"type": "array", "items": number, "minItems": 2, "maxItems": 2},
        "known": {"const": True},
        "unknown": {"const": True},
    }
    described = {word: {**operand[word], "description": _MEANS[word]} for word in OPERATORS}
    by_operator = {"type": "object", "properties": described, "additionalProperties": False, "minProperties": 1, "maxProperties": 1}
    test = {"anyOf": [{"type": ["string", "integer", "boolean"]}, words, by_operator]}
    names = {name: {"description": f"field ({kind})", "$ref": "#/$defs/Test"} for name, kind in sorted(FIELDS.items())}
    names |= {name: {"description": f"signal ({kind}): {says}", "$ref": "#/$defs/Test"} for name, (kind, says) in sorted(SIGNALS.items())}
    group = {"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/Condition"}, "minItems": 1}, {"$ref": "#/$defs/Tests"}]}
    tests = {
        "type": "object",
        "minProperties": 1,
        "properties": {**dict.fromkeys(("all", "any", "none"), group), **names},
        "additionalProperties": {"$ref": "#/$defs/Test"},
    }
    condition = {
        "anyOf": [{"const": "always"}, {"$ref": "#/$defs/Tests"}, {"type": "array", "items": {"$ref": "#/$defs/Tests"}, "minItems": 1}]
    }
    return {"Test": test, "Tests": tests, "Condition": condition}


def file_schema(name: str) -> dict[str, Any]:
    """The schema of `<name>.yaml`."""
    made = FILES[name].model_json_schema(by_alias=True)
    if _with_conditions(made) is not made:
        made = _with_conditions(made)
        made["$defs"] = {**made.get("$defs", {}), **condition_schema()}
    return {"$schema": "http://json-schema.org/draft-07/schema#", **_text_or_number(made)}


def _text_or_number(value: Any) -> Any:
    """Where text is asked for, a bare number may stand, as for the loader (version: 2, percent: 2.5)."""
    if isinstance(value, dict):
        loose = {key: _text_or_number(child) for key, child in value.items()}
        return {**loose, "type": ["string", "number"]} if value.get("type") == "string" and "enum" not in value else loose
    return [_text_or_number(child) for child in value] if isinstance(value, list) else value


def _with_conditions(value: Any) -> Any:
    """`value` with the condition language where a shape says `condition`; `value` itself when it holds none."""
    if isinstance(value, dict):
        if value.get("title") == CONDITION_MARK["title"]:
            return {"$ref": "#/$defs/Condition", **({"description": value["description"]} if "description" in value else {})}
        made = {key: _with_conditions(child) for key, child in value.items()}
        return made if any(made[key] is not value[key] for key in made) else value
    if isinstance(value, list):
        items = [_with_conditions(child) for child in value]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    return value


def schema_texts() -> dict[str, str]:
    """File name -> text, for all policy files."""
    return {f"{name}.json": json.dumps(file_schema(name), indent=2, sort_keys=True) + "\n" for name in FILES}


def write_schemas(folder: Path = FOLDER) -> None:
    """Writes all schemas; the folder is made when it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in schema_texts().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_schemas()
