"""The doctor against both CRMs over HTTP: a sandbox process of its own, the real connectors, and each fault a newcomer runs into."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from engine_worlds import shipped

from connectors.account import Account, HubSpotAccount, SalesforceAccount
from connectors.clocks import Clocks
from connectors.protocol import Crm
from connectors.registry import open_crm
from engine.context import Engine, Inline, Settings
from engine.doctor import doctor
from engine.pull import refresh
from engine.report import Check, Verdict
from engine.setup import setup
from handoff.vocabulary import CARRIERS
from ledger.ledger import open_ledger
from mappings.fields import load_field_map

ROOT = Path(__file__).parents[2]
SYSTEMS = ("salesforce", "hubspot")


@dataclass(frozen=True)
class Stage:
    """A sandbox process with Company A in it."""

    url: str
    manifest: Mapping[str, Any]

    def account(self, system: str, role: str, **changes: Any) -> Account:
        """Credentials of one role; `changes` replace what is given."""
        given = self.manifest["credentials"][system]
        if system == "hubspot":
            values = {"base_url": self.url, "token": given["tokens"].get(role, role), "portal_id": given["portal_id"]}
            return HubSpotAccount(**{**values, **changes})
        app = given["apps"].get(role, given["apps"]["product"])
        secret = app["client_secret"] if role in given["apps"] else role
        values = {"base_url": self.url, "instance_url": given["instance_url"], "org_id": given["org_id"]}
        return SalesforceAccount(**{**values, "client_id": app["client_id"], "client_secret": secret, **changes})

    def pinned(self) -> dict[str, str]:
        """The account ids this installation may open."""
        given = self.manifest["credentials"]
        return {"hubspot": str(given["hubspot"]["portal_id"]), "salesforce": given["salesforce"]["org_id"]}

    @contextmanager
    def engine(self, folder: Path, role: str = "product", **changes: Mapping[str, Any]) -> Iterator[Engine]:
        """An engine that may write; `changes` are per system."""
        now = datetime.fromisoformat(requests.get(f"{self.url}/_sandbox/clock", timeout=30).json()["now"])
        with ExitStack() as stack:
            crms: dict[str, Crm] = {}
            clocks = Clocks(lambda: now, lambda: now, time.monotonic, lambda _: None)
            for system in SYSTEMS:
                account = self.account(system, role, **changes.get(system, {}))
                crms[system] = open_crm(system, account, load_field_map(system), clocks)
                stack.callback(crms[system].close)
            ledger = open_ledger(folder / "ledger.db")
            stack.callback(ledger.close)
            yield Engine(
                policy=shipped(),
                crms=crms,
                ledger=ledger,
                clock=lambda: now,
                sleep=time.sleep,
                executor=Inline(),
                monotonic=time.monotonic,
                wall=lambda: now,
                settings=Settings(writes="on", pinned=self.pinned(), production=frozenset(SYSTEMS)),
            )

    def automation_writes(self, vendor: str, record_id: str, field: str, value: str) -> None:
        """The company's other automation changes a field of a lead."""
        body = {"vendor": vendor, "id": record_id, "fields": {field: value}}
        requests.post(f"{self.url}/_sandbox/act/automation", json=body, timeout=30).raise_for_status()

    def journal_writes(self) -> int:
        """Writes that the product's own credentials have made."""
        return len(requests.get(f"{self.url}/_sandbox/journal", params={"author": "product"}, timeout=30).json()["entries"])


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One process for the module; the last test alone changes what is in it."""
    ready = tmp_path_factory.mktemp("sandbox") / "ready.json"
    command = [sys.executable, "-m", "sandbox", "--seed", "5", "--leads", "200", "--ready-file", str(ready), "--die-with-parent"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        while not ready.exists():
            assert process.poll() is None, "the sandbox did not start"
            time.sleep(0.05)
        url = json.loads(ready.read_text())["url"]
        yield Stage(url, requests.get(f"{url}/_sandbox/manifest", timeout=30).json())
        process.terminate()


def first_failure(checks: list[Check], system: str) -> Check:
    """The check that ended a CRM's walk."""
    return next(check for check in checks if check.system == system and check.verdict is Verdict.FAIL)


def named(checks: list[Check], system: str, name: str) -> Check:
    """One check."""
    return next(check for check in checks if (check.system, check.name) == (system, name))


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_wrong_token_is_told_and_never_shown(stage: Stage, tmp_path: Path, system: str) -> None:
    with stage.engine(tmp_path, role="pat-na1-0a1b2c3d-4e5f-6789-abcd-ef0123456789") as engine:
        check = first_failure(doctor(engine), system)
    assert (check.name, check.mend) == ("account", "make a new token or key, and put it where the settings say")
    assert "0a1b2c3d" not in check.line()


@pytest.mark.parametrize(("system", "pin"), [("hubspot", {"portal_id": 1}), ("salesforce", {"org_id": "00D000000000001EAA"})])
def test_another_accounts_pinned_id_is_told(stage: Stage, tmp_path: Path, system: str, pin: Mapping[str, Any]) -> None:
    with stage.engine(tmp_path, **{system: pin}) as engine:
        check = first_failure(doctor(engine), system)
    assert check.name == "account"
    assert str(next(iter(pin.values()))) in check.detail
    assert "pinned id" in check.mend


def test_missing_scopes_are_named(stage: Stage, tmp_path: Path) -> None:
    with stage.engine(tmp_path, role="no_scope") as engine:
        check = first_failure(doctor(engine), "hubspot")
    assert check.name == "scopes"
    assert "crm.objects.contacts.read" in check.detail
    assert "crm.objects.contacts.write" in check.detail


@pytest.mark.parametrize("system", SYSTEMS)
def test_own_fields_that_are_missing_are_named_with_the_mend(stage: Stage, tmp_path: Path, system: str) -> None:
    with stage.engine(tmp_path) as engine:
        check = first_failure(doctor(engine), system)
    assert check.name == "own fields"
    assert "handoff_stage" in check.detail
    assert "handoff setup" in check.mend


def test_after_setup_and_a_look_all_is_well_until_others_meddle(stage: Stage, tmp_path: Path) -> None:
    """Then an added status is named as one without a meaning, and what an automation wrote is counted under the automation's name."""
    with stage.engine(tmp_path) as engine, stage.engine(tmp_path / "..", role="admin") as admin:
        setup(engine, admin.crms, apply=True)
    with stage.engine(tmp_path) as engine:
        refresh(engine)
        checks = doctor(engine)
        latest = {system: engine.ledger.facts.latest(system, object_name, 2) for system, object_name in CARRIERS.items()}
    assert [
        check.line() for check in checks if check.verdict is not Verdict.OK and check.name != "fields"
    ] == []  # not every company has every field
    assert stage.journal_writes() == 0
    add_status(stage, "PARKED_BY_INTERN")
    for ref in latest["hubspot"]:
        stage.automation_writes("hubspot", ref.id, "hs_lead_status", "PARKED_BY_INTERN")
    stage.automation_writes("salesforce", latest["salesforce"][0].id, "Status", "Bad")
    with stage.engine(tmp_path) as engine:
        checks = doctor(engine)
    options, hubspot, salesforce = (
        named(checks, *name) for name in (("hubspot", "options"), ("hubspot", "other writers"), ("salesforce", "other writers"))
    )
    assert {check.verdict for check in (options, hubspot, salesforce)} == {Verdict.WARN}
    assert options.detail == "no meaning for: PARKED_BY_INTERN"
    assert hubspot.detail.startswith("status: 2 by AUTOMATION_PLATFORM, in 30 days")
    assert salesforce.detail.startswith("status: 1 by Sales-Sequencer, in 30 days")


def add_status(stage: Stage, value: str) -> None:
    """An administrator adds an option to HubSpot's lead status."""
    path = f"{stage.url}/crm/v3/properties/contacts/hs_lead_status"
    headers = {"Authorization": f"Bearer {stage.manifest['credentials']['hubspot']['tokens']['admin']}"}
    options = requests.get(path, headers=headers, timeout=30).json()["options"]
    wanted = [*options, {"value": value, "label": value.title(), "displayOrder": len(options), "hidden": False}]
    requests.patch(path, headers=headers, json={"options": wanted}, timeout=30).raise_for_status()
