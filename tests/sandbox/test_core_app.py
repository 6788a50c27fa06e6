"""Faults on the wire, counting, routing and the command line, over real HTTP."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.core import App, Fault, Sandbox

PATH = "/crm/v3/objects/contacts"
HEADERS = {"Authorization": "Bearer pat-na1-core-000001"}


@pytest.fixture(autouse=True)
def ready(sandbox: Sandbox) -> Iterator[None]:
    """An app, clean counters, no faults."""
    scopes = frozenset({"crm.objects.contacts.read", "crm.objects.contacts.write"})
    sandbox.apps.register(App("1", "core", "hubspot", scopes, token="pat-na1-core-000001"))
    sandbox.counters.reset()
    yield
    sandbox.faults.clear()
    sandbox.switches.reset()


def _get(url: str) -> requests.Response:
    return requests.get(url + PATH, headers=HEADERS, timeout=5)


def _create(url: str, email: str) -> requests.Response:
    return requests.post(url + PATH, json={"properties": {"email": email}}, headers=HEADERS, timeout=5)


def test_reset_closes_before_the_work(sandbox: Sandbox, sandbox_url: str) -> None:
    sandbox.faults.add(Fault("reset", "hubspot", "POST"))
    with pytest.raises(requests.ConnectionError):
        _create(sandbox_url, "reset@acme.example")
    assert sandbox.hubspot.find("contacts", email="reset@acme.example") == []


def test_lost_reply_closes_after_the_work(sandbox: Sandbox, sandbox_url: str) -> None:
    sandbox.faults.add(Fault("lost_reply", "hubspot", "POST"))
    with pytest.raises(requests.ConnectionError):
        _create(sandbox_url, "lost@acme.example")
    assert len(sandbox.hubspot.find("contacts", email="lost@acme.example")) == 1


def test_truncate_sends_half_a_reply(sandbox: Sandbox, sandbox_url: str) -> None:
    sandbox.faults.add(Fault("truncate", "hubspot"))
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        _get(sandbox_url)


def test_empty_keeps_the_status_and_drops_the_body(sandbox: Sandbox, sandbox_url: str) -> None:
    sandbox.faults.add(Fault("empty", "hubspot"))
    reply = _get(sandbox_url)
    assert (reply.status_code, reply.content) == (200, b"")


def test_a_fault_fires_after_so_many_calls_and_so_many_times(sandbox: Sandbox, sandbox_url: str) -> None:
    sandbox.faults.add(Fault("status", "hubspot", "GET", "/crm/*", after=1, times=2, status=503))
    assert [_get(sandbox_url).status_code for _ in range(5)] == [200, 503, 503, 200, 200]


def test_calls_are_counted_by_app_and_family_and_faulted_ones_marked(sandbox: Sandbox, sandbox_url: str) -> None:
    sandbox.faults.add(Fault("status", "hubspot", status=500))
    for _ in range(3):
        _get(sandbox_url)
    requests.get(sandbox_url + PATH, timeout=5)
    counted = sandbox.counters.describe()["hubspot"]
    assert (counted["made"], counted["faulted"], counted["by_app"]["core"]["made"], counted["by_app"]["(none)"]["made"]) == (4, 1, 3, 1)
    assert sandbox.counters.made("hubspot", "core", "contacts.list") == 2


def test_unknown_paths_outside_both_vendors_are_404(sandbox_url: str) -> None:
    assert requests.get(sandbox_url + "/no/such/thing", timeout=5).status_code == 404


def test_the_command_line_listens_says_where_and_stops_clean(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--ready-file", str(ready), "--die-with-parent"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        line: dict[str, Any] = json.loads(process.stdout.readline())
        assert line["pid"] == process.pid
        assert json.loads(ready.read_text()) == line
        assert requests.get(line["url"] + PATH, timeout=5).status_code == 401
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
