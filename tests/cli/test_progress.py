"""A long command says what it is doing, to a person and to nobody else."""

from __future__ import annotations

import sys
from dataclasses import replace
from io import StringIO
from pathlib import Path

from cli.progress import PHASES, progress_on
from engine.look import look
from engine.sync import sync

sys.path.append(str(Path(__file__).parents[1] / "engine"))
from engine_worlds import place


class Terminal(StringIO):
    """A person sits in front of it."""

    def isatty(self) -> bool:
        return True


def test_a_look_and_a_plan_tell_each_phase_as_it_begins(tmp_path: Path) -> None:
    company, screen = place(tmp_path), Terminal()
    company.person("anna")
    look(replace(company.engine, progress=progress_on(screen)))
    assert screen.getvalue().splitlines() == [f"{PHASES[phase]} ..." for phase in ("pull", "resolve", "count")]
    sync(replace(company.engine, progress=progress_on(screen)), "plan")
    told = screen.getvalue().splitlines()[3:]
    assert told == [f"{PHASES[phase]} ..." for phase in ("recover", "pull", "resolve", "decide")]
    company.ledger.close()


def test_a_log_or_a_pipe_is_told_nothing() -> None:
    log = StringIO()
    progress_on(log)("pull")
    assert log.getvalue() == ""


def test_what_is_over_at_once_is_not_told() -> None:
    screen = Terminal()
    progress_on(screen)("guard")
    assert screen.getvalue() == ""
