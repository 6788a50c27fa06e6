"""What the leads of Company A are like before the handover process exists, in shares of 12,000, and the dirt on top.

Ages decide three zones, so that leads arrive evenly and no border case hangs on an hour: `old` (31 to 92 days), `border` (28 to 31)
and `recent`.
"""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate

from sandbox.world.draw import Order

BASE = 12_000
WINDOW_DAYS = 92
ZONE_AGES = {"old": (31, 92), "border": (28, 31), "recent": (0, 28)}  # days, from below, to above
MINIMUM_LEADS = 200

KIND_MEANING = {
    "hot_neglected": "asked for a demo, a call or a price; no human touch since",
    "hot_worked": "asked for a demo, a call or a price and was called by a person",
    "limbo": "content lead: no touch and no send for 30 days or ever, nothing planned",
    "recent_content": "content lead of the last 28 days",
    "worked": "in work: recent touches by its active owner and an open dated task",
    "nurtured": "with marketing, mailed within the last 20 days",
    "qualified": "qualified by sales, touched recently",
    "disqualified": "disqualified by sales within the last 25 days",
    "silent": "answered nothing: at least six touches, the last 25 to 80 days ago; still with sales, still on the newsletter",
    "neglected": "accepted, then left by its active owner; still on the newsletter",
    "customer": "customer",
    "open_opportunity": "has an open opportunity",
    "hands_off": "partner, competitor or vendor",
    "converted": "converted in Salesforce",
    "test_record": "a colleague's test on the company's own domain",
}
OUT_OF_SCOPE = frozenset({"customer", "open_opportunity", "hands_off", "converted", "test_record"})

# zone -> (kind, count of 12,000); the zone's last kind takes what is left.
ZONES: dict[str, tuple[tuple[str, int], ...]] = {
    "old": (
        ("limbo", 6180), ("hot_neglected", 120), ("hot_worked", 240), ("worked", 400), ("qualified", 130), ("disqualified", 180),
        ("silent", 240), ("neglected", 90), ("customer", 60), ("open_opportunity", 30), ("hands_off", 36), ("nurtured", 0),
    ),
    "border": (
        ("hot_worked", 20), ("worked", 80), ("qualified", 30), ("disqualified", 30), ("neglected", 20), ("customer", 20),
        ("open_opportunity", 30), ("converted", 30), ("nurtured", 0),
    ),
    "recent": (
        ("hot_neglected", 94), ("hot_worked", 100), ("worked", 400), ("nurtured", 180), ("qualified", 60), ("disqualified", 100),
        ("customer", 40), ("open_opportunity", 60), ("hands_off", 44), ("converted", 60), ("test_record", 16), ("recent_content", 0),
    ),
}  # fmt: skip

# (zone, kind) -> (dirt, count of 12,000); disjoint, in order of the lead's place within its zone and kind.
# A negative count means that many whatever the size of the world.
DIRT: dict[tuple[str, str], tuple[tuple[str, int], ...]] = {
    ("old", "hot_neglected"): (("top_account", -3), ("departed_owner", 20), ("departed_owner_with_task", 6), ("automated_touch_only", 6),
    ("undated_task", 6)),
    ("recent", "hot_neglected"): (("departed_owner", 14),),
    ("old", "limbo"): (
        ("rewritten_by_automation", -6), ("flipped_by_automation", -3), ("departed_owner", 950), ("no_owner", 180),
        ("no_email", 70), ("opted_out", 180), ("bounced", 120), ("no_consent", 90), ("non_marketable", 140), ("salesforce_duplicate", 90),
        ("additional_email", 60), ("merged", 30), ("free_mail", 60), ("salesforce_only", 30), ("owner_disagrees", 60),
    ),
    ("recent", "recent_content"): (
        ("shared_mailbox", -3), ("region_missing", -2), ("departed_owner", 60), ("no_owner", 60), ("opted_out", 30), ("bounced", 30),
        ("no_consent", 20), ("non_marketable", 40), ("salesforce_only", 20),
    ),
    ("old", "silent"): (("departed_owner", 50), ("future_meeting", 12)),
    ("old", "neglected"): (("departed_owner", 40),),
    ("old", "worked"): (("future_meeting", 30),),
    ("recent", "worked"): (("future_meeting", 30),),
}  # fmt: skip
GUARANTEED = frozenset({"limbo", "hot_neglected", "departed_owner"})


def scaled(of_base: int, leads: int, *, up: bool, least: int = 1) -> int:
    """`of_base` leads of 12,000, for a world of `leads`: at least `least`; rounded up where a share is promised, else to nearest."""
    if of_base < 0:
        return -of_base
    return -(-of_base * leads // BASE) if up else max(least, (of_base * leads + BASE // 2) // BASE)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a lead stands: its kind, its dirt (or '') and its ordinal among its zone's leads of that kind."""

    zone: str
    kind: str
    dirt: str
    ordinal: int


@dataclass(frozen=True, slots=True)
class Zone:
    """A run of leads in order of arrival: first index, size, and the borders between its kinds in shuffled order."""

    name: str
    first: int
    size: int
    kinds: tuple[str, ...]
    starts: tuple[int, ...]
    dirt: dict[str, tuple[tuple[str, ...], tuple[int, ...]]]
    order: Order

    def place(self, index: int) -> Place:
        """The place of the lead with this overall index."""
        rank = self.order.rank(index - self.first)
        at = bisect_right(self.starts, rank) - 1
        kind, ordinal = self.kinds[at], rank - self.starts[at]
        names, ends = self.dirt.get(kind, ((), ()))
        step = bisect_right(ends, ordinal)
        return Place(self.name, kind, names[step] if step < len(names) else "", ordinal)


def zones(seed: int, leads: int) -> tuple[Zone, ...]:
    """The three zones of a world, oldest first. Raises ValueError when the world is too small to hold every kind."""
    if leads < MINIMUM_LEADS:
        raise ValueError(f"a world needs at least {MINIMUM_LEADS} leads to hold every kind, not {leads}")
    borders = [0, *(round(leads * (WINDOW_DAYS - days) / WINDOW_DAYS) for days in (31, 28)), leads]
    return tuple(
        _zone(seed + number, name, borders[number], borders[number + 1] - borders[number], leads) for number, name in enumerate(ZONES)
    )


def _zone(seed: int, name: str, first: int, size: int, leads: int) -> Zone:
    least = 0 if name == "border" else 1
    counts = [scaled(count, leads, up=kind in GUARANTEED, least=least) if count else 0 for kind, count in ZONES[name]]
    counts[-1] = size - sum(counts)
    if counts[-1] < 0:
        raise ValueError(f"{leads} leads are too few for the '{name}' zone of the world: it lacks {-counts[-1]}")
    dirt = {kind: _dirt(name, kind, leads, counts[at]) for at, (kind, _) in enumerate(ZONES[name]) if (name, kind) in DIRT}
    starts = tuple(accumulate(counts[:-1], initial=0))
    return Zone(name, first, size, tuple(kind for kind, _ in ZONES[name]), starts, dirt, Order(seed, size))


def _dirt(zone: str, kind: str, leads: int, available: int) -> tuple[tuple[str, ...], tuple[int, ...]]:
    table = DIRT[zone, kind]
    ends = tuple(accumulate(scaled(count, leads, up=dirt in GUARANTEED) for dirt, count in table))
    if zone == "old" and kind == "limbo" and ends[-1] > available:
        raise ValueError(f"{leads} leads are too few for the dirt planted on {kind}")
    return tuple(dirt for dirt, _ in table), ends
