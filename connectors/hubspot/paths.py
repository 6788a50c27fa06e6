"""HubSpot's paths, by the one API version of the settings. v3 goes together with v4 associations; date-based versions are uniform."""

from __future__ import annotations


class Paths:
    """Paths of one version: `v3` or a date-based version such as `2026-03` (developers.hubspot.com, "API versioning")."""

    def __init__(self, version: str) -> None:
        self._version = version
        self._legacy = version == "v3"

    def objects(self, object_type: str, tail: str = "") -> str:
        """List (no tail), `/search`, `/batch/read`, `/batch/update` ... of one object type."""
        return self._under("objects", f"{object_type}{tail}")

    def properties(self, object_type: str, tail: str = "") -> str:
        """Property definitions of one object type; tail `/groups` or `/{name}`."""
        return self._under("properties", f"{object_type}{tail}")

    def pipelines(self, object_type: str) -> str:
        """The pipelines of one object type, with their stages."""
        return self._under("pipelines", object_type)

    def owners(self) -> str:
        """Owners list."""
        return self._under("owners", "")

    def associations(self, from_type: str, to_type: str, tail: str) -> str:
        """Association calls such as `/batch/read`."""
        version = "v4" if self._legacy else self._version
        base = f"/crm/{version}/associations" if self._legacy else f"/crm/associations/{version}"
        return f"{base}/{from_type}/{to_type}{tail}"

    def account(self) -> str:
        """Account details."""
        return f"/account-info/{self._version}/details"

    def _under(self, area: str, rest: str) -> str:
        base = f"/crm/{self._version}/{area}" if self._legacy else f"/crm/{area}/{self._version}"
        return f"{base}/{rest}" if rest else base
