"""Where leads come from: the article's six channels, the forms on the site and the campaigns they belong to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Form:
    """A form: its key here, GUID and name in HubSpot, kind, and the Salesforce campaign that records the same response."""

    key: str
    guid: str
    name: str
    kind: str
    campaign: str


FORMS: tuple[Form, ...] = (
    Form("demo", "d3a0c1de-0001-4f6b-9a51-2c7be0a1d001", "Request a demo", "hand_raise", "Request a demo"),
    Form("contact", "d3a0c1de-0002-4f6b-9a51-2c7be0a1d002", "Contact sales", "hand_raise", "Contact sales"),
    Form("pricing", "d3a0c1de-0003-4f6b-9a51-2c7be0a1d003", "Pricing request", "hand_raise", "Pricing request"),
    Form("trial", "d3a0c1de-0004-4f6b-9a51-2c7be0a1d004", "Start free trial", "trial", "Start free trial"),
    Form(
        "whitepaper_handoff",
        "d3a0c1de-0005-4f6b-9a51-2c7be0a1d005",
        "Whitepaper: The lead handoff playbook",
        "content",
        "Whitepaper: handoff playbook",
    ),
    Form(
        "whitepaper_routing", "d3a0c1de-0006-4f6b-9a51-2c7be0a1d006", "Whitepaper: Routing without tears", "content", "Whitepaper: routing"
    ),
    Form("ebook_benchmarks", "d3a0c1de-0007-4f6b-9a51-2c7be0a1d007", "E-book: 2026 pipeline benchmarks", "content", "E-book: benchmarks"),
    Form(
        "webinar_autumn",
        "d3a0c1de-0008-4f6b-9a51-2c7be0a1d008",
        "Webinar registration: Sales and marketing alignment",
        "webinar",
        "Webinar: alignment",
    ),
    Form("newsletter", "d3a0c1de-0009-4f6b-9a51-2c7be0a1d009", "Newsletter sign-up", "newsletter", "Newsletter"),
)
FORM_BY_KEY = {form.key: form for form in FORMS}
HAND_RAISE_FORMS = tuple(form.key for form in FORMS if form.kind == "hand_raise")


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel: HubSpot's source words, Salesforce's LeadSource, the content form it brings and its share of 100."""

    key: str
    label: str
    hubspot_source: str
    hubspot_detail: str
    lead_source: str
    forms: tuple[str, ...]
    share: int


CHANNELS: tuple[Channel, ...] = (
    Channel(
        "organic",
        "Organic search",
        "ORGANIC_SEARCH",
        "unknown keywords (ssl)",
        "Web",
        ("whitepaper_handoff", "ebook_benchmarks", "newsletter"),
        16,
    ),
    Channel(
        "content_syndication", "Content syndication", "OFFLINE", "IMPORT", "Purchased List", ("whitepaper_routing", "ebook_benchmarks"), 24
    ),
    Channel("email", "E-mail marketing", "EMAIL_MARKETING", "autumn-series", "Other", ("ebook_benchmarks", "whitepaper_handoff"), 12),
    Channel("webinar", "Webinars", "OTHER_CAMPAIGNS", "webinar-alignment", "Other", ("webinar_autumn",), 12),
    Channel("adwords", "Adwords", "PAID_SEARCH", "brand-and-category", "Web", ("whitepaper_handoff", "trial"), 20),
    Channel("linkedin", "LinkedIn", "PAID_SOCIAL", "LinkedIn", "Web", ("whitepaper_routing",), 16),
)
