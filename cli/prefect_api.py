"""Prefect from outside: start its server and worker as children, deploy, start runs and watch them over the REST API.

Prefect is not imported here, so that look, plan, explain and doctor start fast and work without it.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_exponential

from cli.bytecode import bytecode_env
from cli.processes import Child, Children

WORK_POOL = "handoff"
_BIN = Path(sys.executable).parent
ENGINE = f"{shlex.quote(sys.executable)} -m prefect.engine"
_FINAL = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


class Busy(RuntimeError):
    """The server could not answer just now."""


class RunFailed(RuntimeError):
    """A flow run ended in another state than Completed. The message carries Prefect's own words."""


def server_env(home: Path, port: int) -> dict[str, str]:
    """Environment for the server, its worker and its clients, all on loopback and silent towards the outside.

    The task-run recorder's batch sizes turn 73 s of lag after 1,000 task runs into 5 s (measured on SQLite).
    """
    return {
        "PREFECT_HOME": str((home / "prefect").resolve()),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_PROFILES_PATH": str((home / "prefect" / "profiles.toml").resolve()),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "200",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "200",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
        "PREFECT_LOGGING_EXTRA_LOGGERS": "handoff",
        "PREFECT_CLI_PROMPT": "false",
        "NO_COLOR": "1",
        **bytecode_env(home),
    }


@dataclass(frozen=True)
class Prefect:
    """A running Prefect server. `ui` is what a person opens."""

    env: Mapping[str, str]
    port: int

    @property
    def ui(self) -> str:
        """Address of the UI's own pages (deep links of the older UI open elsewhere)."""
        return f"http://127.0.0.1:{self.port}/v2"

    @property
    def api(self) -> str:
        """Address of the REST API."""
        return self.env["PREFECT_API_URL"]

    def healthy(self) -> bool:
        """Whether the server answers."""
        try:
            return requests.get(f"{self.api}/health", timeout=2).ok
        except requests.RequestException:
            return False

    def get(self, path: str) -> Any:
        """GET below /api."""
        return self._ask("GET", path)

    def post(self, path: str, body: Mapping[str, object]) -> Any:
        """POST below /api."""
        return self._ask("POST", path, body)

    def patch(self, path: str, body: Mapping[str, object]) -> Any:
        """PATCH below /api."""
        return self._ask("PATCH", path, body)

    @retry(retry=retry_if_exception_type(Busy), wait=wait_exponential(max=8), stop=stop_after_delay(90), reraise=True)
    def _ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        """One answer; a server that is busy with its own database (503, time-out) is asked again for a minute and a half."""
        try:
            reply = requests.request(method, f"{self.api}{path}", json=body, timeout=60)
        except (requests.ConnectionError, requests.Timeout) as error:
            raise Busy(f"Prefect does not answer {method} {path}: {type(error).__name__}") from error
        if reply.status_code in (500, 502, 503, 504):
            raise Busy(f"Prefect answered {reply.status_code} to {method} {path}")
        if not reply.ok:
            msg = f"Prefect answered {reply.status_code} to {method} {path}: {reply.text[:300]}"
            raise RunFailed(msg)
        return reply.json() if reply.content else None

    def deploy(self, root: Path) -> None:
        """Create the work pool if it is missing, then deploy everything in prefect.yaml. Raises RunFailed with the command's output.

        Without a command of its own the worker starts a process that prepares the workspace and then becomes the engine, importing Prefect
        twice. Our code is installed where the worker runs, so there is nothing to prepare.
        """
        if not self.post("/work_pools/filter", {"work_pools": {"name": {"any_": [WORK_POOL]}}}):
            self.post("/work_pools/", {"name": WORK_POOL, "type": "process"})
        self.command(root, "--no-prompt", "deploy", "--all")
        for deployment in self._deployments():
            self.patch(f"/deployments/{deployment}", {"job_variables": {"command": ENGINE}})

    def schedules(self, *, running: bool) -> None:
        """Let the schedules of all our deployments create runs, or hold them; runs started by hand are not touched."""
        for deployment in self._deployments():
            self.post(f"/deployments/{deployment}/{'resume' if running else 'pause'}_deployment", {})

    def _deployments(self) -> list[str]:
        return [str(found["id"]) for found in self.post("/deployments/filter", {"deployments": {"tags": {"all_": ["handoff"]}}})]

    def command(self, root: Path, *words: str) -> str:
        """Run `prefect <words>` in `root`; its output."""
        done = subprocess.run(
            [str(_BIN / "prefect"), *words], cwd=root, env={**os.environ, **self.env}, capture_output=True, text=True, check=False
        )
        if done.returncode:
            msg = f"`prefect {' '.join(words)}` failed:\n{(done.stdout + done.stderr)[-1500:]}"
            raise RunFailed(msg)
        return done.stdout

    def run(self, deployment: str, parameters: Mapping[str, object], check: Callable[[], None] = lambda: None) -> dict[str, Any]:
        """Start `flow/deployment` and wait for its end; the final flow run. Raises RunFailed unless it completed.

        `check` raises when it is of no use to wait any longer, as when the worker has ended.
        """
        found = self.get(f"/deployments/name/{deployment}")
        wanted = {"parameters": dict(parameters), "state": {"type": "SCHEDULED"}, "idempotency_key": str(uuid4())}
        run = self.until_ended(self.post(f"/deployments/{found['id']}/create_flow_run", wanted), check)
        if run["state"]["type"] != "COMPLETED":
            msg = f"flow run {run['name']} of {deployment} ended {run['state']['name']}: {run['state'].get('message') or 'no message'}"
            raise RunFailed(msg)
        return run

    def until_ended(self, run: dict[str, Any], check: Callable[[], None] = lambda: None) -> dict[str, Any]:
        """The flow run in its final state, whatever that is."""
        while run["state"]["type"] not in _FINAL:
            check()
            time.sleep(0.25)
            run = self.get(f"/flow_runs/{run['id']}")
        return dict(run)

    def upcoming(self, limit: int = 20) -> list[dict[str, Any]]:
        """Scheduled runs, the next first."""
        body = {"sort": "EXPECTED_START_TIME_ASC", "limit": limit, "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}
        return list(self.post("/flow_runs/filter", body))


def start_server(children: Children, home: Path, port: int) -> tuple[Prefect, Child]:
    """Start the server as a child; it answers after 15 to 20 s (`wait_ready`)."""
    env = server_env(home, port)
    Path(env["PREFECT_HOME"]).mkdir(parents=True, exist_ok=True)
    child = children.start("prefect-server", [str(_BIN / "prefect"), "server", "start", "--host", "127.0.0.1", "--port", str(port)], env)
    return Prefect(env, port), child


def wait_ready(children: Children, prefect: Prefect, child: Child) -> None:
    """Until the server answers, at most two minutes."""
    children.wait_until(prefect.healthy, child, seconds=120)


def start_worker(children: Children, prefect: Prefect, env: Mapping[str, str]) -> Child:
    """Start one worker of our pool with the installation's environment (credentials reach flow runs through it).

    It has no limit of its own: each deployment runs once at a time, and a worker of 3.8 with a limit ends with "this borrower is already
    holding one of this CapacityLimiter's tokens" when somebody presses Retry within a second of a run's end.
    """
    command = [str(_BIN / "prefect"), "worker", "start", "--pool", WORK_POOL, "--type", "process"]
    return children.start("prefect-worker", command, {**prefect.env, **env})
