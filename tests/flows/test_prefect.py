"""A real Prefect server, a real worker, our prefect.yaml: schedules create runs, the worker completes them, and people are told."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from cli.theatre import Theatre, open_prefect, own_home, theatre

pytestmark = pytest.mark.prefect


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    """A small world with Prefect beside it, everything on ephemeral ports, everything ended afterwards."""
    home = tmp_path_factory.mktemp("prefect") / "home"
    world = {"world": "company_a", "seed": 3, "leads": 300, "crms": ["hubspot", "salesforce"]}
    with own_home(home) as own, theatre(own, world, print) as playing:
        open_prefect(playing, schedules=False)
        yield playing


def test_a_schedule_creates_an_upcoming_run(stage: Theatre) -> None:
    """With the wrong SQLAlchemy the server looks healthy and no scheduled run ever appears; so look for one.

    Afterwards the schedules are held again: at a quarter of an hour a scheduled run would take the place of one of the other tests.
    """
    stage.prefect.schedules(running=True)
    deadline = time.monotonic() + 90
    while not (upcoming := stage.prefect.upcoming()) and time.monotonic() < deadline:
        time.sleep(1)
    stage.prefect.schedules(running=False)
    _wait_until_idle(stage)

    deployments = {str(run["deployment_id"]) for run in upcoming}
    assert str(stage.prefect.get("/deployments/name/sync-leads/sync-leads")["id"]) in deployments


def _wait_until_idle(stage: Theatre) -> None:
    """A run that was due in these seconds is with the worker already, and ends before anything else begins."""
    busy = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED", "PENDING", "RUNNING"]}}}}
    deadline = time.monotonic() + 90
    while stage.prefect.post("/flow_runs/count", busy) and time.monotonic() < deadline:
        time.sleep(0.5)


def test_the_worker_completes_a_look(stage: Theatre) -> None:
    """Click to Completed through the pool, and the report is there to read."""
    run = stage.prefect.run("look/look", {})

    assert run["state"]["name"] == "Completed"
    artifacts = stage.prefect.post("/artifacts/filter", {"artifacts": {"key": {"any_": ["look"]}}})
    assert "nobody called" in str(artifacts[0]["data"])


def test_every_deployment_starts_the_engine_at_once(stage: Theatre) -> None:
    """Without a command of its own the worker starts a process that only prepares the workspace, and imports Prefect for it."""
    deployments = stage.prefect.post("/deployments/filter", {})

    assert len(deployments) == 7
    assert {found["job_variables"]["command"] for found in deployments} == {f"{sys.executable} -m prefect.engine"}


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


class Channel(HTTPServer):
    """What a chat's incoming webhook is: it takes messages, or answers `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Incoming)
        self.taken: list[dict[str, str]] = []
        self.status = 200


class _Incoming(BaseHTTPRequestHandler):
    server: Channel

    def do_POST(self) -> None:
        self.server.taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def channel_for_revops(stage: Theatre) -> Iterator[Channel]:
    """A webhook block as a person saves it in the UI, named in the environment of the flow runs."""
    with Channel() as channel:
        threading.Thread(target=channel.serve_forever, daemon=True).start()
        _save_webhook(stage, f"http://127.0.0.1:{channel.server_port}/incoming")
        deployment = stage.prefect.get("/deployments/name/sync-leads/sync-leads")
        variables = dict(deployment["job_variables"])
        told = {**variables, "env": {"HANDOFF_NOTIFY_REVOPS": "custom-webhook/revops"}}
        stage.prefect.patch(f"/deployments/{deployment['id']}", {"job_variables": told})
        yield channel
        stage.prefect.patch(f"/deployments/{deployment['id']}", {"job_variables": variables})
        channel.shutdown()


def _save_webhook(stage: Theatre, url: str) -> None:
    kind = stage.prefect.get("/block_types/slug/custom-webhook")
    (schema, *_) = stage.prefect.post("/block_schemas/filter", {"block_schemas": {"block_type_id": {"any_": [kind["id"]]}}})
    data = {"name": "revops", "url": url, "json_data": {"title": "{{subject}}", "text": "{{body}}"}}
    saved = stage.prefect.post("/block_documents/filter", {"block_documents": {"block_type_id": {"any_": [kind["id"]]}}})
    if saved:
        stage.prefect.patch(f"/block_documents/{saved[0]['id']}", {"data": data})
    else:
        wanted = {"name": "revops", "block_type_id": kind["id"], "block_schema_id": schema["id"], "data": data}
        stage.prefect.post("/block_documents/", wanted)


def _retried(stage: Theatre, run: dict[str, Any]) -> dict[str, Any]:
    """What a person's click on Retry does, and the end of it."""
    stage.prefect.post(f"/flow_runs/{run['id']}/set_state", {"state": {"type": "SCHEDULED", "name": "AwaitingRetry"}})
    return stage.prefect.until_ended(stage.prefect.get(f"/flow_runs/{run['id']}"), stage.children.check)


def _of_the_guard(channel: Channel) -> list[dict[str, str]]:
    return [message for message in channel.taken if message["title"].startswith("The guard stopped run")]


def test_revops_is_told_once_that_the_guard_stopped_a_run_also_when_it_is_retried(stage: Theatre) -> None:
    """A real notification block inside the worker's flow run; pressing Retry tells nobody a second time."""
    with channel_for_revops(stage) as channel:
        run = stage.prefect.run("sync-leads/sync-leads", {"mode": "apply"})
        told = list(_of_the_guard(channel))
        again = _retried(stage, run)

    assert [message["text"].splitlines()[-1] for message in told] == [f"handoff show {_plan(run)}"]
    assert (run["run_count"], again["run_count"]) == (1, 2)
    assert again["state"]["name"] == run["state"]["name"] == "NeedsApproval"
    assert _of_the_guard(channel) == told


def _plan(run: dict[str, Any]) -> str:
    (plan,) = [tag.removeprefix("plan-") for tag in run["tags"] if tag.startswith("plan-")]
    return str(plan)


def test_a_channel_that_refuses_does_not_fail_the_run(stage: Theatre) -> None:
    """A day later the guard would be told again; the chat answers 500, and the run's summary says so."""
    stage.sandbox.post("/clock", {"advance_seconds": 86_400, "quiet": True})
    with channel_for_revops(stage) as channel:
        channel.status = 500
        run = stage.prefect.run("sync-leads/sync-leads", {"mode": "apply"})

    assert len(_of_the_guard(channel)) == 1
    assert run["state"]["name"] == "NeedsApproval"
    wanted = {"flow_run_id": {"any_": [run["id"]]}, "key": {"any_": ["sync-leads"]}}
    (told,) = stage.prefect.post("/artifacts/filter", {"artifacts": wanted})
    assert "revops could not be told of 'The guard stopped" in told["data"]


def test_a_run_that_waits_is_seen_in_the_list_until_its_plan_is_replaced(stage: Theatre) -> None:
    """The name says it, a tag filters by it, and only what still waits bears it."""
    run = stage.prefect.run("sync-leads/sync-leads", {"mode": "apply"})

    assert run["name"] == f"sync-leads-apply: plan {_plan(run)} waits for approval"
    later = stage.prefect.run("adopt/adopt", {})
    tagged = stage.prefect.post("/flow_runs/filter", {"flow_runs": {"tags": {"all_": ["needs-approval"]}}})
    assert [found["id"] for found in tagged] == [later["id"]]
    assert stage.prefect.get(f"/flow_runs/{run['id']}")["name"] == "sync-leads-apply: its plan no longer waits"


def test_a_run_of_a_pause_is_marked_until_writes_go_on(stage: Theatre) -> None:
    """A mark that stays would soon be ignored."""
    stage.prefect.run("apply-plan/apply-plan", {"plan_id": int(_plan(_adoption(stage))), "approved_by": "revops@acme.example"})
    stage.command("pause")
    paused = stage.prefect.run("sync-leads/sync-leads", {"mode": "apply"})
    assert (paused["state"]["name"], paused["name"]) == ("Paused", "sync-leads-apply: writes are paused")

    stage.command("resume")
    stage.prefect.run("sync-leads/sync-leads", {"mode": "apply"})
    after = stage.prefect.get(f"/flow_runs/{paused['id']}")
    assert "paused" not in after["tags"]
    assert after["name"] == "sync-leads-apply: writes go on again"


def _adoption(stage: Theatre) -> dict[str, Any]:
    """The run whose plan takes the backlog over; a company is adopted once."""
    waiting = stage.prefect.post("/flow_runs/filter", {"flow_runs": {"tags": {"all_": ["needs-approval"]}}})
    return next((run for run in waiting if run["name"].startswith("adopt")), None) or stage.prefect.run("adopt/adopt", {})
