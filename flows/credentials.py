"""Secrets from Prefect blocks where the environment has none. Blocks are loaded inside a flow run, never at import."""

from __future__ import annotations

from typing import cast

from prefect.blocks.core import Block
from pydantic import Field, SecretStr

from runtime.settings import Settings

BLOCK_NAME = "handoff"


class HubSpotCredentials(Block):
    """The service key of one HubSpot portal."""

    _block_type_name = "HubSpot credentials (handoff)"
    _block_type_slug = "handoff-hubspot"

    token: SecretStr = Field(title="Service key", description="starts with pat-")
    portal_id: int = Field(title="Portal id", description="pinned: a key of another portal is refused")


class SalesforceCredentials(Block):
    """The External Client App of one Salesforce organisation (client credentials flow)."""

    _block_type_name = "Salesforce credentials (handoff)"
    _block_type_slug = "handoff-salesforce"

    instance_url: str = Field(title="My Domain", description="https://<name>.my.salesforce.com")
    client_id: str = Field(title="Consumer key")
    client_secret: SecretStr = Field(title="Consumer secret")
    org_id: str = Field(title="Organisation id", description="18 characters, pinned")


def settings_with_blocks() -> Settings:
    """Settings of the environment; a CRM without credentials there gets them from the block named `handoff`, when there is one."""
    settings = Settings()
    if settings.hubspot_token is None:
        settings = _from_hubspot_block(settings)
    if not settings.salesforce_client_id:
        settings = _from_salesforce_block(settings)
    return settings


def _from_hubspot_block(settings: Settings) -> Settings:
    try:
        block = cast("HubSpotCredentials", HubSpotCredentials.load(BLOCK_NAME))
    except ValueError:  # Prefect's word for "no such block"
        return settings
    return settings.model_copy(update={"hubspot_token": block.token, "hubspot_portal_id": block.portal_id})


def _from_salesforce_block(settings: Settings) -> Settings:
    try:
        block = cast("SalesforceCredentials", SalesforceCredentials.load(BLOCK_NAME))
    except ValueError:
        return settings
    found = {
        "salesforce_instance_url": block.instance_url,
        "salesforce_client_id": block.client_id,
        "salesforce_client_secret": block.client_secret,
        "salesforce_org_id": block.org_id,
    }
    return settings.model_copy(update=found)
