"""What a person writes into the environment: blanks count as nothing, and what cannot work is refused by the variable's name."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from pydantic import ValidationError

from cli.errors import guarded
from runtime.open import SettingsError, clock_of, open_engine, policy_of
from runtime.settings import Settings

_TOKEN = "pat-na1-5a9db0c5-0007"


def _settings(monkeypatch: pytest.MonkeyPatch, folder: Path, **values: str) -> Settings:
    """Settings read as they are everywhere: from the environment, here with these values alone."""
    monkeypatch.chdir(folder)
    for name, value in values.items():
        monkeypatch.setenv(f"HANDOFF_{name.upper()}", value)
    return Settings()


def _refused(monkeypatch: pytest.MonkeyPatch, folder: Path, **values: str) -> str:
    with pytest.raises(ValidationError) as caught:
        _settings(monkeypatch, folder, **values)
    said = io.StringIO()

    def fail() -> None:
        raise caught.value

    from cyclopts import App

    app = App()
    app.default(fail)
    assert guarded(app, [], said.write) == 1
    return said.getvalue()


@pytest.mark.parametrize("name", ["home", "writes", "hubspot_portal_id", "hubspot_base_url", "exclusions", "hubspot_token", "crms"])
def test_a_blank_variable_is_one_that_is_not_set(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A `.env` file is filled in line by line; what stands there blank means the default."""
    assert getattr(_settings(monkeypatch, tmp_path, **{name: ""}), name) == Settings.model_fields[name].default


@pytest.mark.parametrize("word", [f"{_TOKEN}\n", f" {_TOKEN}", f"{_TOKEN}\r\n"])
def test_a_token_loses_the_line_break_that_copying_brought(word: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    token = _settings(monkeypatch, tmp_path, hubspot_token=word).hubspot_token
    assert token is not None
    assert token.get_secret_value() == _TOKEN


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("hubspot_token", f"{_TOKEN} and more", "copy it again"),
        ("salesforce_client_secret", f"{_TOKEN}ë", "copy it again"),
        ("hubspot_base_url", "api.hubapi.com", "has to be an address"),
        ("salesforce_instance_url", f"https://me:{_TOKEN}@acme.my.salesforce.com", "without user and password"),
        ("salesforce_org_id", "junk", "begins with 00D"),
        ("salesforce_api_version", "v67.0", "without a v"),
        ("hubspot_portal_id", "-1", "greater than 0"),
        ("hubspot_calls_per_10_seconds", "0", "greater than or equal to 1"),
        ("timeout_seconds", "inf", "3600"),
        ("timeout_seconds", "nan", "3600"),
        ("timeout_seconds", "0", "greater than 0"),
        ("crms", "hubspto", "write hubspot, salesforce, or hubspot,salesforce"),
        ("crms", "hubspot, foo", "write hubspot, salesforce, or hubspot,salesforce"),
        ("crms", ",", "write hubspot, salesforce, or hubspot,salesforce"),
        ("production", "yes", "write hubspot, salesforce, or hubspot,salesforce"),
    ],
)
def test_what_cannot_work_is_refused_by_name_and_not_repeated(
    name: str, value: str, says: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = _refused(monkeypatch, tmp_path, **{name: value})
    assert said.startswith(f"HANDOFF_{name.upper()}: ")
    assert says in said
    assert _TOKEN not in said


def test_blanks_after_a_comma_leave_no_crm_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`hubspot, salesforce` was read as HubSpot alone."""
    settings = _settings(monkeypatch, tmp_path, crms="hubspot, salesforce", production="hubspot, salesforce")
    assert (settings.crms, settings.production) == ("hubspot,salesforce", "hubspot,salesforce")


def test_a_policy_that_has_none_of_the_crms_is_refused_by_the_settings_name() -> None:
    overlay = Path("mappings/overlays/s2-hubspot-only")
    with pytest.raises(SettingsError, match="HANDOFF_CRMS: the policy is for hubspot"):
        policy_of(Settings.model_validate({"crms": "salesforce", "mappings": overlay}))


def test_a_home_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("", encoding="utf-8")
    with pytest.raises(SettingsError, match="HANDOFF_HOME: no folder can be made"), open_engine(Settings(home=tmp_path / "taken")):
        pytest.fail("it opened")


def test_a_clock_that_does_not_answer_is_named() -> None:
    """A port that nobody listens on."""
    with pytest.raises(SettingsError, match="HANDOFF_CLOCK_URL"):
        clock_of(Settings(clock_url="http://127.0.0.1:9"))()
