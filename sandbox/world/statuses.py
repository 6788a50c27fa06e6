"""The 23 statuses in use: HubSpot's and Salesforce's own, and what colleagues added. Every kind of lead draws from a fixed cycle."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Status:
    """One option: its CRM, stored value and label, what people mean by it, the side that owes the next step, and if it is custom."""

    crm: str
    value: str
    label: str
    meaning: str
    side: str
    custom: bool = False


STATUSES: tuple[Status, ...] = (
    Status("hubspot", "NEW", "New", "new: nobody has looked yet", "sales"),
    Status("hubspot", "OPEN", "Open", "new: seen, not worked", "sales"),
    Status("hubspot", "IN_PROGRESS", "In progress", "working", "sales"),
    Status("hubspot", "OPEN_DEAL", "Open deal", "opportunity", "sales"),
    Status("hubspot", "UNQUALIFIED", "Unqualified", "disqualified", "marketing"),
    Status("hubspot", "ATTEMPTED_TO_CONTACT", "Attempted to contact", "working: tried, no answer", "sales"),
    Status("hubspot", "CONNECTED", "Connected", "qualified: spoke with them", "sales"),
    Status("hubspot", "BAD_TIMING", "Bad timing", "nurture: come back later", "marketing"),
    Status("hubspot", "SEQUENCE_Q3", "Sequence Q3", "working: was put into a rep's mail sequence last summer", "sales", custom=True),
    Status(
        "hubspot",
        "PARKED_ASK_JIM",
        "Parked - ask Jim",
        "none: parked by somebody who left; says nothing about the lead",
        "sales",
        custom=True,
    ),
    Status("hubspot", "NURTURE", "Nurture", "nurture", "marketing", custom=True),
    Status("hubspot", "BOOTH_LIST_2026", "Booth list 2026", "new: badge scans uploaded after the fair", "sales", custom=True),
    Status("hubspot", "HOT_CALL_TODAY", "HOT!!! call today", "new: asked for a call", "sales", custom=True),
    Status("salesforce", "Open - Not Contacted", "Open - Not Contacted", "new: nobody has looked yet", "sales"),
    Status("salesforce", "Working - Contacted", "Working - Contacted", "working", "sales"),
    Status("salesforce", "Closed - Converted", "Closed - Converted", "converted", "sales"),
    Status("salesforce", "Closed - Not Converted", "Closed - Not Converted", "disqualified", "marketing"),
    Status("salesforce", "Nurture", "Nurture", "nurture", "marketing", custom=True),
    Status("salesforce", "Sequence Q3", "Sequence Q3", "working: was put into a rep's mail sequence last summer", "sales", custom=True),
    Status("salesforce", "Bad", "Bad", "disqualified, without a reason", "marketing", custom=True),
    Status("salesforce", "Recycled by Marketing", "Recycled by Marketing", "nurture: given back once", "marketing", custom=True),
    Status("salesforce", "Left VM x3", "Left VM x3", "working: tried three times, no answer", "sales", custom=True),
    Status(
        "salesforce",
        "Do not touch - Karen",
        "Do not touch - Karen",
        "none: parked by somebody who left; says nothing about the lead",
        "sales",
        custom=True,
    ),
)
SIDE = {(status.crm, status.value): status.side for status in STATUSES}

# Kind -> cycle of options by ordinal; the length of a cycle shares no factor with 20, the cycle that says who has a Salesforce Lead.
_HS_SALES = (
    "NEW",
    "OPEN",
    "NEW",
    "ATTEMPTED_TO_CONTACT",
    "NEW",
    "SEQUENCE_Q3",
    "NEW",
    "PARKED_ASK_JIM",
    "IN_PROGRESS",
    "NEW",
    "BOOTH_LIST_2026",
    "OPEN",
    "NEW",
)
_SF_SALES = ("Open - Not Contacted", "Working - Contacted", "Open - Not Contacted", "Sequence Q3", "Open - Not Contacted", "Left VM x3",
             "Open - Not Contacted", "Do not touch - Karen", "Open - Not Contacted")  # fmt: skip
HUBSPOT_CYCLES: dict[str, tuple[str, ...]] = {
    "hot_neglected": ("NEW", "HOT_CALL_TODAY", "NEW", "OPEN", "NEW", "NEW", "OPEN"),
    "hot_worked": ("IN_PROGRESS", "CONNECTED", "ATTEMPTED_TO_CONTACT"),
    "limbo": _HS_SALES,
    "recent_content": ("NEW", "OPEN", "NEW"),
    "worked": ("IN_PROGRESS", "ATTEMPTED_TO_CONTACT", "IN_PROGRESS"),
    "nurtured": ("NURTURE", "BAD_TIMING", "NURTURE"),
    "qualified": ("CONNECTED",),
    "disqualified": ("UNQUALIFIED", "UNQUALIFIED", "BAD_TIMING"),
    "silent": ("ATTEMPTED_TO_CONTACT", "IN_PROGRESS", "CONNECTED"),
    "neglected": ("IN_PROGRESS", "CONNECTED", "OPEN"),
    "customer": ("CONNECTED",),
    "open_opportunity": ("OPEN_DEAL",),
    "hands_off": ("OPEN",),
    "converted": ("OPEN_DEAL",),
    "test_record": ("NEW",),
}
SALESFORCE_CYCLES: dict[str, tuple[str, ...]] = {
    "hot_neglected": ("Open - Not Contacted",),
    "hot_worked": ("Working - Contacted",),
    "limbo": _SF_SALES,
    "recent_content": ("Open - Not Contacted",),
    "worked": ("Working - Contacted",),
    "nurtured": ("Nurture", "Recycled by Marketing", "Nurture"),
    "qualified": ("Working - Contacted",),
    "disqualified": ("Closed - Not Converted", "Bad", "Closed - Not Converted"),
    "silent": ("Working - Contacted", "Left VM x3", "Working - Contacted"),
    "neglected": ("Working - Contacted",),
    "customer": ("Working - Contacted",),
    "open_opportunity": ("Working - Contacted",),
    "hands_off": ("Open - Not Contacted",),
    "converted": ("Closed - Converted",),
    "test_record": ("Open - Not Contacted",),
}


def status_of(crm: str, kind: str, ordinal: int) -> str:
    """The stored value this lead of a kind has in a CRM."""
    cycle = (HUBSPOT_CYCLES if crm == "hubspot" else SALESFORCE_CYCLES)[kind]
    return cycle[ordinal % len(cycle)]
