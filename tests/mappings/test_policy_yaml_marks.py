"""YAML as people read it, with the line of everything."""

from __future__ import annotations

from pathlib import Path

import pytest

from mappings.problems import PolicyErrors
from mappings.yaml_marks import Marked, read_marked


def read(text: str, folder: Path) -> Marked:
    """The marked document."""
    path = folder / "file.yaml"
    path.write_text(text, encoding="utf-8")
    return read_marked(path, "file.yaml")


def test_values_are_what_the_reader_sees(tmp_path: Path) -> None:
    """No word turns into a boolean, no clock time into a number, no version into a fraction."""
    node = read(
        "on: 09:00\nyes: no\nversion: 1.20\nflag: true\nquoted: 'true'\nnumber: 21\nzip: 02134\nday: 2026-10-02\nnothing:\n", tmp_path
    )
    told = {
        "on": "09:00",
        "yes": "no",
        "version": "1.20",
        "flag": True,
        "quoted": "true",
        "number": 21,
        "zip": "02134",
        "day": "2026-10-02",
        "nothing": None,
    }
    assert node.plain() == told


def test_every_value_knows_its_line(tmp_path: Path) -> None:
    """Keys, list entries and what is nested."""
    node = read("a:\n  b:\n    - one\n    - c: two\n", tmp_path)
    assert node.nearest("a", "b", 1, "c").where == "file.yaml:4"
    assert node.nearest("a", "missing").where == "file.yaml:1"
    assert node.nearest("a", "b", 0).where == "file.yaml:3"


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, "'a' stands twice"),
        ("a:\n  - &x {b: 1}\n  - *x\n", 2, "an anchor (&) is used twice"),
        ("a: [1, 2\nb: 3\n", 2, "not readable as YAML"),
        ("? [a, b]\n: 1\n", 1, "a key must be one word"),
        ("", 1, "the file is empty"),
    ],
    ids=["duplicate", "anchor", "broken", "odd_key", "empty"],
)
def test_what_is_not_plain_yaml_is_refused(text: str, line: int, what: str, tmp_path: Path) -> None:
    """With the line and a mend."""
    with pytest.raises(PolicyErrors) as caught:
        read(text, tmp_path)
    (problem,) = caught.value.problems
    assert problem.where == f"file.yaml:{line}"
    assert what in problem.what
    assert problem.mend
