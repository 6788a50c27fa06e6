"""Makers for the policy tests: a copy of the shipped policy with one passage changed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mappings.load import SHIPPED, load_policy
from mappings.problems import PolicyErrors, Problem
from mappings.shapes import FILES


def copy_policy(folder: Path) -> Path:
    """The shipped policy files, copied into `folder`/mappings."""
    target = folder / "mappings"
    target.mkdir()
    for name in FILES:
        shutil.copy(SHIPPED / f"{name}.yaml", target / f"{name}.yaml")
    return target


def change(folder: Path, file: str, old: str, new: str) -> int:
    """Replaces the first `old` in a file by `new`; returns the line it began on. Fails when it is not there: nothing would be proved."""
    path = folder / f"{file}.yaml"
    text = path.read_text(encoding="utf-8")
    at = text.find(old)
    assert at >= 0, f"{file}.yaml holds no {old!r}"
    path.write_text(text[:at] + new + text[at + len(old) :], encoding="utf-8")
    return text.count("\n", 0, at) + 1


def problems_of(folder: Path) -> tuple[Problem, ...]:
    """What the loader says of a folder that must not load."""
    with pytest.raises(PolicyErrors) as caught:
        load_policy(folder)
    return caught.value.problems
