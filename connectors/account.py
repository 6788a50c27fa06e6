"""Which account a connector opens, and with what. Frozen values; secrets are `SecretStr`, so that no log or traceback prints them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator


class _Account(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    connect_timeout_seconds: float = Field(10.0, gt=0)
    read_timeout_seconds: float = Field(120.0, gt=0)
    attempts: int = Field(6, ge=1, le=20, description="how often one request is sent before the connector gives up")


class HubSpotAccount(_Account):
    """A HubSpot portal. `version` is the API version of every path: the legacy v3 (with v4 associations) or a date-based one.

    Limits of a service key or private app: 190 requests per rolling 10 seconds on Professional and Enterprise, 100 on Free and
    Starter; search 5 per second for the whole portal (developers.hubspot.com, "API usage guidelines").
    """

    base_url: str = "https://api.hubapi.com"
    token: SecretStr
    version: Literal["v3", "2026-03"] = "2026-03"
    portal_id: int | None = None
    limit_per_10s: int = Field(190, ge=1)
    search_limit_per_second: int = Field(5, ge=1)


class SalesforceAccount(_Account):
    """A Salesforce org, opened by the client-credentials flow (`client_secret`) or the JWT bearer flow (`private_key` and `username`).

    `instance_url` is the My Domain address. `base_url` is for the sandbox alone: every request is sent there instead.
    """

    instance_url: str
    client_id: str
    client_secret: SecretStr | None = None
    private_key: SecretStr | None = None
    username: str = ""
    audience: str = "https://login.salesforce.com"
    api_version: str = Field("67.0", pattern=r"^\d+\.0$")
    org_id: str | None = None
    base_url: str | None = None
    activity_horizon_days: int = Field(400, ge=1, description="activities older than this are not loaded the first time")

    @model_validator(mode="after")
    def _one_way_in(self) -> SalesforceAccount:
        if self.client_secret is None and (self.private_key is None or not self.username):
            raise ValueError("a Salesforce account needs client_secret, or private_key together with username")
        return self


Account = HubSpotAccount | SalesforceAccount
