"""The pages over HTTP: read the address, gather the content, draw it."""

from importlib.resources import files
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sandbox.pages import views
from sandbox.pages.content import Query
from sandbox.pages.hubspot_records import HubSpotRecords
from sandbox.pages.markup import page
from sandbox.pages.salesforce_records import SalesforceRecords
from sandbox.salesforce.ids import normalize

if TYPE_CHECKING:
    from sandbox.core import Sandbox
    from sandbox.pages.markup import Child

SAFE = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
}
COUNTED_TYPES = ("contacts", "companies", "deals", "calls", "emails", "meetings", "tasks", "notes")
COUNTED_OBJECTS = ("Lead", "Contact", "Account", "Opportunity", "Task", "Event", "CampaignMember")


class Pages:
    """Every page as an endpoint."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox
        self._hubspot = HubSpotRecords(sandbox)
        self._salesforce = SalesforceRecords(sandbox)
        self._style = files("sandbox.pages").joinpath("style.css").read_bytes()

    async def to_home(self, _request: Request) -> Response:
        """To the home page."""
        return RedirectResponse("/ui/")

    async def home(self, _request: Request) -> Response:
        """Both CRMs with their counts."""
        return self._page("Home", views.home(self._sandbox.control.manifest, self._counts("hubspot"), self._counts("salesforce")))

    async def style(self, _request: Request) -> Response:
        """The one style sheet."""
        return Response(self._style, media_type="text/css", headers={"Cache-Control": "max-age=60"})

    async def hubspot_list(self, request: Request) -> Response:
        """Contacts."""
        query = _query(request)
        return self._page("HubSpot contacts", views.listing(self._hubspot.listing(query), query))

    async def salesforce_list(self, request: Request) -> Response:
        """Leads."""
        query = _query(request)
        return self._page("Salesforce leads", views.listing(self._salesforce.listing(query), query))

    async def hubspot_record(self, request: Request) -> Response:
        """One HubSpot record; `kind` is a name such as contacts or a type id such as 0-1."""
        portal = request.path_params.get("portal")
        found = self._hubspot.record(request.path_params["kind"], request.path_params["id"])
        if found is None or portal not in (None, str(self._sandbox.hubspot.portal_id)):
            return self._missing("No such record in this portal.")
        return self._page(found.title, views.record(found))

    async def salesforce_record(self, request: Request) -> Response:
        """One Salesforce record."""
        found = self._salesforce.record(request.path_params["kind"], request.path_params["id"])
        return self._missing("No such record in this org.") if found is None else self._page(found.title, views.record(found))

    async def salesforce_short_link(self, request: Request) -> Response:
        """`/00Q...`: where Salesforce redirects to the record's page."""
        record_id = normalize(request.path_params["id"])
        kind = self._salesforce.object_of(record_id) if record_id else None
        return self._missing("No such page.") if kind is None else RedirectResponse(f"/lightning/r/{kind}/{record_id}/view")

    async def missing(self, _request: Request) -> Response:
        """No such page."""
        return self._missing("No such page.")

    def _counts(self, vendor: str) -> dict[str, int]:
        store = self._sandbox.store
        if vendor == "salesforce":
            return {name: int(store.scalar(f'SELECT COUNT(*) FROM "sf_{name}" WHERE NOT "IsDeleted"')) for name in COUNTED_OBJECTS}
        return {name: self._hubspot.count(name) for name in COUNTED_TYPES}

    def _page(self, title: str, content: "Child", status: int = 200) -> Response:
        self._sandbox.control.catch_up()
        return Response(page(title, self._sandbox.clock.now(), content), status, media_type="text/html", headers=SAFE)

    def _missing(self, text: str) -> Response:
        return self._page("Not found", views.missing(text), 404)


def _query(request: Request) -> Query:
    given = request.query_params
    number = given.get("page", "1")
    page_number = max(1, int(number)) if number.isdecimal() and len(number) < 8 else 1
    words, owner, status, asked = (given.get(name, "").strip() for name in ("q", "owner", "status", "filter"))
    return Query(words, owner, status, asked, page_number)
