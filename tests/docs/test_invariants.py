"""docs/invariants.md tells the truth: all laws are there, and every test it names exists."""

from __future__ import annotations

import ast
import re
from functools import lru_cache

import pytest
from docs_pages import DOCS, ROOT

TEXT = (DOCS / "invariants.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (\d+)\. (?:[^\n]*)\n(.*?)(?=^## |\Z)", TEXT, re.DOTALL | re.MULTILINE))
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)))


@lru_cache
def names_in(path: str) -> frozenset[str]:
    """Names of the test functions of a file."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))


def test_all_twelve_laws_are_there() -> None:
    """Numbered 1 to 12, in order, none twice."""
    assert [int(number) for number in re.findall(r"^## (\d+)\. ", TEXT, re.MULTILINE)] == list(range(1, 13))


@pytest.mark.parametrize("law", sorted(SECTIONS, key=int))
def test_each_law_says_what_enforces_it(law: str) -> None:
    """Tests by name, or an honest 'not yet'."""
    assert "Enforced by:" in SECTIONS[law]
    assert re.search(r"`tests/[\w/]+\.py::test_\w+`|\[not yet enforced\]", SECTIONS[law].partition("Enforced by:")[2])


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_every_named_test_exists(path: str, name: str) -> None:
    """The file is there and holds a test of that name."""
    assert (ROOT / path).is_file(), f"{path} is gone; correct docs/invariants.md"
    assert name in names_in(path), f"{path} has no {name}; correct docs/invariants.md"


def test_every_test_that_bears_a_law_in_its_name_is_listed() -> None:
    """`test_law_N_...` stands under law N."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        where = path.relative_to(ROOT).as_posix()
        for name in names_in(where):
            for law in re.findall(r"\d+", match.group(1)) if (match := re.match(r"test_law_((?:\d+_)(?:and_\d+_)?)", name)) else ():
                assert f"`{where}::{name}`" in SECTIONS[law], f"list {where}::{name} under law {law} of docs/invariants.md"
