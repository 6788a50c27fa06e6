"""prefect.yaml says what the flows are, when they run, and that they never overlap."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml

_FILE = Path(__file__).resolve().parents[2] / "prefect.yaml"
_DEPLOYMENTS: list[dict[str, Any]] = yaml.safe_load(_FILE.read_text())["deployments"]


@pytest.mark.parametrize("deployment", _DEPLOYMENTS, ids=lambda item: str(item["name"]))
def test_each_deployment_names_a_flow_that_exists(deployment: dict[str, Any]) -> None:
    """The dotted entry point imports, and the flow bears the deployment's name."""
    module, _, name = deployment["entrypoint"].rpartition(".")
    flow = getattr(importlib.import_module(module), name)

    assert flow.name == deployment["name"]
    assert set(deployment.get("parameters", {})) <= set(flow.parameters.properties)


@pytest.mark.parametrize("deployment", _DEPLOYMENTS, ids=lambda item: str(item["name"]))
def test_no_deployment_overlaps_itself(deployment: dict[str, Any]) -> None:
    """One at a time, a second run is cancelled; every deployment says in words what it does."""
    assert deployment["concurrency_limit"] == {"limit": 1, "collision_strategy": "CANCEL_NEW"}
    assert deployment["work_pool"] == {"name": "handoff"}
    assert len(deployment["description"]) > 40


def test_schedules_carry_a_time_zone_and_a_slug() -> None:
    """A cron line without a zone would run in UTC and drift with the seasons."""
    schedules = [schedule for item in _DEPLOYMENTS for schedule in item.get("schedules", [])]

    assert len(schedules) == 3
    assert all(schedule["timezone"] and schedule["slug"] for schedule in schedules)


def test_no_flow_takes_a_secret_as_a_parameter() -> None:
    """Prefect stores parameters in clear text."""
    for item in _DEPLOYMENTS:
        module, _, name = item["entrypoint"].rpartition(".")
        names = getattr(importlib.import_module(module), name).parameters.properties
        assert not [field for field in names if any(word in field for word in ("token", "secret", "password", "key"))]


@pytest.mark.requirement("R68")
@pytest.mark.parametrize("name", ["sync-leads", "sweep-silent"])
def test_what_moves_leads_is_started_by_the_clock_and_writes(name: str) -> None:
    """Nobody has to start it or to approve what stays within the limits."""
    (deployment,) = [item for item in _DEPLOYMENTS if item["name"] == name]

    assert deployment["schedules"][0]["cron"]
    assert deployment["parameters"] == {"mode": "apply"}
