"""What every HubSpot endpoint shares: the call as parsed, the reply as sent, and how a record is shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import orjson

from sandbox.hubspot import exceptions, object_types, shapes
from sandbox.hubspot.associations import link_types
from sandbox.hubspot.history import entries_of
from sandbox.hubspot.history import shown as shown_history
from sandbox.hubspot.records import own_properties
from sandbox.hubspot.values import iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from starlette.datastructures import QueryParams

    from sandbox.apps import App, Grant
    from sandbox.author import Author
    from sandbox.faults import Fault
    from sandbox.hubspot.history import Write
    from sandbox.hubspot.models import HubSpot
    from sandbox.hubspot.object_types import ObjectType
    from sandbox.hubspot.records import Row

MAX_PAGE, MAX_PAGE_WITH_HISTORY = 100, 50
_EMAIL_CONTENT = frozenset({"hs_email_text", "hs_email_html", "hs_email_headers"})


@dataclass(frozen=True)
class Reply:
    """Status, JSON-ready body (None: no content) and further headers."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Call:
    """One request to one portal, its credential checked.

    `raw` is the body's bytes, `shape` what it is to hold, `version` the path's version segment.
    """

    portal: HubSpot
    method: str
    path: str
    version: str
    query: QueryParams
    raw: bytes
    grant: Grant | None
    parts: Mapping[str, str]
    content_type: str = ""
    fault: Fault | None = None
    shape: shapes.Shape = shapes.ANY
    _views: dict[tuple[str, ...], View] = field(default_factory=dict)

    @property
    def app(self) -> App:
        """The calling app; routes without a credential do not ask."""
        if self.grant is None:
            raise exceptions.no_credentials()
        return self.grant.app

    @cached_property
    def author(self) -> Author:
        """Who writes."""
        return self.app.author

    @cached_property
    def kind(self) -> ObjectType:
        """The object type in the path."""
        return self.type_of("object_type")

    def written(self, names: Iterable[str]) -> View:
        """The view of a record that was just written, in these properties; the records of a batch mostly share one."""
        listed = tuple(names)
        if listed not in self._views:
            self._views[listed] = View.of(self, listed, (), ())
        return self._views[listed]

    def type_of(self, part: str) -> ObjectType:
        """The object type named by a part of the path; 400 for one HubSpot does not know."""
        found = object_types.find(self.parts[part])
        if found is None:
            raise exceptions.unknown_object_type(self.parts[part])
        return found

    @property
    def is_dated(self) -> bool:
        """Whether the path names a date-based version."""
        return not self.version.startswith("v")

    @cached_property
    def parsed(self) -> Any:
        """The body as JSON in its shape, read once; 400 where it is none or has another."""
        try:
            found = orjson.loads(self.raw)
        except orjson.JSONDecodeError as broken:
            raise exceptions.invalid_json(str(broken)) from None
        return shapes.read(found, self.shape)

    def json(self) -> dict[str, Any]:
        """The body as an object; 400 where it is not."""
        if not isinstance(self.parsed, dict):
            raise exceptions.invalid_json("Cannot deserialize value of type object")
        return self.parsed

    def inputs(self, limit: int) -> list[dict[str, Any]]:
        """The inputs of a batch; 400 for none, for too many and for a wrong shape."""
        inputs = self.json().get("inputs")
        if not isinstance(inputs, list) or not all(isinstance(each, dict) for each in inputs):
            raise exceptions.invalid_json("Some required fields were not set: [inputs]")
        if not inputs:
            raise exceptions.invalid("inputs must not be empty")
        if len(inputs) > limit:
            raise exceptions.too_many_inputs(limit, len(inputs))
        return inputs

    def flag(self, name: str) -> bool:
        """A boolean query parameter: `true` in any case; the first of repeated ones wins."""
        return self.first(name, "false").lower() == "true"

    def first(self, name: str, default: str = "") -> str:
        """A query parameter; the first of repeated ones wins."""
        values = self.query.getlist(name)
        return values[0] if values else default

    def names(self, name: str) -> list[str]:
        """A list parameter, repeated or divided by commas."""
        return [part for value in self.query.getlist(name) for part in value.split(",") if part]

    def limit(self, default: int, largest: int) -> int:
        """The page size; 400 outside 1 to `largest`."""
        text = self.first("limit", str(default))
        number = shapes.whole(text)
        if number is None or not 1 <= number <= largest:
            raise exceptions.invalid(f"Invalid input: limit must be between 1 and {largest}, got {text}")
        return number

    def after(self) -> int:
        """The paging cursor of the list endpoints: the id of the next record."""
        text = self.first("after", "0")
        number = shapes.whole(text)
        if number is None:
            raise exceptions.invalid(f"Invalid input: after is not a valid cursor: {text}")
        return number

    def next_link(self, after: int) -> dict[str, Any]:
        """The `paging` of a list reply; its link is the whole question, since there are clients that follow it and send nothing else."""
        asked = [(name, value) for name, value in self.query.multi_items() if name != "after"]
        question = urlencode([*asked, ("after", str(after))])
        return {"next": {"after": str(after), "link": f"{self.portal.sandbox.base_url}{self.path}?{question}"}}


@dataclass(frozen=True)
class View:
    """How records are to be shown: which properties, which with history, which associations."""

    call: Call
    kind: ObjectType
    properties: Sequence[str]
    with_history: Sequence[str] = ()
    associated: Sequence[str] = ()

    @classmethod
    def from_query(cls, call: Call) -> View:
        """The view a GET asks for."""
        return cls.of(call, call.names("properties"), call.names("propertiesWithHistory"), call.names("associations"))

    @classmethod
    def from_body(cls, call: Call, body: Mapping[str, Any]) -> View:
        """The view a search or batch read asks for."""
        return cls.of(call, body.get("properties") or [], body.get("propertiesWithHistory") or [], [])

    @classmethod
    def of(cls, call: Call, names: Sequence[str], with_history: Sequence[str], associated: Sequence[str]) -> View:
        """Only the properties that exist; HubSpot leaves the others out without a word."""
        kind, defined = call.kind, call.portal.schema.of(call.kind)
        wanted = [name for name in (names or kind.default_properties) if name in defined]
        return cls(call, kind, wanted, [name for name in with_history if name in defined], associated)

    def show(self, row: Row) -> dict[str, Any]:
        """One record. Requested but unset properties are null."""
        return self.show_all([row])[0]

    def show_all(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """Each record, their histories read at once."""
        if not self.with_history:
            return [self._record(row, ()) for row in rows]
        writes = self.call.portal.past.writes(self.kind, [row.id for row in rows])
        return [self._record(row, writes[row.id]) for row in rows]

    @cached_property
    def _names(self) -> tuple[str, ...]:
        always = ("hs_object_id", self.kind.created_property, self.kind.modified_properties[0])
        return tuple(dict.fromkeys((*always, *self.properties)))

    @cached_property
    def _hidden(self) -> frozenset[str]:
        """The content of e-mails needs a scope of its own."""
        hides = self.kind.plural == "emails" and "sales-email-read" not in self.call.app.scopes
        return _EMAIL_CONTENT.intersection(self._names) if hides else frozenset()

    @cached_property
    def _url(self) -> str:
        return record_url(self.call.portal, self.kind, "")

    def _record(self, row: Row, writes: Sequence[Write]) -> dict[str, Any]:
        own = own_properties(self.kind, row)
        values = {**row.data, **own}
        shown: dict[str, str | None] = dict(zip(self._names, map(values.get, self._names), strict=True))
        for name in self._hidden:
            shown[name] = None
        body: dict[str, Any] = {"id": own["hs_object_id"], "properties": shown}
        if self.with_history:
            found = entries_of(row, writes, self.with_history, self.call.portal.history_depth(self.kind))
            body["propertiesWithHistory"] = shown_history(found)
            shown.update(zip(self.with_history, map(values.get, self.with_history), strict=True))
        body["createdAt"], body["updatedAt"], body["archived"] = iso(row.created), iso(row.modified), row.archived is not None
        if row.archived is not None:
            body["archivedAt"] = iso(row.archived)
        if self.associated:
            body["associations"] = self._associations(row)
        if self.call.is_dated:
            body["url"] = f"{self._url}{row.id}"
        return body

    def _associations(self, row: Row) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in self.associated:
            other = object_types.find(name)
            if other is None and name in object_types.EMPTY:
                continue
            if other is None:
                raise exceptions.unknown_object_type(name)
            names = _link_names(self.kind, other)
            linked = self.call.portal.associations.read(self.kind, [row.id], other).get(row.id) if names else None
            if linked:
                shown = [{"id": str(other_id), "type": names[link]} for other_id, links in linked.items() for link in links]
                found[other.plural] = {"results": shown}
        return found


def _link_names(kind: ObjectType, other: ObjectType) -> dict[int, str]:
    """What each association type of a pair is called beside a record: the plain one is `unlabeled` where there is a labelled one, too."""
    links, name = link_types(kind, other), f"{kind.singular}_to_{other.singular}"
    has_label = any(link.label for link in links)
    return {link.type_id: name if link.label or not has_label else f"{name}_unlabeled" for link in links}


def record_url(portal: HubSpot, kind: ObjectType, record_id: int | str) -> str:
    """The deep link to a record's page, served by this sandbox."""
    return f"{portal.sandbox.base_url}/contacts/{portal.portal_id}/record/{kind.type_id}/{record_id}"
