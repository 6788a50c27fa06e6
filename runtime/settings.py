"""What the environment says, and a `.env` file. Every name starts with `HANDOFF_`; nothing is read before `Settings()` is called.

Defaults are the safe profile: `writes` is off, no CRM is configured; portal and organisation are pinned before anything is written.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

SYSTEMS = ("hubspot", "salesforce")
Address = Annotated[str, Field(pattern=r"^$|^https?://[^\s/@]+(/[^\s@]*)?$")]
"""An address with its https:// (http:// for a sandbox) and without a password in it; or nothing."""


class Settings(BaseSettings):
    """One company's installation. Secrets are `SecretStr` and never printed."""

    model_config = SettingsConfigDict(env_prefix="HANDOFF_", env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True)

    home: Path = Field(Path(".handoff"), description="folder for the embedded ledger and what the demo leaves")
    mappings: Path = Field(Path("mappings"), description="folder of the reviewed policy")
    exclusions: Path | None = Field(None, description="CSV (entry,list) of addresses and domains to leave alone")
    production: str = Field(
        "", description="CRMs whose account may be a production one, for example hubspot,salesforce; a look needs no permission"
    )
    ledger_url: str = Field("", description="SQLAlchemy URL; empty: SQLite in `home`")
    crms: str = Field("", description="open these CRMs only, for example hubspot; empty: all that policy.yaml names")
    writes: Literal["off", "on"] = Field("off", description="off: look and plan only")
    timeout_seconds: float = Field(120.0, gt=0, le=3600, description="longest wait for one reply of a CRM")

    hubspot_token: SecretStr | None = Field(None, description="service key or private-app token")
    hubspot_base_url: Address = Field("https://api.hubapi.com", description="another address only for a sandbox")
    hubspot_api_version: Literal["v3", "2026-03"] = Field("2026-03", description="the legacy v3, or a date-based version")
    hubspot_portal_id: int | None = Field(None, gt=0, description="pinned: a token for another portal is refused")
    hubspot_calls_per_10_seconds: int = Field(190, ge=1, description="the app's own limit: 100 on Free and Starter, 190 above")

    salesforce_instance_url: Address = Field("", description="My Domain, https://<name>.my.salesforce.com")
    salesforce_base_url: Address = Field("", description="only for a sandbox on this machine: where requests really go")
    salesforce_client_id: str = ""
    salesforce_client_secret: SecretStr | None = None
    salesforce_username: str = Field("", description="JWT bearer only")
    salesforce_private_key_file: Path | None = Field(None, description="JWT bearer only")
    salesforce_org_id: str = Field(
        "", pattern=r"^$|^00D[0-9A-Za-z]{12}([0-9A-Za-z]{3})?$", description="pinned: 18-character organisation id"
    )
    salesforce_api_version: str = Field("67.0", pattern=r"^\d+\.0$", description="without the v")

    admin_hubspot_token: SecretStr | None = Field(None, description="setup only: a key that may create properties")
    admin_salesforce_client_id: str = Field("", description="setup only: an app that runs as an administrator")
    admin_salesforce_client_secret: SecretStr | None = None

    notify_rep: str = Field("", description="Prefect notification block for reps, for example slack-webhook/sales; empty: nobody is told")
    notify_manager: str = Field("", description="as notify_rep, for managers")
    notify_marketing: str = Field("", description="as notify_rep, for marketing")
    notify_revops: str = Field("", description="as notify_rep, for RevOps: guard, exceptions")
    notify_on_call: str = Field("", description="as notify_rep, for on-call: leads nobody gets, writes that keep failing")

    clock_url: Address = Field("", description="only for a sandbox: where `now` comes from")
    dotenv: Literal["on", "off"] = Field("on", description="off, in the environment: no .env file is read, as beside a sandbox")

    @field_validator("hubspot_token", "salesforce_client_secret", "admin_hubspot_token", "admin_salesforce_client_secret")
    @classmethod
    def _secret_is_one_word(cls, value: SecretStr | None) -> SecretStr | None:
        """Without the line break that copying and `cat` bring along; what else no header can carry is refused, unrepeated."""
        word = value.get_secret_value().strip() if value is not None else ""
        if not word.isascii() or any(sign.isspace() or not sign.isprintable() for sign in word):
            raise ValueError("holds blanks or signs that no key has; copy it again")
        return SecretStr(word) if word else None

    @field_validator("crms", "production")
    @classmethod
    def _names_crms(cls, value: str) -> str:
        """CRMs by name, parted by commas; a name that is none would silently leave a CRM out."""
        names = [name for part in value.split(",") if (name := part.strip())]
        wrong = [name for name in names if name not in SYSTEMS] or ([value] if value.strip() and not names else [])
        if wrong:
            raise ValueError(f"names '{wrong[0]}'; write hubspot, salesforce, or hubspot,salesforce")
        return ",".join(names)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given, then the environment, then the .env file, unless the environment switches that off."""
        del settings_cls, file_secret_settings
        if env_settings().get("dotenv") == "off":
            return (init_settings, env_settings)
        return (init_settings, env_settings, dotenv_settings)

    def systems(self) -> tuple[str, ...]:
        """The CRMs that have credentials, HubSpot first; of them only what `crms` names: the policy reads no other."""
        given = {"hubspot": self.hubspot_token, "salesforce": self.salesforce_client_id}
        named = self.crms.split(",") if self.crms else SYSTEMS
        return tuple(system for system in SYSTEMS if given[system] and system in named)

    def ledger(self) -> str:
        """The ledger's URL; the embedded SQLite file when none is set."""
        return self.ledger_url or f"sqlite:///{self.home.resolve() / 'ledger.db'}"


class GivenSettings(Settings):
    """Settings from what is given alone: neither the environment nor a .env file takes part. A demo must never open a company's CRM."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is given."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)
