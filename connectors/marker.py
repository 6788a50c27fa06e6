"""The line in a task's text by which handoff finds its own task again where the CRM gives it no unique field."""

from __future__ import annotations

import re

_MARKER = re.compile(r"\[handoff:([^\]\s]+)\]")


def marked(body: str, unique_key: str) -> str:
    """`body` with the marker as its last line."""
    return f"{body}\n[handoff:{_escaped(unique_key)}]".lstrip("\n")


def key_in(body: str) -> str:
    """The unique key in a task's text; "" when it is not handoff's."""
    found = _MARKER.search(body)
    return found.group(1).replace("%5D", "]").replace("%20", " ").replace("%25", "%") if found else ""


def _escaped(unique_key: str) -> str:
    return unique_key.replace("%", "%25").replace(" ", "%20").replace("]", "%5D")
