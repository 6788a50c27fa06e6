"""Compiled modules for the processes we start: a Prefect process imports about 2,000, and there is a new one for every flow run."""

from __future__ import annotations

import sys
from importlib.util import cache_from_source, find_spec
from pathlib import Path

FOLDER = "bytecode"


def bytecode_env(home: Path) -> dict[str, str]:
    """What lets children keep compiled modules in `home`; nothing where they are compiled already, or may be compiled where they lie.

    Some containers set PYTHONDONTWRITEBYTECODE, and an installer need not compile what it installs (uv does not): together they make
    every process compile all it imports anew, 5 of the 7 core seconds a flow run takes to start. What the variable guards, the folders of
    the sources, stays as it is.
    """
    found = find_spec("prefect")
    compiled = found is not None and found.origin is not None and Path(cache_from_source(found.origin)).exists()
    if compiled or not sys.dont_write_bytecode:
        return {}
    return {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str((home / FOLDER).resolve())}
