"""Makes handoff's own fields in an org, with an administrator's login: a metadata deploy over REST, then the permission set for the
integration user.

The run-time user needs no setup rights. Nothing is ever changed or removed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from connectors.protocol import Refused, TryLater
from connectors.retry import Sending
from connectors.salesforce import package, soql
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.schema import Schema
from mappings.fields import FieldMap

POLLS = 60
POLL_SECONDS = 1.0
_OPTIONS = {
    "checkOnly": False,
    "testLevel": "NoTestRun",
    "singlePackage": True,
    "rollbackOnError": True,
    "allowMissingFiles": False,
    "purgeOnDelete": False,
}


class Setup:
    """Looks for own fields and makes the missing ones."""

    def __init__(
        self, client: SalesforceClient, schema: Schema, field_map: FieldMap, api_version: str, sleep: Callable[[float], None]
    ) -> None:
        self._client = client
        self._schema = schema
        self._map = field_map
        self._api_version = api_version
        self._sleep = sleep

    def missing(self) -> tuple[tuple[str, str], ...]:
        """(object, canonical field) of every own field that the org does not have, or does not show to this user."""
        return tuple(
            (object_name, canonical)
            for object_name in self._map.objects
            for canonical in self._map.own(object_name)
            if not self._schema.describe(object_name).fields[canonical].exists
        )

    def create(self, for_user: str) -> tuple[str, ...]:
        """Deploy the package and give the permission set to `for_user` (a user id.

        "" for nobody) and to this login; what was done, one line each.
        """
        files = package.files(self._map, self._api_version)
        parts = {
            "json": (None, orjson.dumps({"deployOptions": _OPTIONS}), "application/json"),
            "file": ("package.zip", package.archive(files), "application/zip"),
        }
        reply = self._client.deploy("metadata.deploy", "metadata/deployRequest", parts)
        result = self._wait(str(reply["id"]))
        lines = [
            f"{one['fullName']}: {'made' if one.get('created') else 'there already'}"
            for one in (result.get("details") or {}).get("componentSuccesses") or ()
        ]
        lines += [self._grant(user) for user in dict.fromkeys((for_user, self._client.login.user_id)) if user]
        self._schema.forget()
        return (*lines, f"{package.SALES_SET}: give this permission set to the people who work leads")

    def _wait(self, deploy_id: str) -> Mapping[str, Any]:
        for _ in range(POLLS):
            reply = self._client.get("metadata.status", f"metadata/deployRequest/{deploy_id}", {"includeDetails": "true"})
            result: Mapping[str, Any] = reply["deployResult"]
            if result.get("done"):
                return _succeeded(result)
            self._sleep(POLL_SECONDS)
        raise TryLater(f"Salesforce metadata deploy {deploy_id} is still running; look at it under Setup > Deployment Status")

    def _grant(self, user_id: str) -> str:
        """Assign the integration's permission set, unless it is assigned."""
        where = f"PermissionSet.Name = '{package.INTEGRATION_SET}' AND AssigneeId IN {soql.ids([user_id])}"
        if self._client.rows("query.PermissionSetAssignment", soql.select(["Id"], "PermissionSetAssignment", where)):
            return f"{package.INTEGRATION_SET}: user {user_id} has it already"
        found = self._client.rows("query.PermissionSet", soql.select(["Id"], "PermissionSet", f"Name = '{package.INTEGRATION_SET}'"))
        body = {"AssigneeId": user_id, "PermissionSetId": found[0]["Id"]}
        self._client.save("create.PermissionSetAssignment", "POST", "sobjects/PermissionSetAssignment", body, {}, Sending.CREATE)
        return f"{package.INTEGRATION_SET}: given to user {user_id}"


def _succeeded(result: Mapping[str, Any]) -> Mapping[str, Any]:
    if result.get("success"):
        return result
    failures = (result.get("details") or {}).get("componentFailures") or ()
    words = "; ".join(f"{one.get('fullName')}: {one.get('problem')}" for one in failures) or str(
        result.get("errorMessage") or result.get("status")
    )
    raise Refused(f"Salesforce metadata deploy failed, nothing was changed: {words}", "field")
