"""The shapes of request bodies, and the one walker that reads a body by its shape.

A shape is TEXT, NUMBER or ANY, a list of one shape, a dict of shapes by key, or a tuple of alternatives. It is read as HubSpot's JSON
binding reads it: a number or a boolean will do for text, digits in quotes for a number, null is as good as absent, and keys that no shape
names stay as they are.
"""

from __future__ import annotations

import re
from typing import Any

from sandbox.hubspot import exceptions

Shape = str | list["Shape"] | dict[str, "Shape"] | tuple["Shape", ...]
TEXT, NUMBER, ANY = "text", "number", "anything"
_WHOLE = re.compile(r"-?[0-9]{1,18}")

_LINK_TYPES: Shape = [{"associationCategory": TEXT, "associationTypeId": NUMBER}]
_END: Shape = {"id": TEXT}
RECORD: Shape = {
    "id": TEXT,
    "idProperty": TEXT,
    "objectWriteTraceId": TEXT,
    "properties": ANY,
    "associations": [{"to": _END, "types": _LINK_TYPES}],
}
RECORDS: Shape = {"inputs": [RECORD], "idProperty": TEXT, "properties": [TEXT], "propertiesWithHistory": [TEXT]}
_FILTERS: Shape = [{"propertyName": TEXT, "operator": TEXT, "value": TEXT, "highValue": TEXT, "values": [TEXT]}]
SEARCH: Shape = {
    "query": TEXT,
    "limit": NUMBER,
    "after": TEXT,
    "properties": [TEXT],
    "sorts": [(TEXT, {"propertyName": TEXT, "direction": TEXT})],
    "filters": _FILTERS,
    "filterGroups": [{"filters": _FILTERS}],
}
MERGE: Shape = {"primaryObjectId": TEXT, "objectIdToMerge": TEXT}
LINKS: Shape = _LINK_TYPES
LINK_SOURCES: Shape = {"inputs": [{"id": TEXT}]}
PAIRS: Shape = {"inputs": [{"from": _END, "to": _END, "types": _LINK_TYPES}]}
PAIRS_OF_ONE: Shape = {"inputs": [{"from": _END, "to": [_END]}]}
PROPERTY: Shape = {
    **dict.fromkeys(("name", "label", "type", "fieldType", "groupName", "description"), TEXT),
    "displayOrder": NUMBER,
    "options": [{"label": TEXT, "value": TEXT, "description": TEXT, "displayOrder": NUMBER, "hidden": ANY}],
}
PROPERTIES: Shape = {"inputs": [PROPERTY]}
GROUP: Shape = {"name": TEXT, "label": TEXT, "displayOrder": NUMBER}
LIST_SEARCH: Shape = {"query": TEXT, "count": NUMBER, "offset": NUMBER}


def whole(value: object) -> int | None:
    """A number that may be an id, a cursor or a size: ASCII digits, few enough for any database; None for anything else."""
    text = str(value)
    return int(text) if _WHOLE.fullmatch(text) and not text.startswith("-") else None


def read(value: Any, shape: Shape, at: str = "body") -> Any:
    """The value without nulls, its numbers as numbers. HubSpotError 400 where it has another shape."""
    if isinstance(shape, tuple):
        return read(value, next((each for each in shape if _is_kind(value, each)), shape[0]), at)
    if not _is_kind(value, shape):
        raise exceptions.invalid_json(f"Cannot deserialize value of {at} from {type(value).__name__}")
    if isinstance(shape, list):
        return [read(each, shape[0], f"{at}[{position}]") for position, each in enumerate(value)]
    if isinstance(shape, dict):
        known = {key: read(value[key], inner, f"{at}.{key}") for key, inner in shape.items() if value.get(key) is not None}
        return {**{key: each for key, each in value.items() if key not in shape}, **known}
    return int(value) if shape == NUMBER else value


def _is_kind(value: Any, shape: Shape) -> bool:
    if isinstance(shape, (list, dict)):
        return isinstance(value, list if isinstance(shape, list) else dict)
    if shape == NUMBER:
        return not isinstance(value, (bool, float)) and isinstance(value, (int, str)) and _WHOLE.fullmatch(str(value)) is not None
    return shape == ANY or isinstance(value, (str, int, float))
