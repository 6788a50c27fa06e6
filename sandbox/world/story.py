"""The neutral facts about one lead, before any CRM's words. All times are epoch milliseconds, UTC."""

from dataclasses import dataclass

from sandbox.world.kinds import OUT_OF_SCOPE, Place
from sandbox.world.sources import FORM_BY_KEY
from sandbox.world.statuses import SIDE
from sandbox.world.team import is_active


@dataclass(frozen=True, slots=True)
class Company:
    """An employer. `relation`: prospect, customer, partner, competitor or vendor; `target` marks a named account, `owner` its executive."""

    number: int
    name: str
    domain: str
    industry: str
    employees: int
    revenue: int
    relation: str = "prospect"
    target: bool = False
    owner: str | None = None


@dataclass(frozen=True, slots=True)
class Touch:
    """A call, e-mail or meeting that a colleague did: outcome in plain words, length in seconds, done by a mail sequence or by hand."""

    kind: str
    at: int
    rep: str
    outcome: str
    seconds: int = 0
    automated: bool = False


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A task still to be done; `due` None means undated."""

    subject: str
    created: int
    due: int | None
    rep: str


@dataclass(frozen=True, slots=True)
class Person:
    """Who the lead is, as typed."""

    first: str
    last: str
    email: str | None
    phone: str
    title: str
    seniority: str | None
    country_typed: str
    country: str
    state: str
    city: str
    postal_code: str
    territory: str
    technology: tuple[str, ...]
    budget: str | None


@dataclass(frozen=True, slots=True)
class Story:
    """One lead and everything that happened to it up to the world's epoch."""

    index: int
    place: Place
    person: Person
    company: Company | None
    channel: str
    created: int
    owner: str | None
    salesforce_owner: str | None
    in_hubspot: bool
    in_salesforce: bool
    logs_in: str
    status: dict[str, str]
    submissions: tuple[tuple[str, int], ...] = ()
    touches: tuple[Touch, ...] = ()
    replies: tuple[int, ...] = ()
    meetings_ahead: tuple[int, ...] = ()
    tasks: tuple[OpenTask, ...] = ()
    last_send: int | None = None
    sends: int = 0
    last_click: int | None = None
    last_visit: int | None = None
    visits: int = 0
    reason: str | None = None
    explicit_link: bool = False
    second_email: str | None = None

    @property
    def dirt(self) -> str:
        """The dirt planted on this lead, '' for none."""
        return self.place.dirt

    @property
    def record_of_status(self) -> str:
        """The CRM whose status and owner count: Salesforce where a Lead exists, else HubSpot."""
        return "salesforce" if self.in_salesforce else "hubspot"

    @property
    def current_owner(self) -> str | None:
        """The owner in the CRM of record."""
        return self.salesforce_owner if self.in_salesforce else self.owner

    @property
    def in_scope(self) -> bool:
        """Whether the handover may concern this lead at all."""
        return self.place.kind not in OUT_OF_SCOPE

    @property
    def side(self) -> str:
        """Who owes the next step according to the status of record."""
        return SIDE[self.record_of_status, self.status[self.record_of_status]]

    @property
    def hand_raise_at(self) -> int | None:
        """The latest hand-raise, or None."""
        return max((at for form, at in self.submissions if FORM_BY_KEY[form].kind == "hand_raise"), default=None)

    @property
    def has_dated_step(self) -> bool:
        """An active owner and an open task with a due date."""
        return is_active(self.current_owner) and any(task.due is not None and is_active(task.rep) for task in self.tasks)
