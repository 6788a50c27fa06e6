"""Puts stories into HubSpot, a chunk at a time."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from sandbox.author import SYSTEM, Author
from sandbox.world import hubspot_rows as rows
from sandbox.world.companies import company_count
from sandbox.world.epoch import DAY_MS, from_ms
from sandbox.world.hubspot_rows import Engagement, Owners, Properties
from sandbox.world.planted import Planted
from sandbox.world.story import Story
from sandbox.world.tell import World

if TYPE_CHECKING:
    from sandbox.core import Sandbox

HUBSPOT_DEAL_KINDS = frozenset({"customer", "open_opportunity", "converted"})
# Association type ids contact -> engagement, contact -> primary company, deal -> contact. Source: HubSpot, 'Associations v4 guide'.
ENGAGEMENT_LINK = {"calls": 193, "emails": 197, "meetings": 199, "tasks": 203}
PRIMARY_COMPANY, DEAL_CONTACT, DEAL_COMPANY = 1, 3, 5
ARCHIVED_OF_BASE = 40
Loaded = tuple[str | None, Properties, datetime, datetime, list[tuple[str, str, datetime, str, str | None]] | None]


class HubSpotLoader:
    """Loads chunks of stories; `counts` says how many records of each type were made."""

    def __init__(self, sandbox: "Sandbox", world: World, owners: Owners) -> None:
        self._portal = sandbox.hubspot
        self._world = world
        self._owners = owners
        self._next = dict.fromkeys((*ENGAGEMENT_LINK, "deals"), rows.FIRST_ENGAGEMENT_ID)
        self._next_contact = rows.FIRST_CONTACT_ID + world.leads
        self.counts: dict[str, int] = {}

    def companies(self) -> None:
        """All companies, made a quarter before the first lead."""
        born = from_ms(self._world.now_ms - 180 * DAY_MS)
        numbers = range(company_count(self._world.leads))
        self._load(
            "companies", ((rows.company_id(n), rows.company(self._world.company(n), self._owners), born, born, None) for n in numbers)
        )

    def chunk(self, stories: Sequence[Story]) -> None:
        """The contacts of some stories with their engagements, deals and companies."""
        known = [story for story in stories if story.in_hubspot]
        self._load("contacts", (self._contact(story) for story in known))
        employed = ((rows.contact_id(s.index), rows.company_id(s.company.number)) for s in known if s.company is not None)
        self._portal.load_associations("contacts", "companies", employed, PRIMARY_COMPANY)
        made = [(story, engagement) for story in known for engagement in rows.engagements(story, self._owners)]
        for kind in ENGAGEMENT_LINK:
            self._engagements(kind, [(story, one) for story, one in made if one.object_type == kind])
        self._deals([story for story in known if story.place.kind in HUBSPOT_DEAL_KINDS])

    def _load(self, kind: str, loaded: Iterable[Loaded]) -> None:
        self.counts[kind] = self.counts.get(kind, 0) + len(self._portal.load(kind, loaded))

    def _contact(self, story: Story) -> Loaded:
        history = [
            (name, value, from_ms(at), source, source_id) for name, value, at, source, source_id in rows.history(story, self._owners)
        ]
        return (
            rows.contact_id(story.index),
            rows.contact(story, self._owners),
            from_ms(story.created),
            from_ms(rows.modified_at(story)),
            history,
        )

    def _ids(self, kind: str, count: int) -> list[str]:
        first = self._next[kind]
        self._next[kind] += count
        return [str(number) for number in range(first, first + count)]

    def _engagements(self, kind: str, made: Sequence[tuple[Story, Engagement]]) -> None:
        ids = self._ids(kind, len(made))
        self._load(kind, ((i, self._signed(one), from_ms(one.at), from_ms(one.at), None) for i, (_, one) in zip(ids, made, strict=True)))
        pairs = ((rows.contact_id(story.index), i) for i, (story, _) in zip(ids, made, strict=True))
        self._portal.load_associations("contacts", kind, pairs, ENGAGEMENT_LINK[kind])

    def _signed(self, engagement: Engagement) -> Properties:
        """With the source HubSpot notes: the screen of a colleague, a mail sequence, or the connected inbox."""
        if engagement.by is not None:
            user = str(self._owners.user_id[engagement.by])
            return engagement.properties | {
                "hs_object_source": "CRM_UI", "hs_object_source_label": "CRM_UI", "hs_object_source_id": f"userId:{user}",
                "hs_created_by_user_id": user,
                "hs_object_source_user_id": user,
            }  # fmt: skip
        source = "SEQUENCES" if "hs_sequence_id" in engagement.properties else "EMAIL_INTEGRATION"
        return engagement.properties | {"hs_object_source": source, "hs_object_source_label": source}

    def _deals(self, stories: Sequence[Story]) -> None:
        ids = self._ids("deals", len(stories))
        self._load("deals", (self._deal(i, story) for i, story in zip(ids, stories, strict=True)))
        links = [(i, rows.contact_id(story.index)) for i, story in zip(ids, stories, strict=True)]
        self._portal.load_associations("deals", "contacts", links, DEAL_CONTACT)
        employers = ((i, rows.company_id(s.company.number)) for i, s in zip(ids, stories, strict=True) if s.company is not None)
        self._portal.load_associations("deals", "companies", employers, DEAL_COMPANY)

    def _deal(self, deal_id: str, story: Story) -> Loaded:
        won = story.place.kind == "customer"
        stage = "closedwon" if won else "qualifiedtobuy"
        properties: Properties = {
            "dealname": f"{story.company.name if story.company else story.person.last} - platform", "amount": "24000",
            "pipeline": "default", "dealstage": stage,
            "hs_is_closed": str(won).lower(), "hs_is_closed_won": str(won).lower(), "hs_is_closed_lost": "false",
            "hubspot_owner_id": self._owners.owner_id[story.owner] if story.owner else None,
            "closedate": rows.iso(story.created if won else self._world.now_ms + 40 * DAY_MS),
            f"hs_v2_date_entered_{stage}": rows.iso(story.created),
        }  # fmt: skip
        return deal_id, properties, from_ms(story.created), from_ms(story.created), None

    def extras(self, merged: Iterable[Story], shared: Iterable[Story], planted: Planted, archived: int) -> dict[int, str]:
        """Records beyond the leads: doubles to merge, archived contacts, the second person of each shared mailbox (answered by index)."""
        importer = Author(kind="import", name="Upload 2026-08", hubspot_source="IMPORT")
        born = from_ms(self._world.now_ms - 40 * DAY_MS)
        for story in merged:
            double = self._extra(
                {"email": f"old.{story.person.email}", "firstname": story.person.first, "lastname": story.person.last}, importer, born
            )
            self._portal.merge("contacts", rows.contact_id(story.index), double, importer, at=born)
        for number in range(archived):
            gone = self._extra(
                {"email": f"left.{number}@gone.example", "firstname": "Gone", "lastname": f"Contact {number}"}, importer, born
            )
            self._portal.archive("contacts", gone, SYSTEM, at=born)
            planted.add("archived_contact", hubspot=gone)
        return {story.index: self._second_person(story, importer) for story in chain(shared)}

    def _extra(self, properties: Properties, author: Author, at: datetime) -> str:
        made: str = self._portal.create("contacts", properties, author, at=at, record_id=self._next_contact)
        self._next_contact += 1
        return made

    def _second_person(self, story: Story, author: Author) -> str:
        domain = (story.person.email or "@").rpartition("@")[2]
        properties: dict[str, Any] = {
            "email": f"bob.stone@{domain}", "firstname": "Bob", "lastname": "Stone", "hs_lead_status": "NEW", "lifecyclestage": "lead",
            "hubspot_owner_id": self._owners.owner_id[story.owner] if story.owner else "", "hs_marketable_status": "true",
            "hs_legal_basis": rows.LEGAL_BASES[0],
        }  # fmt: skip
        system = Author(kind="system", name=author.name, hubspot_source="IMPORT")
        return self._extra(properties, system, from_ms(story.created))
