"""Which test shows which requirement: the marks `@pytest.mark.requirement("R47")` in the tests, read without running them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import yaml

MARK = "requirement"
TITLES = Path(__file__).parent / "requirements.yaml"


def requirement_titles() -> dict[str, dict[str, str]]:
    """Group -> number -> title, in the order of the file."""
    loaded: dict[str, dict[str, str]] = yaml.safe_load(TITLES.read_text(encoding="utf-8"))
    return loaded


def requirement_tests(folder: Path) -> dict[str, tuple[str, ...]]:
    """Number -> tests that are marked with it, as `file::test`. A folder that is not there has none."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("test_*.py")):
        for number, name in _marked(ast.parse(path.read_text(encoding="utf-8"))):
            found.setdefault(number, []).append(f"{path.relative_to(folder.parent)}::{name}")
    return {number: tuple(dict.fromkeys(names)) for number, names in found.items()}


def _marked(tree: ast.Module) -> Iterator[tuple[str, str]]:
    whole = [number for statement in tree.body for number in _module_marks(statement)]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield from ((number, node.name) for number in (*whole, *_numbers(node.decorator_list)))


def _module_marks(statement: ast.stmt) -> list[str]:
    """Marks of a whole file: `pytestmark = pytest.mark.requirement("R47")` or a list of marks."""
    if not isinstance(statement, ast.Assign) or not any(isinstance(one, ast.Name) and one.id == "pytestmark" for one in statement.targets):
        return []
    value = statement.value
    return list(_numbers(value.elts if isinstance(value, ast.List | ast.Tuple) else [value]))


def _numbers(marks: list[ast.expr]) -> Iterator[str]:
    for mark in marks:
        if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Attribute) and mark.func.attr == MARK:
            yield from (str(argument.value) for argument in mark.args if isinstance(argument, ast.Constant))
