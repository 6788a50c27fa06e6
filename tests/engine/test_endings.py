"""How a run ends: told to end, it gives the lease back and says so; one that died without a word is marked by the next."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from engine_worlds import Place
from fake_crm import FakeCrm, Killed

from engine.ending import ends_on_sigterm
from engine.sync import sync

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@pytest.mark.parametrize("method", ["write", "pull"])
@pytest.mark.parametrize("threads", [1, 4])
def test_a_run_that_is_told_to_end_gives_the_lease_back_and_loses_nothing(tmp_path: Path, method: str, threads: int) -> None:
    """In a process of its own. The next run starts at once, and every effect comes once."""
    child = subprocess.run(
        [sys.executable, str(HERE / "told_to_end.py"), str(tmp_path), method, str(threads)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert child.returncode == 0, child.stderr
    told = json.loads(child.stdout)
    kind = "apply-plan" if method == "write" else "sync-leads"
    assert told == {"ended": 143, "said": [[kind, "failed", "SystemExit"]], "tasks": 8, "lines": 0}


def test_who_handles_sigterm_keeps_doing_so() -> None:
    def mine(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, mine)
    try:
        with ends_on_sigterm():
            assert signal.getsignal(signal.SIGTERM) is mine
        assert signal.getsignal(signal.SIGTERM) is mine
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_run_ended_by_anything_says_so_and_gives_the_lease_back(company: Place) -> None:
    """As Prefect's TerminationSignal does: an exception that is no Exception."""

    class Terminated(BaseException):
        """From somebody else's signal handler."""

    def told(method: str, _: int) -> None:
        if method.startswith("pull"):
            raise Terminated

    company.hubspot.before_call = told
    with pytest.raises(Terminated):
        company.sync()
    company.hubspot.before_call = lambda _method, _number: None
    assert [(run.state, run.summary) for run in company.ledger.runs.list(1)] == [("failed", {"error": "Terminated"})]
    company.sync()


def test_a_run_that_died_without_a_word_is_marked_lost_by_the_next_run_that_may_write(company: Place) -> None:
    company.adopted()
    company.asks(company.person("nina", days_old=0, owner="zoe"))

    def dies(_crm: FakeCrm) -> None:
        raise Killed

    company.main.inside_write = dies
    with pytest.raises(Killed):
        company.sync()
    (died,) = company.ledger.runs.list(1)
    assert died.state == "running"
    company.seconds += 3600
    done = company.sync()
    assert {run.id: run.state for run in company.ledger.runs.list(2)} == {died.id: "lost", int(done.run_id): "done"}


def test_a_run_that_waits_for_the_lease_marks_nobody_lost(company: Place) -> None:
    from engine.context import Busy

    company.adopted()
    states: list[str] = []

    def another(method: str, _: int) -> None:
        if method == "pull leads" and not states:
            states.append("")
            with pytest.raises(Busy):
                sync(company.engine, "apply")
            states[0] = company.ledger.runs.list(1)[0].state

    company.hubspot.before_call = another
    company.sync()
    assert states == ["running"]
