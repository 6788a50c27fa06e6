"""The tables of the sandbox page that are made from its code."""

from __future__ import annotations

from collections.abc import Iterable

from mappings.reference import table
from sandbox.hubspot import limits as hubspot_limits
from sandbox.hubspot.switches import SWITCHES as HUBSPOT
from sandbox.salesforce import limits as salesforce_limits
from sandbox.salesforce.switches import SWITCHES as SALESFORCE
from sandbox.switches import CORE_SWITCHES, Switch


def switch_table() -> str:
    """Every switch with default, choices, meaning and why it is one."""
    return _described((*CORE_SWITCHES, *HUBSPOT, *SALESFORCE))


def limit_table() -> str:
    """Every limit."""
    return _described((*hubspot_limits.LIMITS, *salesforce_limits.LIMITS))


def _described(switches: Iterable[Switch]) -> str:
    rows = ((f"`{one.name}`", f"`{one.default!r}`", one.meaning, one.source) for one in switches)
    return table(("name", "default", "what it decides", "what is known"), rows)
