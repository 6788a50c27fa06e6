"""What is opened from settings, and that whatever they get wrong is said with the variable's name and the mend."""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mappings.load import SHIPPED, personal_fields
from runtime.open import SettingsError, account_of, clock_of, open_crms, open_engine, policy_of, production_of, wall_clock
from runtime.settings import GivenSettings, Settings


def _settings(home: Path, **values: object) -> Settings:
    return GivenSettings.model_validate({"home": home / "home", "mappings": SHIPPED, "hubspot_token": "pat-na1-test", **values})


def _own_map(folder: Path) -> Path:
    """A folder with nothing but a HubSpot map: one field more is read, a personal one, and calls are not."""
    text = (SHIPPED / "hubspot.yaml").read_text(encoding="utf-8")
    nickname = "  contacts:\n    nickname: {name: nick, type: text, personal: true}\n"
    text = text.replace("  contacts:\n", nickname, 1).replace("\n  calls:\n", "\n  phone_calls:\n", 1)
    (folder / "hubspot.yaml").write_text(text, encoding="utf-8")
    return folder


def test_the_companys_own_field_map_is_the_one_a_run_reads(tmp_path: Path) -> None:
    """`policy check` looks at it, so it has to count."""
    settings = _settings(tmp_path, mappings=_own_map(tmp_path))
    assert "nickname" in personal_fields(settings.mappings, ["hubspot"])
    with contextlib.ExitStack() as stack:
        crms = open_crms(settings, wall_clock, stack)
        assert "calls" not in crms["hubspot"].streams()


def test_the_ledger_of_a_run_knows_the_personal_fields_of_the_companys_own_map(tmp_path: Path) -> None:
    """It keeps their values apart, and whoever passes on a CRM's words asks it which they are."""
    with open_engine(_settings(tmp_path, mappings=_own_map(tmp_path))) as engine:
        assert engine.ledger.personal == personal_fields(SHIPPED, ["hubspot"]) | {"nickname"}


def _unreadable_key(folder: Path) -> Settings:
    return _salesforce(folder, folder / "nowhere.pem")


def _key_in_der(folder: Path) -> Settings:
    (folder / "key.der").write_bytes(b"\x30\x82\xff\xfe")
    return _salesforce(folder, folder / "key.der")


def _salesforce(folder: Path, key: Path, **values: object) -> Settings:
    app = {
        "salesforce_instance_url": "https://a.my.salesforce.com",
        "salesforce_client_id": "app",
        "salesforce_username": "int@acme.example",
    }
    return _settings(folder, **{**app, "salesforce_private_key_file": key, **values})


def _key_of_nobody(folder: Path) -> Settings:
    (folder / "key.pem").write_text("-----BEGIN")
    return _salesforce(folder, folder / "key.pem", salesforce_username="")


def _occupied_home(folder: Path) -> Settings:
    (folder / "home").write_text("a file")
    return _settings(folder)


def _ledger_in_a_folder(folder: Path) -> Settings:
    return _settings(folder, ledger_url=f"sqlite:///{folder}")


WRONG: dict[str, tuple[Callable[[Path], Settings], str]] = {
    "a key file that is not there": (_unreadable_key, "HANDOFF_SALESFORCE_PRIVATE_KEY_FILE"),
    "a key file that is no text": (_key_in_der, "HANDOFF_SALESFORCE_PRIVATE_KEY_FILE"),
    "a key without its user": (_key_of_nobody, "HANDOFF_SALESFORCE_USERNAME"),
    "a home that is a file": (_occupied_home, "HANDOFF_HOME"),
    "a ledger that cannot be opened": (_ledger_in_a_folder, "HANDOFF_LEDGER_URL"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_settings_get_wrong_is_a_sentence_with_the_variables_name(case: str, tmp_path: Path) -> None:
    make, variable = WRONG[case]
    with pytest.raises(SettingsError) as refused, open_engine(make(tmp_path)):
        pytest.fail("it opened")
    assert re.match(rf"{variable}(:| is not set:) ", str(refused.value))


def test_a_crm_that_the_settings_leave_out_is_not_opened(tmp_path: Path) -> None:
    """Otherwise a Salesforce that does not answer would stop every run for HubSpot alone."""
    app = {"salesforce_instance_url": "https://a.my.salesforce.com", "salesforce_client_id": "app", "salesforce_client_secret": "secret"}
    with contextlib.ExitStack() as stack:
        assert list(open_crms(_settings(tmp_path, crms="hubspot", **app), wall_clock, stack)) == ["hubspot"]
        assert list(open_crms(_settings(tmp_path, crms="salesforce", **app), wall_clock, stack)) == ["salesforce"]
        assert list(open_crms(_settings(tmp_path, **app), wall_clock, stack)) == ["hubspot", "salesforce"]
        with pytest.raises(SettingsError, match=r"^HANDOFF_CRMS: there are no credentials for salesforce"):
            open_crms(_settings(tmp_path, crms="salesforce"), wall_clock, stack)


def test_a_policy_that_is_for_another_crm_names_the_setting(tmp_path: Path) -> None:
    folder = tmp_path / "alone"
    shutil.copytree(SHIPPED / "overlays" / "s2-hubspot-only", folder)
    agreement = folder / "policy.yaml"
    agreement.write_text(agreement.read_text().replace("extends: ../..", f"extends: {SHIPPED}"))
    with pytest.raises(SettingsError, match=r"^HANDOFF_CRMS: the policy is for hubspot, not for salesforce"):
        policy_of(_settings(tmp_path, mappings=folder, crms="salesforce"))


@pytest.mark.parametrize("what", ["nothing", "a file"])
def test_a_policy_folder_that_is_not_there_is_not_taken_for_a_company_without_a_policy(what: str, tmp_path: Path) -> None:
    if what == "a file":
        (tmp_path / "mapings").write_text("name: Acme")
    with pytest.raises(SettingsError, match=r"^HANDOFF_MAPPINGS: there is no folder .*mapings: make it, or correct the name"):
        policy_of(_settings(tmp_path, mappings=tmp_path / "mapings"))


def test_a_company_that_has_named_no_folder_has_no_policy_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert not policy_of(GivenSettings.model_validate({"home": tmp_path})).approvals
    (tmp_path / "own").mkdir()
    assert not policy_of(_settings(tmp_path, mappings=tmp_path / "own")).approvals, "a folder to write the draft into"


LEADS = SHIPPED / "overlays" / "hubspot-leads"


@pytest.mark.parametrize("crms", ["", "hubspot"])
def test_lead_objects_are_opened_in_hubspots_portal_where_the_policy_names_them(tmp_path: Path, crms: str) -> None:
    """They have no credentials of their own: what is pinned and allowed of HubSpot holds for them."""
    settings = _settings(tmp_path, mappings=LEADS, crms=crms, hubspot_portal_id=17, production="hubspot")
    with open_engine(settings) as engine:
        assert engine.policy.systems == ("hubspot_leads", "hubspot")
        assert set(engine.crms) == {"hubspot", "hubspot_leads"}
        assert engine.crms["hubspot_leads"].portal is engine.crms["hubspot"].portal  # type: ignore[attr-defined]
        assert (engine.settings.pinned, engine.settings.production) == (
            {"hubspot": "17", "hubspot_leads": "17"},
            {"hubspot", "hubspot_leads"},
        )
        assert "lead_name" in engine.ledger.personal


def test_lead_objects_stay_closed_where_the_policy_does_not_name_them(tmp_path: Path) -> None:
    with open_engine(_settings(tmp_path, mappings=SHIPPED)) as engine:
        assert set(engine.crms) == {"hubspot"}


def test_blanks_in_a_list_are_no_names(tmp_path: Path) -> None:
    settings = _settings(tmp_path, production=" hubspot, ", crms="hubspot, ")
    assert production_of(settings) == {"hubspot"}
    assert production_of(_settings(tmp_path)) == frozenset()
    assert policy_of(settings).systems == ("hubspot",)


def test_a_sandbox_that_has_ended_is_named(tmp_path: Path) -> None:
    """Its clock is asked by whoever has the demo's settings in the shell."""
    with pytest.raises(SettingsError, match=r"^HANDOFF_CLOCK_URL: no sandbox answers"):
        clock_of(_settings(tmp_path, clock_url="http://127.0.0.1:9"))()


def test_a_key_that_is_read_reaches_the_account(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("-----BEGIN")
    account = account_of(_salesforce(tmp_path, tmp_path / "key.pem"), "salesforce")
    assert account.private_key.get_secret_value() == "-----BEGIN"  # type: ignore[union-attr]


def test_a_folder_with_a_map_and_no_policy_yet_says_already_what_carries_a_lead(tmp_path: Path) -> None:
    """So that a first look sees the Contacts of an org without Leads."""
    (tmp_path / "salesforce.yaml").write_text((SHIPPED / "overlays" / "salesforce-contacts" / "salesforce.yaml").read_text())
    assert policy_of(_settings(tmp_path, mappings=tmp_path)).carriers["salesforce"] == "Contact"
