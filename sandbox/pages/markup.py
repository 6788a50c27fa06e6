"""HTML from Python, escaped by construction: text is escaped unless it was made by `tag` itself."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_WHOLE = re.compile(r"-?\d+\.0")
VOID = frozenset({"input", "link", "meta", "br", "hr"})


class Markup(str):
    """Text that is HTML already; only `tag` and `join` make it."""

    __slots__ = ()


Child = str | int | None | Iterable["Child"]


def render(child: Child) -> str:
    """A child as HTML: None is nothing, iterables are joined, text is escaped."""
    if child is None:
        return ""
    if isinstance(child, Markup):
        return str(child)
    if isinstance(child, (str, int)):
        return escape(str(child))
    return "".join(render(one) for one in child)


def tag(name: str, /, *children: Child, **attributes: str | None) -> Markup:
    """An element; `class_` and `for_` lose their underscore, an attribute of None is left out."""
    written = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"' for key, value in attributes.items() if value is not None)
    if name in VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{render(children)}</{name}>")


def link(href: str, *children: Child, class_: str | None = None) -> Markup:
    """A link."""
    return tag("a", *children, href=href, class_=class_)


def page(title: str, now: datetime, *children: Child) -> str:
    """A whole page with the head, the bar and the business time."""
    head = tag(
        "head", tag("meta", charset="utf-8"), tag("meta", name="viewport", content="width=device-width, initial-scale=1"), tag("title",
        f"{title} · sandbox"),
        tag("link", rel="stylesheet", href="/ui/style.css"),
    )  # fmt: skip
    bar = tag(
        "header", link("/ui/", "sandbox", class_="home"), link("/ui/hubspot", "HubSpot"), link("/ui/salesforce", "Salesforce"),
        tag("span", f"business time {moment(now)}", class_="clock"),
    )  # fmt: skip
    return f"<!doctype html>{tag('html', head, tag('body', bar, tag('main', *children)), lang='en')}"


def moment(at: datetime | None) -> str:
    """An instant for a reader, UTC: 16 Nov 2026 15:23."""
    return "" if at is None else at.astimezone(UTC).strftime("%-d %b %Y %H:%M")


def readable(text: str) -> str:
    """A stored date-time as `moment` tells it, a whole number without its .0; any other text as it is."""
    if _WHOLE.fullmatch(text):
        return text.removesuffix(".0")
    try:
        return moment(datetime.fromisoformat(text)) if _INSTANT.match(text) else text
    except ValueError:
        return text
