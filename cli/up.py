"""`handoff up`: sandbox, Prefect server, worker and deployments under one supervisor, until it is told to stop."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from cli import prefect_api
from cli.processes import free_port, supervised
from cli.sandbox_control import Sandbox, SandboxRefused, sandbox_at, start_sandbox
from cli.theatre import Theatre, open_prefect, own_home

_SCHEDULER_SECONDS = 30
_JOURNAL_PAGE = 2_000


def up(*, home: Path, port: int, sandbox_port: int, leads: int, seed: int) -> int:
    """Run until SIGINT or SIGTERM (raises Stopped) or until a child dies (raises ProcessEnded)."""
    console = Console(highlight=False, soft_wrap=True, markup=False)
    with own_home(home) as own, supervised(own / "logs") as children:
        prefect, server = prefect_api.start_server(children, own, port or free_port())
        child, ready = start_sandbox(children, own, port=sandbox_port, follow_wall=True)
        console.print("starting the sandbox and Prefect (about half a minute) ...")
        sandbox = sandbox_at(children, child, ready)
        world = world_of(sandbox, {"world": "company_a", "seed": seed, "leads": leads})
        stage = Theatre(own, children, sandbox, world, prefect, server)
        open_prefect(stage, schedules=True)
        for line in where_to_click(stage):
            console.print(line)
        while True:
            children.check()
            time.sleep(1)


def world_of(sandbox: Sandbox, otherwise: Mapping[str, object]) -> dict[str, object]:
    """The manifest of the world that is there; a new world at wall time where none is."""
    try:
        return dict(sandbox.get("/manifest"))
    except SandboxRefused:
        return dict(sandbox.post("/seed", {**otherwise, "epoch": datetime.now(UTC).isoformat()}))


def where_to_click(stage: Theatre) -> list[str]:
    """What a person opens, and how to use the command line beside it."""
    record = _record_with_a_reason(stage)
    sync = stage.prefect.get("/deployments/name/sync-leads/sync-leads")["id"]
    return [
        f"CRM pages        {stage.sandbox.url}/ui/",
        *([f"a record         {record}   (reason line and timeline)"] if record else []),
        f"Prefect          {stage.prefect.ui}/dashboard",
        f"needs approval   {stage.prefect.ui}/runs?tags=needs-approval   (empty while no plan waits)",
        f"upcoming runs    {stage.prefect.ui}/deployments/deployment/{sync}?tab=Upcoming",
        f"command line     set -a; . {stage.home}/env; set +a; .venv/bin/handoff look      (also explain, plan, undo, doctor)",
        f"{_scheduled(stage)} runs are scheduled. Ctrl-C ends everything.",
    ]


def _scheduled(stage: Theatre) -> int:
    """How many runs are planned; the scheduler takes a few seconds for the first ones."""
    deadline = time.monotonic() + _SCHEDULER_SECONDS
    while not (upcoming := stage.prefect.upcoming()) and time.monotonic() < deadline:
        time.sleep(0.5)
    return len(upcoming)


def _record_with_a_reason(stage: Theatre) -> str:
    """One that we moved and did not make, so that its timeline shows what was there before."""
    made: set[str] = set()
    for entry in _written(stage):
        if entry["field"] == "(created)":
            made.add(entry["id"])
        if "reason" in str(entry["field"]).lower() and entry["new"] and entry["id"] not in made:
            return f"{stage.sandbox.url}/ui/{entry['vendor']}/{entry['object']}/{entry['id']}"
    return ""


def _written(stage: Theatre) -> Iterator[Mapping[str, Any]]:
    """What the product has written in this world, oldest first."""
    after: int | None = 0
    while after is not None:
        page = stage.sandbox.get("/journal", author="product", after=after, limit=_JOURNAL_PAGE)
        yield from page["entries"]
        after = page["next"]
