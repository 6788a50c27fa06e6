"""The one place that knows which CRMs there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from connectors.account import Account, HubSpotAccount, SalesforceAccount
from connectors.clocks import Clocks
from connectors.hubspot.crm import HubSpotCrm
from connectors.protocol import Crm
from connectors.salesforce.crm import SalesforceCrm
from mappings.fields import FieldMap

Beside = Mapping[str, Crm]
"""The adapters of the same company that are open already, by name."""
Opener = Callable[[Account, FieldMap, Clocks, Beside], Crm]


def _hubspot(account: Account, field_map: FieldMap, clocks: Clocks, beside: Beside) -> Crm:
    """Contacts, or Lead objects: whichever is opened second goes through the portal of the first."""
    if not isinstance(account, HubSpotAccount):
        raise TypeError(f"{field_map.system} needs a HubSpotAccount")
    portal = next((crm.portal for crm in beside.values() if isinstance(crm, HubSpotCrm)), None)
    return HubSpotCrm(account, field_map, clocks, portal)


def _salesforce(account: Account, field_map: FieldMap, clocks: Clocks, _beside: Beside) -> Crm:
    if not isinstance(account, SalesforceAccount):
        raise TypeError("salesforce needs a SalesforceAccount")
    return SalesforceCrm(account, field_map, clocks)


CONNECTORS: Mapping[str, Opener] = {"hubspot": _hubspot, "hubspot_leads": _hubspot, "salesforce": _salesforce}


def open_crm(system: str, account: Account, field_map: FieldMap, clocks: Clocks, beside: Beside | None = None) -> Crm:
    """The CRM named `system`. Nothing is sent yet. Of those open `beside` it, one in the same portal lends its connection and its limits.

    Raises KeyError naming the CRMs there are, TypeError when `account` is another CRM's.
    """
    if system not in CONNECTORS:
        raise KeyError(f"no connector for {system!r}; there are: {', '.join(sorted(CONNECTORS))}")
    return CONNECTORS[system](account, field_map, clocks, beside or {})
