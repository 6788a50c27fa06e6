"""What a page shows, in neither vendor's shape."""

from dataclasses import dataclass
from datetime import datetime

PAGE_ROWS = 50


@dataclass(frozen=True)
class Query:
    """A reader's question to a list: words in name or e-mail, owner id, status, 'field=value' (or 'field' for any value), page from 1."""

    words: str = ""
    owner: str = ""
    status: str = ""
    filter: str = ""
    page: int = 1

    @property
    def field(self) -> tuple[str, str | None]:
        """Field name and wanted value of the filter; ('', None) without one, a value of None for 'set at all'."""
        name, equals, value = self.filter.partition("=")
        return name.strip(), value.strip() if equals else None


@dataclass(frozen=True)
class ListedRecord:
    """One line of a list."""

    href: str
    name: str
    email: str
    status: str
    owner: str
    company: str
    created: datetime | None
    modified: datetime | None
    asked: str = ""


@dataclass(frozen=True)
class Listing:
    """One page of a list; owners and statuses fill the form as (value, label); `problem` says why a filter found nothing."""

    vendor: str
    title: str
    records: list[ListedRecord]
    total: int
    owners: list[tuple[str, str]]
    statuses: list[tuple[str, str]]
    problem: str = ""


@dataclass(frozen=True)
class Shown:
    """One field with its label, API name and readable value."""

    label: str
    name: str
    value: str


@dataclass(frozen=True)
class Group:
    """Fields under one heading; `own` marks what was added to the CRM."""

    label: str
    fields: list[Shown]
    own: bool = False


@dataclass(frozen=True)
class Activity:
    """A call, mail, meeting, note or task; `open_` for what is still to be done."""

    at: datetime | None
    kind: str
    text: str
    who: str
    open_: bool = False


@dataclass(frozen=True)
class Change:
    """One field of a write."""

    label: str
    old: str
    new: str


@dataclass(frozen=True)
class Write:
    """Everything one author wrote at one moment; `reason` is the line that came with it."""

    at: datetime
    author: str
    kind: str
    changes: list[Change]
    reason: str = ""


@dataclass(frozen=True)
class RecordPage:
    """One record."""

    vendor: str
    title: str
    subtitle: str
    badges: list[tuple[str, str]]
    groups: list[Group]
    activities: list[Activity]
    timeline: list[Write]
    related: list[tuple[str, str]]
