"""The decision core is pure: it imports itself, pydantic, and of the standard library what reads no clock, file, network or dice."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CORE = sorted((Path(__file__).parents[2] / "handoff").rglob("*.py"))
ALLOWED = {"handoff", "pydantic"}
IMPURE = {
    *("asyncio", "ctypes", "glob", "http", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets", "shutil", "signal"),
    *("socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib", "uuid"),
}
CLOCKS = {"now", "today", "utcnow"}


def imported(tree: ast.Module) -> Iterator[str]:
    """Top-level names of all imports, wherever they stand."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "handoff").partition(".")[0] if not node.level else "handoff"


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.stem)
def test_the_core_imports_the_standard_library_and_pydantic_alone(path: Path) -> None:
    names = set(imported(ast.parse(path.read_text(encoding="utf-8"))))
    assert names - ALLOWED <= sys.stdlib_module_names - IMPURE


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.stem)
def test_the_core_asks_no_clock(path: Path) -> None:
    """`datetime.now` needs no import of its own."""
    calls = [node.func for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    asked = [ast.unparse(func) for func in calls if isinstance(func, ast.Attribute) and func.attr in CLOCKS]
    assert [words for words in asked if words.startswith(("datetime", "date"))] == []


def test_there_is_a_core() -> None:
    assert len(CORE) > 20
