"""A silent lead against both CRMs over HTTP: last call, kept once by a person's tick, then nurture; what then stands on the CRM record."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from test_doctor_sandbox import ROOT, Stage

from engine.adopt import adopt
from engine.apply_plan import apply_plan
from engine.explain import explain
from engine.frame import build_frame
from engine.setup import setup
from engine.sync import sync
from handoff.facts import Ref
from handoff.records import instant

ASKED = ("hand_raise", "late_hand_raise", "aged_hand_raise", "reconfirm")
LEADS = 200  # the smallest world there is


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A small Company A in a process of its own, adopted: its own fields made, its backlog moved."""
    ready = tmp_path / "ready.json"
    command = [sys.executable, "-m", "sandbox", "--seed", "7", "--leads", str(LEADS), "--ready-file", str(ready), "--die-with-parent"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        while not ready.exists():
            assert process.poll() is None, "the sandbox did not start"
            time.sleep(0.05)
        url = json.loads(ready.read_text())["url"]
        made = Stage(url, requests.get(f"{url}/_sandbox/manifest", timeout=30).json())
        wide = {"hubspot.ten_secondly": 100_000, "hubspot.searches_per_second": 100_000}
        requests.put(f"{url}/_sandbox/limits", json=wide, timeout=30).raise_for_status()
        with made.engine(tmp_path) as engine, made.engine(tmp_path / "..", role="admin") as admin:
            setup(engine, admin.crms, apply=True)
        yield made
        process.terminate()


class Somebody:
    """One lead of Salesforce, its owner at the screen, and the product's runs."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self.stage, self.folder = stage, folder
        self.ref = Ref("", "", "")
        self.rep = ""

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        reply = requests.post(f"{self.stage.url}/_sandbox/{path}", json=body, timeout=60)
        assert reply.ok, reply.text
        made: dict[str, Any] = reply.json()
        return made

    def days(self, number: float) -> None:
        self.post("clock", {"advance_seconds": number * 86_400, "quiet": True})

    def does(self, action: str, **more: Any) -> None:
        body = {"vendor": "salesforce", "object": "Lead", "id": self.ref.id, "rep": self.rep, "action": action, **more}
        self.post("act/rep", body)
        self.post("clock", {"advance_seconds": 600, "quiet": True})

    def run(self) -> dict[str, str]:
        """A sync that writes; what the record then says of handoff's own fields."""
        with self.stage.engine(self.folder) as engine:
            sync(engine, "apply")
            names = [name for name in engine.crms["salesforce"].fields("Lead") if name.startswith("handoff_")]
            record = engine.crms["salesforce"].read([self.ref], [*names, "status", "owner"])[self.ref]
        return dict(record.fields)

    def story(self) -> str:
        """Why the lead stands where it stands."""
        with self.stage.engine(self.folder) as engine:
            return explain(engine, str(self.ref))

    def adopted(self) -> None:
        """The backlog is moved; of those who were offered with a demo asked for, the first is ours."""
        with self.stage.engine(self.folder) as engine:
            made = adopt(engine)
            apply_plan(engine, made.plan_id, "revops@acme.example")
            people = {person.id: person for person in engine.crms["salesforce"].people()}
            refs = engine.ledger.facts.latest("salesforce", "Lead", LEADS)
            read = engine.crms["salesforce"].read(refs, ["email", "handoff_lead_type", "owner"])
            named = build_frame(engine).target_accounts
        asked = {ref: record for ref, record in sorted(read.items()) if record.fields.get("handoff_lead_type") in ASKED}
        ours = [ref for ref, record in asked.items() if record.fields["email"].rpartition("@")[2] not in named]  # those have 45 days
        self.ref = ours[0]
        self.rep = people[read[self.ref].fields["owner"]].key


@pytest.mark.requirement("R98", "R101", "R107", "R11")
def test_last_call_kept_once_then_nurture_and_the_dates_read_as_planned(stage: Stage, tmp_path: Path) -> None:
    one = Somebody(stage, tmp_path)
    one.adopted()
    for _ in range(8):  # all touches of a hand-raise, and nobody answers
        one.days(1)
        one.does("log_call", outcome="no answer", seconds=5)
    accepted = one.run()
    assert accepted["handoff_stage"] == "sal"
    said: list[dict[str, str]] = []
    for day in range(25):
        one.days(1)
        if day % 3 == 0 and not any("Last call" in fields["handoff_next_step"] for fields in said):
            one.does("log_call", outcome="no answer", seconds=5)
        if day < 6:  # nothing falls due in these days
            continue
        said.append(one.run())
        if "Last call" in said[-1]["handoff_next_step"]:
            break
    assert "Last call" in said[-1]["handoff_next_step"], one.story()
    assert said[-1]["handoff_stage_since"] == accepted["handoff_stage_since"], "the stage goes on"
    one.does("edit", fields={"Handoff_Keep__c": True})
    kept = one.run()
    assert "Kept until" in kept["handoff_next_step"]
    assert kept["handoff_keep"] == "false"
    told = []
    one.days(6)
    for _ in range(20):
        one.days(1)
        told.append(one.run())
        if told[-1]["handoff_stage"] != "sal":
            break
    end = told[-1]
    assert (end["handoff_stage"], end["handoff_cycle"], end["handoff_keep"]) == ("nurture", "1", "false")
    assert any("Last call" in fields["handoff_next_step"] for fields in told), "a second call before it leaves"
    dates = [instant(end.get(f"handoff_{name}")) for name in ("mql_at", "sal_at", "recycled_at")]
    assert all(date is not None for date in dates), dates
    assert dates == sorted(date for date in dates if date is not None)
    since: datetime | None = instant(kept["handoff_review"])
    assert since is not None
    assert dates[2] is not None
    assert dates[2] >= since - timedelta(days=1)
    assert end["status"] == "Nurture"
