"""The pages' addresses, the CRMs' own deep links among them."""

from typing import TYPE_CHECKING

from starlette.routing import BaseRoute, Route

from sandbox.pages.responses import Pages

if TYPE_CHECKING:
    from sandbox.core import Sandbox


def routes(sandbox: "Sandbox") -> list[BaseRoute]:
    """Home, two lists, records, the style sheet, and the links that CRM users know."""
    pages = Pages(sandbox)
    return [
        Route("/", pages.to_home),
        Route("/ui", pages.to_home),
        Route("/ui/", pages.home),
        Route("/ui/style.css", pages.style),
        Route("/ui/hubspot", pages.hubspot_list),
        Route("/ui/salesforce", pages.salesforce_list),
        Route("/ui/hubspot/{kind}/{id}", pages.hubspot_record),
        Route("/ui/salesforce/{kind}/{id}", pages.salesforce_record),
        Route("/contacts/{portal}/record/{kind}/{id}", pages.hubspot_record),
        Route("/lightning/r/{kind}/{id}/view", pages.salesforce_record),
        Route("/ui/{rest:path}", pages.missing),
        Route("/{id:str}", pages.salesforce_short_link),
    ]
