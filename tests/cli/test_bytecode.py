"""Children compile what they import once, also where the environment keeps no bytecode; and the sources' folders stay as they are."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import cache_from_source, find_spec
from pathlib import Path

import pytest

from cli.bytecode import FOLDER, bytecode_env
from cli.theatre import cleared

_TOLD = "import sys; import engine.report; print(sys.dont_write_bytecode, sys.modules['engine.report'].__cached__)"


def _not_compiled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As where nothing was compiled at installation: bytecode is looked for in an empty folder."""
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "nothing"))


def test_where_bytecode_is_forbidden_children_keep_it_in_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    _not_compiled(monkeypatch, tmp_path)
    found = {"PYTHONDONTWRITEBYTECODE": "1", "PATH": "", **bytecode_env(tmp_path)}
    told = subprocess.run(
        [sys.executable, "-c", _TOLD], env=found, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    forbidden, kept = told.stdout.split()
    assert forbidden == "False"
    assert Path(kept).is_relative_to(tmp_path / FOLDER)
    assert Path(kept).exists()


def test_where_it_may_be_kept_nothing_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _not_compiled(monkeypatch, tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    assert bytecode_env(tmp_path) == {}


def test_where_modules_are_compiled_already_nothing_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    _not_compiled(monkeypatch, tmp_path)
    prefect = find_spec("prefect")
    assert prefect is not None
    assert prefect.origin is not None
    kept = Path(cache_from_source(prefect.origin))
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"")
    assert bytecode_env(tmp_path) == {}


def test_compiled_modules_outlive_a_demo(tmp_path: Path) -> None:
    for name in (FOLDER, "logs"):
        (tmp_path / name).mkdir()
    cleared(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == [FOLDER]
