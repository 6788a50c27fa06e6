"""One HubSpot portal behind one token: the transport, which portal it is, and its people; asked for once, whichever adapter asks."""

from __future__ import annotations

import threading
from urllib.parse import urlsplit

from connectors.account import HubSpotAccount
from connectors.clocks import Clocks
from connectors.hubspot import records
from connectors.hubspot.client import HubSpotClient
from connectors.hubspot.people import people
from connectors.protocol import CrmError, Identity, Person, Refused

_KINDS = {"STANDARD": "production", "SANDBOX": "sandbox", "DEVELOPER_TEST": "test", "APP_DEVELOPER": "test"}
RECORD_TYPES = {records.SYSTEM: "0-1", records.LEADS_SYSTEM: "0-136"}  # object type id in a record's address


class Portal:
    """Shared by the adapters that are open in one portal."""

    def __init__(self, account: HubSpotAccount, clocks: Clocks) -> None:
        self.client = HubSpotClient(account, clocks.monotonic, clocks.sleep)
        self.app_id = ""
        self._account = account
        self._identities: dict[str, Identity] = {}
        self._people: tuple[Person, ...] | None = None
        self._lock = threading.Lock()

    def identity(self, system: str) -> Identity:
        """The portal, with the address of the records of `system`. Raises Refused(reason="wrong_account") when another one is pinned."""
        with self._lock:
            if not self._identities:
                self._identities = self._ask_identity()
        return self._identities[system]

    def people(self) -> tuple[Person, ...]:
        """All owners and queues, departed ones included."""
        with self._lock:
            if self._people is None:
                self._people = people(self.client)
            return self._people

    def _ask_identity(self) -> dict[str, Identity]:
        found = self.client.get("account", self.client.paths.account())
        portal = str(found.get("portalId", ""))
        if self._account.portal_id is not None and portal != str(self._account.portal_id):
            raise Refused(
                f"HubSpot: the token opens portal {portal}, the settings pin portal {self._account.portal_id}; change one of them",
                "wrong_account",
            )
        try:
            token = self.client.token_info()
        except CrmError:  # the endpoint may vanish; scopes are then learned from refusals, and every app's write counts as ours
            token = {}
        self.app_id = str(token.get("appId") or "")
        domain = found.get("uiDomain") or "app.hubspot.com"
        base = f"{urlsplit(self._account.base_url).scheme}://{domain}/contacts/{portal}/record"
        return {
            system: Identity(
                system=system,
                account_id=portal,
                kind=_KINDS.get(str(found.get("accountType", "")), "production"),
                time_zone=str(found.get("timeZone", "")),
                record_url=f"{base}/{object_type}/{{id}}",
                user_id=str(token.get("userId") or ""),
                scopes=tuple(sorted(str(scope) for scope in token.get("scopes") or ())),
            )
            for system, object_type in RECORD_TYPES.items()
        }
