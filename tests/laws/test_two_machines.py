"""Law 1: two machines that differ in everything that must not matter decide the same, to the byte, over a fortnight."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@dataclass(frozen=True)
class Machine:
    """A process with its own hash seed, time zone, language, page size and shard size."""

    hash_seed: str
    zone: str
    language: str
    page_rows: int
    shard_size: int

    def decides(self, folder: Path) -> dict[str, Any]:
        """What one_machine.py prints there."""
        folder.mkdir()
        own = {"PYTHONHASHSEED": self.hash_seed, "TZ": self.zone, "LANG": self.language, "LC_ALL": self.language}
        there = {**os.environ, **own, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "tests" / "engine", HERE)))}
        command = [sys.executable, str(HERE / "one_machine.py"), str(folder), str(self.page_rows), str(self.shard_size)]
        done = subprocess.run(command, cwd=ROOT, env=there, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        made: dict[str, Any] = json.loads(done.stdout)
        return made


def test_law_1_two_machines_decide_the_same(tmp_path: Path) -> None:
    one = Machine("1", "Pacific/Kiritimati", "C", page_rows=3, shard_size=4).decides(tmp_path / "one")
    other = Machine("2026", "America/St_Johns", "tr_TR.UTF-8", page_rows=100, shard_size=1000).decides(tmp_path / "other")
    assert len(one["decisions"]) > 50
    assert {name for name, made in one["decisions"].items() if other["decisions"].get(name) != made} == set()
    assert other == one
