"""Tells the story of each lead of Company A from (seed, index) alone, so that a million can be streamed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random

from sandbox.world import events
from sandbox.world.companies import CUSTOMER_COUNT, RELATED_COUNT, ascii_slug, company, ordinary_count
from sandbox.world.draw import Table, stream
from sandbox.world.epoch import DAY_MS
from sandbox.world.kinds import WINDOW_DAYS, Place, Zone, zones
from sandbox.world.sources import CHANNELS
from sandbox.world.statuses import status_of
from sandbox.world.story import Company, Person, Story
from sandbox.world.team import AE_BY_TERRITORY, DOMAIN, LEFT_SDR_BY_TERRITORY, SDR_BY_TERRITORY, TEAM
from sandbox.world.words import AREAS, CITIES, COUNTRIES, FIRST_NAMES, LAST_NAMES, SENIOR_TITLES, TARGET_ACCOUNTS, TECHNOLOGY, TITLES

BOTH = ("hubspot", "salesforce")
DEPARTED_DIRT = frozenset({"departed_owner", "departed_owner_with_task"})
NEEDS_SALESFORCE = frozenset(
    {"region_missing", "salesforce_duplicate", "owner_disagrees", "salesforce_only", "shared_mailbox", "undated_task"}
)
HUBSPOT_ONLY_DIRT = frozenset({"no_email", "non_marketable", "merged", "no_owner"})
AE_KINDS = frozenset({"hot_neglected", "hot_worked", "qualified", "open_opportunity", "converted", "customer"})
_CHANNELS = Table(tuple((channel.key, channel.share) for channel in CHANNELS))
_ACTIVE_SDRS = tuple(member.key for member in TEAM if member.role == "sdr" and not member.departed)


@dataclass(frozen=True)
class World:
    """The parameters of one world; `now_ms` is its epoch in milliseconds, `crms` what the company runs."""

    seed: int
    leads: int
    crms: tuple[str, ...]
    now_ms: int

    def __post_init__(self) -> None:
        if not self.crms or any(crm not in BOTH for crm in self.crms) or len(set(self.crms)) != len(self.crms):
            raise ValueError(f"crms must be hubspot, salesforce or both, not {list(self.crms)}")

    def stories(self) -> Iterator[Story]:
        """Every lead in order of arrival, oldest first; nothing is held."""
        for zone in zones(self.seed, self.leads):
            for index in range(zone.first, zone.first + zone.size):
                yield self._story(zone, index)

    def company(self, number: int) -> Company:
        """The company of that number."""
        return _company(self.seed, number, self.leads)

    def _story(self, zone: Zone, index: int) -> Story:
        rng = stream(self.seed, 0x1EAD, index)
        place = self._possible(zone.place(index))
        slot = WINDOW_DAYS * DAY_MS / self.leads
        created = self.now_ms - round((self.leads - index - 0.1 - 0.8 * rng.random()) * slot)
        employer = self._employer(rng, place)
        person = _person(rng, index, place, employer)
        story = self._bare(rng, index, place, person, employer, created)
        return events.happen(rng, story, self.now_ms)

    def _possible(self, place: Place) -> Place:
        """The place without what this world's CRMs cannot show."""
        if place.kind == "converted" and "salesforce" not in self.crms:
            return replace(place, kind="customer")
        both_only = place.dirt in ("owner_disagrees", "shared_mailbox", "salesforce_only", "region_missing") and len(self.crms) < 2
        sf_only = place.dirt in NEEDS_SALESFORCE and "salesforce" not in self.crms
        hs_only = place.dirt in HUBSPOT_ONLY_DIRT - {"no_email"} | {"additional_email"} and "hubspot" not in self.crms
        return replace(place, dirt="") if both_only or sf_only or hs_only else place

    def _employer(self, rng: Random, place: Place) -> Company | None:
        ordinary = ordinary_count(self.leads)
        if place.dirt == "top_account":
            return self.company(place.ordinal)
        if place.kind == "hands_off":
            return self.company(ordinary + rng.randrange(RELATED_COUNT))
        if place.kind == "customer":
            return self.company(ordinary + RELATED_COUNT + rng.randrange(CUSTOMER_COUNT))
        if place.dirt == "free_mail" or place.kind == "test_record":
            return None
        targets = len(TARGET_ACCOUNTS)
        return self.company(rng.randrange(targets) if rng.random() < 0.04 else rng.randrange(targets, ordinary))

    def _bare(self, rng: Random, index: int, place: Place, person: Person, employer: Company | None, created: int) -> Story:
        in_hubspot, in_salesforce = self._records(place)
        owner = _owner(place, person.territory)
        other = _ACTIVE_SDRS[(_ACTIVE_SDRS.index(owner) + 1) % len(_ACTIVE_SDRS)] if place.dirt == "owner_disagrees" and owner else owner
        status = {crm: _status(crm, place) for crm, there in zip(BOTH, (in_hubspot, in_salesforce), strict=True) if there}
        logs_there = not in_hubspot or place.ordinal % 5 < 3 or place.dirt == "undated_task"
        logs_in = "salesforce" if in_salesforce and logs_there else "hubspot"
        linked = in_hubspot and in_salesforce and (place.ordinal % 30 == 3 or place.dirt == "shared_mailbox")
        second = f"{ascii_slug(person.first)}.{index}@mail.example" if place.dirt == "additional_email" or (linked and index % 2) else None
        return Story(
            index=index, place=place, person=person, company=employer, channel=_CHANNELS.draw(rng), created=created, owner=owner,
            salesforce_owner=other, in_hubspot=in_hubspot, in_salesforce=in_salesforce, logs_in=logs_in, status=status,
            explicit_link=linked,
            second_email=second if place.dirt != "shared_mailbox" else None,
        )  # fmt: skip

    def _records(self, place: Place) -> tuple[bool, bool]:
        if len(self.crms) == 1:
            return "hubspot" in self.crms, "salesforce" in self.crms
        if place.dirt == "salesforce_only":
            return False, True
        if place.dirt in HUBSPOT_ONLY_DIRT or (place.dirt == "rewritten_by_automation" and place.ordinal % 2):
            return True, False
        return True, place.dirt in NEEDS_SALESFORCE or place.kind == "converted" or place.ordinal % 20 < 9


@lru_cache(maxsize=4096)
def _company(seed: int, number: int, leads: int) -> Company:
    return company(seed, number, leads)


def _owner(place: Place, territory: str) -> str | None:
    executive = place.kind in AE_KINDS
    if place.dirt in DEPARTED_DIRT:
        return "left_ae" if executive else LEFT_SDR_BY_TERRITORY[territory]
    if place.dirt == "no_owner" or (place.kind == "nurtured" and place.ordinal % 2 == 0):
        return None
    return (AE_BY_TERRITORY if executive else SDR_BY_TERRITORY)[territory]


def _status(crm: str, place: Place) -> str:
    if place.dirt == "no_owner":
        return "NEW" if crm == "hubspot" else "Open - Not Contacted"
    return status_of(crm, place.kind, place.ordinal)


def _person(rng: Random, index: int, place: Place, employer: Company | None) -> Person:
    first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
    title, seniority = TITLES.draw(rng)
    senior = place.dirt == "top_account"
    if senior:
        title, seniority = SENIOR_TITLES[place.ordinal % len(SENIOR_TITLES)]
    typed, country = COUNTRIES.draw(rng)
    if senior:
        typed, country = "United States", "United States"
    area = AREAS.draw(rng)
    home = country == "United States"
    city, state, postal_code = (area.city, area.code, f"{area.zip3:03d}{rng.randrange(100):02d}") if home else CITIES[country]
    technology = tuple(name for name, share in TECHNOLOGY if rng.random() * 100 < share) if rng.random() < 0.55 else ()
    budget = rng.choice(("confirmed", "planned", "none")) if rng.random() < 0.08 else None
    email = _email(index, place, first, last, employer)
    if place.kind == "test_record":
        first, last = "Test", f"Record {index}"
    return Person(
        first, last, email, f"+1 555 {100 + index % 900:03d} {index % 10000:04d}",
        title if rng.random() < 0.93 or senior else "",
        seniority if rng.random() < 0.6 or senior else None, typed, country, state, city, postal_code,
        area.territory if home else "mountain", technology, budget,
    )  # fmt: skip


def _email(index: int, place: Place, first: str, last: str, employer: Company | None) -> str | None:
    if place.dirt == "no_email":
        return None
    if place.kind == "test_record":
        return f"test+{index}@{DOMAIN}"
    if place.dirt == "shared_mailbox" and employer is not None:
        return f"info.{index}@{employer.domain}" if place.ordinal > 2 else f"info@branch{place.ordinal + 1}.{employer.domain}"
    domain = employer.domain if employer is not None else "gmail.com"
    local = f"{ascii_slug(first)}.{ascii_slug(last)}.{index}"
    return f"{local}@{domain}" if employer is not None else f"sandbox.lead.{local}@{domain}"
