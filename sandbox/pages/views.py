"""Content drawn as HTML."""

from typing import Any
from urllib.parse import urlencode

from sandbox.pages.content import PAGE_ROWS, Activity, Group, Listing, Query, RecordPage, Write
from sandbox.pages.markup import Child, Markup, link, moment, readable, tag

_NAMES = {"hubspot": "HubSpot", "salesforce": "Salesforce"}


def home(manifest: dict[str, Any], hubspot: dict[str, int], salesforce: dict[str, int]) -> Child:
    """The two CRMs side by side."""
    if not manifest:
        return [tag("h1", "An empty sandbox"), tag("p", "POST /_sandbox/seed fills it with a world.", class_="sub")]
    about = f"world {manifest['world']}, seed {manifest['seed']}, {manifest['leads']} leads, epoch {manifest['epoch']}"
    cards = [
        _crm(vendor, counts, manifest)
        for vendor, counts in (("hubspot", hubspot), ("salesforce", salesforce))
        if vendor in manifest["crms"]
    ]
    return [tag("h1", "Company A"), tag("p", about, class_="sub"), tag("div", cards, class_="cards"), _planted(manifest), _team(manifest)]


def _crm(vendor: str, counts: dict[str, int], manifest: dict[str, Any]) -> Markup:
    listed = [tag("li", tag("b", f"{n:,}"), name) for name, n in counts.items()]
    rows = [
        tag(
            "tr",
            tag("td", link(f"/ui/{vendor}?{urlencode({'status': one['value']})}", one["label"])),
            tag("td", f"{one['count']:,}", class_="num"),
            tag("td", one["meaning"]),
        )
        for one in manifest["statuses"]
        if one["crm"] == vendor
    ]
    table = tag("table", tag("tr", tag("th", "status"), tag("th", "at the start"), tag("th", "what people mean by it")), rows)
    heading = tag("h2", link(f"/ui/{vendor}", f"{_NAMES[vendor]} →"))
    return tag("section", heading, tag("ul", listed, class_="counts"), table, class_=f"card {vendor}")


def _planted(manifest: dict[str, Any]) -> Markup:
    """What the world holds on purpose, with a lead of each kind to look at."""
    rows = [
        tag(
            "tr",
            tag("td", entry["meaning"]),
            tag("td", f"{entry['count']:,}", class_="num"),
            tag("td", _example(entry["records"][0])),
        )
        for entry in manifest["planted"].values()
    ]
    head = tag("tr", tag("th", "planted"), tag("th", "how many"), tag("th", "for example"))
    return tag("section", tag("h2", "What is in this world"), tag("table", head, rows), class_="card")


def _example(one: dict[str, str]) -> Child:
    addresses = {"hubspot": "/ui/hubspot/contacts/", "salesforce": "/ui/salesforce/Lead/"}
    return [[link(addresses[crm] + record_id, _NAMES[crm]), " "] for crm, record_id in one.items()]


def _team(manifest: dict[str, Any]) -> Markup:
    rows = [
        tag(
            "tr", tag("td", one["name"], None if one["active"] else tag("span", "left", class_="badge gone")), tag("td",
            one["role"].replace("_", " ")),
            tag("td", ", ".join(one["territories"])), tag("td", one["email"]), tag("td", _their_leads(one)),
        )
        for one in manifest["people"]
    ]  # fmt: skip
    head = tag("tr", [tag("th", name) for name in ("colleague", "role", "territories", "e-mail", "their records")])
    return tag("section", tag("h2", "The team"), tag("table", head, rows), class_="card")


def _their_leads(one: dict[str, Any]) -> Child:
    keys = (("hubspot", one["hubspot_owner_id"]), ("salesforce", one["salesforce_user_id"]))
    return [[link(f"/ui/{vendor}?{urlencode({'owner': owner})}", _NAMES[vendor]), " "] for vendor, owner in keys if owner]


def listing(found: Listing, query: Query) -> Child:
    """A list with its filters and pages."""
    path = f"/ui/{found.vendor}"
    asked = query.field[0]
    names = ["name", "e-mail", "company", "status", "owner", "arrived", "changed", *([asked] if asked else [])]
    rows = [
        tag(
            "tr", tag("td", link(one.href, one.name)), tag("td", one.email), tag("td", one.company), tag("td", one.status), tag("td",
            one.owner or "nobody"),
            tag("td", moment(one.created), class_="when"), tag("td", moment(one.modified), class_="when"), tag("td",
            one.asked) if asked else None,
        )
        for one in found.records
    ]  # fmt: skip
    table = (
        tag("table", tag("tr", [tag("th", name) for name in names]), rows)
        if rows
        else tag("p", found.problem or "Nothing found.", class_="empty")
    )
    title = tag("h1", f"{_NAMES[found.vendor]}: {found.title}")
    section = tag("section", _filters(path, found, query), table, _pager(path, found.total, query), class_=f"card {found.vendor}")
    return [title, tag("p", f"{found.total:,} found, the last changed first", class_="sub"), section]


def _filters(path: str, found: Listing, query: Query) -> Markup:
    return tag(
        "form",
        tag("input", type="search", name="q", value=query.words, placeholder="name or e-mail", aria_label="name or e-mail"),
        _choice("owner", "any owner", found.owners, query.owner),
        _choice("status", "any status", found.statuses, query.status),
        tag("input", name="filter", value=query.filter, placeholder="field=value, such as handoff_stage=offered", aria_label="field=value"),
        tag("button", "Show"),
        link(path, "clear"),
        method="get", action=path, class_="filters",
    )  # fmt: skip


def _choice(name: str, empty: str, options: list[tuple[str, str]], chosen: str) -> Markup:
    made = [tag("option", label, value=value, selected="selected" if value == chosen else None) for value, label in [("", empty), *options]]
    return tag("select", made, name=name, aria_label=name)


def _pager(path: str, total: int, query: Query) -> Markup:
    pages = max(1, -(-total // PAGE_ROWS))

    def to(number: int, text: str) -> Child:
        given = {"q": query.words, "owner": query.owner, "status": query.status, "filter": query.filter, "page": str(number)}
        return (
            link(f"{path}?{urlencode({name: value for name, value in given.items() if value})}", text)
            if 1 <= number <= pages and number != query.page
            else None
        )

    return tag(
        "div", to(query.page - 1, "← newer"), tag("span", f"page {query.page} of {pages}"), to(query.page + 1, "older →"), class_="pager"
    )


def record(found: RecordPage) -> Child:
    """A record: fields on the left, activities and timeline on the right."""
    badges = [tag("span", text, class_=f"badge {kind}".strip()) for text, kind in found.badges]
    near = [[link(href, text), " "] for href, text in found.related]
    left = tag("div", [_group(group, found.vendor) for group in found.groups])
    right = tag("div", _activities(found.activities), _timeline(found.timeline))
    related = tag("p", near, class_="sub") if near else None
    return [tag("h1", found.title, badges), tag("p", found.subtitle, class_="sub"), related, tag("div", left, right, class_="record")]


def _group(group: Group, vendor: str) -> Markup:
    lines = [
        [
            tag("dt", one.label, tag("br"), tag("code", one.name)) if group.own else tag("dt", one.label, title=one.name),
            tag("dd", readable(one.value) or tag("span", "–", class_="empty")),
        ]
        for one in group.fields
    ]
    return tag("section", tag("h2", group.label), tag("dl", lines), class_=f"card {vendor}{' own' if group.own else ''}")


def _activities(activities: list[Activity]) -> Markup:
    rows = [
        tag(
            "tr",
            tag("td", moment(one.at), class_="when"),
            tag("td", one.kind, tag("span", "open", class_="badge open") if one.open_ else None),
            tag("td", one.text),
            tag("td", one.who),
        )
        for one in activities
    ]
    return tag(
        "section", tag("h2", "Activities and tasks"), tag("table", rows) if rows else tag("p", "None.", class_="empty"), class_="card"
    )


def _timeline(timeline: list[Write]) -> Markup:
    return tag(
        "section", tag("h2", "Timeline"), [_write(one) for one in timeline] or tag("p", "Nothing yet.", class_="empty"), class_="card"
    )


def _write(one: Write) -> Markup:
    lines = [tag("li", change.label, ": " if change.new or change.old else None, _change(change.old, change.new)) for change in one.changes]
    reason = tag("p", one.reason, class_="reason") if one.reason else None
    head = tag("div", moment(one.at), " · ", tag("b", one.author), f" ({one.kind})", class_="head")
    return tag("div", head, reason, tag("ul", lines), class_=f"write {one.kind}")


def _change(old: str, new: str) -> Child:
    if old and old != new:
        return [tag("span", readable(old), class_="old"), " → ", readable(new) or "(blank)"]
    return readable(new)


def missing(text: str) -> Child:
    """The page for what is not there."""
    return [tag("h1", "Not found"), tag("p", text, " ", link("/ui/", "To the home page."), class_="sub")]
