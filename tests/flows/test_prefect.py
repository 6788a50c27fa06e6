"""A real Prefect server, a real worker, our prefect.yaml: schedules create runs, and the worker completes them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.theatre import Theatre, open_prefect, own_home, theatre

pytestmark = pytest.mark.prefect


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    """A small world with Prefect beside it, everything on ephemeral ports, everything ended afterwards."""
    home = tmp_path_factory.mktemp("prefect") / "home"
    world = {"world": "company_a", "seed": 3, "leads": 300, "crms": ["hubspot", "salesforce"]}
    with own_home(home) as own, theatre(own, world, print) as playing:
        open_prefect(playing, schedules=True)
        yield playing


def test_a_schedule_creates_an_upcoming_run(stage: Theatre) -> None:
    """With the wrong SQLAlchemy the server looks healthy and no scheduled run ever appears; so look for one."""
    deadline = time.monotonic() + 90
    while not (upcoming := stage.prefect.upcoming()) and time.monotonic() < deadline:
        time.sleep(1)

    deployments = {str(run["deployment_id"]) for run in upcoming}
    assert str(stage.prefect.get("/deployments/name/sync-leads/sync-leads")["id"]) in deployments


def test_the_worker_completes_a_look(stage: Theatre) -> None:
    """Click to Completed through the pool, and the report is there to read."""
    run = stage.prefect.run("look/look", {})

    assert run["state"]["name"] == "Completed"
    artifacts = stage.prefect.post("/artifacts/filter", {"artifacts": {"key": {"any_": ["look"]}}})
    assert "nobody called" in str(artifacts[0]["data"])


def test_a_run_before_adoption_ends_as_needs_approval(stage: Theatre) -> None:
    """Named states tell a person what to do; nothing was written by that run."""
    run = stage.prefect.run("sync-leads/sync-leads", {"mode": "apply"})

    assert run["state"]["name"] == "NeedsApproval"
    assert stage.sandbox.get("/journal", author="product", limit=1)["entries"] == []


def test_a_mode_that_is_not_in_the_form_is_refused_before_a_run_exists(stage: Theatre) -> None:
    """The server checks parameters against the form's schema."""
    with pytest.raises(RuntimeError, match="plan"):
        stage.prefect.run("sync-leads/sync-leads", {"mode": "yolo"})


def test_the_folder_holds_what_a_person_needs_afterwards(stage: Theatre) -> None:
    """Logs of every child and the environment for the command line, readable by its owner only."""
    assert {path.name for path in (stage.home / "logs").iterdir()} >= {"prefect-server.log", "prefect-worker.log", "sandbox.log"}
    assert Path(stage.home / "env").stat().st_mode & 0o077 == 0
