"""The table of signals: what each stream brings. Property and field names come from the field maps, calls from the connectors' page sizes;
how a signal is dated and what it needs is what the vendors' documentation says.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from connectors.hubspot.streams import ASSOCIATIONS_BATCH, LIST_PAGE, SEARCH_PAGE
from connectors.hubspot.streams import STREAMS as HUBSPOT
from connectors.salesforce.streams import streams_of
from handoff.facts import Kind
from mappings.fields import FieldMap, load_field_map
from mappings.reference import table

SALESFORCE = streams_of(load_field_map("salesforce"))
SALESFORCE_PAGE = 2_000  # rows of a query page (Sforce-Query-Options, a hint)
FREE = "Free"
MAILER = "Free; filled only by HubSpot's own mailer, for the present address"
TRACKED = "Free; filled only by HubSpot's tracking code"
SALES_HUB = "Sales Hub Professional; read only where the policy's systems name `hubspot_leads`"
API = "any edition with API access"
DATED, LAST, STATE = "dated", "last date", "state"


@dataclass(frozen=True)
class Signal:
    """One row. `fields` are canonical; `kinds` are the activities made of it (none: it is a value of the record)."""

    says: str
    system: str
    stream: str
    fields: tuple[str, ...]
    dating: str
    tier: str
    ours: str = "no"
    kinds: tuple[Kind, ...] = ()


_OURS_OUT = "yes: tasks with our key are marked and never count as activity"
SIGNALS = (
    Signal("form submission, by form", "hubspot", "contacts", ("forms",), "dated, the 800 most recent", FREE, kinds=(Kind.FORM,)),
    Signal("marketing e-mail click", "hubspot", "contacts", ("last_click_at",), LAST, MAILER, kinds=(Kind.CLICK,)),
    Signal("reply to a rep's mail", "hubspot", "contacts", ("last_reply_at",), LAST, FREE, kinds=(Kind.REPLY,)),
    Signal("web visit and its last page", "hubspot", "contacts", ("last_visit_at", "last_visit_url"), LAST, TRACKED, kinds=(Kind.VISIT,)),
    Signal("marketing e-mail delivered", "hubspot", "contacts", ("last_send_at",), LAST, MAILER, kinds=(Kind.SEND,)),
    Signal(
        "last contact by anybody",
        "hubspot",
        "contacts",
        ("last_touch_at",),
        LAST,
        FREE,
        "would be, if we logged calls: no rule may read it",
    ),
    Signal(
        "opt-out, bounce, legal basis, marketing contact",
        "hubspot",
        "contacts",
        ("opted_out", "bounced", "legal_basis", "marketable"),
        STATE,
        FREE,
    ),
    Signal(
        "status, lifecycle stage, owner",
        "hubspot",
        "contacts",
        ("status", "lifecycle", "owner"),
        STATE,
        FREE,
        "yes: our own writes are recognised",
    ),
    Signal("source and campaign", "hubspot", "contacts", ("source", "source_detail", "campaign"), STATE, FREE),
    Signal("contact archived", "hubspot", "contacts.archived", (), DATED, FREE),
    Signal(
        "Lead object: stage, owner, reason it was closed",
        "hubspot",
        "leads",
        ("status", "owner", "disqualification_reason"),
        STATE,
        SALES_HUB,
        "yes: our own writes are recognised",
    ),
    Signal("Lead object: whom it stands for", "hubspot", "leads", ("contact_id",), STATE, SALES_HUB),
    Signal("Lead object archived", "hubspot", "leads.archived", (), DATED, SALES_HUB),
    Signal("contact merged", "hubspot", "contacts", ("merged_ids",), STATE, FREE),
    Signal(
        "call: attempted, connected, inbound",
        "hubspot",
        "calls",
        ("occurred_at", "direction", "status", "disposition", "duration_ms"),
        DATED,
        FREE,
        "no: we log none",
        (Kind.CALL,),
    ),
    Signal(
        "1:1 e-mail sent, reply received",
        "hubspot",
        "emails",
        ("occurred_at", "direction", "status", "sequence"),
        DATED,
        FREE,
        "no: we log none",
        (Kind.EMAIL, Kind.REPLY),
    ),
    Signal(
        "meeting: booked, held, missed",
        "hubspot",
        "meetings",
        ("starts_at", "outcome", "source"),
        "dated; outcome is a state, a past meeting nobody closed is unknown",
        FREE,
        "no: we log none",
        (Kind.MEETING,),
    ),
    Signal(
        "task: open (a next step), completed",
        "hubspot",
        "tasks",
        ("due_at", "status", "type", "completed_at", "handoff_key", "subject", "body"),
        DATED,
        FREE,
        _OURS_OUT,
        (Kind.TASK,),
    ),
    Signal(
        "deal: open, won, lost",
        "hubspot",
        "deals",
        ("stage", "won", "lost", "closed_at"),
        "dated; won and lost by the close date",
        FREE,
        "no: we write none",
        (Kind.DEAL,),
    ),
    Signal(
        "company: size, industry, named account",
        "hubspot",
        "companies",
        ("domain", "industry", "employees", "revenue", "type", "target_account"),
        STATE,
        FREE,
    ),
    Signal(
        "call, 1:1 e-mail, list e-mail, cadence step, sales tool's step, task",
        "salesforce",
        "Task",
        ("closed", "completed_at", "subtype", "call_type", "disposition", "duration_seconds", "subject", "due_at", "handoff_key", "body"),
        "dated by completion (when it was logged)",
        API,
        _OURS_OUT,
        (Kind.CALL, Kind.EMAIL, Kind.SEND, Kind.TASK, Kind.CLICK, Kind.REPLY),
    ),
    Signal(
        "meeting ahead, meeting past (presumed held)",
        "salesforce",
        "Event",
        ("starts_at", "is_child"),
        "dated by its start; Salesforce knows no outcome",
        API,
        "no: we write none",
        (Kind.MEETING,),
    ),
    Signal(
        "e-mail sent, reply received",
        "salesforce",
        "EmailMessage",
        ("incoming", "status", "occurred_at"),
        DATED,
        f"{API}; e-mails must be kept as records",
        "no: we write none",
        (Kind.EMAIL, Kind.REPLY),
    ),
    Signal(
        "campaign response, membership",
        "salesforce",
        "CampaignMember",
        ("responded", "responded_on", "status"),
        "the first response's date; later ones are lost",
        API,
        "no: we write none",
        (Kind.CAMPAIGN,),
    ),
    Signal(
        "list e-mail delivered",
        "salesforce",
        "ListEmailIndividualRecipient",
        ("recipient",),
        DATED,
        f"{API}; only Salesforce's own list e-mail",
        kinds=(Kind.SEND,),
    ),
    Signal(
        "status or owner edited, by whom",
        "salesforce",
        "LeadHistory",
        ("field", "new_value"),
        DATED,
        f"{API}; history must be switched on for Status and Owner",
        "yes: rows of our own user are marked",
        (Kind.STATUS_EDIT, Kind.OWNER_EDIT),
    ),
    Signal(
        "opportunity: open, won, lost",
        "salesforce",
        "Opportunity",
        ("stage", "closed", "won", "closed_on", "stage_changed_at"),
        "dated; won and lost by the last stage change, else the close date",
        API,
        "no: we write none",
        (Kind.DEAL,),
    ),
    Signal(
        "opt-out, bounce, legal basis",
        "salesforce",
        "Lead",
        ("opted_out", "bounced", "legal_basis"),
        STATE,
        f"{API}; often hidden by field-level security",
    ),
    Signal("status, owner", "salesforce", "Lead", ("status", "owner"), STATE, API, "yes: our own writes are recognised"),
    Signal("conversion", "salesforce", "Lead", ("converted", "converted_to"), STATE, API),
    Signal("Lead deleted or merged", "salesforce", "Lead.deleted", (), DATED, API),
    Signal("the person after conversion", "salesforce", "Contact", ("account", "owner", "opted_out", "bounced"), STATE, API),
    Signal(
        "account: size, industry, named account",
        "salesforce",
        "Account",
        ("domain", "industry", "employees", "revenue", "type", "target_account"),
        STATE,
        API,
    ),
)


def signal_table() -> str:
    """One row per signal, vendor names from the field maps."""
    return table(("signal", "stream", "property or field", "tier", "dating", "ours?"), (_row(signal) for signal in SIGNALS))


@lru_cache
def field_map(system: str) -> FieldMap:
    """The shipped map."""
    return load_field_map(system)


def _row(signal: Signal) -> tuple[str, ...]:
    stream = (HUBSPOT if signal.system == "hubspot" else SALESFORCE)[signal.stream]
    system = "hubspot_leads" if stream.object_name == "leads" else signal.system
    specs = field_map(system).fields(stream.object_name)
    names = ", ".join(f"`{specs[field].name}`" for field in signal.fields)
    return signal.says, f"{signal.system} `{signal.stream}`", names or "the record itself", signal.tier, signal.dating, signal.ours


def call_table() -> str:
    """One row per stream."""
    rows = [(f"hubspot `{name}`", *_hubspot_calls(name)) for name in HUBSPOT]
    rows += [(f"salesforce `{name}`", *_salesforce_calls(name)) for name in SALESFORCE]
    return table(("stream", "endpoint", "first load", "increment"), rows)


def _hubspot_calls(name: str) -> tuple[str, str, str]:
    listed = f"{-(-1_000 // LIST_PAGE)}"
    path = f"`/crm/objects/…/{HUBSPOT[name].object_name}`"
    if HUBSPOT[name].archived:
        return f"{path} list, `archived=true`", listed, f"{listed}: the listing has no filter"
    more = f" + {-(-1_000 // ASSOCIATIONS_BATCH)} for associations" if HUBSPOT[name].about_contacts else ""
    return f"{path} list, then search", listed, f"{-(-1_000 // SEARCH_PAGE)}{more}"


def _salesforce_calls(name: str) -> tuple[str, str, str]:
    if name == "Lead.deleted":
        return "`sobjects/Lead/deleted/`", "0", "1 a run, and one query for merges"
    pages = f"{1_000 / SALESFORCE_PAGE:g}"
    children = list((SALESFORCE[name].children or {}).keys())
    return f"`queryAll` on `{SALESFORCE[name].object_name}`" + (f" with {', '.join(children)}" if children else ""), pages, pages
