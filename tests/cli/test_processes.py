"""Children never outlive their supervisor, whatever ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cli.processes import ProcessEnded, Stopped, free_port, supervised

_SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
_GRANDCHILD = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""
_WITH_GRANDCHILD = [sys.executable, "-c", _GRANDCHILD]


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _gone_soon(pid: int) -> bool:
    deadline = time.monotonic() + 20
    while _alive(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not _alive(pid)


def _first_line(log: Path) -> str:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if log.exists() and log.read_text().strip():
            return log.read_text().splitlines()[0]
        time.sleep(0.05)
    pytest.fail(f"{log} stayed empty")


def test_children_and_grandchildren_end_with_the_block(tmp_path: Path) -> None:
    """A worker's flow runs are grandchildren: ending the session's group ends them too."""
    with supervised(tmp_path) as children:
        child = children.start("parent", _WITH_GRANDCHILD, {})
        grandchild = int(_first_line(child.log))
    assert _gone_soon(child.process.pid)
    assert _gone_soon(grandchild)


def test_children_end_when_the_block_raises(tmp_path: Path) -> None:
    """An error on the way leaves nothing behind."""
    with pytest.raises(RuntimeError, match="on the way"), supervised(tmp_path) as children:
        child = children.start("sleeper", _SLEEPER, {})
        raise RuntimeError("on the way")
    assert _gone_soon(child.process.pid)


def test_sigterm_ends_the_children(tmp_path: Path) -> None:
    """SIGTERM to the supervisor unwinds the block like an error."""
    with pytest.raises(Stopped, match="SIGTERM"), supervised(tmp_path) as children:
        child = children.start("sleeper", _SLEEPER, {})
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
    assert _gone_soon(child.process.pid)


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux only")
def test_children_die_when_the_supervisor_is_killed(tmp_path: Path) -> None:
    """Not even SIGKILL of the supervisor leaves an orphan."""
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom cli.processes import supervised\n"
        f"with supervised(Path({str(tmp_path)!r})) as children:\n"
        f"    child = children.start('sleeper', {_SLEEPER!r}, {{}})\n    print(child.process.pid, flush=True)\n    time.sleep(600)\n"
    )
    supervisor = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert supervisor.stdout is not None
    pid = int(supervisor.stdout.readline())
    supervisor.kill()
    supervisor.wait()
    assert _gone_soon(pid)


def test_a_child_that_dies_is_named_with_its_last_words(tmp_path: Path) -> None:
    """The message says which process, its exit code and the end of its log."""
    with pytest.raises(ProcessEnded, match=r"(?s)broken ended with exit code 3.*no such port"), supervised(tmp_path) as children:
        child = children.start("broken", [sys.executable, "-c", "print('no such port'); raise SystemExit(3)"], {})
        children.wait_until(lambda: False, child, seconds=20)


def test_what_a_child_says_until_its_end_is_given_back(tmp_path: Path) -> None:
    """Its exit code is its own matter: 1 means that something needs a person."""
    with supervised(tmp_path) as children:
        child = children.start("speaker", [sys.executable, "-c", "print('said'); raise SystemExit(1)"], {}, passing=True)
        assert children.finished(child) == "said\n"
        assert children.running == []


def test_a_passing_child_may_end(tmp_path: Path) -> None:
    """Whoever looks at all children in the moment between its end and the reading of what it said sees nothing wrong."""
    with supervised(tmp_path) as children:
        children.start("speaker", [sys.executable, "-c", ""], {}, passing=True).process.wait()
        children.check()


def test_a_child_that_a_signal_ends_has_not_finished(tmp_path: Path) -> None:
    with pytest.raises(ProcessEnded, match="SIGKILL"), supervised(tmp_path) as children:
        child = children.start("sleeper", _SLEEPER, {})
        child.process.kill()
        children.finished(child)


def test_nothing_starts_once_everything_is_being_ended(tmp_path: Path) -> None:
    with supervised(tmp_path) as children:
        pass
    with pytest.raises(ProcessEnded, match="late was not started"):
        children.start("late", _SLEEPER, {})


def test_a_child_takes_no_setting_from_the_caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A demo beside a real installation must not write to that one's ledger."""
    monkeypatch.setenv("HANDOFF_LEDGER_URL", "postgresql://the/real/one")
    show = "import os; print({name: value for name, value in os.environ.items() if name.startswith('HANDOFF_')})"
    with supervised(tmp_path) as children:
        child = children.start("speaker", [sys.executable, "-c", show], {"HANDOFF_HOME": "here"})
        assert children.finished(child) == "{'HANDOFF_HOME': 'here'}\n"


def test_free_ports_can_be_bound() -> None:
    """The port is free at the moment it is named."""
    assert 1024 < free_port() < 65_536
