"""The one place that knows which CRMs there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from connectors.account import Account, HubSpotAccount, SalesforceAccount
from connectors.clocks import Clocks
from connectors.hubspot.crm import HubSpotCrm
from connectors.protocol import Crm
from connectors.salesforce.crm import SalesforceCrm
from mappings.fields import FieldMap

Opener = Callable[[Account, FieldMap, Clocks], Crm]


def _hubspot(account: Account, field_map: FieldMap, clocks: Clocks) -> Crm:
    if not isinstance(account, HubSpotAccount):
        raise TypeError("hubspot needs a HubSpotAccount")
    return HubSpotCrm(account, field_map, clocks)


def _salesforce(account: Account, field_map: FieldMap, clocks: Clocks) -> Crm:
    if not isinstance(account, SalesforceAccount):
        raise TypeError("salesforce needs a SalesforceAccount")
    return SalesforceCrm(account, field_map, clocks)


CONNECTORS: Mapping[str, Opener] = {"hubspot": _hubspot, "salesforce": _salesforce}


def open_crm(system: str, account: Account, field_map: FieldMap, clocks: Clocks) -> Crm:
    """The CRM named `system`. Nothing is sent yet.

    Raises KeyError naming the CRMs there are, TypeError when `account` is another CRM's.
    """
    if system not in CONNECTORS:
        raise KeyError(f"no connector for {system!r}; there are: {', '.join(sorted(CONNECTORS))}")
    return CONNECTORS[system](account, field_map, clocks)
