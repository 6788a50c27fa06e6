"""A ledger address that will not do is refused by the name of its setting, before anything is opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.open import SettingsError, ledger_url, open_engine
from runtime.settings import GivenSettings, Settings


def _settings(home: Path, **values: str) -> Settings:
    """These values alone: neither the environment nor a .env file takes part."""
    return GivenSettings.model_validate({"home": home, "hubspot_token": "pat-na1-test", **values})


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("postgresql://me@host:secret/db", "not readable"),
        ("postgresql:me@host/db", "not readable"),
        ("://", "not readable"),
        ("mysql://host/db", "not in mysql"),
        ("sqlite://", "must outlive"),
    ],
)
def test_an_address_that_will_not_do_names_the_setting_and_the_mend(address: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=says) as refused:
        ledger_url(_settings(tmp_path, ledger_url=address))
    assert str(refused.value).startswith("HANDOFF_LEDGER_URL: ")
    assert "sqlite:///" in str(refused.value)


def test_the_message_repeats_nothing_of_the_address(tmp_path: Path) -> None:
    """A colon in a password puts a part of it where the port belongs."""
    with pytest.raises(SettingsError) as refused:
        ledger_url(_settings(tmp_path, ledger_url="postgresql://me:pa@host:geheim/db"))
    assert "geheim" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_an_engine_does_not_open_with_it(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="HANDOFF_LEDGER_URL"), open_engine(_settings(tmp_path, ledger_url="mysql://host/db")):
        pytest.fail("it opened")
    assert not (tmp_path / "ledger.db").exists()


def test_without_one_the_ledger_is_a_file_in_home(tmp_path: Path) -> None:
    assert ledger_url(_settings(tmp_path)) == f"sqlite:///{tmp_path / 'ledger.db'}"
