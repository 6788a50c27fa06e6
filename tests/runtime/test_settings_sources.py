"""Where settings come from: the environment and a .env file for a person, and nothing but what is given for a demo."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.theatre import settings_from
from runtime.settings import GivenSettings, Settings

REAL = "HANDOFF_SALESFORCE_CLIENT_ID=the-real-org\nHANDOFF_ADMIN_SALESFORCE_CLIENT_ID=its-administrator\n"
_SHOW = "from runtime.settings import Settings; print(repr(Settings().salesforce_client_id))"


@pytest.fixture
def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a company's own .env, and settings of hers in the environment."""
    (tmp_path / ".env").write_text(REAL, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HANDOFF_LEDGER_URL", "postgresql://the/real/one")
    monkeypatch.setenv("HANDOFF_SALESFORCE_INSTANCE_URL", "https://real.my.salesforce.com")
    return tmp_path


def test_a_person_needs_no_more_than_a_dotenv_file(real: Path) -> None:
    assert Settings().salesforce_client_id == "the-real-org"


def test_a_demo_of_one_crm_never_opens_the_other_one_that_a_dotenv_file_names(real: Path) -> None:
    """Its setup would change the schema of a real organisation."""
    settings = settings_from({"HANDOFF_HUBSPOT_TOKEN": "pat-na1-sandbox"})
    assert settings.systems() == ("hubspot",)
    assert settings.admin_salesforce_client_id == ""
    assert settings.salesforce_instance_url == ""
    assert settings.ledger_url == ""


def test_given_settings_take_part_of_nothing_else(real: Path) -> None:
    assert GivenSettings(hubspot_token="pat-na1-sandbox").systems() == ("hubspot",)


@pytest.mark.parametrize(("switch", "found"), [({"HANDOFF_DOTENV": "off"}, "''\n"), ({}, "'the-real-org'\n")], ids=["off", "left on"])
def test_a_process_may_be_told_to_read_no_dotenv_file(switch: dict[str, str], found: str, real: Path) -> None:
    """Prefect runs a flow in the folder of prefect.yaml, wherever its worker was started."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("HANDOFF_")}
    shown = subprocess.run([sys.executable, "-c", _SHOW], env={**own, **switch}, cwd=real, capture_output=True, text=True, check=True)
    assert shown.stdout == found
