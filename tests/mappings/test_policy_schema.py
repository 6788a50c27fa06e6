"""The JSON Schemas that editors use are those of the shapes, and the shipped files fit them."""

from __future__ import annotations

import json

import jsonschema
import pytest

from mappings.load import SHIPPED
from mappings.schema import FOLDER, file_schema, schema_texts
from mappings.shapes import FILES
from mappings.yaml_marks import read_marked


@pytest.mark.parametrize("name", FILES)
def test_the_schema_file_is_up_to_date(name: str) -> None:
    """`python -m mappings.schema` writes them anew after a change of the shapes or the signals."""
    assert (FOLDER / f"{name}.json").read_text(encoding="utf-8") == schema_texts()[f"{name}.json"]


def test_no_schema_is_left_over() -> None:
    """One schema per policy file and no other."""
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.json" for name in FILES}


@pytest.mark.parametrize("name", FILES)
def test_the_shipped_file_fits_its_schema(name: str) -> None:
    """An editor marks nothing in the policy as shipped."""
    shipped = read_marked(SHIPPED / f"{name}.yaml", name).plain()
    jsonschema.Draft7Validator(json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))).validate(shipped)


def test_an_editor_marks_a_wrong_operator() -> None:
    """The condition language is in the schema, operators and signals with their descriptions."""
    schema = file_schema("scope")
    wrong = {"leave_alone": [{"name": "x", "kind": "test", "when": {"age_days": {"at_leest": 3}}}]}
    assert list(jsonschema.Draft7Validator(schema).iter_errors(wrong))
    assert "whole days since first seen" in schema["$defs"]["Tests"]["properties"]["age_days"]["description"]
