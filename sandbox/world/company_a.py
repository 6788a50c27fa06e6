"""Company A of the article 'Building a Successful Lead Handoff': 4,000 inbound leads a month for three months, and what became of them."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from sandbox.world import hubspot_rows, hubspot_setup, manifest, salesforce_setup
from sandbox.world.epoch import fixed_epoch, to_ms
from sandbox.world.figures import figures_of, recount
from sandbox.world.kinds import scaled, zones
from sandbox.world.load_hubspot import ARCHIVED_OF_BASE, HubSpotLoader
from sandbox.world.load_salesforce import SalesforceLoader
from sandbox.world.planted import Planted
from sandbox.world.story import Story
from sandbox.world.tell import BOTH, World
from sandbox.world.words import TARGET_ACCOUNTS

if TYPE_CHECKING:
    from sandbox.core import Sandbox

CHUNK = 2_000
DELETED_OF_BASE = 20
SET_UP_DAYS = 200


def build(sandbox: "Sandbox", *, seed: int, leads: int, crms: Sequence[str], epoch: datetime | None = None) -> dict[str, Any]:
    """Fill an empty sandbox and set its clock to the epoch; answers the manifest. Raises ValueError for an impossible size or CRM."""
    now = epoch or fixed_epoch(seed)
    world = _world(seed, leads, crms, now)
    # Owners, users and fields are older than any lead.
    sandbox.clock.set(now - timedelta(days=SET_UP_DAYS))
    with sandbox.store.transaction():
        builder = _Builder(sandbox, world)
        builder.fill()
        credentials = manifest.credentials(sandbox, world)
    sandbox.clock.set(now)
    return builder.manifest(credentials)


def check(*, seed: int, leads: int, crms: Sequence[str], epoch: datetime | None = None) -> None:
    """Raises ValueError for an impossible size or CRM, before anything is emptied."""
    zones(seed, _world(seed, leads, crms, epoch or fixed_epoch(seed)).leads)


def _world(seed: int, leads: int, crms: Sequence[str], now: datetime) -> World:
    known = tuple(crm for crm in BOTH if crm in crms)
    return World(seed, leads, known if set(crms) <= set(BOTH) else tuple(crms), to_ms(now))


class _Builder:
    """One building of one world."""

    def __init__(self, sandbox: "Sandbox", world: World) -> None:
        self._sandbox = sandbox
        self._world = world
        self._planted = Planted()
        self._figures: Counter[str] = Counter()
        self._statuses: Counter[tuple[str, str]] = Counter()
        self._kept: dict[str, list[Story]] = {
            "merged": [],
            "shared_mailbox": [],
            "rewritten_by_automation": [],
            "flipped_by_automation": [],
        }
        self._lead_ids: dict[int, str] = {}
        self._owners = hubspot_setup.set_up(sandbox) if "hubspot" in world.crms else None
        users_and_parts = salesforce_setup.set_up(sandbox) if "salesforce" in world.crms else None
        self._users = users_and_parts[0] if users_and_parts else None
        self._parts: dict[str, Any] = users_and_parts[1] if users_and_parts else {}
        self._hubspot = HubSpotLoader(sandbox, world, self._owners) if self._owners else None
        self._salesforce = SalesforceLoader(sandbox, world, self._users) if self._users else None

    def fill(self) -> None:
        """Companies and accounts, then the leads chunk by chunk, then the records beyond them."""
        if self._hubspot is not None:
            self._hubspot.companies()
        if self._salesforce is not None:
            self._salesforce.target_accounts(self._world.company(number) for number in range(len(TARGET_ACCOUNTS)))
        for chunk in _chunks(self._world.stories()):
            ids: dict[int, str] = {}
            if self._hubspot is not None:
                self._hubspot.chunk(chunk)
            if self._salesforce is not None:
                ids = self._salesforce.chunk(chunk)
            for story in chunk:
                self._note(story, ids.get(story.index))
        self._extras()

    def _note(self, story: Story, lead_id: str | None) -> None:
        self._figures.update(figures_of(story, self._world.now_ms))
        self._statuses.update(story.status.items())
        self._planted.note(story, hubspot_rows.contact_id(story.index) if story.in_hubspot else None, lead_id)
        if story.dirt in self._kept:
            self._kept[story.dirt].append(story)
            if lead_id is not None:
                self._lead_ids[story.index] = lead_id

    def _extras(self) -> None:
        leads = self._world.leads
        second: dict[int, str] = {}
        if self._hubspot is not None:
            archived = scaled(ARCHIVED_OF_BASE, leads, up=False)
            second = self._hubspot.extras(self._kept["merged"], self._kept["shared_mailbox"], self._planted, archived)
        if self._salesforce is not None:
            self._salesforce.extras(self._planted, scaled(DELETED_OF_BASE, leads, up=False))
            for story in self._kept["shared_mailbox"]:
                self._salesforce.contradict(story, self._lead_ids[story.index], second[story.index])
        # The second person behind a shared mailbox is a lead of the last 28 days with an active owner.
        self._figures["in_scope"] += len(second)

    def manifest(self, credentials: dict[str, Any]) -> dict[str, Any]:
        """Everything a reader of this world may know."""
        script = manifest.script(self._world, self._kept, self._lead_ids, self._owners, self._users)
        counts = {
            "hubspot": self._hubspot.counts if self._hubspot else {},
            "salesforce": self._salesforce.counts if self._salesforce else {},
        }
        return {
            "world": "company_a", "seed": self._world.seed, "leads": self._world.leads, "crms": list(self._world.crms),
            "epoch": self._sandbox.clock.now().isoformat(), "credentials": credentials,
            "people": manifest.people(self._owners, self._users), "automation": manifest.automation(script, self._parts),
            "forms": manifest.forms(), "channels": manifest.channels(), "statuses": manifest.statuses(self._statuses, self._world.crms),
            "queues": self._parts.get("queues", {}), "campaigns": self._parts.get("campaigns", {}),
            "list_email_id": self._parts.get("list_email_id"),
            "fields": manifest.own_fields(self._world.crms), "validation_rules": manifest.validation_rules(self._world.crms),
            "assignment_rules": manifest.assignment_rules(self._world.crms),
            "target_accounts": manifest.target_accounts(self._world), "records": counts, "planted": self._planted.as_json(),
            "expected": recount(self._figures), "expected_exceptions": manifest.expected_exceptions(self._planted),
        }  # fmt: skip


def _chunks(stories: Iterator[Story]) -> Iterator[list[Story]]:
    while chunk := list(islice(stories, CHUNK)):
        yield chunk
