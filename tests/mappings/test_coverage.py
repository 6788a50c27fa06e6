"""The list of requirements and what shows each of them."""

from __future__ import annotations

from pathlib import Path

from mappings.coverage import requirement_tests, requirement_titles


def test_marks_are_found_on_tests_and_on_whole_files(tmp_path: Path) -> None:
    folder = tmp_path / "tests"
    folder.mkdir()
    (folder / "test_one.py").write_text(
        'import pytest\n\npytestmark = [pytest.mark.requirement("R1")]\n\n\n'
        '@pytest.mark.requirement("R2", "R3")\ndef test_first() -> None: ...\n\n\ndef test_second() -> None: ...\n',
        encoding="utf-8",
    )
    found = requirement_tests(folder)
    assert found == {
        "R1": ("tests/test_one.py::test_first", "tests/test_one.py::test_second"),
        "R2": ("tests/test_one.py::test_first",),
        "R3": ("tests/test_one.py::test_first",),
    }


def test_every_number_stands_once() -> None:
    numbers = [number for titles in requirement_titles().values() for number in titles]
    assert numbers == [f"R{number}" for number in (*range(1, 112), *range(120, 124))]


def test_tests_name_only_requirements_that_there_are() -> None:
    known = {number for titles in requirement_titles().values() for number in titles}
    assert set(requirement_tests(Path(__file__).parent.parent)) <= known
