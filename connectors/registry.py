"""The one place that knows which CRMs there are."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime

from connectors.account import Account, HubSpotAccount, SalesforceAccount
from connectors.hubspot.crm import HubSpotCrm
from connectors.protocol import Crm
from connectors.salesforce.crm import SalesforceCrm
from mappings.fields import FieldMap

Opener = Callable[[Account, FieldMap, Callable[[], datetime], Callable[[float], None], Callable[[], float]], Crm]


def _hubspot(
    account: Account, field_map: FieldMap, now: Callable[[], datetime], sleep: Callable[[float], None], monotonic: Callable[[], float]
) -> Crm:
    if not isinstance(account, HubSpotAccount):
        raise TypeError("hubspot needs a HubSpotAccount")
    return HubSpotCrm(account, field_map, now, sleep, monotonic)


def _salesforce(
    account: Account, field_map: FieldMap, now: Callable[[], datetime], sleep: Callable[[float], None], monotonic: Callable[[], float]
) -> Crm:
    if not isinstance(account, SalesforceAccount):
        raise TypeError("salesforce needs a SalesforceAccount")
    del monotonic  # Salesforce limits requests by the day, not by the second
    return SalesforceCrm(account, field_map, now, sleep)


CONNECTORS: Mapping[str, Opener] = {"hubspot": _hubspot, "salesforce": _salesforce}


def open_crm(
    system: str,
    account: Account,
    field_map: FieldMap,
    now: Callable[[], datetime],
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> Crm:
    """The CRM named `system`. Nothing is sent yet.

    `now` (aware UTC) says when something was learned; `monotonic` (seconds) and `sleep` pace the requests: rate limits run on wall time.
    Raises KeyError naming the CRMs there are, TypeError when `account` is another CRM's.
    """
    if system not in CONNECTORS:
        raise KeyError(f"no connector for {system!r}; there are: {', '.join(sorted(CONNECTORS))}")
    return CONNECTORS[system](account, field_map, now, sleep, monotonic)
