"""What the demo and `handoff up` hand to the processes they start, and to a person who uses the command line beside them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cli.errors import expected
from cli.prefect_api import Prefect
from cli.processes import supervised
from cli.sandbox_control import Sandbox, environment
from cli.theatre import DemoFailed, Theatre, keep_environment, own_home

_SHOW = "from runtime.settings import Settings; found = Settings(); print(found.systems(), bool(found.admin_hubspot_token))"
_HUBSPOT: Mapping[str, Any] = {"credentials": {"hubspot": {"tokens": {"product": "pat-na1-sandbox"}, "portal_id": 7}}}


@pytest.fixture
def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a company whose .env names a real organisation and an administrator."""
    (tmp_path / ".env").write_text("HANDOFF_SALESFORCE_CLIENT_ID=real\nHANDOFF_ADMIN_HUBSPOT_TOKEN=real\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HANDOFF_ADMIN_HUBSPOT_TOKEN", "real")
    return tmp_path


def test_what_is_started_for_one_crm_opens_no_other(real: Path) -> None:
    """The worker's flows run in the folder of prefect.yaml, where a .env file may lie."""
    show = [sys.executable, "-c", f"import os; os.chdir({str(real)!r}); {_SHOW}"]
    with supervised(real / "logs") as children:
        server = children.start("server", [sys.executable, "-c", ""], {}, passing=True)
        stage = Theatre(real, children, Sandbox("http://127.0.0.1:9"), _HUBSPOT, Prefect({}, 9), server)
        child = children.start("worker", show, stage.product_env(), passing=True)
        assert children.finished(child) == "('hubspot',) False\n"


def test_a_child_starts_where_no_dotenv_file_of_the_caller_lies(real: Path) -> None:
    """Prefect, too, reads one from its working directory."""
    with supervised(real / "logs") as children:
        child = children.start("speaker", [sys.executable, "-c", "import os; print(os.getcwd())"], {}, passing=True)
        assert children.finished(child) == f"{real / 'logs'}\n"


def test_the_command_line_beside_the_demo_has_its_settings_alone(real: Path) -> None:
    """As `handoff up` says: set -a; . home/env; set +a."""
    path = keep_environment(real, environment(_HUBSPOT, Sandbox("http://127.0.0.1:9"), real))
    asked = f'set -a; . {path}; set +a; exec "$0" -c "$1"'
    shown = subprocess.run(["sh", "-c", asked, sys.executable, _SHOW], capture_output=True, text=True, check=True, env={**os.environ})
    assert shown.stdout == "('hubspot',) False\n"


def test_secrets_are_nobody_elses_from_the_first_moment(tmp_path: Path) -> None:
    """A file that is made first and closed afterwards can be opened in between; one that was open to all is closed before it is filled."""
    (tmp_path / "env").write_text("")
    (tmp_path / "env").chmod(0o644)
    path = keep_environment(tmp_path, {"HANDOFF_HUBSPOT_TOKEN": "pat-na1-sandbox"})
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text().endswith("HANDOFF_HUBSPOT_TOKEN=pat-na1-sandbox\n")


def test_a_folder_of_somebodys_own_is_never_a_demos_home(tmp_path: Path) -> None:
    """`handoff demo --home .` would begin by removing everything there."""
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(DemoFailed, match="name another one with --home"), own_home(tmp_path):
        pytest.fail("it opened")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_demos_own_folder_is_opened_again_and_a_second_one_plays_beside_it(tmp_path: Path) -> None:
    with own_home(tmp_path / "demo") as first, own_home(tmp_path / "demo") as second:
        assert (first, second) == (tmp_path / "demo", tmp_path / "demo-2")
        (first / "ledger.db").touch()
    with own_home(tmp_path / "demo") as again:
        assert again == first


def test_what_a_demo_cannot_do_is_a_sentence_and_no_traceback() -> None:
    assert DemoFailed in expected()
